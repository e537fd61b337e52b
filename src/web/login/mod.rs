//! Who looks: a certificate that the register knows, or a session that a one-time link opened.

mod links;
mod sessions;
#[cfg(test)]
mod tests;
mod viewer;

pub use links::is_secret;
pub use links::{LINK_MINUTES_MAX, LinkError, Links};
pub use sessions::{SESSION_HOURS_MAX, Sessions};
pub use viewer::{Refusal, Viewer, Way};
