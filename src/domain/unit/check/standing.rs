//! Everything on file about one borrower, in the form in which rules judge it: own debt of all lenders, and what is
//! reserved.

use super::{Borrower, Check};
use crate::domain::currency::Currency;
use crate::domain::date::Timestamp;
use crate::domain::exposure::obligation::monthly_obligation;
use crate::domain::member::LenderGroup;
use crate::domain::names::{AccountNo, ApplicationId, MemberNo};
use crate::domain::position::{AccountStatus, ClosureReason, Facts, GuaranteeType};
use crate::domain::rules::{Application, ApplicationKey, Held, Loan, Standing};
use crate::domain::unit::WorkingSet;
use crate::domain::unit::rows::{PositionRow, ReservationRow};
use crate::domain::unit::working_set::SubjectRows;

/// What is applied for.
pub(super) fn application(set: &WorkingSet, member_no: MemberNo, check: &Check) -> Application {
    Application {
        lender: member_no,
        lender_group: group_of(set, member_no),
        product_type: check.product_type,
        amount: check.amount,
        monthly_payment: check.monthly_payment,
        term_days: check.term_days,
        monthly_income: check.monthly_income,
    }
}

/// What is judged itself, and does not speak against itself.
#[derive(Clone, Copy)]
pub(super) enum Own<'a> {
    /// What an application holds.
    Application(MemberNo, &'a ApplicationId),
    /// A loan that its member made already, with whatever else it holds for the same borrower.
    Loan(MemberNo, AccountNo),
}

impl Own<'_> {
    fn is_reservation(self, row: &ReservationRow) -> bool {
        match self {
            Self::Application(member_no, application_id) => {
                row.member_no == member_no && row.application_id == *application_id
            }
            Self::Loan(member_no, _) => row.member_no == member_no,
        }
    }

    fn is_position(self, row: &PositionRow) -> bool {
        matches!(self, Self::Loan(_, account_no) if row.account_no == account_no)
    }
}

/// What is on file about a borrower, without what is judged itself; amounts are compared in `currency`.
pub(super) fn of(
    set: &WorkingSet,
    own: Own<'_>,
    currency: Currency,
    borrower: &Borrower,
    at: Timestamp,
) -> Standing {
    let empty = SubjectRows::default();
    let rows = set.subjects.get(&borrower.subject_id).unwrap_or(&empty);
    let reader = Reader {
        set,
        keys: Keys::of(rows),
        currency,
        at,
    };
    let today = set.rules.zone.date_of(at);
    let number = borrower.about.joined.and_then(|mobile| set.subjects.get(&mobile));
    let joined = number
        .into_iter()
        .flat_map(|rows| rows.positions.values())
        .filter(|row| borrower.about.admits(row, today))
        .filter(|row| !rows.positions.contains_key(&(row.member_no, row.account_no)));
    let positions = rows
        .positions
        .values()
        .chain(joined)
        .filter(|row| row.role.is_own_debt() && row.deleted.is_none() && !row.suppressed)
        .filter(|row| !own.is_position(row));
    let reservations = rows
        .reservations
        .iter()
        .filter(|row| row.is_live(at) && row.created_at <= at && !own.is_reservation(row));
    let loans = positions.map(|row| reader.position(row));
    Standing {
        now: at,
        zone: set.rules.zone,
        loans: loans
            .chain(reservations.map(|row| reader.reservation(row)))
            .collect(),
        // Nobody can exclude themselves yet.
        self_excluded: false,
    }
}

pub(super) fn group_of(set: &WorkingSet, member_no: MemberNo) -> LenderGroup {
    let standing = set.network.members.get(&member_no);
    standing.map_or(LenderGroup::Other, |standing| standing.lender_group)
}

/// Numbers for the applications behind a subject's reservations.
struct Keys<'r>(Vec<&'r ReservationRow>);

impl<'r> Keys<'r> {
    fn of(rows: &'r SubjectRows) -> Self {
        Self(rows.reservations.iter().collect())
    }

    /// The same for all reservations of an application.
    fn application(&self, member_no: MemberNo, application_id: &ApplicationId) -> Option<ApplicationKey> {
        let first = self
            .0
            .iter()
            .position(|row| row.member_no == member_no && row.application_id == *application_id)?;
        u64::try_from(first).ok().map(ApplicationKey)
    }

    /// That of the application whose reservation a position consumed.
    fn of_position(&self, row: &PositionRow) -> Option<ApplicationKey> {
        let consumed = self.0.iter().find(|reservation| {
            reservation.member_no == row.member_no && reservation.account_no == Some(row.account_no)
        })?;
        self.application(consumed.member_no, &consumed.application_id)
    }
}

struct Reader<'s> {
    set: &'s WorkingSet,
    keys: Keys<'s>,
    currency: Currency,
    at: Timestamp,
}

impl Reader<'_> {
    fn position(&self, row: &PositionRow) -> Loan {
        let facts = &row.version.facts;
        let today = self.set.rules.zone.date_of(self.at);
        Loan {
            lender: row.member_no,
            lender_group: group_of(self.set, row.member_no),
            application: self.keys.of_position(row),
            held: Held::Position,
            product_type: facts.product_type,
            unsecured: facts.guarantee_type == GuaranteeType::Unsecured,
            in_currency: facts.currency == self.currency,
            principal: i128::from(principal(facts)),
            monthly_obligation: monthly_obligation(facts, today),
            opened_on: facts.opened_on,
            active: facts.status.is_active(),
            closed_on: facts.closed_on,
            closed_at: facts.closed_on.map(|_| row.version.received_at),
            rescinded: facts.closure_reason == Some(ClosureReason::Rescinded),
            days_past_due: facts.days_past_due,
            overdue: i128::from(facts.overdue.total().unwrap_or(i64::MAX)),
            in_plan: facts.restructure_count > 0,
        }
    }

    fn reservation(&self, row: &ReservationRow) -> Loan {
        Loan {
            lender: row.member_no,
            lender_group: group_of(self.set, row.member_no),
            application: self.keys.application(row.member_no, &row.application_id),
            held: Held::Reservation,
            product_type: row.product_type,
            // A reservation does not say what will secure the loan: it counts in limits of unsecured debt.
            unsecured: true,
            in_currency: row.currency == self.currency,
            principal: i128::from(row.amount),
            monthly_obligation: i128::from(row.monthly_payment),
            opened_on: self.set.rules.zone.date_of(row.created_at),
            active: true,
            closed_on: None,
            closed_at: None,
            rescinded: false,
            days_past_due: 0,
            overdue: 0,
            in_plan: false,
        }
    }
}

/// What is owed; of a loan that is still to be paid out, what will be.
fn principal(facts: &Facts) -> i64 {
    match facts.status {
        AccountStatus::PendingDisbursement if facts.account_type.is_revolving() => facts.credit_limit,
        AccountStatus::PendingDisbursement => facts.original_amount,
        AccountStatus::Open
        | AccountStatus::BadDebt
        | AccountStatus::LegalAction
        | AccountStatus::TransferredOut
        | AccountStatus::Closed => facts.outstanding_principal,
    }
}
