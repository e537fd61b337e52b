//! What callers do here: operators change the register, lenders are charged for token evaluations.

use std::sync::Arc;

use super::registry::Registry;
use crate::domain::caller::Caller;
use crate::domain::clock::SharedEntropy;
use crate::domain::member::{Certificate, LenderGroup, Member, Role};
use crate::domain::names::{Fingerprint, MemberId, MemberNo};
use crate::domain::token::Pseudonym;
use crate::domain::unit::{Accepted, Action, Administration, NewMember, Outcome, Refused, RequestKey, Write};
use crate::domain::violation::{Code, Violation};
use crate::identity::token::SubjectToken;
use crate::store::{ApplyError, StoreError};
use crate::subjects::TokenMapper;

/// Name of the member that the first operators speak for.
pub const BOOTSTRAP_MEMBER: &str = "operator";
/// Token evaluations a day of that member.
const BOOTSTRAP_EVALUATIONS_PER_DAY: u32 = 1_000;

/// The room.
pub struct Members {
    registry: Arc<Registry>,
    tokens: Arc<TokenMapper>,
    entropy: SharedEntropy,
}

impl std::fmt::Debug for Members {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Members")
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}

impl Members {
    /// The room over a registry.
    pub fn new(registry: Arc<Registry>, tokens: Arc<TokenMapper>, entropy: SharedEntropy) -> Self {
        Self {
            registry,
            tokens,
            entropy,
        }
    }

    /// The register it changes.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// Changes the register of members or of subjects for an operator. Durable, and seen by this process's next call, on
    /// return. `request` names the proposal where two operators are needed.
    pub async fn administer(
        &self,
        caller: &Caller,
        request: Option<RequestKey>,
        administration: Administration,
    ) -> Result<Accepted, ApplyError> {
        let action = Action::Administer(Box::new(administration));
        let write = Write::by(caller, request, self.entropy.as_ref(), action);
        let accepted = self.registry.apply(write).await?;
        self.registry.reload().await?;
        Ok(accepted)
    }

    /// Makes two subjects one: the second token's is absorbed by the first's.
    pub async fn merge_subjects(
        &self,
        caller: &Caller,
        request: RequestKey,
        keep_and_merge: [&SubjectToken; 2],
        reason: String,
    ) -> Result<Accepted, ApplyError> {
        let mut sealed = self.sealed(caller, &keep_and_merge, "keep")?.into_iter();
        // The mapper gives one pseudonym for each token.
        let (Some(keep), Some(merge)) = (sealed.next(), sealed.next()) else {
            return Err(StoreError::Unavailable.into());
        };
        self.administer(
            caller,
            Some(request),
            Administration::MergeSubjects { keep, merge, reason },
        )
        .await
    }

    /// Gives a token a subject of its own.
    pub async fn split_subject(
        &self,
        caller: &Caller,
        request: RequestKey,
        token: &SubjectToken,
        reason: String,
    ) -> Result<Accepted, ApplyError> {
        let Some(token) = self.sealed(caller, &[token], "token")?.into_iter().next() else {
            return Err(StoreError::Unavailable.into());
        };
        self.administer(
            caller,
            Some(request),
            Administration::SplitSubject { token, reason },
        )
        .await
    }

    /// Tokens were read against the live versions; one that went out of use since then is refused here.
    fn sealed(
        &self,
        caller: &Caller,
        tokens: &[&SubjectToken],
        field: &str,
    ) -> Result<Vec<Pseudonym>, ApplyError> {
        self.tokens.pseudonyms(caller, tokens).map_err(|error| {
            Refused::because(Violation::new(Code::KeyVersionUnknown, field, error.to_string())).into()
        })
    }

    /// Charges token evaluations to a member's day and grants, all or nothing. Says whether all members together are now
    /// above the network's daily ceiling.
    pub async fn charge_evaluations(&self, caller: &Caller, count: u32) -> Result<bool, ApplyError> {
        let write = Write::by(
            caller,
            None,
            self.entropy.as_ref(),
            Action::ChargeEvaluations { count },
        );
        match self.registry.apply(write).await?.outcome {
            Outcome::Charged { over_ceiling } => Ok(over_ceiling),
            Outcome::Recorded { .. }
            | Outcome::Deleted
            | Outcome::Answered(_)
            | Outcome::Member(_)
            | Outcome::Certificate(_)
            | Outcome::Approved { .. }
            | Outcome::Batch(_)
            | Outcome::Ruled { .. }
            | Outcome::Reserved(_)
            | Outcome::Confirmed { .. }
            | Outcome::CodesIssued { .. }
            | Outcome::Backfilled { .. }
            | Outcome::Snapshot(_) => Ok(false),
        }
    }

    /// Up to `limit` members, newest first, with numbers below `before`.
    pub fn list(&self, before: Option<MemberNo>, limit: usize) -> Vec<Member> {
        let snapshot = self.registry.current();
        let mut members: Vec<&Member> = snapshot
            .members()
            .filter(|member| before.is_none_or(|before| member.member_no < before))
            .collect();
        members.sort_by_key(|member| std::cmp::Reverse(member.member_no));
        members.into_iter().take(limit).cloned().collect()
    }

    /// A member by its name.
    pub fn find(&self, member_id: &MemberId) -> Option<Member> {
        self.registry.current().find_member(member_id).cloned()
    }

    /// Enrols the first operators while nobody may run the service: a member named [`BOOTSTRAP_MEMBER`] with these
    /// certificates. Says whether it did; never touches a register that has an operator, or whose first operators were
    /// suspended or left.
    pub async fn bootstrap(&self, certificates: Vec<Certificate>) -> Result<bool, ApplyError> {
        let member_id = MemberId::parse(BOOTSTRAP_MEMBER).expect("the constant fits the pattern of names");
        let register = self.registry.current();
        if register.has_operator() || register.find_member(&member_id).is_some() {
            return Ok(false);
        }
        let certificate = certificates
            .first()
            .map_or(Fingerprint([0; 32]), |first| first.fingerprint);
        let new = NewMember {
            member_id: member_id.clone(),
            display_name: "Operator".to_owned(),
            lender_group: LenderGroup::Other,
            roles: vec![Role::Operator],
            certificates,
            rule_packs: Vec::new(),
            // Enough to name the subjects of merges and splits.
            evaluations_per_day: BOOTSTRAP_EVALUATIONS_PER_DAY,
        };
        let write = Write {
            member_no: MemberNo(0),
            member_id,
            certificate,
            // Without a request there is no proposal: nobody could be the second operator yet.
            request: None,
            salt: self.salt(),
            action: Action::Administer(Box::new(Administration::CreateMember(new))),
        };
        let enrolled = self.registry.apply(write).await;
        self.registry.reload().await?;
        match enrolled {
            Ok(_) => Ok(true),
            // Another service of the same database was faster.
            Err(_) if self.registry.current().has_operator() => Ok(false),
            Err(refused) => Err(refused),
        }
    }

    fn salt(&self) -> [u8; 32] {
        let mut salt = [0; 32];
        self.entropy.fill(&mut salt);
        salt
    }
}
