//! Days past due in other people's codes, and back: pure tables that answer for every number of days.
//!
//! The domain stores days (domain.md 3.3): the codes of the bureaux differ by a day at every edge. A `1` of the People's
//! Bank of China is 1 to 30 days, a `1` of Metro 2 is 30 to 59, so no code is ever turned into another one directly.
//! Invariant: [`DayRange`]s of a code hold exactly the days that give the code.

use crate::domain::exposure::DelinquencyBucket;

/// Declares an enum of codes that stand in a file as text.
macro_rules! file_codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$of])* $variant),+ }

        impl $name {
            /// Every code, in the order of its list.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code as it stands in a file.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Inverse of [`Self::as_str`].
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == text)
            }
        }
    };
}
pub(super) use file_codes;

/// Days past due, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRange {
    /// The fewest days.
    pub lower: u32,
    /// The most days; `u32::MAX` where the code has no upper edge.
    pub upper: u32,
}

impl DayRange {
    const fn of(lower: u32, upper: u32) -> Self {
        Self { lower, upper }
    }

    /// Whether a number of days lies within.
    pub const fn contains(self, days: u32) -> bool {
        self.lower <= days && days <= self.upper
    }
}

file_codes! {
    /// 还款状态, the repayment state of a month (People's Bank of China, second generation; domain.md 3.3).
    RepaymentState {
        /// Nothing fell due and nothing was owed from before.
        NothingDue = "*",
        /// Paid as agreed.
        Normal = "N",
        /// Paid after the due date, but by the end of the month.
        PaidByMonthEnd = "M",
        /// 1 to 30 days past due.
        To30 = "1",
        /// 31 to 60.
        To60 = "2",
        /// 61 to 90.
        To90 = "3",
        /// 91 to 120.
        To120 = "4",
        /// 121 to 150.
        To150 = "5",
        /// 151 to 180.
        To180 = "6",
        /// More than 180.
        Beyond180 = "7",
        /// 呆账: bad debt, whatever the days.
        BadDebt = "B",
        /// 结清: settled, or closed without anything wrong.
        Settled = "C",
        /// 担保人代还: a guarantor paid.
        GuarantorPaid = "D",
        /// 结束: ended in another way than settled.
        Ended = "G",
        /// 以资抵债: assets instead of money.
        AssetsInLieu = "Z",
        /// No statement this month, because its day was moved.
        NoStatement = "A",
        /// Open, but the state is not known.
        Unknown = "#",
        /// Skipped: the account did not exist in the month.
        Skipped = "/",
    }
}

impl RepaymentState {
    /// The state of an open account that is so many days past due.
    pub const fn of_days(days: u32) -> Self {
        match days {
            0 => Self::Normal,
            1..=30 => Self::To30,
            31..=60 => Self::To60,
            61..=90 => Self::To90,
            91..=120 => Self::To120,
            121..=150 => Self::To150,
            151..=180 => Self::To180,
            181.. => Self::Beyond180,
        }
    }

    /// The days that the state allows; `None` when it says nothing about days.
    pub const fn days(self) -> Option<DayRange> {
        Some(match self {
            Self::NothingDue | Self::Normal | Self::PaidByMonthEnd | Self::NoStatement => DayRange::of(0, 0),
            Self::To30 => DayRange::of(1, 30),
            Self::To60 => DayRange::of(31, 60),
            Self::To90 => DayRange::of(61, 90),
            Self::To120 => DayRange::of(91, 120),
            Self::To150 => DayRange::of(121, 150),
            Self::To180 => DayRange::of(151, 180),
            Self::Beyond180 => DayRange::of(181, u32::MAX),
            Self::BadDebt => DayRange::of(1, u32::MAX),
            Self::Settled
            | Self::GuarantorPaid
            | Self::Ended
            | Self::AssetsInLieu
            | Self::Unknown
            | Self::Skipped => return None,
        })
    }
}

file_codes! {
    /// Payment rating: the condition just before the account status (CDIA Metro 2, field 17B; domain.md 3.3).
    PaymentRating {
        /// 0 to 29 days past due.
        Current = "0",
        /// 30 to 59.
        From30 = "1",
        /// 60 to 89.
        From60 = "2",
        /// 90 to 119.
        From90 = "3",
        /// 120 to 149.
        From120 = "4",
        /// 150 to 179.
        From150 = "5",
        /// 180 and more.
        From180 = "6",
        /// In collection, whatever the days.
        Collection = "G",
        /// Charged off, whatever the days.
        ChargeOff = "L",
    }
}

impl PaymentRating {
    /// The rating of an account that is so many days past due.
    pub const fn of_days(days: u32) -> Self {
        match days {
            0..=29 => Self::Current,
            30..=59 => Self::From30,
            60..=89 => Self::From60,
            90..=119 => Self::From90,
            120..=149 => Self::From120,
            150..=179 => Self::From150,
            180.. => Self::From180,
        }
    }

    /// The days that the rating allows; `None` when it says nothing about days.
    pub const fn days(self) -> Option<DayRange> {
        Some(match self {
            Self::Current => DayRange::of(0, 29),
            Self::From30 => DayRange::of(30, 59),
            Self::From60 => DayRange::of(60, 89),
            Self::From90 => DayRange::of(90, 119),
            Self::From120 => DayRange::of(120, 149),
            Self::From150 => DayRange::of(150, 179),
            Self::From180 => DayRange::of(180, u32::MAX),
            Self::Collection | Self::ChargeOff => return None,
        })
    }
}

file_codes! {
    /// Account status (CDIA Metro 2, field 17A).
    Metro2Status {
        /// Account transferred; older files have it.
        Transferred = "05",
        /// Current: 0 to 29 days past due.
        Current = "11",
        /// Paid or closed, nothing owed.
        Paid = "13",
        /// Paid in full, was a voluntary surrender.
        PaidSurrender = "61",
        /// Paid in full, was in collection.
        PaidCollection = "62",
        /// Paid in full, was a repossession.
        PaidRepossession = "63",
        /// Paid in full, was charged off.
        PaidChargeOff = "64",
        /// Paid in full, a foreclosure was started.
        PaidForeclosure = "65",
        /// 30 to 59 days past due.
        From30 = "71",
        /// 60 to 89.
        From60 = "78",
        /// 90 to 119.
        From90 = "80",
        /// 120 to 149.
        From120 = "82",
        /// 150 to 179.
        From150 = "83",
        /// 180 and more.
        From180 = "84",
        /// The government was asked for the insured part of a defaulted loan.
        ClaimFiled = "88",
        /// A deed was taken in lieu of foreclosure.
        DeedInLieu = "89",
        /// In collection.
        Collection = "93",
        /// Foreclosed.
        Foreclosed = "94",
        /// Surrendered by the borrower.
        Surrendered = "95",
        /// Repossessed.
        Repossessed = "96",
        /// Charged off.
        ChargedOff = "97",
        /// The account is to be deleted, not because of fraud.
        Delete = "DA",
        /// The account is to be deleted because of confirmed fraud.
        DeleteFraud = "DF",
    }
}

impl Metro2Status {
    /// The status of an open account that is so many days past due.
    pub const fn of_days(days: u32) -> Self {
        match PaymentRating::of_days(days) {
            PaymentRating::From30 => Self::From30,
            PaymentRating::From60 => Self::From60,
            PaymentRating::From90 => Self::From90,
            PaymentRating::From120 => Self::From120,
            PaymentRating::From150 => Self::From150,
            PaymentRating::From180 => Self::From180,
            PaymentRating::Current | PaymentRating::Collection | PaymentRating::ChargeOff => Self::Current,
        }
    }

    /// The days that the status allows by itself; `None` when it says nothing about days.
    pub const fn days(self) -> Option<DayRange> {
        match self {
            Self::Current => PaymentRating::Current.days(),
            Self::From30 => PaymentRating::From30.days(),
            Self::From60 => PaymentRating::From60.days(),
            Self::From90 => PaymentRating::From90.days(),
            Self::From120 => PaymentRating::From120.days(),
            Self::From150 => PaymentRating::From150.days(),
            Self::From180 => PaymentRating::From180.days(),
            Self::Transferred
            | Self::Paid
            | Self::PaidSurrender
            | Self::PaidCollection
            | Self::PaidRepossession
            | Self::PaidChargeOff
            | Self::PaidForeclosure
            | Self::ClaimFiled
            | Self::DeedInLieu
            | Self::Collection
            | Self::Foreclosed
            | Self::Surrendered
            | Self::Repossessed
            | Self::ChargedOff
            | Self::Delete
            | Self::DeleteFraud => None,
        }
    }

    /// Whether the payment rating belongs beside it (field 17B: 05, 13, 65, 88, 89, 94 and 95, no other).
    pub const fn is_rated(self) -> bool {
        matches!(
            self,
            Self::Transferred
                | Self::Paid
                | Self::PaidForeclosure
                | Self::ClaimFiled
                | Self::DeedInLieu
                | Self::Foreclosed
                | Self::Surrendered
        )
    }
}

/// The bucket of the trade, M0 to M7.
pub const fn m_bucket(days: u32) -> DelinquencyBucket {
    DelinquencyBucket::of(days)
}

/// The days of a bucket.
pub const fn m_bucket_days(bucket: DelinquencyBucket) -> DayRange {
    match bucket {
        DelinquencyBucket::M0 => DayRange::of(0, 0),
        DelinquencyBucket::M1 => DayRange::of(1, 30),
        DelinquencyBucket::M2 => DayRange::of(31, 60),
        DelinquencyBucket::M3 => DayRange::of(61, 90),
        DelinquencyBucket::M4 => DayRange::of(91, 120),
        DelinquencyBucket::M5 => DayRange::of(121, 150),
        DelinquencyBucket::M6 => DayRange::of(151, 180),
        DelinquencyBucket::M7 => DayRange::of(181, u32::MAX),
    }
}

#[cfg(test)]
mod tests;
