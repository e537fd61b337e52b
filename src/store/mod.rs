//! What the rooms may ask of a database, whichever engine it is.
