//! Offline codes: issued ahead, and loans made under them back-filled (domain.md 4.4, *Outage*).
//!
//! A back-fill is a report and a look in one: the loan goes on file like any other, and its member learns which limits it
//! would have broken. It exists, whatever is wrong with it: late, over a limit, or known from a batch already, it is recorded
//! and marked, never lost. A code serves one account.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;

use super::check::{Made, judge_made, looked_at};
use super::look::{self, Mark};
use super::report::{self, current_row, refuse};
use super::rows::{AccountRow, LookKind, OfflineSeriesRow, OfflineUseRow};
use super::working_set::{Change, CodeName};
use super::{Decision, Outcome, Refused, Report, Rpc, WorkingSet, record};
use crate::domain::date::{Timestamp, days_after};
use crate::domain::inquiry::{Consent, Purpose};
use crate::domain::names::{AnswerId, MemberNo, SeriesId, SubjectId};
use crate::domain::offline::{BACKFILL_SECONDS, CODE_LIFE_SECONDS, OfflineCode, OverLimit};
use crate::domain::rules::{Finding, Judged, RulePack};
use crate::domain::token::{Presented, Pseudonym};
use crate::domain::violation::{Code, Violation};

/// Why a back-fill looks at others.
pub const BACKFILL_PURPOSE: Purpose = Purpose::NewCredit;

/// What to do with offline codes.
#[derive(Debug, Clone)]
pub enum OfflineWork {
    /// Issue some.
    Issue {
        /// The name of their series.
        series_id: SeriesId,
        /// How many, at least 1.
        codes: u32,
    },
    /// Back-fill a loan.
    Backfill(Box<Backfill>),
}

/// A loan that was made under a code.
#[derive(Debug, Clone)]
pub struct Backfill {
    /// The name that its look will have.
    pub answer_id: AnswerId,
    /// The code; its signature held, and it is the member's.
    pub code: OfflineCode,
    /// When the loan was granted.
    pub used_at: Timestamp,
    /// The consent to look, already checked for [`BACKFILL_PURPOSE`] and the day of `used_at`.
    pub consent: Consent,
    /// The tokens of everyone who owes, each in type order.
    pub borrowers: Vec<Vec<Presented<Pseudonym>>>,
    /// The loan.
    pub report: Report,
    /// The rules; `None`: the member has none in the loan's currency.
    pub pack: Option<Arc<RulePack>>,
    /// Gross monthly income, minor units. Never stored.
    pub monthly_income: Option<i64>,
}

impl OfflineWork {
    /// The rpc that asked for it.
    pub const fn rpc(&self) -> Rpc {
        match self {
            Self::Issue { .. } => Rpc::IssueOfflineCodes,
            Self::Backfill(_) => Rpc::BackfillOfflineCode,
        }
    }
}

/// Decides what a member does with its codes.
pub(super) fn decide(
    set: &mut WorkingSet,
    member_no: MemberNo,
    work: &OfflineWork,
    at: Timestamp,
) -> Result<Decision, Refused> {
    match work {
        OfflineWork::Issue { series_id, codes } => issue(set, member_no, *series_id, *codes, at),
        OfflineWork::Backfill(loan) => backfill(set, member_no, loan, at),
    }
}

fn issue(
    set: &mut WorkingSet,
    member_no: MemberNo,
    series_id: SeriesId,
    codes: u32,
    at: Timestamp,
) -> Result<Decision, Refused> {
    let most = set.rules.offline_codes;
    let mut unexpired = set.unexpired_codes.get(&member_no).copied().unwrap_or_default();
    if unexpired.codes + u64::from(codes) > u64::from(most) {
        let left = u64::from(most).saturating_sub(unexpired.codes);
        let text = format!(
            "a member has at most {most} unexpired codes, used ones too: ask for at most {left}, or when some have expired"
        );
        return Err(Refused {
            violations: vec![Violation::new(Code::QuotaExceeded, "count", text)],
            // They are counted by the day, so that it is the next day's beginning.
            retry_at: unexpired.next_expiry.map(|expiry| {
                let zone = set.rules.zone;
                zone.start_of(days_after(zone.date_of(expiry), 1))
            }),
        });
    }
    let whole = Timestamp::from_micros(at.micros().div_euclid(1_000_000) * 1_000_000);
    let row = OfflineSeriesRow {
        member_no,
        series_id,
        codes,
        issued_at: at,
        expires_at: whole.plus_seconds(CODE_LIFE_SECONDS),
    };
    unexpired.codes += u64::from(codes);
    unexpired.next_expiry = unexpired.next_expiry.or(Some(row.expires_at));
    set.unexpired_codes.insert(member_no, unexpired);
    set.changes.push(Change::InsertOfflineSeries(row));
    Ok(Decision {
        outcome: Outcome::CodesIssued {
            series_id,
            codes,
            expires_at: row.expires_at,
        },
        subjects: Vec::new(),
        purpose: None,
        remember: true,
    })
}

fn backfill(
    set: &mut WorkingSet,
    member_no: MemberNo,
    loan: &Backfill,
    at: Timestamp,
) -> Result<Decision, Refused> {
    let name = (member_no, loan.code.series_id, loan.code.place);
    let refused = |violation| refuse(&loan.report, vec![violation]);
    may_serve(set, name, loan, at).map_err(refused)?;
    was_granted_before(set, loan, loan.report.position.facts.opened_on).map_err(refused)?;
    let reported = match report::decide(set, member_no, &loan.report, at) {
        // Another state is on file, from a batch for instance: that stays.
        Err(other) if other.is(Code::StaleSequence) || other.is(Code::PairReused) => {
            on_file(set, member_no, loan).map_err(refused)?
        }
        reported => reported?,
    };
    let (
        Outcome::Recorded {
            version, warnings, ..
        },
        Some(account),
    ) = (reported.outcome, account_of(set, member_no, loan).cloned())
    else {
        // A report is recorded or refused, and its account is on file.
        return Err(refused(unknown()));
    };
    let known = set.offline_uses.get(&name);
    let used = match known.or_else(|| use_of(set, member_no, loan)) {
        Some(known) => known.clone(),
        None => used(set, name, loan, &account, at),
    };
    Ok(Decision {
        outcome: Outcome::Backfilled {
            version,
            over_limit: used.over_limit.told,
            late: used.late,
            warnings,
        },
        subjects: reported.subjects,
        purpose: Some(BACKFILL_PURPOSE),
        remember: true,
    })
}

/// Whether a code may serve a loan.
fn may_serve(set: &WorkingSet, name: CodeName, loan: &Backfill, at: Timestamp) -> Result<(), Violation> {
    let (member_no, series_id, place) = name;
    let series = set.offline_series.get(&(member_no, series_id));
    let Some(series) = series.filter(|series| place < series.codes) else {
        return Err(unknown());
    };
    if let Some(known) = set.offline_uses.get(&name)
        && known.account_ref != loan.report.position.account_ref
    {
        let text = "the code served another loan: name the code that this one was made under";
        return Err(Violation::new(Code::OfflineCodeUsed, "code", text));
    }
    if loan.used_at > at {
        return Err(outside("it is in the future: send when the loan was granted"));
    }
    // The clocks of member and service differ: from the day of issue on.
    let day = |at| set.rules.zone.date_of(at);
    if day(loan.used_at) < day(series.issued_at) || loan.used_at >= series.expires_at {
        return Err(outside(
            "the code was not valid then: name the code that this loan was made under; a loan made under none is \
             reported with ReportPosition",
        ));
    }
    Ok(())
}

/// No account is opened before its loan is granted: an old one cannot be passed off as a loan of the outage.
fn was_granted_before(set: &WorkingSet, loan: &Backfill, opened_on: NaiveDate) -> Result<(), Violation> {
    match set.rules.zone.date_of(loan.used_at) > opened_on {
        true => Err(outside(
            "the account was opened before that day: send when the loan was granted",
        )),
        false => Ok(()),
    }
}

fn outside(text: &str) -> Violation {
    Violation::new(Code::OfflineCodePeriod, "used_at", text)
}

fn account_of<'s>(set: &'s WorkingSet, member_no: MemberNo, loan: &Backfill) -> Option<&'s AccountRow> {
    set.accounts
        .get(&(member_no, loan.report.position.account_ref.clone()))
}

/// What is kept of a loan that was back-filled before, under whichever code: it is judged once.
fn use_of<'s>(set: &'s WorkingSet, member_no: MemberNo, loan: &Backfill) -> Option<&'s OfflineUseRow> {
    let account_ref = &loan.report.position.account_ref;
    let mut uses = set.offline_uses.values();
    uses.find(|known| known.member_no == member_no && known.account_ref == *account_ref)
}

/// What is on file of an account, as a report of it would be answered.
///
/// # Errors
/// It is not the loan that was back-filled: opened earlier, or others owe.
fn on_file(set: &WorkingSet, member_no: MemberNo, loan: &Backfill) -> Result<Decision, Violation> {
    let account = account_of(set, member_no, loan).ok_or_else(unknown)?;
    let row = current_row(set, account).ok_or_else(unknown)?;
    was_granted_before(set, loan, row.version.facts.opened_on)?;
    let owing = record::rows_of(set, account).into_iter();
    let owing: BTreeSet<SubjectId> = owing
        .filter(|row| row.role.is_own_debt())
        .map(|row| row.subject_id)
        .collect();
    let today = set.rules.zone.date_of(loan.used_at);
    let named = loan.borrowers.iter();
    let named: BTreeSet<SubjectId> = named
        .flat_map(|tokens| looked_at(set, member_no, tokens, today))
        .map(|(subject, ..)| subject)
        .collect();
    if owing != named {
        let text = "the account is on file with other borrowers: name those, or correct the account first";
        return Err(Violation::new(
            Code::IdentityChanged,
            "position.liabilities",
            text,
        ));
    }
    let subjects = record::subjects_of(set, account);
    let (number, received_at) = (row.version.number, row.version.received_at);
    Ok(report::recorded_as(subjects, number, received_at, &loan.report))
}

/// Judges the loan, leaves the mark of the look, and keeps that the code was used.
fn used(
    set: &mut WorkingSet,
    (member_no, series_id, place): CodeName,
    loan: &Backfill,
    account: &AccountRow,
    at: Timestamp,
) -> OfflineUseRow {
    let facts = current_row(set, account).map(|row| row.version.facts.clone());
    let mut over_limit = match (&loan.pack, &facts) {
        (Some(pack), Some(facts)) => {
            let made = Made {
                account_no: account.account_no,
                facts,
                pack,
                monthly_income: loan.monthly_income,
                granted_at: loan.used_at,
            };
            judge_made(set, member_no, &loan.borrowers, &made)
        }
        (None, _) | (_, None) => OverLimit::default(),
    };
    // Who looked at somebody too often today leaves no mark any more, and so is told nothing.
    if !leave_marks(set, member_no, loan, &over_limit, at) {
        over_limit.told.clear();
    }
    let row = OfflineUseRow {
        member_no,
        series_id,
        place,
        used_at: loan.used_at,
        backfilled_at: at,
        account_ref: account.account_ref.clone(),
        late: at > loan.used_at.plus_seconds(BACKFILL_SECONDS),
        over_limit,
    };
    set.offline_uses
        .insert((member_no, series_id, place), row.clone());
    set.changes.push(Change::InsertOfflineUse(Box::new(row.clone())));
    row
}

/// Leaves the marks of a look at everyone who owes, each once; `false`: there are too many of today already.
fn leave_marks(
    set: &mut WorkingSet,
    member_no: MemberNo,
    loan: &Backfill,
    over_limit: &OverLimit,
    at: Timestamp,
) -> bool {
    let today = set.rules.zone.date_of(at);
    let borrowers = loan.borrowers.iter();
    let mut looks: Vec<_> = borrowers
        .flat_map(|tokens| looked_at(set, member_no, tokens, today))
        .collect();
    // The borrower who owes first is named first; the loan is counted with it.
    let primary = looks.first().map(|(subject, ..)| *subject);
    looks.sort_unstable();
    looks.dedup_by_key(|(subject, ..)| *subject);
    let subjects: Vec<SubjectId> = looks.iter().map(|(subject, ..)| *subject).collect();
    if look::refuse_too_many(set, member_no, &subjects, today).is_err() {
        return false;
    }
    let mark = Mark {
        member_no,
        at,
        answer_id: loan.answer_id,
        kind: LookKind::Backfill,
        purpose: BACKFILL_PURPOSE,
        consent: &loan.consent,
        judged: None,
    };
    let judged = Judged {
        finding: match over_limit.exact.is_empty() {
            true => Finding::MadeWithinLimits,
            false => Finding::MadeOverLimit,
        },
        burden: None,
    };
    for (subject, strong, counted) in looks {
        let judged = (primary == Some(subject)).then_some(judged);
        Mark { judged, ..mark }.leave(set, subject, strong, counted);
    }
    true
}

fn unknown() -> Violation {
    Violation::new(
        Code::OfflineCodeUnknown,
        "code",
        "it is no code of yours on file: send one of those that IssueOfflineCodes gave you, whole",
    )
}
