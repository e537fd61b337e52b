//! How members behave, for those who supervise them.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::domain::conduct::{ConductFacts, Period};
use crate::domain::member::Member;
use crate::domain::names::MemberNo;
use crate::store::{Store, StoreError};

/// The room's view of conduct. Who may ask is judged by the matrix of rpcs.
pub struct Conduct {
    store: Arc<dyn Store>,
    /// A walk reads everybody's month: one at a time, so that others can read, too.
    turn: Arc<Mutex<()>>,
}

impl Conduct {
    /// Over a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            turn: Arc::default(),
        }
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
            (Some(first), Some(last)) => {
                let turn = Arc::clone(&self.turn).lock_owned().await;
                let store = Arc::clone(&self.store);
                // A walk goes on when its caller has gone: the next one waits for its end all the same.
                let walk = tokio::spawn(async move {
                    let found = store.conduct(period, first..=last).await;
                    drop(turn);
                    found
                });
                walk.await.unwrap_or(Err(StoreError::Unavailable))
            }
            (None, _) | (_, None) => Ok(BTreeMap::new()),
        }
    }
}
