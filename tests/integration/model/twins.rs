//! Both implementations of one market, side by side: every step is taken in both and compared.
//!
//! The core runs on one working set that holds the whole market and is never flushed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use proptest::prelude::*;
use tallystick::domain::date::Timestamp;
use tallystick::domain::inquiry::{Consent, Inquiry, Purpose};
use tallystick::domain::member::{LenderGroup, MemberState};
use tallystick::domain::names::{AccountRef, AnswerId, Fingerprint, MemberId, MemberNo, Sha256};
use tallystick::domain::position::{DeletionReason, Liability, Position, ReportOrder};
use tallystick::domain::token::{KeyVersion, Presented, Pseudonym};
use tallystick::domain::unit::rows::{LookKind, UsageRow};
use tallystick::domain::unit::working_set::{MarketRules, MemberStanding, Network, Numbers};
use tallystick::domain::unit::{
    Action, Correction, Look, Outcome, Refused, Report, WorkingSet, Write, decide,
};

use super::histories::{Deed, History, Step, Told};
use super::{
    Expected, ExpectedAnswer, Member, MemberName, Model, Pair, Question, Shown, Statement, calendar, corners,
};

/// Noon of 2026-01-01 in Shanghai.
const START: i64 = 1_767_240_000_000_000;

struct Counter(i64);

impl Numbers for Counter {
    fn next(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}

/// Both implementations of one market.
pub struct Twins {
    model: Model,
    set: WorkingSet,
    now: i64,
    sequence: u64,
    people: usize,
    acting: usize,
    /// The latest statement of an account that was accepted.
    latest: BTreeMap<(MemberName, String), Statement>,
    /// What outcomes were like.
    pub corners: BTreeSet<String>,
}

impl Twins {
    /// A market before a history.
    pub fn new(history: &History) -> Self {
        let silent = Member {
            group: LenderGroup::Bank,
            active: true,
            lender: true,
            evaluated: 0,
        };
        let all = history
            .members
            .iter()
            .copied()
            .chain(std::iter::repeat_n(silent, history.silent_banks));
        let members: BTreeMap<MemberName, Member> = (1..).zip(all).collect();
        let mut network = Network::default();
        for (name, member) in &members {
            let standing = MemberStanding {
                lender_group: member.group,
                state: if member.active {
                    MemberState::Active
                } else {
                    MemberState::Left
                },
                is_lender: member.lender,
                latest_as_of: None,
                latest_batch: None,
            };
            network.members.insert(MemberNo(*name), standing);
        }
        let mut set = WorkingSet::new(Arc::new(MarketRules::default()), network, Box::new(Counter(0)));
        for (name, member) in &members {
            let usage = UsageRow {
                evaluations_ever: member.evaluated,
                ..UsageRow::default()
            };
            set.usage.insert(MemberNo(*name), usage);
        }
        Self {
            model: Model::new(members),
            set,
            now: START,
            sequence: 0,
            people: history.people,
            acting: history.members.len(),
            latest: BTreeMap::new(),
            corners: BTreeSet::new(),
        }
    }

    fn today(&self) -> NaiveDate {
        calendar::day_of(self.now)
    }

    /// Takes a step in both and compares.
    pub fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        self.now += step.pause * 60_000_000 + 1;
        let member = MemberName::try_from(step.member % self.acting).expect("few members") + 1;
        match &step.deed {
            Deed::Report {
                told,
                lag,
                reuses_pair,
            } => self.report_anew(member, told, *lag, *reuses_pair),
            Deed::Repeat {
                account,
                lag,
                exactly,
            } => self.repeat(member, *account, *lag, *exactly),
            Deed::Correct {
                told,
                version,
                keeps_pair,
            } => self.correct(member, told, *version, *keeps_pair),
            Deed::Delete { account } => self.delete(member, *account),
            Deed::Look {
                who,
                hard,
                review,
                currency,
            } => {
                let question = Question {
                    shown: who.shown(0, self.people, self.today()),
                    hard: *hard,
                    currency: *currency,
                };
                self.look(member, &question, *review)
            }
        }
    }

    fn next_pair(&mut self, lag: i64) -> Pair {
        self.sequence += 1;
        (calendar::shift(self.today(), -lag), self.sequence)
    }

    fn report_anew(
        &mut self,
        member: MemberName,
        told: &Told,
        lag: i64,
        reuses_pair: bool,
    ) -> Result<(), TestCaseError> {
        let account = account_name(told.account);
        let known = self.latest.get(&(member, account.clone())).map(|said| said.pair);
        let pair = match known.filter(|_| reuses_pair) {
            Some(pair) => pair,
            None => self.next_pair(lag),
        };
        let said = self.statement(account, told, pair);
        self.report(member, said)
    }

    fn repeat(
        &mut self,
        member: MemberName,
        account: usize,
        lag: i64,
        exactly: bool,
    ) -> Result<(), TestCaseError> {
        let Some(mut said) = self.latest.get(&(member, account_name(account))).cloned() else {
            return Ok(());
        };
        if !exactly {
            said.pair = self.next_pair(lag);
        }
        self.report(member, said)
    }

    fn statement(&self, account: String, told: &Told, pair: Pair) -> Statement {
        Statement {
            account,
            liable: told.liable(self.people, self.today()),
            facts: told.facts(self.today()),
            pair,
        }
    }

    fn report(&mut self, member: MemberName, said: Statement) -> Result<(), TestCaseError> {
        let expected = self.model.report(member, &said, self.now);
        let action = Action::Report(Box::new(report_of(&said)));
        let decided = self.decide(member, action);
        corners::of_report(&expected, &mut self.corners);
        prop_assert_eq!(recorded(&decided), expected.clone());
        if matches!(expected, Expected::Recorded(_)) {
            self.latest.insert((member, said.account.clone()), said);
        }
        Ok(())
    }

    fn correct(
        &mut self,
        member: MemberName,
        told: &Told,
        version: u64,
        keeps_pair: bool,
    ) -> Result<(), TestCaseError> {
        let account = account_name(told.account);
        let number = version % (self.model.versions_made(member, &account) + 2);
        let kept = self.model.pair_of(member, &account, number);
        let pair = match kept.filter(|_| keeps_pair) {
            Some(pair) => pair,
            None => self.next_pair(0),
        };
        let said = self.statement(account, told, pair);
        let expected = self.model.correct(member, number, &said, self.now);
        let action = Action::Correct(Box::new(Correction {
            report: report_of(&said),
            corrects_version: number,
            reason: "wrong".to_owned(),
        }));
        let decided = self.decide(member, action);
        corners::of_report(&expected, &mut self.corners);
        prop_assert_eq!(recorded(&decided), expected);
        Ok(())
    }

    fn delete(&mut self, member: MemberName, account: usize) -> Result<(), TestCaseError> {
        let account = account_name(account);
        let expected = self.model.delete(member, &account);
        let action = Action::Delete {
            account_ref: AccountRef::parse(&account).expect("a reference"),
            reason: DeletionReason::ReportedInError,
        };
        let decided = self.decide(member, action);
        corners::of_report(&expected, &mut self.corners);
        prop_assert_eq!(recorded(&decided), expected);
        Ok(())
    }

    fn look(&mut self, member: MemberName, question: &Question, review: bool) -> Result<(), TestCaseError> {
        let expected = match review {
            true => self.model.review(member, question, self.now),
            false => self.model.query(member, question, self.now),
        };
        let purpose = if question.hard {
            Purpose::NewCredit
        } else {
            Purpose::AccountReview
        };
        let action = Action::Look(Box::new(Look {
            kind: if review { LookKind::Review } else { LookKind::Query },
            answer_id: AnswerId([0; 16]),
            inquiry: Inquiry {
                tokens: question.shown.iter().map(presented).collect(),
                purpose,
                consent: consent(purpose, self.today()),
                currency: question.currency,
            },
        }));
        let decided = self.decide(member, action);
        corners::of_answer(&expected, &mut self.corners);
        prop_assert_eq!(answered(&decided), expected);
        Ok(())
    }

    /// What the core decides; a refusal must have changed nothing.
    fn decide(&mut self, member: MemberName, action: Action) -> Result<Outcome, Refused> {
        let write = Write {
            member_no: MemberNo(member),
            member_id: MemberId::parse(&format!("member-{member}")).expect("a name"),
            certificate: Fingerprint([0; 32]),
            request: None,
            salt: [0; 32],
            action,
        };
        let decided = decide(&mut self.set, &write, Timestamp::from_micros(self.now));
        let changes = std::mem::take(&mut self.set.changes);
        assert!(
            decided.is_ok() || changes.is_empty(),
            "a refused write left a trace"
        );
        let rarities = std::mem::take(&mut self.model.rarities);
        self.corners.extend(rarities.into_iter().map(str::to_owned));
        decided.map(|decision| decision.outcome)
    }
}

fn account_name(account: usize) -> String {
    format!("A-{account}")
}

fn presented(shown: &Shown) -> Presented<Pseudonym> {
    let mut sealed = [0; 48];
    let text = shown.identity.text.as_bytes();
    sealed[..text.len()].copy_from_slice(text);
    Presented {
        token: Pseudonym {
            identifier_type: shown.identity.kind,
            key_version: KeyVersion(1),
            sealed,
        },
        verified_on: shown.verified_on,
    }
}

fn report_of(said: &Statement) -> Report {
    let liabilities = said
        .liable
        .iter()
        .map(|liable| Liability {
            role: liable.role,
            tokens: liable.shown.iter().map(presented).collect(),
        })
        .collect();
    let position = Position {
        account_ref: AccountRef::parse(&said.account).expect("a reference"),
        liabilities,
        facts: said.facts.clone(),
        order: ReportOrder {
            as_of: said.pair.0,
            sequence: said.pair.1,
        },
    };
    Report {
        position: position.into(),
        event: None,
        violations: Vec::new(),
        warnings: Vec::new(),
        token_digests: None,
    }
}

fn consent(purpose: Purpose, today: NaiveDate) -> Consent {
    Consent {
        reference: "consent".to_owned(),
        purposes: vec![purpose],
        granted_on: today,
        expires_on: today,
        text_sha256: Sha256([0; 32]),
    }
}

fn codes(refused: &Refused) -> BTreeSet<&'static str> {
    refused
        .violations
        .iter()
        .map(|broken| broken.code.as_str())
        .collect()
}

fn recorded(decided: &Result<Outcome, Refused>) -> Expected {
    match decided {
        Ok(Outcome::Recorded { version, .. }) => Expected::Recorded(*version),
        Ok(Outcome::Deleted) => Expected::Deleted,
        Ok(other) => panic!("neither recorded nor deleted: {other:?}"),
        Err(refused) => Expected::Refused(codes(refused)),
    }
}

fn answered(decided: &Result<Outcome, Refused>) -> ExpectedAnswer {
    match decided {
        Ok(Outcome::Answered(answer)) => {
            ExpectedAnswer::Answered(Box::new(answer.figures.clone()), answer.own)
        }
        Ok(other) => panic!("not answered: {other:?}"),
        Err(refused) => ExpectedAnswer::Refused(refused.violations[0].code.as_str()),
    }
}
