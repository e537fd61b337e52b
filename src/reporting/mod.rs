//! The room in which members report their own positions, one at a time or in batches, read their own book and see how well
//! they report.
//!
//! Tokens become pseudonyms here on the way in and tokens again on the way out; what is accepted is decided in a unit of
//! work. Invariant: a member touches and sees its own accounts only.

mod batch;
mod own;
mod quality;

use std::sync::Arc;

pub use batch::{CHUNK_RECORDS_MAX, Stated, StatedRecord};
pub use own::{OwnPosition, OwnVersion};

use crate::domain::caller::Caller;
use crate::domain::clock::SharedEntropy;
use crate::domain::names::AccountRef;
use crate::domain::position::{DeletionReason, EventType, Position};
use crate::domain::token::Shown;
use crate::domain::unit::{Accepted, Action, Correction, Refused, Report, RequestKey, Write};
use crate::domain::validation::Findings;
use crate::domain::violation::{Code, Violation};
use crate::identity::token::SubjectToken;
use crate::store::{ApplyError, Store, StoreError};
use crate::subjects::{MapError, TokenMapper};

/// The room.
pub struct Reporting {
    store: Arc<dyn Store>,
    tokens: Arc<TokenMapper>,
    entropy: SharedEntropy,
}

/// Tokens are read against the live versions; one that went out of use since then is refused here.
fn refuse_version(error: MapError) -> ApplyError {
    let text = error.to_string();
    Refused::because(Violation::new(
        Code::KeyVersionUnknown,
        "position.liabilities",
        text,
    ))
    .into()
}

/// A position as a member stated it, read from the wire.
#[derive(Debug)]
pub struct Statement {
    /// The position, under the member's own tokens.
    pub position: Position<SubjectToken>,
    /// What the member declares.
    pub event: Option<EventType>,
    /// What the message alone breaks, and what is odd about it.
    pub findings: Findings,
}

impl Reporting {
    /// The room over a store.
    pub fn new(store: Arc<dyn Store>, tokens: Arc<TokenMapper>, entropy: SharedEntropy) -> Self {
        Self {
            store,
            tokens,
            entropy,
        }
    }

    /// Records a position: visible to the next look, and durable, on return.
    ///
    /// # Errors
    /// Refused with everything that is wrong with it, on the message and against the file; or the store failed.
    pub async fn report(
        &self,
        caller: &Caller,
        request: RequestKey,
        statement: Statement,
    ) -> Result<Accepted, ApplyError> {
        let report = self.sealed(caller, statement)?;
        self.apply(caller, request, Action::Report(Box::new(report)))
            .await
    }

    /// Replaces a version that was wrong.
    ///
    /// # Errors
    /// As [`Self::report`], and when the version is unknown or was corrected already.
    pub async fn correct(
        &self,
        caller: &Caller,
        request: RequestKey,
        statement: Statement,
        corrects_version: u64,
        reason: String,
    ) -> Result<Accepted, ApplyError> {
        let report = self.sealed(caller, statement)?;
        let correction = Correction {
            report,
            corrects_version,
            reason,
        };
        self.apply(caller, request, Action::Correct(Box::new(correction)))
            .await
    }

    /// Removes a position; its history stays.
    ///
    /// # Errors
    /// Refused when the caller has no such account or it was deleted already; or the store failed.
    pub async fn delete(
        &self,
        caller: &Caller,
        request: RequestKey,
        account_ref: AccountRef,
        reason: DeletionReason,
    ) -> Result<Accepted, ApplyError> {
        self.apply(caller, request, Action::Delete { account_ref, reason })
            .await
    }

    /// The statement under pseudonyms, all its tokens mapped at once.
    fn sealed(&self, caller: &Caller, statement: Statement) -> Result<Report, ApplyError> {
        let token_digests = Some(self.digests(&statement.position.liabilities));
        let liabilities = statement.position.liabilities.iter();
        let tokens: Vec<&SubjectToken> = liabilities
            .flat_map(|liability| &liability.tokens)
            .map(|shown| &shown.token)
            .collect();
        let mut pseudonyms = self
            .tokens
            .pseudonyms(caller, &tokens)
            .map_err(refuse_version)?
            .into_iter();
        // The mapper gives one pseudonym for each token.
        let next = |_| {
            pseudonyms
                .next()
                .map(Shown::Sealed)
                .ok_or(StoreError::Unavailable)
        };
        let position: Position<Shown> = statement.position.try_map_tokens(next)?;
        Ok(Report {
            position,
            event: statement.event,
            violations: statement.findings.violations,
            warnings: statement.findings.warnings,
            token_digests,
        })
    }

    async fn apply(
        &self,
        caller: &Caller,
        request: RequestKey,
        action: Action,
    ) -> Result<Accepted, ApplyError> {
        let write = Write::by(caller, Some(request), &*self.entropy, action);
        self.store.apply(write).await
    }
}
