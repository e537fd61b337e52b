//! The answer, computed from the rows of one subject exactly as the semantics define it (sections 1.7, 2 and 4).
//!
//! Pure and total: the same rows give the same answer on every engine. Nothing of the caller's own positions enters
//! `others` or `signals`.

use chrono::NaiveDate;

use super::accounts::{Rows, counts, hard_looks, is_active, look_days};
use super::resolve::About;
use super::{Figures, MatchLevel, OwnExposure, SignalType, SubjectState, signals, tally};
use crate::domain::currency::Currency;
use crate::domain::date::{Timestamp, days_before};
use crate::domain::member::MemberState;
use crate::domain::names::{AccountNo, MemberNo};
use crate::domain::unit::rows::PositionRow;
use crate::domain::unit::working_set::{MarketRules, Network, SubjectRows};

/// Days after its business date for which a lender's latest report still covers.
const COVERAGE_DAYS: u32 = 2;
/// A batch completed longer ago no longer speaks for its member: its latest report does.
const BATCH_DAYS: u32 = 30;

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
    let rows = Rows::choose(asked, about, subject, number);
    let others = tally::others(asked, &rows);
    let signals = signals::raised(asked, &rows, &others, about.shared_mobile || rows.left_out);
    let (state, match_level) = match rows.found {
        true => (SubjectState::Found, match_level(about, rows.joined)),
        false => (SubjectState::NoRecord, MatchLevel::None),
    };
    Figures {
        as_of: asked.now,
        state,
        match_level,
        coverage_percent: coverage_percent(asked),
        currency: asked.currency,
        others: Some(others),
        signals,
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
    let mut own = OwnExposure::default();
    let mut outstanding: i128 = 0;
    for (row, own_debt) in own_positions(asked, about, subject, number) {
        let received_on = asked.rules.zone.date_of(row.last_received_at);
        own.last_report_on = own.last_report_on.max(Some(received_on));
        if own_debt && is_active(row) {
            own.active_accounts = own.active_accounts.saturating_add(1);
            if row.version.facts.currency == currency {
                outstanding = outstanding.saturating_add(i128::from(row.version.facts.outstanding_total));
            }
        }
    }
    own.outstanding = i64::try_from(outstanding).unwrap_or(i64::MAX);
    let looks = hard_looks(asked, about, subject, number);
    let days = look_days(asked, looks, |member| member == asked.caller);
    own.hard_inquiries_360_days = u32::try_from(days.len()).unwrap_or(u32::MAX);
    own
}

/// The caller's positions that count, each with whether it is own debt: liable twice on one account is once, as such.
fn own_positions<'a>(
    asked: &Asked<'_>,
    about: &About,
    subject: &'a SubjectRows,
    number: Option<&'a SubjectRows>,
) -> Vec<(&'a PositionRow, bool)> {
    let today = asked.today();
    let mut positions: Vec<(&PositionRow, bool)> = positions_of(subject, asked.caller)
        .map(|row| (row, row.role.is_own_debt()))
        .collect();
    let joining = number
        .into_iter()
        .flat_map(|rows| positions_of(rows, asked.caller));
    for row in joining.filter(|row| about.admits(row, today)) {
        let own_debt = row.role.is_own_debt();
        match positions
            .iter_mut()
            .find(|(known, _)| known.account_no == row.account_no)
        {
            Some((_, known)) => *known |= own_debt,
            None => positions.push((row, own_debt)),
        }
    }
    positions
}

fn positions_of(rows: &SubjectRows, member_no: MemberNo) -> impl Iterator<Item = &PositionRow> {
    let all = (member_no, AccountNo(i64::MIN))..=(member_no, AccountNo(i64::MAX));
    rows.positions
        .range(all)
        .map(|(_, row)| row)
        .filter(|row| counts(row))
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
    let batch_since = days_before(asked.today(), BATCH_DAYS);
    let (mut lenders, mut covered) = (0_u32, 0_u32);
    for (member_no, standing) in &asked.network.members {
        if *member_no != asked.caller && standing.state == MemberState::Active && standing.is_lender {
            lenders += 1;
            let batch = standing
                .latest_batch
                .filter(|batch| batch.completed_on > batch_since);
            let latest = batch.map(|batch| batch.as_of).or(standing.latest_as_of);
            covered += u32::from(latest.is_some_and(|as_of| as_of >= since));
        }
    }
    (covered * 100).checked_div(lenders).unwrap_or(100)
}
