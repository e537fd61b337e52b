//! The columns of a tabular file: their names, what stands in them, and how a name is understood.
//!
//! The one list that readers, writers, the template and docs/files.md share. Names are the contract's field names; whoever
//! is liable is numbered, `liability_2_mobile`, and the first may do without its number. Invariant: a name means one
//! column, and two columns of one file never mean the same thing (`header` sees to it).

mod part;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::domain::position::Position;
use crate::domain::token::TokenRef;

pub use super::cells::{cells_of, to_cells};
pub use part::Part;

/// The most liabilities of one row: the contract's.
pub const LIABILITIES_MAX: usize = Position::<TokenRef>::LIABILITIES_MAX;
/// Liabilities that the template has columns for.
pub const LIABILITIES_OF_TEMPLATE: usize = 2;
/// How the columns begin that files may carry for their maker's own use.
pub const FOREIGN_PREFIX: &str = "x_";
/// What a reject file adds: the record's place, and what is wrong with it. Ignored when the mended file is read.
pub const REJECT_COLUMNS: [&str; 5] = [
    "reject_line",
    "reject_code",
    "reject_field",
    "reject_text",
    "reject_fix",
];
/// The ending of a column of minor units.
const MINOR_SUFFIX: &str = "_minor";

/// Who must fill a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Every row.
    Row,
    /// Every row that is not a deletion.
    Position,
    /// Nobody, or only some: the column says when.
    Sometimes,
}

/// What is written in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// YYYY-MM-DD.
    Date,
    /// A decimal of the row's currency; also as `…_minor`.
    Amount,
    /// A whole number.
    Number,
    /// One of the contract's names, or its number.
    Code,
    /// Base64.
    Base64,
}

/// Declares the fields of a row that no liability has.
macro_rules! fields {
    ($($variant:ident $name:literal $kind:ident $need:ident $example:literal $about:literal)+) => {
        /// A field of a row: of the position, of the account or of the record. In the template's order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each says what it is in `about`")]
        pub enum Field { $($variant),+ }

        impl Field {
            /// Every field, in the template's order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name: the contract's.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What is written in it.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind),+ }
            }

            /// Who must fill it.
            pub const fn need(self) -> Need {
                match self { $(Self::$variant => Need::$need),+ }
            }

            /// A value.
            pub const fn example(self) -> &'static str {
                match self { $(Self::$variant => $example),+ }
            }

            /// What it is.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about),+ }
            }
        }
    };
}

fields! {
    AccountRef "account_ref" Text Row "L-7f3a9c20b1"
        "Your name of the account: 1 to 60 characters of A-Z, a-z, 0-9 and . _ : -, no personal data"
    AccountType "account_type" Code Position "NON_REVOLVING"
        "How the account works; never changes"
    ProductType "product_type" Code Position "CASH_INSTALMENT"
        "What was sold"
    LoanPurpose "loan_purpose" Code Position "CONSUMPTION"
        "What the money is for, as the borrower stated"
    GuaranteeType "guarantee_type" Code Position "UNSECURED"
        "What secures the loan; GUARANTEE and COMBINED need a liability with the role GUARANTOR"
    FundingRole "funding_role" Code Position "OWN"
        "Whose money it is"
    RegionCode "region_code" Text Position "CN-44"
        "Where the borrower lives: ISO 3166-2, or a GB/T 2260 division of 6 digits"
    Currency "currency" Code Position "CNY"
        "ISO 4217, three letters"
    OpenedOn "opened_on" Date Position "2026-01-10"
        "Day on which the account was opened"
    MaturesOn "matures_on" Date Sometimes "2027-01-10"
        "Day on which it matures; required unless the account is revolving"
    ClosedOn "closed_on" Date Sometimes ""
        "Day on which it was closed; required when the status is CLOSED"
    OriginalAmount "original_amount" Amount Sometimes "10000.00"
        "Amount lent; required unless the account is revolving"
    CreditLimit "credit_limit" Amount Sometimes "0.00"
        "Limit granted, of revolving accounts"
    OutstandingPrincipal "outstanding_principal" Amount Position "5000.00"
        "Principal owed now; 0 when nothing is"
    OutstandingTotal "outstanding_total" Amount Position "5050.00"
        "Principal, interest, penalty and fees owed now; 0 when nothing is"
    ScheduledPayment "scheduled_payment" Amount Sometimes "900.00"
        "Due at each payment date; empty when nothing is scheduled"
    RepaymentFrequency "repayment_frequency" Code Position "MONTH"
        "How often the scheduled payment falls due"
    NextDueOn "next_due_on" Date Sometimes "2026-07-10"
        "Next day on which something falls due; empty when nothing will"
    RemainingTerms "remaining_terms" Number Sometimes "7"
        "Payments still to come"
    AnnualPercentageRateBp "annual_percentage_rate_bp" Number Sometimes "1800"
        "Hundredths of a percent a year: 18 % is 1800"
    Status "status" Code Position "OPEN"
        "Where the account stands"
    ClosureReason "closure_reason" Code Sometimes ""
        "Why it was closed; required when the status is CLOSED"
    DaysPastDue "days_past_due" Number Sometimes "0"
        "Calendar days since the oldest unpaid amount fell due; the day after the due date is 1"
    GraceDays "grace_days" Number Sometimes "3"
        "Contractual grace, in days"
    OverduePrincipal "overdue_principal" Amount Sometimes "0.00"
        "Principal past due"
    OverdueInterest "overdue_interest" Amount Sometimes "0.00"
        "Interest past due"
    OverduePenalty "overdue_penalty" Amount Sometimes "0.00"
        "Penalty interest"
    OverdueFees "overdue_fees" Amount Sometimes "0.00"
        "Fees past due"
    FirstDelinquentOn "first_delinquent_on" Date Sometimes ""
        "Since when something has been past due without a break"
    AssetClassification "asset_classification" Code Sometimes "NORMAL"
        "Five-tier class; empty when not classified"
    CollectionStage "collection_stage" Code Sometimes ""
        "How far collection went; empty for none"
    ExtensionCount "extension_count" Number Sometimes "0"
        "How often the maturity was moved out"
    RestructureCount "restructure_count" Number Sometimes "0"
        "How often the schedule was replaced"
    HardshipCode "hardship_code" Code Sometimes ""
        "Why the borrower is in hardship; empty for none"
    LastPaymentOn "last_payment_on" Date Sometimes "2026-06-10"
        "Day of the latest payment"
    LastPaymentAmount "last_payment_amount" Amount Sometimes "900.00"
        "Paid on that day"
    FundingGroupRef "funding_group_ref" Text Sometimes ""
        "The same for all members that fund one loan together: opaque, 16 to 60 characters"
    ConsentReference "consent_reference" Text Position "C-2026-TERMS-1"
        "Consent under which the position may be shared: at most 64 characters"
    AdverseNoticeReference "adverse_notice_reference" Text Sometimes ""
        "Your reference of the notice; required once days_past_due exceeds grace_days"
    AdverseNoticeSentOn "adverse_notice_sent_on" Date Sometimes ""
        "Day on which that notice was sent; before as_of"
    ReservationId "reservation_id" Text Sometimes ""
        "The reservation that this loan consumes"
    AsOf "as_of" Date Position "2026-06-14"
        "Business date that the row describes"
    Sequence "sequence" Number Position "1"
        "Your counter of reports on this account, from 1; (as_of, sequence) grows"
    Event "event" Code Sometimes ""
        "What happened; empty: the state, whatever happened"
    CorrectionReason "correction_reason" Text Sometimes ""
        "Makes the row a correction of the version with its (as_of, sequence): 1 to 200 characters, no personal data"
    DeleteReason "delete_reason" Code Sometimes ""
        "Makes the row delete account_ref; every other column is ignored then"
}

/// One column that means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// A field as it is; an amount as a decimal.
    Field(Field),
    /// An amount in minor units.
    Minor(Field),
    /// A part of a liability, counted from 0.
    Liability(usize, Part),
}

impl Column {
    /// The name, as files spell it.
    pub fn name(self) -> String {
        match self {
            Self::Field(field) => field.name().to_owned(),
            Self::Minor(field) => format!("{}{MINOR_SUFFIX}", field.name()),
            Self::Liability(index, part) => format!("liability_{}_{}", index + 1, part.name()),
        }
    }

    /// The column of a name, of any case; short names of the first liability included.
    pub fn parse(name: &str) -> Option<Self> {
        names().get(name.trim().to_ascii_lowercase().as_str()).copied()
    }

    /// The name, spelt in full, that is least unlike this one, if any is like it at all.
    pub fn nearest(name: &str) -> Option<&'static str> {
        let name = name.trim().to_ascii_lowercase();
        // Longer than every name by more than half cannot be near one, and costs time to compare.
        if name.len() > 64 {
            return None;
        }
        names()
            .keys()
            .map(|known| (distance(&name, known), known.as_str()))
            .min()
            .filter(|(apart, known)| *apart <= known.len() / 3 + 1)
            .map(|(_, known)| known)
    }
}

/// Every name and what it means.
fn names() -> &'static BTreeMap<String, Column> {
    static NAMES: OnceLock<BTreeMap<String, Column>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let minor = amounts().map(Column::Minor);
        let short = Part::ALL.map(|part| (part.name().to_owned(), Column::Liability(0, part)));
        all()
            .into_iter()
            .chain(minor)
            .map(|column| (column.name(), column))
            .chain(short)
            .collect()
    })
}

/// The fields that are amounts.
pub fn amounts() -> impl Iterator<Item = Field> {
    Field::ALL
        .iter()
        .copied()
        .filter(|field| field.kind() == Kind::Amount)
}

/// Every column, amounts as decimals: what a file needs that can hold any record.
pub fn all() -> Vec<Column> {
    let liabilities =
        (0..LIABILITIES_MAX).flat_map(|index| Part::ALL.map(|part| Column::Liability(index, part)));
    let fields = Field::ALL.iter().copied().map(Column::Field);
    fields.chain(liabilities).collect()
}

/// The template's columns: every field, and two liabilities by their identifiers.
pub fn template() -> Vec<Column> {
    all()
        .into_iter()
        .filter(|column| match column {
            Column::Field(_) => true,
            Column::Minor(_) => false,
            Column::Liability(index, part) => *index < LIABILITIES_OF_TEMPLATE && part.is_in_template(),
        })
        .collect()
}

/// The names of some columns.
pub fn names_of(columns: &[Column]) -> Vec<String> {
    columns.iter().copied().map(Column::name).collect()
}

/// Edits between two names: insertions, removals, replacements.
fn distance(one: &str, other: &str) -> usize {
    let other = other.as_bytes();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, byte) in one.bytes().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (known, above) in other.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal + usize::from(*known != byte);
            diagonal = *above;
            left = replaced.min(left + 1).min(*above + 1);
            *above = left;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
