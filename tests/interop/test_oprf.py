"""The token protocol against RFC 9497's vectors and the project's own: both implementations read the same files."""

import hashlib
import json
import unittest
from pathlib import Path

import oprf

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "identity.json").read_text(encoding="utf-8"))
RFC = VECTORS["rfc9497"]
CASES = VECTORS["protocol"]["cases"]

# RFC 9497, appendix A.1.2: the private key of all its vectors is known, its public key must be this one.
RFC_PUBLIC_KEY = "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e"


def unhex(texts):
    return [bytes.fromhex(text) for text in texts]


def rfc_batch():
    """The vector with two elements: (public key, blinded, evaluated, proof)."""
    vector = next(vector for vector in RFC["vectors"] if len(vector["Input"]) == 2)
    inputs, blinds = unhex(vector["Input"]), unhex(vector["Blind"])
    blinded = [oprf.blind(data, scalar) for data, scalar in zip(inputs, blinds, strict=True)]
    return bytes.fromhex(RFC["pkSm"]), blinded, unhex(vector["EvaluationElement"]), bytes.fromhex(vector["Proof"])


class Rfc9497(unittest.TestCase):
    def test_the_vectors_are_those_of_the_rfc(self):
        self.assertEqual(RFC["pkSm"], RFC_PUBLIC_KEY)
        self.assertEqual(sorted(len(vector["Input"]) for vector in RFC["vectors"]), [1, 1, 2])

    def test_every_vector_blinds_verifies_and_finishes_as_published(self):
        for vector in RFC["vectors"]:
            inputs = unhex(vector["Input"])
            blinded = [oprf.blind(data, scalar) for data, scalar in zip(inputs, unhex(vector["Blind"]), strict=True)]
            self.assertEqual([one.element.hex() for one in blinded], vector["BlindedElement"])
            evaluated = unhex(vector["EvaluationElement"])
            tokens = oprf.finish(bytes.fromhex(RFC["pkSm"]), blinded, evaluated, bytes.fromhex(vector["Proof"]))
            # Tokens stop before the RFC's last hash; taking it here shows that they are the right elements.
            outputs = [
                hashlib.sha512(
                    len(data).to_bytes(2, "big") + data + len(token).to_bytes(2, "big") + token + b"Finalize"
                ).hexdigest()
                for data, token in zip(inputs, tokens, strict=True)
            ]
            self.assertEqual(outputs, vector["Output"])


class Protocol(unittest.TestCase):
    def test_inputs_blinded_elements_and_tokens_are_those_of_the_vectors(self):
        self.assertGreaterEqual(len(CASES), 2)
        for case in CASES:
            with self.subTest(member=case["member"], type=case["type"]):
                data = oprf.token_input(case["type"], case["country"], case["value"])
                self.assertEqual(data.hex(), case["input"])
                blinded = oprf.blind(data, bytes.fromhex(case["blind"]))
                self.assertEqual(blinded.element.hex(), case["blinded_element"])
                # The vectors hold no proof, so the key is checked through the token alone.
                evaluated = bytes.fromhex(case["evaluated_element"])
                token = oprf._multiply(oprf.rbcl.crypto_core_ristretto255_scalar_invert(blinded.blind), evaluated)
                self.assertEqual(token.hex(), case["token"])

    def test_a_fresh_blind_hides_the_same_input_differently_each_time(self):
        data = oprf.token_input("MOBILE", "", "+8613800138000")
        self.assertNotEqual(oprf.blind(data).element, oprf.blind(data).element)

    def test_nothing_printed_shows_a_blind(self):
        blinded = oprf.blind(b"planted")
        self.assertNotIn(blinded.blind.hex(), repr(blinded))
        self.assertNotIn(str(blinded.blind), repr(blinded))

    def test_inputs_that_could_be_mistaken_for_others_are_refused(self):
        for kind, country, value in [
            ("EMAIL", "", "a@b"),
            ("MOBILE", "CN", "+8613800138000"),
            ("PASSPORT", "CN\x1f", "E1"),
            ("PASSPORT", "CN", "E1\x1f2"),
        ]:
            with self.assertRaises(ValueError):
                oprf.token_input(kind, country, value)


class Refusals(unittest.TestCase):
    def refused(self, public_key, blinded, evaluated, proof):
        with self.assertRaises(oprf.Refused):
            oprf.finish(public_key, blinded, evaluated, proof)

    def test_another_key_another_order_or_a_changed_proof_is_refused(self):
        key, blinded, evaluated, proof = rfc_batch()
        oprf.finish(key, blinded, evaluated, proof)
        other = bytes.fromhex(CASES[0]["member_public_key"])
        self.refused(other, blinded, evaluated, proof)
        self.refused(key, blinded, evaluated[::-1], proof)
        self.refused(key, blinded[::-1], evaluated[::-1], proof)
        for position in (0, 31, 32, 63):
            changed = bytearray(proof)
            changed[position] ^= 1
            self.refused(key, blinded, evaluated, bytes(changed))

    def test_one_element_of_another_key_spoils_the_batch(self):
        key, blinded, evaluated, proof = rfc_batch()
        stranger = bytes.fromhex(CASES[0]["evaluated_element"])
        self.refused(key, blinded, [evaluated[0], stranger], proof)

    def test_missing_elements_and_wrong_lengths_are_refused(self):
        key, blinded, evaluated, proof = rfc_batch()
        self.refused(key, blinded, evaluated[:1], proof)
        self.refused(key, [], [], proof)
        self.refused(key, blinded, evaluated, proof[:-1])
        self.refused(key, blinded, evaluated, b"\xff" * oprf.PROOF_BYTES)
        self.refused(key[:-1], blinded, evaluated, proof)

    def test_the_identity_and_encodings_that_are_not_canonical_are_refused(self):
        key, blinded, evaluated, proof = rfc_batch()
        field = 2**255 - 19
        for bad in (
            bytes(32),
            b"\xff" * 32,
            # 1 is negative as a ristretto255 encoding; field + 4 encodes what 4 encodes.
            (1).to_bytes(32, "little"),
            (field + 4).to_bytes(32, "little"),
        ):
            self.refused(key, blinded, [evaluated[0], bad], proof)
            self.refused(bad, blinded, evaluated, proof)


if __name__ == "__main__":
    unittest.main()
