//! One loan account of one member, as last reported.
//!
//! A [`Position`] that exists passed the rules that the message alone can break (`domain::validation`); rules about the
//! change from what is on file are judged in a unit of work. Amounts are minor units, never negative; dates are civil.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::currency::Currency;
use super::names::AccountRef;
use super::token::{IdentifierType, Presented, Pseudonym, Shown, Token};

/// Declares an enum of the contract with its stable stored number (the contract's own).
macro_rules! coded_enum {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "the names are the contract's, explained there")]
        pub enum $name { $($variant),+ }

        impl $name {
            /// Every value, in the contract's order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The contract's number: how it is stored.
            pub const fn code(self) -> i32 {
                match self { $(Self::$variant => $code),+ }
            }

            /// Inverse of [`Self::code`].
            pub const fn from_code(code: i32) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use coded_enum;

coded_enum! {
    /// In what way a subject is liable. PRIMARY, JOINT and OWNER are own debt; GUARANTOR is contingent.
    LiabilityRole { Primary = 1, Joint = 2, Guarantor = 3, Owner = 4 }
}
coded_enum! {
    /// PBoC account type.
    AccountType { NonRevolving = 1, Revolving = 2, CreditCard = 3, Collection = 4 }
}
coded_enum! {
    /// What was lent for what kind of product.
    ProductType {
        Housing = 1, Auto = 2, Student = 3, PersonalBusiness = 4, Farmer = 5, CreditCard = 6, CashInstalment = 7,
        ConsumptionInstalment = 8, BuyNowPayLater = 9, Payday = 10, DebtConsolidation = 11, MicroEnterprise = 12,
        Leasing = 13, Other = 99,
    }
}
coded_enum! {
    /// What the borrower uses the money for.
    LoanPurpose {
        Consumption = 1, BusinessOperation = 2, Education = 3, Medical = 4, Housing = 5, Vehicle = 6,
        DebtRefinancing = 7, Other = 99,
    }
}
coded_enum! {
    /// What secures the loan.
    GuaranteeType { Unsecured = 1, Guarantee = 2, Mortgage = 3, Pledge = 4, Combined = 5, CreditInsurance = 6 }
}
coded_enum! {
    /// The member's part in the funding.
    FundingRole { Own = 1, CoLending = 2, Assisted = 3, TransferredIn = 4 }
}
coded_enum! {
    /// How often an instalment falls due.
    RepaymentFrequency {
        Day = 1, Week = 2, Fortnight = 3, Month = 4, Quarter = 5, HalfYear = 6, Year = 7, Single = 8, Irregular = 9,
    }
}
coded_enum! {
    /// Where an account stands.
    AccountStatus {
        PendingDisbursement = 1, Open = 2, BadDebt = 3, LegalAction = 4, TransferredOut = 5, Closed = 6,
    }
}
coded_enum! {
    /// Why an account was closed.
    ClosureReason {
        PaidAsAgreed = 1, PaidEarly = 2, PaidAfterOverdue = 3, PaidByGuarantor = 4, AssetsInLieu = 5,
        SettledForLess = 6, WrittenOff = 7, Sold = 8, RefinancedSameLender = 9, Rescinded = 10, Bankruptcy = 11,
        Deceased = 12, Fraud = 13, ReportedInError = 14,
    }
}
coded_enum! {
    /// Five-tier classification.
    AssetClassification { Normal = 1, SpecialMention = 2, Substandard = 3, Doubtful = 4, Loss = 5 }
}
coded_enum! {
    /// How far collection went.
    CollectionStage { Reminder = 1, Internal = 2, Agency = 3, LawFirm = 4, Court = 5 }
}
coded_enum! {
    /// Why the borrower is in hardship.
    HardshipCode {
        IncomeLoss = 1, Illness = 2, Accident = 3, Disaster = 4, Epidemic = 5, PolicyDeferral = 6, FraudVictim = 7,
        Other = 99,
    }
}
coded_enum! {
    /// What happened, as the member declares it: for the history only, no rule depends on it.
    EventType {
        Opened = 1, Drawdown = 2, PeriodClose = 3, Payment = 4, PastDue = 5, FormalOverdue = 6, Cured = 7,
        Reclassified = 8, Extension = 9, Restructured = 10, LimitChanged = 11, AssignedToCollection = 12,
        LegalFiled = 13, WrittenOff = 14, TransferredOut = 15, TransferredIn = 16, Closed = 17, Corrected = 18,
    }
}
coded_enum! {
    /// Why a position was deleted.
    DeletionReason { ReportedInError = 1, Fraud = 2 }
}

impl LiabilityRole {
    /// Whether the debt is the subject's own.
    pub const fn is_own_debt(self) -> bool {
        !matches!(self, Self::Guarantor)
    }
}

impl ProductType {
    /// The contract's name without its prefix.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Housing => "HOUSING",
            Self::Auto => "AUTO",
            Self::Student => "STUDENT",
            Self::PersonalBusiness => "PERSONAL_BUSINESS",
            Self::Farmer => "FARMER",
            Self::CreditCard => "CREDIT_CARD",
            Self::CashInstalment => "CASH_INSTALMENT",
            Self::ConsumptionInstalment => "CONSUMPTION_INSTALMENT",
            Self::BuyNowPayLater => "BUY_NOW_PAY_LATER",
            Self::Payday => "PAYDAY",
            Self::DebtConsolidation => "DEBT_CONSOLIDATION",
            Self::MicroEnterprise => "MICRO_ENTERPRISE",
            Self::Leasing => "LEASING",
            Self::Other => "OTHER",
        }
    }
}

impl AccountType {
    /// Whether the account has a limit instead of an amount lent.
    pub const fn is_revolving(self) -> bool {
        matches!(self, Self::Revolving | Self::CreditCard)
    }
}

impl AccountStatus {
    /// Whether the account is *active* in the sense of semantics.md 2.
    pub const fn is_active(self) -> bool {
        match self {
            Self::PendingDisbursement | Self::Open | Self::BadDebt | Self::LegalAction => true,
            Self::TransferredOut | Self::Closed => false,
        }
    }
}

/// Split of what is past due, minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverdueAmounts {
    /// Principal.
    pub principal: i64,
    /// Interest.
    pub interest: i64,
    /// Penalty interest.
    pub penalty: i64,
    /// Fees.
    pub fees: i64,
}

impl OverdueAmounts {
    /// The sum; `None` when it overflows (a position that exists never does).
    pub fn total(&self) -> Option<i64> {
        self.principal
            .checked_add(self.interest)?
            .checked_add(self.penalty)?
            .checked_add(self.fees)
    }
}

/// One liable person or enterprise, in one of the forms of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Liability<T> {
    /// In what way.
    pub role: LiabilityRole,
    /// 1 to 4 tokens, at most one per type, in type order.
    pub tokens: Vec<Presented<T>>,
}

impl<T: Token> Liability<T> {
    /// The most tokens of one liability.
    pub const TOKENS_MAX: usize = 4;

    /// Its token of one type.
    pub fn token_of(&self, identifier_type: IdentifierType) -> Option<&Presented<T>> {
        self.tokens
            .iter()
            .find(|presented| presented.token.identifier_type() == identifier_type)
    }
}

/// The business date a report describes and the member's counter: grows from report to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReportOrder {
    /// The business date.
    pub as_of: NaiveDate,
    /// The member's counter, 1 and up, at most `i64::MAX`.
    pub sequence: u64,
}

/// Everything a position says but who is liable and when it was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "fields are the contract's, explained there")]
pub struct Facts {
    pub account_type: AccountType,
    pub product_type: ProductType,
    pub loan_purpose: LoanPurpose,
    pub guarantee_type: GuaranteeType,
    pub funding_role: FundingRole,
    pub region_code: String,
    pub currency: Currency,
    pub opened_on: NaiveDate,
    pub matures_on: Option<NaiveDate>,
    pub closed_on: Option<NaiveDate>,
    pub original_amount: i64,
    pub credit_limit: i64,
    pub outstanding_principal: i64,
    pub outstanding_total: i64,
    pub scheduled_payment: i64,
    pub repayment_frequency: RepaymentFrequency,
    pub next_due_on: Option<NaiveDate>,
    pub remaining_terms: u32,
    pub annual_percentage_rate_bp: u32,
    pub status: AccountStatus,
    pub closure_reason: Option<ClosureReason>,
    pub days_past_due: u32,
    pub grace_days: u32,
    pub overdue: OverdueAmounts,
    pub first_delinquent_on: Option<NaiveDate>,
    pub asset_classification: Option<AssetClassification>,
    pub collection_stage: Option<CollectionStage>,
    pub extension_count: u32,
    pub restructure_count: u32,
    pub hardship_code: Option<HardshipCode>,
    pub last_payment_on: Option<NaiveDate>,
    pub last_payment_amount: i64,
    pub funding_group_ref: Option<String>,
    pub consent_reference: String,
    pub adverse_notice_reference: Option<String>,
    pub adverse_notice_sent_on: Option<NaiveDate>,
    pub reservation_id: Option<String>,
}

/// A whole position: account, liabilities, facts and order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position<T> {
    /// The member's name of the account.
    pub account_ref: AccountRef,
    /// Everyone liable; the one PRIMARY first.
    pub liabilities: Vec<Liability<T>>,
    /// What it says.
    pub facts: Facts,
    /// When it was said.
    pub order: ReportOrder,
}

impl From<Position<Pseudonym>> for Position<Shown> {
    fn from(position: Position<Pseudonym>) -> Self {
        let shown = position.try_map_tokens(|token| Ok::<_, std::convert::Infallible>(Shown::Sealed(token)));
        match shown {
            Ok(position) => position,
            Err(never) => match never {},
        }
    }
}

impl<T> Position<T> {
    /// The most liabilities of one position.
    pub const LIABILITIES_MAX: usize = 8;

    /// The same position with its tokens in another form. `convert` sees every token once, in order.
    pub fn try_map_tokens<U, E>(self, mut convert: impl FnMut(T) -> Result<U, E>) -> Result<Position<U>, E> {
        let liabilities = self
            .liabilities
            .into_iter()
            .map(|liability| {
                let tokens = liability
                    .tokens
                    .into_iter()
                    .map(|presented| {
                        Ok(Presented {
                            token: convert(presented.token)?,
                            verified_on: presented.verified_on,
                        })
                    })
                    .collect::<Result<_, E>>()?;
                Ok(Liability {
                    role: liability.role,
                    tokens,
                })
            })
            .collect::<Result<_, E>>()?;
        Ok(Position {
            account_ref: self.account_ref,
            liabilities,
            facts: self.facts,
            order: self.order,
        })
    }
}
