//! The services: each turns messages into calls of its room and answers back, nothing more.

pub mod exposure_service;
pub mod reporting_service;

use std::collections::BTreeSet;
use std::pin::Pin;

use tonic::Status;

use super::layers::Session;
use crate::domain::date::BusinessZone;
use crate::wire::convert::page::PageKey;
use crate::wire::convert::subject_token::KeyVersions;
use crate::wire::convert::Reading;

/// A stream of answers.
pub type Stream<T> = Pin<Box<dyn futures::Stream<Item = Result<T, Status>> + Send>>;

/// What reading requests needs to know of this market.
#[derive(Debug)]
pub struct Market {
    /// Where business days begin and end.
    pub zone: BusinessZone,
    /// The key versions that tokens may have.
    pub key_versions: KeyVersions,
    /// Seals page tokens.
    pub page_key: PageKey,
}

impl Market {
    /// Reads a request of a session, today.
    pub fn reading(&self, session: &Session) -> Reading<'_, KeyVersions> {
        Reading { tokens: &self.key_versions, today: self.zone.date_of(session.now()) }
    }
}
