//! What kind of account it is: portfolio type and account type (CDIA Metro 2, fields 8 and 9), both ways.
//!
//! The account type decides what was sold, the portfolio type how the account works. Several of ours share one code; what
//! then comes back is the code's own meaning (docs/foreign-formats.md, Metro 2).

use crate::domain::position::{AccountType, ProductType};
use crate::import::crosswalk::file_codes;
use crate::import::reading::Wrong;

file_codes! {
    /// Portfolio type.
    Portfolio {
        /// Line of credit.
        LineOfCredit = "C",
        /// Instalment loan.
        Instalment = "I",
        /// Lease; older files have it.
        Lease = "L",
        /// Mortgage: its terms count years.
        Mortgage = "M",
        /// Open: paid whole each month.
        Open = "O",
        /// Revolving.
        Revolving = "R",
    }
}

/// Account types that debt collectors use: 48 collection agency, 0C factoring company.
const COLLECTION: [&str; 2] = ["48", "0C"];
/// Account types that are cards: 18 credit card, 2A secured card, 0G flexible spending card, 37 combined credit plan, 8A
/// business card, 07 charge account.
const CARDS: [&str; 6] = ["18", "2A", "0G", "37", "8A", "07"];

/// What an account type stands for; `None` for a code that the list lacks.
fn product(code: &str) -> Option<ProductType> {
    Some(match code {
        "00" => ProductType::Auto,
        // Unsecured, secured and partially secured loans without a purpose.
        "01" | "02" | "03" => ProductType::CashInstalment,
        // Sales contracts, recreational goods.
        "06" | "11" => ProductType::ConsumptionInstalment,
        "07" => ProductType::BuyNowPayLater,
        // Mortgages of every kind, time shares, construction, manufactured homes, home equity.
        "08" | "0A" | "0F" | "17" | "19" | "25" | "26" | "2C" | "5A" | "5B" | "6D" | "89" => {
            ProductType::Housing
        }
        "12" => ProductType::Student,
        // Business loans, cards and lines for which a person is liable.
        "10" | "8A" | "9B" => ProductType::PersonalBusiness,
        "13" | "3A" => ProductType::Leasing,
        "18" | "2A" | "0G" | "37" => ProductType::CreditCard,
        // Commercial loans, mortgages and lines.
        "6A" | "6B" | "7A" => ProductType::MicroEnterprise,
        "7B" => ProductType::Farmer,
        "91" => ProductType::DebtConsolidation,
        // Home improvement, notes, lines, collections, rent, utilities, government, medical, legal and support debts.
        "04" | "05" | "0C" | "15" | "20" | "29" | "43" | "47" | "48" | "4D" | "50" | "65" | "66" | "67"
        | "68" | "69" | "70" | "71" | "72" | "73" | "74" | "75" | "77" | "8B" | "90" | "92" | "93" | "95"
        | "9A" => ProductType::Other,
        _ => return None,
    })
}

/// Reads both codes.
pub(super) fn read(portfolio: &str, code: &str) -> Result<(Portfolio, AccountType, ProductType), Wrong> {
    let portfolio = Portfolio::parse(portfolio).ok_or(Wrong::unknown(
        "is no portfolio type; write C, I, M, O or R in position 73",
    ))?;
    let product = product(code).ok_or(Wrong::unknown(
        "is no account type of Metro 2; write a code of its list in positions 74 and 75",
    ))?;
    let card = CARDS.contains(&code);
    let account_type = match portfolio {
        _ if COLLECTION.contains(&code) => AccountType::Collection,
        Portfolio::Revolving | Portfolio::Open if card => AccountType::CreditCard,
        Portfolio::LineOfCredit | Portfolio::Revolving => AccountType::Revolving,
        Portfolio::Instalment | Portfolio::Lease | Portfolio::Mortgage | Portfolio::Open => {
            AccountType::NonRevolving
        }
    };
    Ok((portfolio, account_type, product))
}

/// The codes of an account.
pub(super) const fn written(account_type: AccountType, product: ProductType) -> (Portfolio, &'static str) {
    match account_type {
        AccountType::Collection => (Portfolio::Open, "48"),
        AccountType::Revolving => (Portfolio::LineOfCredit, line_code(product)),
        AccountType::CreditCard => (Portfolio::Revolving, card_code(product)),
        AccountType::NonRevolving => match product {
            ProductType::Housing => (Portfolio::Mortgage, "26"),
            ProductType::Auto
            | ProductType::Student
            | ProductType::PersonalBusiness
            | ProductType::Farmer
            | ProductType::CreditCard
            | ProductType::CashInstalment
            | ProductType::ConsumptionInstalment
            | ProductType::BuyNowPayLater
            | ProductType::Payday
            | ProductType::DebtConsolidation
            | ProductType::MicroEnterprise
            | ProductType::Leasing
            | ProductType::Other => (Portfolio::Instalment, loan_code(product)),
        },
    }
}

const fn line_code(product: ProductType) -> &'static str {
    match product {
        ProductType::Housing => "89",
        ProductType::PersonalBusiness => "9B",
        ProductType::MicroEnterprise => "7A",
        ProductType::Auto
        | ProductType::Student
        | ProductType::Farmer
        | ProductType::CreditCard
        | ProductType::CashInstalment
        | ProductType::ConsumptionInstalment
        | ProductType::BuyNowPayLater
        | ProductType::Payday
        | ProductType::DebtConsolidation
        | ProductType::Leasing
        | ProductType::Other => "15",
    }
}

const fn card_code(product: ProductType) -> &'static str {
    match product {
        ProductType::PersonalBusiness => "8A",
        ProductType::BuyNowPayLater => "07",
        ProductType::Housing
        | ProductType::Auto
        | ProductType::Student
        | ProductType::Farmer
        | ProductType::CreditCard
        | ProductType::CashInstalment
        | ProductType::ConsumptionInstalment
        | ProductType::Payday
        | ProductType::DebtConsolidation
        | ProductType::MicroEnterprise
        | ProductType::Leasing
        | ProductType::Other => "18",
    }
}

const fn loan_code(product: ProductType) -> &'static str {
    match product {
        ProductType::Housing => "26",
        ProductType::Auto => "00",
        ProductType::Student => "12",
        ProductType::PersonalBusiness => "10",
        ProductType::Farmer => "7B",
        // A payday loan is an unsecured loan; the format has no code of its own.
        ProductType::CashInstalment | ProductType::Payday => "01",
        ProductType::ConsumptionInstalment | ProductType::BuyNowPayLater => "06",
        ProductType::DebtConsolidation => "91",
        ProductType::MicroEnterprise => "6A",
        ProductType::Leasing => "13",
        ProductType::CreditCard | ProductType::Other => "20",
    }
}
