"""Names in English texts: layers of their own above the shared encoder, and a network over words.

The encoder's vocabulary knows no capitals, and names live on them. So the branch gives one state a word (its first
piece, projected), and the network above joins what the word looks like in the text itself: capitals, digits, what
stands before it, its beginning and end, how much of the text is capitalised at all. Two gated convolutions and a
conditional random field follow.

A long text's windows overlap; each word is taken from the window in which it stands further from the edge, and the
text is read as one sequence.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tasks.models import bert
from tasks.models.windows import Window

BRANCH = "entities"
STATE_DIM = 128
WORD_ROWS = 4_001
AFFIX_ROWS = 2_003
CACHED_WORDS, LONGEST_CACHED = 8_192, 32
_SHAPES = ("lower", "title", "upper", "letter", "mixed", "digits", "code", "mark", "other")
_SENTENCE_END = frozenset('.!?…:\n"“”()[]|-–—•')
_FLAGS = 8
NUMBER_COLUMNS = _FLAGS + 3


@dataclass(frozen=True)
class WordStates:
    """What the branch says of the n words of one window: starts, ends (n,) code points; states (n, STATE_DIM)."""

    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    states: NDArray[np.float32]


@dataclass(frozen=True)
class WordFeatures:
    """What the n words of a text look like; all arrays have n rows."""

    shapes: NDArray[np.int32]
    words: NDArray[np.int32]
    heads: NDArray[np.int32]
    tails: NDArray[np.int32]
    numbers: NDArray[np.float32]


def reader(
    project: nn.Linear, is_continuation: NDArray[np.bool_]
) -> Callable[[Tensor, bert.Runs, Sequence[Window]], list[WordStates]]:
    """What the encoder calls with the branch's token states.

    Args:
        is_continuation: (vocabulary,) which token ids go on with a word.
    """

    def read(hidden: Tensor, runs: bert.Runs, windows: Sequence[Window]) -> list[WordStates]:
        places = [word_rows(window, is_continuation) for window in windows]
        offsets = np.cumsum([0, *(len(window.ids) for window in windows)])
        rows = np.concatenate([first + at for (first, _), at in zip(places, offsets, strict=False)])
        states = project(hidden[torch.from_numpy(rows)].to(project.weight.dtype)).float().numpy()
        cuts = np.cumsum([len(first) for first, _ in places])[:-1]
        return [
            WordStates(window.starts[first], window.ends[last], part)
            for window, (first, last), part in zip(windows, places, np.split(states, cuts), strict=True)
        ]

    return read


def word_rows(window: Window, is_continuation: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last token of every word of a window; what stands for one emoji or address is one word."""
    ids = np.array(window.ids)
    is_token = window.starts >= 0
    is_same = np.zeros(len(ids), bool)
    is_same[1:] = (window.starts[1:] == window.starts[:-1]) & is_token[1:]
    first = np.flatnonzero(is_token & ~is_same & ~is_continuation[ids])
    if not len(first):
        return first, first
    last = np.append(first[1:] - 1, np.flatnonzero(is_token)[-1])
    return first, np.maximum(last, first)


def joined(windows: Sequence[WordStates]) -> WordStates:
    """The words of one text, each from the window in which it stands further from the edge."""
    if len(windows) == 1:
        return windows[0]
    parts = []
    low = -1
    for place, window in enumerate(windows):
        high = np.iinfo(np.int32).max
        if place + 1 < len(windows) and len(window.starts) and len(windows[place + 1].starts):
            high = (int(window.ends[-1]) + int(windows[place + 1].starts[0])) // 2
        keep = (window.starts >= low) & (window.starts < high)
        parts.append(WordStates(window.starts[keep], window.ends[keep], window.states[keep]))
        low = high
    return WordStates(
        np.concatenate([part.starts for part in parts]),
        np.concatenate([part.ends for part in parts]),
        np.concatenate([part.states for part in parts]),
    )


def read_words(text: str, starts: NDArray[np.int32], ends: NDArray[np.int32]) -> WordFeatures:
    """What the words of a text look like."""
    rows: list[tuple[int, int, int, int]] = []
    flags: list[int] = []
    last = 0
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        row, has_digit, is_code = _known(word) if len(word := text[start:end]) <= LONGEST_CACHED else _look(word)
        before = text[start - 1] if start else "\n"
        is_first = not rows or text[last - 1] in _SENTENCE_END or (start > last and "\n" in text[last:start])
        flag = is_first | (start <= last and bool(rows)) << 4
        flag |= (has_digit or text[end : end + 1].isdigit()) << 6 | is_code << 7
        if before != " ":
            flag |= (before == "@") << 1 | (before == "#") << 2 | (before in "$€£¥") << 3 | (before in "'’") << 5
        rows.append(row)
        flags.append(flag)
        last = end
    shapes, words, heads, tails = np.array(rows, np.int32).reshape(-1, 4).T.copy()
    numbers = np.zeros((len(rows), NUMBER_COLUMNS), np.float32)
    numbers[:, :_FLAGS] = np.array(flags, np.int64)[:, None] >> np.arange(_FLAGS) & 1
    count = max(1, int((shapes < 5).sum()))
    numbers[:, _FLAGS] = (shapes == 1).sum() / count
    numbers[:, _FLAGS + 1] = (shapes == 2).sum() / count
    numbers[:, _FLAGS + 2] = min(1.0, len(rows) / 50)
    return WordFeatures(shapes, words, heads, tails, numbers)


def _look(word: str) -> tuple[tuple[int, int, int, int], bool, bool]:
    """What a word looks like by itself: (shape, rows of the word, its beginning and its end), has a digit, is code."""
    low = word.lower().encode("utf-8", "replace")
    row = (
        _shape(word),
        zlib.crc32(low) % WORD_ROWS,
        zlib.crc32(low[:3]) % AFFIX_ROWS,
        zlib.crc32(low[-3:]) % AFFIX_ROWS,
    )
    has_digit = any(char.isdigit() for char in word)
    return row, has_digit, word.startswith(("http", "www.")) or len(word) > 24


_known = lru_cache(maxsize=CACHED_WORDS)(_look)


def _shape(word: str) -> int:
    if not any(char.isalnum() for char in word):
        return _SHAPES.index("mark")
    if word.isdigit():
        return _SHAPES.index("digits")
    if not word.isalpha():
        return _SHAPES.index("code")
    if word.islower():
        return _SHAPES.index("lower")
    if len(word) == 1:
        return _SHAPES.index("letter")
    if word.isupper():
        return _SHAPES.index("upper")
    return _SHAPES.index("title") if word[0].isupper() and word[1:].islower() else _SHAPES.index("mixed")


class WordNet(nn.Module):
    """States and looks of words to tag scores, for a batch of padded texts."""

    def __init__(self, *, tags: int, width: int = 160, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = nn.Embedding(len(_SHAPES), 16)
        self.around = nn.Embedding(len(_SHAPES), 8)
        self.word = nn.Embedding(WORD_ROWS, 24)
        self.head = nn.Embedding(AFFIX_ROWS, 12)
        self.tail = nn.Embedding(AFFIX_ROWS, 12)
        self.join = nn.Linear(STATE_DIM + 16 + 2 * 8 + 24 + 12 + 12 + NUMBER_COLUMNS, width)
        self.blocks = nn.ModuleList(nn.Conv1d(width, 2 * width, 3, padding=reach, dilation=reach) for reach in (1, 2))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.out = nn.Linear(width, tags)
        self.dropout = dropout

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """(texts, words, tags) scores."""
        mask = batch["mask"][:, :, None]
        around = self.around(batch["shapes"]) * mask
        read = torch.cat(
            [
                batch["states"], self.shape(batch["shapes"]),
                functional.pad(around[:, :-1], (0, 0, 1, 0)), functional.pad(around[:, 1:], (0, 0, 0, 1)),
                self._drop(self.word(batch["words"])), self._drop(self.head(batch["heads"])),
                self._drop(self.tail(batch["tails"])), batch["numbers"],
            ],
            dim=2,
        )  # fmt: skip
        hidden = functional.relu(self.join(self._drop(read))) * mask
        for block, norm in zip(self.blocks, self.norms, strict=True):
            made = block((norm(hidden) * mask).transpose(1, 2)).transpose(1, 2)
            hidden = (hidden + self._drop(functional.glu(made, dim=2))) * mask
        return self.out(self._drop(hidden))

    def _drop(self, values: Tensor) -> Tensor:
        return functional.dropout(values, self.dropout, self.training)


def padded(rows: Sequence[WordFeatures], states: Sequence[Tensor]) -> dict[str, Tensor]:
    """A batch for WordNet."""
    longest = max(len(row.shapes) for row in rows)
    batch = {"states": nn.utils.rnn.pad_sequence(list(states), batch_first=True)}
    for name in ("shapes", "words", "heads", "tails", "numbers"):
        arrays = [getattr(row, name) for row in rows]
        out = np.zeros((len(arrays), longest, *arrays[0].shape[1:]), arrays[0].dtype)
        for place, array in enumerate(arrays):
            out[place, : len(array)] = array
        batch[name] = torch.from_numpy(out)
    lengths = torch.tensor([len(row.shapes) for row in rows])
    batch["mask"] = (torch.arange(longest)[None] < lengths[:, None]).float()
    return batch
