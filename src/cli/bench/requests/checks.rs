//! Requests of checks. A caller checks no subject twice, and under rules that allow everything, so that each check does
//! all that a check can have to do.

use anyhow::Context as _;

use super::{Requests, STRIDE, Who, consent, each, request_id, visit};
use crate::cli::bench::ground::CALLERS;
use crate::cli::bench::population::letters;
use crate::domain::currency::Currency;
use crate::domain::inquiry::Purpose;
use crate::domain::names::ApplicationId;
use crate::domain::position::{Liability, LiabilityRole, ProductType};
use crate::domain::reservation::CheckRequest;
use crate::domain::token::Presented;
use crate::identity::token::SubjectToken;
use crate::store::floor::Target;
use crate::wire::convert::check::check_to_wire;
use crate::wire::pb;

/// What is applied for, minor units of yuan.
const AMOUNT: i64 = 500_000;
const MONTHLY_PAYMENT: i64 = 45_000;
const MONTHLY_INCOME: i64 = 1_000_000;
const TERM_DAYS: u32 = 360;

impl Requests<'_> {
    /// Checks of the first `callers`, up to `count` each.
    pub fn checks(
        &mut self,
        callers: usize,
        count: usize,
    ) -> anyhow::Result<Vec<Vec<pb::CheckAndReserveRequest>>> {
        let mut asked = Vec::with_capacity(callers);
        for (caller, cursor) in (0_u64..).zip(&mut self.cursors[..callers]) {
            asked.push(visit(
                self.subjects,
                &mut cursor.checked,
                caller,
                Who::Plain,
                count,
            ));
        }
        each(&asked, |caller, subjects| self.applications(caller, subjects))
    }

    /// Waves of checks about one subject each, by all callers.
    pub fn crowds(&mut self, count: usize) -> anyhow::Result<Vec<Vec<pb::CheckAndReserveRequest>>> {
        let asked = vec![self.crowded(count); CALLERS];
        let by_caller = each(&asked, |caller, subjects| self.applications(caller, subjects))?;
        let mut waves: Vec<Vec<_>> = asked[0].iter().map(|_| Vec::with_capacity(CALLERS)).collect();
        for requests in by_caller {
            for (wave, request) in waves.iter_mut().zip(requests) {
                wave.push(request);
            }
        }
        Ok(waves)
    }

    /// What the floor of such waves reads and writes: each subject once by every caller.
    pub fn crowded_targets(&mut self, count: usize) -> anyhow::Result<Vec<Target>> {
        let mut targets = Vec::with_capacity(count * CALLERS);
        for subject in self.crowded(count) {
            let tokens = self.ground.pseudonyms(subject)?;
            for (_, member_no) in &self.ground.lenders[..CALLERS] {
                let name = format!("W-{}-floor", letters(subject));
                targets.push(Target::new(tokens.clone(), *member_no, name));
            }
        }
        Ok(targets)
    }

    /// Subjects that were in no wave yet, from the end: checks of single callers begin at the other one.
    fn crowded(&mut self, count: usize) -> Vec<u64> {
        let mut found = Vec::with_capacity(count);
        while found.len() < count && self.crowded < self.subjects {
            self.crowded += 1;
            let subject = (self.subjects - self.crowded).wrapping_mul(STRIDE) % self.subjects;
            if Who::Plain.is(subject) {
                found.push(subject);
            }
        }
        found
    }

    fn applications(
        &self,
        caller: usize,
        subjects: &[u64],
    ) -> anyhow::Result<Vec<pb::CheckAndReserveRequest>> {
        let tokens = self.tokens(caller, subjects, Who::Plain)?;
        let applied = subjects.iter().zip(tokens);
        applied
            .map(|(subject, tokens)| Ok(check_to_wire(&self.application(*subject, tokens)?, request_id())))
            .collect()
    }

    fn application(
        &self,
        subject: u64,
        tokens: Vec<SubjectToken>,
    ) -> anyhow::Result<CheckRequest<SubjectToken>> {
        let tokens = tokens.into_iter().map(|token| Presented {
            token,
            verified_on: None,
        });
        let name = format!("C-{}", letters(subject));
        Ok(CheckRequest {
            liabilities: vec![Liability {
                role: LiabilityRole::Primary,
                tokens: tokens.collect(),
            }],
            purpose: Purpose::NewCredit,
            consent: consent(Purpose::NewCredit, self.ground.population.today),
            application_id: ApplicationId::parse(&name).context("an application has no valid name")?,
            rule_pack: None,
            product_type: ProductType::CashInstalment,
            currency: Currency::CNY,
            amount: AMOUNT,
            term_days: TERM_DAYS,
            monthly_payment: MONTHLY_PAYMENT,
            monthly_income: Some(MONTHLY_INCOME),
        })
    }
}
