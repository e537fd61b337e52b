//! Where the load plays: villages of a few people and accounts, each for itself, and what may be done there.
//!
//! Everybody's identifiers are in clear here. Invariant: of a deed that names several identities, each is known from the
//! settlement on, or becomes known by the deed itself. Whoever is not known has no lock row, so that a deed which rests on
//! somebody's *not* being known has no place among those that made it known.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use tallystick::domain::currency::Currency;
use tallystick::domain::date::days_before;
use tallystick::domain::position::LiabilityRole;
use tallystick::domain::token::IdentifierType;
use tallystick::identity::normalise::{Country, Identifier, NormalisedIdentifier, Rules};

use crate::model::{Identity, Liable, Question, Shown, Statement};
use crate::store::market::{Loan, today};
use crate::store::random::Dice;

/// How many there are, and of how many one is where operators merge and split.
pub const VILLAGES: usize = 32;
pub const OPERATED: usize = 4;
/// People of a village who have a national id, a passport and a number from the start.
const SETTLERS: u32 = 3;
/// People who have a national id and are not known at first.
const NEWCOMERS: u32 = 4;
/// Numbers, shared by all settlers.
const MOBILES: u32 = 2;
/// Accounts of each lender.
const ACCOUNTS: u32 = 4;
/// The only delinquency: reports of one day may not make it grow.
const DAYS_PAST_DUE: u32 = 12;

/// Something that a member does.
#[derive(Debug, Clone)]
pub enum Deed {
    Report(Statement),
    Correct(Statement, u64),
    Delete(String),
    Look { question: Question, review: bool },
    Merge { keep: Identity, merge: Identity },
    Split(Identity),
}

impl Deed {
    /// What it is, in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Report(_) => "report",
            Self::Correct(..) => "correction",
            Self::Delete(_) => "deletion",
            Self::Look { review: false, .. } => "query",
            Self::Look { review: true, .. } => "review",
            Self::Merge { .. } => "merge",
            Self::Split(_) => "split",
        }
    }

    /// The account it is about.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Report(said) | Self::Correct(said, _) => Some(&said.account),
            Self::Delete(account) => Some(account),
            Self::Look { .. } | Self::Merge { .. } | Self::Split(_) => None,
        }
    }

    /// Everybody it names.
    pub fn names(&self) -> Vec<&Identity> {
        match self {
            Self::Report(said) | Self::Correct(said, _) => {
                let all = said.liable.iter().flat_map(|liable| &liable.shown);
                all.map(|shown| &shown.identity).collect()
            }
            Self::Delete(_) => Vec::new(),
            Self::Look { question, .. } => question.shown.iter().map(|shown| &shown.identity).collect(),
            Self::Merge { keep, merge } => vec![keep, merge],
            Self::Split(identity) => vec![identity],
        }
    }
}

/// Whether operators merge and split its people.
pub fn is_operated(village: usize) -> bool {
    village % OPERATED == OPERATED - 1
}

/// What a client remembers of its accounts: what it said last, and which version that made.
pub type Memory = BTreeMap<String, (Statement, u64)>;

fn identity(village: usize, kind: IdentifierType, number: u32) -> Identity {
    Identity {
        kind,
        text: format!("{village} {} {number}", kind.as_str()),
    }
}

/// Every identity of so many villages, with the identifier that it stands for.
pub fn identifiers(villages: usize) -> Vec<(Identity, NormalisedIdentifier)> {
    let mut all = Vec::new();
    for village in 0..villages {
        let base = u32::try_from(village).unwrap() * 100;
        for person in 0..SETTLERS + NEWCOMERS {
            let number = national_id(base + person);
            let id = Identifier::national_id(Country::CHINA, number);
            all.push((identity(village, IdentifierType::NationalId, person), id));
        }
        for person in 0..SETTLERS {
            let id = Identifier::passport(Country::CHINA, format!("E{:08}", base + person));
            all.push((identity(village, IdentifierType::Passport, person), id));
        }
        for number in 0..MOBILES {
            let id = Identifier::mobile(format!("+86 138 0000 {:04}", base + number));
            all.push((identity(village, IdentifierType::Mobile, number), id));
        }
    }
    let rules = Rules::on(today());
    let normalised = |id: Identifier| {
        id.normalise(&rules)
            .expect("an invented identifier is valid")
            .identifier
    };
    all.into_iter().map(|(name, id)| (name, normalised(id))).collect()
}

/// A resident number with its check digit.
fn national_id(number: u32) -> String {
    let (day, serial) = (number / 999 % 28 + 1, number % 999 + 1);
    let body = format!("110105{:04}01{day:02}{serial:03}", 1980 + number / 999 / 28);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = body.bytes().map(|digit| u32::from(digit - b'0'));
    let sum: u32 = digits.zip(weights).map(|(digit, weight)| digit * weight).sum();
    let check = b"10X98765432"[usize::try_from(sum % 11).unwrap()];
    format!("{body}{}", char::from(check))
}

/// What each lender reports before the load: the settlers with all their identifiers; and every lender has reported, so
/// that coverage is the same for everybody from then on.
pub fn settlement(village: usize, lenders: usize) -> Vec<Deed> {
    let settlers = (0..lenders).map(|lender| {
        let person = u32::try_from(lender).unwrap() % SETTLERS;
        let mut tokens = vec![shown(village, IdentifierType::NationalId, person)];
        if lender < usize::try_from(SETTLERS).unwrap() {
            tokens.push(shown(village, IdentifierType::Passport, person));
            tokens.push(shown(village, IdentifierType::Mobile, person % MOBILES));
        }
        let primary = liable(LiabilityRole::Primary, tokens);
        Deed::Report(statement(&format!("S{village}"), vec![primary], 1, 700_000, 0))
    });
    settlers.collect()
}

fn shown(village: usize, kind: IdentifierType, number: u32) -> Shown {
    let proof = (kind == IdentifierType::Mobile).then(|| days_before(today(), 1));
    Shown {
        identity: identity(village, kind, number),
        verified_on: proof,
    }
}

fn liable(role: LiabilityRole, shown: Vec<Shown>) -> Liable {
    Liable { role, shown }
}

fn statement(account: &str, liable: Vec<Liable>, sequence: u64, owing: i64, days_past_due: u32) -> Statement {
    let mut loan = Loan::new(account, &[]).said(today(), sequence).owing(owing);
    if days_past_due > 0 {
        loan = loan.past_due(days_past_due);
    }
    let loan = loan.with(|facts| {
        facts.region_code = "CN-31".to_owned();
        facts.grace_days = 30;
    });
    Statement {
        account: account.to_owned(),
        liable,
        facts: loan.facts().clone(),
        pair: (today(), sequence),
    }
}

/// What a lender does next in a village.
pub fn any_deed(dice: &mut Dice, village: usize, memory: &Memory) -> Deed {
    let number = dice.small(ACCOUNTS);
    let account = format!("A{village}-{number}");
    // Whose account it mostly is: reports about somebody else are refused.
    let borrower = if dice.one_in(6) {
        dice.small(SETTLERS)
    } else {
        number % SETTLERS
    };
    let statement = |dice: &mut Dice| any_statement(dice, village, &account, borrower);
    match (dice.below(20), memory.get(&account)) {
        (0..=1, Some((said, _))) => Deed::Report(said.clone()),
        (2..=3, Some((said, _))) => {
            let pair = (today(), next_sequence());
            Deed::Report(Statement { pair, ..said.clone() })
        }
        (4..=5, Some((said, version))) => {
            let corrected = statement(dice);
            let pair = if dice.one_in(10) {
                corrected.pair
            } else {
                said.pair
            };
            Deed::Correct(Statement { pair, ..corrected }, *version)
        }
        (6, _) if dice.one_in(2) => Deed::Delete(account),
        (0..=10, _) => Deed::Report(statement(dice)),
        (kind, _) => Deed::Look {
            question: Question {
                shown: anybody(dice, village),
                hard: kind != 11 && dice.below(3) > 0,
                currency: Currency::CNY,
            },
            review: kind == 11,
        },
    }
}

/// What an operator does next in a village.
pub fn any_administration(dice: &mut Dice, village: usize) -> Deed {
    let passport = |dice: &mut Dice| identity(village, IdentifierType::Passport, dice.small(SETTLERS));
    let national = |dice: &mut Dice| identity(village, IdentifierType::NationalId, dice.small(SETTLERS));
    match dice.below(3) {
        0 => Deed::Split(passport(dice)),
        1 => Deed::Merge {
            keep: national(dice),
            merge: passport(dice),
        },
        _ => Deed::Merge {
            keep: national(dice),
            merge: national(dice),
        },
    }
}

/// Grows with each report of anybody; clients that took one late find theirs stale.
fn next_sequence() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(10);
    NEXT.fetch_add(1, Ordering::SeqCst)
}

fn any_statement(dice: &mut Dice, village: usize, account: &str, borrower: u32) -> Statement {
    let mut all = vec![liable(LiabilityRole::Primary, any_shown(dice, village, borrower))];
    if dice.one_in(4) {
        let role = if dice.one_in(2) {
            LiabilityRole::Joint
        } else {
            LiabilityRole::Guarantor
        };
        let other = anybody(dice, village);
        // The same identity twice in one message is refused at the edge, before anything is decided.
        if !other.iter().any(|shown| names(&all[0], &shown.identity)) {
            all.push(liable(role, other));
        }
    }
    let sequence = next_sequence() - u64::from(dice.one_in(15)) * 5;
    let owing = 450_000 * i64::from(1 + dice.small(2));
    let days_past_due = if dice.one_in(4) { DAYS_PAST_DUE } else { 0 };
    statement(account, all, sequence, owing, days_past_due)
}

fn names(liable: &Liable, identity: &Identity) -> bool {
    liable.shown.iter().any(|shown| shown.identity == *identity)
}

fn anybody(dice: &mut Dice, village: usize) -> Vec<Shown> {
    if dice.one_in(5) {
        let newcomer = SETTLERS + dice.small(NEWCOMERS);
        return vec![shown(village, IdentifierType::NationalId, newcomer)];
    }
    let person = dice.small(SETTLERS);
    any_shown(dice, village, person)
}

/// What a settler may be named by.
fn any_shown(dice: &mut Dice, village: usize, person: u32) -> Vec<Shown> {
    let national = || shown(village, IdentifierType::NationalId, person);
    let passport = |person| shown(village, IdentifierType::Passport, person);
    let mobile = |number| shown(village, IdentifierType::Mobile, number);
    let number = dice.small(MOBILES);
    match dice.below(16) {
        0..=6 => vec![national()],
        7 => vec![passport(person)],
        8..=9 => vec![national(), passport(person)],
        10 => vec![national(), passport(dice.small(SETTLERS))],
        11..=13 => vec![national(), mobile(number)],
        _ => vec![mobile(number)],
    }
}
