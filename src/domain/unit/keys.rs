//! Which rows a group of writes needs, by name: loaded before anything is decided.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::batch::{BatchStep, BatchWork, Item, ItemAct};
use super::check::Check;
use super::offline::OfflineWork;
use super::reserve::ReservationStep;
use super::{Action, Administration, Rpc, Write};
use crate::domain::batch::BatchId;
use crate::domain::names::{AccountRef, ApplicationId, MemberNo, RequestId, ReservationId, SeriesId};
use crate::domain::position::Position;
use crate::domain::token::{Pseudonym, Shown};

/// A member and its name of a batch.
pub type BatchName = (MemberNo, BatchId);

/// A member and a series of its offline codes.
pub type SeriesName = (MemberNo, SeriesId);

/// The same and the place in it: one code.
pub type CodeName = (MemberNo, SeriesId, u32);

/// A member, rpc and request id.
pub type RequestName = (MemberNo, Rpc, RequestId);

/// The rows that a group of writes needs. Loaded in two stages: (1) tokens, accounts, requests, usage, proposals,
/// register; (2) links of the mobile tokens found in (1), and all rows of every subject that a token, an account
/// (its holder and every liable subject of its rows) or a link named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// Tokens presented.
    pub pseudonyms: BTreeSet<Pseudonym>,
    /// Accounts named, but for those that are only recognised: with all rows of those whom they may concern.
    pub accounts: BTreeSet<(MemberNo, AccountRef)>,
    /// Accounts whose tokens were recognised: whom these mean is found by their numbers, and of those liable no more is
    /// needed than the account's own rows, for nobody becomes or ceases to be liable.
    pub recognised: BTreeSet<(MemberNo, AccountRef)>,
    /// Accounts of which all past versions are needed.
    pub versions: BTreeSet<(MemberNo, AccountRef)>,
    /// Requests named.
    pub requests: BTreeSet<RequestName>,
    /// Members whose usage is needed.
    pub usage: BTreeSet<MemberNo>,
    /// Members by name and everything about them.
    pub register: bool,
    /// Batches named.
    pub batches: BTreeSet<BatchName>,
    /// Members whose latest full submission is needed.
    pub last_full: BTreeSet<MemberNo>,
    /// Members that begin a batch: which number was their last.
    pub newest_batch: BTreeSet<MemberNo>,
    /// Whether anybody looks, or moves what others looked at: reports do without looks and frozen answers.
    pub looks: bool,
    /// Reservations named: with all rows of those whom they concern.
    pub reservations: BTreeSet<(MemberNo, ReservationId)>,
    /// Applications named; likewise.
    pub applications: BTreeSet<(MemberNo, ApplicationId)>,
    /// Offline codes named: with their series.
    pub offline_codes: BTreeSet<CodeName>,
    /// Accounts to be back-filled: with the code that each was made under, if it was before.
    pub offline_accounts: BTreeSet<(MemberNo, AccountRef)>,
    /// Members that ask for offline codes: how many of theirs have not expired.
    pub unexpired_codes: BTreeSet<MemberNo>,
    /// Dates of which a snapshot is asked for: with the latest one of each.
    pub snapshots: BTreeSet<NaiveDate>,
}

impl Keys {
    /// Adds what one write needs.
    pub fn add(&mut self, write: &Write) {
        self.requests.extend(write.request_name());
        match &write.action {
            Action::Report(report) => self.add_report(write.member_no, &report.position),
            Action::Correct(correction) => {
                self.add_report(write.member_no, &correction.report.position);
                self.versions
                    .insert((write.member_no, correction.report.position.account_ref.clone()));
            }
            Action::Delete { account_ref, .. } => {
                self.accounts.insert((write.member_no, account_ref.clone()));
            }
            Action::Look(look) => {
                self.looks = true;
                self.pseudonyms
                    .extend(look.inquiry.tokens.iter().map(|shown| shown.token.clone()));
                self.usage.insert(write.member_no);
            }
            Action::ChargeEvaluations { .. } => {
                self.usage.insert(write.member_no);
                self.register = true;
            }
            Action::Administer(administration) => self.add_administration(administration),
            Action::Batch(work) => self.add_batch(write.member_no, work),
            Action::Check(check) => self.add_check(write.member_no, check),
            Action::Offline(work) => self.add_offline(write.member_no, work),
            Action::Snapshot { as_of } => {
                self.snapshots.insert(*as_of);
            }
            Action::Reserve(work) => {
                self.reservations.insert((write.member_no, work.reservation_id));
                if let ReservationStep::Confirm(report) = &work.step {
                    self.add_report(write.member_no, &report.position);
                }
            }
        }
    }

    fn add_check(&mut self, member_no: MemberNo, check: &Check) {
        self.looks = true;
        self.usage.insert(member_no);
        self.applications
            .insert((member_no, check.application_id.clone()));
        let tokens = check.borrowers.iter().flatten();
        self.pseudonyms.extend(tokens.map(|shown| shown.token.clone()));
    }

    fn add_offline(&mut self, member_no: MemberNo, work: &OfflineWork) {
        match work {
            OfflineWork::Issue { .. } => {
                self.unexpired_codes.insert(member_no);
            }
            OfflineWork::Backfill(backfill) => {
                self.looks = true;
                let code = &backfill.code;
                self.offline_codes.insert((member_no, code.series_id, code.place));
                let account_ref = backfill.report.position.account_ref.clone();
                self.offline_accounts.insert((member_no, account_ref));
                let tokens = backfill.borrowers.iter().flatten();
                self.pseudonyms.extend(tokens.map(|shown| shown.token.clone()));
                self.add_report(member_no, &backfill.report.position);
            }
        }
    }

    fn add_batch(&mut self, member_no: MemberNo, work: &BatchWork) {
        self.batches.insert((member_no, work.batch_id.clone()));
        match &work.step {
            BatchStep::Open(header) => {
                self.newest_batch.insert(member_no);
                self.batches
                    .extend(header.resends.clone().map(|resent| (member_no, resent)));
            }
            BatchStep::Chunk { items, .. } => {
                for item in items {
                    self.add_item(member_no, item);
                }
            }
            BatchStep::Close(_) | BatchStep::Confirm => {
                self.last_full.insert(member_no);
            }
            BatchStep::Proceed { page, .. } => {
                self.last_full.insert(member_no);
                self.accounts
                    .extend(page.iter().map(|account| (member_no, account.clone())));
            }
        }
    }

    /// What one record of a batch needs.
    pub(super) fn add_item(&mut self, member_no: MemberNo, item: &Item) {
        let name = item.account_ref.clone().map(|account| (member_no, account));
        match &item.act {
            ItemAct::Recognised(_) => self.recognised.extend(name),
            ItemAct::Unreadable(_) | ItemAct::Delete(_) | ItemAct::Report(_) | ItemAct::Correct(_) => {
                self.accounts.extend(name);
            }
        }
        match &item.act {
            ItemAct::Report(report) => self.add_report(member_no, &report.position),
            ItemAct::Correct(correction) => {
                self.add_report(member_no, &correction.report.position);
                self.versions
                    .insert((member_no, correction.report.position.account_ref.clone()));
            }
            ItemAct::Recognised(_) | ItemAct::Unreadable(_) | ItemAct::Delete(_) => {}
        }
    }

    fn add_report(&mut self, member_no: MemberNo, position: &Position<Shown>) {
        self.accounts.insert((member_no, position.account_ref.clone()));
        let named = position.facts.reservation_id.as_deref();
        let named = named.and_then(ReservationId::parse);
        self.reservations.extend(named.map(|named| (member_no, named)));
        let liabilities = position.liabilities.iter();
        for shown in liabilities.flat_map(|liability| &liability.tokens) {
            if let Shown::Sealed(pseudonym) = &shown.token {
                self.pseudonyms.insert(pseudonym.clone());
            }
        }
    }

    fn add_administration(&mut self, administration: &Administration) {
        self.register = true;
        self.looks = true;
        match administration {
            Administration::MergeSubjects { keep, merge, .. } => {
                self.pseudonyms.extend([keep.clone(), merge.clone()]);
            }
            Administration::SplitSubject { token, .. } => {
                self.pseudonyms.insert(token.clone());
            }
            Administration::CreateMember(_)
            | Administration::UpdateMember(_)
            | Administration::AddCertificate { .. }
            | Administration::RevokeCertificate { .. }
            | Administration::GrantEvaluations { .. } => {}
        }
    }
}

impl Action {
    /// The rpc that asked for it.
    pub fn rpc(&self) -> Rpc {
        match self {
            Self::Report(_) => Rpc::ReportPosition,
            Self::Correct(_) => Rpc::CorrectPosition,
            Self::Delete { .. } => Rpc::DeletePosition,
            Self::Look(look) => match look.kind {
                super::rows::LookKind::Query => Rpc::QueryExposure,
                super::rows::LookKind::Review => Rpc::ReviewPortfolio,
                super::rows::LookKind::Check => Rpc::CheckAndReserve,
                super::rows::LookKind::Backfill => Rpc::BackfillOfflineCode,
            },
            Self::Check(_) => Rpc::CheckAndReserve,
            Self::Reserve(work) => work.rpc(),
            Self::Offline(work) => work.rpc(),
            Self::ChargeEvaluations { .. } => Rpc::EvaluateBlinded,
            Self::Snapshot { .. } => Rpc::CreateSnapshot,
            Self::Batch(work) => match work.step {
                BatchStep::Confirm => Rpc::ConfirmBatch,
                BatchStep::Open(_)
                | BatchStep::Chunk { .. }
                | BatchStep::Close(_)
                | BatchStep::Proceed { .. } => Rpc::UploadBatch,
            },
            Self::Administer(administration) => match **administration {
                Administration::CreateMember(_) => Rpc::CreateMember,
                Administration::UpdateMember(_) => Rpc::UpdateMember,
                Administration::AddCertificate { .. } => Rpc::AddCertificate,
                Administration::RevokeCertificate { .. } => Rpc::RevokeCertificate,
                Administration::GrantEvaluations { .. } => Rpc::GrantEvaluations,
                Administration::MergeSubjects { .. } => Rpc::MergeSubjects,
                Administration::SplitSubject { .. } => Rpc::SplitSubject,
            },
        }
    }
}
