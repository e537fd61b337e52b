//! Positions, both ways.
//!
//! Inward in one pass: every field is read, what cannot be read is told and replaced by a placeholder that no rule looks
//! at, and the rules of the message judge the rest, so that one answer holds all violations.

use chrono::NaiveDate;

use super::code::{Coded, code_to_wire, read_code, read_optional_code};
use super::collect::{Collector, Path};
use super::date::{date_to_wire, read_date, read_optional_date};
use super::request::{read_account_ref, read_currency};
use super::token::{ReadToken, Reading, WireToken, read_tokens, token_to_wire};
use crate::domain::currency::Currency;
use crate::domain::names::AccountRef;
use crate::domain::position::{
    AccountStatus, AccountType, Facts, FundingRole, GuaranteeType, Liability, LiabilityRole, LoanPurpose,
    OverdueAmounts, Position, ProductType, RepaymentFrequency, ReportOrder,
};
use crate::domain::token::{Presented, TokenRef};
use crate::domain::validation::{Findings, check_readable};
use crate::domain::violation::{Code, Violation};
use crate::wire::pb;

/// A position that could be read, with what the rules found in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Read<T> {
    /// The position. Only when there are no violations it obeys the rules of the message.
    pub position: Position<T>,
    /// What the message breaks by itself, and what is odd about it.
    pub findings: Findings,
}

/// Reads the field `position` of a request and judges it on today's date. `Err` when a part of it cannot be represented;
/// it holds all violations, those of the rules included.
pub fn read_position<R: ReadToken>(
    wire: Option<&pb::Position>,
    reading: &Reading<'_, R>,
) -> Result<Read<R::Token>, Vec<Violation>> {
    let root = Path::Root;
    let mut draft = Draft::at(root.field("position"));
    let Some(wire) = wire else {
        draft.out.absent(&draft.at);
        return Err(draft.out.into_violations());
    };
    let position = draft.position(wire, reading);
    let findings = check_readable(&position, reading.today, &draft.unreadable);
    if draft.out.is_empty() {
        return Ok(Read { position, findings });
    }
    draft.out.extend_from(findings);
    Err(draft.out.into_violations())
}

/// Reads a position that the service sent: its form alone is judged. Field paths start with `position`.
pub fn read_stored_position<R: ReadToken>(
    wire: &pb::Position,
    tokens: &R,
) -> Result<Position<R::Token>, Vec<Violation>> {
    let root = Path::Root;
    let mut draft = Draft::at(root.field("position"));
    let reading = Reading {
        tokens,
        today: NaiveDate::MAX,
    };
    let position = draft.position(wire, &reading);
    draft.out.finish(Some(position))
}

/// A position in the making.
struct Draft<'p> {
    at: Path<'p>,
    out: Collector,
    /// Fields that hold placeholders.
    unreadable: Vec<&'static str>,
}

impl<'p> Draft<'p> {
    fn at(at: Path<'p>) -> Self {
        Self {
            at,
            out: Collector::default(),
            unreadable: Vec::new(),
        }
    }

    /// What was read of a field, or a placeholder.
    fn or<T>(&mut self, field: &'static str, value: Option<T>, placeholder: T) -> T {
        value.unwrap_or_else(|| {
            self.unreadable.push(field);
            placeholder
        })
    }

    fn code<E: Coded>(&mut self, field: &'static str, number: i32, placeholder: E) -> E {
        let value = read_code(number, &self.at.field(field), &mut self.out);
        self.or(field, value, placeholder)
    }

    fn optional_code<E: Coded>(&mut self, field: &'static str, number: i32) -> Option<E> {
        let value = read_optional_code(number, &self.at.field(field), &mut self.out);
        self.or(field, value, None)
    }

    fn date(&mut self, field: &'static str, wire: Option<pb::Date>) -> NaiveDate {
        let value = read_date(wire, &self.at.field(field), &mut self.out);
        self.or(field, value, NaiveDate::default())
    }

    fn optional_date(&mut self, field: &'static str, wire: Option<pb::Date>) -> Option<NaiveDate> {
        let value = read_optional_date(wire, &self.at.field(field), &mut self.out);
        self.or(field, value, None)
    }

    fn position<R: ReadToken>(
        &mut self,
        wire: &pb::Position,
        reading: &Reading<'_, R>,
    ) -> Position<R::Token> {
        let account_ref = read_account_ref(&wire.account_ref, &self.at.field("account_ref"), &mut self.out);
        let account_ref = self.or("account_ref", account_ref, placeholder_ref());
        Position {
            account_ref,
            liabilities: self.liabilities(&wire.liabilities, reading),
            facts: self.facts(wire),
            order: ReportOrder {
                as_of: self.date("as_of", wire.as_of),
                sequence: wire.sequence,
            },
        }
    }

    /// Liabilities whose role was read; one whose tokens were not has none.
    fn liabilities<R: ReadToken>(
        &mut self,
        wire: &[pb::Liability],
        reading: &Reading<'_, R>,
    ) -> Vec<Liability<R::Token>> {
        let most = Position::<TokenRef>::LIABILITIES_MAX;
        let at = self.at.field("liabilities");
        if wire.is_empty() || wire.len() > most {
            self.unreadable.push("liabilities");
            if wire.is_empty() {
                self.out.absent(&at);
            } else {
                let text = format!("{} liabilities; at most {most} in one position", wire.len());
                self.out.refuse(Code::Format, &at, text);
            }
            return Vec::new();
        }
        let mut liabilities = Vec::with_capacity(wire.len());
        for (index, liability) in wire.iter().enumerate() {
            let (role, read) = read_liability(liability, &self.at, index, reading, &mut self.out);
            let role = self.or("liabilities", role, LiabilityRole::Primary);
            liabilities.push(Liability {
                role,
                tokens: read.unwrap_or_default(),
            });
        }
        liabilities
    }

    fn facts(&mut self, wire: &pb::Position) -> Facts {
        let currency = read_currency(&wire.currency, &self.at.field("currency"), &mut self.out);
        Facts {
            account_type: self.code("account_type", wire.account_type, AccountType::NonRevolving),
            product_type: self.code("product_type", wire.product_type, ProductType::Other),
            loan_purpose: self.code("loan_purpose", wire.loan_purpose, LoanPurpose::Other),
            guarantee_type: self.code("guarantee_type", wire.guarantee_type, GuaranteeType::Unsecured),
            funding_role: self.code("funding_role", wire.funding_role, FundingRole::Own),
            region_code: wire.region_code.clone(),
            currency: self.or("currency", currency, Currency::CNY),
            opened_on: self.date("opened_on", wire.opened_on),
            matures_on: self.optional_date("matures_on", wire.matures_on),
            closed_on: self.optional_date("closed_on", wire.closed_on),
            original_amount: wire.original_amount,
            credit_limit: wire.credit_limit,
            outstanding_principal: wire.outstanding_principal,
            outstanding_total: wire.outstanding_total,
            scheduled_payment: wire.scheduled_payment,
            repayment_frequency: self.code(
                "repayment_frequency",
                wire.repayment_frequency,
                RepaymentFrequency::Irregular,
            ),
            next_due_on: self.optional_date("next_due_on", wire.next_due_on),
            remaining_terms: wire.remaining_terms,
            annual_percentage_rate_bp: wire.annual_percentage_rate_bp,
            status: self.code("status", wire.status, AccountStatus::Open),
            closure_reason: self.optional_code("closure_reason", wire.closure_reason),
            days_past_due: wire.days_past_due,
            grace_days: wire.grace_days,
            overdue: wire.overdue.map_or_else(OverdueAmounts::default, read_overdue),
            first_delinquent_on: self.optional_date("first_delinquent_on", wire.first_delinquent_on),
            asset_classification: self.optional_code("asset_classification", wire.asset_classification),
            collection_stage: self.optional_code("collection_stage", wire.collection_stage),
            extension_count: wire.extension_count,
            restructure_count: wire.restructure_count,
            hardship_code: self.optional_code("hardship_code", wire.hardship_code),
            last_payment_on: self.optional_date("last_payment_on", wire.last_payment_on),
            last_payment_amount: wire.last_payment_amount,
            funding_group_ref: optional_text(&wire.funding_group_ref),
            consent_reference: wire.consent_reference.clone(),
            adverse_notice_reference: optional_text(&wire.adverse_notice_reference),
            adverse_notice_sent_on: self.optional_date("adverse_notice_sent_on", wire.adverse_notice_sent_on),
            reservation_id: optional_text(&wire.reservation_id),
        }
    }
}

fn placeholder_ref() -> AccountRef {
    AccountRef::parse("-").expect("a hyphen fits the pattern")
}

type ReadLiability<T> = (Option<LiabilityRole>, Option<Vec<Presented<T>>>);

/// Reads a liability of a message: its role and its tokens, each if it could be read.
pub(super) fn read_liability<R: ReadToken>(
    wire: &pb::Liability,
    parent: &Path<'_>,
    index: usize,
    reading: &Reading<'_, R>,
    out: &mut Collector,
) -> ReadLiability<R::Token> {
    let at = parent.element("liabilities", index);
    let role = read_code(wire.role, &at.field("role"), out);
    (role, read_tokens(&wire.tokens, &at, reading, out))
}

fn read_overdue(wire: pb::OverdueAmounts) -> OverdueAmounts {
    OverdueAmounts {
        principal: wire.principal,
        interest: wire.interest,
        penalty: wire.penalty,
        fees: wire.fees,
    }
}

fn optional_text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A position as the contract writes it.
pub fn position_to_wire<T: WireToken>(position: &Position<T>) -> pb::Position {
    let facts = &position.facts;
    pb::Position {
        account_ref: position.account_ref.as_str().to_owned(),
        liabilities: position.liabilities.iter().map(liability_to_wire).collect(),
        account_type: facts.account_type.to_number(),
        product_type: facts.product_type.to_number(),
        loan_purpose: facts.loan_purpose.to_number(),
        guarantee_type: facts.guarantee_type.to_number(),
        funding_role: facts.funding_role.to_number(),
        region_code: facts.region_code.clone(),
        currency: facts.currency.as_str().to_owned(),
        opened_on: Some(date_to_wire(facts.opened_on)),
        matures_on: facts.matures_on.map(date_to_wire),
        closed_on: facts.closed_on.map(date_to_wire),
        original_amount: facts.original_amount,
        credit_limit: facts.credit_limit,
        outstanding_principal: facts.outstanding_principal,
        outstanding_total: facts.outstanding_total,
        scheduled_payment: facts.scheduled_payment,
        repayment_frequency: facts.repayment_frequency.to_number(),
        next_due_on: facts.next_due_on.map(date_to_wire),
        remaining_terms: facts.remaining_terms,
        annual_percentage_rate_bp: facts.annual_percentage_rate_bp,
        status: facts.status.to_number(),
        closure_reason: code_to_wire(facts.closure_reason),
        days_past_due: facts.days_past_due,
        grace_days: facts.grace_days,
        overdue: (facts.overdue != OverdueAmounts::default()).then(|| overdue_to_wire(facts.overdue)),
        first_delinquent_on: facts.first_delinquent_on.map(date_to_wire),
        asset_classification: code_to_wire(facts.asset_classification),
        collection_stage: code_to_wire(facts.collection_stage),
        extension_count: facts.extension_count,
        restructure_count: facts.restructure_count,
        hardship_code: code_to_wire(facts.hardship_code),
        last_payment_on: facts.last_payment_on.map(date_to_wire),
        last_payment_amount: facts.last_payment_amount,
        funding_group_ref: facts.funding_group_ref.clone().unwrap_or_default(),
        as_of: Some(date_to_wire(position.order.as_of)),
        sequence: position.order.sequence,
        consent_reference: facts.consent_reference.clone(),
        adverse_notice_reference: facts.adverse_notice_reference.clone().unwrap_or_default(),
        adverse_notice_sent_on: facts.adverse_notice_sent_on.map(date_to_wire),
        reservation_id: facts.reservation_id.clone().unwrap_or_default(),
    }
}

pub(super) fn liability_to_wire<T: WireToken>(liability: &Liability<T>) -> pb::Liability {
    pb::Liability {
        role: liability.role.to_number(),
        tokens: liability.tokens.iter().map(token_to_wire).collect(),
    }
}

fn overdue_to_wire(overdue: OverdueAmounts) -> pb::OverdueAmounts {
    pb::OverdueAmounts {
        principal: overdue.principal,
        interest: overdue.interest,
        penalty: overdue.penalty,
        fees: overdue.fees,
    }
}

#[cfg(test)]
mod tests;
