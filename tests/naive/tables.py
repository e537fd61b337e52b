"""The published tables: what they are cut by, what their columns are called, and how they are written down.

A table is a dictionary from the labels of a row to its values; rows that nothing was added to are zeros. The order of
tables, rows and columns and the text are those of the service, so that both can be compared byte by byte.
"""

import collections
import itertools

from market import LENDER_GROUPS, minor_per_unit

VINTAGE_MONTHS = 24

PROVINCES = dict(
    pair.split(":")
    for pair in (
        "BJ:11 TJ:12 HE:13 SX:14 NM:15 LN:21 JL:22 HL:23 SH:31 JS:32 ZJ:33 AH:34 FJ:35 JX:36 SD:37 HA:41 HB:42 HN:43 "
        "GD:44 GX:45 HI:46 CQ:50 SC:51 GZ:52 YN:53 XZ:54 SN:61 GS:62 QH:63 NX:64 XJ:65 TW:71 HK:81 MO:82"
    ).split()
)
PRODUCTS = (
    "HOUSING AUTO STUDENT PERSONAL_BUSINESS FARMER CREDIT_CARD CASH_INSTALMENT CONSUMPTION_INSTALMENT "
    "BUY_NOW_PAY_LATER PAYDAY DEBT_CONSOLIDATION MICRO_ENTERPRISE LEASING OTHER"
).split()
# The lowest edge is a thousand units of the currency.
BAND_FACTORS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
BANDS = ["0", *(f"x{factor}" for factor in BAND_FACTORS), "x1000+"]
# Upper edges in basis points.
RATES = {"0-6": 600, "6-12": 1200, "12-18": 1800, "18-24": 2400, "24-36": 3600}
# The last day past due of each.
BUCKETS = {"M0": 0, "M1": 30, "M2": 60, "M3": 90, "M4": 120, "M5": 150, "M6": 180}
FATES = [*BUCKETS, "M7", "WRITTEN_OFF", "CLOSED", "TRANSFERRED", "WITHDRAWN"]

LABELS = {
    "region": [*PROVINCES.values(), "OTHER"],
    "lender_group": list(LENDER_GROUPS.values()),
    "product_type": PRODUCTS,
    "amount_band": BANDS,
    "rate_band": ["NOT_STATED", *RATES, "36+"],
    "lenders": ["1", "2", "3", "4", "5", "6-9", "10+"],
    "lenders_to_5": ["1", "2", "3", "4", "5+"],
    "exposure_band": BANDS,
    "bucket_before": [*BUCKETS, "M7"],
    "fate": FATES,
    "months_on_book": [str(month) for month in range(1, VINTAGE_MONTHS + 1)],
}
NONE, REGION, GROUP, PRODUCT = (), ("region",), ("lender_group",), ("product_type",)
LATE = "dpd_1_plus dpd_31_plus dpd_61_plus dpd_91_plus formal_overdue".split()

# Of each indicator: its cuts, its own axes, its columns of counts and those of amounts in one currency.
INDICATORS = {
    "multi_lender_histogram": (
        [NONE, REGION, GROUP],
        ["lenders"],
        ["subjects", "of_subjects"],
        ["balance", "of_balance"],
    ),
    "multi_lender_rate": (
        [NONE, REGION, PRODUCT, REGION + PRODUCT],
        [],
        ["subjects", "subjects_2_plus", "subjects_3_plus", "subjects_5_plus"],
        [],
    ),
    "lenders_per_subject": ([NONE], [], ["subjects", "lenders", "median", "p90"], []),
    "exposure_distribution": (
        [NONE, REGION],
        ["exposure_band"],
        [],
        ["subjects", "exposure", "of_subjects", "of_exposure"],
    ),
    "exposure_per_subject": (
        [NONE],
        [],
        [],
        ["subjects", "exposure", "median_band", "p90_band"],
    ),
    "new_stacking": (
        [NONE, REGION],
        [],
        ["subjects_opened", "subjects_2_plus", "subjects_3_plus"],
        [],
    ),
    "same_day_stacking": ([NONE, GROUP], [], ["openings", "openings_same_day"], []),
    "delinquency": (
        [NONE, REGION, GROUP, PRODUCT, ("amount_band",), ("rate_band",)],
        [],
        ["positions", *(f"positions_{late}" for late in LATE)],
        ["balance", *(f"balance_{late}" for late in LATE)],
    ),
    "delinquency_by_lenders": (
        [NONE, PRODUCT],
        ["lenders_to_5"],
        ["subjects", "subjects_dpd_31_plus"],
        ["balance", "balance_dpd_31_plus"],
    ),
    "roll_rate": (
        [NONE, GROUP],
        ["bucket_before", "fate"],
        ["positions", "of_positions"],
        ["balance", "of_balance"],
    ),
    "vintage": (
        [NONE],
        ["origination_month", "months_on_book"],
        ["positions", "positions_ever_31", "positions_ever_91"],
        ["granted", "balance_ever_31", "balance_ever_91"],
    ),
    "flow": (
        [NONE, GROUP],
        [],
        [],
        "opening originations arrivals increases repayments write_offs transfers withdrawals closing".split(),
    ),
    "restructuring": (
        [NONE],
        [],
        ["positions", "positions_restructured"],
        ["balance", "balance_restructured"],
    ),
    "concentration": (
        [NONE, PRODUCT],
        [],
        [],
        ["lenders", "balance", "hhi_numerator", "hhi_denominator", "cr3", "cr5"],
    ),
}


def region(code):
    """The province of a code of GB/T 2260 (440300) or ISO 3166-2 (CN-GD)."""
    country, _, part = code.partition("-")
    if country == "CN":
        found = PROVINCES.get(part, part)
    else:
        found = PROVINCES[country] if country in ("HK", "MO", "TW") else code[:2]
    return found if found in PROVINCES.values() else "OTHER"


def amount_band(minor, currency):
    """The band of an amount in minor units: an edge belongs to the band below it."""
    if minor <= 0:
        return BANDS[0]
    for factor in BAND_FACTORS:
        if minor <= factor * 1000 * minor_per_unit(currency):
            return f"x{factor}"
    return BANDS[-1]


def rate_band(basis_points):
    """The band of a yearly rate: 6 % is the last of its band."""
    if basis_points == 0:
        return "NOT_STATED"
    return next((band for band, edge in RATES.items() if basis_points <= edge), "36+")


def bucket(days):
    """The bucket of days past due."""
    return next((name for name, last in BUCKETS.items() if days <= last), "M7")


def number_of_lenders(lenders):
    """Its place on the long axis and on the short one."""
    long = str(lenders) if lenders <= 5 else "6-9" if lenders <= 9 else "10+"
    return long, str(lenders) if lenders < 5 else "5+"


def month_label(number):
    """A month counted from the year 0."""
    return f"{number // 12:04}-{number % 12 + 1:02}"


class Tables:
    """All tables of a month-end."""

    def __init__(self):
        self.tables = collections.defaultdict(dict)
        self.currencies = set()

    def add(self, indicator, currency, cut, own, values):
        """Adds to a row of each of the indicator's tables; `cut` tells the label of each axis that tables are cut by."""
        for cuts in INDICATORS[indicator][0]:
            labels = tuple(cut[axis] for axis in cuts) + tuple(own)
            row = self.tables[indicator, cuts, currency].setdefault(labels, [0] * len(values))
            for place, value in enumerate(values):
                row[place] += value
        if currency is not None:
            self.currencies.add(currency)

    def put(self, indicator, cuts, currency, labels, values):
        """Sets a row of figures that are no sums."""
        self.tables[indicator, cuts, currency][labels] = values

    def text(self, as_of, previous, market):
        """Everything, as the service writes it down."""
        lines = ["tallystick statistics 1", f"{as_of}\t{previous or '-'}", "\t".join(map(str, market))]
        for indicator, (all_cuts, own, counts, amounts) in INDICATORS.items():
            for cuts in all_cuts:
                for currency in [None, *sorted(self.currencies)]:
                    columns = counts if currency is None else amounts
                    if columns:
                        axes = [*cuts, *own]
                        name = [indicator, currency or "-", *("lenders" if axis == "lenders_to_5" else axis for axis in axes)]
                        lines.append("\t".join(name + columns))
                        table = self.tables[indicator, cuts, currency]
                        lines.extend(rows(table, axes, columns, as_of))
        return "".join(line + "\n" for line in lines)


def rows(table, axes, columns, as_of):
    """The lines of a table, row after row of all that there can be."""
    wholes = [column for column in columns if column.startswith("of_")]
    for labels in labels_of(axes, as_of):
        values = list(table.get(labels, [0] * (len(columns) - len(wholes))))
        for place, whole in enumerate(wholes):
            assert whole == f"of_{columns[place]}"
            # The same column over all places of the last axis.
            values.append(
                sum(table[same][place] for label in LABELS[axes[-1]] if (same := (*labels[:-1], label)) in table)
            )
        yield "\t".join(["", *labels, *map(str, values)])


def labels_of(axes, as_of):
    """The labels of every row."""
    if axes != ["origination_month", "months_on_book"]:
        return itertools.product(*(LABELS[axis] for axis in axes))
    this_month = as_of.year * 12 + as_of.month - 1
    return (
        (month_label(this_month - age), str(on_book))
        for age in range(VINTAGE_MONTHS, 0, -1)
        for on_book in range(1, age + 1)
    )
