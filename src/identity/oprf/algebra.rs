//! The few scalar multiplications that are ours: steps 2 to 5 of the token protocol, and why they are sound.
//!
//! Notation: G is ristretto255, of prime order, written additively; H hashes a normalised identifier x to G (RFC 9497);
//! `k_v` is the master key of version v, `t` the tweak key, m a member, τ an identifier type. Capital letters are elements.
//!
//! **Member key.** `u = HMAC-SHA-512(t, "tallystick/v1/member" ‖ 0 ‖ be16(v) ‖ τ ‖ 0 ‖ m) mod order`, `k_m = k_v · u`. The
//! 512 bits make the bias of the reduction < 2⁻²⁵⁰; τ and m contain no zero byte, so no two inputs collide. u = 0 has
//! probability 2⁻²⁵² and is refused. On the wire the service is a plain VOPRF server with key `k_m`.
//!
//! **Unblinding.** The client sends `B = r·H(x)`, gets `E = k_m·B` with a proof of the same discrete logarithm, and takes
//! `T = r⁻¹·E = k_m·H(x)`. r is uniform and not 0, so B is uniform and tells nothing about x. RFC 9497 hashes T (Finalize);
//! we must not, since the next step works in the group. x ↦ k·H(x) is a pseudorandom function under DDH with H a random
//! oracle; a token set of one key is indistinguishable from random elements.
//!
//! **Pseudonym.** `P = u⁻¹·T = k_v·H(x)`, the same for all members. A token presented by member n in place of m becomes
//! `u_n⁻¹·u_m·k_v·H(x)`, for u pseudorandom an element that names nobody; the same holds for a false τ. Without t, the tokens of two
//! members for one x, `u_m·P` and `u_n·P`, are unlinkable under DDH (P random by the step before, u by HMAC).
//!
//! **Split of keys.** The ledger holds t and seals P, and knows `pk_v = k_v·G`, but computing P from x needs `k_v`
//! (computational Diffie-Hellman). The token side holds `k_v` and t and never sees P sealed or opened.
//!
//! **Enrolment.** `u⁻¹·pk_m = pk_v` holds exactly if the token side uses `k_v·u` for m. A client that verifies proofs
//! against such a `pk_m` cannot be given a divergent key unnoticed.
//!
//! **Rotation.** `δ = k_{v+1}·k_v⁻¹` moves `P_v` to `P_{v+1} = δ·P_v` without any x. δ alone reveals neither key: for
//! every `k_v` there is one `k_{v+1}` that gives it.
//!
//! Not proven anywhere: RFC 9497 has no theorem for many related server keys; docs/security.md asks for a review.
//! Secret scalars go through the curve crate's constant-time paths only. There is no group code here.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::domain::clock::Entropy;
use crate::domain::names::MemberId;
use crate::domain::token::{IdentifierType, KeyVersion};
use crate::identity::token::{ELEMENT_BYTES, TokenError, parse_element};

/// Bytes of the tweak key.
pub(crate) const TWEAK_BYTES: usize = 64;

/// Domain separation of member tweaks.
const MEMBER_LABEL: &[u8] = b"tallystick/v1/member";

/// A uniform scalar that is not 0.
pub(crate) fn random_scalar(entropy: &dyn Entropy) -> Scalar {
    loop {
        let mut wide = Zeroizing::new([0; 64]);
        entropy.fill(wide.as_mut_slice());
        let scalar = Scalar::from_bytes_mod_order_wide(&wide);
        if scalar != Scalar::ZERO {
            return scalar;
        }
    }
}

/// The public half of a key: not secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    bytes: [u8; ELEMENT_BYTES],
    point: RistrettoPoint,
}

impl PublicKey {
    /// Parses a serialized public key.
    ///
    /// # Errors
    /// [`TokenError`] when it is not a canonical element or the identity.
    pub fn parse(bytes: &[u8]) -> Result<Self, TokenError> {
        parse_element(bytes).map(Self::of)
    }

    fn of(point: RistrettoPoint) -> Self {
        Self {
            bytes: point.compress().to_bytes(),
            point,
        }
    }

    /// The encoding, 32 bytes.
    pub fn to_bytes(self) -> [u8; ELEMENT_BYTES] {
        self.bytes
    }

    pub(crate) fn point(self) -> RistrettoPoint {
        self.point
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PublicKey(")?;
        self.bytes
            .iter()
            .take(4)
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("…)")
    }
}

/// The tweak key t: makes members' keys differ. Alone it is harmless.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct TweakKey([u8; TWEAK_BYTES]);

crate::redacted_debug!(TweakKey);

impl TweakKey {
    pub(crate) fn new(bytes: [u8; TWEAK_BYTES]) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; TWEAK_BYTES] {
        &self.0
    }

    /// u of a member, version and type.
    fn tweak(&self, member: &MemberId, version: KeyVersion, identifier_type: IdentifierType) -> Scalar {
        let mut mac = Hmac::<Sha512>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(MEMBER_LABEL);
        mac.update(&[0]);
        mac.update(&version.0.to_be_bytes());
        mac.update(identifier_type.as_str().as_bytes());
        mac.update(&[0]);
        mac.update(member.as_str().as_bytes());
        let wide: Zeroizing<[u8; 64]> = Zeroizing::new(mac.finalize().into_bytes().into());
        let tweak = Scalar::from_bytes_mod_order_wide(&wide);
        assert!(
            tweak != Scalar::ZERO,
            "an HMAC that is 0 modulo the group order has probability 2^-252"
        );
        tweak
    }
}

/// The master key `k_v` of one version.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct MasterKey(Scalar);

crate::redacted_debug!(MasterKey);

impl MasterKey {
    /// A new key.
    pub(crate) fn generate(entropy: &dyn Entropy) -> Self {
        Self(random_scalar(entropy))
    }

    /// From its canonical encoding; `None` when that is not one, or 0.
    pub(crate) fn parse(bytes: [u8; 32]) -> Option<Self> {
        let scalar: Option<Scalar> = Scalar::from_canonical_bytes(bytes).into();
        scalar.filter(|scalar| *scalar != Scalar::ZERO).map(Self)
    }

    pub(crate) fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// `pk_v = k_v · G`.
    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::of(RistrettoPoint::mul_base(&self.0))
    }

    /// `k_m = k_v · u`, encoded as a VOPRF server takes it.
    pub(crate) fn member_key(&self, keys: &MemberKeys) -> Zeroizing<[u8; 32]> {
        let mut key = self.0 * keys.tweak;
        let bytes = Zeroizing::new(key.to_bytes());
        key.zeroize();
        bytes
    }

    /// δ from this version to the next.
    pub(crate) fn rotation_to(&self, next: &Self) -> RotationKey {
        RotationKey(next.0 * self.0.invert())
    }
}

/// δ between two versions: moves pseudonyms, knows no identifier.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RotationKey(Scalar);

crate::redacted_debug!(RotationKey);

impl RotationKey {
    /// `δ · P`: the same identifier's pseudonym of the next version.
    pub(crate) fn rotate(&self, pseudonym: &RistrettoPoint) -> RistrettoPoint {
        pseudonym * self.0
    }
}

/// u and u⁻¹ of one member, key version and identifier type. 96 bytes; an inversion to make, so worth keeping.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MemberKeys {
    tweak: Scalar,
    /// u⁻¹/2: see [`double_and_encode`].
    inverse_half: Scalar,
    inverse: Scalar,
}

crate::redacted_debug!(MemberKeys);

impl MemberKeys {
    /// Derives them: one HMAC and one inversion, about 10 µs.
    pub(crate) fn derive(
        tweak_key: &TweakKey,
        member: &MemberId,
        version: KeyVersion,
        identifier_type: IdentifierType,
    ) -> Self {
        let tweak = tweak_key.tweak(member, version, identifier_type);
        let inverse = tweak.invert();
        Self {
            tweak,
            inverse,
            inverse_half: inverse * half(),
        }
    }

    /// Half of `P = u⁻¹ · T`.
    pub(crate) fn pseudonym_half(&self, token: &RistrettoPoint) -> RistrettoPoint {
        token * self.inverse_half
    }

    /// `T = u · P`: the member's token of a pseudonym.
    pub(crate) fn token(&self, pseudonym: &RistrettoPoint) -> RistrettoPoint {
        pseudonym * self.tweak
    }

    /// `pk_m = u · pk_v`.
    pub(crate) fn member_public_key(&self, public: PublicKey) -> PublicKey {
        PublicKey::of(public.point * self.tweak)
    }

    /// Whether `u⁻¹ · pk_m = pk_v`: the member's published key is the master key with this member's tweak.
    pub(crate) fn belongs_to(&self, member_key: PublicKey, public: PublicKey) -> bool {
        member_key.point * self.inverse == public.point
    }
}

fn half() -> Scalar {
    Scalar::from(2_u8).invert()
}

/// Encodes `2·Q` of each Q with one field inversion for all. Encoding takes a square root an element, encoding a double
/// does not; whoever wants `a·X` multiplies by `a/2`, which costs the same, and doubles here.
pub(crate) fn double_and_encode(halves: &[RistrettoPoint]) -> Vec<[u8; ELEMENT_BYTES]> {
    RistrettoPoint::double_and_compress_batch(halves)
        .into_iter()
        .map(|encoded| encoded.to_bytes())
        .collect()
}

/// `T = r⁻¹ · E` of each blind and evaluated element, with its encoding; one scalar inversion for all. No blind may be 0.
pub(crate) fn unblind(
    blinds: &[Scalar],
    evaluated: &[RistrettoPoint],
) -> Vec<([u8; ELEMENT_BYTES], RistrettoPoint)> {
    let mut inverses = Zeroizing::new(blinds.to_vec());
    Scalar::batch_invert(&mut inverses).zeroize();
    let half = half();
    let halves: Zeroizing<Vec<RistrettoPoint>> = Zeroizing::new(
        inverses
            .iter()
            .zip(evaluated)
            .map(|(inverse, element)| element * (inverse * half))
            .collect(),
    );
    double_and_encode(&halves)
        .into_iter()
        .zip(halves.iter())
        .map(|(bytes, point)| (bytes, point + point))
        .collect()
}
