"""The normalisation rules against the shared vectors."""

import datetime
import json
import unittest
from pathlib import Path

from normalise import RULES_VERSION, Invalid, normalise

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "identity.json").read_text(encoding="utf-8"))


class Vectors(unittest.TestCase):
    def test_every_vector_has_its_value_its_warning_or_its_error(self):
        self.assertEqual(VECTORS["normalisation_version"], RULES_VERSION)
        self.assertGreater(len(VECTORS["normalise"]), 100)
        today = datetime.date.fromisoformat(VECTORS["today"])
        for index, case in enumerate(VECTORS["normalise"]):
            with self.subTest(index=index, type=case["type"]):
                wanted = {key: case[key] for key in ("value", "warning", "error") if key in case}
                self.assertEqual(self.outcome(case, today), wanted)

    @staticmethod
    def outcome(case, today):
        try:
            value, warning = normalise(
                case["type"],
                case["country"],
                case["input"],
                today,
                case.get("default_calling_code"),
                case.get("enterprise_check") == "refuse",
            )
        except Invalid as error:
            return {"error": str(error)}
        return {"value": value} | ({"warning": warning} if warning else {})


if __name__ == "__main__":
    unittest.main()
