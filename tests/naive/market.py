"""The files of a synthetic market, read back: what each account says of itself at each month-end.

Files are those of `tallystick generate`: one of each member and month-end, MEMBER_YYYY-MM-DD.csv. Whatever they can hold
but do not (deletions, loans of several lenders, payouts that wait) is refused here, so that nobody takes it for checked.
"""

import csv
import datetime
import pathlib
import re
from typing import NamedTuple

# In the order in which they were enrolled, which is that of their numbers.
LENDER_GROUPS = {
    "harbour-bank": "BANK",
    "lotus-finance": "CONSUMER_FINANCE",
    "swift-cash": "ONLINE_MICROLOAN",
    "river-microloan": "MICROLOAN",
    "orient-auto": "AUTO_LEASING",
    "peak-loans": "OTHER",
}
MEMBERS = list(LENDER_GROUPS)

ACTIVE = {"OPEN", "BAD_DEBT", "LEGAL_ACTION"}
REVOLVING = {"REVOLVING", "CREDIT_CARD"}
STRONG_IDENTIFIERS = ("national_id", "passport", "enterprise_code")


class Record(NamedTuple):
    """What one line of one file says of an account."""

    as_of: datetime.date
    region_code: str
    product_type: str
    currency: str
    opened_on: datetime.date
    is_revolving: bool
    granted: int  # minor units: the limit of a revolving account, else what was lent
    owed: int  # minor units
    rate_bp: int
    is_active: bool
    closure_reason: str
    days_past_due: int
    grace_days: int
    is_restructured: bool
    liable: tuple  # of (role, strong identifier)


class Account(NamedTuple):
    """An account as it stands at a month-end."""

    member: int  # place among MEMBERS
    number: int  # of the member's accounts, in the order in which they were first seen
    now: Record
    before: Record | None  # at the month-end before, if it was on file and active
    first_31: Record | None  # the first that was 31 days past due or more
    first_91: Record | None


def minor_per_unit(currency):
    """Minor units in one unit of the currencies that the market has."""
    return {"CNY": 100, "HKD": 100, "USD": 100, "JPY": 1}[currency]


def minor_units(text, currency):
    """An amount as a whole number, without ever passing through a float."""
    units, _, rest = text.partition(".")
    digits = len(str(minor_per_unit(currency))) - 1
    assert len(rest) == digits and units.isdigit(), f"{text!r} is no amount of {currency}"
    return int(units + rest)


def month_ends(folder):
    """The dates of all files, the first one first."""
    found = (re.fullmatch(r".+_(\d{4}-\d\d-\d\d)\.csv", path.name) for path in pathlib.Path(folder).iterdir())
    return sorted({datetime.date.fromisoformat(name[1]) for name in found if name})


def records(folder, member, as_of):
    """Account references and records of one file, in its order."""
    path = pathlib.Path(folder) / f"{member}_{as_of}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        columns = {name: place for place, name in enumerate(next(lines))}
        for line in lines:
            yield line[columns["account_ref"]], record(lambda name: line[columns[name]])


def record(cell):
    """One line; `cell` tells what stands in a column."""
    assert cell("status") in ACTIVE | {"CLOSED"}, cell("status")
    assert cell("funding_role") == "OWN"
    for column in ("funding_group_ref", "correction_reason", "delete_reason"):
        assert cell(column) == "", f"{column} is nothing that this model knows"
    is_revolving = cell("account_type") in REVOLVING
    currency = cell("currency")
    return Record(
        as_of=datetime.date.fromisoformat(cell("as_of")),
        region_code=cell("region_code"),
        product_type=cell("product_type"),
        currency=currency,
        opened_on=datetime.date.fromisoformat(cell("opened_on")),
        is_revolving=is_revolving,
        granted=minor_units(cell("credit_limit" if is_revolving else "original_amount"), currency),
        owed=minor_units(cell("outstanding_total"), currency),
        rate_bp=int(cell("annual_percentage_rate_bp")),
        is_active=cell("status") in ACTIVE,
        closure_reason=cell("closure_reason"),
        days_past_due=int(cell("days_past_due")),
        grace_days=int(cell("grace_days")),
        is_restructured=int(cell("extension_count")) > 0 or int(cell("restructure_count")) > 0,
        liable=tuple(liable(cell)),
    )


def liable(cell):
    """Role and strong identifier of everybody who is liable."""
    for number in (1, 2):
        role = cell(f"liability_{number}_role")
        if role == "":
            continue
        shown = [
            (kind, cell(f"liability_{number}_{kind}_country"), cell(f"liability_{number}_{kind}"))
            for kind in STRONG_IDENTIFIERS
            if cell(f"liability_{number}_{kind}") != ""
        ]
        assert len(shown) == 1, "somebody of one strong identifier"
        yield role, shown[0]


def months(folder):
    """Of each month-end: its date, that of the one before, and every account on file, the latest word on each."""
    latest, numbers, first = {}, {}, {31: {}, 91: {}}
    previous = None
    for as_of in month_ends(folder):
        before = dict(latest)
        for member, name in enumerate(MEMBERS):
            for reference, said in records(folder, name, as_of):
                account = (member, reference)
                assert said.as_of == as_of
                latest[account] = said
                numbers.setdefault(account, len(numbers))
                for days, marked in first.items():
                    if said.days_past_due >= days:
                        marked.setdefault(account, said)
        accounts = []
        for account, now in latest.items():
            was = before.get(account)
            accounts.append(
                Account(
                    member=account[0],
                    number=numbers[account],
                    now=now,
                    before=was if was and was.is_active else None,
                    first_31=first[31].get(account),
                    first_91=first[91].get(account),
                )
            )
        yield as_of, previous, accounts
        previous = as_of
