"""Personal data out of texts: each piece is replaced by a mark that says what stood there.

Marks are `[email]`, `[phone]`, `[id]` (identity papers, Chinese 身份证 with its checksum, device numbers next to
their name), `[card]` (Luhn, and a prefix and length that an issuer uses), `[iban]` (mod 97) and `[contact]`
(a WeChat, QQ, Telegram or Line name next to its cue word).

All patterns read a shadow of the text in which full-width, circled and foreign digits, exotic dashes and spaces
are their ASCII twins, one code point for one, so that offsets hold in the text itself. Every pattern is anchored
at a rare character and bounded in length: time is linear in the text, whatever it holds. What is kept on purpose:
prices, dates, versions, model names, ratings, handles ("@Northwind"), and numbers inside links.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache

import phonenumbers
from phonenumbers import NumberParseException, ValidationResult

MARKS = ("[email]", "[phone]", "[id]", "[card]", "[iban]", "[contact]")

_MAX_PASSES = 4
_DASHES = "\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"
_SPACES = "\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u200e\u200f"

_ASCII = re.ASCII | re.IGNORECASE

# A text without any of these holds nothing to redact.
_WORTH_A_LOOK = re.compile(
    r"@|\bat[\])]|\d(?:\D{0,3}\d){4}|微信|威信|薇信|加v|v信|扣扣|\b[vw]x|wechat|weixin|passport|护照", _ASCII
)
_LINK = re.compile(r"(?:https?://|ftp://|www\.|\.[a-z]{2,10}/)[!-~]{1,2000}", _ASCII)

_LOCAL_PART_BACKWARDS = re.compile(r"[a-z0-9\u00c0-\u024f.!#$%&'*+=?^_`{|}~-]{1,64}", _ASCII)
_NO_LOCAL_START = ".'`*~!#$%&=?^{|}"
_LABEL = r"[a-z0-9\u00c0-\u024f][a-z0-9\u00c0-\u024f-]{0,62}"
_AT_SIGN = re.compile(r"@| ?[\[(]at[\])] ?", _ASCII)
_DOMAIN = re.compile(rf"(?:{_LABEL}\.){{1,8}}(?:xn--[a-z0-9-]{{2,40}}|[a-z]{{2,24}})(?![a-z0-9])", _ASCII)
_SPELT_DOMAIN = re.compile(rf"{_LABEL} ?(?:\.|[\[(]dot[\])]) ?[a-z]{{2,24}}(?![a-z0-9])", _ASCII)

_CHINESE_MOBILE = re.compile(
    r"(?<![\d_])(?<!\d[.,])(?<!-[a-f])(?:(?:\((?:\+|00)?86\)|(?:(?:\+|00) ?)?86)[ \-]{0,2})?"
    r"1[3-9]\d(?:[ \-]{0,3}\d{4}[ .\-·]{0,3}\d{4}|[.·]\d{4}[.·]\d{4}|[ .\-]\d{3}[ .\-]\d{5}"
    r"|(?:[ .\-]\d{2}){4}|[ \-]\d{8})"
    r"(?![\d_%])(?!\.\d|-[\da-f]{2})"
    r"|(?<![\d_])(?<!\d[ .,\-])1[ .\-][3-9](?:[ .\-]\d){9}(?![\d_])(?![ .\-]\d)",
    _ASCII,
)
_INTERNATIONAL = re.compile(
    r"(?<![\w+])(?:(?:\+|\(\+(?=\d{1,3}\)))\d(?:[ .\-()/]{0,3}\d){6,14}|00[1-9](?:[ \-()/]{0,3}\d){7,14})"
    r"(?![\w%])(?!\.\d)",
    _ASCII,
)
_NORTH_AMERICAN = re.compile(
    r"(?<![\w.+/=-])(?:1[ .\-])?(?:\([2-9]\d{2}\)[ \-]?[2-9]\d{2}[ .\-]|[2-9]\d{2}([ .\-])[2-9]\d{2}\1)\d{4}"
    r"(?![\w%])(?![.,\-]\d)",
    _ASCII,
)
_CHINESE_LANDLINE = re.compile(
    r"(?<![\w.+/=-])(?:\(0(?:10|2\d|[3-9]\d{2})\)[ \-]?|0(?:10|2\d|[3-9]\d{2})[ \-])[2-8]\d{2,3}[ \-]?\d{4}"
    r"(?:-\d{1,5})?(?![\w%])"
    r"|(?<![\w.+/=-])400[ \-]?(?:\d{3}[ \-]?\d{4}|\d{4}[ \-]?\d{3})(?![\w%])(?![.,]\d)",
    _ASCII,
)
_TRUNK_PREFIX = re.compile(
    r"(?<![\w.+/=:-])(?:0[1-9](?:([ .\-])\d{2})(?:\1\d{2}){3}"
    r"|0[1-9]\d{1,4}[ \-/]\d{3,4}[ \-]\d{3,5}|0[1-9]\d{1,4}[ \-/]\d{5,8}|[6-9]\d{4} \d{5})(?![\w%])(?![.,:/\-]\d)",
    _ASCII,
)
_PHONE_CUE = re.compile(
    r"(?:\b(?:tel|telephone|phone|mobile|cell|call|text|reach|fax|whats ?app|contact|my number)\b"
    r"(?: ?\b(?:number|no|nr|num|me|us|at|on|is)\b\.?){0,3}"
    r"|电话|手机号码?|手机|联系方式|联系我|致电|热线|座机|传真|☎|📞|📱)[ :.=#为是\ufe0f]{0,4}"
    r"((?:\((?=\d{1,5}\)))?\+?\d(?:[ .\-()]{0,2}\d){6,14})(?![\w%])(?![.,]\d)",
    _ASCII,
)
_MONEY_AFTER = re.compile(r" ?(?:元|块|万|円|¥|€|\$|£|rmb|usd|eur|dollars?|euros?)", _ASCII)
_DATE = re.compile(r"(?:19|20)\d{2}[ .\-/]\d{1,2}[ .\-/]\d{1,2}|\d{1,2}[ .\-/]\d{1,2}[ .\-/](?:19|20)\d{2}")
_ROUND_OR_YEARS = re.compile(r"\d*0000|\d{2,3}00[ \-]\d{2,3}00|(?:19|20)\d{2}[ \-](?:19|20)\d{2}")
_LONE_SMALL_NUMBER = re.compile(r"(?!0|1[ .\-]?\(?\d{3})\d{1,2}[ .\-]")

_CHINESE_ID = re.compile(r"(?<![\w=/])(?:\d{6}[ \-]?\d{8}[ \-]?\d{3}[\dx]|\d{15})(?!\w)", _ASCII)
_SOCIAL_SECURITY = re.compile(r"(?<![\w.+/=-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])", _ASCII)
_ID_CUE = re.compile(
    r"(?:身份证件?号?码?|证件号码?|护照号?码?"
    r"|\b(?:passport|imei|ssn|id card|identity card)(?: ?(?:number|no|nr|#)\.?)?)"
    r"(?: ?(?:is|:|为|是)){0,2} ?([a-z]{0,2}\d(?:[ \-]?\d){5,18}x?)(?!\w)",
    _ASCII,
)
_CARD = re.compile(r"(?<![\w=/])(?<!\d[.,])\d(?:[ \-]?\d){12,18}(?!\w)(?![.,]\d)", _ASCII)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", re.ASCII)
_WECHAT = re.compile(
    r"(?:微信|威信|薇信|\bv信|加v|\b(?:[vw]x|wechat|weixin))"
    r"( ?(?:号码?|id\b|[:=]|同号|为|是|搜|加|\+){0,4} ?)([a-z][a-z0-9_\-]{5,19}|[1-9]\d{4,11})(?![\w\-])",
    _ASCII,
)
_QQ = re.compile(r"(?:\bqq|扣扣|企鹅)( ?(?:群|号码?|[:=]|为|是|加|\+){0,4} ?)([1-9]\d{4,10})(?![\w.])", _ASCII)
_HANDLE = re.compile(
    r"\b(?:telegram|line id)( ?(?:id\b|:|at\b|is\b|on\b|me\b|-|=){0,3} ?)(@[a-z][a-z0-9_]{4,31})\b", _ASCII
)
_SAYS_NAME_FOLLOWS = re.compile(r"号|id|搜", re.IGNORECASE)

# Issuers' prefixes and the lengths they use.
_CARD_ISSUERS = (
    (re.compile(r"4"), (13, 16, 19)),
    (re.compile(r"5[0-9]"), (16,)),
    (re.compile(r"3[47]"), (15,)),
    (re.compile(r"30[0-5]|36|38|39"), (14, 16, 19)),
    (re.compile(r"35"), (16, 17, 18, 19)),
    (re.compile(r"6[0-9]"), (16, 17, 18, 19)),
    (re.compile(r"2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), (16,)),
    (re.compile(r"9558|81"), (16, 19)),
)
_PROVINCES = frozenset(map(str, (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55),
                                 *range(61, 66), 71, 81, 82, 83)))  # fmt: skip
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

_Span = tuple[int, int, str]


def redact(text: str) -> tuple[str, int]:
    """Replace personal data in a text by marks.

    Redacting the result again changes nothing, and the result is at most twice as long as the text.

    Returns:
        The redacted text, and how many pieces were replaced.
    """
    count = 0
    for _ in range(_MAX_PASSES):
        spans = _find(text)
        if not spans:
            break
        text = _replace(text, spans)
        count += len(spans)
    return text, count


def is_chinese_id(digits: str) -> bool:
    """Whether this is a 身份证 number: province and birthday, and for 18 digits the ISO 7064 MOD 11-2 checksum.

    A number of 15 digits (issued until 1999) has no checksum.
    """
    if not digits[:-1].isdecimal() or digits[:2] not in _PROVINCES:
        return False
    if len(digits) == 15:
        return digits.isdecimal() and _is_birthday("19" + digits[6:12])
    if len(digits) != 18 or not _is_birthday(digits[6:14]):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits, _ID_WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == digits[17].upper()


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _find(text: str) -> list[_Span]:
    """Spans to replace, in order, without overlaps."""
    shadow = text if text.isascii() else text.translate(_shadow_table())
    if not _WORTH_A_LOOK.search(shadow):
        return []
    links = [match.span() for match in _LINK.finditer(shadow)]
    found = list(_emails(shadow))
    for finder in _NUMBER_FINDERS:
        found += [span for span in finder(shadow) if not _is_inside(span, links)]
    return _without_overlaps(found)


def _without_overlaps(found: list[_Span]) -> list[_Span]:
    """The earlier start wins where two overlap; at the same start, the one that was found first."""
    kept: list[_Span] = []
    for span in sorted(found, key=lambda item: item[0]):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _replace(text: str, spans: list[_Span]) -> str:
    parts: list[str] = []
    position = 0
    for start, end, mark in spans:
        parts += (text[position:start], mark)
        position = end
    parts.append(text[position:])
    return "".join(parts)


def _is_inside(span: _Span, links: list[tuple[int, int]]) -> bool:
    return any(start <= span[0] < end for start, end in links)


def _emails(shadow: str) -> Iterator[_Span]:
    """E-mail addresses, found from their at sign outwards."""
    taken = 0
    for at_sign in _AT_SIGN.finditer(shadow):
        start, end = at_sign.span()
        domain = (_DOMAIN if at_sign[0] == "@" else _SPELT_DOMAIN).match(shadow, end)
        local = _LOCAL_PART_BACKWARDS.match(shadow[max(taken, start - 64) : start][::-1])
        if domain is not None and local is not None:
            length = len(local[0].rstrip(_NO_LOCAL_START))
            if length:
                taken = domain.end()
                yield start - length, taken, "[email]"


def _chinese_ids(shadow: str) -> Iterator[_Span]:
    for match in _CHINESE_ID.finditer(shadow):
        if is_chinese_id(re.sub(r"[ \-]", "", match[0])):
            yield *match.span(), "[id]"


def _other_ids(shadow: str) -> Iterator[_Span]:
    for match in _ID_CUE.finditer(shadow):
        yield *match.span(1), "[id]"
    for match in _SOCIAL_SECURITY.finditer(shadow):
        yield *match.span(), "[id]"


def _cards(shadow: str) -> Iterator[_Span]:
    for match in _CARD.finditer(shadow):
        digits = re.sub(r"[ \-]", "", match[0])
        if _has_issuer(digits) and passes_luhn(digits) and not _is_barcode(digits):
            yield *match.span(), "[card]"


def _ibans(shadow: str) -> Iterator[_Span]:
    for match in _IBAN.finditer(shadow):
        compact = match[0].replace(" ", "")
        if 15 <= len(compact) <= 34:
            number = "".join(str(int(char, 36)) for char in compact[4:] + compact[:4])
            if int(number) % 97 == 1:
                yield *match.span(), "[iban]"


def _phones(shadow: str) -> Iterator[_Span]:
    for match in _CHINESE_MOBILE.finditer(shadow):
        yield *match.span(), "[phone]"
    for match in _INTERNATIONAL.finditer(shadow):
        if _is_possible_phone(match[0]):
            yield *match.span(), "[phone]"
    for pattern in (_NORTH_AMERICAN, _CHINESE_LANDLINE, _TRUNK_PREFIX):
        for match in pattern.finditer(shadow):
            if not _is_amount_or_date(match[0], shadow, match.end()):
                yield *match.span(), "[phone]"
    for match in _PHONE_CUE.finditer(shadow):
        if not _LONE_SMALL_NUMBER.match(match[1]) and not _is_amount_or_date(match[1], shadow, match.end(1)):
            yield *match.span(1), "[phone]"


def _contacts(shadow: str) -> Iterator[_Span]:
    for pattern in (_WECHAT, _QQ, _HANDLE):
        for match in pattern.finditer(shadow):
            link, name = match[1], match[2]
            is_name = name.startswith("@") or any(char.isdigit() or char in "_-" for char in name)
            if is_name or _SAYS_NAME_FOLLOWS.search(link):
                yield *match.span(2), "[contact]"


_NUMBER_FINDERS: tuple[Callable[[str], Iterator[_Span]], ...] = (
    _chinese_ids, _other_ids, _cards, _ibans, _phones, _contacts,
)  # fmt: skip


def _has_issuer(digits: str) -> bool:
    return any(prefix.match(digits) and len(digits) in lengths for prefix, lengths in _CARD_ISSUERS)


def _is_barcode(digits: str) -> bool:
    """Whether 13 digits carry the EAN-13 check digit: those stand in product reviews far more often than cards."""
    if len(digits) != 13:
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10 == 0


def _is_possible_phone(candidate: str) -> bool:
    """Whether a number with a country code has a known code and a length that country uses."""
    digits = re.sub(r"\(0\)|[^\d]", "", candidate).removeprefix("00")
    try:
        number = phonenumbers.parse("+" + digits)
    except NumberParseException:
        return False
    return phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE


def _is_amount_or_date(candidate: str, shadow: str, end: int) -> bool:
    """Whether a number is money, a date, or a range of years or of round figures."""
    if _MONEY_AFTER.match(shadow, end) or _DATE.fullmatch(candidate):
        return True
    return not candidate.startswith("0") and _ROUND_OR_YEARS.fullmatch(candidate) is not None


def _is_birthday(digits: str) -> bool:
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    return 1800 <= year <= 2099 and 1 <= month <= 12 and 1 <= day <= 31


@cache
def _shadow_table() -> dict[int, str]:
    """ASCII twins of code points, one for one: digits of any script, full-width forms, dashes, spaces."""
    table = dict.fromkeys(map(ord, _DASHES), "-") | dict.fromkeys(map(ord, _SPACES + _INVISIBLE), " ")
    for code in (*range(0x80, 0x3400), *range(0xA000, 0xAC00), *range(0xF900, 0x1FFFF)):
        char = chr(code)
        if code in table:
            continue
        digit = unicodedata.digit(char, None)
        if digit is not None:
            table[code] = str(digit)
        elif 0xFF01 <= code <= 0xFF5E:
            table[code] = chr(code - 0xFEE0)
    return table
