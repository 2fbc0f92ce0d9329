"""Names that no configuration lists: which types are told, what of a proposed span is a name, and which are the same.

Taggers know more types than a reader of a market report wants; people and places are found, so that they are not taken
for companies, and left aside. A proposed span loses possessives, quotes and dashes at its ends, and goes as a whole
where it can't be a name (a link, a number, a redacted place). Two spellings are one name where they differ in case,
width, punctuation or a legal form alone: "Zeta Labs Inc.", "ZETA LABS".
"""

from __future__ import annotations

import re

from tasks.core.contracts import Mention
from tasks.core.documents import stable_hash
from tasks.core.text import matching_key
from tasks.core.traditional import TO_SIMPLIFIED

ORGANISATION = "organisation"
PRODUCT = "product"
TOLD_TYPES = {
    "corporation": ORGANISATION,
    "group": ORGANISATION,
    "company": ORGANISATION,
    "organization": ORGANISATION,
    "product": PRODUCT,
    "game": PRODUCT,
}
LONGEST_NAME = 48

_EDGE_LEFT = re.compile(r"^[\s\W_]+")
_EDGE_RIGHT = re.compile(r"(?:['\u2019]s?|[\s\W_]+)$", re.IGNORECASE)
_NO_NAME = re.compile(r"https?:|www\.|\n|^[\W\d_]*$", re.IGNORECASE)
_REDACTED = re.compile(r"\[(?:email|phone|id|card|iban|contact)\]", re.IGNORECASE)
_LEGAL_LATIN = re.compile(
    r"[\s,]+(?:inc|incorporated|corp|corporation|co|company|ltd|limited|llc|llp|plc|gmbh|ag|sa|bv|oy|ab|kg|pte)\.?$",
    re.IGNORECASE,
)
_LEGAL_HAN = re.compile("(?:股份有限公司|有限责任公司|有限公司|公司)$")

Span = tuple[int, int, str]


def tidy_name(text: str, start: int, end: int) -> tuple[int, int] | None:
    """A proposed span without possessive and marks at its ends; None where no name is left."""
    left = _EDGE_LEFT.match(text[start:end])
    start += left.end() if left else 0
    right = _EDGE_RIGHT.search(text[start:end])
    end = start + right.start() if right else end
    surface = text[start:end]
    is_redacted = _REDACTED.fullmatch(text[max(0, start - 1) : end + 1]) is not None
    if not 2 <= len(surface) <= LONGEST_NAME or is_redacted or _NO_NAME.search(surface):
        return None
    return start, end


def name_key(surface: str) -> str:
    """What the spellings of one name have in common."""
    short = _LEGAL_HAN.sub("", _LEGAL_LATIN.sub("", surface.strip()).strip()).translate(TO_SIMPLIFIED)
    return matching_key(short) or matching_key(surface) or surface


def name_mention(text: str, start: int, end: int, kind: str) -> Mention:
    """A name in a text, as the tables hold it."""
    surface = text[start:end]
    return Mention(
        entity_id=stable_hash("name", name_key(surface)),
        entity_name=surface,
        entity_type=kind,
        is_tracked=False,
        brand=None,
        surface=surface,
        start_char=start,
        end_char=end,
        method="ner",
    )


def told_names(text: str, spans: list[Span]) -> list[Span]:
    """Organisations and products among a tagger's spans, tidied, in order; what is left of two alike is one."""
    told: list[Span] = []
    for start, end, kind in sorted(spans):
        place = tidy_name(text, start, end) if kind in TOLD_TYPES else None
        if place is not None and (not told or place[0] >= told[-1][1]):
            told.append((*place, TOLD_TYPES[kind]))
    return told
