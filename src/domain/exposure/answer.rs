//! The answer, computed from the rows of one subject exactly as the semantics define it (sections 1.7, 2 and 4).
//!
//! Pure and total: the same rows give the same answer on every engine. Nothing of the caller's own positions enters
//! `others` or `signals`.

use chrono::NaiveDate;

use super::accounts::Rows;
use super::resolve::About;
use super::{Figures, MatchLevel, OwnExposure, SignalType, SubjectState, signals, tally};
use crate::domain::currency::Currency;
use crate::domain::date::{Timestamp, days_before};
use crate::domain::member::MemberState;
use crate::domain::names::MemberNo;
use crate::domain::unit::working_set::{MarketRules, Network, SubjectRows};

/// Days after its business date for which a lender's latest report still covers.
const COVERAGE_DAYS: u32 = 2;
/// Days over which the caller's own inquiries are counted.
const OWN_INQUIRY_DAYS: u32 = 360;

/// Who asks, when, and what everybody knows.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The caller.
    pub caller: MemberNo,
    /// Currency to answer in.
    pub currency: Currency,
    /// The instant of the answer.
    pub now: Timestamp,
    /// What the operator settled.
    pub rules: &'a MarketRules,
    /// All members.
    pub network: &'a Network,
}

impl Asked<'_> {
    /// The civil date of the answer.
    pub fn today(&self) -> NaiveDate {
        self.rules.zone.date_of(self.now)
    }
}

/// The part of an answer that is frozen for the day. `subject` holds the rows of `about.subject` before this look,
/// `number` those of `about.joined`.
pub fn figures(
    asked: &Asked<'_>,
    about: &About,
    subject: &SubjectRows,
    number: Option<&SubjectRows>,
) -> Figures {
    let rows = Rows::choose(about, subject, number, asked.caller, asked.today());
    let found = !rows.entries.is_empty() || rows.inquiries().next().is_some();
    let accounts = rows.own_debt_of_others(asked.caller);
    let others = tally::others(asked, &rows, &accounts);
    let mut raised = signals::raised(asked, &rows, &accounts);
    if about.shared_mobile || rows.left_out {
        raised.push(SignalType::SharedMobile);
    }
    raised.sort_unstable();
    Figures {
        as_of: asked.now,
        state: if found {
            SubjectState::Found
        } else {
            SubjectState::NoRecord
        },
        match_level: if found {
            match_level(about, rows.joined)
        } else {
            MatchLevel::None
        },
        coverage_percent: coverage_percent(asked),
        currency: asked.currency,
        others: Some(others),
        signals: raised,
    }
}

/// The answer when the tokens belong to different subjects: no figures.
pub fn conflict(asked: &Asked<'_>, shared_mobile: bool) -> Figures {
    Figures {
        as_of: asked.now,
        state: SubjectState::IdentityConflict,
        match_level: MatchLevel::None,
        coverage_percent: coverage_percent(asked),
        currency: asked.currency,
        others: None,
        signals: if shared_mobile {
            vec![SignalType::SharedMobile]
        } else {
            Vec::new()
        },
    }
}

/// The caller's own part, exact; `currency` is the answer's.
pub fn own(
    asked: &Asked<'_>,
    about: &About,
    subject: &SubjectRows,
    number: Option<&SubjectRows>,
    currency: Currency,
) -> OwnExposure {
    let rows = Rows::choose(about, subject, number, asked.caller, asked.today());
    let mut own = OwnExposure::default();
    let mut outstanding: i128 = 0;
    for entry in rows
        .entries
        .iter()
        .filter(|entry| entry.row.member_no == asked.caller)
    {
        let received_on = asked.rules.zone.date_of(entry.row.last_received_at);
        own.last_report_on = own.last_report_on.max(Some(received_on));
        if entry.row.role.is_own_debt() && entry.is_active() {
            own.active_accounts = own.active_accounts.saturating_add(1);
            if entry.row.version.facts.currency == currency {
                outstanding += i128::from(entry.row.version.facts.outstanding_total);
            }
        }
    }
    own.outstanding = i64::try_from(outstanding).unwrap_or(i64::MAX);
    own.hard_inquiries_360_days = own_inquiry_days(asked, &rows);
    own
}

/// Distinct civil days with a hard inquiry of the caller in the 360 days before this one.
fn own_inquiry_days(asked: &Asked<'_>, rows: &Rows<'_>) -> u32 {
    let since = asked.now.hours_before(OWN_INQUIRY_DAYS * 24);
    let mut days: Vec<NaiveDate> = rows
        .inquiries()
        .filter(|look| look.member_no == asked.caller)
        .filter(|look| look.inquired_at >= since && look.inquired_at < asked.now)
        .map(|look| asked.rules.zone.date_of(look.inquired_at))
        .collect();
    days.sort_unstable();
    days.dedup();
    u32::try_from(days.len()).unwrap_or(u32::MAX)
}

fn match_level(about: &About, joined: bool) -> MatchLevel {
    match (about.strong, about.linked || joined) {
        (true, true) => MatchLevel::StrongAndMobile,
        (true, false) => MatchLevel::Strong,
        (false, _) => MatchLevel::MobileOnly,
    }
}

/// Share of the other active lenders that reported lately, rounded down; 100 if there are none.
fn coverage_percent(asked: &Asked<'_>) -> u32 {
    let since = days_before(asked.today(), COVERAGE_DAYS);
    let (mut lenders, mut covered) = (0_u32, 0_u32);
    for (member_no, standing) in &asked.network.members {
        if *member_no != asked.caller && standing.state == MemberState::Active && standing.is_lender {
            lenders += 1;
            covered += u32::from(standing.latest_as_of.is_some_and(|as_of| as_of >= since));
        }
    }
    (covered * 100).checked_div(lenders).unwrap_or(100)
}
