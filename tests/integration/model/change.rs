//! What a statement breaks against the one before it, as far as random histories can break it (semantics 6).

use std::collections::BTreeSet;

use tallystick::domain::position::AccountStatus;

use super::{Identity, Statement, Version};

/// The rules that the change from `before` to `said` breaks.
pub fn broken(before: &Version, said: &Statement, correction: bool) -> BTreeSet<&'static str> {
    let mut broken = BTreeSet::new();
    let (old, new) = (&before.facts, &said.facts);
    let elapsed = (said.pair.0 - before.pair().0).num_days().max(0);
    if i64::from(new.days_past_due) > i64::from(old.days_past_due) + elapsed {
        broken.insert("DPD_JUMP");
    }
    if correction {
        return broken;
    }
    if new.account_type != old.account_type {
        broken.insert("ACCOUNT_TYPE_CHANGED");
    }
    if old.status == AccountStatus::Closed && new.status != AccountStatus::Closed {
        broken.insert("STATUS_TRANSITION");
    }
    if !same_borrower(&before.liable[0].strong(), &said.liable[0].strong()) {
        broken.insert("IDENTITY_CHANGED");
    }
    broken
}

/// V19: an account without strong identities may gain some; else one stays and none is replaced by another of its type.
fn same_borrower(was: &[&Identity], is: &[&Identity]) -> bool {
    let replaced = |old: &&&Identity| is.iter().any(|new| new.kind == old.kind && new != *old);
    was.is_empty() || (was.iter().any(|old| is.contains(old)) && !was.iter().any(|old| replaced(&old)))
}
