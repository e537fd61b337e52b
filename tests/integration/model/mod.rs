//! A second, naive implementation of the market, written from the semantics alone.
//!
//! It keeps everything that ever happened under plain identities and works every outcome out from the beginning: no
//! subject numbers, no rows, nothing moved. Of the crate it uses the nouns (facts, figures) and none of the rules.
//! Invariant: whatever the core answers on a history, this model answers too (`agreement`).

mod agreement;
mod answer;
mod binding;
mod calendar;
mod change;
mod corners;
mod histories;
mod loans;
mod looks;
mod own;
mod reports;
mod resolution;
mod signals;
mod strategies;
mod twins;
mod velocity;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use tallystick::domain::currency::Currency;
use tallystick::domain::exposure::{Figures, OwnExposure};
use tallystick::domain::member::LenderGroup;
use tallystick::domain::position::{Facts, LiabilityRole};
use tallystick::domain::token::IdentifierType;

use binding::Kin;

/// A member by its number.
pub type MemberName = i64;
/// A person, an enterprise or an unattached mobile number: a class of identities.
pub type Person = usize;
/// (as_of, sequence).
pub type Pair = (NaiveDate, u64);

/// An identifier in clear: the model has nothing to hide.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// Its type.
    pub kind: IdentifierType,
    /// Its value.
    pub text: String,
}

impl Identity {
    fn is_strong(&self) -> bool {
        self.kind != IdentifierType::Mobile
    }
}

/// An identity as somebody presents it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The identity.
    pub identity: Identity,
    /// Last proof of control.
    pub verified_on: Option<NaiveDate>,
}

/// Someone liable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Liable {
    /// In what way.
    pub role: LiabilityRole,
    /// Named by what.
    pub shown: Vec<Shown>,
}

impl Liable {
    fn strong(&self) -> Vec<&Identity> {
        let all = self.shown.iter().map(|shown| &shown.identity);
        all.filter(|identity| identity.is_strong()).collect()
    }

    fn mobile(&self) -> Option<&Identity> {
        let mut all = self.shown.iter().map(|shown| &shown.identity);
        all.find(|identity| !identity.is_strong())
    }

    fn says_the_same(&self, other: &Self) -> bool {
        let names = |liable: &Self| -> Vec<Identity> {
            liable.shown.iter().map(|shown| shown.identity.clone()).collect()
        };
        self.role == other.role && names(self) == names(other)
    }
}

/// What a report or correction says about an account.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The member's name of the account.
    pub account: String,
    /// Everyone liable.
    pub liable: Vec<Liable>,
    /// The facts.
    pub facts: Facts,
    /// Said for when.
    pub pair: Pair,
}

/// Who takes part.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Its group.
    pub group: LenderGroup,
    /// Whether it is active.
    pub active: bool,
    /// Whether it is a lender.
    pub lender: bool,
    /// Tokens evaluated for it, ever.
    pub evaluated: u64,
}

/// One version of an account, never changed but for what is added.
#[derive(Debug, Clone)]
struct Version {
    number: u64,
    liable: Vec<Liable>,
    facts: Facts,
    /// Every pair under which it was accepted.
    pairs: Vec<Pair>,
    corrected: bool,
}

impl Version {
    fn pair(&self) -> Pair {
        self.pairs.iter().copied().max().expect("a version was accepted")
    }
}

/// Everything said about an account.
#[derive(Debug, Clone, Default)]
struct Account {
    versions: Vec<Version>,
    /// When reports and corrections were accepted.
    received: Vec<i64>,
    deleted: bool,
}

impl Account {
    /// Versions that no correction replaced.
    fn standing(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter().filter(|version| !version.corrected)
    }

    fn current(&self) -> &Version {
        let latest = self.standing().max_by_key(|version| version.pair());
        latest.expect("an account has a standing version")
    }

    fn current_number(&self) -> u64 {
        self.current().number
    }

    /// Who is liable now, and whether as own debt.
    fn concerns(&self, kin: &Kin) -> BTreeMap<Person, bool> {
        let mut concerns = BTreeMap::new();
        for liable in &self.current().liable {
            let own = liable.role != LiabilityRole::Guarantor;
            if let Some(person) = kin.person(liable) {
                *concerns.entry(person).or_insert(false) |= own;
            }
        }
        concerns
    }
}

/// A mobile number accepted together with a strong identity.
#[derive(Debug, Clone)]
struct Sighting {
    mobile: Identity,
    strong: Identity,
    member: MemberName,
    day: NaiveDate,
}

/// A recorded look.
#[derive(Debug, Clone)]
struct Look {
    at_whom: Identity,
    member: MemberName,
    at: i64,
    review: bool,
    hard: bool,
    with_strong: bool,
    counted: bool,
}

/// An answer frozen for a day.
#[derive(Debug, Clone)]
struct Frozen {
    person: Person,
    member: MemberName,
    day: NaiveDate,
    hard: bool,
    with_strong: bool,
    figures: Figures,
}

/// What a report, correction or deletion should lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Accepted; the version that holds the content.
    Recorded(u64),
    /// Deleted.
    Deleted,
    /// Refused, with all these codes.
    Refused(BTreeSet<&'static str>),
}

impl Expected {
    fn refused(code: &'static str) -> Self {
        Self::Refused(BTreeSet::from([code]))
    }
}

/// What a query or review should lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedAnswer {
    /// Answered.
    Answered(Box<Figures>, Option<OwnExposure>),
    /// Refused.
    Refused(&'static str),
}

/// A question.
#[derive(Debug, Clone)]
pub struct Question {
    /// About whom.
    pub shown: Vec<Shown>,
    /// With a hard purpose.
    pub hard: bool,
    /// The currency of the answer.
    pub currency: Currency,
}

/// The market.
#[derive(Debug, Clone)]
pub struct Model {
    members: BTreeMap<MemberName, Member>,
    kin: Kin,
    sightings: Vec<Sighting>,
    accounts: BTreeMap<(MemberName, String), Account>,
    looks: Vec<Look>,
    frozen: Vec<Frozen>,
    /// Subjects created by inquiry.
    created: Vec<(MemberName, NaiveDate)>,
    /// Rare things that happened, by name: histories must reach them.
    pub rarities: BTreeSet<&'static str>,
}

impl Model {
    /// A market of members, without history.
    pub fn new(members: BTreeMap<MemberName, Member>) -> Self {
        Self {
            members,
            kin: Kin::default(),
            sightings: Vec::new(),
            accounts: BTreeMap::new(),
            looks: Vec::new(),
            frozen: Vec::new(),
            created: Vec::new(),
            rarities: BTreeSet::new(),
        }
    }
}
