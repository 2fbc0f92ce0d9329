"""Training texts of the English name tagger as words: what they look like, and which tags each may have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tasks.models import crf, entity_en
from tasks.models.marked_texts import MarkedText, Span
from tasks.models.windows import Window


@dataclass(frozen=True)
class WordRow:
    """One text of n words: its window, each word's first token (n,), its looks, and its tags (n, tags) bool."""

    window: Window
    first: NDArray[np.int64]
    looks: entity_en.WordFeatures
    allowed: NDArray[np.bool_]


def word_row(marked: MarkedText, window: Window, continuations: NDArray[np.bool_], tags: Sequence[str]) -> WordRow:
    """The words of a text's window, which may be none."""
    first, last = entity_en.word_rows(window, continuations)
    starts, ends = window.starts[first], window.ends[last]
    return WordRow(window, first, entity_en.read_words(marked.text, starts, ends), _allowed(marked, starts, ends, tags))


def uncased(batch: dict[str, Tensor], *, share: float) -> dict[str, Tensor]:
    """A batch for WordNet in which a share of the texts looks as if it had been typed in lower case."""
    low = torch.rand(len(batch["shapes"])) < share
    shapes = batch["shapes"]
    numbers = batch["numbers"].clone()
    numbers[low, :, -3:-1] = 0
    return batch | {
        "shapes": torch.where(low[:, None] & (shapes >= 1) & (shapes <= 4), 0, shapes),
        "numbers": numbers,
    }


def _allowed(
    marked: MarkedText, starts: NDArray[np.int32], ends: NDArray[np.int32], tags: Sequence[str]
) -> NDArray[np.bool_]:
    def places(start: int, end: int) -> tuple[int, int]:
        return int(np.searchsorted(ends, start, "right")), int(np.searchsorted(starts, end, "left"))

    spans: list[Span] = []
    for start, end, kind in sorted(marked.spans):
        first, last = places(start, end)
        if last > first and (not spans or spans[-1][1] <= first):
            spans.append((first, last, kind))
    return crf.allowed_tags(len(starts), spans, [places(*span) for span in marked.unknown], tags)
