"""A member's client in Python: what docs/members.md shows, run by the tests.

Parts between `# [name]` and `# [/name]` stand in the page word for word. Needs the stubs of proto/ on the path, and the packages of
requirements.txt.
"""

# [imports]
import datetime
import hashlib
import pathlib
import uuid
import zoneinfo

import grpc
from google.rpc import error_details_pb2, status_pb2

import normalise
import oprf
from tallystick.v1 import (
    exposure_service_pb2,
    exposure_service_pb2_grpc,
    position_pb2,
    reporting_service_pb2,
    reporting_service_pb2_grpc,
    subject_pb2,
    token_service_pb2,
    token_service_pb2_grpc,
)

# [/imports]


# [dates]
def today():
    """Business days are those of the operator's time zone."""
    return datetime.datetime.now(zoneinfo.ZoneInfo("Asia/Shanghai")).date()


def wire_date(date):
    return subject_pb2.Date(year=date.year, month=date.month, day=date.day)


# [/dates]


# [connect]
def connect(address, authority, certificate, key):
    """An mTLS channel. The three are PEM files: the service's authority, your certificate, your key."""
    authority, key, certificate = (pathlib.Path(path).read_bytes() for path in (authority, key, certificate))
    credentials = grpc.ssl_channel_credentials(authority, private_key=key, certificate_chain=certificate)
    return grpc.secure_channel(address, credentials)


# [/connect]


# [tokenise]
def tokenise(channel, identifiers):
    """Turns [(type, country, text)] of one person or enterprise into tokens. The texts never leave this process."""
    service = token_service_pb2_grpc.TokenServiceStub(channel)
    answer = service.GetTokenKeys(token_service_pb2.GetTokenKeysRequest())
    if answer.suite != "ristretto255-SHA512" or answer.normalisation_version != normalise.RULES_VERSION:
        raise oprf.Refused("the service speaks another protocol than this client")
    tokens = []
    for kind, country, text in identifiers:
        value, _warning = normalise.normalise(kind, country, text, today())
        wire_kind = subject_pb2.IdentifierType.Value(f"IDENTIFIER_TYPE_{kind}")
        key = next(key for key in answer.keys if key.type == wire_kind)
        blinded = oprf.blind(oprf.token_input(kind, country.upper(), value))
        evaluated = service.EvaluateBlinded(
            token_service_pb2.EvaluateBlindedRequest(
                key_version=key.version, blinded_elements=[blinded.element], type=wire_kind
            )
        )
        [token] = oprf.finish(key.public_key, [blinded], list(evaluated.evaluated_elements), evaluated.proof)
        tokens.append(
            subject_pb2.SubjectToken(
                type=wire_kind, value=token, key_version=key.version, verified_on=wire_date(today())
            )
        )
    return tokens


# [/tokenise]


# [report]
def cash_loan(account_ref, tokens, yuan, opened_on, as_of, sequence):
    """A loan repaid in a year by the month, as it stands on `as_of`. Amounts are fen."""
    return position_pb2.Position(
        account_ref=account_ref,
        liabilities=[position_pb2.Liability(role=position_pb2.LIABILITY_ROLE_PRIMARY, tokens=tokens)],
        account_type=position_pb2.ACCOUNT_TYPE_NON_REVOLVING,
        product_type=position_pb2.PRODUCT_TYPE_CASH_INSTALMENT,
        loan_purpose=position_pb2.LOAN_PURPOSE_CONSUMPTION,
        guarantee_type=position_pb2.GUARANTEE_TYPE_UNSECURED,
        funding_role=position_pb2.FUNDING_ROLE_OWN,
        region_code="CN-44",
        currency="CNY",
        opened_on=wire_date(opened_on),
        matures_on=wire_date(opened_on + datetime.timedelta(days=360)),
        original_amount=yuan * 100,
        outstanding_principal=yuan * 100,
        outstanding_total=yuan * 100,
        scheduled_payment=yuan * 100 // 12,
        repayment_frequency=position_pb2.REPAYMENT_FREQUENCY_MONTH,
        next_due_on=wire_date(as_of + datetime.timedelta(days=30)),
        remaining_terms=12,
        annual_percentage_rate_bp=1_800,
        status=position_pb2.ACCOUNT_STATUS_OPEN,
        as_of=wire_date(as_of),
        sequence=sequence,
        consent_reference="AGREEMENT-2026-17",
    )


def report(channel, position, request_id=None):
    """Durable and visible to the next query when it returns. Repeat a lost answer with the same request_id."""
    service = reporting_service_pb2_grpc.ReportingServiceStub(channel)
    return service.ReportPosition(
        reporting_service_pb2.ReportPositionRequest(
            position=position,
            event=reporting_service_pb2.EVENT_TYPE_OPENED,
            request_id=request_id or str(uuid.uuid4()),
        )
    )


# [/report]


# [query]
def consent(purpose, text):
    """What the applicant agreed to; the text stays with you, its hash goes along."""
    return subject_pb2.Consent(
        reference="APPLICATION-2026-42",
        purposes=[purpose],
        granted_on=wire_date(today()),
        expires_on=wire_date(today() + datetime.timedelta(days=30)),
        text_sha256=hashlib.sha256(text.encode()).digest(),
    )


def query(channel, tokens, agreed_text, request_id=None):
    """What others have lent. The look is recorded, and the subject can see it."""
    service = exposure_service_pb2_grpc.ExposureServiceStub(channel)
    request = exposure_service_pb2.QueryExposureRequest(
        tokens=tokens,
        purpose=subject_pb2.PURPOSE_NEW_CREDIT,
        consent=consent(subject_pb2.PURPOSE_NEW_CREDIT, agreed_text),
        currency="CNY",
        request_id=request_id or str(uuid.uuid4()),
    )
    return service.QueryExposure(request).answer


# [/query]


# [errors]
def explain(error):
    """The code of a refusal and every broken rule: (status, reason, [(field, rule, what to do)])."""
    trailers = dict(error.trailing_metadata() or ())
    status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
    reason, violations = "", []
    for detail in status.details:
        info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(request):
            violations = [(v.field, v.reason, v.description) for v in request.field_violations]
    return error.code(), reason, violations


# [/errors]
