//! What is left of a record that went through a table of the bank's codes and back.
//!
//! The losses of the format in one place, as a function: tests hold the writer and the parser against it.
//! docs/foreign-formats.md says the same in words.

use super::codes::AccountCode;
use super::standing::{self, Written};
use super::{PbocDefaults, codes, people};
use crate::domain::batch::{BatchRecord, PositionRecord};
use crate::domain::position::{AccountStatus, Facts, Liability, LiabilityRole, Position};
use crate::domain::token::Presented;
use crate::identity::named::Named;
use crate::import::FileRecord;
use crate::import::crosswalk::RepaymentState;

/// The record that comes back when [`PbocWriter`](super::PbocWriter) writes one that it takes and
/// [`PbocReader`](super::PbocReader) reads it. A liability of which nothing is carried has no tokens here; reading it is
/// refused.
pub fn as_carried_by_pboc(record: &FileRecord, defaults: &PbocDefaults) -> FileRecord {
    let record = match record {
        BatchRecord::Deletion { .. } => return record.clone(),
        BatchRecord::Position(record) => record,
    };
    let position = &record.position;
    let (status, state) = match standing::written(&position.facts) {
        Written::Deletion(reason) => {
            return BatchRecord::Deletion {
                account_ref: position.account_ref.clone(),
                reason,
            };
        }
        Written::Codes(status, state) => (status, state),
    };
    let event = codes::read_report_time(codes::written_report_time(record.event)).unwrap_or(None);
    BatchRecord::Position(PositionRecord {
        position: Position {
            account_ref: position.account_ref.clone(),
            liabilities: position
                .liabilities
                .iter()
                .enumerate()
                .map(carried_liability)
                .collect(),
            facts: carried_facts(position, status, state, defaults),
            order: position.order,
        },
        event: event.filter(|_| record.correction_reason.is_none()),
        correction_reason: record.correction_reason.clone(),
    })
}

fn carried_facts(
    position: &Position<Named>,
    status: &str,
    state: RepaymentState,
    defaults: &PbocDefaults,
) -> Facts {
    let facts = &position.facts;
    let kind = AccountCode::written(facts.account_type);
    let meaning = standing::read_status(kind, status).map_or(facts.status, |meaning| meaning.status);
    let (status, closure_reason) =
        standing::read(meaning, state, defaults.ended_reason).unwrap_or((meaning, None));
    let closed_on = if status == AccountStatus::Closed {
        facts.closed_on.or(Some(position.order.as_of))
    } else {
        facts.closed_on
    };
    let business = codes::written_business(facts.product_type);
    Facts {
        product_type: codes::read_business(business).unwrap_or(facts.product_type),
        loan_purpose: defaults.loan_purpose,
        funding_role: defaults.funding_role,
        annual_percentage_rate_bp: defaults.annual_percentage_rate_bp,
        grace_days: defaults.grace_days,
        status,
        closure_reason,
        closed_on,
        collection_stage: None,
        extension_count: 0,
        restructure_count: 0,
        hardship_code: None,
        funding_group_ref: None,
        reservation_id: None,
        ..facts.clone()
    }
}

fn carried_liability((slot, liability): (usize, &Liability<Named>)) -> Liability<Named> {
    let document = people::carried_document(liability).map(|(_, identifier)| identifier);
    let role = if slot == 0 {
        LiabilityRole::Primary
    } else {
        codes::read_repayer(codes::written_repayer(liability.role)).unwrap_or(liability.role)
    };
    Liability {
        role,
        tokens: [document, people::carried_mobile(liability)]
            .into_iter()
            .flatten()
            .map(|identifier| Presented {
                token: Named::Identifier(identifier.clone()),
                verified_on: None,
            })
            .collect(),
    }
}
