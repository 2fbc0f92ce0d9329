"""What sharing the encoder costs in accuracy, and what not sharing it costs in speed, measured and put in a table.

Ways to give the English encoder a second task: a head on its frozen output; own layers above shared ones, fine-tuned
whole or by low-rank adapters; adapters on all layers that the embedding shares; an encoder of its own. Each is
trained in the same way on the same tweets for one pass, reads the same held-out tweets, and is timed at the same
documents, embedding and sentiment together, in CPU-seconds of one thread. The sizes are small, so that all takes some
ten minutes: the table orders the ways and does not tell what the shipped model reaches.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tasks.core.contracts import SENTIMENTS, Progress
from tasks.core.metrics import classification_metrics
from tasks.core.sentiment import classes_of
from tasks.training_sets import ENGLISH, Example, distinct, read_set

if TYPE_CHECKING:
    from tasks.models.encoder import MiniLmEncoder

TRAINING_TEXTS = 6000
TEST_TEXTS = 2000
TIMED_TEXTS = 600
TIMED_ROUNDS = 3
NEIGHBOURS = 10
HEAD_EPOCHS = 10
_TWEETS = "tweet_sentiment_extraction"


@dataclass(frozen=True)
class Way:
    """One way. first_layer: the lowest layer that is trained, from 0; is_joint: the embedding comes out of it too."""

    name: str
    method: str
    first_layer: int = 3
    epochs: int = 1
    is_joint: bool = False


WAYS = (
    Way("frozen encoder, own head", "head", epochs=HEAD_EPOCHS),
    Way("own top layer", "full", 5),
    Way("own top 2 layers", "full", 4),
    Way("own top 3 layers", "full", 3),
    Way("own top 3 layers by low-rank adapters", "lora", 3),
    Way("joint low-rank adapters in all 6 layers", "lora", 0, is_joint=True),
    Way("own encoder", "full", 0),
)


@dataclass(frozen=True)
class Point:
    """What a way reaches.

    macro_recall: on held-out tweets, in [0, 1], with its 95% interval.
    documents_per_second: embedding and sentiment, per CPU-second of one thread.
    own_megabytes: weights that only this task has, at two bytes a number.
    neighbours_kept: share of each text's ten nearest neighbours that stay when the embedding is adapted too.
    """

    way: Way
    macro_recall: float
    interval: tuple[float, float]
    documents_per_second: float
    own_megabytes: float
    neighbours_kept: float


def measure_frontier(data: Path, *, seed: int, progress: Progress, ways: Sequence[Way] = WAYS) -> list[Point]:
    """Train, test and time every way.

    Raises:
        SourceError: the tweets are not below `data`.
    """
    import torch

    torch.set_num_threads(1)
    tweets = next(item for item in ENGLISH if item.name == _TWEETS)
    examples = distinct(read_set(tweets, data), without=frozenset())
    order = np.random.default_rng(seed).permutation(len(examples))[: TRAINING_TEXTS + 2 * TEST_TEXTS]
    chosen = [examples[i] for i in order]
    training, validation = chosen[:TRAINING_TEXTS], chosen[TRAINING_TEXTS : TRAINING_TEXTS + TEST_TEXTS]
    test = chosen[TRAINING_TEXTS + TEST_TEXTS :]
    return [_measure(way, training, validation, test, seed=seed, progress=progress) for way in ways]


def table(points: Sequence[Point]) -> str:
    """The points as a Markdown table, in the given order."""
    lines = [
        "| way | macro-recall | documents per CPU-second | own weights, MB | neighbours kept |",
        "|---|---:|---:|---:|---:|",
    ]
    for point in points:
        low, high = point.interval
        lines.append(
            f"| {point.way.name} | {point.macro_recall:.3f} ({low:.3f}–{high:.3f}) | {point.documents_per_second:.0f}"
            f" | {point.own_megabytes:.1f} | {point.neighbours_kept:.2f} |"
        )
    return "\n".join(lines)


def _measure(
    way: Way,
    training: Sequence[Example],
    validation: Sequence[Example],
    test: Sequence[Example],
    *,
    seed: int,
    progress: Progress,
) -> Point:
    from tasks.models.encoder import MiniLmEncoder, sentiment_branch
    from tasks.models.fine_tuning import FineTuner, Recipe, to_tensors

    head_rate = 5e-3 if way.method == "head" else 3.5e-4
    recipe = Recipe(
        method=way.method,
        epochs=way.epochs,
        seed=seed,
        first_layer=way.first_layer,
        learning_rate=5e-4 if way.method == "lora" else 1e-4,
        head_learning_rate=head_rate,
        patience=way.epochs,
    )
    model = FineTuner(recipe).fit(
        [example.text for example in training],
        classes_of([example.label for example in training]),
        repeats=np.ones(len(training), np.int64),
        validation=([example.text for example in validation], classes_of([example.label for example in validation])),
        progress=progress,
    )
    encoder = MiniLmEncoder(branches=[sentiment_branch(model.first_layer, model.layers)])
    encoded = encoder.encode([example.text for example in test])
    logits = model.head.logits(encoded.features)
    said = [SENTIMENTS[k] for k in logits.argmax(axis=1).tolist()]
    recall = classification_metrics([example.label for example in test], said)["metrics"]["macro_recall"]
    plain = MiniLmEncoder()
    timed = plain if way.is_joint or way.method == "head" else encoder
    adapted = _unit(encoded.features) if way.is_joint else encoded.embeddings
    return Point(
        way,
        recall["value"],
        (recall["lo"], recall["hi"]),
        _documents_per_second(timed, [example.text for example in test[:TIMED_TEXTS]]),
        sum(tensor.nbytes for tensor in to_tensors(model).values()) / 1e6,
        _neighbours_kept(encoded.embeddings, adapted),
    )


def _documents_per_second(encoder: MiniLmEncoder, texts: Sequence[str]) -> float:
    """The best of a few rounds."""
    seconds = []
    for _ in range(TIMED_ROUNDS):
        started = time.process_time()
        encoder.encode(texts)
        seconds.append(time.process_time() - started)
    return len(texts) / min(seconds)


def _neighbours_kept(base: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Mean share of the rows nearest by cosine that two sets of unit vectors (n, dim) agree on."""
    kept = [
        len(set(first) & set(second)) / NEIGHBOURS
        for first, second in zip(_nearest(base), _nearest(other), strict=True)
    ]
    return float(np.mean(kept))


def _nearest(vectors: NDArray[np.float32]) -> list[list[int]]:
    """(n, NEIGHBOURS) rows nearest to each row, without itself."""
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -2)
    return np.argpartition(-likeness, NEIGHBOURS, axis=1)[:, :NEIGHBOURS].tolist()


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
