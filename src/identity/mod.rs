//! From identifier to token: normalisation, the verifiable OPRF, keys. Identifiers never leave the client's process.
