"""What competitors' own pages announced or changed: versions of a page in, changes sentence by sentence out.

A new page says that it is new, and which prices and launches its own sentences announce. A new version of a known page
is set against the one before it: sentences that came, went or were replaced. A replaced pair whose amounts of money
differ is a price, one that speaks of plans or subscriptions a plan, any other new sentence a claim. Prices of different
pages are never set against each other: two pages may speak of two things.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import SequenceMatcher
from itertools import pairwise

from tasks.core.prices import amounts, announced_price
from tasks.core.quotes import Slice, sentences

CHANGE_KINDS = ("price", "plan", "launch", "claim", "new_page", "removed_text")
MAX_CHANGES = 20
MIN_SIMILARITY = 0.5
MAX_TEXT = 600
_PLAN = re.compile(
    r"\b(?:plans?|tiers?|subscriptions?|subscribers?|free trial|per month|a month|per year|annual(?:ly)?|membership)\b"
    r"|/month|套餐|订阅|会员|包月|包年|月费|年费|试用期|免费试用",
    re.IGNORECASE,
)
_LAUNCH = re.compile(
    r"\bintroducing\b|\blaunch(?:es|ed|ing)?\b|\bnow available\b|\bmeet the\b|\bannounc(?:es|ed|ing)\b|\bnew model\b"
    r"|\bavailable from\b|全新上市|新品|发布|推出|上市|认识一下",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z0-9]+|[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class PageVersion:
    """A version of a page: its text begins with the title. seen_on: the day from which it stood there."""

    document_id: str
    content_hash: str
    source: str
    brand: str | None
    language: str
    title: str | None
    url: str | None
    text: str
    seen_on: date


@dataclass(frozen=True, slots=True)
class PageChange:
    """One change of one page. Offsets are of after_text in the version's text; amounts in units of currency."""

    change_id: str
    document_id: str
    content_hash: str
    source: str
    brand: str | None
    language: str
    title: str | None
    url: str | None
    changed_on: date
    change_kind: str
    before_text: str | None
    after_text: str | None
    start_char: int | None
    end_char: int | None
    before_amount: Decimal | None = None
    after_amount: Decimal | None = None
    currency: str | None = None


def page_changes(versions: Sequence[PageVersion], *, is_new: bool) -> list[PageChange]:
    """Changes of one page.

    Args:
        versions: all versions of one document, oldest first.
        is_new: its first version counts as a new page (false where the source itself began with it).
    """
    found = _new_page(versions[0]) if is_new else []
    for before, after in pairwise(versions):
        found += _changed(before, after)
    return found


def _new_page(page: PageVersion) -> list[PageChange]:
    """The page itself, or what it announces: prices, and whether it launches something."""
    parts = _sentences(page.text)
    prices = [(part, announced_price(text)) for part, text in parts]
    told = [(part, price) for part, price in prices if price is not None]
    full = {(price.after, price.currency) for _, price in told if price.before is not None}
    found = [
        _change(
            page, "price", None, part, before_amount=price.before, after_amount=price.after, currency=price.currency
        )
        for part, price in told
        if price.before is not None or (price.after, price.currency) not in full
    ]
    if found:
        return found[:MAX_CHANGES]
    opening = next((part for part, text in parts[:2] if _LAUNCH.search(text)), None)
    if opening is not None:
        return [_change(page, "launch", None, opening)]
    return [_change(page, "new_page", None, parts[0][0] if parts else Slice(0, 0))]


def _changed(before: PageVersion, after: PageVersion) -> list[PageChange]:
    """Sentences that a version replaced, added and dropped; a sentence that only moved has not changed."""
    old, new = _sentences(before.text), _sentences(after.text)
    was, now = [_plain(text) for _, text in old], [_plain(text) for _, text in new]
    gone, come = _without(was, now), _without(now, was)
    found: list[PageChange] = []
    partner = _partners(gone, come, was, now)
    for j in come:
        replaced = partner.get(j)
        found.append(_sentence_change(after, None if replaced is None else old[replaced][1], *new[j]))
    kept = set(partner.values())
    for i in gone:
        if i not in kept and _is_telling(old[i][1]):
            found.append(_change(after, "removed_text", old[i][1], None))
    return [change for change in found if change.change_kind != "claim" or _is_telling(change.after_text or "")][
        :MAX_CHANGES
    ]


def _without(sentences: Sequence[str], others: Sequence[str]) -> list[int]:
    """Places of the sentences that the others do not have, each counted once."""
    left = Counter(others)
    places = []
    for place, sentence in enumerate(sentences):
        if left[sentence] > 0:
            left[sentence] -= 1
        else:
            places.append(place)
    return places


def _partners(gone: Sequence[int], come: Sequence[int], was: Sequence[str], now: Sequence[str]) -> dict[int, int]:
    """New sentence to the old one that it replaces: the most similar first, each once, similar by half or more."""
    pairs = []
    for j in come[:200]:
        for i in gone[:200]:
            ratio = SequenceMatcher(a=was[i], b=now[j], autojunk=False).ratio()
            if ratio >= MIN_SIMILARITY:
                pairs.append((-ratio, j, i))
    partner: dict[int, int] = {}
    for _, j, i in sorted(pairs):
        if j not in partner and i not in partner.values():
            partner[j] = i
    return partner


def _sentence_change(page: PageVersion, before: str | None, part: Slice, text: str) -> PageChange:
    new, old = amounts(text), amounts(before or "")
    announced = announced_price(text)
    values = {(amount.value, amount.currency) for amount in old}
    fresh = [amount for amount in new if (amount.value, amount.currency) not in values]
    if before is not None and fresh and old:
        after_amount = fresh[0]
        lost = [
            amount.value
            for amount in old
            if amount.currency == after_amount.currency
            and (amount.value, amount.currency) not in {(a.value, a.currency) for a in new}
        ]
        return _change(
            page,
            "price",
            before,
            part,
            before_amount=lost[0] if lost else None,
            after_amount=after_amount.value,
            currency=after_amount.currency,
        )
    if announced is not None and fresh:
        return _change(
            page, "price", before, part,
            before_amount=announced.before, after_amount=announced.after, currency=announced.currency,
        )  # fmt: skip
    if new and fresh and before is None:
        return _change(page, "price", None, part, after_amount=fresh[0].value, currency=fresh[0].currency)
    if _PLAN.search(text) or (before and _PLAN.search(before)):
        return _change(page, "plan", before, part)
    if before is None and _LAUNCH.search(text):
        return _change(page, "launch", None, part)
    return _change(page, "claim", before, part)


def _change(
    page: PageVersion,
    kind: str,
    before: str | None,
    part: Slice | None,
    *,
    before_amount: Decimal | None = None,
    after_amount: Decimal | None = None,
    currency: str | None = None,
) -> PageChange:
    end = None if part is None else min(part.end, part.start + MAX_TEXT)
    after = None if part is None else page.text[part.start : end]
    key = (page.document_id, page.content_hash, kind, before or "", "" if part is None else str(part.start))
    return PageChange(
        change_id="c-" + hashlib.sha256("\x1f".join(key).encode()).hexdigest()[:12],
        document_id=page.document_id,
        content_hash=page.content_hash,
        source=page.source,
        brand=page.brand,
        language=page.language,
        title=page.title,
        url=page.url,
        changed_on=page.seen_on,
        change_kind=kind,
        before_text=None if before is None else before[:MAX_TEXT],
        after_text=after,
        start_char=None if part is None else part.start,
        end_char=end,
        before_amount=before_amount,
        after_amount=after_amount,
        currency=currency,
    )


def _sentences(text: str) -> list[tuple[Slice, str]]:
    """Sentences with their places; a line break ends one, too: pages are made of lines."""
    found: list[tuple[Slice, str]] = []
    start = 0
    for line in text.split("\n"):
        for part in sentences(line):
            place = Slice(start + part.start, start + part.end)
            found.append((place, text[place.start : place.end]))
        start += len(line) + 1
    return found


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _is_telling(text: str) -> bool:
    """Long enough to say something: four words, or six Chinese characters."""
    return len(_WORD.findall(text)) >= (6 if re.search(r"[\u3400-\u9fff]", text) else 4)


def all_changes(versions: Iterable[PageVersion]) -> list[PageChange]:
    """Changes of many pages, in order of their ids.

    Args:
        versions: sorted by document_id, then oldest first.
    """
    by_page: dict[str, list[PageVersion]] = {}
    began: dict[str, date] = {}
    for version in versions:
        by_page.setdefault(version.document_id, []).append(version)
        began[version.source] = min(began.get(version.source, version.seen_on), version.seen_on)
    return [
        change
        for _, pages in sorted(by_page.items())
        for change in page_changes(pages, is_new=pages[0].seen_on > began[pages[0].source])
    ]
