//! How members behave, for those who supervise them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::conduct::{ConductFacts, Period};
use crate::domain::member::Member;
use crate::domain::names::MemberNo;
use crate::store::{Store, StoreError};

/// The room's view of conduct. Who may ask is judged by the matrix of rpcs.
pub struct Conduct {
    store: Arc<dyn Store>,
}

impl Conduct {
    /// Over a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// What a month shows of members whose numbers lie side by side; who did nothing is not in it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn of(
        &self,
        members: &[Member],
        period: Period,
    ) -> Result<BTreeMap<MemberNo, ConductFacts>, StoreError> {
        let numbers = || members.iter().map(|member| member.member_no);
        match (numbers().min(), numbers().max()) {
            (Some(first), Some(last)) => self.store.conduct(period, first..=last).await,
            (None, _) | (_, None) => Ok(BTreeMap::new()),
        }
    }
}
