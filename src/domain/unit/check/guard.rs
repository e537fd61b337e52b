//! What of a verdict may be told: exact to whoever asks once, no finer than a band to whoever searches (domain.md 4.3, P13).
//!
//! The first check of a member about somebody on a civil day is judged exactly, because the rules are exact and the lender
//! must know. Everything it varies after that on the day (amount, payment, income, product, pack, what it is owed itself)
//! is judged with what others are owed rounded up to the edge of its band, which any query shows. So a day of adaptive
//! calls tells one comparison and a band, however many they are, and offers are reckoned from the band alone. Only the
//! same pair in the same application is judged exactly again. Where nobody else is owed anything there is nothing to hide.

use std::collections::BTreeMap;

use crate::domain::exposure::BandSeries;
use crate::domain::rules::{Limit, ReasonCode, Verdict};

/// What may be told of a verdict about one borrower.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// What speaks against it, by place in the pack.
    pub reasons: BTreeMap<usize, ReasonCode>,
    /// What would still be allowed if this loan were made, and if it were not; `None`: no rule limits amounts.
    pub offers: Option<[i64; 2]>,
}

/// Tells of a verdict what may be told. `exact`: nothing is rounded but offers.
pub(super) fn tell(verdict: &Verdict, bands: BandSeries, exact: bool) -> Told {
    let mut reasons: BTreeMap<usize, ReasonCode> = verdict
        .reasons
        .iter()
        .map(|reason| (reason.place, reason.code))
        .collect();
    if !exact {
        let broken = verdict
            .limits
            .iter()
            .filter(|limit| limit.wanted > left(limit, bands));
        reasons.extend(broken.map(|limit| (limit.place, limit.code)));
    }
    let amounts = || {
        verdict
            .limits
            .iter()
            .filter(|limit| limit.code == ReasonCode::AmountCap)
    };
    let offer = |held: fn(&Limit) -> i128| {
        let rooms =
            amounts().map(|limit| bands.floor(left(limit, bands).saturating_sub(held(limit)), limit.lenders));
        rooms.min()
    };
    Told {
        reasons,
        offers: offer(|limit| limit.wanted)
            .zip(offer(|_| 0))
            .map(|(with, without)| [with, without]),
    }
}

/// What a limit leaves by what may be known of others: their sum rounded up to the edge of its band.
fn left(limit: &Limit, bands: BandSeries) -> i128 {
    let band = bands.band(limit.others, limit.lenders);
    let others = match band.open_ended {
        // Above the last edge there is no other: nothing is left.
        true => limit.allowed,
        false => i128::from(band.up_to),
    };
    limit.allowed.saturating_sub(others).saturating_sub(limit.own)
}
