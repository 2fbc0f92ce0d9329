"""How a text speaks of the thing at a span: a brand among others, or an aspect. Negative, neutral or positive.

What arrives: texts of one language, the spans that somebody asks about, and what the encoder's pass gave. What
leaves: calibrated probabilities for each span. The English model is a branch of the encoder (layers of its own, a
head on the mean over the span's tokens beside the mean over the window's). `predict` gives nothing for a span that no
window held, such as one in the part of a very long text that is not read: the model abstains there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tasks.models.windows import Window, tokens_of

if TYPE_CHECKING:
    from torch import Tensor

    from tasks.models import bert

POLARITIES = ("negative", "neutral", "positive")


def span_features(hidden: Tensor, runs: bert.Runs, windows: Sequence[Window]) -> Tensor:
    """(n_spans, 2 dim) float32: the mean over each span's tokens, and that over its window's; spans in their order.

    Args:
        hidden: (n_tokens, dim) states of the windows' tokens, behind one another; each window holds a span or more.
    """
    import torch

    ends = np.cumsum([len(window.ids) for window in windows])
    rows: list[np.ndarray] = []
    owners: list[int] = []
    for place, window in enumerate(windows):
        first = int(ends[place]) - len(window.ids)
        for span in window.spans:
            tokens = tokens_of(window, span)
            rows.append(first + (tokens if len(tokens) else np.zeros(1, np.int64)))
            owners.append(place)
    sizes = torch.tensor([len(row) for row in rows])
    picked = hidden.float()[torch.from_numpy(np.concatenate(rows))]
    owner_of_row = torch.repeat_interleave(torch.arange(len(rows)), sizes)
    sums = torch.zeros(len(rows), hidden.shape[1]).index_add(0, owner_of_row, picked)
    from tasks.models.bert import mean_pool

    return torch.cat([sums / sizes[:, None], mean_pool(hidden, runs)[torch.tensor(owners)]], dim=1)
