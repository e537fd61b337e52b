//! Mistakes that show only against what is on file: another record of the same file came before.
//!
//! A later month would show them as well. That the file brings its own past along keeps each month for itself, whatever
//! became of the months before.

use super::{Fate, How, Mistake, Stage, late, write_off};
use crate::cli::generate::population::{foreigner, resident};
use crate::domain::batch::{BatchRecord, PositionRecord};
use crate::domain::date::{days_after, days_before};
use crate::domain::position::{AccountType, DeletionReason};
use crate::domain::token::Token as _;
use crate::domain::violation::Code;
use crate::identity::named::Named;
use crate::import::FileRecord;

/// Why a version is corrected, where the reason is not the mistake.
const REASON: &str = "the amount was keyed in wrongly";

/// All of them.
pub(super) const MISTAKES: &[Mistake] = &[
    Mistake::new(
        Code::StaleSequence,
        Fate::Superseded,
        How::Then(as_it_is, |record, _| {
            record.position.order.sequence -= 2;
        }),
    ),
    Mistake::then(Code::PairReused, as_it_is, |record, _| {
        record.position.order.sequence -= 1;
        record.position.facts.last_payment_amount += 1;
    }),
    Mistake::then(Code::IdentityChanged, as_it_is, |record, stage| {
        let on = record.position.facts.opened_on;
        record.position.liabilities[0].tokens = resident(stage.nobody(), on);
    }),
    Mistake::then(Code::AccountTypeChanged, as_it_is, |record, _| {
        record.position.facts.account_type = AccountType::Revolving;
    }),
    Mistake::then(Code::StatusTransition, as_it_is, |record, stage| {
        record.position.facts = stage.open_loan().position.facts;
    }),
    Mistake::then(
        Code::DpdJump,
        |record, _| write_off(record),
        |record, stage| late(record, stage, 60),
    ),
    Mistake::then(
        Code::DofdReaged,
        |record, stage| {
            write_off(record);
            late(record, stage, 30);
        },
        |record, stage| {
            record.position.facts.first_delinquent_on = Some(days_before(stage.as_of, 10));
        },
    ),
    Mistake::then(
        Code::TypeEventMismatch,
        |record, _| {
            write_off(record);
            record.position.facts.account_type = AccountType::Collection;
        },
        |record, _| record.position.facts.outstanding_principal += 100,
    ),
    Mistake::then(
        Code::TypeEventMismatch,
        |record, stage| {
            record.position.facts.account_type = AccountType::Revolving;
            record.position.facts.matures_on = Some(stage.as_of);
        },
        |record, stage| {
            record.position.facts.extension_count += 1;
            record.position.facts.matures_on = Some(days_after(stage.as_of, 30));
        },
    ),
    Mistake::then(Code::ExtensionMonths, as_it_is, |record, _| {
        record.position.facts.extension_count += 1;
    }),
    Mistake::scene(Code::AccountUnknown, |stage| {
        vec![deletion(stage, DeletionReason::ReportedInError)]
    }),
    Mistake::scene(Code::AccountUnknown, |stage| {
        vec![correction(stage, REASON, |_| {})]
    }),
    Mistake::scene(Code::VersionUnknown, |stage| {
        let correction = correction(stage, REASON, |record| record.position.order.sequence += 1);
        vec![paid(stage), correction]
    }),
    Mistake::scene(Code::ProhibitedAttribute, |stage| {
        let reason = "the borrower's illness was not considered";
        vec![paid(stage), correction(stage, reason, |_| {})]
    }),
    Mistake::scene(Code::PiiInFreeText, |stage| {
        let reason = "see the mail of somebody@example.com";
        vec![paid(stage), correction(stage, reason, |_| {})]
    }),
    Mistake::scene(Code::AccountDeleted, |stage| {
        let mut again = stage.paid_loan('a');
        again.position.order.sequence += 1;
        vec![
            paid(stage),
            deletion(stage, DeletionReason::ReportedInError),
            BatchRecord::Position(again),
        ]
    }),
    Mistake::scene(Code::AccountDeleted, |stage| {
        vec![
            paid(stage),
            deletion(stage, DeletionReason::ReportedInError),
            deletion(stage, DeletionReason::Fraud),
        ]
    }),
    Mistake::scene(Code::IdentityConflict, |stage| {
        // Two people with a loan each, and then a record by which they would be one.
        let mut other = stage.paid_loan('b');
        let passport = foreigner(stage.number, other.position.facts.opened_on);
        other.position.liabilities[0].tokens = passport.clone();
        let mut both = stage.paid_loan('c');
        let tokens = &mut both.position.liabilities[0].tokens;
        tokens.extend(passport);
        tokens.retain(|shown| shown.token.identifier_type().is_strong());
        vec![
            paid(stage),
            BatchRecord::Position(other),
            BatchRecord::Position(both),
        ]
    }),
    Mistake::new(
        Code::DpdJump,
        Fate::Accepted,
        How::Then(
            |record, stage| {
                write_off(record);
                late(record, stage, 9);
                let facts = &mut record.position.facts;
                let on = days_before(stage.as_of, 12);
                facts.closed_on = Some(on);
                facts.last_payment_on = None;
                facts.last_payment_amount = 0;
                record.position.order.as_of = on;
            },
            |record, stage| {
                record.position.order.as_of = stage.as_of;
                record.position.facts.overdue.fees += 100;
            },
        ),
    ),
];

fn as_it_is(_: &mut PositionRecord<Named>, _: &Stage) {}

fn paid(stage: &Stage) -> FileRecord {
    BatchRecord::Position(stage.paid_loan('a'))
}

fn deletion(stage: &Stage, reason: DeletionReason) -> FileRecord {
    BatchRecord::Deletion {
        account_ref: stage.account('a'),
        reason,
    }
}

/// A correction of the paid loan, with other content: one that says the same is no correction.
fn correction(stage: &Stage, reason: &str, change: fn(&mut PositionRecord<Named>)) -> FileRecord {
    let mut record = stage.paid_loan('a');
    record.position.facts.last_payment_amount += 100;
    record.correction_reason = Some(reason.to_owned());
    change(&mut record);
    BatchRecord::Position(record)
}
