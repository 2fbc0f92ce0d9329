"""Which documents are copies of each other: the rule, its keys and signatures, and the groups.

The rule, for documents of one kind (review, news, competitor):

1. A text of 40 letters or more that says the same (letters and digits, without case, width, spacing and punctuation)
   as another one is a copy of it, whoever wrote it, wherever and whenever: an *exact* copy.
2. A text of 25 to 39 letters is a copy where brand and ISO week agree, too.
3. A shorter one ("good", "好用") is what many people write of themselves: forty people's "good app" are forty opinions.
   It is a copy only where source and author agree, too.
4. A text of 100 letters or more of which most shingles stand in another one, too, is a *near* copy: another headline,
   another first line, a changed name or a sentence more. Candidates are found by MinHash bands, and each pair is then
   compared truly: Jaccard similarity of the shingle sets of 0.7 or more, or, where both have 300 letters, 0.9 of the
   shorter one inside the longer one.

Letters are those of meaning: a Han character counts as 25/12. A text of fewer than eight different characters is short,
however often it says 很好. On 100,000 real reviews, tweets and articles, equal texts
of 40 letters were copies or one author's; between 25 and 40 came "I will never fly us airways again" and
"质量不错 版型好看 穿上很舒服". All pairs of Jaccard similarity 0.7 and more that were read were copies.

A group is what such pairs join; its earliest document (ties: the smaller id) is the canonical one, which counts. Groups
follow from the set of documents alone, in whatever order they came. Shingles are runs of characters of the matching
key, 9 in alphabetic text and 4 in Chinese, so that the rule needs no word borders. Which groups are campaigns (spam)
is told by sql/staging/duplicate.sql.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tasks.core.documents import stable_hash
from tasks.core.text import matching_key, meaning_length
from tasks.core.weeks import week_of

# From which the same words are no coincidence, and from which they are none within a brand and week.
LONG_LETTERS = 40
MIDDLE_LETTERS = 25
# Fewer different characters than that are a short opinion said again and again.
LEAST_CHARACTERS = 8
# From which near copies are looked for: 20 to 30 words.
NEAR_LETTERS = 100
NEAR_JACCARD = 0.7
# An agency's text inside a longer article; only where the shorter one has about 60 words.
CONTAINED_SHARE = 0.9
CONTAINED_LETTERS = 300
# From which the same words under many names are a campaign: honest people share "works great, fast delivery".
CAMPAIGN_LETTERS = 80
CAMPAIGN_BRANDS = 3
CAMPAIGN_AUTHORS = 5

SHINGLE_CHARS, DENSE_SHINGLE_CHARS = 9, 4
BANDS, ROWS_A_BAND = 20, 4
_PERMUTATION_BLOCK = 1 << 20

_random = np.random.default_rng(20260105)
_MULTIPLIERS = _random.integers(0, 2**63, BANDS * ROWS_A_BAND, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_OFFSETS = _random.integers(0, 2**63, BANDS * ROWS_A_BAND, dtype=np.uint64)
_BASE = np.uint64(0x9E3779B97F4A7C15)

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much two texts share: Jaccard similarity of their shingle sets, and the share of the smaller one."""

    jaccard: float
    containment: float


def duplicate_key(
    *,
    document_id: str,
    text: str,
    kind: str,
    source: str,
    brand: str | None,
    author_hash: str | None,
    published_on: date,
) -> str:
    """Equal keys are exact copies; 32 hex digits.

    Args:
        text: repaired and redacted text of the document.
        published_on: the UTC day, or the date itself where only a date is known.
    """
    key = matching_key(text)
    length, iso_week = _said_length(key), week_of(published_on)
    if length >= LONG_LETTERS:
        return stable_hash("long", kind, key)
    if length >= MIDDLE_LETTERS:
        return stable_hash("middle", kind, brand, iso_week, key)
    if author_hash is None:
        return stable_hash("alone", document_id)
    symbols = key or "".join(unicodedata.normalize("NFKC", text).split())
    return stable_hash("short", kind, source, brand, author_hash, iso_week, symbols)


def near_bands(text: str) -> list[int] | None:
    """MinHash bands of a text, 20 numbers below 2^63: texts that share one are candidates for near copies.

    Two texts of Jaccard similarity 0.7 share a band with probability 0.996, 0.5 with 0.72, 0.2 with 0.03. None for a
    text of fewer than 100 letters of meaning.
    """
    key = matching_key(text)
    if _said_length(key) < NEAR_LETTERS:
        return None
    hashes = shingle_hashes(key)
    minima = np.full(BANDS * ROWS_A_BAND, np.iinfo(np.uint64).max, np.uint64)
    step = max(1, _PERMUTATION_BLOCK // len(minima))
    for start in range(0, len(hashes), step):
        permuted = hashes[start : start + step, None] * _MULTIPLIERS + _OFFSETS
        np.minimum(minima, (permuted ^ (permuted >> np.uint64(32))).min(axis=0), out=minima)
    bands = minima.reshape(BANDS, ROWS_A_BAND)
    mixed = np.arange(BANDS, dtype=np.uint64)
    for column in bands.T:
        mixed = _mix(mixed * _BASE + column)
    return (mixed >> np.uint64(1)).tolist()


def shingle_hashes(key: str) -> Hashes:
    """(n,) distinct hashes of the runs of characters of a matching key, ascending; empty for one that is too short."""
    size = DENSE_SHINGLE_CHARS if meaning_length(key) > 1.5 * len(key) else SHINGLE_CHARS
    codes = np.frombuffer(key.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    count = len(codes) - size + 1
    if count <= 0:
        return np.empty(0, np.uint64)
    hashes = np.zeros(count, np.uint64)
    for place in range(size):
        hashes = hashes * _BASE + codes[place : place + count]
    return np.unique(_mix(hashes))


def overlap(first: Hashes, second: Hashes) -> Overlap:
    """Overlap of two sets of shingle hashes; 0 where one is empty."""
    smaller, larger = min(len(first), len(second)), max(len(first), len(second))
    if not smaller:
        return Overlap(0.0, 0.0)
    shared = len(np.intersect1d(first, second, assume_unique=True))
    return Overlap(shared / (smaller + larger - shared), shared / smaller)


def near_overlap(first: str, second: str) -> Overlap | None:
    """Overlap of two texts where they are near copies; None where they are not."""
    keys = matching_key(first), matching_key(second)
    found = overlap(shingle_hashes(keys[0]), shingle_hashes(keys[1]))
    if found.jaccard >= NEAR_JACCARD:
        return found
    is_long = min(meaning_length(key) for key in keys) >= CONTAINED_LETTERS
    return found if is_long and found.containment >= CONTAINED_SHARE else None


def joined_groups(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The smallest name of its group, for every name in the pairs: what is joined to what, directly or through others.

    The same for any order of the pairs.
    """
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for first, second in pairs:
        low, high = sorted((root(first), root(second)))
        parent[high] = low
    return {name: root(name) for name in parent}


def _said_length(key: str) -> float:
    """Letters of meaning; 0 for few characters over and over: 很好很好很好 is a short opinion, however long."""
    return meaning_length(key) if len(set(key)) >= LEAST_CHARACTERS else 0.0


def _mix(values: Hashes) -> Hashes:
    """splitmix64's last step: every bit of the result depends on every bit of the value."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
