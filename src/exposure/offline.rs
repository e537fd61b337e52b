//! Offline codes: signed here, checked here, kept by the ledger.

use std::sync::Arc;

use super::Exposure;
use super::reserve::refused;
use crate::audit::verify_offline_code;
use crate::domain::caller::Caller;
use crate::domain::clock::uuid_v4;
use crate::domain::currency::Currency;
use crate::domain::date::Timestamp;
use crate::domain::inquiry::Consent;
use crate::domain::names::{AnswerId, SeriesId};
use crate::domain::offline::OfflineCode;
use crate::domain::position::Position;
use crate::domain::rules::RulePack;
use crate::domain::unit::rows::OfflineUseRow;
use crate::domain::unit::{Accepted, Action, Backfill, OfflineWork, Outcome, Refused, RequestKey};
use crate::domain::validation::Findings;
use crate::domain::violation::Code;
use crate::identity::token::SubjectToken;
use crate::store::offline_book::{OfflineUseAt, OfflineUseFilter};
use crate::store::{ApplyError, StoreError};

/// Codes as their member keeps them.
#[derive(Debug)]
pub struct Codes {
    /// Each a text of its own.
    pub texts: Vec<String>,
    /// From when on none can be used.
    pub expires_at: Timestamp,
    /// The public key that verifies them, as C2SP writes it.
    pub verifier: String,
}

/// A loan that was made under a code.
#[derive(Debug)]
pub struct LoanOffline {
    /// The code as it was sent.
    pub code: String,
    /// When the loan was granted.
    pub used_at: Timestamp,
    /// The consent to look, already checked for the day of `used_at`.
    pub consent: Consent,
    /// The loan.
    pub position: Position<SubjectToken>,
    /// What the message alone breaks, and what is odd about it.
    pub findings: Findings,
    /// The rule pack; `None`: the member's first in the loan's currency.
    pub rule_pack: Option<String>,
    /// Gross monthly income, minor units.
    pub monthly_income: Option<i64>,
}

impl Exposure {
    /// Issues codes. They are on file on return.
    ///
    /// # Errors
    /// Refused when the caller has too many that have not expired; or the store failed.
    pub async fn issue_codes(
        &self,
        caller: &Caller,
        request: RequestKey,
        codes: u32,
    ) -> Result<Codes, ApplyError> {
        let work = OfflineWork::Issue {
            series_id: SeriesId(uuid_v4(&*self.entropy)),
            codes,
        };
        let accepted = self
            .apply(caller, request, Action::Offline(Box::new(work)))
            .await?;
        let Outcome::CodesIssued {
            series_id,
            codes,
            expires_at,
        } = accepted.outcome
        else {
            // What was issued is answered as issued.
            return Err(StoreError::Unavailable.into());
        };
        // Of the same series the same codes: a repeated request has them signed again.
        let code = |place| OfflineCode {
            member_id: caller.member_id().clone(),
            series_id,
            place,
            expires_at,
        };
        Ok(Codes {
            texts: (0..codes).map(|place| self.codes.sign(&code(place))).collect(),
            expires_at,
            verifier: self.codes.verifier().to_text(),
        })
    }

    /// Back-fills a loan. It is on file on return, with what it broke.
    ///
    /// # Errors
    /// Refused when the code is not the caller's, was not valid or served another loan; when the rule pack is not the caller's;
    /// everything that is wrong with the loan; or the store failed.
    pub async fn backfill(
        &self,
        caller: &Caller,
        request: RequestKey,
        loan: LoanOffline,
    ) -> Result<Accepted, ApplyError> {
        let code = self.code(caller, &loan.code)?;
        let currency = loan.position.facts.currency;
        let pack = self.pack_of(caller, loan.rule_pack.as_ref(), currency, loan.used_at)?;
        let borrowers = self.borrowers(caller, &loan.position.liabilities)?;
        let report = self.report(caller, loan.position, loan.findings)?;
        let work = OfflineWork::Backfill(Box::new(Backfill {
            answer_id: AnswerId(uuid_v4(&*self.entropy)),
            code,
            used_at: loan.used_at,
            consent: loan.consent,
            borrowers,
            report,
            pack,
            monthly_income: loan.monthly_income,
        }));
        self.apply(caller, request, Action::Offline(Box::new(work))).await
    }

    /// Up to `limit` loans made under codes, newest back-fill first, that come behind `after`. Whose the caller may see is
    /// judged where the filter is read.
    ///
    /// # Errors
    /// The store failed.
    pub async fn offline_uses(
        &self,
        filter: OfflineUseFilter,
        after: Option<OfflineUseAt>,
        limit: u32,
    ) -> Result<Vec<OfflineUseRow>, StoreError> {
        self.store.list_offline_uses(filter, after, limit).await
    }

    /// A code of the caller's that this service signed.
    fn code(&self, caller: &Caller, text: &str) -> Result<OfflineCode, Refused> {
        let own = verify_offline_code(text, self.codes.verifier())
            .ok()
            .filter(|code| code.member_id == *caller.member_id());
        own.ok_or_else(|| {
            let text = "it is no code of yours: send one of those that IssueOfflineCodes gave you, whole";
            refused(Code::OfflineCodeUnknown, "code", text)
        })
    }

    /// The rules that a loan of a day is judged by; `None`: the caller has none in its currency.
    fn pack_of(
        &self,
        caller: &Caller,
        named: Option<&String>,
        currency: Currency,
        at: Timestamp,
    ) -> Result<Option<Arc<RulePack>>, Refused> {
        let day = self.zone.date_of(at);
        let packs = self.packs.current();
        let assigned = caller.rule_packs().iter();
        let mut wanted = assigned.filter(|name| named.is_none_or(|named| named == *name));
        let found = wanted.find_map(|name| packs.get(name, day).filter(|pack| pack.currency == currency));
        if named.is_some() && found.is_none() {
            let text = "no rule pack of this name is assigned to you, in force on that day and in the loan's currency: leave \
                        it out, or ask the operator";
            return Err(refused(Code::RulePackUnknown, "rule_pack", text));
        }
        Ok(found)
    }
}
