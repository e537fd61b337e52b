//! The token half: master keys and the tweak. Makes tokens, knows no pseudonym.

use std::collections::BTreeMap;
use std::path::Path;

use super::{KeyCommands, KeyError, KeyName, folder};
use crate::domain::clock::Entropy;
use crate::domain::names::MemberId;
use crate::domain::token::{IdentifierType, KeyVersion};
use crate::identity::normalise::NormalisedIdentifier;
use crate::identity::oprf::algebra::{MasterKey, MemberKeys, PublicKey, RotationKey, TweakKey};
use crate::identity::oprf::client;
use crate::identity::oprf::server::{self, BlindedBatch, EvaluateError, Evaluation};
use crate::identity::token::SubjectToken;

/// A key that a member verifies proofs against. Not secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberPublicKey {
    /// Its version.
    pub key_version: KeyVersion,
    /// The identifier type that it is for.
    pub identifier_type: IdentifierType,
    /// The key.
    pub public_key: PublicKey,
}

/// The keys that TokenService needs, alone. Zeroized when dropped.
pub struct TokenKeys {
    masters: BTreeMap<KeyVersion, MasterKey>,
    tweak: TweakKey,
}

crate::redacted_debug!(TokenKeys);

impl TokenKeys {
    pub(super) fn load(path: &Path, commands: &KeyCommands) -> Result<Self, KeyError> {
        folder::check_folder(path)?;
        let mut versions = folder::versions(path, KeyName::Master)?;
        // A version whose public half is here has a private half somewhere: missing it is an error, not another set.
        versions.extend(folder::versions(path, KeyName::MasterPublic)?);
        versions.extend(
            commands
                .names()
                .filter(|name| matches!(name, KeyName::Master(_)))
                .filter_map(KeyName::version),
        );
        if versions.is_empty() {
            return Err(KeyError::Missing {
                path: path.join(KeyName::Master(KeyVersion(1)).file()),
            });
        }
        let mut masters = BTreeMap::new();
        for version in versions {
            masters.insert(version, load_master(path, version, commands)?);
        }
        let tweak = TweakKey::new(*folder::read(path, KeyName::Tweak, commands)?);
        Ok(Self { masters, tweak })
    }

    /// Keys made from randomness and kept in memory alone: for tests, benches and demonstrations.
    pub fn ephemeral(entropy: &dyn Entropy) -> Self {
        let mut tweak = [0; crate::identity::oprf::algebra::TWEAK_BYTES];
        entropy.fill(&mut tweak);
        let masters = BTreeMap::from([(KeyVersion(1), MasterKey::generate(entropy))]);
        Self {
            masters,
            tweak: TweakKey::new(tweak),
        }
    }

    /// The versions held, oldest first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = KeyVersion> + '_ {
        self.masters.keys().copied()
    }

    /// The public keys of a member: every version, newest first, and type. About 60 µs each: keep them.
    pub fn public_keys(&self, member: &MemberId) -> Vec<MemberPublicKey> {
        let mut keys = Vec::new();
        for (version, master) in self.masters.iter().rev() {
            let public = master.public();
            for identifier_type in IdentifierType::ALL {
                let tweaked = MemberKeys::derive(&self.tweak, member, *version, identifier_type);
                keys.push(MemberPublicKey {
                    key_version: *version,
                    identifier_type,
                    public_key: tweaked.member_public_key(public),
                });
            }
        }
        keys
    }

    /// Evaluates a batch under a member's key with one proof. The caller has charged the quota.
    ///
    /// # Errors
    /// [`EvaluateError::KeyVersionUnknown`].
    pub fn evaluate(
        &self,
        member: &MemberId,
        key_version: KeyVersion,
        identifier_type: IdentifierType,
        batch: &BlindedBatch,
        entropy: &dyn Entropy,
    ) -> Result<Evaluation, EvaluateError> {
        let master = self
            .masters
            .get(&key_version)
            .ok_or(EvaluateError::KeyVersionUnknown { given: key_version })?;
        let tweaked = MemberKeys::derive(&self.tweak, member, key_version, identifier_type);
        Ok(server::evaluate(&master.member_key(&tweaked), batch, entropy))
    }

    /// A member's tokens of identifiers, in their order, without the blinded protocol: about 40 µs each. Whoever holds this
    /// half of the keys can test guesses anyway; for measurements, which need tokens by the hundred thousand.
    ///
    /// # Errors
    /// [`EvaluateError::KeyVersionUnknown`].
    pub fn tokens(
        &self,
        member: &MemberId,
        key_version: KeyVersion,
        identifiers: &[NormalisedIdentifier],
    ) -> Result<Vec<SubjectToken>, EvaluateError> {
        let unknown = EvaluateError::KeyVersionUnknown { given: key_version };
        let master = self.masters.get(&key_version).ok_or(unknown)?;
        let keys = IdentifierType::ALL.map(|identifier_type| {
            let tweaked = MemberKeys::derive(&self.tweak, member, key_version, identifier_type);
            (identifier_type, master.member_key(&tweaked))
        });
        let keyed = identifiers.iter().map(|identifier| {
            let key = keys
                .iter()
                .find(|(kind, _)| *kind == identifier.identifier_type());
            key.and_then(|(_, key)| client::token_under(key, key_version, identifier))
        });
        keyed.map(|token| token.ok_or(unknown)).collect()
    }

    /// δ between two versions that are held, for the rotation of stored pseudonyms; `None` when one is not.
    pub fn rotation(&self, from: KeyVersion, to: KeyVersion) -> Option<RotationKey> {
        Some(self.masters.get(&from)?.rotation_to(self.masters.get(&to)?))
    }

    /// The public halves of the master keys: what the ledger half needs of this one, with the tweak.
    pub(super) fn publics(&self) -> BTreeMap<KeyVersion, PublicKey> {
        self.masters
            .iter()
            .map(|(version, master)| (*version, master.public()))
            .collect()
    }

    pub(super) fn tweak(&self) -> &TweakKey {
        &self.tweak
    }

    #[cfg(test)]
    pub(crate) fn of_parts(masters: BTreeMap<KeyVersion, MasterKey>, tweak: TweakKey) -> Self {
        Self { masters, tweak }
    }
}

fn load_master(path: &Path, version: KeyVersion, commands: &KeyCommands) -> Result<MasterKey, KeyError> {
    let name = KeyName::Master(version);
    let bytes = folder::read::<32>(path, name, commands)?;
    let file = path.join(name.file());
    let master = MasterKey::parse(*bytes).ok_or_else(|| KeyError::Malformed {
        path: file.clone(),
        bytes: name.bytes(),
    })?;
    if folder::read_public(path, version)? != master.public() {
        return Err(KeyError::Disagreement {
            one: file,
            other: path.join(KeyName::MasterPublic(version).file()),
        });
    }
    Ok(master)
}
