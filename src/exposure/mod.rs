//! The room that answers how deep a subject is in debt elsewhere.
//!
//! A look is a unit of work: resolved, answered, recorded and frozen in one go, durable before the answer leaves. Here its
//! tokens become pseudonyms and the answer gets its name.

pub mod offline;
pub mod reserve;

use std::sync::Arc;

use crate::audit::OfflineCodeKey;
use crate::domain::caller::Caller;
use crate::domain::clock::{SharedEntropy, uuid_v4};
use crate::domain::date::BusinessZone;
use crate::domain::inquiry::Inquiry;
use crate::domain::names::AnswerId;
use crate::domain::token::{Presented, Pseudonym};
use crate::domain::unit::rows::LookKind;
use crate::domain::unit::{Accepted, Action, Look, Refused, RequestKey, Write};
use crate::domain::violation::{Code, Violation};
use crate::identity::token::SubjectToken;
use crate::rule_packs::Library;
use crate::store::{ApplyError, Store};
use crate::subjects::TokenMapper;

/// The room.
pub struct Exposure {
    store: Arc<dyn Store>,
    tokens: Arc<TokenMapper>,
    entropy: SharedEntropy,
    packs: Arc<Library>,
    codes: OfflineCodeKey,
    zone: BusinessZone,
}

impl Exposure {
    /// The room over a store, with the rule packs in force, the key that signs offline codes, and where business days begin and
    /// end.
    pub fn new(
        store: Arc<dyn Store>,
        tokens: Arc<TokenMapper>,
        entropy: SharedEntropy,
        packs: Arc<Library>,
        codes: OfflineCodeKey,
        zone: BusinessZone,
    ) -> Self {
        Self {
            store,
            tokens,
            entropy,
            packs,
            codes,
            zone,
        }
    }

    /// Answers a query. The inquiry, the frozen figures and the audit entry are durable on return.
    ///
    /// # Errors
    /// Refused when the caller asks about more unknown subjects than it ever had tokens evaluated; or the store failed.
    pub async fn query(
        &self,
        caller: &Caller,
        request: RequestKey,
        inquiry: Inquiry<SubjectToken>,
    ) -> Result<Accepted, ApplyError> {
        self.look(caller, LookKind::Query, Some(request), inquiry).await
    }

    /// Answers one request of a portfolio review.
    ///
    /// # Errors
    /// As [`Self::query`], and when the subject was reviewed today.
    pub async fn review(
        &self,
        caller: &Caller,
        inquiry: Inquiry<SubjectToken>,
    ) -> Result<Accepted, ApplyError> {
        self.look(caller, LookKind::Review, None, inquiry).await
    }

    async fn look(
        &self,
        caller: &Caller,
        kind: LookKind,
        request: Option<RequestKey>,
        inquiry: Inquiry<SubjectToken>,
    ) -> Result<Accepted, ApplyError> {
        let look = Look {
            kind,
            answer_id: AnswerId(uuid_v4(&*self.entropy)),
            inquiry: self.sealed(caller, inquiry)?,
        };
        let write = Write::by(caller, request, &*self.entropy, Action::Look(Box::new(look)));
        self.store.apply(write).await
    }

    fn map(&self, caller: &Caller, tokens: &[&SubjectToken]) -> Result<Vec<Pseudonym>, Refused> {
        // Tokens are read against the live versions; one that went out of use since then is refused here.
        self.tokens.pseudonyms(caller, tokens).map_err(|error| {
            let text = error.to_string();
            Refused::because(Violation::new(Code::KeyVersionUnknown, "tokens", text))
        })
    }

    fn sealed(
        &self,
        caller: &Caller,
        inquiry: Inquiry<SubjectToken>,
    ) -> Result<Inquiry<Pseudonym>, ApplyError> {
        let tokens: Vec<&SubjectToken> = inquiry.tokens.iter().map(|shown| &shown.token).collect();
        let pseudonyms = self.map(caller, &tokens)?;
        let proofs = inquiry.tokens.iter().map(|shown| shown.verified_on);
        let tokens = pseudonyms.into_iter().zip(proofs);
        Ok(Inquiry {
            tokens: tokens
                .map(|(token, verified_on)| Presented { token, verified_on })
                .collect(),
            purpose: inquiry.purpose,
            consent: inquiry.consent,
            currency: inquiry.currency,
        })
    }
}
