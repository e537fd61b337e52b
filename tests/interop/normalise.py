"""The normalisation rules, version 1, written a second time: docs/members.md, section "Identifiers".

Every identifier is folded with NFKC first. The vectors of tests/vectors/identity.json hold both implementations to one result.
Errors are codes; none holds any part of the identifier.
"""

import datetime
import re
import unicodedata

RULES_VERSION = 1
BYTES_MAX = 128

_WHITE = set("\t\n\v\f\r \x85\u1680\u2028\u2029")
_HYPHENS = set("-\u2010\u2011\u2012\u2013\u2014\u2015\u2212")
_LATIN = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_CHINESE_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class Invalid(ValueError):
    """Why an identifier was refused: a stable code."""


def normalise(kind, country, text, today, calling_code=None, strict=False):
    """Returns (value, warning or None). `strict` refuses enterprise codes with a wrong check character."""
    if len(text.encode()) > BYTES_MAX:
        raise Invalid("ID_TOO_LONG")
    if not text.strip():
        raise Invalid("ID_EMPTY")
    if kind == "MOBILE":
        return _mobile(text, calling_code), None
    if not country:
        raise Invalid("ID_COUNTRY_MISSING")
    if kind == "NATIONAL_ID":
        return _national_id(text, country.upper(), today), None
    if kind == "PASSPORT":
        return _passport(text)
    return _enterprise_code(text, country.upper(), strict)


def _fold(text):
    return unicodedata.normalize("NFKC", text)


def _mobile(text, calling_code):
    folded = _fold(text)
    if any(c not in "0123456789+.()[]{}/\\" and c not in _WHITE | _HYPHENS for c in folded):
        raise Invalid("ID_MOBILE_INVALID")
    written = "".join(c for c in folded if c in "0123456789+")
    digits = written.removeprefix("+")
    if not digits or "+" in digits:
        raise Invalid("ID_MOBILE_INVALID")
    if written.startswith("+"):
        number = digits
    elif written.startswith("00"):
        number = digits[2:]
    elif _CHINESE_MOBILE.fullmatch(digits):
        number = "86" + digits
    elif digits.startswith("86") and _CHINESE_MOBILE.fullmatch(digits[2:]):
        number = digits
    elif calling_code:
        number = calling_code + digits.lstrip("0")
    else:
        raise Invalid("ID_CALLING_CODE_MISSING")
    if not re.fullmatch(r"[1-9][0-9]{6,14}", number):
        raise Invalid("ID_MOBILE_INVALID")
    if number.startswith("86") and not _CHINESE_MOBILE.fullmatch(number[2:]):
        raise Invalid("ID_MOBILE_INVALID")
    return "+" + number


def _code_characters(text):
    kept = ""
    for c in _fold(text).upper():
        if c in _LATIN:
            kept += c
        elif c not in _WHITE | _HYPHENS:
            raise Invalid("ID_CHARACTER")
    return kept


def _national_id(text, country, today):
    number = _code_characters(text)
    if country != "CN":
        if not 4 <= len(number) <= 32:
            raise Invalid("ID_LENGTH")
        return number
    if len(number) == 15:
        if not number.isdigit():
            raise Invalid("ID_CHARACTER")
        number = number[:6] + "19" + number[6:]
        number += _id_check(number)
    if len(number) != 18:
        raise Invalid("ID_LENGTH")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        raise Invalid("ID_CHARACTER")
    region = int(number[:2])
    if not (number[0] == "9" or 11 <= region <= 65 or region in (71, 81, 82, 83)):
        raise Invalid("ID_REGION")
    try:
        born = datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise Invalid("ID_BIRTH_DATE") from None
    if not datetime.date(1900, 1, 1) <= born <= today:
        raise Invalid("ID_BIRTH_DATE")
    if number[17] != _id_check(number):
        raise Invalid("ID_CHECK_DIGIT")
    return number


def _id_check(number):
    total = sum(int(c) * weight for c, weight in zip(number, _ID_WEIGHTS))
    return "10X98765432"[total % 11]


def _passport(text):
    folded = _fold(text).upper()
    kept = "".join(c for c in folded if c in _LATIN)
    if not 5 <= len(kept) <= 20:
        raise Invalid("ID_LENGTH")
    dropped = any(c.isalnum() and c not in _LATIN for c in folded)
    return kept, "ID_PASSPORT_LETTERS_DROPPED" if dropped else None


def _enterprise_code(text, country, strict):
    code = _code_characters(text)
    if country != "CN":
        if not 4 <= len(code) <= 32:
            raise Invalid("ID_LENGTH")
        return code, None
    if len(code) != 18:
        raise Invalid("ID_LENGTH")
    if any(c not in _CODE_ALPHABET for c in code):
        raise Invalid("ID_CHARACTER")
    warning = None
    total = sum(_CODE_ALPHABET.index(c) * weight for c, weight in zip(code, _CODE_WEIGHTS))
    organisation = sum(int(c, 36) * weight for c, weight in zip(code[8:16], _ORGANISATION_WEIGHTS))
    if code[17] != _CODE_ALPHABET[-total % 31]:
        warning = "ID_ENTERPRISE_CHECK_DIGIT"
    elif code[16] != "0123456789X"[-organisation % 11]:
        warning = "ID_ORGANISATION_CHECK_DIGIT"
    if warning and strict:
        raise Invalid("ID_CHECK_DIGIT")
    return code, warning
