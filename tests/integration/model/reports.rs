//! Reports, corrections and deletions: versions in time (semantics 2 *Versions*, 5, 6).

use std::collections::BTreeSet;

use super::{Expected, MemberName, Model, Pair, Sighting, Statement, Version, calendar, change};

impl Model {
    /// A member reports a position at `now` (microseconds).
    pub fn report(&mut self, member: MemberName, said: &Statement, now: i64) -> Expected {
        let key = (member, said.account.clone());
        let Some(account) = self.accounts.get(&key) else {
            return self.accept(member, said, now, None, BTreeSet::new());
        };
        if account.deleted {
            return Expected::refused("ACCOUNT_DELETED");
        }
        let current = account.current();
        let same = current.facts == said.facts
            && current.liable.len() == said.liable.len()
            && current
                .liable
                .iter()
                .zip(&said.liable)
                .all(|(a, b)| a.says_the_same(b));
        if said.pair < current.pair() {
            return Expected::refused("STALE_SEQUENCE");
        }
        if said.pair == current.pair() {
            return match same {
                true => Expected::Recorded(current.number),
                false => Expected::refused("PAIR_REUSED"),
            };
        }
        if same {
            let number = current.number;
            self.advance(&key, number, said, now);
            return Expected::Recorded(number);
        }
        let broken = change::broken(current, said, false);
        self.accept(member, said, now, None, broken)
    }

    /// A member replaces a version.
    pub fn correct(&mut self, member: MemberName, number: u64, said: &Statement, now: i64) -> Expected {
        let Some(account) = self.accounts.get(&(member, said.account.clone())) else {
            return Expected::refused("ACCOUNT_UNKNOWN");
        };
        let Some(target) = account.versions.iter().find(|version| version.number == number) else {
            return Expected::refused("VERSION_UNKNOWN");
        };
        if target.corrected {
            return Expected::refused("VERSION_SUPERSEDED");
        }
        let mut broken = BTreeSet::new();
        if account.deleted && account.current_number() != number {
            broken.insert("ACCOUNT_DELETED");
        }
        if said.pair != target.pair() {
            broken.insert("PAIR_CHANGED");
        }
        let earlier = account
            .standing()
            .filter(|version| version.pair() < target.pair());
        if let Some(before) = earlier.max_by_key(|version| version.pair()) {
            broken.extend(change::broken(before, said, true));
        }
        self.accept(member, said, now, Some(number), broken)
    }

    /// A member deletes an account.
    pub fn delete(&mut self, member: MemberName, account: &str) -> Expected {
        match self.accounts.get_mut(&(member, account.to_owned())) {
            None => Expected::refused("ACCOUNT_UNKNOWN"),
            Some(account) if account.deleted => Expected::refused("ACCOUNT_DELETED"),
            Some(account) => {
                account.deleted = true;
                Expected::Deleted
            }
        }
    }

    /// How many versions of an account were made.
    pub fn versions_made(&self, member: MemberName, account: &str) -> u64 {
        let account = self.accounts.get(&(member, account.to_owned()));
        account.map_or(0, |account| {
            u64::try_from(account.versions.len()).expect("few versions")
        })
    }

    /// The pair that a version carries.
    pub fn pair_of(&self, member: MemberName, account: &str, number: u64) -> Option<Pair> {
        let account = self.accounts.get(&(member, account.to_owned()))?;
        let found = account.versions.iter().find(|version| version.number == number);
        found.map(Version::pair)
    }

    fn advance(&mut self, key: &(MemberName, String), number: u64, said: &Statement, now: i64) {
        let account = self.accounts.get_mut(key).expect("it was found before");
        let version = account
            .versions
            .iter_mut()
            .find(|version| version.number == number);
        version.expect("the current one").pairs.push(said.pair);
        account.received.push(now);
        self.rarities.insert("advanced");
        self.sight(key.0, said, now);
    }

    /// Binds and keeps a new version, or refuses with everything that is broken.
    fn accept(
        &mut self,
        member: MemberName,
        said: &Statement,
        now: i64,
        corrects: Option<u64>,
        mut broken: BTreeSet<&'static str>,
    ) -> Expected {
        let bound = self.bind(&said.liable);
        if bound.is_none() {
            broken.insert("IDENTITY_CONFLICT");
            // Nobody can tell whether the borrower is the same.
            broken.remove("IDENTITY_CHANGED");
        }
        let (Some((kin, absorbed)), true) = (bound, broken.is_empty()) else {
            return Expected::Refused(broken);
        };
        self.kin = kin;
        if !absorbed.is_empty() {
            self.rarities.insert("absorbed");
        }
        self.frozen.retain(|frozen| !absorbed.contains(&frozen.person));
        self.sight(member, said, now);
        let account = self.accounts.entry((member, said.account.clone())).or_default();
        if let Some(number) = corrects {
            let is_current = number == account.current_number();
            self.rarities
                .extend((is_current && account.deleted).then_some("restored"));
            self.rarities
                .extend((!is_current).then_some("corrected the past"));
            account.deleted &= !is_current;
        }
        for version in &mut account.versions {
            version.corrected |= Some(version.number) == corrects;
        }
        let number = u64::try_from(account.versions.len()).expect("few versions") + 1;
        account.versions.push(Version {
            number,
            liable: said.liable.clone(),
            facts: said.facts.clone(),
            pairs: vec![said.pair],
            corrected: false,
        });
        account.received.push(now);
        Expected::Recorded(number)
    }

    /// Every accepted report that presents a number with a strong identity links them.
    fn sight(&mut self, member: MemberName, said: &Statement, now: i64) {
        for liable in &said.liable {
            if let (Some(strong), Some(mobile)) = (liable.strong().first(), liable.mobile()) {
                self.sightings.push(Sighting {
                    mobile: mobile.clone(),
                    strong: (*strong).clone(),
                    member,
                    day: calendar::day_of(now),
                });
            }
        }
    }
}
