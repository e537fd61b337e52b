//! Code lists of the People's Bank of China (second generation; domain.md 3.3 and 3.4), both ways.
//!
//! Several codes may mean one of our values and the other way round; what then comes back is listed in
//! docs/foreign-formats.md.

use crate::domain::position::{
    AccountType, AssetClassification, DeletionReason, EventType, GuaranteeType, LiabilityRole, ProductType,
    RepaymentFrequency,
};
use crate::import::crosswalk::file_codes;
use crate::import::reading::Wrong;

file_codes! {
    /// 账户类型.
    AccountCode {
        /// Lent once.
        D1 = "D1",
        /// Revolving loan.
        R1 = "R1",
        /// Credit card.
        R2 = "R2",
        /// Quasi-credit card.
        R3 = "R3",
        /// One drawing under a revolving limit, with an amount and a maturity of its own.
        R4 = "R4",
        /// Taken over for collection.
        C1 = "C1",
    }
}

impl AccountCode {
    pub(super) const fn read(self) -> AccountType {
        match self {
            Self::D1 | Self::R4 => AccountType::NonRevolving,
            Self::R1 => AccountType::Revolving,
            Self::R2 | Self::R3 => AccountType::CreditCard,
            Self::C1 => AccountType::Collection,
        }
    }

    pub(super) const fn written(account_type: AccountType) -> Self {
        match account_type {
            AccountType::NonRevolving => Self::D1,
            AccountType::Revolving => Self::R1,
            AccountType::CreditCard => Self::R2,
            AccountType::Collection => Self::C1,
        }
    }
}

/// 借贷业务种类细分.
pub(super) fn read_business(code: &str) -> Result<ProductType, Wrong> {
    Ok(match code {
        // Commercial and provident home loans.
        "11" | "13" => ProductType::Housing,
        "21" => ProductType::Auto,
        "31" | "32" | "33" => ProductType::Student,
        "41" | "42" => ProductType::PersonalBusiness,
        "51" | "52" | "53" => ProductType::Farmer,
        "71" | "81" | "82" => ProductType::CreditCard,
        // Other consumer loans: the bank does not tell instalments of cash from those of goods.
        "91" => ProductType::CashInstalment,
        "92" => ProductType::Leasing,
        // Business premises, securities, disposal of assets, payouts of guarantors, others.
        "" | "12" | "61" | "62" | "63" | "64" | "99" | "A1" | "B1" => ProductType::Other,
        _ => {
            return Err(Wrong::unknown(
                "is no business type; write 11 to 13, 21, 31 to 33, 41, 42, 51 to 53, 61 to 64, 71, 81, 82, 91, 92, 99, A1 \
                 or B1",
            ));
        }
    })
}

pub(super) const fn written_business(product: ProductType) -> &'static str {
    match product {
        ProductType::Housing => "11",
        ProductType::Auto => "21",
        ProductType::Student => "31",
        ProductType::PersonalBusiness => "41",
        ProductType::Farmer => "51",
        ProductType::CreditCard => "81",
        ProductType::CashInstalment
        | ProductType::ConsumptionInstalment
        | ProductType::BuyNowPayLater
        | ProductType::Payday
        | ProductType::DebtConsolidation => "91",
        ProductType::Leasing => "92",
        ProductType::MicroEnterprise | ProductType::Other => "99",
    }
}

/// 还款频率 and the payment at each date. Every ten days and every two months are irregular here, with the payment of a
/// usual month; what is called other already states that.
pub(super) fn read_frequency(code: &str, payment: i64) -> Result<(RepaymentFrequency, i64), Wrong> {
    Ok(match code {
        "01" => (RepaymentFrequency::Day, payment),
        "02" => (RepaymentFrequency::Week, payment),
        "03" => (RepaymentFrequency::Month, payment),
        "04" => (RepaymentFrequency::Quarter, payment),
        "05" => (RepaymentFrequency::HalfYear, payment),
        "06" => (RepaymentFrequency::Year, payment),
        "07" => (RepaymentFrequency::Single, payment),
        "" | "08" | "99" => (RepaymentFrequency::Irregular, payment),
        "12" => (RepaymentFrequency::Irregular, payment.saturating_mul(3)),
        "13" => (RepaymentFrequency::Fortnight, payment),
        "14" => (RepaymentFrequency::Irregular, payment / 2),
        _ => {
            return Err(Wrong::unknown(
                "is no repayment frequency; write 01 to 08, 12, 13, 14 or 99",
            ));
        }
    })
}

pub(super) const fn written_frequency(frequency: RepaymentFrequency) -> &'static str {
    match frequency {
        RepaymentFrequency::Day => "01",
        RepaymentFrequency::Week => "02",
        RepaymentFrequency::Fortnight => "13",
        RepaymentFrequency::Month => "03",
        RepaymentFrequency::Quarter => "04",
        RepaymentFrequency::HalfYear => "05",
        RepaymentFrequency::Year => "06",
        RepaymentFrequency::Single => "07",
        RepaymentFrequency::Irregular => "08",
    }
}

/// 担保方式. A combination without a guarantor is nearest to a mortgage: ours has a guarantor in every combination.
pub(super) fn read_guarantee(code: &str) -> Result<GuaranteeType, Wrong> {
    Ok(match code {
        "1" => GuaranteeType::Pledge,
        "2" | "6" => GuaranteeType::Mortgage,
        // A guarantor, and farmers who guarantee each other.
        "3" | "7" => GuaranteeType::Guarantee,
        "" | "4" => GuaranteeType::Unsecured,
        "5" => GuaranteeType::Combined,
        // Other: of ours only the insurer has no code of its own.
        "9" => GuaranteeType::CreditInsurance,
        _ => return Err(Wrong::unknown("is no guarantee type; write 1 to 7 or 9")),
    })
}

pub(super) const fn written_guarantee(guarantee: GuaranteeType) -> &'static str {
    match guarantee {
        GuaranteeType::Unsecured => "4",
        GuaranteeType::Guarantee => "3",
        GuaranteeType::Mortgage => "2",
        GuaranteeType::Pledge => "1",
        GuaranteeType::Combined => "5",
        GuaranteeType::CreditInsurance => "9",
    }
}

/// 五级分类.
pub(super) fn read_class(code: &str) -> Result<Option<AssetClassification>, Wrong> {
    Ok(Some(match code {
        "1" => AssetClassification::Normal,
        "2" => AssetClassification::SpecialMention,
        "3" => AssetClassification::Substandard,
        "4" => AssetClassification::Doubtful,
        "5" => AssetClassification::Loss,
        "" | "9" => return Ok(None),
        _ => {
            return Err(Wrong::unknown(
                "is no five-tier class; write 1 to 5, or 9 when not classified",
            ));
        }
    }))
}

pub(super) const fn written_class(class: Option<AssetClassification>) -> &'static str {
    match class {
        Some(AssetClassification::Normal) => "1",
        Some(AssetClassification::SpecialMention) => "2",
        Some(AssetClassification::Substandard) => "3",
        Some(AssetClassification::Doubtful) => "4",
        Some(AssetClassification::Loss) => "5",
        None => "9",
    }
}

/// 报告时点说明代码: what happened; 49 is the state, whatever happened.
pub(super) fn read_report_time(code: &str) -> Result<Option<EventType>, Wrong> {
    Ok(Some(match code {
        "10" => EventType::Opened,
        "20" => EventType::Closed,
        "31" => EventType::Drawdown,
        "32" => EventType::PeriodClose,
        "33" => EventType::Payment,
        "41" => EventType::Reclassified,
        "42" => EventType::Extension,
        "" | "49" => return Ok(None),
        _ => {
            return Err(Wrong::unknown(
                "is no report time code; write 10, 20, 31, 32, 33, 41, 42 or 49",
            ));
        }
    }))
}

pub(super) const fn written_report_time(event: Option<EventType>) -> &'static str {
    match event {
        Some(EventType::Opened) => "10",
        Some(EventType::Closed) => "20",
        Some(EventType::Drawdown) => "31",
        Some(EventType::PeriodClose) => "32",
        Some(EventType::Payment) => "33",
        Some(EventType::Reclassified) => "41",
        Some(EventType::Extension) => "42",
        None
        | Some(
            EventType::PastDue
            | EventType::FormalOverdue
            | EventType::Cured
            | EventType::Restructured
            | EventType::LimitChanged
            | EventType::AssignedToCollection
            | EventType::LegalFiled
            | EventType::WrittenOff
            | EventType::TransferredOut
            | EventType::TransferredIn
            | EventType::Corrected,
        ) => "49",
    }
}

/// 还款责任人类型 of a related repayer.
pub(super) fn read_repayer(code: &str) -> Result<LiabilityRole, Wrong> {
    match code {
        "1" => Ok(LiabilityRole::Joint),
        "2" => Ok(LiabilityRole::Guarantor),
        _ => Err(Wrong::unknown(
            "a related repayer is neither 1 (joint debtor) nor 2 (guarantor); leave others out",
        )),
    }
}

/// The code of a role; an enterprise's owner, whose debt is his own, becomes a joint debtor.
pub(super) const fn written_repayer(role: LiabilityRole) -> &'static str {
    match role {
        LiabilityRole::Primary | LiabilityRole::Joint | LiabilityRole::Owner => "1",
        LiabilityRole::Guarantor => "2",
    }
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Report,
    Correct,
    Delete(DeletionReason),
}

impl Operation {
    pub(super) fn read(code: &str) -> Result<Self, Wrong> {
        match code {
            "" | "1" => Ok(Self::Report),
            "2" => Ok(Self::Correct),
            "3" => Ok(Self::Delete(DeletionReason::ReportedInError)),
            "4" => Ok(Self::Delete(DeletionReason::Fraud)),
            _ => Err(Wrong::unknown(
                "operation is none of 1 (report), 2 (correct), 3 (delete what was wrong) and 4 (delete a fraud)",
            )),
        }
    }

    pub(super) const fn written(self) -> &'static str {
        match self {
            Self::Report => "1",
            Self::Correct => "2",
            Self::Delete(DeletionReason::ReportedInError) => "3",
            Self::Delete(DeletionReason::Fraud) => "4",
        }
    }
}
