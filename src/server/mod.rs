//! The gRPC server: TLS, layers, status mapping, services.
