//! What should have come of a village's deeds, one after another: by the model written from the semantics alone, and by
//! the domain's own rules on rows that never leave memory (which alone know merges, splits and the most looks of a day).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tallystick::domain::date::Timestamp;
use tallystick::domain::exposure::{Answer, Figures, OwnExposure};
use tallystick::domain::inquiry::Inquiry;
use tallystick::domain::member::{Member as Registered, MemberState, Role};
use tallystick::domain::names::{AccountRef, AnswerId, Fingerprint, MemberId, MemberNo};
use tallystick::domain::position::{DeletionReason, EventType, Liability, Position, ReportOrder};
use tallystick::domain::token::{KeyVersion, Presented, Pseudonym};
use tallystick::domain::unit::rows::{LookKind, UsageRow};
use tallystick::domain::unit::working_set::{MemberStanding, Network, Numbers};
use tallystick::domain::unit::{
    Action, Administration, Correction, Look, Outcome, Receipt, Report, WorkingSet, Write, decide,
};
use tallystick::wire::convert::exposure::answer_to_wire;
use tallystick::wire::pb;

use super::client::{Told, consent, purpose};
use super::village::Deed;
use crate::model::{
    Expected, ExpectedAnswer, Identity, Member, MemberName, Model, Question, Shown, Statement,
};
use crate::store::market::one_operator;

/// Evaluations that no look of the load uses up.
const EVALUATED: u64 = 1_000_000;

struct Counter(i64);

impl Numbers for Counter {
    fn next(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}

/// Both, side by side.
pub struct Judge {
    /// `None` where operators merge and split.
    model: Option<Model>,
    set: WorkingSet,
}

impl Judge {
    /// Before the settlement of a village.
    pub fn new(register: &[Registered], operated: bool) -> Self {
        let mut members = BTreeMap::new();
        let mut network = Network::default();
        for member in register {
            let is_lender = member.has_role(Role::Lender);
            let known = Member {
                group: member.lender_group,
                active: member.state == MemberState::Active,
                lender: is_lender,
                evaluated: EVALUATED,
            };
            members.insert(member.member_no.0, known);
            let standing = MemberStanding {
                lender_group: member.lender_group,
                state: member.state,
                is_lender,
                latest_as_of: None,
                latest_batch: None,
            };
            network.members.insert(member.member_no, standing);
        }
        let mut set = WorkingSet::new(Arc::new(one_operator()), network, Box::new(Counter(0)));
        for member in register {
            let usage = UsageRow {
                evaluations_ever: EVALUATED,
                ..UsageRow::default()
            };
            set.usage.insert(member.member_no, usage);
        }
        Self {
            model: (!operated).then(|| Model::new(members)),
            set,
        }
    }

    /// Another in the same state, to try something on.
    pub fn copy(&self) -> Self {
        let from = &self.set;
        let numbers = Box::new(Counter(1 << 40));
        let mut set = WorkingSet::new(from.rules.clone(), from.network.clone(), numbers);
        set.tokens.clone_from(&from.tokens);
        set.subjects.clone_from(&from.subjects);
        set.links.clone_from(&from.links);
        set.accounts.clone_from(&from.accounts);
        set.liable.clone_from(&from.liable);
        set.past_versions.clone_from(&from.past_versions);
        set.usage.clone_from(&from.usage);
        Self {
            model: self.model.clone(),
            set,
        }
    }

    /// The rows in memory.
    pub fn rows(&self) -> &WorkingSet {
        &self.set
    }

    /// Does a deed at an instant; fails unless both come to what a member was told.
    pub fn take(
        &mut self,
        member: MemberName,
        deed: &Deed,
        at: Timestamp,
        told: &Told,
    ) -> Result<(), String> {
        let by_rules = self.by_rules(member, deed, at, told);
        if by_rules != *told {
            return Err(format!("by the rules: {by_rules:?}"));
        }
        match self.by_model(member, deed, at, told) {
            Some(by_model) if by_model != *told => Err(format!("by the model: {by_model:?}")),
            Some(_) | None => Ok(()),
        }
    }

    fn by_model(&mut self, member: MemberName, deed: &Deed, at: Timestamp, told: &Told) -> Option<Told> {
        // The model knows no limit to looks.
        if matches!(told, Told::Refused(codes) if codes.contains("QUOTA_EXCEEDED")) {
            return None;
        }
        let (model, now) = (self.model.as_mut()?, at.micros());
        Some(match deed {
            Deed::Report(said) => expected(model.report(member, said, now)),
            Deed::Correct(said, version) => expected(model.correct(member, *version, said, now)),
            Deed::Delete(account) => expected(model.delete(member, account)),
            Deed::Look { question, review } => {
                let answer = match review {
                    true => model.review(member, question, now),
                    false => model.query(member, question, now),
                };
                match answer {
                    ExpectedAnswer::Answered(figures, own) => answered(*figures, own, at, told),
                    ExpectedAnswer::Refused(code) => Told::Refused(BTreeSet::from([code.to_owned()])),
                }
            }
            Deed::Merge { .. } | Deed::Split(_) => return None,
        })
    }

    fn by_rules(&mut self, member: MemberName, deed: &Deed, at: Timestamp, told: &Told) -> Told {
        let write = Write {
            member_no: MemberNo(member),
            member_id: MemberId::parse("somebody").unwrap(),
            certificate: Fingerprint([0; 32]),
            request: None,
            salt: [0; 32],
            action: action(deed),
        };
        let decided = decide(&mut self.set, &write, at);
        self.set.changes.clear();
        match decided.map(|decision| decision.outcome) {
            Ok(Outcome::Recorded { version, .. }) => Told::Recorded(version),
            Ok(Outcome::Deleted) => Told::Deleted,
            Ok(Outcome::Answered(answer)) => answered(answer.figures, answer.own, answer.answered_at, told),
            Ok(Outcome::Approved { done: true }) => Told::Done,
            Ok(other) => panic!("{other:?}"),
            Err(refused) => {
                let codes = refused
                    .violations
                    .iter()
                    .map(|broken| broken.code.as_str().to_owned());
                Told::Refused(codes.collect())
            }
        }
    }
}

fn expected(expected: Expected) -> Told {
    match expected {
        Expected::Recorded(version) => Told::Recorded(version),
        Expected::Deleted => Told::Deleted,
        Expected::Refused(codes) => Told::Refused(codes.into_iter().map(str::to_owned).collect()),
    }
}

/// The whole message. Only its name and receipt, which are chance, are taken from what was told.
fn answered(figures: Figures, own: Option<OwnExposure>, answered_at: Timestamp, told: &Told) -> Told {
    let answer = Answer {
        answer_id: AnswerId([0; 16]),
        answered_at,
        figures,
        own,
    };
    let receipt = Receipt {
        salt: [0; 32],
        leaf: [0; 32],
    };
    let mut wanted = answer_to_wire(&answer, &receipt);
    if let Told::Answered(got) = told {
        wanted = pb::ExposureAnswer {
            answer_id: got.answer_id.clone(),
            audit_salt: got.audit_salt.clone(),
            audit_leaf: got.audit_leaf.clone(),
            ..wanted
        };
    }
    Told::Answered(Box::new(wanted))
}

fn action(deed: &Deed) -> Action {
    match deed {
        Deed::Report(said) => Action::Report(Box::new(report(said))),
        Deed::Correct(said, version) => Action::Correct(Box::new(Correction {
            report: report(said),
            corrects_version: *version,
            reason: "typing error".to_owned(),
        })),
        Deed::Delete(account) => Action::Delete {
            account_ref: AccountRef::parse(account).unwrap(),
            reason: DeletionReason::ReportedInError,
        },
        Deed::Look { question, review } => look(question, *review),
        Deed::Merge { keep, merge } => Action::Administer(Box::new(Administration::MergeSubjects {
            keep: pseudonym(keep),
            merge: pseudonym(merge),
            reason: "one person".to_owned(),
        })),
        Deed::Split(identity) => Action::Administer(Box::new(Administration::SplitSubject {
            token: pseudonym(identity),
            reason: "two people".to_owned(),
        })),
    }
}

fn look(question: &Question, review: bool) -> Action {
    Action::Look(Box::new(Look {
        kind: if review { LookKind::Review } else { LookKind::Query },
        answer_id: AnswerId([0; 16]),
        inquiry: Inquiry {
            tokens: question.shown.iter().map(presented).collect(),
            purpose: purpose(question),
            consent: consent(),
            currency: question.currency,
        },
    }))
}

fn report(said: &Statement) -> Report {
    let liabilities = said.liable.iter().map(|liable| Liability {
        role: liable.role,
        tokens: liable.shown.iter().map(presented).collect(),
    });
    let position = Position {
        account_ref: AccountRef::parse(&said.account).unwrap(),
        liabilities: liabilities.collect(),
        facts: said.facts.clone(),
        order: ReportOrder {
            as_of: said.pair.0,
            sequence: said.pair.1,
        },
    };
    Report {
        position: position.into(),
        event: Some(EventType::PeriodClose),
        violations: Vec::new(),
        warnings: Vec::new(),
        token_digests: None,
    }
}

fn presented(shown: &Shown) -> Presented<Pseudonym> {
    Presented {
        token: pseudonym(&shown.identity),
        verified_on: shown.verified_on,
    }
}

/// Nothing is sealed here: any bytes that are the identity's own will do.
fn pseudonym(identity: &Identity) -> Pseudonym {
    let mut sealed = [0; 48];
    sealed[..identity.text.len()].copy_from_slice(identity.text.as_bytes());
    Pseudonym {
        identifier_type: identity.kind,
        key_version: KeyVersion(1),
        sealed,
    }
}
