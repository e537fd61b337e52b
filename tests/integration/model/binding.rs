//! Who is who: identities that mean one person (semantics 1.1).

use std::collections::{BTreeMap, BTreeSet};

use super::{Identity, Liable, Model, Person};

/// Which identities are known, and which of them mean the same person.
#[derive(Debug, Clone, Default)]
pub struct Kin {
    of: BTreeMap<Identity, Person>,
    made: usize,
}

impl Kin {
    /// The person an identity means, if it is known.
    pub fn of(&self, identity: &Identity) -> Option<Person> {
        self.of.get(identity).copied()
    }

    /// Someone liable: strong identities decide.
    pub fn person(&self, liable: &Liable) -> Option<Person> {
        match liable.strong().first() {
            Some(strong) => self.of(strong),
            None => self.of(liable.mobile()?),
        }
    }

    /// Some identity of a person.
    pub fn a_name_of(&self, person: Person) -> Option<Identity> {
        let named = self.of.iter().find(|(_, meant)| **meant == person);
        named.map(|(identity, _)| identity.clone())
    }

    /// Makes a new person.
    pub fn make(&mut self) -> Person {
        self.made += 1;
        self.made
    }

    /// An unknown identity means a person from now on.
    pub fn add(&mut self, identity: &Identity, person: Person) {
        self.of.entry(identity.clone()).or_insert(person);
    }

    fn absorb(&mut self, gone: Person, stays: Person) {
        for person in self.of.values_mut().filter(|person| **person == gone) {
            *person = stays;
        }
    }
}

impl Model {
    /// What binding the liable of a report makes of the identities, and who is absorbed; `None` on a conflict.
    pub(super) fn bind(&self, all: &[Liable]) -> Option<(Kin, BTreeSet<Person>)> {
        let (mut kin, mut absorbed) = (self.kin.clone(), BTreeSet::new());
        for liable in all {
            if let Some(person) = self.bind_strong(&mut kin, liable, &mut absorbed)? {
                for identity in liable.strong() {
                    kin.add(identity, person);
                }
            }
            if let Some(mobile) = liable.mobile().filter(|mobile| kin.of(mobile).is_none()) {
                let number = kin.make();
                kin.add(mobile, number);
            }
        }
        Some((kin, absorbed))
    }

    /// The person whom strong identities mean; `None` outside on a conflict, inside when there are none.
    fn bind_strong(
        &self,
        kin: &mut Kin,
        liable: &Liable,
        absorbed: &mut BTreeSet<Person>,
    ) -> Option<Option<Person>> {
        let strong = liable.strong();
        if strong.is_empty() {
            return Some(None);
        }
        let known: Vec<Person> = strong.iter().filter_map(|identity| kin.of(identity)).collect();
        let Some(first) = known.first().copied() else {
            return Some(Some(kin.make()));
        };
        let distinct: BTreeSet<Person> = known.into_iter().collect();
        let holders: Vec<Person> = match distinct.len() {
            1 => Vec::new(),
            _ => distinct
                .iter()
                .copied()
                .filter(|person| self.has_position(kin, *person))
                .collect(),
        };
        if holders.len() > 1 {
            return None;
        }
        let stays = holders.first().copied().unwrap_or(first);
        for gone in distinct.into_iter().filter(|person| *person != stays) {
            kin.absorb(gone, stays);
            absorbed.insert(gone);
        }
        Some(Some(stays))
    }

    fn has_position(&self, kin: &Kin, person: Person) -> bool {
        let kept = self.accounts.values().filter(|account| !account.deleted);
        kept.into_iter()
            .any(|account| account.concerns(kin).contains_key(&person))
    }
}
