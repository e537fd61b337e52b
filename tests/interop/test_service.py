"""A foreign client and a running service: reports, queries and refusals over mutual TLS, in Python and with buf curl.

Two lenders, A reports and B asks, about persons that each test has to itself.
"""

import datetime
import json
import re
import subprocess
import unittest
import uuid

import grpc

import market

market.make_stubs()

import member  # noqa: E402  (needs the stubs)
from tallystick.v1 import exposure_service_pb2, position_pb2  # noqa: E402

AGREED = "I agree that my loans at other lenders are looked up for this application."


def person(number):
    """Identifiers of a made-up person: a mobile and an identity number with the right check character."""
    body = f"440106199001{number:05d}"[:17]
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    check = "10X98765432"[sum(int(c) * weight for c, weight in zip(body, weights)) % 11]
    return [("NATIONAL_ID", "CN", body + check), ("MOBILE", "", f"138{number:08d}")]


class Service(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.market = market.market()
        cls.a, cls.b = (
            member.connect(cls.market.address, *cls.market.credentials(name)) for name in ("lender-a", "lender-b")
        )
        cls.addClassCleanup(cls.a.close)
        cls.addClassCleanup(cls.b.close)

    def loan(self, identifiers, account_ref, **changes):
        today = member.today()
        opened_on = today - datetime.timedelta(days=3)
        tokens = member.tokenise(self.a, identifiers)
        position = member.cash_loan(account_ref, tokens, 12_000, opened_on, today, sequence=1)
        position.MergeFrom(position_pb2.Position(**changes))
        return position

    def refusal(self, call):
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        return member.explain(caught.exception)

    def test_what_one_lender_reports_another_sees_in_bands(self):
        who = person(1_001)
        before = member.query(self.b, member.tokenise(self.b, who), AGREED)
        self.assertEqual(before.state, exposure_service_pb2.SUBJECT_STATE_NO_RECORD)
        who = person(1_002)
        reported = member.report(self.a, self.loan(who, "LOAN-1"))
        self.assertEqual(reported.version, 1)
        answer = member.query(self.b, member.tokenise(self.b, who), AGREED)
        self.assertEqual(answer.state, exposure_service_pb2.SUBJECT_STATE_FOUND)
        self.assertEqual(answer.match_level, exposure_service_pb2.MATCH_LEVEL_STRONG_AND_MOBILE)
        self.assertEqual(answer.others.active_lenders, 1)
        # 12,000 yuan of one lender: the coarse edge above, in fen.
        self.assertEqual(answer.others.outstanding.up_to, 50_000 * 100)
        self.assertEqual(answer.own.active_accounts, 0)
        self.assertEqual((len(answer.audit_salt), len(answer.audit_leaf)), (32, 32))

    def test_a_lender_sees_its_own_loan_apart(self):
        who = person(1_003)
        member.report(self.a, self.loan(who, "LOAN-3"))
        answer = member.query(self.a, member.tokenise(self.a, who), AGREED)
        self.assertEqual(answer.others.active_lenders, 0)
        self.assertEqual(answer.own.active_accounts, 1)
        self.assertEqual(answer.own.outstanding, 12_000 * 100)

    def test_tokens_of_one_person_are_equal_for_a_member_and_differ_between_members(self):
        who = person(1_004)
        first, again, other = (member.tokenise(channel, who) for channel in (self.a, self.a, self.b))
        self.assertEqual([token.value for token in first], [token.value for token in again])
        for mine, theirs in zip(first, other, strict=True):
            self.assertNotEqual(mine.value, theirs.value)

    def test_a_stolen_token_names_nobody(self):
        who = person(1_005)
        loan = self.loan(who, "LOAN-5")
        member.report(self.a, loan)
        stolen = member.query(self.b, list(loan.liabilities[0].tokens), AGREED)
        self.assertEqual(stolen.state, exposure_service_pb2.SUBJECT_STATE_NO_RECORD)

    def test_the_rust_client_makes_the_same_tokens(self):
        who = person(1_006)
        authority, certificate, key = self.market.credentials("lender-a")
        lines = "".join(":".join(part for part in one if part) + "\n" for one in who)
        done = subprocess.run(
            [market.binary(), "tokenise", "--server", f"https://{self.market.address}", "--ca", authority,
             "--cert", certificate, "--key", key, "--identifiers", "-", "--output", "json"],
            input=lines, capture_output=True, text=True, check=True,
        )  # fmt: skip
        values = set(re.findall(r'"value": *"([^"]+)"', done.stdout))
        mine = {json.loads(member_json(token))["value"] for token in member.tokenise(self.a, who)}
        self.assertEqual(values, mine)

    def test_the_same_request_id_gives_the_same_answer_and_another_content_is_refused(self):
        loan, request_id = self.loan(person(1_007), "LOAN-7"), str(uuid.uuid4())
        first = member.report(self.a, loan, request_id)
        self.assertEqual(member.report(self.a, loan, request_id), first)
        loan.outstanding_total -= 1
        code, reason, _ = self.refusal(lambda: member.report(self.a, loan, request_id))
        self.assertEqual((code, reason), (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED"))

    def test_all_broken_rules_come_at_once_with_field_rule_and_fix(self):
        loan = self.loan(person(1_008), "LOAN-8", days_past_due=5, currency="XXQ", sequence=0)
        loan.outstanding_principal = -1
        code, reason, violations = self.refusal(lambda: member.report(self.a, loan))
        self.assertEqual(code, grpc.StatusCode.INVALID_ARGUMENT)
        rules = {(field, rule) for field, rule, _ in violations}
        self.assertIn(("position.currency", "CURRENCY"), rules)
        self.assertIn(("position.outstanding_principal", "AMOUNT_NEGATIVE"), rules)
        self.assertEqual(reason, violations[0][1])
        for _, _, fix in violations:
            self.assertGreater(len(fix), 20)

    def test_a_query_without_consent_is_refused_as_that(self):
        tokens = member.tokenise(self.b, person(1_009))
        request = exposure_service_pb2.QueryExposureRequest(
            tokens=tokens, purpose=1, currency="CNY", request_id=str(uuid.uuid4())
        )
        stub = member.exposure_service_pb2_grpc.ExposureServiceStub(self.b)
        code, reason, _ = self.refusal(lambda: stub.QueryExposure(request))
        self.assertEqual((code, reason), (grpc.StatusCode.PERMISSION_DENIED, "CONSENT_MISSING"))

    def test_an_account_of_another_member_is_not_found(self):
        member.report(self.a, self.loan(person(1_010), "LOAN-10"))
        stub = member.reporting_service_pb2_grpc.ReportingServiceStub(self.b)
        request = member.reporting_service_pb2.GetPositionRequest(account_ref="LOAN-10")
        code, reason, _ = self.refusal(lambda: stub.GetPosition(request))
        self.assertEqual((code, reason), (grpc.StatusCode.NOT_FOUND, "ACCOUNT_UNKNOWN"))

    def test_a_certificate_that_nobody_registered_is_refused(self):
        with member.connect(self.market.address, *self.market.credentials("stranger")) as channel:
            code, _, _ = self.refusal(lambda: member.tokenise(channel, person(1_011)))
        self.assertEqual(code, grpc.StatusCode.UNAUTHENTICATED)

    def test_no_identifier_or_token_is_in_the_log(self):
        who = person(1_012)
        loan = self.loan(who, "LOAN-12", days_past_due=5)
        self.refusal(lambda: member.report(self.a, loan))
        log = "".join(self.market.log)
        self.assertIn("serving", log)
        for _, _, text in who:
            self.assertNotIn(text, log)
        for token in loan.liabilities[0].tokens:
            self.assertNotIn(token.value.hex(), log)


def member_json(message):
    from google.protobuf import json_format

    return json_format.MessageToJson(message)


class BufCurl(unittest.TestCase):
    """The line of the page, without stubs or code: schema by reflection."""

    @classmethod
    def setUpClass(cls):
        cls.market = market.market()

    def curl(self, method, request, name="lender-b"):
        authority, certificate, key = self.market.credentials(name)
        return subprocess.run(
            ["buf", "curl", "--protocol", "grpc", "--cacert", authority, "--cert", certificate, "--key", key,
             "--data", json.dumps(request), f"https://{self.market.address}/{method}"],
            capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def token_of(self, name, number):
        with member.connect(self.market.address, *self.market.credentials(name)) as channel:
            return [json.loads(member_json(token)) for token in member.tokenise(channel, person(number))]

    def test_it_reports_and_queries(self):
        today = member.today()
        position = member.cash_loan("LOAN-CURL", [], 8_000, today, today, sequence=1)
        message = json.loads(member_json(position))
        message["liabilities"][0]["tokens"] = self.token_of("lender-a", 2_001)
        report = {"position": message, "event": "EVENT_TYPE_OPENED", "requestId": str(uuid.uuid4())}
        done = self.curl("tallystick.v1.ReportingService/ReportPosition", report, "lender-a")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["version"], "1")
        query = {
            "tokens": self.token_of("lender-b", 2_001),
            "purpose": "PURPOSE_NEW_CREDIT",
            "consent": json.loads(member_json(member.consent(1, AGREED))),
            "currency": "CNY",
            "requestId": str(uuid.uuid4()),
        }
        done = self.curl("tallystick.v1.ExposureService/QueryExposure", query)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["answer"]["others"]["activeLenders"], 1)

    def test_a_refusal_shows_its_code(self):
        done = self.curl("tallystick.v1.ReportingService/GetPosition", {"accountRef": "NONE"})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("not_found", done.stderr + done.stdout)




if __name__ == "__main__":
    unittest.main()
