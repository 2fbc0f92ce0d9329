"""The English sentiment head: one linear layer, or a mixture of them, one for each style of text.

Annotators of tweets, stars on reviews and labels of headlines mean different things by the same words: "shares of X
climb 9 percent" is good news and no praise. A mixture of experts (Jacobs et al., "Adaptive Mixtures of Local Experts",
1991) keeps the crowds apart: each style has a linear layer of its own, and a gate says from the same features which
style a text is written in. What leaves is one distribution, so nobody has to know a text's style to ask.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tasks.core.contracts import SENTIMENTS
from tasks.models.int8 import unpacked

STYLES = ("post", "review", "news")
CLASSES = len(SENTIMENTS)


def rows_of(styles: int) -> int:
    """Rows of a head's weight: four for every style, and one for every style's gate where there are several."""
    return CLASSES * styles + (styles if styles > 1 else 0)


def styles_of(rows: int) -> int:
    """How many styles a head with so many rows tells apart."""
    return 1 if rows == CLASSES else rows // (CLASSES + 1)


def gate(raw: Tensor) -> Tensor:
    """(n, styles) logits of each style, from a head's raw output (n, rows)."""
    return raw[:, CLASSES * styles_of(raw.shape[1]) :]


def experts(raw: Tensor) -> Tensor:
    """(n, styles, 4) log probabilities of the classes in each style, from a head's raw output (n, rows)."""
    styles = styles_of(raw.shape[1])
    return raw[:, : CLASSES * styles].reshape(len(raw), styles, CLASSES).log_softmax(dim=2)


def mixed(raw: Tensor, offset: Tensor | float = 0.0) -> Tensor:
    """(n, 4) logits of the classes, from a head's raw output (n, rows): of a mixture, log probabilities.

    Args:
        offset: (styles, 4) what is added to each style's log probabilities.
    """
    if styles_of(raw.shape[1]) == 1:
        return raw + (offset[0] if isinstance(offset, Tensor) else offset)
    return (experts(raw) + offset + gate(raw).log_softmax(dim=1)[:, :, None]).logsumexp(dim=1)


class Habits(nn.Module):
    """(sets, 4) what each set's annotators add to the logits; used in training alone."""

    LEARNING_RATE = 3e-3

    def __init__(self, sets: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(sets, CLASSES))


class SentimentHead:
    """A trained head.

    Args:
        weight: (rows, dim); bias: (rows,), see `rows_of`; offset: (styles, 4) what is added to each style's log
            probabilities, because its training sets hold the classes in other shares than what the model will meet.
    """

    def __init__(
        self, weight: NDArray[np.float32], bias: NDArray[np.float32], offset: NDArray[np.float32] | None = None
    ) -> None:
        self.weight, self.bias = weight, bias
        self.offset = np.zeros((styles_of(len(bias)), CLASSES), np.float32) if offset is None else offset

    def raw(self, features: NDArray[np.float32]) -> Tensor:
        """(n, rows) of n feature vectors (n, dim)."""
        return torch.from_numpy(features @ self.weight.T + self.bias)

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, 4) logits of n feature vectors (n, dim)."""
        return mixed(self.raw(features), torch.from_numpy(self.offset)).numpy()

    def tensors(self) -> dict[str, Tensor]:
        """What is stored, as float32."""
        named = {"head.weight": self.weight, "head.bias": self.bias, "head.offset": self.offset}
        return {name: torch.from_numpy(np.ascontiguousarray(value, np.float32)) for name, value in named.items()}


def read_head(path: Path) -> SentimentHead:
    """The head in a file of tensors."""
    from safetensors.torch import load_file

    state = {name: tensor for name, tensor in load_file(path).items() if name.startswith("head.")}
    values = {name.removeprefix("head."): tensor.numpy() for name, tensor in unpacked(state).items()}
    return SentimentHead(values["weight"], values["bias"], values.get("offset"))
