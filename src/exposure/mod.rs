//! The room that answers how deep a subject is in debt elsewhere.
