"""The Chinese model of what a text says of the thing at a span: character n-grams by their place around the span.

There is no transformer here. A span's clause is read with the span itself written as one mark and other names in it
as another, and it matters whether the other name stands before or behind: 比□差 behind the span's name is against
it, 比■差 with the span's name inside is for it. Presence of such n-grams, of those left and right of the span, and,
for aspects, of the span's own, is hashed; a linear layer, stored in one byte a weight, adds them up.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tasks.core.targets import Span, clause_of, clauses
from tasks.models.sentiment import ngram_text

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

BUCKETS = 2**16
MAX_NGRAM = 4
LEFT_CHARACTERS, RIGHT_CHARACTERS = 16, 24
MIN_RIGHT = 2
TARGET, OTHER = "\u25a0", "\u25a1"


def span_features(text: str, spans: Sequence[Span], names: frozenset[Span]) -> list[set[str]]:
    """For each span the n-grams around it, marked by their place.

    Args:
        names: the spans that are names: their own letters say nothing, and they see each other. Other spans are words,
            which are read the same whatever names there are.
    """
    parts = clauses(text)
    return [
        _around(text, span, parts, span in names, [name for name in names if name != span] if span in names else ())
        for span in spans
    ]


def hashed(rows: Sequence[set[str]]) -> csr_matrix:
    """(n, BUCKETS) presence of each row's features, rows at unit length."""
    from scipy.sparse import csr_matrix

    indices: list[int] = []
    starts = [0]
    values: list[NDArray[np.float32]] = []
    for row in rows:
        columns = sorted({zlib.crc32(feature.encode()) % BUCKETS for feature in row})
        indices += columns
        starts.append(len(indices))
        values.append(np.full(len(columns), 1 / max(1.0, np.sqrt(len(columns))), np.float32))
    data = np.concatenate(values) if values else np.zeros(0, np.float32)
    return csr_matrix((data, indices, starts), shape=(len(rows), BUCKETS))


def _around(text: str, span: Span, parts: Sequence[Span], is_name: bool, others: Sequence[Span]) -> set[str]:
    start, end = clause_of(parts, span)
    if end - span[1] < MIN_RIGHT:
        following = next((part for part in parts if part[0] >= end), None)
        end = following[1] if following else end
    start, end = max(start, span[0] - LEFT_CHARACTERS), min(end, span[1] + RIGHT_CHARACTERS)
    inside = [other for other in others if start <= other[0] and other[1] <= end]
    left = _masked(text, start, span[0], inside)
    right = _masked(text, span[1], end, inside)
    place = "b" if any(other[0] >= span[1] for other in inside) else "a" if inside else "o"
    features = {f"{place}:{gram}" for gram in _grams(left + TARGET + right)}
    features |= {f"o:{gram}" for gram in _grams(left + TARGET + right)}
    features |= {f"l:{gram}" for gram in _grams(left)} | {f"r:{gram}" for gram in _grams(right)}
    if is_name:
        features |= {f"{place}:", "n:"} | {f"n:{gram}" for gram in _grams(left + TARGET + right) if TARGET in gram}
    else:
        own = ngram_text(text[span[0] : span[1]]).strip("^$")
        features |= {f"s:{gram}" for gram in _grams(own)} | {f"o:{gram}" for gram in _grams(own)}
    return features


def _masked(text: str, start: int, end: int, others: Sequence[Span]) -> str:
    """A piece of a text as the n-grams read it, with the names in it written as one mark."""
    pieces: list[str] = []
    place = start
    for other in sorted(others):
        if start <= other[0] and other[1] <= end:
            pieces += [ngram_text(text[place : other[0]]).strip("^$"), OTHER]
            place = other[1]
    return "".join([*pieces, ngram_text(text[place:end]).strip("^$")])


def _grams(text: str) -> Iterator[str]:
    for size in range(1, MAX_NGRAM + 1):
        for at in range(len(text) - size + 1):
            yield text[at : at + size]
