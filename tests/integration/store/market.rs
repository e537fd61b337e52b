//! A small market on a store: lenders, people by number, loans that default everything but what a case is about.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::NaiveDate;
use tallystick::domain::clock::Clock as _;
use tallystick::domain::currency::Currency;
use tallystick::domain::date::{days_after, days_before};
use tallystick::domain::exposure::Answer;
use tallystick::domain::inquiry::{Consent, Inquiry, Purpose};
use tallystick::domain::member::{LenderGroup, Role};
use tallystick::domain::names::{AccountRef, AnswerId, Fingerprint, MemberId, MemberNo, RequestId, Sha256};
use tallystick::domain::position::{
    AccountStatus, AccountType, ClosureReason, EventType, Facts, FundingRole, GuaranteeType, Liability,
    LiabilityRole, LoanPurpose, OverdueAmounts, Position, ProductType, RepaymentFrequency, ReportOrder,
};
use tallystick::domain::token::{IdentifierType, KeyVersion, Presented, Pseudonym};
use tallystick::domain::unit::rows::LookKind;
use tallystick::domain::unit::working_set::MarketRules;
use tallystick::domain::unit::{
    Accepted, Action, Administration, Correction, Look, NewMember, Outcome, Report, RequestKey, Write,
};
use tallystick::domain::violation::Code;
use tallystick::store::{ApplyError, Store};

use super::engine::Engine;

/// The operator that enrols everybody; not on file itself.
pub const OPERATOR: MemberNo = MemberNo(0);

/// A person's pseudonym of one type.
pub fn pseudonym(identifier_type: IdentifierType, person: u32) -> Pseudonym {
    // As unique and as unordered in its first 16 bytes as sealing makes it; the rest carries nothing.
    let mut sealed = [0; 48];
    let kind = u32::try_from(identifier_type.as_str().len()).expect("a short name");
    let seed = u64::from(person) << 8 | u64::from(kind);
    for (round, bytes) in (1_u64..).zip(sealed.chunks_exact_mut(8)) {
        let mixed = (seed ^ (seed >> 7))
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_mul(2 * round + 1);
        bytes.copy_from_slice(&mixed.rotate_left(32).to_be_bytes());
    }
    Pseudonym {
        identifier_type,
        key_version: KeyVersion(1),
        sealed,
    }
}

pub fn national_id(person: u32) -> Pseudonym {
    pseudonym(IdentifierType::NationalId, person)
}

pub fn passport(person: u32) -> Pseudonym {
    pseudonym(IdentifierType::Passport, person)
}

pub fn mobile(number: u32) -> Pseudonym {
    pseudonym(IdentifierType::Mobile, number)
}

pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a date of the calendar")
}

/// The civil day on which the clock starts.
pub fn today() -> NaiveDate {
    day(2026, 3, 2)
}

pub fn account(name: &str) -> AccountRef {
    AccountRef::parse(name).expect("an account reference")
}

/// A loan as a lender reports it: a monthly consumer loan of ten thousand, opened twenty days ago.
#[derive(Debug, Clone)]
pub struct Loan(Position<Pseudonym>);

impl Loan {
    pub fn new(name: &str, borrower: &[Pseudonym]) -> Self {
        let opened_on = days_before(today(), 20);
        Self(Position {
            account_ref: account(name),
            liabilities: vec![liability(LiabilityRole::Primary, borrower)],
            facts: facts(opened_on),
            order: ReportOrder {
                as_of: days_before(today(), 2),
                sequence: 1,
            },
        })
    }

    pub fn said(mut self, as_of: NaiveDate, sequence: u64) -> Self {
        self.0.order = ReportOrder { as_of, sequence };
        self
    }

    pub fn owing(mut self, minor: i64) -> Self {
        self.0.facts.outstanding_principal = minor;
        self.0.facts.outstanding_total = minor;
        self
    }

    pub fn past_due(mut self, days_past_due: u32) -> Self {
        self.0.facts.days_past_due = days_past_due;
        self.0.facts.overdue.principal = 100;
        self.0.facts.first_delinquent_on = Some(days_before(self.0.order.as_of, days_past_due));
        self
    }

    pub fn also(mut self, role: LiabilityRole, tokens: &[Pseudonym]) -> Self {
        self.0.liabilities.push(liability(role, tokens));
        self
    }

    pub fn closed(mut self) -> Self {
        let facts = &mut self.0.facts;
        facts.status = AccountStatus::Closed;
        facts.closed_on = Some(self.0.order.as_of);
        facts.closure_reason = Some(ClosureReason::PaidAsAgreed);
        facts.next_due_on = None;
        facts.remaining_terms = 0;
        self.owing(0)
    }

    pub fn with(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(&mut self.0.facts);
        self
    }

    pub fn position(&self) -> &Position<Pseudonym> {
        &self.0
    }

    pub fn facts(&self) -> &Facts {
        &self.0.facts
    }

    pub fn report(&self) -> Action {
        Action::Report(Box::new(self.as_report()))
    }

    pub fn correct(&self, corrects_version: u64) -> Action {
        Action::Correct(Box::new(Correction {
            report: self.as_report(),
            corrects_version,
            reason: "typing error".to_owned(),
        }))
    }

    fn as_report(&self) -> Report {
        Report {
            position: self.0.clone().into(),
            event: Some(EventType::PeriodClose),
            violations: Vec::new(),
            warnings: Vec::new(),
            token_digests: None,
        }
    }
}

fn liability(role: LiabilityRole, tokens: &[Pseudonym]) -> Liability<Pseudonym> {
    let shown = tokens.iter().map(|token| Presented {
        token: token.clone(),
        verified_on: None,
    });
    Liability {
        role,
        tokens: shown.collect(),
    }
}

fn facts(opened_on: NaiveDate) -> Facts {
    Facts {
        account_type: AccountType::NonRevolving,
        product_type: ProductType::CashInstalment,
        loan_purpose: LoanPurpose::Consumption,
        guarantee_type: GuaranteeType::Unsecured,
        funding_role: FundingRole::Own,
        region_code: "310000".to_owned(),
        currency: Currency::CNY,
        opened_on,
        matures_on: Some(days_after(opened_on, 365)),
        closed_on: None,
        original_amount: 1_000_000,
        credit_limit: 0,
        outstanding_principal: 900_000,
        outstanding_total: 900_000,
        scheduled_payment: 85_000,
        repayment_frequency: RepaymentFrequency::Month,
        next_due_on: Some(days_after(opened_on, 30)),
        remaining_terms: 11,
        annual_percentage_rate_bp: 1_800,
        status: AccountStatus::Open,
        closure_reason: None,
        days_past_due: 0,
        grace_days: 3,
        overdue: OverdueAmounts::default(),
        first_delinquent_on: None,
        asset_classification: None,
        collection_stage: None,
        extension_count: 0,
        restructure_count: 0,
        hardship_code: None,
        last_payment_on: None,
        last_payment_amount: 0,
        funding_group_ref: None,
        consent_reference: "consent-7".to_owned(),
        adverse_notice_reference: None,
        adverse_notice_sent_on: None,
        reservation_id: None,
    }
}

/// A look at somebody, today, for a new loan.
pub fn look(kind: LookKind, tokens: &[Pseudonym], purpose: Purpose, answer: u64) -> Action {
    let mut answer_id = [0; 16];
    answer_id[..8].copy_from_slice(&answer.to_be_bytes());
    Action::Look(Box::new(Look {
        kind,
        answer_id: AnswerId(answer_id),
        inquiry: Inquiry {
            tokens: tokens
                .iter()
                .map(|token| Presented {
                    token: token.clone(),
                    verified_on: None,
                })
                .collect(),
            purpose,
            consent: Consent {
                reference: "consent-7".to_owned(),
                purposes: vec![Purpose::NewCredit, Purpose::AccountReview],
                granted_on: days_before(today(), 1),
                expires_on: days_after(today(), 30),
                text_sha256: Sha256([7; 32]),
            },
            currency: Currency::CNY,
        },
    }))
}

/// A request for a lender's enrolment.
pub fn newcomer(name: &str) -> NewMember {
    NewMember {
        member_id: MemberId::parse(name).expect("a member id"),
        display_name: format!("Lender {name}"),
        lender_group: LenderGroup::OnlineMicroloan,
        roles: vec![Role::Lender],
        certificates: Vec::new(),
        rule_packs: vec!["default".to_owned()],
        evaluations_per_day: 100,
    }
}

pub fn administer(administration: Administration) -> Action {
    Action::Administer(Box::new(administration))
}

/// A request's name and body by number.
pub fn request(id: u8, body: u8) -> RequestKey {
    RequestKey {
        id: RequestId([id; 16]),
        body: Sha256([body; 32]),
    }
}

/// The store in use; empty only while it is closed and opened again.
pub struct Opened(Option<Arc<dyn Store>>);

impl std::ops::Deref for Opened {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        self.0.as_deref().expect("open between restarts")
    }
}

/// A store with three lenders, each of which had a hundred tokens evaluated.
pub struct Market<'e> {
    pub engine: &'e dyn Engine,
    pub store: Opened,
    pub a: MemberNo,
    pub b: MemberNo,
    pub c: MemberNo,
    rules: MarketRules,
    counter: AtomicU64,
}

/// Rules by which one operator suffices.
pub fn one_operator() -> MarketRules {
    MarketRules {
        approvals: 1,
        ..MarketRules::default()
    }
}

impl<'e> Market<'e> {
    pub async fn on(engine: &'e dyn Engine) -> Self {
        Self::with_rules(engine, one_operator()).await
    }

    pub async fn with_rules(engine: &'e dyn Engine, rules: MarketRules) -> Self {
        let store = engine.open(one_operator()).await;
        let mut market = Self {
            engine,
            store: Opened(Some(store)),
            a: MemberNo(0),
            b: MemberNo(0),
            c: MemberNo(0),
            rules: one_operator(),
            counter: AtomicU64::new(0),
        };
        market.a = market.enrol("lender-a").await;
        market.b = market.enrol("lender-b").await;
        market.c = market.enrol("lender-c").await;
        for member in [market.a, market.b, market.c] {
            market
                .accept(member, Action::ChargeEvaluations { count: 100 })
                .await;
        }
        market.rules = rules;
        market.restart().await;
        market
    }

    async fn enrol(&self, name: &str) -> MemberNo {
        let enrolment = administer(Administration::CreateMember(newcomer(name)));
        match self.accept(OPERATOR, enrolment).await {
            Outcome::Member(member) => member.member_no,
            other => panic!("enrolled as {other:?}"),
        }
    }

    /// Closes the store and opens the database again.
    pub async fn restart(&mut self) {
        drop(self.store.0.take());
        self.store = Opened(Some(self.engine.open(self.rules.clone()).await));
    }

    /// Closes the store until the next restart.
    pub fn close(&mut self) {
        drop(self.store.0.take());
    }

    /// Seconds go by.
    pub fn wait(&self, seconds: i64) {
        self.engine.clock().advance(seconds);
    }

    pub fn write(&self, member_no: MemberNo, action: Action) -> Write {
        let count = self.counter.fetch_add(1, Ordering::SeqCst);
        let mut salt = [0; 32];
        salt[..8].copy_from_slice(&count.to_be_bytes());
        salt[8..16].copy_from_slice(&self.engine.clock().now().micros().to_be_bytes());
        Write {
            member_no,
            member_id: MemberId::parse(&format!("member-{}", member_no.0)).expect("a member id"),
            certificate: Fingerprint([1; 32]),
            request: None,
            salt,
            action,
        }
    }

    pub fn requested(&self, member_no: MemberNo, key: RequestKey, action: Action) -> Write {
        Write {
            request: Some(key),
            ..self.write(member_no, action)
        }
    }

    pub async fn apply(&self, member_no: MemberNo, action: Action) -> Result<Accepted, ApplyError> {
        self.store.apply(self.write(member_no, action)).await
    }

    /// What an action did that must be accepted.
    pub async fn accept(&self, member_no: MemberNo, action: Action) -> Outcome {
        match self.apply(member_no, action).await {
            Ok(accepted) => accepted.outcome,
            Err(error) => panic!("{error:?}"),
        }
    }

    /// Why an action was refused that must be.
    pub async fn refuse(&self, member_no: MemberNo, action: Action) -> Code {
        refusal(self.apply(member_no, action).await)
    }

    /// Reports a loan and tells the version on file.
    pub async fn report(&self, member_no: MemberNo, loan: &Loan) -> u64 {
        version(&self.accept(member_no, loan.report()).await)
    }

    /// A query for a new loan, and its answer.
    pub async fn query(&self, member_no: MemberNo, tokens: &[Pseudonym]) -> Answer {
        let answer = self.counter.fetch_add(1, Ordering::SeqCst);
        let action = look(LookKind::Query, tokens, Purpose::NewCredit, answer);
        answer_of(self.accept(member_no, action).await)
    }

    /// A review of the portfolio, and its answer.
    pub fn review(&self, tokens: &[Pseudonym]) -> Action {
        let answer = self.counter.fetch_add(1, Ordering::SeqCst);
        look(LookKind::Review, tokens, Purpose::AccountReview, answer)
    }

    /// Active accounts of others that a query by `member_no` shows.
    pub async fn accounts_seen(&self, member_no: MemberNo, tokens: &[Pseudonym]) -> u32 {
        let answer = self.query(member_no, tokens).await;
        answer.figures.others.map_or(0, |others| others.active_accounts)
    }
}

pub fn refusal(answer: Result<Accepted, ApplyError>) -> Code {
    match answer {
        Err(ApplyError::Refused(refused)) => refused.violations[0].code,
        other => panic!("not refused: {other:?}"),
    }
}

pub fn version(outcome: &Outcome) -> u64 {
    match outcome {
        Outcome::Recorded { version, .. } => *version,
        other => panic!("not recorded: {other:?}"),
    }
}

pub fn answer_of(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Answered(answer) => *answer,
        other => panic!("not answered: {other:?}"),
    }
}

/// A market on a database that has its three lenders already.
pub async fn reopened(engine: &dyn Engine) -> Market<'_> {
    let store = engine.open(one_operator()).await;
    let numbers: Vec<MemberNo> = store
        .members()
        .await
        .expect("members are readable")
        .iter()
        .map(|member| member.member_no)
        .collect();
    Market {
        engine,
        store: Opened(Some(store)),
        a: numbers[0],
        b: numbers[1],
        c: numbers[2],
        rules: one_operator(),
        // Salts and answers of another run are not met again.
        counter: AtomicU64::new(1 << 32),
    }
}

/// A write outside any market, with a request id of its own.
pub fn bare_write(member_no: MemberNo, round: u32, number: u32, action: Action) -> Write {
    let mut salt = [0; 32];
    salt[..4].copy_from_slice(&round.to_be_bytes());
    salt[4..8].copy_from_slice(&number.to_be_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&salt[..16]);
    Write {
        member_no,
        member_id: MemberId::parse("lender-a").expect("a member id"),
        certificate: Fingerprint([1; 32]),
        request: Some(RequestKey {
            id: RequestId(id),
            body: Sha256([0; 32]),
        }),
        salt,
        action,
    }
}
