//! The register in memory: read on every call without waiting, replaced when the store's generation moves on.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use futures::{Stream, StreamExt as _};
use tokio::sync::Mutex;

use super::authenticate::{AuthError, Snapshot};
use crate::domain::caller::Caller;
use crate::domain::clock::SharedClock;
use crate::domain::member::Member;
use crate::domain::names::{Fingerprint, MemberId};
use crate::domain::unit::{Accepted, Write};
use crate::store::{ApplyError, Store, StoreError};

/// What this room asks of a store.
#[async_trait]
pub trait MemberRegister: Send + Sync + 'static {
    /// All members, at a generation not before the latest that [`MemberRegister::generation`] told.
    async fn members(&self) -> Result<Vec<Member>, StoreError>;

    /// Grows with each change of members and certificates, whichever process made it.
    async fn generation(&self) -> Result<i64, StoreError>;

    /// Does a unit of work; durable on return.
    async fn apply(&self, write: Write) -> Result<Accepted, ApplyError>;
}

#[async_trait]
impl MemberRegister for Arc<dyn Store> {
    async fn members(&self) -> Result<Vec<Member>, StoreError> {
        (**self).members().await
    }

    async fn generation(&self) -> Result<i64, StoreError> {
        self.registry_generation().await
    }

    async fn apply(&self, write: Write) -> Result<Accepted, ApplyError> {
        (**self).apply(write).await
    }
}

/// The register of members as this process knows it.
pub struct Registry {
    register: Arc<dyn MemberRegister>,
    clock: SharedClock,
    current: ArcSwap<Snapshot>,
    /// One reading at a time, so that an older one never replaces a newer one.
    reading: Mutex<()>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("generation", &self.current.load().generation())
            .finish_non_exhaustive()
    }
}

impl Registry {
    /// Reads the register for the first time.
    pub async fn load(
        register: Arc<dyn MemberRegister>,
        clock: SharedClock,
    ) -> Result<Arc<Self>, StoreError> {
        let current = ArcSwap::from_pointee(Snapshot::default());
        let registry = Self {
            register,
            clock,
            current,
            reading: Mutex::new(()),
        };
        registry.reload().await?;
        Ok(Arc::new(registry))
    }

    /// The register as last read.
    pub fn current(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Who calls with the certificate of this fingerprint, judged now.
    pub fn authenticate(&self, fingerprint: Fingerprint) -> Result<Arc<Caller>, AuthError> {
        self.current.load().authenticate(fingerprint, self.clock.now())
    }

    /// Who calls by a mere name. For development without TLS alone.
    pub fn take_word(&self, member_id: &MemberId) -> Result<Arc<Caller>, AuthError> {
        self.current.load().take_word(member_id)
    }

    /// Reads the register anew, whatever its generation.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let _turn = self.reading.lock().await;
        // The generation first: a change in between is then read once more, never missed.
        let generation = self.register.generation().await?;
        self.read(generation).await
    }

    /// Reads the register anew if its generation moved; says whether it did.
    pub async fn refresh(&self) -> Result<bool, StoreError> {
        let _turn = self.reading.lock().await;
        let generation = self.register.generation().await?;
        if generation == self.current.load().generation() {
            return Ok(false);
        }
        self.read(generation).await?;
        Ok(true)
    }

    async fn read(&self, generation: i64) -> Result<(), StoreError> {
        let members = self.register.members().await?;
        self.current.store(Arc::new(Snapshot::new(generation, members)));
        Ok(())
    }

    /// Follows the store for as long as there are ticks. A store that cannot be read leaves the register as it is: nothing
    /// can change in it meanwhile, and what a call wants of the store fails by itself.
    pub async fn follow(self: Arc<Self>, ticks: impl Stream<Item = ()> + Send) {
        let mut ticks = std::pin::pin!(ticks);
        let mut failing = false;
        while ticks.next().await.is_some() {
            match self.refresh().await {
                Ok(true) => tracing::info!(
                    generation = self.current().generation(),
                    "the register of members changed"
                ),
                Ok(false) => {}
                Err(error) if !failing => {
                    tracing::error!(%error, "the register of members cannot be read; the last one read stays in force");
                    failing = true;
                    continue;
                }
                Err(_) => continue,
            }
            failing = false;
        }
    }

    pub(super) async fn apply(&self, write: Write) -> Result<Accepted, ApplyError> {
        self.register.apply(write).await
    }
}
