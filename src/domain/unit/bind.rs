//! Which subject a report concerns (semantics, 1.1 and 1.3): strong tokens decide, a mobile only links.
//!
//! Binding is planned on the working set without touching it, so that a report that is refused for another reason
//! leaves no trace; [`Plan::carry_out`] then does what was planned.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::WorkingSet;
use super::merge;
use super::rows::LinkRow;
use super::working_set::Change;
use crate::domain::date::Timestamp;
use crate::domain::names::{MemberNo, SubjectId, TokenId};
use crate::domain::position::{Liability, LiabilityRole};
use crate::domain::token::{Presented, Pseudonym, Shown, Token as _, TokenRef, TokenRow};
use crate::domain::violation::{Code, Violation};

/// What binding a report's liabilities will do.
#[derive(Debug)]
pub(super) struct Plan {
    at: Timestamp,
    new_tokens: Vec<(Pseudonym, TokenRow)>,
    /// (absorbed, kept), in order.
    absorbed: Vec<(SubjectId, SubjectId)>,
    /// (mobile-only subject, strong subject).
    links: Vec<(SubjectId, SubjectId)>,
    /// One for each liability, in order.
    pub(super) bound: Vec<BoundLiability>,
}

/// A liability with its subject and its tokens as stored.
#[derive(Debug, Clone)]
pub(super) struct BoundLiability {
    pub(super) subject_id: SubjectId,
    pub(super) liability: Liability<TokenRef>,
}

impl Plan {
    fn at(at: Timestamp) -> Self {
        Self {
            at,
            new_tokens: Vec::new(),
            absorbed: Vec::new(),
            links: Vec::new(),
            bound: Vec::new(),
        }
    }

    /// Plans the binding of a report's liabilities, in order. Every conflict becomes a violation.
    /// `at`: now, for reservations run out.
    pub(super) fn of(
        set: &mut WorkingSet,
        liabilities: &[Liability<Shown>],
        at: Timestamp,
    ) -> Result<Self, Vec<Violation>> {
        let mut plan = Self::at(at);
        let mut violations = Vec::new();
        for (index, liability) in liabilities.iter().enumerate() {
            if let Err(conflict) = plan.bind(set, index, liability) {
                violations.push(conflict);
            }
        }
        if violations.is_empty() {
            plan.settle();
            Ok(plan)
        } else {
            Err(violations)
        }
    }

    /// The subject of the PRIMARY liability.
    pub(super) fn holder(&self) -> Option<SubjectId> {
        self.bound.first().map(|bound| bound.subject_id)
    }

    /// Everyone liable, as stored.
    pub(super) fn liabilities(&self) -> Vec<Liability<TokenRef>> {
        self.bound.iter().map(|bound| bound.liability.clone()).collect()
    }

    /// Each liable subject once, own debt winning over contingent.
    pub(super) fn roles(&self) -> Vec<(SubjectId, LiabilityRole)> {
        let mut roles: Vec<(SubjectId, LiabilityRole)> = Vec::with_capacity(self.bound.len());
        for bound in &self.bound {
            let role = bound.liability.role;
            match roles.iter_mut().find(|(subject, _)| *subject == bound.subject_id) {
                Some((_, known)) if !known.is_own_debt() && role.is_own_debt() => *known = role,
                Some(_) => {}
                None => roles.push((bound.subject_id, role)),
            }
        }
        roles
    }

    /// Where a subject is after the absorptions planned so far.
    pub(super) fn follow(&self, subject: SubjectId) -> SubjectId {
        self.absorbed
            .iter()
            .fold(subject, |at, (from, to)| if at == *from { *to } else { at })
    }

    fn find(&self, set: &WorkingSet, token: &Shown) -> Option<TokenRow> {
        let mut row = match token {
            Shown::Sealed(pseudonym) => {
                let planned = self.new_tokens.iter().find(|(known, _)| known == pseudonym);
                let planned = planned.map(|(_, row)| *row);
                planned.or_else(|| set.tokens.get(pseudonym).copied())?
            }
            Shown::OnFile(token) => TokenRow {
                token_id: token.token_id,
                identifier_type: token.identifier_type,
                subject_id: set.known_tokens.get(&token.token_id).copied()?,
            },
        };
        row.subject_id = self.follow(row.subject_id);
        Some(row)
    }

    fn bind(
        &mut self,
        set: &mut WorkingSet,
        index: usize,
        liability: &Liability<Shown>,
    ) -> Result<(), Violation> {
        let strong: Vec<&Shown> = tokens_of(liability, true).collect();
        let mobile = tokens_of(liability, false).next();
        let strong_subject = match self.strong_subject(set, &strong) {
            Ok(subject) => subject,
            Err(Conflict) => {
                return Err(Violation::new(
                    Code::IdentityConflict,
                    format!("position.liabilities[{index}].tokens"),
                    "these identifiers are on file for different subjects that both have loans or reservations: report only the \
                     identifier that you verified, or ask the operator to merge the subjects",
                ));
            }
        };
        for token in strong {
            if let Some(subject) = strong_subject {
                self.learn(set, token, subject);
            }
        }
        let mobile_subject = mobile.map(|token| self.mobile_subject(set, token));
        if let (Some(subject), Some(mobile)) = (strong_subject, mobile_subject) {
            self.links.push((mobile, subject));
        }
        // A liability has at least one token, so one of the two is there.
        if let Some(subject_id) = strong_subject.or(mobile_subject) {
            let tokens = liability
                .tokens
                .iter()
                .filter_map(|shown| self.stored_form(set, shown))
                .collect();
            let liability = Liability {
                role: liability.role,
                tokens,
            };
            self.bound.push(BoundLiability {
                subject_id,
                liability,
            });
        }
        Ok(())
    }

    /// `None` when there is no strong token.
    fn strong_subject(
        &mut self,
        set: &mut WorkingSet,
        strong: &[&Shown],
    ) -> Result<Option<SubjectId>, Conflict> {
        if strong.is_empty() {
            return Ok(None);
        }
        let known: Vec<SubjectId> = strong
            .iter()
            .filter_map(|token| self.find(set, token))
            .map(|row| row.subject_id)
            .collect();
        let distinct: BTreeSet<SubjectId> = known.iter().copied().collect();
        let Some(first) = known.first().copied() else {
            return Ok(Some(SubjectId(set.numbers.next())));
        };
        if distinct.len() == 1 {
            return Ok(Some(first));
        }
        let mut holders = distinct
            .iter()
            .copied()
            .filter(|subject| self.is_held(set, *subject));
        let keep = holders.next().unwrap_or(first);
        if holders.next().is_some() {
            return Err(Conflict);
        }
        self.absorbed.extend(
            distinct
                .into_iter()
                .filter(|subject| *subject != keep)
                .map(|from| (from, keep)),
        );
        Ok(Some(keep))
    }

    /// Whether a subject, or one it absorbed in this plan, has a position that was not deleted or a live reservation.
    fn is_held(&self, set: &WorkingSet, subject: SubjectId) -> bool {
        set.subjects
            .iter()
            .filter(|(candidate, _)| self.follow(**candidate) == subject)
            .any(|(_, rows)| {
                rows.positions.values().any(|row| row.deleted.is_none())
                    || rows.reservations.iter().any(|row| row.is_live(self.at))
            })
    }

    fn learn(&mut self, set: &mut WorkingSet, token: &Shown, subject_id: SubjectId) {
        // What was recognised is on file.
        if let (Shown::Sealed(pseudonym), None) = (token, self.find(set, token)) {
            let row = TokenRow {
                token_id: TokenId(set.numbers.next()),
                identifier_type: pseudonym.identifier_type,
                subject_id,
            };
            self.new_tokens.push((pseudonym.clone(), row));
        }
    }

    fn mobile_subject(&mut self, set: &mut WorkingSet, token: &Shown) -> SubjectId {
        if let Some(row) = self.find(set, token) {
            return row.subject_id;
        }
        let subject = SubjectId(set.numbers.next());
        self.learn(set, token, subject);
        subject
    }

    fn stored_form(&self, set: &WorkingSet, shown: &Presented<Shown>) -> Option<Presented<TokenRef>> {
        let row = self.find(set, &shown.token)?;
        let token = TokenRef {
            identifier_type: row.identifier_type,
            token_id: row.token_id,
        };
        Some(Presented {
            token,
            verified_on: shown.verified_on,
        })
    }

    /// A later liability may have absorbed the subject of an earlier one.
    fn settle(&mut self) {
        for index in 0..self.bound.len() {
            self.bound[index].subject_id = self.follow(self.bound[index].subject_id);
        }
        for index in 0..self.links.len() {
            self.links[index].1 = self.follow(self.links[index].1);
        }
        for index in 0..self.new_tokens.len() {
            self.new_tokens[index].1.subject_id = self.follow(self.new_tokens[index].1.subject_id);
        }
    }

    /// Does what was planned: absorbs subjects, inserts tokens, refreshes links.
    pub(super) fn carry_out(&self, set: &mut WorkingSet, member_no: MemberNo, today: NaiveDate) {
        for (from, to) in &self.absorbed {
            merge::absorb(set, *from, *to);
            set.changes.push(Change::DropFrozen(*from));
        }
        for (pseudonym, row) in &self.new_tokens {
            set.tokens.insert(pseudonym.clone(), *row);
            set.changes.push(Change::InsertToken(pseudonym.clone(), *row));
        }
        self.refresh_links(set, member_no, today);
    }

    fn refresh_links(&self, set: &mut WorkingSet, member_no: MemberNo, today: NaiveDate) {
        for (mobile_subject, subject_id) in self.links.iter().copied() {
            let links = set.links.entry(mobile_subject).or_default();
            let known = links
                .iter_mut()
                .find(|link| link.subject_id == subject_id && link.member_no == member_no);
            let link = LinkRow {
                mobile_subject,
                subject_id,
                member_no,
                last_seen: today,
            };
            match known {
                Some(row) if row.last_seen >= today => continue,
                Some(row) => *row = link,
                None => links.push(link),
            }
            set.changes.push(Change::PutLink(link));
        }
    }
}

struct Conflict;

fn tokens_of(liability: &Liability<Shown>, strong: bool) -> impl Iterator<Item = &Shown> {
    liability
        .tokens
        .iter()
        .map(|shown| &shown.token)
        .filter(move |token| token.identifier_type().is_strong() == strong)
}

/// Whether a liability carries a strong token.
pub(super) fn has_strong(liability: &Liability<TokenRef>) -> bool {
    liability
        .tokens
        .iter()
        .any(|shown| shown.token.identifier_type.is_strong())
}

/// Whether a stored liability and a presented one name the same tokens in the same role.
pub(super) fn same_tokens(
    set: &WorkingSet,
    stored: &Liability<TokenRef>,
    presented: &Liability<Shown>,
) -> bool {
    let id = |shown: &Presented<Shown>| match &shown.token {
        Shown::Sealed(pseudonym) => set.tokens.get(pseudonym).map(|row| row.token_id),
        Shown::OnFile(token) => Some(token.token_id),
    };
    stored.role == presented.role
        && stored.tokens.len() == presented.tokens.len()
        && stored
            .tokens
            .iter()
            .zip(&presented.tokens)
            .all(|(a, b)| Some(a.token.token_id) == id(b))
}
