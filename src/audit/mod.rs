//! The audit log's mathematics: canonical leaves, RFC 6962 tree, checkpoints. No storage here.
