//! Looks: `QueryExposure` and the requests of `ReviewPortfolio`.

use super::code::{Coded, read_code};
use super::collect::{Collector, Path};
use super::consent::{consent_to_wire, read_consent};
use super::request::{read_currency, read_request_key, request_id_to_wire};
use super::token::{ReadToken, Reading, WireToken, read_tokens, token_to_wire};
use crate::domain::inquiry::{Inquiry, Purpose};
use crate::domain::names::RequestId;
use crate::domain::unit::RequestKey;
use crate::domain::validation::{Findings, LookUse, check_kinds, check_purpose};
use crate::domain::violation::Violation;
use crate::wire::pb;

/// Reads `QueryExposure`: the inquiry, consent checked, and its name.
pub fn read_query<R: ReadToken>(
    wire: &pb::QueryExposureRequest,
    reading: &Reading<'_, R>,
) -> Result<(Inquiry<R::Token>, RequestKey), Vec<Violation>> {
    let mut out = Collector::default();
    let asked = Asked {
        tokens: &wire.tokens,
        purpose: wire.purpose,
        consent: wire.consent.as_ref(),
        currency: &wire.currency,
    };
    let inquiry = asked.read(LookUse::Query, reading, &mut out);
    let request = read_request_key(&wire.request_id, wire, &mut out);
    out.finish(inquiry.zip(request))
}

/// Reads one request of `ReviewPortfolio`: the inquiry, consent checked.
pub fn read_review<R: ReadToken>(
    wire: &pb::ReviewPortfolioRequest,
    reading: &Reading<'_, R>,
) -> Result<Inquiry<R::Token>, Vec<Violation>> {
    let mut out = Collector::default();
    let asked = Asked {
        tokens: &wire.tokens,
        purpose: wire.purpose,
        consent: wire.consent.as_ref(),
        currency: &wire.currency,
    };
    let inquiry = asked.read(LookUse::Review, reading, &mut out);
    out.finish(inquiry)
}

/// What both kinds of look ask.
struct Asked<'a> {
    tokens: &'a [pb::SubjectToken],
    purpose: i32,
    consent: Option<&'a pb::Consent>,
    currency: &'a str,
}

impl Asked<'_> {
    fn read<R: ReadToken>(
        &self,
        look: LookUse,
        reading: &Reading<'_, R>,
        out: &mut Collector,
    ) -> Option<Inquiry<R::Token>> {
        let root = Path::Root;
        let tokens = read_tokens(self.tokens, &root, reading, out);
        if let Some(tokens) = &tokens {
            let mut findings = Findings::default();
            check_kinds(tokens, "tokens", &mut findings);
            out.extend_from(findings);
        }
        let purpose: Option<Purpose> = read_code(self.purpose, &root.field("purpose"), out);
        out.extend(purpose.and_then(|purpose| check_purpose(purpose, look)));
        let consent = read_consent(self.consent, purpose, reading.today, out);
        let currency = read_currency(self.currency, &root.field("currency"), out);
        Some(Inquiry {
            tokens: tokens?,
            purpose: purpose?,
            consent: consent?,
            currency: currency?,
        })
    }
}

/// `QueryExposure` as the contract writes it.
pub fn query_to_wire<T: WireToken>(inquiry: &Inquiry<T>, request_id: RequestId) -> pb::QueryExposureRequest {
    pb::QueryExposureRequest {
        tokens: inquiry.tokens.iter().map(token_to_wire).collect(),
        purpose: inquiry.purpose.to_number(),
        consent: Some(consent_to_wire(&inquiry.consent)),
        currency: inquiry.currency.as_str().to_owned(),
        request_id: request_id_to_wire(request_id),
    }
}

/// A request of `ReviewPortfolio` as the contract writes it.
pub fn review_to_wire<T: WireToken>(inquiry: &Inquiry<T>) -> pb::ReviewPortfolioRequest {
    pb::ReviewPortfolioRequest {
        tokens: inquiry.tokens.iter().map(token_to_wire).collect(),
        purpose: inquiry.purpose.to_number(),
        consent: Some(consent_to_wire(&inquiry.consent)),
        currency: inquiry.currency.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests;
