//! Lenders by group, without naming a group that is too small to hide in (domain.md P4 and P5).

use std::collections::BTreeMap;

use super::amount::capped;
use super::answer::Asked;
use crate::domain::member::{LenderGroup, MemberState};
use crate::domain::names::MemberNo;

/// Fewest active members of a group that is shown by name.
const GROUP_MEMBERS_MIN: usize = 5;
/// Most active lenders for which no split by group is shown.
const UNSPLIT_LENDERS_MAX: usize = 2;

/// Distinct lenders by group; a group with fewer than five active members in the network counts as OTHER.
pub(super) fn by_group(asked: &Asked<'_>, lenders: &[MemberNo]) -> Vec<(LenderGroup, u32)> {
    if lenders.len() <= UNSPLIT_LENDERS_MAX {
        return Vec::new();
    }
    let network = &asked.network.members;
    let mut sizes: BTreeMap<LenderGroup, usize> = BTreeMap::new();
    for standing in network.values() {
        if standing.state == MemberState::Active && standing.is_lender {
            *sizes.entry(standing.lender_group).or_default() += 1;
        }
    }
    let mut counts: BTreeMap<LenderGroup, usize> = BTreeMap::new();
    for lender in lenders {
        let group = network
            .get(lender)
            .map(|standing| standing.lender_group)
            .filter(|group| sizes.get(group).is_some_and(|size| *size >= GROUP_MEMBERS_MIN));
        *counts.entry(group.unwrap_or(LenderGroup::Other)).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(group, count)| (group, capped(count)))
        .collect()
}
