"""The member's side of the token protocol, written a second time.

From a normalised identifier to a token: docs/security.md, steps 1 to 3, on libsodium's ristretto255 (package rbcl). It shares
nothing with the Rust client but the page and the vectors. Names follow RFC 9497, mode VOPRF (0x01), suite ristretto255-SHA512;
a token is the unblinded group element, not the RFC's final hash.

Not written for production: Python cannot wipe secrets from memory.
"""

import hashlib
import hmac
from dataclasses import dataclass

import rbcl

TYPES = ("MOBILE", "NATIONAL_ID", "PASSPORT", "ENTERPRISE_CODE")
ELEMENT_BYTES = 32
SCALAR_BYTES = 32
PROOF_BYTES = 2 * SCALAR_BYTES
# The most elements of one evaluation.
ELEMENTS_MAX = 1_000

_ORDER = 2**252 + 27742317777372353535851937790883648493
_IDENTITY = bytes(ELEMENT_BYTES)
_CONTEXT = b"OPRFV1-" + b"\x01" + b"-ristretto255-SHA512"
_GENERATOR = rbcl.crypto_scalarmult_ristretto255_base((1).to_bytes(SCALAR_BYTES, "little"))


class Refused(ValueError):
    """What came from the service is not what the protocol says. Never holds an identifier or a token."""


@dataclass(frozen=True, repr=False)
class Blinded:
    """An identifier under a blind that is used once. `element` goes out, `blind` stays."""

    blind: bytes
    element: bytes


def token_input(kind: str, country: str, value: str) -> bytes:
    """The bytes that are hashed to the group. `value` is normalised already."""
    if kind not in TYPES:
        raise ValueError(f"no such type of identifier: {kind}")
    if kind == "MOBILE" and country:
        raise ValueError("a mobile number carries its country in itself")
    if any("\x1f" in part for part in (country, value)):
        raise ValueError("the separator cannot be part of an identifier")
    return b"\x1f".join(part.encode() for part in ("tallystick/v1", kind, country, value))


def blind(data: bytes, scalar: bytes | None = None) -> Blinded:
    """Blinds an input. `scalar` is for vectors only: leave it out and a fresh one is drawn."""
    if scalar is None:
        scalar = rbcl.crypto_core_ristretto255_scalar_random()
    return Blinded(scalar, _multiply(scalar, _hash_to_group(data)))


def finish(public_key: bytes, blinded: list[Blinded], evaluated: list[bytes], proof: bytes) -> list[bytes]:
    """Verifies the proof over the whole batch and unblinds. Returns tokens in the order of `blinded`."""
    verify(public_key, [one.element for one in blinded], evaluated, proof)
    return [
        _multiply(rbcl.crypto_core_ristretto255_scalar_invert(one.blind), element)
        for one, element in zip(blinded, evaluated, strict=True)
    ]


def verify(public_key: bytes, blinded: list[bytes], evaluated: list[bytes], proof: bytes) -> None:
    """Refuses unless one key, the one behind `public_key`, made every evaluated element."""
    if not 1 <= len(blinded) <= ELEMENTS_MAX or len(evaluated) != len(blinded):
        raise Refused(f"{len(blinded)} elements were sent and {len(evaluated)} came back")
    for element in (public_key, *blinded, *evaluated):
        check_element(element)
    if len(proof) != PROOF_BYTES:
        raise Refused(f"a proof has {PROOF_BYTES} bytes, this one {len(proof)}")
    challenge, response = proof[:SCALAR_BYTES], proof[SCALAR_BYTES:]
    for scalar in (challenge, response):
        if int.from_bytes(scalar, "little") >= _ORDER:
            raise Refused("a scalar of the proof is not canonical")
    m, z = _composites(public_key, blinded, evaluated)
    t2 = _add(_multiply_any(response, _GENERATOR), _multiply_any(challenge, public_key))
    t3 = _add(_multiply_any(response, m), _multiply_any(challenge, z))
    transcript = b"".join(_sized(part) for part in (public_key, m, z, t2, t3)) + b"Challenge"
    if not hmac.compare_digest(_hash_to_scalar(transcript), challenge):
        raise Refused("the proof does not hold: another key was used than the one published")


def check_element(element: bytes) -> None:
    """Refuses what is no canonical encoding of a group element, and the identity."""
    if len(element) != ELEMENT_BYTES:
        raise Refused(f"an element has {ELEMENT_BYTES} bytes, this one {len(element)}")
    if element == _IDENTITY or not rbcl.crypto_core_ristretto255_is_valid_point(element):
        raise Refused("not a canonical element, or the identity")


def _composites(public_key: bytes, blinded: list[bytes], evaluated: list[bytes]) -> tuple[bytes, bytes]:
    seed = hashlib.sha512(_sized(public_key) + _sized(b"Seed-" + _CONTEXT)).digest()
    m = z = _IDENTITY
    for index, (c, d) in enumerate(zip(blinded, evaluated, strict=True)):
        transcript = _sized(seed) + index.to_bytes(2, "big") + _sized(c) + _sized(d) + b"Composite"
        weight = _hash_to_scalar(transcript)
        m = _add(m, _multiply_any(weight, c))
        z = _add(z, _multiply_any(weight, d))
    return m, z


def _hash_to_group(data: bytes) -> bytes:
    element = rbcl.crypto_core_ristretto255_from_hash(_expand(data, b"HashToGroup-" + _CONTEXT))
    if element == _IDENTITY:
        raise Refused("the input hashes to the identity")
    return element


def _hash_to_scalar(data: bytes) -> bytes:
    return rbcl.crypto_core_ristretto255_scalar_reduce(_expand(data, b"HashToScalar-" + _CONTEXT))


def _expand(data: bytes, tag: bytes) -> bytes:
    """expand_message_xmd of RFC 9380 with SHA-512, for 64 bytes: one block."""
    tag += len(tag).to_bytes(1, "big")
    block = hashlib.sha512().block_size
    first = hashlib.sha512(bytes(block) + data + (64).to_bytes(2, "big") + b"\x00" + tag).digest()
    return hashlib.sha512(first + b"\x01" + tag).digest()


def _sized(part: bytes) -> bytes:
    return len(part).to_bytes(2, "big") + part


def _add(left: bytes, right: bytes) -> bytes:
    return rbcl.crypto_core_ristretto255_add(left, right)


def _multiply(scalar: bytes, element: bytes) -> bytes:
    """libsodium refuses a zero scalar and an element that is not canonical."""
    return rbcl.crypto_scalarmult_ristretto255(scalar, element)


def _multiply_any(scalar: bytes, element: bytes) -> bytes:
    """The same, with zero and the identity allowed: a proof may hold any scalar."""
    return rbcl.crypto_scalarmult_ristretto255_allow_scalar_zero(scalar, element)
