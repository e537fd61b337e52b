"""Every published table of every month-end of a synthetic market, reckoned from its files in the plainest way there is.

    python3 tests/naive/reckon.py FILES TEXTS

writes TEXTS/YYYY-MM-DD.txt for each month-end, in the words of the service's own raw tables. It follows the definitions
(`tallystick stats indicators`), shares no code with the service, and knows nothing of its store: each month-end is
counted from all that the files have said until then.
"""

import collections
import datetime
import pathlib
import sys

import market
from tables import (
    BANDS,
    INDICATORS,
    PRODUCT,
    NONE,
    VINTAGE_MONTHS,
    Tables,
    amount_band,
    bucket,
    month_label,
    number_of_lenders,
    rate_band,
    region,
)

SPAN = datetime.timedelta(days=29)  # from the first to the last of 30 days
DAY = datetime.timedelta(days=1)
LOSES_THE_REST = {"SETTLED_FOR_LESS", "BANKRUPTCY", "DECEASED", "FRAUD"}


def cut_of(account):
    """Where an account belongs on each axis that tables are cut by."""
    now = account.now
    return {
        "region": region(now.region_code),
        "lender_group": market.LENDER_GROUPS[market.MEMBERS[account.member]],
        "product_type": now.product_type,
        "amount_band": amount_band(now.granted, now.currency),
        "rate_band": rate_band(now.rate_bp),
    }


def month_number(date):
    return date.year * 12 + date.month - 1


def percentile(numbers, hundredths):
    """The least of some numbers that so many hundredths of them do not exceed; 0 of none."""
    ordered = sorted(numbers)
    needed = -(-len(ordered) * hundredths // 100)
    return ordered[needed - 1] if ordered else 0


def fate(now):
    """What became of a position that was active."""
    if now.is_active:
        return bucket(now.days_past_due)
    return {"WRITTEN_OFF": "WRITTEN_OFF", "SOLD": "TRANSFERRED", "REPORTED_IN_ERROR": "WITHDRAWN"}.get(
        now.closure_reason, "CLOSED"
    )


def flow(account, since):
    """Opening, originations, arrivals, increases, repayments, write-offs, transfers, withdrawals and closing."""
    now, before = account.now, account.before
    closing = now.owed if now.is_active else 0
    opening = originations = arrivals = 0
    if before:
        opening = before.owed
    elif now.opened_on > since:
        originations = closing if now.is_revolving else now.granted
    else:
        arrivals = closing
    start = opening + originations + arrivals
    increases = repayments = write_offs = transfers = withdrawals = 0
    if now.is_active:
        increases, repayments = max(closing - start, 0), max(start - closing, 0)
    elif fate(now) == "WRITTEN_OFF":
        write_offs = start
    elif fate(now) == "TRANSFERRED":
        transfers = start
    elif fate(now) == "WITHDRAWN":
        withdrawals = start
    else:
        write_offs = min(start, now.owed) if now.closure_reason in LOSES_THE_REST else 0
        repayments = start - write_offs
    parts = [opening, originations, arrivals, increases, repayments, write_offs, transfers, withdrawals, closing]
    assert opening + originations + arrivals + increases == sum(parts[4:])
    return parts


class Month:
    """One month-end."""

    def __init__(self, as_of, previous, accounts):
        self.as_of = as_of
        self.first = as_of.replace(day=1)
        self.since = previous or self.first - DAY
        self.previous = previous
        self.accounts = accounts
        self.tables = Tables()
        self.debtors = 0
        self.lender_numbers = collections.defaultdict(list)
        self.bands_owed = collections.defaultdict(list)
        self.exposures = collections.defaultdict(int)
        self.books = collections.defaultdict(collections.Counter)

    def text(self):
        """All its tables."""
        for account in self.accounts:
            self.add_account(account)
        debts = collections.defaultdict(list)
        for account in self.accounts:
            for role, subject in account.now.liable:
                if role != "GUARANTOR":
                    debts[subject].append((account, role == "PRIMARY"))
        for loans in debts.values():
            self.add_subject(loans)
        self.put_figures()
        active = [account for account in self.accounts if account.now.is_active]
        lenders = {account.member for account in active}
        return self.tables.text(self.as_of, self.previous, [self.debtors, len(active), len(lenders)])

    def add_account(self, account):
        """Tables of positions: every account once."""
        now, before, cut = account.now, account.before, cut_of(account)
        change = flow(account, self.since)
        if any(change):
            self.tables.add("flow", now.currency, cut, [], change)
        if before:
            own = [bucket(before.days_past_due), fate(now)]
            self.tables.add("roll_rate", None, cut, own, [1])
            self.tables.add("roll_rate", now.currency, cut, own, [before.owed])
        self.add_vintage(account, cut)
        if not now.is_active:
            return
        late = [now.days_past_due >= days for days in (1, 31, 61, 91)] + [now.days_past_due > now.grace_days]
        columns = [1, *map(int, late)]
        self.tables.add("delinquency", None, cut, [], columns)
        self.tables.add("delinquency", now.currency, cut, [], [now.owed * column for column in columns])
        columns = [1, int(now.is_restructured)]
        self.tables.add("restructuring", None, cut, [], columns)
        self.tables.add("restructuring", now.currency, cut, [], [now.owed * column for column in columns])
        for cuts in (NONE, PRODUCT):
            self.books[cuts, now.currency, tuple(cut[axis] for axis in cuts)][account.member] += now.owed

    def add_vintage(self, account, cut):
        """Its row in every month on book that it has reached."""
        now = account.now
        opened = month_number(now.opened_on)
        age = month_number(self.as_of) - opened
        if not 1 <= age <= VINTAGE_MONTHS:
            return

        def owed_when_late(first, on_book):
            # What was late before its first month on book was over, was late in that one.
            reached = first and max(month_number(first.as_of) - opened, 1) <= on_book
            return (1, first.owed) if reached else (0, 0)

        for on_book in range(1, age + 1):
            ever_31, owed_31 = owed_when_late(account.first_31, on_book)
            ever_91, owed_91 = owed_when_late(account.first_91, on_book)
            own = [month_label(opened), str(on_book)]
            self.tables.add("vintage", None, cut, own, [1, ever_31, ever_91])
            self.tables.add("vintage", now.currency, cut, own, [now.granted, owed_31, owed_91])

    def add_subject(self, loans):
        """Tables of subjects: each once, where its active position is that was opened last."""
        last = max(
            (account for account, _ in loans),
            key=lambda account: (account.now.is_active, account.now.opened_on, account.member, account.number),
        )
        cut = cut_of(last)
        self.add_openings(loans, cut)
        active = [(account, is_primary) for account, is_primary in loans if account.now.is_active]
        if not active:
            return
        self.debtors += 1
        lenders = len({account.member for account, _ in active})
        long, short = number_of_lenders(lenders)
        is_late = any(account.now.days_past_due >= 31 for account, _ in active)
        self.tables.add("multi_lender_histogram", None, cut, [long], [1])
        at_least = [int(lenders >= least) for least in (2, 3, 5)]
        self.tables.add("multi_lender_rate", None, cut, [], [1, *at_least])
        self.tables.add("delinquency_by_lenders", None, cut, [short], [1, int(is_late)])
        for cuts in INDICATORS["lenders_per_subject"][0]:
            self.lender_numbers[cuts, tuple(cut[axis] for axis in cuts)].append(lenders)
        for currency in {account.now.currency for account, _ in active}:
            owed = [(account.now, is_primary) for account, is_primary in active if account.now.currency == currency]
            exposure = sum(now.owed for now, _ in owed)
            balance = sum(now.owed for now, is_primary in owed if is_primary)
            late = sum(now.owed for now, is_primary in owed if is_primary and now.days_past_due >= 31)
            band = amount_band(exposure, currency)
            self.tables.add("multi_lender_histogram", currency, cut, [long], [balance])
            self.tables.add("delinquency_by_lenders", currency, cut, [short], [balance, late])
            self.tables.add("exposure_distribution", currency, cut, [band], [1, exposure])
            for cuts in INDICATORS["exposure_per_subject"][0]:
                row = (cuts, currency, tuple(cut[axis] for axis in cuts))
                self.bands_owed[row].append(BANDS.index(band))
                self.exposures[row] += exposure

    def add_openings(self, loans, cut):
        """Accounts that a subject opened one after the other at several lenders, and on one day."""
        openings = [
            (account, is_primary)
            for account, is_primary in loans
            if self.first - SPAN <= account.now.opened_on <= self.as_of
            and account.now.closure_reason != "REPORTED_IN_ERROR"
        ]
        if not openings:
            return
        most = 0
        end = self.first
        while end <= self.as_of:
            inside = {account.member for account, _ in openings if end - SPAN <= account.now.opened_on <= end}
            most = max(most, len(inside))
            end += DAY
        self.tables.add("new_stacking", None, cut, [], [1, int(most >= 2), int(most >= 3)])
        for account, is_primary in openings:
            day = account.now.opened_on
            if is_primary and day >= self.first:
                others = any(o.member != account.member and o.now.opened_on == day for o, _ in openings)
                self.tables.add("same_day_stacking", None, cut_of(account), [], [1, int(others)])

    def put_figures(self):
        """Figures that are no sums."""
        for (cuts, labels), numbers in self.lender_numbers.items():
            values = [len(numbers), sum(numbers), percentile(numbers, 50), percentile(numbers, 90)]
            self.tables.put("lenders_per_subject", cuts, None, labels, values)
        for (cuts, currency, labels), bands in self.bands_owed.items():
            exposure = self.exposures[cuts, currency, labels]
            values = [len(bands), exposure, percentile(bands, 50), percentile(bands, 90)]
            self.tables.put("exposure_per_subject", cuts, currency, labels, values)
        for (cuts, currency, labels), book in self.books.items():
            balances = sorted((balance for balance in book.values() if balance > 0), reverse=True)
            total = sum(balances)
            squares = sum(balance**2 for balance in balances)
            values = [len(balances), total, squares, total**2, sum(balances[:3]), sum(balances[:5])]
            self.tables.put("concentration", cuts, currency, labels, values)


def main():
    """Reads the files of one folder and writes the texts into another."""
    files, texts = sys.argv[1], pathlib.Path(sys.argv[2])
    for as_of, previous, accounts in market.months(files):
        text = Month(as_of, previous, accounts).text()
        (texts / f"{as_of}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
