//! A market in memory: one pack, many lenders, people by number.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::currency::Currency;
use crate::domain::date::{Timestamp, days_after, days_before};
use crate::domain::inquiry::{Consent, Purpose};
use crate::domain::names::{
    AccountNo, AccountRef, AnswerId, ApplicationId, MemberNo, ReservationId, Sha256, SubjectId,
};
use crate::domain::position::{LiabilityRole, Position, ProductType};
use crate::domain::reservation::{ReleaseReason, Reservation, Ruling};
use crate::domain::rules::{AmountCap, Condition, Effective, Extent, Lifetime, Rule, RulePack, Scope};
use crate::domain::testing::now;
use crate::domain::token::{IdentifierType, KeyVersion, Presented, Pseudonym, Shown, TokenRow};
use crate::domain::unit::reserve::{ReservationStep, ReservationWork, decide as step};
use crate::domain::unit::rows::{AccountRow, ReservationRow, UsageRow};
use crate::domain::unit::working_set::{MarketRules, Network, Numbers, SubjectRows};
use crate::domain::unit::{Check, Outcome, Refused, Report, WorkingSet, check, report};
use crate::domain::validation::samples;

/// A pack of these conditions, each over everything.
pub(super) fn pack(conditions: Vec<Condition>) -> RulePack {
    let rules = conditions.into_iter().enumerate().map(|(place, condition)| Rule {
        id: format!("rule-{place}"),
        scope: Scope::default(),
        condition,
    });
    RulePack {
        name: "test".to_owned(),
        version: 1,
        title_en: String::new(),
        title_zh: String::new(),
        currency: Currency::CNY,
        effective: Effective {
            first_day: samples::date("2020-01-01"),
            last_day: None,
        },
        lifetime: Lifetime {
            default_minutes: Lifetime::DEFAULT_MINUTES,
            maximum_minutes: Lifetime::MAXIMUM_MINUTES,
        },
        rules: rules.collect(),
        sha256: Sha256([1; 32]),
    }
}

/// So many lenders at once.
pub(super) fn lenders(maximum: u32) -> RulePack {
    pack(vec![Condition::LenderCount { maximum }])
}

/// So much in all.
pub(super) fn cap(maximum: i64) -> RulePack {
    pack(vec![Condition::AmountCap(AmountCap {
        maximum: Some(maximum),
        income_percent: None,
        bracket: None,
        extent: Extent::Total,
    })])
}

/// What is applied for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub application: &'static str,
    pub people: Vec<u8>,
    pub by_mobile: bool,
    pub also_passport_of: Option<u8>,
    pub passport_of_second: Option<u8>,
    pub amount: i64,
    pub monthly_payment: i64,
    pub term_days: u32,
    pub product_type: ProductType,
    pub monthly_income: Option<i64>,
}

impl Wanted {
    pub fn new(application: &'static str, amount: i64) -> Self {
        Self {
            application,
            people: vec![1],
            by_mobile: false,
            also_passport_of: None,
            passport_of_second: None,
            amount,
            monthly_payment: 0,
            term_days: 30,
            product_type: ProductType::CashInstalment,
            monthly_income: None,
        }
    }
}

struct Counting(i64);

impl Numbers for Counting {
    fn next(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}

/// Plain rows, which can be kept and compared.
#[derive(Clone, PartialEq)]
pub(super) struct Rows {
    pub tokens: BTreeMap<Pseudonym, TokenRow>,
    pub subjects: BTreeMap<SubjectId, SubjectRows>,
    pub accounts: BTreeMap<(MemberNo, AccountRef), AccountRow>,
    pub liable: BTreeMap<AccountNo, BTreeSet<SubjectId>>,
}

pub(super) struct Market {
    pub set: WorkingSet,
    pub at: Timestamp,
    pack: Arc<RulePack>,
    made: u64,
}

impl Market {
    pub fn new(pack: RulePack) -> Self {
        let rules = Arc::new(MarketRules::default());
        let mut set = WorkingSet::new(rules, Network::default(), Box::new(Counting(0)));
        let usage = UsageRow {
            evaluations_ever: u64::MAX,
            ..UsageRow::default()
        };
        set.usage = (1..=64).map(|member| (MemberNo(member), usage.clone())).collect();
        Self {
            set,
            at: now(),
            pack: Arc::new(pack),
            made: 0,
        }
    }

    /// The next instant.
    fn tick(&mut self) -> Timestamp {
        self.at = self.at.next();
        self.at
    }

    /// The same time tomorrow.
    pub fn tomorrow(&mut self) {
        self.at = self.at.plus_seconds(86_400);
    }

    fn id(&mut self) -> [u8; 16] {
        self.made += 1;
        u128::from(self.made).to_be_bytes()
    }

    pub fn check(&mut self, member: i64, wanted: &Wanted) -> Result<(Ruling, Option<Reservation>), Refused> {
        let at = self.tick();
        let today = self.set.rules.zone.date_of(at);
        let tokens = |(place, person): (usize, &u8)| {
            let kind = match wanted.by_mobile {
                true => IdentifierType::Mobile,
                false => IdentifierType::NationalId,
            };
            let second = wanted.passport_of_second.filter(|_| place == 1);
            let also = wanted
                .also_passport_of
                .or(second)
                .map(|other| pseudonym(IdentifierType::Passport, other));
            [pseudonym(kind, *person)]
                .into_iter()
                .chain(also)
                .map(presented)
                .collect()
        };
        let check = Check {
            answer_id: AnswerId(self.id()),
            reservation_id: ReservationId(self.id()),
            application_id: ApplicationId::parse(wanted.application).unwrap(),
            borrowers: wanted.people.iter().enumerate().map(tokens).collect(),
            purpose: Purpose::NewCredit,
            consent: Consent {
                reference: "c".to_owned(),
                purposes: vec![Purpose::NewCredit],
                granted_on: days_before(today, 1),
                expires_on: days_after(today, 1),
                text_sha256: Sha256([0; 32]),
            },
            pack: Arc::clone(&self.pack),
            product_type: wanted.product_type,
            amount: wanted.amount,
            term_days: wanted.term_days,
            monthly_payment: wanted.monthly_payment,
            monthly_income: wanted.monthly_income,
            income_digest: wanted
                .monthly_income
                .map(|income| Sha256([u8::try_from(income % 251).unwrap(); 32])),
        };
        match check::decide(&mut self.set, MemberNo(member), &check, at)?.outcome {
            Outcome::Ruled { ruled, reservation } => Ok((ruled.ruling, reservation)),
            other => panic!("{other:?}"),
        }
    }

    /// A market with these rows at an instant, whose next names and numbers follow `made`.
    pub fn with(pack: RulePack, rows: Rows, at: Timestamp, made: u32) -> Self {
        let mut market = Self::new(pack);
        market.at = at;
        market.made = made.into();
        market.set.numbers = Box::new(Counting(made.into()));
        market.set.tokens = rows.tokens;
        market.set.subjects = rows.subjects;
        market.set.accounts = rows.accounts;
        market.set.liable = rows.liable;
        market
    }

    /// What is on file, but for what looks left: nothing that is decided here hangs on that.
    pub fn rows(self) -> Rows {
        let mut subjects = self.set.subjects;
        for rows in subjects.values_mut() {
            rows.inquiries.clear();
        }
        Rows {
            tokens: self.set.tokens,
            subjects,
            accounts: self.set.accounts,
            liable: self.set.liable,
        }
    }

    fn step(&mut self, member: i64, id: ReservationId, what: ReservationStep) -> Result<Outcome, Refused> {
        let at = self.tick();
        let work = ReservationWork {
            reservation_id: id,
            step: what,
        };
        Ok(step(&mut self.set, MemberNo(member), &work, at)?.outcome)
    }

    pub fn release(
        &mut self,
        member: i64,
        id: ReservationId,
        why: ReleaseReason,
    ) -> Result<Reservation, Refused> {
        match self.step(member, id, ReservationStep::Release(why))? {
            Outcome::Reserved(reservation) => Ok(reservation),
            other => panic!("{other:?}"),
        }
    }

    pub fn extend(&mut self, member: i64, id: ReservationId, minutes: u32) -> Result<Reservation, Refused> {
        match self.step(member, id, ReservationStep::Extend { minutes })? {
            Outcome::Reserved(reservation) => Ok(reservation),
            other => panic!("{other:?}"),
        }
    }

    /// Extends whatever a member holds; tells what that is.
    pub fn extend_all(&mut self, member: i64, minutes: u32) -> Vec<ReservationId> {
        let live = self
            .live()
            .into_iter()
            .filter(|row| row.member_no == MemberNo(member));
        let held: BTreeSet<ReservationId> = live.map(|row| row.reservation_id).collect();
        for id in &held {
            self.extend(member, *id, minutes).unwrap();
        }
        held.into_iter().collect()
    }

    pub fn confirm(
        &mut self,
        member: i64,
        id: ReservationId,
        account: &str,
        amount: i64,
    ) -> Result<(Reservation, bool), Refused> {
        self.confirm_of(member, id, (account, &[1]), amount)
    }

    /// The same of an account of these people.
    pub fn confirm_of(
        &mut self,
        member: i64,
        id: ReservationId,
        (account, people): (&str, &[u8]),
        amount: i64,
    ) -> Result<(Reservation, bool), Refused> {
        let stated = self.stated(account, amount, None, 0, people);
        match self.step(member, id, ReservationStep::Confirm(Box::new(stated)))? {
            Outcome::Confirmed {
                reservation, late, ..
            } => Ok((reservation, late)),
            other => panic!("{other:?}"),
        }
    }

    pub fn report(
        &mut self,
        member: i64,
        account: &str,
        amount: i64,
        reservation: Option<ReservationId>,
    ) -> Result<(), Refused> {
        self.report_opened(member, account, amount, reservation, 0)
    }

    /// A loan opened so many days ago.
    pub fn report_opened(
        &mut self,
        member: i64,
        account: &str,
        amount: i64,
        reservation: Option<ReservationId>,
        days_ago: u32,
    ) -> Result<(), Refused> {
        let stated = self.stated(account, amount, reservation, days_ago, &[1]);
        let at = self.tick();
        report::decide(&mut self.set, MemberNo(member), &stated, at).map(drop)
    }

    /// A loan of these people, opened today, that names no reservation.
    pub fn report_new(
        &mut self,
        member: i64,
        account: &str,
        amount: i64,
        people: &[u8],
    ) -> Result<(), Refused> {
        let stated = self.stated(account, amount, None, 0, people);
        let at = self.tick();
        report::decide(&mut self.set, MemberNo(member), &stated, at).map(drop)
    }

    /// A loan of somebody who also shows a passport.
    pub fn report_of(&mut self, member: i64, account: &str, person: u8) -> Result<(), Refused> {
        let mut stated = self.stated(account, 1_000, None, 30, &[person]);
        let tokens = &mut stated.position.liabilities[0].tokens;
        tokens.push(Presented {
            token: Shown::Sealed(pseudonym(IdentifierType::Passport, person)),
            verified_on: None,
        });
        let at = self.tick();
        report::decide(&mut self.set, MemberNo(member), &stated, at).map(drop)
    }

    fn stated(
        &self,
        account: &str,
        amount: i64,
        reservation: Option<ReservationId>,
        days_ago: u32,
        people: &[u8],
    ) -> Report {
        let today = self.set.rules.zone.date_of(self.at);
        let mut position = samples::position();
        position.account_ref = AccountRef::parse(account).unwrap();
        position.liabilities.truncate(1);
        position.liabilities[0].tokens.truncate(1);
        let one = position.liabilities[0].clone();
        position.liabilities.resize(people.len(), one);
        for (place, liability) in position.liabilities.iter_mut().enumerate() {
            liability.role = match place {
                0 => LiabilityRole::Primary,
                _ => LiabilityRole::Joint,
            };
        }
        position.order.as_of = today;
        position.facts.opened_on = days_before(today, days_ago);
        position.facts.original_amount = amount;
        position.facts.outstanding_principal = amount;
        position.facts.outstanding_total = amount;
        position.facts.reservation_id = reservation.map(|id| id.to_string());
        let mut named = people
            .iter()
            .map(|person| Shown::Sealed(pseudonym(IdentifierType::NationalId, *person)));
        let named = |_| named.next().ok_or(());
        let position: Position<Shown> = position.try_map_tokens(named).unwrap();
        Report {
            position,
            event: None,
            violations: Vec::new(),
            warnings: Vec::new(),
            token_digests: None,
        }
    }

    /// A reservation as it is on file, with the first of those whom it concerns.
    pub fn reservation(&self, member: i64, id: ReservationId) -> ReservationRow {
        let rows = self.set.subjects.values().flat_map(|rows| &rows.reservations);
        let mut of_member = rows.filter(|row| (row.member_no, row.reservation_id) == (MemberNo(member), id));
        of_member.next().expect("it is on file").clone()
    }

    /// Every row that holds room now.
    pub fn live(&self) -> Vec<ReservationRow> {
        let rows = self.set.subjects.values().flat_map(|rows| &rows.reservations);
        rows.filter(|row| row.is_live(self.at)).cloned().collect()
    }
}

pub(super) fn presented(token: Pseudonym) -> Presented<Pseudonym> {
    Presented {
        token,
        verified_on: None,
    }
}

pub(super) fn pseudonym(identifier_type: IdentifierType, person: u8) -> Pseudonym {
    let mut sealed = [person; 48];
    sealed[0] = match identifier_type {
        IdentifierType::Mobile => 1,
        IdentifierType::NationalId => 2,
        IdentifierType::Passport => 3,
        IdentifierType::EnterpriseCode => 4,
    };
    Pseudonym {
        identifier_type,
        key_version: KeyVersion(1),
        sealed,
    }
}
