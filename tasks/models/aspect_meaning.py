"""Aspects by meaning: clauses that speak of an aspect without any of its words ("it took three weeks to get here").

What arrives: the clauses of a text that hold no word of the taxonomy. What leaves: the aspects that some of them speak
of, with the clause as evidence. Two things speak:

- a linear layer over a clause's vector, for the aspects of the shipped taxonomy. It was trained on clauses of reviews
  that hold an aspect's words, with and without these words, and on sentences that the project wrote
  (tasks/aspect_training.py). Of a project's aspects the highest score counts, above a threshold.
- the likeness to the words that a project gave for an aspect of its own, which nobody trained: the nearest of all the
  taxonomy's words counts, where it is near enough.

An English clause's vector is the mean of its tokens in the encoder's one pass, from the base's own output; a Chinese
one's is the presence of its character n-grams, hashed. Likeness in Chinese is that of the Chinese encoder's vectors.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tasks.core.aspects import Aspect, Taxonomy
from tasks.core.contracts import AspectSpan, Encoded, ModelVersion
from tasks.core.targets import Span
from tasks.errors import DataContractError
from tasks.models import cards
from tasks.models.sentiment import ngram_text

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from torch import Tensor

    from tasks.models import bert
    from tasks.models.encoder import Branch
    from tasks.models.windows import Window

BRANCH = "clauses"
WEIGHTS = "model.safetensors"
DECISION = "decision.json"
BUNDLE_KEYS = {"en": "aspects-en", "zh": "aspects-zh"}
BUCKETS = 2**13
NGRAM_RANGE = (1, 2)
METHOD = "meaning"
MAX_WORDS = 12
_LATIN_END = "\u2e80"


@dataclass(frozen=True)
class MeaningDecision:
    """aspects: names of the rows of the weights. A score and a likeness must reach min_score and min_likeness."""

    aspects: tuple[str, ...]
    min_score: float
    min_likeness: float


@dataclass(frozen=True)
class MeaningWeights:
    """score = vector · weightᵀ + bias.

    weight: (n_aspects, dim); bias: (n_aspects,); center: what is taken from English vectors first, (dim,).
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    center: NDArray[np.float32]


class ClauseVectors(Protocol):
    """Vectors of clauses of one language.

    needs_pass: whether they come out of the encoder's pass over the texts.
    """

    needs_pass: bool

    def of_clauses(
        self, texts: Sequence[str], clauses: Sequence[Sequence[Span]], encoded: Encoded | None
    ) -> tuple[list[tuple[int, Span]], Any]:
        """(text's place, clause) of each clause that was seen, and their vectors (n, dim) at unit length."""
        ...

    def likeness(self, clauses: Sequence[str], vectors: Any, words: Sequence[str]) -> NDArray:
        """(n, n_words) cosines of clauses, given with their vectors, and words."""
        ...


class MeaningMatcher:
    """Finds the aspects of a taxonomy in clauses that hold none of its words.

    Args:
        version: of the weights and the decision, which belong together.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        language: str,
        *,
        version: ModelVersion,
        decision: MeaningDecision,
        weights: MeaningWeights,
        vectors: ClauseVectors,
    ) -> None:
        self._decision, self._weights, self._vectors = decision, weights, vectors
        self.needs_pass = vectors.needs_pass
        rows = {name: row for row, name in enumerate(decision.aspects)}
        trained = [aspect for aspect in taxonomy.aspects if aspect.name in rows and not aspect.is_custom]
        self._names = [aspect.name for aspect in trained]
        self._rows = [rows[name] for name in self._names]
        words = [(aspect, word) for aspect in taxonomy.aspects for word in _plain_words(aspect, language)]
        self._has_own = any(aspect.own_words for aspect in taxonomy.aspects)
        self._owners = [aspect if word in aspect.own_words else None for aspect, word in words] if self._has_own else []
        self._words = [_bare(word) for _, word in words] if self._has_own else []
        self.version = version

    def match(
        self, texts: Sequence[str], clauses: Sequence[Sequence[Span]], encoded: Encoded | None
    ) -> list[list[AspectSpan]]:
        """Aspects of each text's clauses, in the order of their places.

        Args:
            clauses: for each text, those without a word of the taxonomy.
            encoded: what the pass gave for the texts, where `needs_pass`; the clauses were among its spans.
        """
        found: list[list[AspectSpan]] = [[] for _ in texts]
        if not any(clauses):
            return found
        places, vectors = self._vectors.of_clauses(texts, clauses, encoded)
        if not places:
            return found
        best = self._trained(vectors, len(places))
        own = self._own([texts[text][slice(*clause)] for text, clause in places], vectors)
        for (text, clause), name, other in zip(places, best, own, strict=True):
            for aspect in dict.fromkeys(filter(None, (name, other))):
                found[text].append(AspectSpan(aspect, *clause, *clause, METHOD))
        return [sorted(spans, key=lambda span: (span.start_char, span.aspect)) for spans in found]

    def _trained(self, vectors: Any, count: int) -> list[str | None]:
        """The project's trained aspect that each clause speaks of most; None below the threshold."""
        if not self._names:
            return [None] * count
        scores = scores_of(vectors, self._weights)[:, self._rows]
        best = scores.argmax(axis=1)
        is_sure = scores[np.arange(len(best)), best] >= self._decision.min_score
        return [self._names[row] if sure else None for row, sure in zip(best, is_sure, strict=True)]

    def _own(self, clauses: Sequence[str], vectors: Any) -> list[str | None]:
        """The aspect whose word, given by the project, each clause is nearest to; None where another is nearer."""
        if not self._has_own:
            return [None] * len(clauses)
        likeness = self._vectors.likeness(clauses, vectors, self._words)
        best = likeness.argmax(axis=1)
        near = likeness[np.arange(len(best)), best] >= self._decision.min_likeness
        owners = [self._owners[word] for word in best]
        return [owner.name if owner and is_near else None for owner, is_near in zip(owners, near, strict=True)]


class PassVectors:
    """English: means over the clauses' tokens, from the branch `clauses` of the encoder's pass."""

    needs_pass = True

    def __init__(self, center: NDArray[np.float32], encode: Callable[[Sequence[str]], Encoded]) -> None:
        self._center, self._encode = center, encode
        self._known: tuple[tuple[str, ...], NDArray[np.float32]] | None = None

    def of_clauses(
        self, texts: Sequence[str], clauses: Sequence[Sequence[Span]], encoded: Encoded | None
    ) -> tuple[list[tuple[int, Span]], NDArray[np.float32]]:
        if encoded is None or BRANCH not in encoded.readings:
            raise DataContractError(
                f"The encoder's pass has no branch {BRANCH!r}", fix="encode with the encoder of the same bundle"
            )
        places: list[tuple[int, Span]] = []
        rows: list[NDArray] = []
        for text, asked in enumerate(clauses):
            wanted = set(asked)
            for spans, vectors in encoded.readings[BRANCH][text]:
                for span, vector in zip(spans, vectors, strict=True):
                    if span in wanted:
                        places.append((text, span))
                        rows.append(vector)
        return places, centered(np.array(rows, np.float32).reshape(len(rows), len(self._center)), self._center)

    def likeness(self, clauses: Sequence[str], vectors: Any, words: Sequence[str]) -> NDArray:
        if self._known is None or self._known[0] != tuple(words):
            known = np.zeros((len(words), len(self._center)), np.float32)
            places, found = self.of_clauses(words, [((0, len(word)),) for word in words], self._encode(words))
            known[[word for word, _ in places]] = found
            self._known = tuple(words), known
        return vectors @ self._known[1].T


class NgramVectors:
    """Chinese: hashed n-grams of the clause itself; likeness by the vectors of the Chinese encoder."""

    needs_pass = False

    def __init__(self, encode: Callable[[Sequence[str]], Encoded]) -> None:
        self._encode = encode

    def of_clauses(
        self, texts: Sequence[str], clauses: Sequence[Sequence[Span]], encoded: Encoded | None
    ) -> tuple[list[tuple[int, Span]], Any]:
        places = [(text, clause) for text, found in enumerate(clauses) for clause in found]
        return places, hashed_clauses([texts[text][slice(*clause)] for text, clause in places])

    def likeness(self, clauses: Sequence[str], vectors: Any, words: Sequence[str]) -> NDArray:
        return self._encode(clauses).embeddings @ self._encode(words).embeddings.T


def centered(vectors: NDArray[np.float32], center: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows at unit length twice: before the common direction is taken away, and after."""
    return _unit(_unit(vectors) - center)


def scores_of(vectors: Any, weights: MeaningWeights) -> NDArray[np.float32]:
    """(n, n_aspects)."""
    return vectors @ weights.weight.T + weights.bias


def clause_branch() -> Branch:
    """The branch that reads the means over spans out of the base's own output; float16 is enough of them."""
    from torch import nn

    from tasks.models.encoder import Branch, Reader
    from tasks.models.targets import by_window, span_means

    def read(hidden: Tensor, runs: bert.Runs, windows: Sequence[Window]) -> list[tuple[tuple[Span, ...], NDArray]]:
        return by_window(windows, span_means(hidden, windows).numpy().astype(np.float16))

    return Branch(0, nn.ModuleList(), (Reader(BRANCH, read, needs_spans=True),))


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)


@lru_cache(maxsize=2)
def load_meaning(language: str) -> tuple[ModelVersion, MeaningDecision, MeaningWeights]:
    """The bundle's model of "en" or "zh".

    Raises:
        ModelUnavailableError: its files are missing, or are not the expected ones.
    """
    from safetensors.torch import load_file

    from tasks.models.int8 import unpacked

    folder = cards.bundle_folder(BUNDLE_KEYS[language])
    card = cards.load_card(folder)
    values = json.loads((folder / DECISION).read_text(encoding="utf-8"))
    decision = MeaningDecision(tuple(values["aspects"]), values["min_score"], values["min_likeness"])
    state = {name: value.numpy() for name, value in unpacked(load_file(folder / WEIGHTS)).items()}
    return cards.version_of(card, precision="int8"), decision, MeaningWeights(**state)


def load_matcher(taxonomy: Taxonomy, language: str, encode: Callable[[Sequence[str]], Encoded]) -> MeaningMatcher:
    """The matcher of a project's aspects.

    Args:
        encode: in English a pass over texts that looks at each as one span; in Chinese the encoder of the language.
            It is called only for aspects that the project gave words for.

    Raises:
        ModelUnavailableError: the model's files are missing, or are not the expected ones.
    """
    version, decision, weights = load_meaning(language)
    vectors = PassVectors(weights.center, encode) if language == "en" else NgramVectors(encode)
    return MeaningMatcher(taxonomy, language, version=version, decision=decision, weights=weights, vectors=vectors)


def hashed_clauses(clauses: Sequence[str]) -> csr_matrix:
    """(n, BUCKETS) presence of character n-grams, rows at unit length."""
    from sklearn.feature_extraction.text import HashingVectorizer

    vectorizer = HashingVectorizer(
        analyzer="char",
        ngram_range=NGRAM_RANGE,
        n_features=BUCKETS,
        alternate_sign=False,
        binary=True,
        norm="l2",
        lowercase=False,
        dtype=np.float32,
    )
    return vectorizer.transform([ngram_text(clause) for clause in clauses])


def plain_words(name: str, language: str) -> list[str]:
    """The first words of a shipped aspect that name it by themselves."""
    from tasks.models.aspects import shipped_aspect

    aspect = shipped_aspect(name)
    return [_bare(word) for word in _plain_words(aspect, language)] if aspect else []


def _plain_words(aspect: Aspect, language: str) -> list[str]:
    """An aspect's words that name it by themselves: all of the project's, and the first MAX_WORDS of the others."""

    def fitting(words: Iterable[str]) -> list[str]:
        return [word for word in words if not word.endswith("?") and (word < _LATIN_END) == (language == "en")]

    shipped = fitting(word for word in aspect.words.get(language, ()) if word not in aspect.own_words)
    return [*fitting(dict.fromkeys(aspect.own_words)), *shipped[:MAX_WORDS]]


def _bare(word: str) -> str:
    return word.removesuffix("?").removesuffix("!")
