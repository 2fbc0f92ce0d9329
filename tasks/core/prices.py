"""Prices in English and Chinese text, and sentences that announce one: an amount, its currency, what it was before.

Only what a sentence says is read: two amounts of one currency and a word that tells which of them is the old one
("costs 549 euros instead of 649", "由4999元调整为4299元"), or one amount beside words such as "now costs" or "新价格".
A sentence that names several prices without such words announces nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise

_NUMBER = r"\d{1,3}(?:[ ,.\u00a0]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
_CURRENCIES = {
    "EUR": ("€", "eur", "euro", "euros", "欧元"),
    "USD": ("$", "us$", "usd", "dollar", "dollars", "美元"),
    "GBP": ("£", "gbp", "pound", "pounds", "英镑"),
    "CNY": ("¥", "￥", "cny", "rmb", "yuan", "元", "块", "人民币"),
}
_CURRENCY_OF = {word: code for code, words in _CURRENCIES.items() for word in words}
_BEFORE = r"€|US\$|\$|£|¥|￥|\bEUR|\bUSD|\bGBP|\bCNY|\bRMB"
_AFTER = r"€|£|euros?\b|EUR\b|USD\b|GBP\b|CNY\b|RMB\b|dollars?\b|pounds?\b|yuan\b|元|块|人民币|美元|欧元|英镑"
_AMOUNT = re.compile(
    rf"(?:(?P<before>{_BEFORE})\s?(?P<first>{_NUMBER})(?P<wan1>\s?万)?"
    rf"|(?<![\d.,])(?P<second>{_NUMBER})(?P<wan2>\s?万)?\s?(?P<after>{_AFTER}))",
    re.IGNORECASE,
)
_OLD_FIRST = (
    re.compile(r"\bfrom\b[^.;]{0,40}\x00[^.;]{0,60}\bto\b[^.;]{0,30}\x01", re.IGNORECASE),
    re.compile(
        r"\b(?:was|were|used to (?:cost|be)|formerly|previously)\b[^.;]{0,30}\x00[^.;]{0,60}\x01", re.IGNORECASE
    ),
    re.compile(r"[由从自][^。；]{0,20}\x00[^。；]{0,20}[为至到][^。；]{0,10}\x01"),
    re.compile(r"原价[^。；]{0,10}\x00[^。；]{0,30}\x01"),
)
_NEW_FIRST = (
    re.compile(
        r"\x00[^.;]{0,60}\b(?:instead of|down from|up from|reduced from|raised from|was|were|formerly|previously|"
        r"no longer|not)\b[^.;]{0,30}\x01",
        re.IGNORECASE,
    ),
    re.compile(r"\x00[^。；]{0,20}(?:而不是|原价|此前为|之前为|原来是|原为)[^。；]{0,10}\x01"),
)
_ANNOUNCED = re.compile(
    r"\bnew price|\bnow (?:costs?|from|only|at)\b|\bprice (?:cut|rise|increase|change)|\b(?:cut|raise|lower|reduce)s? "
    r"(?:the|its|our) price|新价|现价|降价|涨价|调价|价格调整",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Amount:
    """An amount as text[start:end] has it."""

    value: Decimal
    currency: str
    start: int
    end: int


@dataclass(frozen=True)
class Price:
    """An announced price: what it is now, and what it was where the sentence says so."""

    after: Decimal
    before: Decimal | None
    currency: str


def amounts(text: str) -> list[Amount]:
    """Every amount of money in a text, in order."""
    found = []
    for match in _AMOUNT.finditer(text):
        value = _number(match["first"] or match["second"])
        if value is None:
            continue
        if match["wan1"] or match["wan2"]:
            value *= 10_000
        word = (match["before"] or match["after"]).lower()
        found.append(Amount(value, _CURRENCY_OF[word], match.start(), match.end()))
    return found


def announced_price(sentence: str) -> Price | None:
    """The price that a sentence announces, if it does."""
    found = amounts(sentence)
    for one, other in pairwise(found):
        if one.currency != other.currency or one.value == other.value:
            continue
        marked = f"{sentence[: one.start]}\x00{sentence[one.end : other.start]}\x01{sentence[other.end :]}"
        if any(pattern.search(marked) for pattern in _NEW_FIRST):
            return Price(one.value, other.value, one.currency)
        if any(pattern.search(marked) for pattern in _OLD_FIRST):
            return Price(other.value, one.value, one.currency)
    if len(found) == 1 and _ANNOUNCED.search(sentence):
        return Price(found[0].value, None, found[0].currency)
    return None


def _number(text: str) -> Decimal | None:
    """A number as English, continental or Chinese text writes it; the last mark before one or two digits is decimal."""
    plain = text.replace(" ", "").replace("\u00a0", "")
    decimals = re.search(r"[.,](\d{1,2})$", plain)
    whole = plain[: decimals.start()] if decimals else plain
    digits = re.sub(r"[.,]", "", whole)
    try:
        return Decimal(f"{digits}.{decimals[1]}" if decimals else digits)
    except InvalidOperation:
        return None
