//! Random valid values for property tests, here and elsewhere: what they make passes validation on `samples::today`.

use chrono::{Days, NaiveDate};
use proptest::collection::btree_set;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::samples::{date, today, token};
use crate::domain::currency::Currency;
use crate::domain::inquiry::{Consent, Inquiry, Purpose};
use crate::domain::names::{AccountRef, Sha256};
use crate::domain::position::{
    AccountStatus, AccountType, AssetClassification, ClosureReason, CollectionStage, Facts, FundingRole,
    GuaranteeType, HardshipCode, Liability, LiabilityRole, LoanPurpose, OverdueAmounts, Position,
    ProductType, RepaymentFrequency, ReportOrder,
};
use crate::domain::token::{IdentifierType, Presented, TokenRef};

fn any_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    select(all)
}

fn days_after(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days))
        .expect("within the calendar")
}

fn days_before(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_sub_days(Days::new(days))
        .expect("within the calendar")
}

/// An amount within its bounds; four of them sum within the bounds too.
fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), 1..1_000_000_i64, 1..=super::AMOUNT_MAX / 4]
}

/// A reference that holds no digits and so no personal data.
fn reference(length: &'static str) -> impl Strategy<Value = String> {
    length.prop_map(|text: String| text)
}

/// An active currency.
pub fn currency() -> impl Strategy<Value = Currency> {
    select(vec!["CNY", "USD", "JPY", "KWD"]).prop_map(|code| Currency::parse(code).expect("listed"))
}

/// A report's place in time: within the last month of [`today`].
fn order() -> impl Strategy<Value = ReportOrder> {
    (0_u64..30, 1..=i64::MAX.unsigned_abs()).prop_map(|(days, sequence)| ReportOrder {
        as_of: days_before(today(), days),
        sequence,
    })
}

/// 1 to 4 tokens of a person or an enterprise, in type order, told apart from those of other numbers.
pub fn tokens(number: i64) -> impl Strategy<Value = Vec<Presented<TokenRef>>> {
    use IdentifierType::{EnterpriseCode, Mobile, NationalId, Passport};
    let types = prop_oneof![
        subsequence(vec![NationalId, Passport, Mobile], 1..=3),
        subsequence(vec![EnterpriseCode, Mobile], 1..=2),
    ];
    (types, option::of(0_u64..400)).prop_map(move |(types, age)| {
        let verified_on = age.map(|days| days_before(today(), days));
        types
            .into_iter()
            .map(|kind| Presented {
                verified_on,
                ..token(kind, number)
            })
            .collect()
    })
}

/// A primary borrower and up to three others, all different.
fn liabilities(with_guarantor: bool) -> impl Strategy<Value = Vec<Liability<TokenRef>>> {
    let roles = proptest::collection::vec(
        select(vec![
            LiabilityRole::Joint,
            LiabilityRole::Guarantor,
            LiabilityRole::Owner,
        ]),
        0..=3,
    );
    roles.prop_flat_map(move |mut roles| {
        roles.insert(0, LiabilityRole::Primary);
        if with_guarantor {
            roles.push(LiabilityRole::Guarantor);
        }
        let each: Vec<_> = roles
            .into_iter()
            .zip(1..)
            .map(|(role, number)| tokens(number).prop_map(move |tokens| Liability { role, tokens }))
            .collect();
        each
    })
}

prop_compose! {
    fn terms()(
        account_type in any_of(AccountType::ALL),
        product_type in any_of(ProductType::ALL),
        loan_purpose in any_of(LoanPurpose::ALL),
        guarantee_type in any_of(GuaranteeType::ALL),
        funding_role in any_of(FundingRole::ALL),
        repayment_frequency in any_of(RepaymentFrequency::ALL),
        region_code in select(vec!["CN-44", "440300", "SG-01", "GB-ENG"]),
        currency in currency(),
        amounts in [amount(), amount(), amount(), amount(), amount(), amount()],
        remaining_terms in 0_u32..1_000,
        annual_percentage_rate_bp in 0_u32..=100_000,
    ) -> Facts {
        Facts {
            account_type,
            product_type,
            loan_purpose,
            guarantee_type,
            funding_role,
            repayment_frequency,
            region_code: region_code.to_owned(),
            currency,
            original_amount: amounts[0].max(1),
            credit_limit: amounts[1],
            outstanding_principal: amounts[2],
            outstanding_total: amounts[3],
            scheduled_payment: amounts[4],
            last_payment_amount: amounts[5],
            remaining_terms,
            annual_percentage_rate_bp,
            ..super::samples::facts()
        }
    }
}

prop_compose! {
    fn marks()(
        asset_classification in option::of(any_of(AssetClassification::ALL)),
        collection_stage in option::of(any_of(CollectionStage::ALL)),
        hardship_code in option::of(any_of(HardshipCode::ALL)),
        counts in [0_u32..50, 0_u32..50, 0_u32..91],
        consent_reference in reference("[a-zA-Z._:-]{1,64}"),
        funding_group_ref in option::of(reference("[a-z]{16,60}")),
        reservation_id in option::of(reference("[a-f-]{1,64}")),
    )(
        base in terms(),
        asset_classification in Just(asset_classification),
        collection_stage in Just(collection_stage),
        hardship_code in Just(hardship_code),
        counts in Just(counts),
        consent_reference in Just(consent_reference),
        funding_group_ref in Just(funding_group_ref),
        reservation_id in Just(reservation_id),
    ) -> Facts {
        Facts {
            asset_classification,
            collection_stage,
            hardship_code,
            extension_count: counts[0],
            restructure_count: counts[1],
            grace_days: counts[2],
            consent_reference,
            funding_group_ref,
            reservation_id,
            ..base
        }
    }
}

/// How an account stands on a date, before it is made consistent.
#[derive(Debug, Clone)]
struct Standing {
    status: AccountStatus,
    closure_reason: ClosureReason,
    days_past_due: u32,
    overdue: OverdueAmounts,
    age_days: u64,
    term_days: u64,
    due_in_days: Option<u64>,
    paid_days_ago: Option<u64>,
}

prop_compose! {
    fn standing()(
        status in any_of(AccountStatus::ALL),
        closure_reason in any_of(ClosureReason::ALL),
        days_past_due in prop_oneof![Just(0), 1_u32..500],
        overdue in [amount(), amount(), amount(), amount()],
        age_days in 0_u64..2_000,
        term_days in 0_u64..3_000,
        due_in_days in option::of(0_u64..60),
        paid_days_ago in option::of(0_u64..60),
    ) -> Standing {
        let [principal, interest, penalty, fees] = overdue;
        let overdue = OverdueAmounts { principal: principal.max(1), interest, penalty, fees };
        Standing {
            status, closure_reason, days_past_due, overdue, age_days, term_days, due_in_days, paid_days_ago,
        }
    }
}

impl Standing {
    /// Facts that stand so on a date and obey the rules.
    fn apply(self, facts: &mut Facts, as_of: NaiveDate) {
        facts.status = self.status;
        facts.opened_on = days_before(as_of, self.age_days);
        let matures_on = days_after(facts.opened_on, self.term_days);
        facts.matures_on = (!facts.account_type.is_revolving() || self.term_days > 9).then_some(matures_on);
        let matured = facts.matures_on.is_some_and(|date| date < as_of);
        facts.next_due_on = self
            .due_in_days
            .filter(|_| !matured)
            .map(|days| days_after(as_of, days));
        facts.last_payment_on = self.paid_days_ago.map(|days| days_before(as_of, days));
        facts.days_past_due = self.days_past_due;
        if self.status == AccountStatus::BadDebt {
            facts.days_past_due = self.days_past_due.max(1);
        }
        if self.status == AccountStatus::Closed {
            facts.closed_on = Some(as_of);
            facts.closure_reason = Some(self.closure_reason);
            if !matches!(
                self.closure_reason,
                ClosureReason::WrittenOff | ClosureReason::Sold
            ) {
                facts.outstanding_principal = 0;
                facts.outstanding_total = 0;
                facts.next_due_on = None;
                facts.days_past_due = 0;
            }
        }
        if facts.days_past_due > 0 {
            facts.overdue = self.overdue;
            facts.first_delinquent_on = Some(days_before(as_of, u64::from(facts.days_past_due)));
        }
        if facts.days_past_due > facts.grace_days {
            facts.adverse_notice_reference = Some("notice".to_owned());
            facts.adverse_notice_sent_on = Some(days_before(as_of, 1));
        }
    }
}

/// A position that breaks no rule of the message.
pub fn position() -> impl Strategy<Value = Position<TokenRef>> {
    let parts = (marks(), standing(), order(), reference("[A-Za-z._:-]{1,60}"));
    parts.prop_flat_map(|(mut facts, standing, order, account_ref)| {
        standing.apply(&mut facts, order.as_of);
        let guaranteed = matches!(
            facts.guarantee_type,
            GuaranteeType::Guarantee | GuaranteeType::Combined
        );
        liabilities(guaranteed).prop_map(move |liabilities| Position {
            account_ref: AccountRef::parse(&account_ref).expect("made of its characters"),
            liabilities,
            facts: facts.clone(),
            order,
        })
    })
}

/// A consent that covers a purpose on [`today`].
pub fn consent(purpose: Purpose) -> impl Strategy<Value = Consent> {
    let others = btree_set(any_of(Purpose::ALL), 0..4);
    (
        reference("[a-zA-Z.-]{1,64}"),
        others,
        0_u64..400,
        0_u64..400,
        any::<[u8; 32]>(),
    )
        .prop_map(move |(reference, mut purposes, before, after, hash)| {
            purposes.insert(purpose);
            Consent {
                reference,
                purposes: purposes.into_iter().collect(),
                granted_on: days_before(today(), before),
                expires_on: days_after(today(), after),
                text_sha256: Sha256(hash),
            }
        })
}

/// An inquiry with one of these purposes.
pub fn inquiry(purposes: &'static [Purpose]) -> impl Strategy<Value = Inquiry<TokenRef>> {
    any_of(purposes).prop_flat_map(|purpose| {
        (tokens(1), consent(purpose), currency()).prop_map(move |(tokens, consent, currency)| Inquiry {
            tokens,
            purpose,
            consent,
            currency,
        })
    })
}

proptest! {
    #[test]
    fn strategies_make_valid_positions(position in position()) {
        let findings = super::check_message(&position, today());
        prop_assert_eq!(findings.violations, Vec::new());
        prop_assert!(position.order.as_of > date("2026-01-01"));
    }

    #[test]
    fn strategies_make_valid_consents(consent in consent(Purpose::NewCredit)) {
        prop_assert_eq!(super::check_consent(&consent, Purpose::NewCredit, today()), Vec::new());
    }
}
