//! What a member's book says of a loan on a month-end, who is liable for it, and under which name.

use chrono::{Datelike as _, NaiveDate};
use rand::RngExt as _;

use super::chain::Link;
use super::draw::{Purpose, stream};
use super::loan::{Conduct, EXTENSION_INSTALMENTS, Loan};
use super::months::{Month, calendar_months};
use super::population::{Kind, Population, Subject, enterprise, foreigner, lender, resident};
use crate::cli::market::{LoanKind, Person};
use crate::domain::batch::PositionRecord;
use crate::domain::currency::Currency;
use crate::domain::date::days_after;
use crate::domain::names::AccountRef;
use crate::domain::position::{
    AccountStatus, AssetClassification, ClosureReason, CollectionStage, EventType, Facts, FundingRole,
    GuaranteeType, Liability, LiabilityRole, LoanPurpose, OverdueAmounts, Position, ProductType,
    RepaymentFrequency, ReportOrder,
};
use crate::identity::named::Named;

/// Days past due from which a loan is a bad debt, and from which it is in court.
const BAD_DEBT_DAYS: u32 = 180;
const LEGAL_ACTION_DAYS: u32 = 300;
/// Fees of one reminder, minor units, from the second month past due on.
const REMINDER_FEES: i64 = 2_000;
/// Penalty interest a day, in ten-thousandths of what is past due.
const PENALTY_PER_TEN_THOUSAND: i64 = 5;

/// The whole record of a loan on a month-end.
pub(super) fn record(
    population: &Population,
    subject: &Subject,
    member: u64,
    link: &Link,
    month: Month,
) -> PositionRecord<Named> {
    let balance = |statement: u32| card_balance(population, subject, member, link, statement);
    let mut facts = facts(&link.loan, month, &balance);
    suit(&mut facts, subject, &link.loan);
    let liabilities = liabilities(population, subject, member, link, &mut facts);
    let position = Position {
        account_ref: account_ref(subject, member, link),
        liabilities,
        facts,
        order: ReportOrder {
            as_of: month.end,
            sequence: 1 + u64::from(calendar_months(link.loan.opened_on, month.end)),
        },
    };
    PositionRecord {
        event: Some(event(&position.facts, &link.loan, month)),
        position,
        correction_reason: None,
    }
}

/// The account's name: initials of the member, the subject's number and the loan's, so that names ascend in the order of
/// subjects, none is there twice, and no run of digits is as long as a telephone number.
fn account_ref(subject: &Subject, member: u64, link: &Link) -> AccountRef {
    let initials: String = lender(member)
        .member_id
        .split('-')
        .filter_map(|word| word.chars().next())
        .collect();
    let initials = initials.to_ascii_uppercase();
    let name = format!("{initials}-{:09}-{:04}", subject.number, link.number);
    AccountRef::parse(&name).expect("letters, digits and hyphens")
}

fn facts(loan: &Loan, month: Month, balance: &dyn Fn(u32) -> i64) -> Facts {
    let closes_on = loan.closed_on();
    let closed_on = (closes_on <= month.end).then_some(closes_on);
    // Behind its end nothing of a loan changes.
    let day = closed_on.unwrap_or(month.end);
    let written_off = matches!(loan.conduct, Conduct::Default { .. });
    let settled = closed_on.is_some() && !written_off;
    let revolving = loan.terms.account_type.is_revolving();
    let days_past_due = if settled { 0 } else { loan.days_past_due(day) };
    let figures = Figures::on(loan, day, balance);
    let overdue = if days_past_due > 0 {
        figures.overdue(loan, day, days_past_due)
    } else {
        OverdueAmounts::default()
    };
    let owed = if settled { 0 } else { figures.principal };
    let extended = loan.extended_on().is_some_and(|on| on <= day);
    let agreed = agreed_instalments(loan, extended);
    let paid = loan.paid_until(day);
    let oldest_due = loan.due(paid + 1);
    let adverse = days_past_due > loan.grace_days;
    let payment = if settled {
        Some((day, 1))
    } else {
        loan.last_payment(day)
    };
    let next = loan.dues_until(day) + 1;
    let next_due_on = (closed_on.is_none() && next <= agreed).then(|| loan.due(next));
    Facts {
        account_type: loan.terms.account_type,
        product_type: loan.terms.product_type,
        loan_purpose: loan.terms.loan_purpose,
        guarantee_type: loan.terms.guarantee_type,
        funding_role: FundingRole::Own,
        region_code: String::new(),
        currency: Currency::CNY,
        opened_on: loan.opened_on,
        matures_on: (!revolving).then(|| loan.due(agreed)),
        closed_on,
        original_amount: if revolving { 0 } else { loan.amount },
        credit_limit: if revolving { loan.amount } else { 0 },
        outstanding_principal: owed,
        outstanding_total: owed + overdue.interest + overdue.penalty + overdue.fees,
        scheduled_payment: if closed_on.is_some() { 0 } else { figures.scheduled },
        repayment_frequency: if loan.is_single() {
            RepaymentFrequency::Single
        } else {
            RepaymentFrequency::Month
        },
        next_due_on,
        remaining_terms: if settled { 0 } else { agreed.saturating_sub(paid) },
        annual_percentage_rate_bp: loan.terms.rate_bp,
        status: status(closed_on.is_some(), days_past_due),
        closure_reason: closed_on.map(|_| closure_reason(loan)),
        days_past_due,
        grace_days: loan.grace_days,
        overdue,
        first_delinquent_on: (days_past_due > 0).then(|| days_after(oldest_due, 1)),
        asset_classification: Some(classification(days_past_due)),
        collection_stage: collection_stage(days_past_due),
        extension_count: u32::from(extended),
        restructure_count: 0,
        hardship_code: None,
        last_payment_on: payment.map(|(on, _)| on),
        last_payment_amount: payment.map_or(0, |(_, of)| figures.scheduled * i64::from(of)),
        funding_group_ref: None,
        consent_reference: String::new(),
        // Named as soon as the days of grace are over, and sent on their last day.
        adverse_notice_reference: adverse.then(|| format!("N-{}", oldest_due.format("%Y-%m-%d"))),
        adverse_notice_sent_on: adverse.then(|| days_after(oldest_due, loan.grace_days)),
        reservation_id: None,
    }
}

/// How many instalments are agreed: fewer until the loan is extended.
fn agreed_instalments(loan: &Loan, extended: bool) -> u32 {
    match loan.extended_at {
        Some(_) if !extended => loan.instalments - EXTENSION_INSTALMENTS,
        Some(_) | None => loan.instalments,
    }
}

/// What is owed on a day, minor units.
struct Figures {
    principal: i64,
    /// Due at each payment date.
    scheduled: i64,
    /// Interest in it.
    interest: i64,
}

impl Figures {
    fn on(loan: &Loan, day: NaiveDate, balance: &dyn Fn(u32) -> i64) -> Self {
        let rate = i64::from(loan.terms.rate_bp);
        if loan.terms.account_type.is_revolving() {
            // While nothing is paid nothing more is lent: the balance stands still.
            let principal = balance(loan.paid_until(day));
            return Self {
                principal,
                scheduled: principal / 10,
                interest: principal * rate / 120_000,
            };
        }
        let interest = if loan.is_single() {
            loan.amount * rate * i64::from(loan.terms.days) / 3_650_000
        } else {
            loan.amount * rate / 120_000
        };
        let paid = loan.paid_until(day);
        let next = (paid + 1).min(loan.instalments);
        let before = next - 1;
        Self {
            principal: loan.amount - loan.principal_of(paid),
            scheduled: loan.principal_of(next) - loan.principal_of(before) + interest,
            interest,
        }
    }

    fn overdue(&self, loan: &Loan, day: NaiveDate, days_past_due: u32) -> OverdueAmounts {
        let instalments = loan.instalments_past_due(day);
        let count = i64::from(instalments);
        let principal = if loan.terms.account_type.is_revolving() {
            (self.scheduled * count).min(self.principal)
        } else {
            let paid = loan.paid_until(day);
            loan.principal_of(paid + instalments) - loan.principal_of(paid)
        };
        OverdueAmounts {
            principal,
            interest: self.interest * count,
            penalty: principal * i64::from(days_past_due) * PENALTY_PER_TEN_THOUSAND / 10_000,
            fees: if days_past_due > 30 { REMINDER_FEES } else { 0 },
        }
    }
}

/// What a card's statement says is owed: between a twentieth and two thirds of the limit.
fn card_balance(population: &Population, subject: &Subject, member: u64, link: &Link, statement: u32) -> i64 {
    let place = [subject.number, link.number * 1_000 + u64::from(statement)];
    let mut random = stream(population.seed, Purpose::Statement, member, place);
    link.loan.amount * random.random_range(5..67) / 100
}

const fn status(closed: bool, days_past_due: u32) -> AccountStatus {
    match days_past_due {
        _ if closed => AccountStatus::Closed,
        0..=BAD_DEBT_DAYS => AccountStatus::Open,
        days if days <= LEGAL_ACTION_DAYS => AccountStatus::BadDebt,
        _ => AccountStatus::LegalAction,
    }
}

const fn closure_reason(loan: &Loan) -> ClosureReason {
    match loan.conduct {
        Conduct::Punctual if loan.early_days > 0 => ClosureReason::PaidEarly,
        Conduct::Punctual | Conduct::Spell { .. } => ClosureReason::PaidAsAgreed,
        Conduct::Late { .. } => ClosureReason::PaidAfterOverdue,
        Conduct::Default { .. } => ClosureReason::WrittenOff,
    }
}

/// The class that the days ask for at least.
const fn classification(days_past_due: u32) -> AssetClassification {
    match days_past_due {
        0 => AssetClassification::Normal,
        1..=90 => AssetClassification::SpecialMention,
        91..=270 => AssetClassification::Substandard,
        271..=360 => AssetClassification::Doubtful,
        361.. => AssetClassification::Loss,
    }
}

const fn collection_stage(days_past_due: u32) -> Option<CollectionStage> {
    match days_past_due {
        0 => None,
        1..=30 => Some(CollectionStage::Reminder),
        31..=90 => Some(CollectionStage::Internal),
        91..=180 => Some(CollectionStage::Agency),
        181.. => Some(CollectionStage::LawFirm),
    }
}

fn event(facts: &Facts, loan: &Loan, month: Month) -> EventType {
    let was_late = loan.opened_on <= month.before && loan.days_past_due(month.before) > 0;
    match facts.closure_reason {
        Some(ClosureReason::WrittenOff) => EventType::WrittenOff,
        Some(_) => EventType::Closed,
        None if month.holds(facts.opened_on) => EventType::Opened,
        None if loan.extended_on().is_some_and(|on| month.holds(on)) => EventType::Extension,
        None if facts.days_past_due > facts.grace_days => EventType::FormalOverdue,
        None if facts.days_past_due > 0 => EventType::PastDue,
        None if was_late => EventType::Cured,
        None => EventType::PeriodClose,
    }
}

/// What depends on who borrows.
fn suit(facts: &mut Facts, subject: &Subject, loan: &Loan) {
    Person::of(subject.number)
        .region_code
        .clone_into(&mut facts.region_code);
    facts.consent_reference = format!("C-{}-{:09}", loan.opened_on.year(), subject.number);
    match subject.kind {
        Kind::Resident => {}
        Kind::Foreigner => {
            let abroad = ["USD", "HKD", "JPY"][usize::try_from(subject.number % 3).unwrap_or(0)];
            facts.currency = Currency::parse(abroad).expect("listed");
        }
        Kind::Enterprise => {
            facts.loan_purpose = LoanPurpose::BusinessOperation;
            if !facts.account_type.is_revolving() {
                facts.product_type = ProductType::MicroEnterprise;
            }
        }
    }
}

/// Everyone liable: the borrower, of an enterprise its owner too, and of some loans another who borrows with it or
/// guarantees.
fn liabilities(
    population: &Population,
    subject: &Subject,
    member: u64,
    link: &Link,
    facts: &mut Facts,
) -> Vec<Liability<Named>> {
    let number = subject.number;
    let on = link.loan.opened_on;
    let liable = |role, tokens| Liability { role, tokens };
    let mut liabilities = match subject.kind {
        Kind::Resident => vec![liable(LiabilityRole::Primary, resident(number, on))],
        Kind::Foreigner => vec![liable(LiabilityRole::Primary, foreigner(number, on))],
        Kind::Enterprise => vec![
            liable(LiabilityRole::Primary, enterprise(number, on)),
            liable(LiabilityRole::Owner, resident(number, on)),
        ],
    };
    let percent = match lender(member).kind {
        LoanKind::PersonalBusiness | LoanKind::Auto => 20,
        LoanKind::CreditCard => 0,
        LoanKind::ConsumptionInstalment | LoanKind::CashInstalment | LoanKind::Payday => 3,
    };
    // A template of two has no room for more than an owner.
    if subject.kind == Kind::Enterprise {
        return liabilities;
    }
    let mut random = stream(
        population.seed,
        Purpose::Loan,
        member,
        [number, link.number | (1 << 32)],
    );
    let helped = random.random_range(0..100) < percent;
    let other = (number + random.random_range(1..1_000)) % population.subjects;
    if helped && other != number {
        let role = if random.random_range(0..2) == 0 {
            facts.guarantee_type = GuaranteeType::Guarantee;
            LiabilityRole::Guarantor
        } else {
            LiabilityRole::Joint
        };
        liabilities.push(liable(role, resident(other, on)));
    }
    liabilities
}
