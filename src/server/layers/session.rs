//! What a service knows of its call: who calls, under which id, and how to say no.
//!
//! The gate puts it into the request's extensions. A long stream asks [`Session::recheck`] every few messages: a revoked
//! certificate does not end a connection, the register ends what runs on it.

use std::fmt;
use std::sync::Arc;

use tonic::{Request, Status};

use super::call_id::CallId;
use crate::domain::caller::Caller;
use crate::domain::clock::SharedClock;
use crate::domain::date::Timestamp;
use crate::domain::names::{Fingerprint, MemberId};
use crate::domain::unit::Refused;
use crate::domain::violation::Violation;
use crate::members::{AuthError, Permission, Registry};
use crate::server::status;
use crate::store::{ApplyError, StoreError};

/// How a caller shows who it is.
#[derive(Debug, Clone)]
pub(super) enum Proof {
    /// By a certificate.
    Certificate(Fingerprint),
    /// By its word: development without TLS.
    Word(MemberId),
}

impl Proof {
    /// Who calls, judged by the register now.
    pub(super) fn judge(&self, registry: &Registry) -> Result<Arc<Caller>, AuthError> {
        match self {
            Self::Certificate(fingerprint) => registry.authenticate(*fingerprint),
            Self::Word(member_id) => registry.take_word(member_id),
        }
    }
}

/// A call that was let in.
#[derive(Clone)]
pub struct Session {
    pub(super) call: CallId,
    pub(super) proof: Proof,
    pub(super) caller: Arc<Caller>,
    pub(super) permission: &'static Permission,
    pub(super) registry: Arc<Registry>,
    pub(super) clock: SharedClock,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("call", &self.call)
            .field("rpc", &self.permission.path())
            .finish_non_exhaustive()
    }
}

impl Session {
    /// The session of a request.
    ///
    /// # Errors
    /// `INTERNAL` when the request did not come through the gate.
    pub fn of<T>(request: &Request<T>) -> Result<Self, Status> {
        let found = request.extensions().get::<Self>().cloned();
        found.ok_or_else(status::without_session)
    }

    /// Who calls, as judged when the call came in.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The same, to be taken along.
    pub fn caller_shared(&self) -> Arc<Caller> {
        Arc::clone(&self.caller)
    }

    /// The call's id.
    pub fn call(&self) -> &CallId {
        &self.call
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Who calls, judged anew: every few messages of a stream.
    ///
    /// # Errors
    /// The status to end the stream with.
    pub fn recheck(&self) -> Result<Arc<Caller>, Status> {
        let judged = self.proof.judge(&self.registry).and_then(|caller| {
            if self.permission.allows(&caller) {
                Ok(caller)
            } else {
                Err(AuthError::RoleMissing)
            }
        });
        judged.map_err(|error| {
            crate::server::metric::refused(error.reason());
            tracing::warn!(
                request_id = %self.call,
                rpc = self.permission.path(),
                member = %self.caller.member_id(),
                reason = error.reason(),
                "an open call is ended: its caller may no longer make it"
            );
            status::unauthorised(&self.call, error)
        })
    }

    /// Something that only other roles may ask.
    pub fn forbidden(&self) -> Status {
        let error = AuthError::RoleMissing;
        crate::server::metric::refused(error.reason());
        status::unauthorised(&self.call, error)
    }

    /// A refusal of the domain.
    pub fn refused(&self, refused: &Refused) -> Status {
        status::refused(&self.call, refused, self.now())
    }

    /// What the message alone breaks, or what the caller does not have.
    pub fn invalid(&self, violations: Vec<Violation>) -> Status {
        status::invalid(&self.call, violations)
    }

    /// A unit of work that was not done.
    pub fn unapplied(&self, error: &ApplyError) -> Status {
        status::unapplied(&self.call, error, self.now())
    }

    /// A store that failed.
    pub fn unstored(&self, error: &StoreError) -> Status {
        status::unstored(&self.call, error)
    }

    /// A failure of ours: logged, not told.
    pub fn internal(&self, cause: &dyn fmt::Display) -> Status {
        status::internal(&self.call, cause)
    }
}
