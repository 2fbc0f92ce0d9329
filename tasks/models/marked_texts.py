"""What the training of name taggers reads, and the loss that both languages' networks learn by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tasks.models import crf

Span = tuple[int, int, str]


class MarkedText(Protocol):
    """What is read of a training text; see tasks.entity_sets.Marked."""

    @property
    def text(self) -> str: ...

    @property
    def spans(self) -> Sequence[Span]: ...

    @property
    def unknown(self) -> Sequence[tuple[int, int]]: ...


def tag_loss(field: crf.Crf, scores: Tensor, allowed: Sequence[NDArray[np.bool_]]) -> Tensor:
    """The field's loss over padded texts: scores (texts, tokens, tags), and the tags that each token may have."""
    mask = np.zeros(scores.shape, bool)
    for place, row in enumerate(allowed):
        mask[place, : len(row)] = row
    return field.loss(scores, torch.tensor([len(row) for row in allowed]), torch.from_numpy(mask))
