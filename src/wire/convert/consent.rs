//! Consents behind a look.

use chrono::NaiveDate;

use super::code::{Coded, read_code};
use super::collect::{Collector, Path};
use super::date::{date_to_wire, read_date};
use super::request::read_sha256;
use crate::domain::inquiry::{Consent, Purpose};
use crate::domain::names::Sha256;
use crate::domain::validation::check_consent;
use crate::domain::validation::consent::check_consent_reference;
use crate::domain::violation::Code;
use crate::wire::pb;

/// The most purposes that a consent may list, repetitions included.
pub const PURPOSES_MAX: usize = 16;

/// Reads the field `consent` of a look and checks it for `purpose` (if that was read) on the civil date `today`. What is
/// absent of the evidence is `CONSENT_MISSING`.
pub fn read_consent(
    wire: Option<&pb::Consent>,
    purpose: Option<Purpose>,
    today: NaiveDate,
    out: &mut Collector,
) -> Option<Consent> {
    let root = Path::Root;
    let at = root.field("consent");
    let Some(wire) = wire else {
        let text =
            "it is missing; a look needs the borrower's consent: reference, purposes, days, hash of the text";
        out.refuse(Code::ConsentMissing, &at, text);
        return None;
    };
    let purposes = read_purposes(&wire.purposes, &at, out);
    let granted_on = read_date(wire.granted_on, &at.field("granted_on"), out);
    let expires_on = read_date(wire.expires_on, &at.field("expires_on"), out);
    let text_sha256 = read_text_hash(&wire.text_sha256, &at.field("text_sha256"), out);
    let (Some(purposes), Some(granted_on), Some(expires_on), Some(text_sha256)) =
        (purposes, granted_on, expires_on, text_sha256)
    else {
        out.extend(check_consent_reference(&wire.reference, today));
        return None;
    };
    let consent = Consent {
        reference: wire.reference.clone(),
        purposes,
        granted_on,
        expires_on,
        text_sha256,
    };
    // REPORTING asks nothing of the purposes: a purpose that was not read has been told already.
    out.extend(check_consent(
        &consent,
        purpose.unwrap_or(Purpose::Reporting),
        today,
    ));
    Some(consent)
}

/// In order, each once. An empty list covers nothing, which the check tells.
fn read_purposes(wire: &[i32], consent: &Path<'_>, out: &mut Collector) -> Option<Vec<Purpose>> {
    if wire.len() > PURPOSES_MAX {
        let text = format!("{} purposes; at most {PURPOSES_MAX}", wire.len());
        out.refuse(Code::Format, &consent.field("purposes"), text);
        return None;
    }
    let mut purposes = Vec::with_capacity(wire.len());
    for (index, number) in wire.iter().enumerate() {
        purposes.extend(read_code::<Purpose>(
            *number,
            &consent.element("purposes", index),
            out,
        ));
    }
    let all_read = purposes.len() == wire.len();
    purposes.sort_unstable();
    purposes.dedup();
    all_read.then_some(purposes)
}

fn read_text_hash(wire: &[u8], at: &Path<'_>, out: &mut Collector) -> Option<Sha256> {
    if wire.is_empty() {
        let text = "it is missing; send the SHA-256 of the text that the borrower agreed to";
        out.refuse(Code::ConsentMissing, at, text);
        return None;
    }
    read_sha256(wire, at, out).map(Sha256)
}

/// A consent as the contract writes it.
pub fn consent_to_wire(consent: &Consent) -> pb::Consent {
    pb::Consent {
        reference: consent.reference.clone(),
        purposes: consent
            .purposes
            .iter()
            .map(|purpose| purpose.to_number())
            .collect(),
        granted_on: Some(date_to_wire(consent.granted_on)),
        expires_on: Some(date_to_wire(consent.expires_on)),
        text_sha256: consent.text_sha256.0.to_vec(),
    }
}

#[cfg(test)]
mod tests;
