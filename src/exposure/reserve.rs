//! Checks, and what becomes of the reservations that they make.

use std::sync::Arc;

use super::Exposure;
use crate::domain::caller::Caller;
use crate::domain::clock::uuid_v4;
use crate::domain::date::Timestamp;
use crate::domain::names::{AnswerId, ReservationId, Sha256};
use crate::domain::position::{Liability, Position};
use crate::domain::reservation::{CheckRequest, ReleaseReason, Reservation, Ruled};
use crate::domain::rules::RulePack;
use crate::domain::token::{Presented, Pseudonym};
use crate::domain::unit::{
    Accepted, Action, Check, Refused, Report, RequestKey, ReservationStep, ReservationWork, Write,
};
use crate::domain::validation::Findings;
use crate::domain::violation::{Code, Violation};
use crate::identity::token::SubjectToken;
use crate::store::ApplyError;

/// A loan that was made under a reservation.
#[derive(Debug)]
pub struct Loan {
    /// The reservation.
    pub reservation_id: ReservationId,
    /// The loan.
    pub position: Position<SubjectToken>,
    /// What the message alone breaks, and what is odd about it.
    pub findings: Findings,
}

impl Exposure {
    /// Checks an application, and holds room for the loan if it may be made. Ruling, inquiry, reservation and audit entry are
    /// durable on return. Only those who would owe are checked.
    ///
    /// # Errors
    /// Refused when the rule pack is not the caller's or not in force, is of another currency or needs an income; when the
    /// application changes what it fixed or tries too much; or the store failed.
    pub async fn check(
        &self,
        caller: &Caller,
        request: RequestKey,
        application: CheckRequest<SubjectToken>,
        now: Timestamp,
    ) -> Result<Accepted, ApplyError> {
        let pack = self.pack(caller, &application, now)?;
        let borrowers = self.borrowers(caller, &application.liabilities)?;
        let income_digest = application.monthly_income.map(|income| {
            let digest = self
                .tokens
                .income_digest(caller, &application.application_id, income);
            Sha256(digest)
        });
        let check = Check {
            answer_id: AnswerId(uuid_v4(&*self.entropy)),
            reservation_id: ReservationId(uuid_v4(&*self.entropy)),
            application_id: application.application_id,
            borrowers,
            purpose: application.purpose,
            consent: application.consent,
            pack,
            product_type: application.product_type,
            amount: application.amount,
            term_days: application.term_days,
            monthly_payment: application.monthly_payment,
            monthly_income: application.monthly_income,
            income_digest,
        };
        self.apply(caller, request, Action::Check(Box::new(check))).await
    }

    /// Records the loan that a reservation was made for.
    ///
    /// # Errors
    /// Refused when the caller has no such reservation, it was used or given up, or the loan does not fit; everything that is
    /// wrong with the loan; or the store failed.
    pub async fn confirm(
        &self,
        caller: &Caller,
        request: RequestKey,
        loan: Loan,
    ) -> Result<Accepted, ApplyError> {
        let report = self.report(caller, loan.position, loan.findings)?;
        let step = ReservationStep::Confirm(Box::new(report));
        self.step(caller, request, loan.reservation_id, step).await
    }

    /// Gives a reservation up.
    ///
    /// # Errors
    /// Refused when the caller has no such reservation, or it is no longer active; or the store failed.
    pub async fn release(
        &self,
        caller: &Caller,
        request: RequestKey,
        reservation_id: ReservationId,
        reason: ReleaseReason,
    ) -> Result<Accepted, ApplyError> {
        let step = ReservationStep::Release(reason);
        self.step(caller, request, reservation_id, step).await
    }

    /// Gives a reservation more time.
    ///
    /// # Errors
    /// As [`Self::release`], and when it was extended too often or would live longer than its rule pack allows.
    pub async fn extend(
        &self,
        caller: &Caller,
        request: RequestKey,
        reservation_id: ReservationId,
        minutes: u32,
    ) -> Result<Accepted, ApplyError> {
        let step = ReservationStep::Extend { minutes };
        self.step(caller, request, reservation_id, step).await
    }

    /// The caller's reservation as it is at an instant.
    ///
    /// # Errors
    /// Refused when it has none of this name; or the store failed.
    pub async fn find_reservation(
        &self,
        caller: &Caller,
        reservation_id: ReservationId,
        now: Timestamp,
    ) -> Result<Reservation, ApplyError> {
        let found = self
            .store
            .find_reservation(caller.member_no(), reservation_id)
            .await?;
        let text =
            "you have no reservation of this name on file: look at the answer to the check that made it";
        let row = found.ok_or_else(|| refused(Code::ReservationUnknown, "reservation_id", text))?;
        Ok(row.seen_at(now))
    }

    /// What the caller was told about an application, word for word.
    ///
    /// # Errors
    /// Refused when it was told nothing under this name; or the store failed.
    pub async fn explain(&self, caller: &Caller, answer_id: AnswerId) -> Result<Ruled, ApplyError> {
        let found = self.store.find_ruling(caller.member_no(), answer_id).await?;
        let text =
            "no check of yours was answered under this name: send the answer_id of a CheckAndReserve answer";
        Ok(found.ok_or_else(|| refused(Code::AnswerUnknown, "answer_id", text))?)
    }

    async fn step(
        &self,
        caller: &Caller,
        request: RequestKey,
        reservation_id: ReservationId,
        step: ReservationStep,
    ) -> Result<Accepted, ApplyError> {
        let work = ReservationWork { reservation_id, step };
        self.apply(caller, request, Action::Reserve(Box::new(work))).await
    }

    /// A loan as a report of it.
    pub(super) fn report(
        &self,
        caller: &Caller,
        position: Position<SubjectToken>,
        findings: Findings,
    ) -> Result<Report, ApplyError> {
        let tokens: Vec<&SubjectToken> = position
            .liabilities
            .iter()
            .flat_map(|liability| &liability.tokens)
            .map(|shown| &shown.token)
            .collect();
        let mut pseudonyms = self.map(caller, &tokens)?.into_iter();
        let next = |_| pseudonyms.next().ok_or(crate::store::StoreError::Unavailable);
        let position: Position<Pseudonym> = position.try_map_tokens(next)?;
        Ok(Report {
            position: position.into(),
            event: None,
            violations: findings.violations,
            warnings: findings.warnings,
            token_digests: None,
        })
    }

    pub(super) async fn apply(
        &self,
        caller: &Caller,
        request: RequestKey,
        action: Action,
    ) -> Result<Accepted, ApplyError> {
        let write = Write::by(caller, Some(request), &*self.entropy, action);
        self.store.apply(write).await
    }

    /// The rules that an application is judged by.
    fn pack(
        &self,
        caller: &Caller,
        application: &CheckRequest<SubjectToken>,
        now: Timestamp,
    ) -> Result<Arc<RulePack>, Refused> {
        let assigned = caller.rule_packs();
        let name = match &application.rule_pack {
            Some(name) if assigned.contains(name) => name,
            None if !assigned.is_empty() => &assigned[0],
            Some(_) | None => {
                let text = "you may be judged by the rule packs that the operator assigned to you, and by no other: leave it \
                            out for the first of them, or ask the operator";
                return Err(refused(Code::RulePackUnknown, "rule_pack", text));
            }
        };
        let today = self.zone.date_of(now);
        let Some(pack) = self.packs.current().get(name, today) else {
            let text = "the rule pack is not in force today: name another of yours, or ask the operator";
            return Err(refused(Code::RulePackUnknown, "rule_pack", text));
        };
        if pack.currency != application.currency {
            let text = format!(
                "the rule pack is in {}: apply in that currency, or name another pack",
                pack.currency.as_str()
            );
            return Err(refused(Code::Currency, "currency", &text));
        }
        if pack.needs_income() && application.monthly_income.is_none() {
            let text = "the rule pack limits loans by income: send the gross monthly income that the applicant stated";
            return Err(refused(Code::FieldRequired, "monthly_income", text));
        }
        Ok(pack)
    }

    /// The tokens of those who would owe, mapped.
    pub(super) fn borrowers(
        &self,
        caller: &Caller,
        liabilities: &[Liability<SubjectToken>],
    ) -> Result<Vec<Vec<Presented<Pseudonym>>>, ApplyError> {
        let own = || {
            liabilities
                .iter()
                .filter(|liability| liability.role.is_own_debt())
        };
        let tokens: Vec<&SubjectToken> = own()
            .flat_map(|liability| &liability.tokens)
            .map(|shown| &shown.token)
            .collect();
        let mut mapped = self.map(caller, &tokens)?.into_iter();
        let borrowers = own().map(|liability| {
            let shown = liability.tokens.iter().zip(mapped.by_ref());
            shown
                .map(|(shown, token)| Presented {
                    token,
                    verified_on: shown.verified_on,
                })
                .collect()
        });
        Ok(borrowers.collect())
    }
}

pub(super) fn refused(code: Code, field: &str, text: &str) -> Refused {
    Refused::because(Violation::new(code, field, text))
}
