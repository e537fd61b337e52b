//! Who a look is about (semantics 1.2 to 1.6): strong tokens decide, a mobile number joins or warns.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::domain::date::days_before;
use crate::domain::names::{MemberNo, SubjectId};
use crate::domain::token::{IdentifierType, TokenRow};
use crate::domain::unit::rows::{LinkRow, PositionRow};

/// Days within which a link is current, and a mobile-only position may join an answer about a strong subject.
pub const MOBILE_CURRENT_DAYS: u32 = 180;

/// A token as presented in a look.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// The identifier's type.
    pub identifier_type: IdentifierType,
    /// Last proof that the subject controls it.
    pub verified_on: Option<NaiveDate>,
    /// What is on file for it.
    pub row: Option<TokenRow>,
}

/// Whom an answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The strong subject, or the mobile-only one when there is none; `None` when nothing is on file.
    pub subject: Option<SubjectId>,
    /// The mobile-only subject of a number that belongs to the answer: its qualifying positions join.
    pub joined: Option<SubjectId>,
    /// When the member last saw proof that the subject controls the number.
    pub mobile_verified_on: Option<NaiveDate>,
    /// Whether a strong token was presented.
    pub strong: bool,
    /// Whether the number is linked to the subject, and to it alone: then looks made by the number count too.
    pub linked: bool,
    /// Whether somebody else linked the number to another subject.
    pub shared_mobile: bool,
}

impl About {
    /// Whether a mobile-only position of the joined number belongs to the answer (semantics 1.6).
    pub fn admits(&self, row: &PositionRow, today: NaiveDate) -> bool {
        let recent = row.version.order.as_of > days_before(today, MOBILE_CURRENT_DAYS);
        let oldest_proof = days_before(row.version.facts.opened_on, MOBILE_CURRENT_DAYS);
        recent && self.mobile_verified_on.is_some_and(|proof| proof >= oldest_proof)
    }
}

/// What a look resolves to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// One subject, known or not.
    About(About),
    /// Several: nobody is answered about.
    Conflict {
        /// All of them.
        subjects: BTreeSet<SubjectId>,
        /// Whether a mobile alone named them and somebody else reported it.
        shared_mobile: bool,
    },
}

/// Resolves a look. `links` are all links of the presented mobile.
pub fn resolve(shown: &[Shown], links: &[LinkRow], caller: MemberNo, today: NaiveDate) -> Resolution {
    let (strong, mobile): (Vec<&Shown>, Vec<&Shown>) =
        shown.iter().partition(|token| token.identifier_type.is_strong());
    let known: BTreeSet<SubjectId> = strong
        .iter()
        .filter_map(|token| token.row)
        .map(|row| row.subject_id)
        .collect();
    if known.len() > 1 {
        return Resolution::Conflict {
            subjects: known,
            shared_mobile: false,
        };
    }
    let mobile = mobile.first().copied();
    let current = current_links(links, today);
    if strong.is_empty() {
        by_mobile(mobile, &current, caller)
    } else {
        Resolution::About(by_strong(known.first().copied(), mobile, &current, caller))
    }
}

/// Those seen within the last 180 days; if there are none, the most recently seen.
fn current_links(links: &[LinkRow], today: NaiveDate) -> Vec<LinkRow> {
    let since = days_before(today, MOBILE_CURRENT_DAYS);
    let recent: Vec<LinkRow> = links
        .iter()
        .filter(|link| link.last_seen > since)
        .copied()
        .collect();
    if !recent.is_empty() {
        return recent;
    }
    let latest = links.iter().map(|link| link.last_seen).max();
    links
        .iter()
        .filter(|link| Some(link.last_seen) == latest)
        .copied()
        .collect()
}

fn by_strong(
    subject: Option<SubjectId>,
    mobile: Option<&Shown>,
    current: &[LinkRow],
    caller: MemberNo,
) -> About {
    let mut elsewhere = current
        .iter()
        .filter(|link| Some(link.subject_id) != subject)
        .peekable();
    let shared = elsewhere.peek().is_some();
    About {
        subject,
        joined: mobile
            .and_then(|token| token.row)
            .filter(|_| !shared)
            .map(|row| row.subject_id),
        mobile_verified_on: mobile.and_then(|token| token.verified_on),
        strong: true,
        linked: !shared && !current.is_empty(),
        shared_mobile: elsewhere.any(|link| link.member_no != caller),
    }
}

fn by_mobile(mobile: Option<&Shown>, current: &[LinkRow], caller: MemberNo) -> Resolution {
    let subjects: BTreeSet<SubjectId> = current.iter().map(|link| link.subject_id).collect();
    if subjects.len() > 1 {
        let shared_mobile = current.iter().any(|link| link.member_no != caller);
        return Resolution::Conflict {
            subjects,
            shared_mobile,
        };
    }
    let number = mobile.and_then(|token| token.row).map(|row| row.subject_id);
    let linked = subjects.first().copied();
    Resolution::About(About {
        subject: linked.or(number),
        joined: linked.and(number),
        mobile_verified_on: mobile.and_then(|token| token.verified_on),
        strong: false,
        linked: linked.is_some(),
        shared_mobile: false,
    })
}
