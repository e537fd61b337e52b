//! What happened in a history, as short names: histories must reach every corner of the semantics, or the agreement
//! of two implementations says little.

use std::collections::BTreeSet;

use tallystick::domain::member::LenderGroup;

use super::{Expected, ExpectedAnswer};

/// Edges in minor units that only three contributors show.
const FINE_ONLY: [i64; 5] = [100_000, 500_000, 2_000_000, 10_000_000, 50_000_000];

/// Every corner that random histories must reach.
pub const ALL: &[&str] = &[
    "NoRecord",
    "Found",
    "IdentityConflict",
    "None",
    "MobileOnly",
    "Strong",
    "StrongAndMobile",
    "InquiryBurst",
    "OpeningBurst",
    "BorrowToRepay",
    "SharedMobile",
    "ObligationJump",
    "now M0",
    "now M1",
    "now M2",
    "now M7",
    "ever M1",
    "ever M7",
    "group",
    "named group",
    "other currency",
    "joined accounts",
    "fine band",
    "open band",
    "recovered",
    "bad debt",
    "legal action",
    "restructured",
    "guaranteed",
    "within the hour",
    "three inquirers",
    "own",
    "partly covered",
    "Refused(\"TOKENS_NOT_EVALUATED\")",
    "Refused(\"ALREADY_REVIEWED_TODAY\")",
    "STALE_SEQUENCE",
    "PAIR_REUSED",
    "PAIR_CHANGED",
    "IDENTITY_CONFLICT",
    "IDENTITY_CHANGED",
    "ACCOUNT_DELETED",
    "ACCOUNT_UNKNOWN",
    "VERSION_UNKNOWN",
    "VERSION_SUPERSEDED",
    "STATUS_TRANSITION",
    "DPD_JUMP",
    "absorbed",
    "advanced",
    "corrected the past",
    "restored",
    "frozen again",
    "recycled number",
    "look at the number",
];

/// What a report, correction or deletion led to.
pub fn of_report(expected: &Expected, corners: &mut BTreeSet<String>) {
    if let Expected::Refused(codes) = expected {
        corners.extend(codes.iter().map(|code| (*code).to_owned()));
    }
}

/// What a look led to.
pub fn of_answer(expected: &ExpectedAnswer, corners: &mut BTreeSet<String>) {
    let ExpectedAnswer::Answered(figures, own) = expected else {
        corners.insert(format!("{expected:?}"));
        return;
    };
    corners.insert(format!("{:?}", figures.state));
    corners.insert(format!("{:?}", figures.match_level));
    corners.extend(figures.signals.iter().map(|signal| format!("{signal:?}")));
    let Some(others) = &figures.others else { return };
    corners.insert(format!("now {:?}", others.worst_bucket_now));
    corners.insert(format!("ever {:?}", others.worst_bucket_24_months));
    let counted = [
        ("group", others.active_lenders_by_group.len() > 1),
        (
            "named group",
            others
                .active_lenders_by_group
                .iter()
                .any(|(group, _)| *group == LenderGroup::Bank),
        ),
        ("other currency", others.other_currency_accounts > 0),
        ("joined accounts", others.active_lenders > others.active_accounts),
        ("fine band", FINE_ONLY.contains(&others.outstanding.up_to)),
        ("open band", others.outstanding.open_ended),
        ("recovered", (1..24).contains(&others.months_since_past_due)),
        ("bad debt", others.bad_debt_accounts > 0),
        ("legal action", others.legal_action_accounts > 0),
        ("restructured", others.restructured_accounts > 0),
        ("guaranteed", others.guaranteed_accounts > 0),
        ("within the hour", others.velocity[0].new_accounts > 0),
        ("three inquirers", others.velocity[7].inquiring_lenders > 2),
        ("own", own.is_some_and(|own| own.active_accounts > 0)),
        ("partly covered", (1..100).contains(&figures.coverage_percent)),
    ];
    corners.extend(
        counted
            .iter()
            .filter(|(_, is)| *is)
            .map(|(name, _)| (*name).to_owned()),
    );
}
