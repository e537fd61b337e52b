//! What members did, added up over a group: dates that only grow, numbers that add up.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::changes::{
    COUNT_EVALUATIONS, COUNT_EVALUATIONS_EVER, COUNT_SUBJECTS_CREATED, PUT_GRANTS, PUT_LATEST_AS_OF,
    PUT_LATEST_BATCHES,
};
use super::flush::ToRun;
use crate::domain::names::MemberNo;
use crate::domain::unit::Change;
use crate::domain::unit::rows::GrantRow;
use crate::domain::unit::working_set::LatestBatch;
use crate::store::columns::Sink as _;
use crate::store::rows;

/// What members did, added up.
#[derive(Default)]
pub(super) struct Counts<'a> {
    latest: BTreeMap<MemberNo, NaiveDate>,
    completed: BTreeMap<MemberNo, LatestBatch>,
    created: BTreeMap<(MemberNo, NaiveDate), u64>,
    /// All evaluations, and those from the quota.
    charged: BTreeMap<(MemberNo, NaiveDate), (u64, u64)>,
    ever: BTreeMap<MemberNo, u64>,
    grants: BTreeMap<(MemberNo, i64), &'a GrantRow>,
}

impl<'a> Counts<'a> {
    /// Takes what a member did: a latest date, one more, a grant used up.
    pub fn take(&mut self, change: &'a Change) {
        match change {
            Change::PutLatestAsOf(member, as_of) => {
                let latest = self.latest.entry(*member).or_insert(*as_of);
                *latest = (*latest).max(*as_of);
            }
            Change::PutLatestBatch(member, latest) => {
                self.completed.insert(*member, *latest);
            }
            Change::CountSubjectCreated(member, day) => {
                *self.created.entry((*member, *day)).or_default() += 1;
            }
            Change::CountEvaluations {
                member_no,
                day,
                count,
                from_quota,
            } => {
                let (all, charged) = self.charged.entry((*member_no, *day)).or_default();
                *all += count;
                *charged += from_quota;
                *self.ever.entry(*member_no).or_default() += count;
            }
            Change::PutGrant(member, grant) => {
                self.grants.insert((*member, grant.grant_no), grant);
            }
            _ => {}
        }
    }

    /// Adds the statements that write it.
    pub fn add_to(self, to_run: &mut ToRun<'a>) {
        to_run.put(PUT_LATEST_AS_OF, self.latest, |(member, as_of), sink| {
            sink.number(member.0).date(as_of);
        });
        to_run.put(PUT_LATEST_BATCHES, self.completed, |(member, latest), sink| {
            sink.number(member.0).date(latest.as_of).date(latest.completed_on);
        });
        to_run.put(
            COUNT_SUBJECTS_CREATED,
            self.created,
            |((member, day), subjects), sink| {
                sink.number(member.0).date(day).count(subjects);
            },
        );
        to_run.put(
            COUNT_EVALUATIONS,
            self.charged,
            |((member, day), (all, from_quota)), sink| {
                sink.number(member.0).date(day).count(all).count(from_quota);
            },
        );
        to_run.put(COUNT_EVALUATIONS_EVER, self.ever, |(member, all), sink| {
            sink.number(member.0).count(all);
        });
        to_run.put(PUT_GRANTS, self.grants, |((member, _), grant), sink| {
            rows::register::put_grant(member, grant, sink);
        });
    }
}
