"""docs/members.md tells the truth: its code is the code that runs, its tables name what the source names, no more and no less."""

import json
import re
import unittest
from pathlib import Path

import normalise

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "members.md").read_text(encoding="utf-8")

# Where codes are named in the source: pattern by file.
REASONS = {
    "src/domain/violation.rs": r'^ +\w+ = "([A-Z_]+)": \w+,$',
    "src/members/authenticate.rs": r'Self::\w+ => "([A-Z_]+)"',
    "src/server/status.rs": r'(?:Rpc::\w+|code), "([A-Z_]+)"|\("([A-Z_]+)", max',
}

STATUSES = {
    "Message": "INVALID_ARGUMENT",
    "State": "FAILED_PRECONDITION",
    "Consent": "PERMISSION_DENIED",
    "NotFound": "NOT_FOUND",
    "AlreadyExists": "ALREADY_EXISTS",
    "Aborted": "ABORTED",
    "Exhausted": "RESOURCE_EXHAUSTED",
}


def source(path):
    return (ROOT / path).read_text(encoding="utf-8")


def between(start, end):
    return PAGE.split(start, 1)[1].split(end, 1)[0]


class Page(unittest.TestCase):
    def test_every_part_of_the_client_stands_on_the_page_word_for_word(self):
        text = (Path(__file__).parent / "member.py").read_text(encoding="utf-8")
        parts = re.findall(r"^# \[(\w+)\]\n(.*?)^# \[/\1\]$", text, re.MULTILINE | re.DOTALL)
        self.assertGreaterEqual(len(parts), 7)
        blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
        self.assertEqual([part.strip() for _, part in parts], [block.strip() for block in blocks])

    def test_every_code_of_a_refusal_is_explained_and_no_other(self):
        named = set()
        for path, pattern in REASONS.items():
            found = {next(filter(None, match.groups())) for match in re.finditer(pattern, source(path), re.MULTILINE)}
            self.assertGreater(len(found), 5, path)
            named |= found
        rows = re.findall(r"^\| `([A-Z_]+)` \|", between("### Rules", "## Identifiers"), re.MULTILINE)
        self.assertEqual(len(rows), len(set(rows)))
        self.assertEqual(set(rows), named)

    def test_every_rule_has_the_status_that_its_kind_gets(self):
        text = source("src/domain/violation.rs")
        rules = re.findall(r'^ +\w+ = "([A-Z_]+)": (\w+),$', text, re.MULTILINE)
        wanted = {rule: STATUSES[kind] for rule, kind in rules}
        self.assertGreater(len(wanted), 60)
        shown = dict(re.findall(r"^\| `([A-Z_]+)` \| ([A-Za-z_]+)", between("### Rules", "## Identifiers"), re.MULTILINE))
        for rule, status in wanted.items():
            with self.subTest(rule=rule):
                # What a batch breaks as a whole refuses no call: it stands in the batch.
                whole = {"in"} if rule.startswith("FILE_") else set()
                self.assertIn(shown[rule], {status, "warning"} | whole)

    def test_every_code_of_an_identifier_is_explained_and_no_other(self):
        named = set(re.findall(r'"(ID_[A-Z_]+)"', source("src/identity/normalise/error.rs")))
        self.assertEqual(set(re.findall(r"`(ID_[A-Z_]+)`", PAGE)), named)

    def test_the_examples_and_the_version_are_those_of_the_vectors(self):
        vectors = json.loads(source("tests/vectors/identity.json"))
        self.assertIn(f"(version {normalise.RULES_VERSION};", PAGE)
        self.assertIn(f"holds {len(vectors['normalise'])} cases", PAGE)
        rows = re.findall(r"^\| `(\w+)` \| `(.*)` \| `(.*)` \|$", between("## Identifiers", "| refused as"), re.MULTILINE)
        self.assertGreater(len(rows), 4)
        known = {(case["type"], case["input"], case.get("value")) for case in vectors["normalise"]}
        for row in rows:
            self.assertIn(row, known)

    def test_every_rpc_stands_with_the_roles_that_may_call_it(self):
        text = source("src/members/permissions.rs")
        groups = {
            name: re.findall(r"Role::(\w+)", roles)
            for name, roles in re.findall(r"const (\w+): &\[Role\] = &\[(.*?)\]", text)
        }
        wanted = {
            (service, rpc): frozenset(role.lower() for role in groups[group])
            for service, rpc, group in re.findall(r'Permission::new\("/tallystick\.v1\.(\w+)/(\w+)", (\w+),', text)
        }
        self.assertGreater(len(wanted), 30)
        shown = {}
        for service, rpcs, roles in re.findall(
            r"^\| `(\w+)` \| (.*) \| (.*) \|$", between("## Who may call what", "## Without code"), re.MULTILINE
        ):
            for rpc in re.findall(r"`(\w+)`", rpcs):
                self.assertNotIn((service, rpc), shown)
                shown[service, rpc] = frozenset(roles.split(", "))
        self.assertEqual(shown, wanted)


if __name__ == "__main__":
    unittest.main()
