"""Texts as windows of tokens: what the English encoder reads, and where each token stands in the original text.

A long text is read in overlapping windows; past eight the rest is not read, and the coverage says so. Emoji are read
by their names and web addresses as `http` (the vocabulary knows neither), so a token's place in what is read is not
its place in the text: the offsets here are code points of the original text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from tasks.core.sentiment import readable, readable_origin

WINDOW_TOKENS = 254
WINDOW_OVERLAP = 32
MAX_WINDOWS = 8
MAX_CHARACTERS = 100_000
Span = tuple[int, int]


@dataclass(frozen=True)
class Window:
    """One piece of a text.

    text_index: which text.
    ids: token ids, with the two special tokens around them.
    starts, ends: (n_tokens,) int32 code points in the original text, end exclusive; -1 for special tokens, and in all
        places where nobody asked for offsets.
    spans: (start, end) of the text's spans of interest that this window holds as a whole, each in its first such one.
    """

    text_index: int
    ids: list[int]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Cut:
    """n texts as windows: token_counts (n,) int32 of the whole texts, coverage (n,) float32 in [0, 1]."""

    windows: list[Window]
    token_counts: NDArray[np.int32]
    coverage: NDArray[np.float32]


def cut(
    texts: Sequence[str], tokenizer: Tokenizer, *, spans: Sequence[Sequence[Span]] | None, has_offsets: bool
) -> Cut:
    """Cut n texts into windows.

    Args:
        spans: for each text, the (start, end) code points that a branch is asked about.
        has_offsets: whether offsets are needed; without them the tokenizer takes a third less time.
    """
    prepared = [readable(text) for text in texts]
    heads = [text[:MAX_CHARACTERS] for text in prepared]
    encode = tokenizer.encode_batch if has_offsets else tokenizer.encode_batch_fast
    encodings = encode(heads, add_special_tokens=False)
    first, last = tokenizer.encode("").ids
    windows: list[Window] = []
    token_counts = np.zeros(len(texts), np.int32)
    coverage = np.ones(len(texts), np.float32)
    for index, (encoding, text) in enumerate(zip(encodings, prepared, strict=True)):
        ids = encoding.ids
        if not ids:
            continue
        places = _offsets(encoding, texts[index]) if has_offsets else None
        cuts = range(0, max(1, len(ids) - WINDOW_OVERLAP), WINDOW_TOKENS - WINDOW_OVERLAP)[:MAX_WINDOWS]
        left = list(spans[index]) if spans is not None else []
        for at in cuts:
            end = min(at + WINDOW_TOKENS, len(ids))
            starts, ends = _framed(places, at, end)
            edges = (0 if at == 0 else int(starts[1]), len(texts[index]) if end == len(ids) else int(ends[-2]))
            inside = [span for span in left if edges[0] <= span[0] and span[1] <= edges[1]]
            left = [span for span in left if span not in inside]
            windows.append(Window(index, [first, *ids[at:end], last], starts, ends, tuple(inside)))
        # Past MAX_CHARACTERS the tokens are not counted one by one but by the rate of what was read.
        token_counts[index] = round(len(ids) * max(1.0, len(text) / MAX_CHARACTERS))
        coverage[index] = min(len(ids), cuts[-1] + WINDOW_TOKENS) / token_counts[index]
    return Cut(windows, token_counts, coverage)


def tokens_of(window: Window, span: Span) -> NDArray[np.int64]:
    """Rows of a window's tokens that overlap a span of the original text."""
    return np.flatnonzero((window.starts < span[1]) & (window.ends > span[0]) & (window.starts >= 0))


def _offsets(encoding: Encoding, text: str) -> NDArray[np.int32]:
    """(2, n_tokens) start and end of each token in the original text."""
    places = np.array(encoding.offsets, np.int32).reshape(-1, 2).T
    origin = readable_origin(text)
    if origin is None:
        return places
    starts, ends = origin
    return np.stack([starts[places[0]], ends[np.maximum(places[1] - 1, places[0])]])


def _framed(places: NDArray[np.int32] | None, at: int, end: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Offsets of the tokens from `at` to `end`, with -1 for the special tokens around them."""
    starts, ends = np.full((2, end - at + 2), -1, np.int32)
    if places is not None:
        starts[1:-1], ends[1:-1] = places[:, at:end]
    return starts, ends
