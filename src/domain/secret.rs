//! Redaction by type: values that name a person print as nothing.

/// Gives a type a `Debug` that shows its name and never its content.
#[macro_export]
macro_rules! redacted_debug {
    ($($type:ident),+ $(,)?) => {$(
        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($type), "(…)"))
            }
        }
    )+};
}
