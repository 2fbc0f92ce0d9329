"""Names in Chinese texts: what the tagger reads of each character, and its network.

A character is read with its neighbours: as itself, in the two pairs with its neighbours, in the word that jieba cuts,
with that word's part of speech in jieba's dictionary, and with all dictionary words that it could be a part of (Ma et
al., "Simplify the Usage of Lexicon in Chinese NER", 2020). Gated convolutions of growing reach follow (Strubell et
al., "Fast and Accurate Entity Recognition with Iterated Dilated Convolutions", 2017), then a conditional random field.
Pairs and words are hashed into fixed tables, so that no text is unknown; characters outside the list share one row.
"""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tasks.models.chinese import segment, segmenter

PAIR_ROWS = 20_011
WORD_ROWS = 16_001
LONGEST_WORD = 8
_CLASSES = ("Lu", "Ll", "Nd", "Han", "Zs", "P", "other")
_SPEECH = (
    "nt", "nz", "nr", "nrfg", "nrt", "ns", "n", "vn", "v", "a", "d", "m", "q", "t", "f", "r", "p", "c", "u", "i", "l",
    "j", "eng", "b", "s", "z", "x",
)  # fmt: skip
_LEXICON = {"nt": 0, "nz": 1, "nr": 2, "nrfg": 2, "nrt": 3, "ns": 4, "n": 5, "vn": 5, "j": 1}
_LEXICON_OTHER = 6
LEXICON_COLUMNS = 4 * (_LEXICON_OTHER + 1)
SPEECH_ROWS = 4 * (len(_SPEECH) + 1)


@dataclass(frozen=True)
class CharFeatures:
    """What is read of one text of n characters; all arrays have n rows."""

    chars: NDArray[np.int32]
    pairs: NDArray[np.int32]
    words: NDArray[np.int32]
    speech: NDArray[np.int32]
    classes: NDArray[np.int32]
    lexicon: NDArray[np.bool_]


def read_characters(text: str, vocabulary: dict[str, int]) -> CharFeatures:
    """Features of every character of a text that is not empty. vocabulary: characters to rows 1 and up."""
    plain = "".join(map(_plain, text))
    lower = "".join(_lower(char) for char in plain)
    codes = np.frombuffer(lower.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    before = np.concatenate([[2], codes])
    pairs = (before[:-1] * 1_000_003 + before[1:]) % PAIR_ROWS
    words = np.zeros(len(lower), np.int32)
    speech = np.zeros(len(lower), np.int32)
    tags = parts_of_speech()
    start = 0
    for word in segment(lower):
        end = start + len(word)
        words[start:end] = zlib.crc32(word.encode("utf-8", "replace")) % WORD_ROWS
        kind = 4 * tags.get(word, len(_SPEECH))
        if end - start == 1:
            speech[start] = kind + 3
        else:
            speech[start:end] = kind + 1
            speech[start] = kind
            speech[end - 1] = kind + 2
        start = end
    return CharFeatures(
        chars=np.array([vocabulary.get(char, 0) for char in lower], np.int32),
        pairs=pairs.astype(np.int32),
        words=words,
        speech=speech,
        classes=np.array([_class_of(char) for char in plain], np.int32),
        lexicon=_lexicon(lower, tags),
    )


@lru_cache(maxsize=1)
def parts_of_speech() -> dict[str, int]:
    """Words of jieba's dictionary with the number of their part of speech; later ones win, as in jieba."""
    places = {tag: number for number, tag in enumerate(_SPEECH)}
    table = {}
    with segmenter().get_dict_file() as file:
        for line in file:
            word, _, tag = line.decode("utf-8").rstrip("\n").split(" ")
            table[word] = places.get(tag, places.get(tag[:1], len(_SPEECH)))
    return table


@lru_cache(maxsize=20_000)
def _plain(char: str) -> str:
    """One character for one: full width to half width."""
    normal = unicodedata.normalize("NFKC", char)
    return normal if len(normal) == 1 else char


def _lower(char: str) -> str:
    lower = char.lower()
    return lower if len(lower) == 1 else char


@lru_cache(maxsize=20_000)
def _class_of(char: str) -> int:
    if "\u3400" <= char <= "\u9fff":
        return _CLASSES.index("Han")
    category = unicodedata.category(char)
    for number, name in enumerate(_CLASSES):
        if category.startswith(name):
            return number
    return len(_CLASSES) - 1


_SPEECH_TO_LEXICON = [_LEXICON.get(tag, _LEXICON_OTHER) for tag in (*_SPEECH, "")]


def _lexicon(text: str, tags: dict[str, int]) -> NDArray[np.bool_]:
    """(n, LEXICON_COLUMNS): for each kind of dictionary word, whether the character may begin one, lie in or end it."""
    found = np.zeros((len(text), LEXICON_COLUMNS), bool)
    prefixes = segmenter().FREQ
    for start, first in enumerate(text):
        if first not in prefixes:
            continue
        for end in range(start + 2, min(len(text), start + LONGEST_WORD) + 1):
            piece = text[start:end]
            if piece not in prefixes:
                break
            tag = tags.get(piece)
            if tag is None:
                continue
            column = 4 * _SPEECH_TO_LEXICON[tag]
            found[start, column] = True
            found[end - 1, column + 2] = True
            if end - start > 2:
                found[start + 1 : end - 1, column + 1] = True
    return found


class CharNet(nn.Module):
    """Features of characters to tag scores, for a batch of padded texts."""

    def __init__(
        self,
        *,
        characters: int,
        tags: int,
        width: int = 160,
        dilations: Sequence[int] = (1, 2, 4, 1, 2),
        dropout: float,
    ) -> None:
        super().__init__()
        self.char = nn.Embedding(characters, 64)
        self.pair = nn.Embedding(PAIR_ROWS, 32)
        self.word = nn.Embedding(WORD_ROWS, 32)
        self.speech = nn.Embedding(SPEECH_ROWS, 16)
        self.kind = nn.Embedding(len(_CLASSES), 8)
        self.join = nn.Linear(64 + 32 * 2 + 32 + 16 + 8 + LEXICON_COLUMNS, width)
        self.blocks = nn.ModuleList(nn.Conv1d(width, 2 * width, 3, padding=d, dilation=d) for d in dilations)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in dilations)
        self.out = nn.Linear(width, tags)
        self.dropout = dropout

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """(texts, characters, tags) scores."""
        mask = batch["mask"][:, :, None]
        pair = self.pair(batch["pairs"])
        after = functional.pad(pair[:, 1:], (0, 0, 0, 1))
        read = torch.cat(
            [
                self.char(batch["chars"]), pair, after, self.word(batch["words"]), self.speech(batch["speech"]),
                self.kind(batch["classes"]), batch["lexicon"],
            ],
            dim=2,
        )  # fmt: skip
        hidden = functional.relu(self.join(self._drop(read))) * mask
        for block, norm in zip(self.blocks, self.norms, strict=True):
            made = block(norm(hidden).mul(mask).transpose(1, 2)).transpose(1, 2)
            hidden = (hidden + self._drop(functional.glu(made, dim=2))) * mask
        return self.out(self._drop(hidden))

    def _drop(self, values: Tensor) -> Tensor:
        return functional.dropout(values, self.dropout, self.training)


def padded(rows: Sequence[CharFeatures]) -> dict[str, Tensor]:
    """A batch for CharNet."""
    longest = max(len(row.chars) for row in rows)

    def pad(name: str) -> Tensor:
        arrays = [getattr(row, name) for row in rows]
        out = np.zeros((len(arrays), longest, *arrays[0].shape[1:]), np.int32 if arrays[0].ndim == 1 else np.float32)
        for place, array in enumerate(arrays):
            out[place, : len(array)] = array
        return torch.from_numpy(out)

    batch = {name: pad(name) for name in ("chars", "pairs", "words", "speech", "classes", "lexicon")}
    lengths = torch.tensor([len(row.chars) for row in rows])
    batch["mask"] = (torch.arange(longest)[None] < lengths[:, None]).float()
    return batch
