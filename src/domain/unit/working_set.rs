//! The rows a group of writes concerns, and the changes decided on them.
//!
//! The engine fills it by [`Keys`] (in the two stages described there), `decide` reads and changes it, the engine
//! writes [`Change`]s in order. Invariant: what the maps say is what the store says once the changes are written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;

pub use super::keys::{BatchName, CodeName, Keys, RequestName, SeriesName};
use super::rows::{
    AccountRow, ApplicationRow, BatchRow, FrozenRow, GrantRow, HistoryRow, InquiryRow, LastFull, LinkRow,
    OfflineSeriesRow, OfflineUseRow, PastVersion, PositionRow, ProposalRow, ReservationRow, RulingRow,
    UnexpiredCodes, UsageRow,
};
use super::{Accepted, Rpc};
use crate::domain::batch::{BatchNo, RecordResult};
use crate::domain::conduct::{DayLimits, DayTally, Thresholds};
use crate::domain::currency::Currency;
use crate::domain::date::BusinessZone;
use crate::domain::exposure::BandSeries;
use crate::domain::exposure::band::LOWEST_EDGE_UNITS;
use crate::domain::member::{LenderGroup, Member, MemberState};
use crate::domain::names::{
    AccountNo, AccountRef, MemberNo, RequestId, ReservationId, Sha256, SubjectId, TokenId,
};
use crate::domain::quality::ReportTally;
use crate::domain::statistics::Snapshot;
use crate::domain::token::{Pseudonym, TokenRow};

/// What the operator settles for the whole market.
#[derive(Debug, Clone)]
pub struct MarketRules {
    /// Where business days begin and end.
    pub zone: BusinessZone,
    /// Lowest band edge in units, for currencies other than the default of 1,000.
    pub lowest_edges: BTreeMap<Currency, i64>,
    /// Operators needed for CreateMember, GrantEvaluations, MergeSubjects and SplitSubject: 1 or 2.
    pub approvals: u32,
    /// Token evaluations a civil day of all members together above which the service alarms.
    pub network_evaluations_per_day: u64,
    /// Rejected records per hundred above which a batch is stopped, from record 10,000 on.
    pub batch_reject_percent: u32,
    /// Change of the active positions of a FULL batch, per hundred of the one before, above which it is held.
    pub batch_swing_percent: u32,
    /// Unexpired offline codes of one member, used ones too, beyond which it gets no more.
    pub offline_codes: u32,
    /// What a member may do on one civil day.
    pub day_limits: DayLimits,
    /// When a member's conduct of a month alerts.
    pub conduct: Thresholds,
}

impl Default for MarketRules {
    fn default() -> Self {
        Self {
            zone: BusinessZone::default(),
            lowest_edges: BTreeMap::new(),
            approvals: 2,
            network_evaluations_per_day: 2_000_000,
            batch_reject_percent: 20,
            batch_swing_percent: 30,
            offline_codes: 10_000,
            day_limits: DayLimits::default(),
            conduct: Thresholds::default(),
        }
    }
}

impl MarketRules {
    /// The bands of a currency.
    pub fn bands(&self, currency: Currency) -> BandSeries {
        BandSeries::new(
            currency,
            self.lowest_edges
                .get(&currency)
                .copied()
                .unwrap_or(LOWEST_EDGE_UNITS),
        )
    }
}

/// What answers need to know of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberStanding {
    /// Its group.
    pub lender_group: LenderGroup,
    /// Its state.
    pub state: MemberState,
    /// Whether it has the role LENDER.
    pub is_lender: bool,
    /// Greatest as_of of its accepted reports.
    pub latest_as_of: Option<NaiveDate>,
    /// Its completed batch of the latest date.
    pub latest_batch: Option<LatestBatch>,
}

/// A completed batch, as coverage needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatestBatch {
    /// The date that it describes.
    pub as_of: NaiveDate,
    /// The civil day on which it was completed.
    pub completed_on: NaiveDate,
}

/// All members, as answers need them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// By number.
    pub members: BTreeMap<MemberNo, MemberStanding>,
}

/// Everything of one subject that answers and bindings need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubjectRows {
    /// Current versions, deleted ones too.
    pub positions: BTreeMap<(MemberNo, AccountNo), PositionRow>,
    /// Past versions that were never corrected.
    pub history: Vec<HistoryRow>,
    /// Looks: all of the last 360 civil days and more, and at least one hard one if there ever was any. Empty in a group
    /// that looks at nothing.
    pub inquiries: Vec<InquiryRow>,
    /// Frozen figures of today, any member; likewise.
    pub frozen: Vec<FrozenRow>,
    /// Reservations of anybody, ended ones too.
    pub reservations: Vec<ReservationRow>,
    /// Applications of anybody. Empty in a group that checks nothing and moves nothing.
    pub applications: Vec<ApplicationRow>,
}

/// Gives numbers that were never given before.
pub trait Numbers: Send {
    /// The next one.
    fn next(&mut self) -> i64;
}

/// One row to write. Puts replace the row of the same key; every change expects exactly one row unless it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A token seen for the first time.
    InsertToken(Pseudonym, TokenRow),
    /// A token means another subject from now on.
    MoveToken(TokenId, SubjectId),
    /// All tokens of a subject mean another from now on; any number of rows.
    MoveTokens(SubjectId, SubjectId),
    /// A subject's position row moved to another subject: if the account was found by the old one, it is found by the
    /// new one from now on; one row or none.
    MoveHolder {
        /// Whose account.
        member_no: MemberNo,
        /// The account.
        account_no: AccountNo,
        /// The old subject.
        from: SubjectId,
        /// The new one.
        to: SubjectId,
    },
    /// What an account's tokens mean may have changed: they are not recognised any more. One row.
    ForgetTokens(MemberNo, AccountNo),
    /// A new account, or a new holder or version count of a known one.
    PutAccount(AccountRow),
    /// A position as it concerns one subject.
    PutPosition(Box<PositionRow>),
    /// A position no longer concerns a subject.
    RemovePosition(SubjectId, MemberNo, AccountNo),
    /// A version that is no longer current, or (again) one that was corrected.
    PutPastVersion(Box<PastVersion>),
    /// What a past version tells about a subject.
    PutHistory(HistoryRow),
    /// A past version no longer tells anything about a subject (corrected, or the subject changed).
    RemoveHistory(SubjectId, AccountNo, u64),
    /// A look.
    InsertInquiry(Box<InquiryRow>),
    /// A subject's looks now belong to another; any number of rows.
    MoveInquiries(SubjectId, SubjectId),
    /// A frozen answer.
    PutFrozen(Box<FrozenRow>),
    /// All frozen answers of a subject are dropped; any number of rows.
    DropFrozen(SubjectId),
    /// A mobile number seen with a strong token.
    PutLink(LinkRow),
    /// All links of a strong subject are another's from now on, the later `last_seen` wins; any number of rows.
    MoveLinks(SubjectId, SubjectId),
    /// An accepted request.
    InsertRequest {
        /// Its name.
        name: RequestName,
        /// SHA-256 of what it asked.
        body: Sha256,
        /// When.
        at: crate::domain::date::Timestamp,
        /// What it got.
        accepted: Box<Accepted>,
    },
    /// The latest as_of of a member's reports grew.
    PutLatestAsOf(MemberNo, NaiveDate),
    /// A completed batch of the latest date.
    PutLatestBatch(MemberNo, LatestBatch),
    /// A batch as it is now.
    PutBatch(Box<BatchRow>),
    /// What was found about a record of a batch, and when.
    InsertResult(
        MemberNo,
        BatchNo,
        Box<RecordResult>,
        crate::domain::date::Timestamp,
    ),
    /// An account was accepted in a batch that sends rejects of another again: they are mended; any number of rows.
    MendResults {
        /// Whose.
        member_no: MemberNo,
        /// The latest batch that rejected it: what the ones before it rejected is mended, too.
        batch_no: BatchNo,
        /// The account.
        account_ref: AccountRef,
        /// When.
        at: crate::domain::date::Timestamp,
    },
    /// An open position that a FULL batch did not carry.
    InsertMissing(MemberNo, BatchNo, AccountRef),
    /// A report was accepted on a civil day, or a record of a batch rejected: so much more for (member, day).
    CountReport {
        /// Whose.
        member_no: MemberNo,
        /// When.
        day: NaiveDate,
        /// What is counted of it.
        tally: ReportTally,
    },
    /// A subject was created by an inquiry: one more for (member, day).
    CountSubjectCreated(MemberNo, NaiveDate),
    /// Evaluations charged to (member, day): so many more, of which the last number come from no grant.
    CountEvaluations {
        /// Who.
        member_no: MemberNo,
        /// When.
        day: NaiveDate,
        /// All of them.
        count: u64,
        /// Those charged to the daily quota.
        from_quota: u64,
    },
    /// A grant as it is now.
    PutGrant(MemberNo, GrantRow),
    /// A member as it is now, certificates included.
    PutMember(Box<Member>),
    /// A proposal that waits for a second operator.
    PutProposal(Rpc, RequestId, ProposalRow),
    /// A proposal that was carried out.
    RemoveProposal(Rpc, RequestId),
    /// An application as it concerns one subject.
    PutApplication(Box<ApplicationRow>),
    /// A reservation as it concerns one subject.
    PutReservation(Box<ReservationRow>),
    /// A reservation no longer concerns a subject.
    RemoveReservation(SubjectId, MemberNo, ReservationId),
    /// A subject's reservations and applications are another's from now on; any number of rows.
    MoveReservations(SubjectId, SubjectId),
    /// What was ruled about an application.
    InsertRuling(Box<RulingRow>),
    /// Codes that were issued.
    InsertOfflineSeries(OfflineSeriesRow),
    /// A loan that was made under a code nobody used before.
    InsertOfflineUse(Box<OfflineUseRow>),
    /// A member looked, reserved or confirmed: so much more for (member, day).
    CountConduct(MemberNo, NaiveDate, DayTally),
    /// A snapshot that was asked for.
    InsertSnapshot(Snapshot),
}

/// The rows a group concerns, and what was changed.
pub struct WorkingSet {
    /// What the operator settles.
    pub rules: Arc<MarketRules>,
    /// All members, as answers need them.
    pub network: Network,
    /// Tokens on file among those presented.
    pub tokens: BTreeMap<Pseudonym, TokenRow>,
    /// Whom the tokens of recognised accounts mean.
    pub known_tokens: BTreeMap<TokenId, SubjectId>,
    /// Subjects named by anything loaded. A subject without rows has an empty entry or none.
    pub subjects: BTreeMap<SubjectId, SubjectRows>,
    /// Links of the mobile-only subjects among the tokens.
    pub links: BTreeMap<SubjectId, Vec<LinkRow>>,
    /// Accounts on file among those named.
    pub accounts: BTreeMap<(MemberNo, AccountRef), AccountRow>,
    /// For each account on file: at least the subjects of its position rows (the holder and whoever else is liable).
    pub liable: BTreeMap<AccountNo, BTreeSet<SubjectId>>,
    /// All past versions of the accounts that asked for them, oldest number first.
    pub past_versions: BTreeMap<AccountNo, Vec<PastVersion>>,
    /// Requests that took effect among those named.
    pub requests: BTreeMap<RequestName, (Sha256, Accepted)>,
    /// Usage of the members that asked for it.
    pub usage: BTreeMap<MemberNo, UsageRow>,
    /// Every member, when the register was asked for.
    pub register: BTreeMap<MemberNo, Member>,
    /// Every open proposal, when the register was asked for.
    pub proposals: BTreeMap<(Rpc, RequestId), ProposalRow>,
    /// Evaluations of all members today, when the register was asked for.
    pub network_evaluations_today: u64,
    /// Source of new numbers.
    pub numbers: Box<dyn Numbers>,
    /// Batches on file among those named.
    pub batches: BTreeMap<BatchName, BatchRow>,
    /// Latest full submissions of the members that asked for them.
    pub last_full: BTreeMap<MemberNo, LastFull>,
    /// Greatest numbers of batches of the members that begin one.
    pub newest_batch: BTreeMap<MemberNo, BatchNo>,
    /// Series of the offline codes that were named.
    pub offline_series: BTreeMap<SeriesName, OfflineSeriesRow>,
    /// What was made under those of them that were used.
    pub offline_uses: BTreeMap<CodeName, OfflineUseRow>,
    /// Unexpired codes of the members that ask for more.
    pub unexpired_codes: BTreeMap<MemberNo, UnexpiredCodes>,
    /// The latest snapshots of the dates that one is asked for.
    pub snapshots: BTreeMap<NaiveDate, Snapshot>,
    /// What to write, in order.
    pub changes: Vec<Change>,
}

impl WorkingSet {
    /// An empty one.
    pub fn new(rules: Arc<MarketRules>, network: Network, numbers: Box<dyn Numbers>) -> Self {
        Self {
            rules,
            network,
            tokens: BTreeMap::new(),
            known_tokens: BTreeMap::new(),
            subjects: BTreeMap::new(),
            links: BTreeMap::new(),
            accounts: BTreeMap::new(),
            liable: BTreeMap::new(),
            past_versions: BTreeMap::new(),
            requests: BTreeMap::new(),
            usage: BTreeMap::new(),
            register: BTreeMap::new(),
            proposals: BTreeMap::new(),
            network_evaluations_today: 0,
            numbers,
            batches: BTreeMap::new(),
            last_full: BTreeMap::new(),
            newest_batch: BTreeMap::new(),
            offline_series: BTreeMap::new(),
            offline_uses: BTreeMap::new(),
            unexpired_codes: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            changes: Vec::new(),
        }
    }
}
