//! Whom a query means (semantics 1.2 to 1.6).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{Identity, MemberName, Model, Person, Shown, calendar};

/// How long a link stays current.
const CURRENT_DAYS: i64 = 180;

/// Whom a query means.
pub enum Meant {
    /// Different persons; SHARED_MOBILE or not.
    Several(BTreeSet<Person>, bool),
    /// One, or none that is known yet.
    One(One),
}

/// One person as a query means it.
pub struct One {
    /// The person; `None` when nothing is known under the tokens.
    pub person: Option<Person>,
    /// The number that joins, with the day of the query's proof.
    pub number: Option<(Person, Option<NaiveDate>)>,
    /// Whether a strong token was shown.
    pub strong: bool,
    /// Whether the number's only current link is the person.
    pub only_link: bool,
    /// SHARED_MOBILE by 1.5.
    pub shared: bool,
}

impl Model {
    /// Resolves the tokens of a query of `member`.
    pub(super) fn meant(&self, shown: &[Shown], member: MemberName, today: NaiveDate) -> Meant {
        let strong: Vec<&Identity> = shown
            .iter()
            .map(|shown| &shown.identity)
            .filter(|identity| identity.is_strong())
            .collect();
        let known: BTreeSet<Person> = strong
            .iter()
            .filter_map(|identity| self.kin.of(identity))
            .collect();
        if known.len() > 1 {
            return Meant::Several(known, false);
        }
        let mobile = shown.iter().find(|shown| !shown.identity.is_strong());
        let links = mobile.map_or_else(Vec::new, |shown| self.current_links(&shown.identity, today));
        let number = mobile.and_then(|shown| Some((self.kin.of(&shown.identity)?, shown.verified_on)));
        let linked: BTreeSet<Person> = links.iter().map(|(person, _)| *person).collect();
        let person = known.first().copied();
        if strong.is_empty() {
            return Self::by_number(number, &links, &linked, member);
        }
        let others: Vec<_> = links
            .iter()
            .filter(|(linked, _)| Some(*linked) != person)
            .collect();
        Meant::One(One {
            person,
            number: number.filter(|_| others.is_empty()),
            strong: true,
            only_link: others.is_empty() && !links.is_empty(),
            shared: others.iter().any(|(_, by)| *by != member),
        })
    }

    fn by_number(
        number: Option<(Person, Option<NaiveDate>)>,
        links: &[(Person, MemberName)],
        linked: &BTreeSet<Person>,
        member: MemberName,
    ) -> Meant {
        if linked.len() > 1 {
            let shared = links.iter().any(|(_, by)| *by != member);
            return Meant::Several(linked.clone(), shared);
        }
        let only = linked.first().copied();
        Meant::One(One {
            person: only.or(number.map(|(person, _)| person)),
            number: number.filter(|_| only.is_some()),
            strong: false,
            only_link: only.is_some(),
            shared: false,
        })
    }

    /// (person, reporting member) of each current link of a number.
    fn current_links(&self, mobile: &Identity, today: NaiveDate) -> Vec<(Person, MemberName)> {
        let mut last_seen: BTreeMap<(Person, MemberName), NaiveDate> = BTreeMap::new();
        for sighting in self
            .sightings
            .iter()
            .filter(|sighting| sighting.mobile == *mobile)
        {
            let person = self.kin.of(&sighting.strong).expect("a sighting was bound");
            let seen = last_seen.entry((person, sighting.member)).or_insert(sighting.day);
            *seen = (*seen).max(sighting.day);
        }
        let recent: Vec<_> = last_seen
            .iter()
            .filter(|(_, day)| calendar::within_last(**day, CURRENT_DAYS, today))
            .map(|(link, _)| *link)
            .collect();
        if !recent.is_empty() {
            return recent;
        }
        let latest = last_seen.values().copied().max();
        let stale = last_seen.iter().filter(|(_, day)| Some(**day) == latest);
        stale.map(|(link, _)| *link).collect()
    }
}

/// 1.6: whether a mobile-only position joins an answer: true today, and reported for a holder of the number that the
/// query's proof still covers.
pub fn qualifies(as_of: NaiveDate, opened_on: NaiveDate, proof: Option<NaiveDate>, today: NaiveDate) -> bool {
    calendar::within_last(as_of, CURRENT_DAYS, today)
        && proof.is_some_and(|day| day >= calendar::shift(opened_on, -CURRENT_DAYS))
}
