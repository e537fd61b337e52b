//! Queries and reviews: answered, recorded, frozen (semantics 1.2, 1.7, 4).

use chrono::NaiveDate;
use tallystick::domain::exposure::{Figures, MatchLevel, SignalType, SubjectState};

use super::loans::Rows;
use super::resolution::{Meant, One};
use super::{ExpectedAnswer, Frozen, Identity, Look, MemberName, Model, Person, Question, calendar};

/// Days over which subjects created by inquiry are counted.
const CREATION_DAYS: i64 = 30;

impl Model {
    /// A member queries at `now`.
    pub fn query(&mut self, member: MemberName, question: &Question, now: i64) -> ExpectedAnswer {
        self.look(member, question, now, false)
    }

    /// A member reviews one subject of its portfolio.
    pub fn review(&mut self, member: MemberName, question: &Question, now: i64) -> ExpectedAnswer {
        self.look(member, question, now, true)
    }

    fn look(&mut self, member: MemberName, question: &Question, now: i64, review: bool) -> ExpectedAnswer {
        match self.meant(&question.shown, member, calendar::day_of(now)) {
            Meant::Several(persons, shared) => {
                let strong = question.shown.iter().any(|shown| shown.identity.is_strong());
                for person in persons {
                    let at_whom = self.a_name_of(person);
                    self.record(member, question, now, at_whom, (review, strong, false));
                }
                ExpectedAnswer::Answered(Box::new(self.conflict(member, question, now, shared)), None)
            }
            Meant::One(one) => self.look_at(member, question, now, review, &one),
        }
    }

    fn look_at(
        &mut self,
        member: MemberName,
        question: &Question,
        now: i64,
        review: bool,
        one: &One,
    ) -> ExpectedAnswer {
        let today = calendar::day_of(now);
        let person = match one.person {
            Some(person) => person,
            None => match self.create(member, question, today) {
                Some(person) => person,
                None => return ExpectedAnswer::Refused("TOKENS_NOT_EVALUATED"),
            },
        };
        if review && self.reviewed(person, member, one.strong, today) {
            return ExpectedAnswer::Refused("ALREADY_REVIEWED_TODAY");
        }
        let kept = self.frozen.iter().find(|kept| {
            (kept.person, kept.member, kept.day) == (person, member, today)
                && (kept.hard, kept.with_strong) == (question.hard, one.strong)
        });
        let rows = Rows::of(self, person, one, member, now);
        let rarities = [
            ("frozen again", kept.is_some()),
            ("recycled number", rows.left_out),
            (
                "look at the number",
                one.only_link && rows.looks.iter().any(|look| !look.at_whom.is_strong()),
            ),
        ];
        let figures = match kept {
            Some(kept) => kept.figures.clone(),
            None => self.figures(member, question.currency, now, one, &rows),
        };
        let own = self.own(member, figures.currency, now, &rows);
        self.rarities
            .extend(rarities.iter().filter(|(_, is)| *is).map(|(name, _)| *name));
        if kept.is_none() && !review {
            self.frozen.push(Frozen {
                person,
                member,
                day: today,
                hard: question.hard,
                with_strong: one.strong,
                figures: figures.clone(),
            });
        }
        let at_whom = self.a_name_of(person);
        self.record(member, question, now, at_whom, (review, one.strong, true));
        ExpectedAnswer::Answered(Box::new(figures), Some(own))
    }

    /// A subject for a query that names nobody known, if the member may still create one.
    fn create(&mut self, member: MemberName, question: &Question, today: NaiveDate) -> Option<Person> {
        let created = self
            .created
            .iter()
            .filter(|(by, day)| *by == member && calendar::within_last(*day, CREATION_DAYS, today))
            .count();
        if u64::try_from(created).expect("few") + 1 > self.members[&member].evaluated {
            return None;
        }
        self.created.push((member, today));
        let mut names: Vec<&Identity> = question.shown.iter().map(|shown| &shown.identity).collect();
        names.sort();
        let person = self.kin.make();
        self.kin.add(names[0], person);
        Some(person)
    }

    fn reviewed(&self, person: Person, member: MemberName, with_strong: bool, today: NaiveDate) -> bool {
        self.looks.iter().any(|look| {
            look.review
                && look.counted
                && look.member == member
                && look.with_strong == with_strong
                && calendar::day_of(look.at) == today
                && self.kin.of(&look.at_whom) == Some(person)
        })
    }

    /// Any identity of a person: whoever the person becomes, it stays one of them.
    fn a_name_of(&self, person: Person) -> Identity {
        self.kin.a_name_of(person).expect("a person has a name")
    }

    fn record(
        &mut self,
        member: MemberName,
        question: &Question,
        now: i64,
        at_whom: Identity,
        (review, with_strong, counted): (bool, bool, bool),
    ) {
        self.looks.push(Look {
            at_whom,
            member,
            at: now,
            review,
            hard: question.hard,
            with_strong,
            counted,
        });
    }

    fn conflict(&self, member: MemberName, question: &Question, now: i64, shared: bool) -> Figures {
        Figures {
            as_of: tallystick::domain::date::Timestamp::from_micros(now),
            state: SubjectState::IdentityConflict,
            match_level: MatchLevel::None,
            coverage_percent: self.coverage(member, calendar::day_of(now)),
            currency: question.currency,
            others: None,
            signals: if shared {
                vec![SignalType::SharedMobile]
            } else {
                Vec::new()
            },
        }
    }
}
