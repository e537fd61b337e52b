//! `CheckAndReserve` and `ExplainDecision`: an application inward, a ruling outward.

use super::code::{Coded, read_code};
use super::collect::{Collector, Path};
use super::consent::{consent_to_wire, read_consent};
use super::date::{date_to_wire, timestamp_to_wire};
use super::position::{liability_to_wire, read_liability};
use super::request::{
    answer_id_to_wire, read_answer_id, read_currency, read_request_key, request_id_to_wire,
};
use super::reservation::reservation_to_wire;
use super::token::{ReadToken, Reading, WireToken};
use crate::domain::inquiry::Purpose;
use crate::domain::language::Language;
use crate::domain::names::{AnswerId, ApplicationId, RequestId};
use crate::domain::position::{Liability, Position};
use crate::domain::reservation::{CheckRequest, Reservation, Ruled, Ruling};
use crate::domain::rules::ReasonCode;
use crate::domain::token::{Token, TokenRef};
use crate::domain::unit::RequestKey;
use crate::domain::validation::text::check_reference;
use crate::domain::validation::{
    AMOUNT_MAX, Findings, LookUse, check_guarantors, check_kinds, check_purpose, check_roles,
};
use crate::domain::violation::{Code, Violation};
use crate::wire::pb;

/// The longest term of a loan, in days: a hundred years.
const TERM_DAYS_MAX: u32 = 36_525;

/// Reads `CheckAndReserve`.
pub fn read_check<R: ReadToken>(
    wire: &pb::CheckAndReserveRequest,
    reading: &Reading<'_, R>,
) -> Result<(CheckRequest<R::Token>, RequestKey), Vec<Violation>>
where
    R::Token: Token,
{
    let mut out = Collector::default();
    let root = Path::Root;
    let liabilities = read_liabilities(&wire.liabilities, reading, &mut out);
    let purpose: Option<Purpose> = read_code(wire.purpose, &root.field("purpose"), &mut out);
    out.extend(purpose.and_then(|purpose| check_purpose(purpose, LookUse::Check)));
    let consent = read_consent(wire.consent.as_ref(), purpose, reading.today, &mut out);
    let application_id = read_application_id(&wire.application_id, reading, &mut out);
    let product_type = read_code(wire.product_type, &root.field("product_type"), &mut out);
    let currency = read_currency(&wire.currency, &root.field("currency"), &mut out);
    read_figures(wire, &mut out);
    let request = read_request_key(&wire.request_id, wire, &mut out);
    let check = (|| {
        Some(CheckRequest {
            liabilities: liabilities?,
            purpose: purpose?,
            consent: consent?,
            application_id: application_id?,
            rule_pack: (!wire.rule_pack.is_empty()).then(|| wire.rule_pack.clone()),
            product_type: product_type?,
            currency: currency?,
            amount: wire.amount,
            term_days: wire.term_days,
            monthly_payment: wire.monthly_payment,
            monthly_income: (wire.monthly_income > 0).then_some(wire.monthly_income),
        })
    })();
    out.finish(check.zip(request))
}

fn read_liabilities<R: ReadToken>(
    wire: &[pb::Liability],
    reading: &Reading<'_, R>,
    out: &mut Collector,
) -> Option<Vec<Liability<R::Token>>>
where
    R::Token: Token,
{
    let most = Position::<TokenRef>::LIABILITIES_MAX;
    let (root, at) = (Path::Root, Path::Root.field("liabilities"));
    if wire.is_empty() {
        out.absent(&at);
        return None;
    }
    if wire.len() > most {
        let text = format!("{} liabilities; at most {most} of one loan", wire.len());
        out.refuse(Code::Format, &at, text);
        return None;
    }
    let read: Vec<Option<Liability<R::Token>>> = wire
        .iter()
        .enumerate()
        .map(|(index, liability)| {
            let (role, tokens) = read_liability(liability, &root, index, reading, out);
            Some(Liability {
                role: role?,
                tokens: tokens?,
            })
        })
        .collect();
    let liabilities: Vec<Liability<R::Token>> = read.into_iter().collect::<Option<_>>()?;
    let mut findings = Findings::default();
    check_roles(&liabilities, "", &mut findings);
    for (index, liability) in liabilities.iter().enumerate() {
        check_kinds(
            &liability.tokens,
            &format!("liabilities[{index}].tokens"),
            &mut findings,
        );
    }
    check_guarantors(&liabilities, "", &mut findings);
    out.extend_from(findings);
    Some(liabilities)
}

fn read_application_id<R>(
    text: &str,
    reading: &Reading<'_, R>,
    out: &mut Collector,
) -> Option<ApplicationId> {
    let at = Path::Root.field("application_id");
    if text.is_empty() {
        out.absent(&at);
        return None;
    }
    let Some(parsed) = ApplicationId::parse(text) else {
        let text = format!(
            "it must have 1 to {} characters of [A-Za-z0-9._:-]",
            ApplicationId::CHARS_MAX
        );
        out.refuse(Code::Format, &at, text);
        return None;
    };
    out.extend(check_reference(
        text,
        "application_id",
        1..=ApplicationId::CHARS_MAX,
        reading.today,
    ));
    Some(parsed)
}

fn read_figures(wire: &pb::CheckAndReserveRequest, out: &mut Collector) {
    let amounts = [
        ("amount", wire.amount),
        ("monthly_payment", wire.monthly_payment),
        ("monthly_income", wire.monthly_income),
    ];
    for (name, amount) in amounts {
        let at = Path::Root.field(name);
        if amount < 0 {
            out.refuse(
                Code::AmountNegative,
                &at,
                "it is below zero; amounts are minor units, at least 0",
            );
        } else if amount > AMOUNT_MAX {
            out.refuse(
                Code::AmountOverflow,
                &at,
                format!("it is above {AMOUNT_MAX} minor units"),
            );
        }
    }
    if wire.amount == 0 {
        out.refuse(
            Code::FieldRequired,
            &Path::Root.field("amount"),
            "say how much is applied for, in minor units",
        );
    }
    if !(1..=TERM_DAYS_MAX).contains(&wire.term_days) {
        let text = format!(
            "{} days; 1 to {TERM_DAYS_MAX} from payout to the last payment",
            wire.term_days
        );
        out.refuse(Code::Format, &Path::Root.field("term_days"), text);
    }
}

/// Reads `ExplainDecision`.
pub fn read_explain(wire: &pb::ExplainDecisionRequest) -> Result<AnswerId, Vec<Violation>> {
    let mut out = Collector::default();
    let answer_id = read_answer_id(&wire.answer_id, &Path::Root.field("answer_id"), &mut out);
    out.finish(answer_id)
}

/// `CheckAndReserve` as the contract writes it.
pub fn check_to_wire<T: WireToken>(
    check: &CheckRequest<T>,
    request_id: RequestId,
) -> pb::CheckAndReserveRequest {
    pb::CheckAndReserveRequest {
        liabilities: check.liabilities.iter().map(liability_to_wire).collect(),
        consent: Some(consent_to_wire(&check.consent)),
        application_id: check.application_id.as_str().to_owned(),
        rule_pack: check.rule_pack.clone().unwrap_or_default(),
        product_type: check.product_type.to_number(),
        currency: check.currency.as_str().to_owned(),
        amount: check.amount,
        term_days: check.term_days,
        monthly_payment: check.monthly_payment,
        monthly_income: check.monthly_income.unwrap_or(0),
        request_id: request_id_to_wire(request_id),
        purpose: check.purpose.to_number(),
    }
}

/// What `CheckAndReserve` answers.
pub fn ruled_to_wire(
    ruled: &Ruled,
    reservation: Option<&Reservation>,
    language: Language,
) -> pb::CheckAndReserveResponse {
    pb::CheckAndReserveResponse {
        decision: Some(ruling_to_wire(&ruled.ruling, language)),
        reservation: reservation.map(reservation_to_wire),
        answer_id: answer_id_to_wire(ruled.answer_id),
    }
}

/// What `ExplainDecision` answers.
pub fn explained_to_wire(ruled: &Ruled, language: Language) -> pb::ExplainDecisionResponse {
    pb::ExplainDecisionResponse {
        decision: Some(ruling_to_wire(&ruled.ruling, language)),
        decided_at: Some(timestamp_to_wire(ruled.decided_at)),
        rule_pack_sha256: ruled.ruling.pack.sha256.0.to_vec(),
    }
}

/// A reason as the contract writes it.
pub fn reason_to_wire(code: ReasonCode, language: Language) -> pb::DecisionReason {
    pb::DecisionReason {
        code: code.as_str().to_owned(),
        description: code.text(language).to_owned(),
    }
}

fn ruling_to_wire(ruling: &Ruling, language: Language) -> pb::Decision {
    let reasons = ruling.reasons.iter().map(|code| reason_to_wire(*code, language));
    pb::Decision {
        eligibility: ruling.eligibility.to_number(),
        reasons: reasons.collect(),
        max_additional_amount: ruling.max_additional_amount,
        retry_on: ruling.retry_on.map(date_to_wire),
        rule_pack: format!("{} {}", ruling.pack.name, ruling.pack.version),
    }
}

#[cfg(test)]
mod tests;
