//! The ledger half: the sealing key, the tweak, the checkpoint seed, and the public halves of the master keys. Maps tokens
//! to sealed pseudonyms and back; can make no token from an identifier.

use std::collections::BTreeMap;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::{KeyCommands, KeyError, KeyName, TokenKeys, folder};
use crate::domain::clock::Entropy;
use crate::domain::names::{ApplicationId, MemberId};
use crate::domain::token::{IdentifierType, KeyVersion, Pseudonym};
use crate::identity::oprf::algebra::{MemberKeys, PublicKey, RotationKey, TweakKey, double_and_encode};
use crate::identity::oprf::seal::{SEALING_BYTES, SealBroken, SealingKey};
use crate::identity::token::SubjectToken;

const CHECK_LABEL: &[u8] = b"tallystick/v1/key-check";

/// HMAC-SHA-256 of a label and the key's name, under the key.
fn check(name: KeyName, key: &[u8]) -> (String, [u8; 32]) {
    let name = name.to_string();
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(CHECK_LABEL);
    mac.update(name.as_bytes());
    (name, mac.finalize().into_bytes().into())
}

/// The keys that everything but TokenService needs. Zeroized when dropped.
pub struct LedgerKeys {
    publics: BTreeMap<KeyVersion, PublicKey>,
    tweak: TweakKey,
    sealing: SealingKey,
    checkpoint_seed: Zeroizing<[u8; 32]>,
}

crate::redacted_debug!(LedgerKeys);

impl LedgerKeys {
    pub(super) fn load(path: &Path, commands: &KeyCommands) -> Result<Self, KeyError> {
        folder::check_folder(path)?;
        let versions = folder::versions(path, KeyName::MasterPublic)?;
        if versions.is_empty() {
            return Err(KeyError::Missing {
                path: path.join(KeyName::MasterPublic(KeyVersion(1)).file()),
            });
        }
        let mut publics = BTreeMap::new();
        for version in versions {
            publics.insert(version, folder::read_public(path, version)?);
        }
        Ok(Self {
            publics,
            tweak: TweakKey::new(*folder::read(path, KeyName::Tweak, commands)?),
            sealing: SealingKey::new(*folder::read(path, KeyName::Seal, commands)?),
            checkpoint_seed: folder::read(path, KeyName::Checkpoint, commands)?,
        })
    }

    /// Keys for a token half, kept in memory alone: for tests, benches and demonstrations.
    pub fn ephemeral(token: &TokenKeys, entropy: &dyn Entropy) -> Self {
        let mut seal = Zeroizing::new([0; SEALING_BYTES]);
        entropy.fill(seal.as_mut_slice());
        let mut checkpoint_seed = Zeroizing::new([0; 32]);
        entropy.fill(checkpoint_seed.as_mut_slice());
        Self {
            publics: token.publics(),
            tweak: token.tweak().clone(),
            sealing: SealingKey::new(*seal),
            checkpoint_seed,
        }
    }

    /// Refuses two halves that are not of one installation.
    pub(super) fn agree_with(&self, token: &TokenKeys, root: &Path) -> Result<(), KeyError> {
        let pair = |name: KeyName| KeyError::Disagreement {
            one: root.join("token").join(name.file()),
            other: root.join("ledger").join(name.file()),
        };
        if !bool::from(self.tweak.bytes().ct_eq(token.tweak().bytes())) {
            return Err(pair(KeyName::Tweak));
        }
        let theirs = token.publics();
        let all = self.publics.keys().chain(theirs.keys());
        match all
            .copied()
            .find(|version| self.publics.get(version) != theirs.get(version))
        {
            Some(version) => Err(pair(KeyName::MasterPublic(version))),
            None => Ok(()),
        }
    }

    /// The versions whose tokens can be mapped, oldest first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = KeyVersion> + '_ {
        self.publics.keys().copied()
    }

    /// `pk_v` of a version; `None` when the version is unknown.
    pub fn master_public_key(&self, key_version: KeyVersion) -> Option<PublicKey> {
        self.publics.get(&key_version).copied()
    }

    /// A value for each key, by its name, that is the same for the same key and tells nothing about it: by these servers of
    /// one database know each other's keys.
    pub fn checks(&self) -> BTreeMap<String, [u8; 32]> {
        let masters = self
            .publics
            .iter()
            .map(|(version, public)| check(KeyName::MasterPublic(*version), &public.to_bytes()));
        let secrets = [
            check(KeyName::Tweak, self.tweak.bytes()),
            check(KeyName::Seal, self.sealing.bytes()),
            check(KeyName::Checkpoint, self.checkpoint_seed.as_slice()),
        ];
        masters.chain(secrets).collect()
    }

    /// The Ed25519 seed that signs checkpoints of the audit log.
    pub fn checkpoint_seed(&self) -> &[u8; 32] {
        &self.checkpoint_seed
    }

    /// A member's tweaks for one version and type: keep them, deriving costs about 10 µs.
    pub fn member_keys(&self, member: &MemberId, version: KeyVersion, kind: IdentifierType) -> MemberKeys {
        MemberKeys::derive(&self.tweak, member, version, kind)
    }

    /// Whether a public key that the token side published for a member is `k_v` with this member's tweak: checked at
    /// enrolment, so that no member can be given a divergent key unnoticed. False when the version is unknown.
    pub fn is_members_key(
        &self,
        member: &MemberId,
        version: KeyVersion,
        kind: IdentifierType,
        key: PublicKey,
    ) -> bool {
        self.master_public_key(version)
            .is_some_and(|public| self.member_keys(member, version, kind).belongs_to(key, public))
    }

    /// Maps tokens with the tweaks of the member that presented them, each with those of its version and type. One
    /// scalar multiplication a token; the encoding shares one inversion. The result has the order of the tokens.
    pub fn pseudonyms<'a>(
        &self,
        tokens: impl ExactSizeIterator<Item = (&'a MemberKeys, &'a SubjectToken)> + Clone,
    ) -> Vec<Pseudonym> {
        let mut halves: Vec<_> = tokens
            .clone()
            .map(|(keys, token)| keys.pseudonym_half(token.point()))
            .collect();
        let mut encoded = double_and_encode(&halves);
        halves.zeroize();
        let mut sealer = self.sealing.sealer();
        let pseudonyms = tokens
            .zip(&encoded)
            .map(|((_, token), bytes)| sealer.seal(token.identifier_type(), token.key_version(), bytes))
            .collect();
        encoded.zeroize();
        pseudonyms
    }

    /// Maps a stored pseudonym to the token under which a member knows it.
    ///
    /// # Errors
    /// [`SealBroken`] when the row is damaged or of other keys.
    pub fn token(&self, keys: &MemberKeys, pseudonym: &Pseudonym) -> Result<SubjectToken, SealBroken> {
        let opened = self.sealing.sealer().open(pseudonym)?;
        let point = keys.token(opened.point());
        let bytes = point.compress().to_bytes();
        Ok(SubjectToken::from_parts(
            pseudonym.identifier_type,
            pseudonym.key_version,
            bytes,
            point,
        ))
    }

    /// Moves a stored pseudonym to another key version.
    ///
    /// # Errors
    /// [`SealBroken`] when the row is damaged or of other keys.
    pub fn rotate(
        &self,
        rotation: &RotationKey,
        pseudonym: &Pseudonym,
        to: KeyVersion,
    ) -> Result<Pseudonym, SealBroken> {
        let mut sealer = self.sealing.sealer();
        let moved = rotation.rotate(sealer.open(pseudonym)?.point());
        let bytes = Zeroizing::new(moved.compress().to_bytes());
        Ok(sealer.seal(pseudonym.identifier_type, to, &bytes))
    }

    /// Recognises the income that was stated for an application of a member: 32 bytes of an HMAC, kept instead of it.
    pub fn income_digest(
        &self,
        member_id: &MemberId,
        application_id: &ApplicationId,
        income: i64,
    ) -> [u8; 32] {
        self.sealing.income_digest(member_id, application_id, income)
    }

    /// Recognises an unchanged set of tokens of one liable person, whatever their order: 16 bytes of an HMAC.
    pub fn token_digest<'a>(&self, tokens: impl IntoIterator<Item = &'a SubjectToken>) -> [u8; 16] {
        self.sealing.token_digest(tokens)
    }
}
