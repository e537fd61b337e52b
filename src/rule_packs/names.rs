//! How products and groups of lenders are written in a pack: by the contract's names, without their prefixes.

use crate::domain::member::LenderGroup;
use crate::domain::position::ProductType;

/// Every group.
pub(super) const GROUPS: [LenderGroup; 6] = [
    LenderGroup::Bank,
    LenderGroup::ConsumerFinance,
    LenderGroup::OnlineMicroloan,
    LenderGroup::Microloan,
    LenderGroup::AutoLeasing,
    LenderGroup::Other,
];

/// The contract's name of a group of lenders.
pub const fn group_name(group: LenderGroup) -> &'static str {
    match group {
        LenderGroup::Bank => "BANK",
        LenderGroup::ConsumerFinance => "CONSUMER_FINANCE",
        LenderGroup::OnlineMicroloan => "ONLINE_MICROLOAN",
        LenderGroup::Microloan => "MICROLOAN",
        LenderGroup::AutoLeasing => "AUTO_LEASING",
        LenderGroup::Other => "OTHER",
    }
}

/// The contract's name of a kind of product.
pub const fn product_name(product: ProductType) -> &'static str {
    match product {
        ProductType::Housing => "HOUSING",
        ProductType::Auto => "AUTO",
        ProductType::Student => "STUDENT",
        ProductType::PersonalBusiness => "PERSONAL_BUSINESS",
        ProductType::Farmer => "FARMER",
        ProductType::CreditCard => "CREDIT_CARD",
        ProductType::CashInstalment => "CASH_INSTALMENT",
        ProductType::ConsumptionInstalment => "CONSUMPTION_INSTALMENT",
        ProductType::BuyNowPayLater => "BUY_NOW_PAY_LATER",
        ProductType::Payday => "PAYDAY",
        ProductType::DebtConsolidation => "DEBT_CONSOLIDATION",
        ProductType::MicroEnterprise => "MICRO_ENTERPRISE",
        ProductType::Leasing => "LEASING",
        ProductType::Other => "OTHER",
    }
}

/// A name of 1 to 64 small letters, digits and hyphens between them.
pub(super) fn is_kebab(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}
