//! Calls in work at once, of all members and of each: whoever is above a limit is told to come back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::names::MemberNo;

/// Which limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// That of all members together.
    Service {
        /// The limit.
        max: u32,
    },
    /// That of this member.
    Member {
        /// The limit.
        max: u32,
    },
}

#[derive(Debug, Default)]
struct Counts {
    all: u32,
    /// Members without a call have no entry.
    by_member: BTreeMap<MemberNo, u32>,
}

/// Counts them.
#[derive(Debug)]
pub struct InFlight {
    all_max: u32,
    member_max: u32,
    counts: Mutex<Counts>,
}

impl InFlight {
    /// With its two limits.
    pub fn new(all_max: u32, member_max: u32) -> Arc<Self> {
        Arc::new(Self {
            all_max,
            member_max,
            counts: Mutex::default(),
        })
    }

    /// Takes a place, given back when it is dropped.
    pub fn enter(self: &Arc<Self>, member_no: MemberNo) -> Result<Place, Full> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.all >= self.all_max {
            return Err(Full::Service { max: self.all_max });
        }
        let own = counts.by_member.entry(member_no).or_default();
        if *own >= self.member_max {
            return Err(Full::Member { max: self.member_max });
        }
        *own += 1;
        counts.all += 1;
        Ok(Place {
            counter: Arc::clone(self),
            member_no,
        })
    }

    fn leave(&self, member_no: MemberNo) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        if let Some(own) = counts.by_member.get_mut(&member_no) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                counts.by_member.remove(&member_no);
            }
        }
    }
}

/// A call's place.
#[derive(Debug)]
pub struct Place {
    counter: Arc<InFlight>,
    member_no: MemberNo,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.counter.leave(self.member_no);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_is_stopped_above_its_limit_and_others_are_not() {
        let counter = InFlight::new(10, 2);
        let first = counter.enter(MemberNo(1)).unwrap();
        let _second = counter.enter(MemberNo(1)).unwrap();
        assert_eq!(counter.enter(MemberNo(1)).unwrap_err(), Full::Member { max: 2 });
        assert!(counter.enter(MemberNo(2)).is_ok());
        drop(first);
        assert!(counter.enter(MemberNo(1)).is_ok());
    }

    #[test]
    fn service_is_full_above_its_limit_whoever_comes() {
        let counter = InFlight::new(2, 2);
        let places: Vec<_> = [1, 2].map(|no| counter.enter(MemberNo(no)).unwrap()).into();
        assert_eq!(counter.enter(MemberNo(3)).unwrap_err(), Full::Service { max: 2 });
        drop(places);
        assert!(counter.counts.lock().unwrap().by_member.is_empty());
        assert_eq!(counter.counts.lock().unwrap().all, 0);
    }
}
