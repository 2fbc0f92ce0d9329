"""Training of the Chinese name tagger: marked texts in, a tagger's files out, as it is after its last epoch.

Everything is the network's own (the English tagger learns with other tasks, tasks/models/joint_training.py). Its
tables of characters, pairs and words begin with vectors made of plain text (positive pointwise mutual information with
neighbouring characters, reduced by a singular value decomposition; Levy and Goldberg, "Neural Word Embedding as
Implicit Matrix Factorization", 2014), which are worth some five points of F1.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tasks.models import crf, entity_zh
from tasks.models.entities import SETTINGS, WEIGHTS, stored
from tasks.models.marked_texts import MarkedText, Span, tag_loss

WIDTH_ZH, DILATIONS_ZH = 128, (1, 2, 4, 1)
_PRETRAINED_DIMS = {"char": 64, "pair": 32, "word": 32}
_CONTEXTS = {
    "char": ((1,), (-1,), (2, 3), (-2, -3)),
    "pair": ((1, 2), (-2, -3), (3, 4), (-4, -5)),
    "word": ((-1, -2, -3), (2, 3, 4, 5)),
}
_RARE_CHARACTER = 5
_LENGTH_POOL = 16
_RATE_ZH = 3e-3
_BATCH_ZH = 48


@dataclass(frozen=True)
class FittedTagger:
    """A trained tagger. files: what its folder holds; card: kind and shape; epochs: of all stages."""

    files: dict[str, bytes]
    card: dict[str, Any]
    epochs: int


def fit_chinese(
    stages: Sequence[tuple[Sequence[MarkedText], int, float]],
    *,
    types: Sequence[str],
    vectors: dict[str, NDArray[np.float32]],
    vocabulary: dict[str, int],
    seed: int,
) -> FittedTagger:
    """Train the network over characters, and keep it as it is after the last epoch of the last stage.

    Args:
        stages: texts, epochs and highest learning rate of each.
        vectors, vocabulary: as `pretrain` made them.
    """
    torch.manual_seed(seed)
    chance = random.Random(seed)
    tags = crf.tags_of(types)
    net = entity_zh.CharNet(
        characters=len(vocabulary) + 1, tags=len(tags), width=WIDTH_ZH, dilations=DILATIONS_ZH, dropout=0.3
    )
    for name, values in vectors.items():
        getattr(net, name).weight.data.copy_(torch.from_numpy(values))
    field = crf.Crf(tags)
    for training, epochs, rate in stages:
        rows = [_characters_of(marked, vocabulary, tags) for marked in training]
        train_characters(net, field, rows, epochs=epochs, rate=rate, chance=chance)
    characters = "".join(sorted(vocabulary, key=vocabulary.__getitem__))
    settings = {"tags": tags, "characters": characters, "width": WIDTH_ZH, "dilations": list(DILATIONS_ZH)}
    files = _files(_named("net", net) | _named("crf", field), settings)
    return FittedTagger(files, {"kind": "characters", "types": list(types)}, sum(stage[1] for stage in stages))


def train_characters(
    net: entity_zh.CharNet,
    field: crf.Crf,
    rows: Sequence[_Characters],
    *,
    epochs: int,
    rate: float,
    chance: random.Random,
) -> None:
    """One stage of training, in place; the learning rate rises for a tenth of it and then falls to nothing."""
    parameters = [*net.parameters(), *field.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.01)
    steps = epochs * (len(rows) // _BATCH_ZH + _LENGTH_POOL)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)

    def train(batch: Sequence[_Characters]) -> None:
        loss = tag_loss(field, net(entity_zh.padded([row.read for row in batch])), [row.allowed for row in batch])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()
        if schedule.last_epoch < steps - 1:
            schedule.step()

    _run(lambda: list(rows), (net, field), train, epochs=epochs, batch=_BATCH_ZH, chance=chance, size=_length)


def pretrain(texts: Sequence[str], *, kept: Sequence[str], seed: int) -> tuple[dict[str, Any], dict[str, int]]:
    """Vectors of characters, pairs and words from plain text, and the numbers of the characters.

    Args:
        kept: texts whose characters are kept from two occurrences on; of the others, those with five.
    """
    import scipy.sparse as sparse

    counts = Counter(char.lower() for text in texts for char in text)
    inside = Counter(char.lower() for text in kept for char in text)
    known = [char for char, count in counts.most_common() if len(char) == 1]
    known = [char for char in known if counts[char] >= _RARE_CHARACTER or inside[char] >= 2]
    vocabulary = {char: number for number, char in enumerate(known, start=1)}
    gap = np.full(4, -1, np.int64)
    columns: dict[str, list[NDArray]] = {"char": [], "pair": [], "word": []}
    for text in texts:
        read = entity_zh.read_characters(text, vocabulary)
        columns["char"] += [np.where(read.chars > 0, read.chars, -1), gap]
        columns["pair"] += [read.pairs, gap]
        columns["word"] += [np.where(np.diff(read.words, prepend=-1) != 0, read.words, -1), gap]
    rows = {"char": len(vocabulary) + 1, "pair": entity_zh.PAIR_ROWS, "word": entity_zh.WORD_ROWS}
    marks = {}
    for name, parts in columns.items():
        ids = np.concatenate(parts)
        places = np.flatnonzero(ids >= 0)
        ones = np.ones(len(places), np.float32)
        marks[name] = sparse.csr_matrix((ones, (places, ids[places])), (len(ids), rows[name]))
    vectors = {
        name: _vectors(marks[name], marks["char"], _CONTEXTS[name], dim=dim, seed=seed)
        for name, dim in _PRETRAINED_DIMS.items()
    }
    return vectors, vocabulary


def _vectors(marks: Any, context: Any, reaches: Sequence[Sequence[int]], *, dim: int, seed: int) -> NDArray[np.float32]:
    """(rows, dim) from how much oftener than by chance a row stands at certain distances from characters."""
    import scipy.sparse as sparse
    from sklearn.utils.extmath import randomized_svd

    blocks = []
    for reach in reaches:
        together = sum(
            marks[:-step].T @ context[step:] if step > 0 else marks[-step:].T @ context[:step] for step in reach
        ).tocoo()
        of_row = np.bincount(together.row, together.data, together.shape[0])
        of_column = np.bincount(together.col, together.data, together.shape[1]) ** 0.75
        expected = of_row[together.row] * of_column[together.col] / of_column.sum()
        surprise = np.log(np.maximum(together.data / expected, 1e-9))
        more = surprise > 0
        blocks.append(sparse.csr_matrix((surprise[more], (together.row[more], together.col[more])), together.shape))
    left, strength, _ = randomized_svd(
        sparse.hstack(blocks).tocsr().astype(np.float32), dim, n_iter=3, random_state=seed
    )
    vectors = left * np.sqrt(strength)
    return (vectors * (0.3 / (vectors.std() + 1e-9))).astype(np.float32)


@dataclass
class _Characters:
    read: entity_zh.CharFeatures
    allowed: NDArray[np.bool_]
    spans: Sequence[Span]


def _characters_of(marked: MarkedText, vocabulary: dict[str, int], tags: Sequence[str]) -> _Characters:
    allowed = crf.allowed_tags(len(marked.text), marked.spans, marked.unknown, tags)
    return _Characters(entity_zh.read_characters(marked.text, vocabulary), allowed, marked.spans)


def _length(row: _Characters) -> int:
    return len(row.allowed)


def _run(
    draw: Callable[[], list[Any]],
    modules: Sequence[nn.Module],
    train: Callable[[Sequence[Any]], None],
    *,
    epochs: int,
    batch: int,
    chance: random.Random,
    size: Callable[[Any], int],
) -> None:
    """Train for so many epochs, on batches of texts of about one length."""
    for module in modules:
        module.train()
    for _ in range(epochs):
        rows = draw()
        chance.shuffle(rows)
        pool_size = batch * _LENGTH_POOL
        pools = [sorted(rows[at : at + pool_size], key=size) for at in range(0, len(rows), pool_size)]
        batches = [pool[at : at + batch] for pool in pools for at in range(0, len(pool), batch)]
        chance.shuffle(batches)
        for rows_of_batch in batches:
            train(rows_of_batch)
    for module in modules:
        module.eval()


def _named(prefix: str, module: nn.Module) -> dict[str, Tensor]:
    return {f"{prefix}.{name}": value for name, value in module.state_dict().items()}


def _files(state: dict[str, Tensor], settings: dict[str, Any]) -> dict[str, bytes]:
    from safetensors.torch import save

    return {
        WEIGHTS: save(stored(state)),
        SETTINGS: json.dumps(settings, ensure_ascii=False, sort_keys=True).encode("utf-8"),
    }
