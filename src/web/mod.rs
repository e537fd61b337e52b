//! The dashboard of regulator and operator: pages to look at, nothing to change.
//!
//! Knows no socket's TLS (the server hands connections over) and no store: statistics come through a [`Window`], which holds
//! protected tables alone, and what members do through [`Supervision`]. Needs no script. Invariants: nothing but the login
//! and the stylesheet is shown to somebody whom the register does not confirm for this very request, and no page names
//! anything on another host.

pub mod chart;
mod invented;
mod listing;
mod login;
mod names;
mod pages;
mod preference;
mod request;
mod serve;
mod site;
mod supervision;
mod window;

pub use invented::InventedMarket;
pub use listing::{Listing, to_csv};
pub use login::{LINK_MINUTES_MAX, LinkError, Links};
pub use pages::chart_alone;
pub use serve::serve;
pub use site::Dashboard;
pub use supervision::{Rooms, Supervision};
pub use window::{Window, WindowError};
