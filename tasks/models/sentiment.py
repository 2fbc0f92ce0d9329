"""Sentiment models at work: a linear head on the English encoder's features, and Chinese character n-grams.

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
from tasks.core.sentiment import Decision, decide, readable
from tasks.errors import DataContractError
from tasks.models import cards

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

WEIGHTS = "model.safetensors"
DECISION = "decision.json"
LANGUAGES = ("en", "zh")
NGRAM_RANGE = (1, 3)
CHUNK_DOCUMENTS = 2000
MAX_NGRAM_CHARACTERS = 20_000

_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"[0-9]+(?:[.,:][0-9]+)*")
_LONG_RUN = re.compile(r"(.)\1{2,}")
# 不是不好用 ("not that it isn't good"): two negations together are none; 是不是不… is a question and stays.
_DOUBLE_NEGATION = re.compile("(?<!是)(?:不是不|并非不|并不是不|不是没有|没有不)(?!是)")


class HeadSentiment:
    """A linear head: logits = features · weightᵀ + bias.

    Args:
        weight: (4, feature_dim); bias: (4,).
    """

    def __init__(
        self, card: dict, *, weight: NDArray[np.float32], bias: NDArray[np.float32], decision: Decision, precision: str
    ) -> None:
        self.weight, self.bias, self.decision = weight, bias, decision
        self.version = cards.version_of(card, precision=precision)

    def predict(self, texts: Sequence[str], encoded: Encoded) -> SentimentScores:
        """Label n documents from the encoder's pass; abstains where the encoder saw no token."""
        if encoded.features.shape != (len(texts), self.weight.shape[1]):
            raise DataContractError(
                f"Features {encoded.features.shape} do not fit {len(texts)} texts and a head of {self.weight.shape[1]}",
                fix="encode with the encoder that load_encoder_en gives for the same settings",
            )
        logits = encoded.features @ self.weight.T + self.bias
        return decide(logits, self.decision, is_readable=encoded.token_counts > 0)


class NgramSentiment:
    """Character n-grams, hashed, and a linear layer over them.

    Args:
        idf: (buckets,) rarity of the hashed n-grams; weight: (4, buckets); bias: (4,).
    """

    def __init__(
        self,
        card: dict,
        *,
        idf: NDArray[np.float32],
        weight: NDArray[np.float32],
        bias: NDArray[np.float32],
        decision: Decision,
    ) -> None:
        self.idf, self.weight, self.bias, self.decision = idf, weight, bias, decision
        self.version = cards.version_of(card, precision="fp16")

    def predict(self, texts: Sequence[str], encoded: Encoded) -> SentimentScores:
        """Label n documents from their texts; abstains on a text without letters, digits or emoji."""
        logits = np.zeros((len(texts), len(self.bias)), np.float32)
        is_readable = np.zeros(len(texts), bool)
        for rows, matrix in hashed_ngrams(texts, idf=self.idf):
            logits[rows] = matrix @ self.weight.T + self.bias
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
    weight, bias = read_tensor(folder, "head.weight"), read_tensor(folder, "head.bias")
    if card["kind"] == "ngram":
        idf = read_tensor(folder, "idf")
        return NgramSentiment(card, idf=idf, weight=weight, bias=bias, decision=decision)
    from tasks.models.bert import best_precision

    return HeadSentiment(card, weight=weight, bias=bias, decision=decision, precision=best_precision())


def read_tensor(folder: Path, name: str) -> NDArray[np.float32]:
    """One tensor of an installed model, in float32."""
    from safetensors import safe_open

    with safe_open(str(folder / WEIGHTS), framework="np") as file:
        return file.get_tensor(name).astype(np.float32)


def hashed_ngrams(texts: Sequence[str], *, idf: NDArray[np.float32]) -> Iterator[tuple[slice, csr_matrix]]:
    """Presence of each text's character n-grams, hashed and weighed by their rarity; in chunks of rows.

    Args:
        idf: (buckets,) weight of each hashed n-gram.

    Yields:
        (rows, matrix): which texts, and (n_rows, buckets) with rows of length 1 (or 0 for an empty text).
    """
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.preprocessing import normalize

    vectorizer = HashingVectorizer(
        analyzer="char",
        ngram_range=NGRAM_RANGE,
        n_features=len(idf),
        alternate_sign=False,
        binary=True,
        norm=None,
        lowercase=False,
        dtype=np.float32,
    )
    for start in range(0, len(texts), CHUNK_DOCUMENTS):
        rows = slice(start, min(start + CHUNK_DOCUMENTS, len(texts)))
        matrix = vectorizer.transform([ngram_text(text) for text in texts[rows]])
        matrix.data *= idf[matrix.indices]
        yield rows, normalize(matrix, copy=False)


def ngram_text(text: str) -> str:
    """A text as the n-gram model reads it: one case and width, no blanks, numbers as 0, runs cut, negations undone."""
    text = unicodedata.normalize("NFKC", readable(text[:MAX_NGRAM_CHARACTERS])).lower()
    text = _NUMBER.sub("0", _SPACE.sub("", text))
    text = _DOUBLE_NEGATION.sub("", _LONG_RUN.sub(r"\1\1", text))
    return f"^{text}$" if text else ""
