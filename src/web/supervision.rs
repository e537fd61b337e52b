//! What the dashboard sees of members: how well they report and how they behave in a month.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::window::WindowError;
use crate::domain::clock::SharedClock;
use crate::domain::conduct::{ConductFacts, Period, Thresholds};
use crate::domain::date::BusinessZone;
use crate::domain::member::{Member, MemberState, Role};
use crate::domain::quality::{Month, Scores};
use crate::members::{Conduct, Members};
use crate::reporting::Reporting;

/// The most lenders that a page lists.
pub const LENDERS_MAX: usize = 500;

/// How lenders do.
#[async_trait]
pub trait Supervision: Send + Sync {
    /// How well each lender reported in a month, in order of their names.
    async fn quality(&self, month: Month) -> Result<Vec<(Member, Scores)>, WindowError>;

    /// How each lender behaved in a month, in order of their names.
    async fn conduct(&self, month: Month) -> Result<Vec<(Member, ConductFacts)>, WindowError>;

    /// When a lender's conduct alerts.
    fn thresholds(&self) -> Thresholds;
}

/// The rooms of the service.
pub struct Rooms {
    /// Who there is.
    pub members: Arc<Members>,
    /// How well they report.
    pub reporting: Reporting,
    /// How they behave.
    pub conduct: Conduct,
    /// Time.
    pub clock: SharedClock,
    /// Where business days begin and end.
    pub zone: BusinessZone,
    /// When conduct alerts.
    pub thresholds: Thresholds,
    /// A walk over all lenders reads much: one at a time, so that whoever reloads a page keeps nobody else waiting.
    pub turn: Mutex<()>,
}

impl Rooms {
    /// Lenders that report or could, in order of their names.
    fn lenders(&self) -> Vec<Member> {
        let current = self.members.registry().current();
        let lenders = current.members().filter(|member| {
            let is_here = match member.state {
                MemberState::Active | MemberState::Suspended => true,
                MemberState::Left | MemberState::Proposed => false,
            };
            is_here && member.has_role(Role::Lender)
        });
        lenders.take(LENDERS_MAX).cloned().collect()
    }
}

#[async_trait]
impl Supervision for Rooms {
    async fn quality(&self, month: Month) -> Result<Vec<(Member, Scores)>, WindowError> {
        let _turn = self.turn.lock().await;
        let mut found = Vec::new();
        for member in self.lenders() {
            let now = self.clock.now();
            let scores = self
                .reporting
                .data_quality(member.member_no, month, self.zone, now)
                .await;
            found.push((member, scores.map_err(WindowError::of)?));
        }
        Ok(found)
    }

    async fn conduct(&self, month: Month) -> Result<Vec<(Member, ConductFacts)>, WindowError> {
        let _turn = self.turn.lock().await;
        let members = self.lenders();
        let period = Period {
            month,
            zone: self.zone,
            now: self.clock.now(),
        };
        let found = self.conduct.of(&members, period).await.map_err(WindowError::of)?;
        let facts = |member: &Member| found.get(&member.member_no).copied().unwrap_or_default();
        Ok(members
            .into_iter()
            .map(|member| {
                let facts = facts(&member);
                (member, facts)
            })
            .collect())
    }

    fn thresholds(&self) -> Thresholds {
        self.thresholds
    }
}
