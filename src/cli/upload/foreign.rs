//! What positions need and foreign formats do not carry: the same for every record of a file, so said beside it.

use chrono::NaiveDate;
use clap::Args;

use crate::identity::normalise::CallingCode;
use crate::import::metro2::{AdverseNotice, Metro2Conventions, Metro2Defaults};
use crate::import::pboc::PbocDefaults;

/// What the records of a file in a foreign format have in common.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Foreign formats")]
pub struct Foreign {
    /// The consent under which the file's positions may be shared.
    #[arg(long, value_name = "REFERENCE")]
    consent_reference: Option<String>,
    /// Your counter of reports with one date.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    sequence: u64,
    /// Contractual grace in days.
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    grace_days: u32,
    /// Interest and fees in basis points a year: 18 % is 1800.
    #[arg(long, value_name = "BP", default_value_t = 0)]
    annual_percentage_rate_bp: u32,
    /// Where borrowers live whose record does not say: ISO 3166-2 or six digits of GB/T 2260.
    #[arg(long, value_name = "REGION")]
    region_code: Option<String>,
    /// Reference of the notice that went before adverse information.
    #[arg(long, value_name = "REFERENCE", requires = "adverse_notice_sent_on")]
    adverse_notice_reference: Option<String>,
    /// Day on which that notice was sent.
    #[arg(long, value_name = "DATE", requires = "adverse_notice_reference")]
    adverse_notice_sent_on: Option<NaiveDate>,
}

impl Foreign {
    /// Refuses what no record of a foreign format could do without.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.consent_reference.is_some(),
            "this format carries no consent: say --consent-reference REFERENCE"
        );
        Ok(())
    }

    /// All that was said, for the batch's name: it decides what the records say.
    pub(super) fn told(&self) -> String {
        format!("{self:?}")
    }

    /// For tables in the codes of the People's Bank.
    pub(super) fn pboc(&self) -> PbocDefaults {
        PbocDefaults {
            region_code: self.region_code.clone(),
            sequence: self.sequence,
            annual_percentage_rate_bp: self.annual_percentage_rate_bp,
            grace_days: self.grace_days,
            ..PbocDefaults::new(self.consent_reference.clone().unwrap_or_default())
        }
    }

    /// For Metro 2 files.
    pub(super) fn metro2(&self, calling_code: Option<&CallingCode>) -> Metro2Defaults {
        let usual = Metro2Conventions::default();
        let notice = self
            .adverse_notice_reference
            .clone()
            .zip(self.adverse_notice_sent_on);
        Metro2Defaults {
            conventions: Metro2Conventions {
                calling_code: calling_code.cloned().unwrap_or(usual.calling_code),
                ..usual
            },
            adverse_notice: notice.map(|(reference, sent_on)| AdverseNotice { reference, sent_on }),
            grace_days: self.grace_days,
            annual_percentage_rate_bp: self.annual_percentage_rate_bp,
            region_code: self.region_code.clone(),
            sequence: self.sequence,
            ..Metro2Defaults::new(self.consent_reference.clone().unwrap_or_default())
        }
    }
}
