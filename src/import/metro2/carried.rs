//! What is left of a record that went through a Metro 2 file and back.
//!
//! The losses of the format in one place, as a function: tests hold the writer and the parser against it, and a member
//! may ask before it sends its book this way. docs/foreign-formats.md says the same in words.

use super::{Metro2Defaults, consumers, kinds, parse, standing, terms, values, write};
use crate::domain::batch::{BatchRecord, PositionRecord};
use crate::domain::currency::Currency;
use crate::domain::position::{AccountType, Facts, Liability, OverdueAmounts, Position, ReportOrder};
use crate::domain::token::Presented;
use crate::identity::named::Named;
use crate::import::FileRecord;
use crate::import::metro2::kinds::Portfolio;
use crate::import::metro2::standing::{Codes, Standing, Written};

/// The record that comes back when [`Metro2Writer`](super::Metro2Writer) writes one that it takes and
/// [`Metro2Reader`](super::Metro2Reader) reads it with the same conventions. A liability of which nothing is carried has no
/// tokens here; reading it is refused.
pub fn as_carried_by_metro2(record: &FileRecord, defaults: &Metro2Defaults) -> FileRecord {
    let record = match record {
        BatchRecord::Deletion { .. } => return record.clone(),
        BatchRecord::Position(record) => record,
    };
    let position = &record.position;
    let owed = values::whole_units(position.facts.outstanding_total, position.facts.currency);
    let written = standing::written(&position.facts, position.order.as_of, owed, &defaults.conventions);
    if let Some(reason) = standing::deletion(written.status) {
        return BatchRecord::Deletion {
            account_ref: position.account_ref.clone(),
            reason,
        };
    }
    BatchRecord::Position(PositionRecord {
        position: carried_position(position, &written, owed, defaults),
        event: None,
        correction_reason: record
            .correction_reason
            .as_ref()
            .map(|_| parse::CORRECTION_REASON.to_owned()),
    })
}

fn carried_position(
    position: &Position<Named>,
    written: &Written,
    owed: u64,
    defaults: &Metro2Defaults,
) -> Position<Named> {
    let standing = standing::read(&Codes {
        status: written.status,
        rating: written.rating,
        comment: written.comment,
        information_indicator: written.information_indicator,
        ecoa: consumers::base_ecoa(&position.liabilities, written.is_deceased),
        is_collection_account: position.facts.account_type == AccountType::Collection,
        has_date_closed: written.date_closed.is_some(),
        is_owed: owed > 0,
    });
    let mut facts = granted(&position.facts, defaults);
    stand(&mut facts, position, written, &standing, defaults);
    Position {
        account_ref: position.account_ref.clone(),
        liabilities: position
            .liabilities
            .iter()
            .map(|liability| carried_liability(liability, defaults))
            .collect(),
        facts,
        order: ReportOrder {
            as_of: position.order.as_of,
            sequence: defaults.sequence,
        },
    }
}

fn down(minor: i64, currency: Currency) -> i64 {
    minor - minor.rem_euclid(currency.minor_per_unit())
}

/// What was granted and how it is repaid; everything that the format lacks from the defaults.
fn granted(facts: &Facts, defaults: &Metro2Defaults) -> Facts {
    let whole = |minor| down(minor, facts.currency);
    let (portfolio, code) = kinds::written(facts.account_type, facts.product_type);
    let (_, account_type, product_type) =
        kinds::read(portfolio.as_str(), code).unwrap_or((portfolio, facts.account_type, facts.product_type));
    let revolves = account_type.is_revolving();
    let months = facts
        .matures_on
        .and_then(|matures_on| terms::duration(portfolio, facts.opened_on, matures_on))
        .and_then(|count| {
            let text = terms::duration_text(portfolio, count);
            terms::months(portfolio, text.as_bytes()).ok().flatten()
        });
    let (frequency, monthly) = terms::written_payment(facts.repayment_frequency, facts.scheduled_payment);
    let monthly = if portfolio == Portfolio::Open {
        0
    } else {
        whole(monthly)
    };
    let (repayment_frequency, scheduled_payment) = terms::read_payment(frequency.as_bytes(), monthly)
        .unwrap_or((facts.repayment_frequency, facts.scheduled_payment));
    let has_state = facts.region_code.starts_with("US-");
    Facts {
        account_type,
        product_type,
        loan_purpose: defaults.loan_purpose,
        guarantee_type: defaults.guarantee_type,
        funding_role: defaults.funding_role,
        region_code: if has_state {
            facts.region_code.clone()
        } else {
            defaults.region_code.clone().unwrap_or_default()
        },
        matures_on: months
            .filter(|_| !revolves)
            .and_then(|months| terms::maturity(facts.opened_on, months)),
        original_amount: if revolves { 0 } else { whole(facts.original_amount) },
        credit_limit: if revolves { whole(facts.credit_limit) } else { 0 },
        scheduled_payment,
        repayment_frequency,
        next_due_on: None,
        remaining_terms: 0,
        annual_percentage_rate_bp: defaults.annual_percentage_rate_bp,
        grace_days: defaults.grace_days,
        asset_classification: None,
        extension_count: 0,
        restructure_count: 0,
        hardship_code: None,
        last_payment_amount: whole(facts.last_payment_amount),
        funding_group_ref: None,
        consent_reference: defaults.consent_reference.clone(),
        reservation_id: None,
        ..facts.clone()
    }
}

/// Where it stands.
fn stand(
    facts: &mut Facts,
    position: &Position<Named>,
    written: &Written,
    standing: &Standing,
    defaults: &Metro2Defaults,
) {
    let as_of = position.order.as_of;
    let past_due = down(write::past_due(position, written), facts.currency);
    let balance = down(facts.outstanding_total, facts.currency);
    facts.outstanding_principal = balance;
    facts.outstanding_total = balance;
    facts.overdue = OverdueAmounts {
        principal: past_due,
        ..OverdueAmounts::default()
    };
    facts.status = standing.status;
    facts.closure_reason = standing.closure_reason;
    facts.collection_stage = standing.collection_stage;
    facts.closed_on = standing::closed_on(standing.status, written.date_closed, as_of);
    facts.first_delinquent_on = written
        .date_first_delinquency
        .filter(|_| standing.is_delinquent)
        .and_then(|date| standing::read_first_delinquency(date, &defaults.conventions));
    facts.days_past_due = standing::days_past_due(standing.days, as_of, facts.first_delinquent_on, past_due);
    let notice = defaults
        .adverse_notice
        .as_ref()
        .filter(|_| facts.days_past_due > defaults.grace_days);
    facts.adverse_notice_reference = notice.map(|notice| notice.reference.clone());
    facts.adverse_notice_sent_on = notice.map(|notice| notice.sent_on);
}

fn carried_liability(liability: &Liability<Named>, defaults: &Metro2Defaults) -> Liability<Named> {
    let number = consumers::carried_number(liability);
    let mobile = consumers::carried_mobile(liability, &defaults.conventions);
    Liability {
        role: consumers::carried_role(liability.role),
        tokens: [number, mobile]
            .into_iter()
            .flatten()
            .map(|identifier| Presented {
                token: Named::Identifier(identifier.clone()),
                verified_on: None,
            })
            .collect(),
    }
}
