"""Sentiment models at work: a head on the English encoder's features, and Chinese character n-grams.

What arrives: documents of one language, and what the encoder's pass gave for them. What leaves: calibrated
probabilities and a label, or none where the model abstains (see tasks/core/sentiment.py). Everything here is numpy
and one sparse product; the English head's features come out of the shared pass of tasks/models/encoder.py, and the
Chinese model reads the text itself, at some 10,000 documents a second.

Both are made by `train` (tasks/models/fine_tuning.py, tasks/models/ngram_training.py) and stored as
`model.safetensors` (float16) with `decision.json` (temperature and abstention threshold) and a card.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tasks.config import Settings
from tasks.core.contracts import Encoded, NullSentimentModel, SentimentModel, SentimentScores
from tasks.core.sentiment import MIXED, NEGATIVE, POSITIVE, Decision, decide, readable
from tasks.errors import DataContractError, ModelUnavailableError
from tasks.models import cards

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from tasks.models.sentiment_head import SentimentHead

WEIGHTS = "model.safetensors"
DECISION = "decision.json"
LANGUAGES = ("en", "zh")
# Single characters and pairs go into the first half of the buckets, triples into the second.
NGRAM_RANGES = ((1, 2), (3, 3))
BUCKETS = 2**18
# Named on the cards of n-gram models: weights trained on other features than these can't be used.
NGRAM_FEATURES = "presence of 1-3 characters, rows of unit length"
CHUNK_DOCUMENTS = 2000
MAX_NGRAM_CHARACTERS = 20_000

_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"[0-9]+(?:[.,:][0-9]+)*")
_LONG_RUN = re.compile(r"(.)\1{2,}")
# 不是不好用 ("not that it isn't good"): two negations together are none; 是不是不… is a question and stays.
_DOUBLE_NEGATION = re.compile("(?<!是)(?:不是不|并非不|并不是不|不是没有|没有不)(?!是)")

_CLAUSE_ENDS = re.compile(r"[，。！？；：,.!?;:\s、~…]+|但是|不过|可惜|然而|就是|但|却")
_CONTRAST_RANGE = (-3.0, 2.0)


class HeadSentiment:
    """A head on the encoder's features."""

    def __init__(self, card: dict, *, head: SentimentHead, decision: Decision, precision: str) -> None:
        self.head, self.decision = head, decision
        self.version = cards.version_of(card, precision=precision)

    def predict(self, texts: Sequence[str], encoded: Encoded) -> SentimentScores:
        """Label n documents from the encoder's pass; abstains where the encoder saw no token."""
        dim = self.head.weight.shape[1]
        if encoded.features.shape != (len(texts), dim):
            raise DataContractError(
                f"Features {encoded.features.shape} do not fit {len(texts)} texts and a head of {dim}",
                fix="encode with the encoder that load_encoder_en gives for the same settings",
            )
        return decide(self.head.logits(encoded.features), self.decision, is_readable=encoded.token_counts > 0)


class NgramSentiment:
    """The presence of character n-grams, hashed, and a linear layer over it.

    Args:
        weight: (4, buckets); bias: (4,).
    """

    def __init__(
        self, card: dict, *, weight: NDArray[np.float32], bias: NDArray[np.float32], decision: Decision
    ) -> None:
        self.weight, self.bias, self.decision = weight, bias, decision
        self.version = cards.version_of(card, precision="fp16")

    def predict(self, texts: Sequence[str], encoded: Encoded) -> SentimentScores:
        """Label n documents from their texts; abstains on a text without letters, digits or emoji."""
        logits = np.zeros((len(texts), len(self.bias)), np.float32)
        is_readable = np.zeros(len(texts), bool)
        for start in range(0, len(texts), CHUNK_DOCUMENTS):
            rows = slice(start, start + CHUNK_DOCUMENTS)
            logits[rows] = ngram_logits(texts[rows], weight=self.weight, bias=self.bias)
        for index, text in enumerate(texts):
            is_readable[index] = any(character.isalnum() for character in readable(text[:MAX_NGRAM_CHARACTERS]))
        return decide(logits, self.decision, is_readable=is_readable)


def load_sentiment(language: str, settings: Settings | None = None) -> SentimentModel:
    """The sentiment model of a language: the one that market.toml chooses, else the bundle's.

    A language that no model knows gets one that abstains on every document.

    Raises:
        ModelUnavailableError: the model's files are missing, or are not the expected ones.
    """
    if language not in LANGUAGES:
        return NullSentimentModel()
    return load_folder(sentiment_folder(language, settings))


def sentiment_folder(language: str, settings: Settings | None = None) -> Path:
    """Folder of the sentiment model of "en" or "zh"."""
    if settings is not None:
        models = settings.market.models
        choice = models.sentiment_en if language == "en" else models.sentiment_zh
        if choice is not None:
            return cards.chosen_folder(choice, model_dir=settings.model_dir)
    return cards.bundle_folder(f"sentiment-{language}")


@lru_cache(maxsize=4)
def load_folder(folder: Path) -> SentimentModel:
    """Load a sentiment model from its folder, whichever kind it is."""
    card = cards.load_card(folder)
    values = json.loads((folder / DECISION).read_text(encoding="utf-8"))
    decision = Decision(temperature=values["temperature"], min_confidence=values["min_confidence"])
    if card["kind"] == "hub":
        from tasks.models.hub_models import TrainedSentiment

        return TrainedSentiment(card, folder, decision)
    if card["kind"] == "ngram":
        if card.get("features") != NGRAM_FEATURES:
            raise ModelUnavailableError(
                f"{folder} was trained on other features than this version reads",
                why="an earlier version of the program trained it",
                fix="train it again with `marketbrief train sentiment`",
            )
        weight, bias = read_tensor(folder, "head.weight"), read_tensor(folder, "head.bias")
        return NgramSentiment(card, weight=weight, bias=bias, decision=decision)
    from tasks.models.bert import best_precision
    from tasks.models.sentiment_head import read_head

    return HeadSentiment(card, head=read_head(folder / WEIGHTS), decision=decision, precision=best_precision())


def read_tensor(folder: Path, name: str) -> NDArray[np.float32]:
    """One tensor of an installed model, in float32."""
    from safetensors import safe_open

    with safe_open(str(folder / WEIGHTS), framework="np") as file:
        return file.get_tensor(name).astype(np.float32)


def hashed_ngrams(texts: Sequence[str]) -> Iterator[tuple[slice, csr_matrix]]:
    """Presence of each text's character n-grams, hashed; in chunks of rows.

    Rows have unit length, so that a long text isn't surer than a short one for its length alone.

    Yields:
        (rows, matrix): which texts, and (n_rows, BUCKETS) float32.
    """
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.preprocessing import normalize

    vectorizers = [
        HashingVectorizer(
            analyzer="char",
            ngram_range=ngram_range,
            n_features=BUCKETS // len(NGRAM_RANGES),
            alternate_sign=False,
            binary=True,
            norm=None,
            lowercase=False,
            dtype=np.float32,
        )
        for ngram_range in NGRAM_RANGES
    ]
    for start in range(0, len(texts), CHUNK_DOCUMENTS):
        rows = slice(start, min(start + CHUNK_DOCUMENTS, len(texts)))
        prepared = [ngram_text(text) for text in texts[rows]]
        yield (
            rows,
            normalize(hstack([vectorizer.transform(prepared) for vectorizer in vectorizers]).tocsr(), copy=False),
        )


def ngram_logits(
    texts: Sequence[str], *, weight: NDArray[np.float32], bias: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(n, 4) logits of texts: their n-grams' weights, and for `mixed` what their clauses say when read one by one.

    A sum over n-grams can't tell praise beside blame from doubt. So the logit of `mixed` grows with the lesser of how
    positive a text's most positive clause is and how negative its most negative one, within [-3, 2].
    """
    whole = _linear(texts, weight, bias)
    clauses = [[piece for piece in _CLAUSE_ENDS.split(text[:MAX_NGRAM_CHARACTERS]) if len(piece) > 1] for text in texts]
    flat = _linear([piece for pieces in clauses for piece in pieces], weight, bias)
    leaning = flat[:, POSITIVE] - flat[:, NEGATIVE]
    at = 0
    for row, pieces in zip(whole, clauses, strict=True):
        own = leaning[at : at + len(pieces)]
        at += len(pieces)
        contrast = min(own.max(), -own.min()) if len(own) > 1 else _CONTRAST_RANGE[0]
        row[MIXED] += np.clip(contrast, *_CONTRAST_RANGE)
    return whole


def _linear(texts: Sequence[str], weight: NDArray[np.float32], bias: NDArray[np.float32]) -> NDArray[np.float32]:
    logits = np.zeros((len(texts), len(bias)), np.float32)
    for rows, matrix in hashed_ngrams(texts):
        logits[rows] = matrix @ weight.T + bias
    return logits


def ngram_text(text: str) -> str:
    """A text as the n-gram model reads it: one case and width, no blanks, numbers as 0, runs cut, negations undone."""
    text = unicodedata.normalize("NFKC", readable(text[:MAX_NGRAM_CHARACTERS])).lower()
    text = _NUMBER.sub("0", _SPACE.sub("", text))
    text = _DOUBLE_NEGATION.sub("", _LONG_RUN.sub(r"\1\1", text))
    return f"^{text}$" if text else ""
