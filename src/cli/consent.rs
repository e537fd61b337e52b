//! The consent behind a look, as commands take it.

use std::path::PathBuf;

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::Args;
use sha2::Digest as _;

use crate::domain::date::days_after;
use crate::domain::inquiry::{Consent, Purpose};
use crate::domain::names::Sha256;

/// Days for which a consent is good, unless told.
const CONSENT_DAYS: u32 = 30;

/// Evidence that the subject agreed.
#[derive(Debug, Args)]
pub struct ConsentArgs {
    /// Your reference of the subject's consent.
    #[arg(long, value_name = "REFERENCE")]
    consent: String,
    /// File of the text that the subject agreed to; its hash is sent, not the text.
    #[arg(long, value_name = "FILE")]
    consent_text: PathBuf,
    /// Day on which the consent was given; today unless told.
    #[arg(long, value_name = "DATE")]
    consent_from: Option<NaiveDate>,
    /// Last day on which it may be used; 30 days later unless told.
    #[arg(long, value_name = "DATE")]
    consent_to: Option<NaiveDate>,
}

impl ConsentArgs {
    /// The consent to one purpose, given on `day` unless another was named; `None`: one has to be.
    pub fn read(&self, purpose: Purpose, day: Option<NaiveDate>) -> anyhow::Result<Consent> {
        let text = std::fs::read(&self.consent_text)
            .with_context(|| format!("cannot read {}", self.consent_text.display()))?;
        let named = self.consent_from.or(day);
        let granted_on = named.context("say with --consent-from on which day the consent was given")?;
        Ok(Consent {
            reference: self.consent.clone(),
            purposes: vec![purpose],
            granted_on,
            expires_on: self
                .consent_to
                .unwrap_or_else(|| days_after(granted_on, CONSENT_DAYS)),
            text_sha256: Sha256(sha2::Sha256::digest(&text).into()),
        })
    }
}
