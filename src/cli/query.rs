//! `tallystick query`: how deep is this person in debt elsewhere?

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::{Args, ValueEnum};

use super::connect::Connect;
use super::consent::ConsentArgs;
use super::identifiers::Identifiers;
use super::output::{Output, to_json};
use super::{answer, today};
use crate::domain::currency::Currency;
use crate::domain::inquiry::{Inquiry, Purpose};
use crate::domain::token::Presented;

/// Ask for a subject's exposure at everybody but you. The look is recorded before the answer comes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    echo NATIONAL_ID:CN:11010519491231002X | tallystick query --identifiers - --consent A-2026-17 --consent-text agreed.txt\n  \
    tallystick query --mobile 13800138000 --verified-on 2026-11-01 --purpose account-review --consent A-17 --consent-text agreed.txt --output json")]
pub struct Query {
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    identifiers: Identifiers,
    /// Day of the last proof that the subject controls the identifiers.
    #[arg(long, value_name = "DATE")]
    verified_on: Option<NaiveDate>,
    /// Why you look.
    #[arg(long, value_enum, default_value_t = PurposeArg::NewCredit)]
    purpose: PurposeArg,
    #[command(flatten)]
    consent: ConsentArgs,
    /// Currency to answer in.
    #[arg(long, default_value = "CNY")]
    currency: String,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// Purposes that a query may have.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum PurposeArg {
    /// Hard.
    NewCredit,
    /// Hard.
    CreditCard,
    /// Hard.
    GuaranteeReview,
    /// Hard.
    LimitIncrease,
    /// Soft.
    AccountReview,
    /// Soft.
    Collection,
    /// Soft.
    Quotation,
}

impl From<PurposeArg> for Purpose {
    fn from(purpose: PurposeArg) -> Self {
        match purpose {
            PurposeArg::NewCredit => Self::NewCredit,
            PurposeArg::CreditCard => Self::CreditCard,
            PurposeArg::GuaranteeReview => Self::GuaranteeReview,
            PurposeArg::LimitIncrease => Self::LimitIncrease,
            PurposeArg::AccountReview => Self::AccountReview,
            PurposeArg::Collection => Self::Collection,
            PurposeArg::Quotation => Self::Quotation,
        }
    }
}

impl Query {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<()> {
        let today = today();
        let identifiers = self.identifiers.read(today)?;
        let consent = self.consent.read(self.purpose.into(), Some(today))?;
        let currency = Currency::parse(&self.currency)
            .with_context(|| format!("{} is not a currency of ISO 4217", self.currency))?;
        let mut client = self.connect.client().await?;
        let mut tokens: Vec<_> = client
            .tokenise(&identifiers)
            .await?
            .into_iter()
            .map(|token| Presented {
                token,
                verified_on: self.verified_on,
            })
            .collect();
        tokens.sort_by_key(|shown| shown.token.identifier_type());
        let inquiry = Inquiry {
            tokens,
            purpose: self.purpose.into(),
            consent,
            currency,
        };
        let given = client.query(&inquiry).await?;
        match self.output {
            Output::Table => print!("{}", answer::render(&given)),
            Output::Json => println!("{}", to_json(&given, "ExposureAnswer")?),
        }
        Ok(())
    }
}
