"""The types that stages hand to each other, and the seams behind which models live.

Pure: no Prefect, no DuckDB, no torch. Each protocol has a do-nothing implementation, which is also the fake
that tests use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

SENTIMENTS = ("negative", "neutral", "positive", "mixed")
VERDICTS = (
    "signal_up",
    "signal_down",
    "watch_up",
    "watch_down",
    "no_clear_change",
    "too_few",
    "baseline_building",
    "excluded",
)
KINDS = ("review", "news", "competitor")
ALL = "*"


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a source, mapped to our names; text as it came.

    published_at is UTC without tzinfo; when is_date_only, it is the date itself at midnight, unshifted.
    """

    record_number: int
    text: str
    published_at: datetime
    is_date_only: bool = False
    source_record_id: str | None = None
    title: str | None = None
    url: str | None = None
    rating: float | None = None
    brand: str | None = None
    segment: str | None = None
    language_hint: str | None = None
    author_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that can't be used: where it stood, why, and its first bytes (at most 8 KiB)."""

    record_number: int
    reason_code: str
    reason: str
    raw_bytes: bytes


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a text. Offsets count code points, end exclusive: text[start_char:end_char] == surface."""

    entity_id: str
    entity_name: str
    entity_type: str
    is_tracked: bool
    brand: str | None
    surface: str
    start_char: int
    end_char: int
    method: str


@dataclass(frozen=True, slots=True)
class AspectSpan:
    """Words of a text that speak of an aspect, and the clause they stand in.

    method: words (of a taxonomy), or meaning: then the words are the whole clause.
    """

    aspect: str
    start_char: int
    end_char: int
    clause_start_char: int
    clause_end_char: int
    method: str


@dataclass(frozen=True, slots=True)
class TargetScore:
    """How a text speaks of the thing at a span: negative, neutral or positive, or None where the model abstained.

    score: P(positive) - P(negative), in [-1, 1]; confidence: calibrated probability of the best class, in [0, 1].
    """

    start_char: int
    end_char: int
    sentiment: str | None
    score: float
    confidence: float


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A registered model: the row of ops.model_version that enriched rows point to."""

    task: str
    language: str
    name: str
    revision: str
    precision: str
    licence: str
    content_sha256: str
    card: dict = field(hash=False, default_factory=dict)

    @property
    def model_version_id(self) -> str:
        return f"{self.task}-{self.language}-{self.name}@{self.revision}+{self.precision}"


@dataclass(frozen=True, slots=True)
class Encoded:
    """What one encoder pass gives n documents.

    embeddings: (n, dim) float32, unit length; a zero row where the text is empty.
    features: (n, feature_dim) float32, what a sentiment head reads.
    token_counts: (n,) int32, tokens of the whole text.
    coverage: (n,) float32 in [0, 1], share of the tokens that the encoder saw.
    readings: per branch of the encoder (see tasks/models/encoder.py) the n texts' results, one a window.
    """

    embeddings: NDArray[np.float32]
    features: NDArray[np.float32]
    token_counts: NDArray[np.int32]
    coverage: NDArray[np.float32]
    readings: dict[str, list[list[Any]]] = field(default_factory=dict)

    def part(self, places: Sequence[int]) -> Encoded:
        """The rows of some of the texts, in that order."""
        chosen = np.array(places, np.int64)
        readings = {name: [found[place] for place in places] for name, found in self.readings.items()}
        return Encoded(
            self.embeddings[chosen],
            self.features[chosen],
            self.token_counts[chosen],
            self.coverage[chosen],
            readings,
        )


@dataclass(frozen=True, slots=True)
class SentimentScores:
    """Sentiment of n documents.

    probabilities: (n, 3) float32, calibrated, columns negative, neutral, positive; rows sum to 1.
    labels: n of "negative", "neutral", "positive", "mixed", or None where the model abstained.
    """

    probabilities: NDArray[np.float32]
    labels: list[str | None]

    @property
    def scores(self) -> NDArray[np.float32]:
        """(n,) P(positive) - P(negative), in [-1, 1]."""
        return self.probabilities[:, 2] - self.probabilities[:, 0]


class Encoder(Protocol):
    """Turns texts of one language into vectors in one pass."""

    version: ModelVersion

    def encode(self, texts: Sequence[str]) -> Encoded: ...


class SpanEncoder(Encoder, Protocol):
    """An encoder whose pass also looks at spans of the texts: code points, end exclusive, for each text."""

    def encode(self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]] | None = None) -> Encoded: ...


class SentimentModel(Protocol):
    """Scores documents of one language from the encoder's pass, or from the text where it has no use for that."""

    version: ModelVersion

    def predict(self, texts: Sequence[str], encoded: Encoded) -> SentimentScores: ...


class EntityTagger(Protocol):
    """Finds names in texts; one list of mentions a text, in order of start_char.

    needs_pass: whether it reads what the encoder's pass gave for the same texts; `encoded` is None otherwise.
    """

    version: ModelVersion
    needs_pass: bool

    def tag(self, texts: Sequence[str], encoded: Encoded | None = None) -> list[list[Mention]]: ...


class TargetSentiment(Protocol):
    """Says how texts of one language speak of the things at some spans.

    needs_pass: whether it reads what the encoder's pass gave for these spans; `encoded` is None otherwise.
    """

    version: ModelVersion
    needs_pass: bool

    def predict(
        self,
        texts: Sequence[str],
        encoded: Encoded | None,
        spans: Sequence[Sequence[tuple[int, int]]],
        names: Sequence[Sequence[tuple[int, int]]] | None = None,
    ) -> list[list[TargetScore]]:
        """One score per span, in their order; names: which of the spans are names that may be compared."""
        ...


def _null_version(task: str) -> ModelVersion:
    return ModelVersion(task, ALL, "null", "0", "exact", "Apache-2.0", "0" * 64)


class NullEncoder:
    """Sees nothing: zero vectors, no coverage."""

    version = _null_version("embedding")

    def __init__(self, dim: int = 8) -> None:
        self.dim = dim

    def encode(self, texts: Sequence[str]) -> Encoded:
        n = len(texts)
        zeros = np.zeros((n, self.dim), np.float32)
        return Encoded(zeros, zeros, np.zeros(n, np.int32), np.zeros(n, np.float32))


class NullSentimentModel:
    """Abstains on every document."""

    version = _null_version("sentiment")

    def predict(self, texts: Sequence[str], encoded: Encoded) -> SentimentScores:
        return SentimentScores(np.full((len(texts), 3), 1 / 3, np.float32), [None] * len(texts))


class NullEntityTagger:
    """Finds no names."""

    version = _null_version("mention")
    needs_pass = False

    def tag(self, texts: Sequence[str], encoded: Encoded | None = None) -> list[list[Mention]]:
        return [[] for _ in texts]


class NullTargetSentiment:
    """Abstains on every span."""

    version = _null_version("target")
    needs_pass = False

    def predict(
        self,
        texts: Sequence[str],
        encoded: Encoded | None,
        spans: Sequence[Sequence[tuple[int, int]]],
        names: Sequence[Sequence[tuple[int, int]]] | None = None,
    ) -> list[list[TargetScore]]:
        return [[TargetScore(start, end, None, 0.0, 0.0) for start, end in found] for found in spans]


class LabelWriter(Protocol):
    """Words topics' labels anew in one language; whether an answer may stand is for tasks/core/label_polish.py."""

    version: ModelVersion

    def write(self, prompts: Sequence[str]) -> Sequence[str]: ...


class Progress(Protocol):
    """Where a stage tells how far it is: a bar on a terminal, plain lines elsewhere."""

    def start(self, stage: str, total: int | None = None) -> None:
        """Begin a stage of so many steps (None: not known)."""
        ...

    def advance(self, steps: int = 1) -> None: ...

    def finish(self, summary: str) -> None:
        """End the stage with one line that says what it did, with counts."""
        ...


class NullProgress:
    """Says nothing."""

    def start(self, stage: str, total: int | None = None) -> None: ...

    def advance(self, steps: int = 1) -> None: ...

    def finish(self, summary: str) -> None: ...
