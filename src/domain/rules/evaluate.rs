//! One application, one subject, one pack: every rule is asked, none stops the others.

use chrono::NaiveDate;

use super::RulePack;
use super::rule::{Condition, Rule};
use super::standing::{Application, Loan, Standing};
use super::verdict::{Reason, Verdict};
use super::{amounts, counts, periods};

/// What a pack says about an application of a subject.
///
/// A limit of a quantity (lenders, loans, amounts, obligations) judges only loans that would count themselves: a limit of
/// payday loans does not stop a mortgage. Where a pack needs an income and none is stated, the income is taken to be nothing.
pub fn evaluate(pack: &RulePack, application: &Application, standing: &Standing) -> Verdict {
    let mut verdict = Verdict::default();
    for (place, rule) in pack.rules.iter().enumerate() {
        let case = Case::new(place, rule, application, standing);
        if let Some(refusal) = judge(&rule.condition, &case, &mut verdict) {
            verdict.reasons.push(Reason {
                code: rule.condition.reason(),
                rule_id: rule.id.clone(),
                place,
                retry_on: refusal.retry_on,
            });
        }
    }
    verdict
}

/// What one rule looks at.
pub(super) struct Case<'a> {
    pub(super) place: usize,
    rule: &'a Rule,
    pub(super) application: &'a Application,
    pub(super) standing: &'a Standing,
    pub(super) today: NaiveDate,
}

/// A rule speaks against it.
pub(super) struct Refusal {
    /// When it may allow it by time alone.
    pub(super) retry_on: Option<NaiveDate>,
}

impl Refusal {
    /// Of something that time alone does not change.
    pub(super) const LASTING: Self = Self { retry_on: None };

    /// If something is so that time alone does not change.
    pub(super) fn lasting_if(holds: bool) -> Option<Self> {
        holds.then_some(Self::LASTING)
    }
}

impl<'a> Case<'a> {
    fn new(place: usize, rule: &'a Rule, application: &'a Application, standing: &'a Standing) -> Self {
        Self {
            place,
            rule,
            application,
            standing,
            today: standing.today(),
        }
    }

    /// The loans that count, ended ones too.
    pub(super) fn loans(&self) -> impl Iterator<Item = &'a Loan> {
        let (scope, lender) = (&self.rule.scope, self.application.lender);
        let all = self.standing.loans.iter();
        all.filter(move |loan| scope.covers(loan, lender))
    }

    /// The loans that count and are owed now, or about to be.
    pub(super) fn live_loans(&self) -> impl Iterator<Item = &'a Loan> {
        self.loans().filter(|loan| loan.is_live())
    }

    /// Whether what is applied for would count itself.
    pub(super) fn concerns_application(&self) -> bool {
        self.rule.scope.covers_application(self.application)
    }
}

/// Asks one condition. Limits of amounts narrow the verdict's rooms as well.
fn judge(condition: &Condition, case: &Case<'_>, verdict: &mut Verdict) -> Option<Refusal> {
    match condition {
        Condition::LenderCount { maximum } => counts::lenders(case, *maximum),
        Condition::AccountCount {
            maximum,
            window: None,
            ..
        } => counts::live_accounts(case, *maximum),
        Condition::AccountCount {
            maximum,
            window: Some(window),
            count_rescinded,
        } => counts::opened_accounts(case, *maximum, *window, *count_rescinded),
        Condition::CoolingOff(pause) => periods::cooling_off(case, *pause),
        Condition::AmountCap(cap) => amounts::cap(case, cap, verdict),
        Condition::ObligationRatio {
            maximum_percent,
            if_income_is_stated,
        } => amounts::obligation(case, *maximum_percent, *if_income_is_stated, verdict),
        Condition::Delinquency {
            days_past_due_above,
            overdue_amount_above,
        } => Refusal::lasting_if(
            case.live_loans()
                .any(|loan| is_late(loan, *days_past_due_above, *overdue_amount_above)),
        ),
        Condition::ConsecutiveIndebtedness(indebtedness) => periods::indebtedness(case, *indebtedness),
        Condition::InstalmentPlan => Refusal::lasting_if(case.live_loans().any(|loan| loan.in_plan)),
        Condition::SelfExclusion => Refusal::lasting_if(case.standing.self_excluded),
    }
}

fn is_late(loan: &Loan, days_above: u32, overdue_above: Option<i64>) -> bool {
    loan.days_past_due > days_above
        && overdue_above.is_none_or(|above| loan.amount(loan.overdue) > above.into())
}
