//! Mistakes that show from the record alone: in its cells, so that it cannot be read, or in what it says.

use super::{Fate, How, Mistake, late, write_off};
use crate::cli::generate::population::{enterprise, resident};
use crate::cli::market::Person;
use crate::domain::date::{days_after, days_before};
use crate::domain::names::AccountRef;
use crate::domain::position::{
    AccountStatus, AccountType, AssetClassification, ClosureReason, GuaranteeType, Liability, LiabilityRole,
};
use crate::domain::validation::AMOUNT_MAX;
use crate::domain::violation::Code;
use chrono::NaiveDate;

/// A day that is still to come, whenever a file is uploaded.
const FAR_FUTURE: NaiveDate = NaiveDate::from_ymd_opt(2199, 12, 31).expect("a date");
/// The same in a cell.
const FAR_FUTURE_CELL: &str = "2199-12-31";
/// The identity element of ristretto255: no token has it. Base64.
const IDENTITY_ELEMENT: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
/// The base point of ristretto255 (RFC 9496, A.1): an element that was never made of an identifier. Base64.
const BASE_POINT: &str = "4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXY=";

/// All of them.
pub(super) const MISTAKES: &[Mistake] = &[
    // What cannot be read.
    Mistake::cells(Code::FieldRequired, &[("outstanding_total", "")]),
    Mistake::cells(Code::FieldRequired, &[("product_type", "")]),
    Mistake::cells(Code::FieldRequired, &[("currency", "")]),
    Mistake::cells(Code::FieldRequired, &[("opened_on", "")]),
    Mistake::cells(Code::EnumUnknown, &[("product_type", "LOAN")]),
    Mistake::cells(Code::EnumUnknown, &[("status", "SLEEPING")]),
    Mistake::cells(Code::Currency, &[("currency", "XXX")]),
    Mistake::cells(Code::Format, &[("original_amount", "1,000.00")]),
    Mistake::cells(Code::Format, &[("outstanding_principal", "500.001")]),
    Mistake::cells(Code::Format, &[("last_payment_on", "10.01.2026")]),
    Mistake::cells(Code::Format, &[("days_past_due", "none")]),
    Mistake::cells(Code::Format, &[("liability_1_mobile", "+8613800138")]),
    Mistake::new(
        Code::Format,
        Fate::Unreadable,
        How::CellsOf(|stage| {
            vec![(
                "liability_1_national_id",
                with_wrong_check(Person::of(stage.number).national_id),
            )]
        }),
    ),
    Mistake::new(
        Code::Format,
        Fate::Unreadable,
        How::CellsOf(|stage| vec![("account_ref", format!("{}/a", stage.name))]),
    ),
    Mistake::cells(
        Code::AmountOverflow,
        &[("outstanding_total", "10000000000000.01")],
    ),
    Mistake::cells(
        Code::AmountNegative,
        &[("outstanding_total", "-10000000000000.01")],
    ),
    Mistake::cells(
        Code::TokenTypeRepeated,
        &[("liability_1_national_id_token", BASE_POINT)],
    ),
    Mistake::cells(
        Code::TokenInvalid,
        &[
            ("liability_1_national_id", ""),
            ("liability_1_national_id_token", IDENTITY_ELEMENT),
            ("liability_1_token_key_version", "1"),
        ],
    ),
    Mistake::cells(
        Code::KeyVersionUnknown,
        &[
            ("liability_1_national_id", ""),
            ("liability_1_national_id_token", BASE_POINT),
        ],
    ),
    // What the service finds in the record.
    Mistake::alone(Code::FieldRequired, |record, _| {
        record.position.facts.region_code.clear();
    }),
    Mistake::alone(Code::FieldRequired, |record, _| {
        record.position.facts.consent_reference.clear();
    }),
    Mistake::alone(Code::FieldRequired, |record, _| {
        record.position.facts.matures_on = None;
    }),
    Mistake::alone(Code::FieldRequired, |record, stage| {
        record.position.facts = stage.paid_loan('a').position.facts;
        record.position.facts.closure_reason = None;
    }),
    Mistake::alone(Code::Format, |record, _| {
        record.position.facts.closure_reason = Some(ClosureReason::PaidEarly);
    }),
    Mistake::alone(Code::Format, |record, _| {
        "here".clone_into(&mut record.position.facts.region_code);
    }),
    Mistake::alone(Code::Format, |record, _| {
        record.position.facts.annual_percentage_rate_bp = 100_001;
    }),
    Mistake::alone(Code::Format, |record, _| {
        record.position.facts.funding_group_ref = Some("short".to_owned());
    }),
    Mistake::alone(Code::DateInFuture, |record, _| {
        record.position.facts.first_delinquent_on = Some(FAR_FUTURE);
    }),
    Mistake::new(
        Code::DateInFuture,
        Fate::Rejected,
        How::Cells(&[("liability_1_verified_on", FAR_FUTURE_CELL)]),
    ),
    Mistake::alone(Code::DateOrder, |record, stage| {
        let facts = &mut record.position.facts;
        facts.matures_on = Some(days_before(stage.as_of, 100));
        facts.next_due_on = None;
    }),
    Mistake::alone(Code::DateOrder, |record, stage| {
        record.position.facts.next_due_on = Some(days_before(stage.as_of, 1));
    }),
    Mistake::alone(Code::DateOrder, |record, stage| {
        record.position.facts = stage.paid_loan('a').position.facts;
        record.position.facts.closed_on = Some(days_before(stage.as_of, 16));
    }),
    Mistake::alone(Code::AmountNegative, |record, _| {
        record.position.facts.outstanding_total = -100;
    }),
    Mistake::alone(Code::AmountOverflow, |record, _| {
        let facts = &mut record.position.facts;
        facts.days_past_due = 1;
        facts.overdue.principal = AMOUNT_MAX;
        facts.overdue.interest = 1;
    }),
    Mistake::alone(Code::DpdAmountMismatch, |record, _| {
        record.position.facts.days_past_due = 2;
    }),
    Mistake::alone(Code::DpdAmountMismatch, |record, _| {
        record.position.facts.overdue.fees = 100;
    }),
    Mistake::alone(Code::ClosedWithBalance, |record, stage| {
        record.position.facts = stage.paid_loan('a').position.facts;
        record.position.facts.outstanding_total = 100;
    }),
    Mistake::alone(Code::BadDebtZeroOverdue, |record, _| {
        record.position.facts.status = AccountStatus::BadDebt;
    }),
    Mistake::alone(Code::GuarantorMissing, |record, _| {
        record.position.facts.guarantee_type = GuaranteeType::Guarantee;
    }),
    Mistake::alone(Code::GuarantorIsBorrower, |record, stage| {
        record.position.facts.guarantee_type = GuaranteeType::Combined;
        let tokens = resident(stage.number, record.position.facts.opened_on);
        record.position.liabilities.push(Liability {
            role: LiabilityRole::Guarantor,
            tokens,
        });
    }),
    Mistake::alone(Code::AdverseWithoutNotice, |record, stage| {
        late(record, stage, 25);
        record.position.facts.adverse_notice_reference = None;
        record.position.facts.adverse_notice_sent_on = None;
    }),
    Mistake::alone(Code::AdverseWithoutNotice, |record, stage| {
        late(record, stage, 25);
        record.position.facts.adverse_notice_sent_on = Some(stage.as_of);
    }),
    Mistake::alone(Code::PiiInFreeText, |record, _| {
        "agreed by 13800138000".clone_into(&mut record.position.facts.consent_reference);
    }),
    Mistake::alone(Code::PiiInFreeText, |record, stage| {
        let name = format!("{}a:13800138000", stage.name);
        record.position.account_ref = AccountRef::parse(&name).expect("letters, digits and a colon");
    }),
    Mistake::alone(Code::LiabilityRoles, |record, _| {
        record.position.liabilities[0].role = LiabilityRole::Joint;
    }),
    Mistake::alone(Code::IdentityKindMixed, |record, stage| {
        // Of nobody who is on file: else the two would contradict each other as well.
        let on = record.position.facts.opened_on;
        let mut tokens = resident(stage.nobody(), on);
        tokens.splice(1..1, enterprise(stage.nobody(), on));
        record.position.liabilities[0].tokens = tokens;
    }),
    // What is odd, and accepted. Each is closed at once, so that nothing is missed in the next month.
    Mistake::new(
        Code::BalanceOverOriginal,
        Fate::Accepted,
        How::Alone(|record, stage| {
            record.position.facts = stage.paid_loan('a').position.facts;
            write_off(record);
            record.position.facts.outstanding_principal = 100_001;
        }),
    ),
    Mistake::new(
        Code::BalanceOverLimit,
        Fate::Accepted,
        How::Alone(|record, stage| {
            record.position.facts = stage.paid_loan('a').position.facts;
            write_off(record);
            record.position.facts.account_type = AccountType::Revolving;
            record.position.facts.credit_limit = 49_999;
        }),
    ),
    Mistake::new(
        Code::ClassDpd,
        Fate::Accepted,
        How::Alone(|record, stage| {
            record.position.facts = stage.paid_loan('a').position.facts;
            write_off(record);
            late(record, stage, 91);
            let facts = &mut record.position.facts;
            facts.opened_on = days_before(stage.as_of, 200);
            facts.matures_on = Some(days_after(stage.as_of, 200));
            facts.asset_classification = Some(AssetClassification::Normal);
        }),
    ),
];

/// An identity number with another check character than its own.
fn with_wrong_check(mut national_id: String) -> String {
    let wrong = match national_id.pop() {
        Some('0') => '1',
        _ => '0',
    };
    national_id.push(wrong);
    national_id
}
