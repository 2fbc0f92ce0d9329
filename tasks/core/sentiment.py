"""From a sentiment model's raw scores to probabilities that can be believed, and to a label or an abstention.

What arrives: logits (n, 4), columns negative, neutral, positive, mixed. They are divided by one temperature, fitted
on documents that training never saw (Guo et al., "On Calibration of Modern Neural Networks", 2017). A document is
`mixed` where that class has the highest probability. What leaves: probabilities (n, 3), in which half of P(mixed)
counts as negative and half as positive, and a label. A document whose best class is less probable than the
model's abstention threshold, or in which the model saw nothing, gets no label; it is not guessed.

Texts are read by `readable` first: neither encoder knows emoji, so each is spelled out by its Unicode name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from tasks.core.contracts import SENTIMENTS, SentimentScores
from tasks.errors import DataContractError

NEGATIVE, NEUTRAL, POSITIVE, MIXED = range(4)
MAX_ABSTAINED_SHARE = 0.005
MIN_OFFSET_TEXTS = 20
_TEMPERATURES = (0.05, 20.0)

_LABEL_NAMES = {
    "negative": "negative", "neg": "negative", "-1": "negative", "负面": "negative", "消极": "negative",
    "差评": "negative", "neutral": "neutral", "neu": "neutral", "中性": "neutral", "中立": "neutral",
    "positive": "positive", "pos": "positive", "正面": "positive", "积极": "positive", "好评": "positive",
    "mixed": "mixed", "conflict": "mixed", "混合": "mixed", "褒贬不一": "mixed",
}  # fmt: skip
_EMOJI = re.compile("[\u203c-\u2bff\u3030\u303d\U0001f000-\U0001faff\ufe0f\u200d]+")
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'，。；！？、（）【】]+")
_SPELLED = re.compile(f"{_URL.pattern}|{_EMOJI.pattern}")


@dataclass(frozen=True, slots=True)
class Decision:
    """How a model's logits become labels; chosen on validation data and stored with the model.

    temperature: what logits are divided by, above 0.
    min_confidence: in [0, 1]; a document whose best class is less probable gets no label.
    """

    temperature: float
    min_confidence: float


def decide(logits: NDArray[np.floating], decision: Decision, *, is_readable: NDArray[np.bool_]) -> SentimentScores:
    """Label n documents.

    Args:
        logits: (n, 4), columns as in SENTIMENTS.
        is_readable: (n,), False where the model saw nothing (an empty text); such a document is never labelled.
    """
    if logits.ndim != 2 or logits.shape[1] != len(SENTIMENTS) or len(is_readable) != len(logits):
        raise DataContractError(f"Expected logits (n, 4) and n flags, got {logits.shape} and {len(is_readable)}")
    four = calibrated(logits, decision.temperature)
    four[~is_readable] = 1 / len(SENTIMENTS)
    best = four.argmax(axis=1)
    is_sure = is_readable & (four.max(axis=1) >= decision.min_confidence)
    labels = [SENTIMENTS[k] if sure else None for k, sure in zip(best.tolist(), is_sure.tolist(), strict=True)]
    return SentimentScores(fold_mixed(four), labels)


def calibrated(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """(n, 4) probabilities; rows sum to 1."""
    return softmax(np.asarray(logits, np.float64) / temperature, axis=1)


def fold_mixed(four: NDArray[np.floating]) -> NDArray[np.float32]:
    """(n, 4) to (n, 3): P(mixed) in equal halves to negative and positive."""
    three = np.array(four[:, :3], np.float64)
    three[:, (NEGATIVE, POSITIVE)] += four[:, [MIXED]] / 2
    return three.astype(np.float32)


def confidence(scores: SentimentScores) -> NDArray[np.float32]:
    """(n,) probability of the label in [0, 1]; of `mixed`: twice the rarer of P(negative) and P(positive).

    For a document without a label, the probability of its best class.
    """
    values = scores.probabilities.max(axis=1)
    is_mixed = np.array([label == "mixed" for label in scores.labels], bool)
    poles = scores.probabilities[:, (NEGATIVE, POSITIVE)]
    return np.where(is_mixed, 2 * poles.min(axis=1), values).astype(np.float32)


def fit_temperature(logits: NDArray[np.floating], classes: NDArray[np.integer]) -> float:
    """The temperature under which the true classes (n,) are most probable, in [0.05, 20].

    Raises:
        DataContractError: there is no document to fit it on.
    """
    if not len(classes):
        raise DataContractError("A temperature can't be fitted without documents")
    rows = np.arange(len(classes))

    def loss(log_temperature: float) -> float:
        return -float(log_softmax(logits / np.exp(log_temperature), axis=1)[rows, classes].mean())

    result = minimize_scalar(loss, bounds=tuple(np.log(_TEMPERATURES)), method="bounded")
    return round(float(np.exp(result.x)), 4)


def fit_offsets(
    logits: NDArray[np.floating], classes: NDArray[np.integer], sources: NDArray[np.integer]
) -> NDArray[np.float64]:
    """What to add to the logits, (4,), so that no class is said too readily.

    Training sets have classes in other shares than the texts that a model will meet. The offsets of neutral and
    positive (in steps of 0.1 within [-1, 1]; negative and mixed stay) are those with the best macro-recall, averaged
    over the sets of validation texts that hold at least 20 of each of the three classes; zeros where there is none.

    Args:
        logits: (n, 4); classes: (n,) true classes; sources: (n,) number of the set that each text comes from.
    """
    sets = []
    for source in np.unique(sources):
        of_set = [np.flatnonzero((sources == source) & (classes == kind)) for kind in (NEGATIVE, NEUTRAL, POSITIVE)]
        if min(map(len, of_set)) >= MIN_OFFSET_TEXTS:
            sets.append(of_set)
    best, best_recall = np.zeros(len(SENTIMENTS)), -1.0
    steps = sorted(np.arange(-10, 11) / 10, key=abs)
    for neutral in steps if sets else ():
        for positive in steps:
            offsets = np.zeros(len(SENTIMENTS))
            offsets[NEUTRAL], offsets[POSITIVE] = neutral, positive
            said = (logits + offsets).argmax(axis=1)
            recall = float(np.mean([[(said[rows] == kind).mean() for kind, rows in enumerate(s)] for s in sets]))
            if recall > best_recall + 1e-9:
                best, best_recall = offsets, recall
    return best


def fit_min_confidence(
    probabilities: NDArray[np.floating],
    classes: NDArray[np.integer],
    *,
    max_share: float = MAX_ABSTAINED_SHARE,
) -> float:
    """The highest threshold below which the model is wrong more often than right, in [0, 1].

    Args:
        probabilities: (n, 4), calibrated.
        classes: (n,), the true classes.
        max_share: of the documents, at most this share is given up. A doubtful document still says something in
            a count over many, so a model should be silent only where it does not know.
    """
    best = probabilities.max(axis=1)
    order = np.argsort(best, kind="stable")
    is_right = probabilities.argmax(axis=1)[order] == classes[order]
    most = int(max_share * len(best))
    right_so_far = np.cumsum(is_right)
    counts = np.arange(1, len(best) + 1)
    losing = [k for k in range(1, most + 1) if right_so_far[k - 1] < 0.5 * counts[k - 1]]
    if not losing or losing[-1] >= len(best):
        return 0.0
    return round(float(best[order[losing[-1]]]), 4)


def label_of(name: str) -> str | None:
    """A user's word for a label as one of SENTIMENTS; None where it means none of them."""
    return _LABEL_NAMES.get(name.strip().casefold())


def readable(text: str) -> str:
    """A text as encoders read it: emoji spelled out by their names, addresses shortened to `http`.

    A run of one emoji counts at most twice; skin tones and joiners, which carry no sentiment, go.
    """
    text = _URL.sub("http", text)
    if text.isascii():
        return text
    whole = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is no character that a model can read
    return _EMOJI.sub(lambda match: _spell(match.group()), whole)


def readable_origin(text: str) -> tuple[NDArray[np.int32], NDArray[np.int32]] | None:
    """Where the characters of `readable(text)` stand in the text; None where every one keeps its place.

    Returns:
        (starts, ends), each one number a character of `readable(text)`: code points of the text, end exclusive. What
        is written in place of an emoji or an address stands, as a whole, for all of it.
    """
    pieces: list[tuple[int, int, int]] = []
    at = 0
    for match in _SPELLED.finditer(text):
        is_address = _URL.match(match.group()) is not None
        written = "http" if is_address else _spell(match.group())
        pieces += [(at, match.start(), 0), (match.start(), match.end(), len(written))]
        at = match.end()
    if not pieces:
        return None
    starts: list[NDArray[np.int32]] = []
    ends: list[NDArray[np.int32]] = []
    for index, (start, end, length) in enumerate([*pieces, (at, len(text), 0)]):
        kept = np.arange(start, end, dtype=np.int32)
        is_kept = index % 2 == 0
        starts.append(kept if is_kept else np.full(length, start, np.int32))
        ends.append(kept + 1 if is_kept else np.full(length, end, np.int32))
    return np.concatenate(starts), np.concatenate(ends)


def classes_of(labels: Sequence[str]) -> NDArray[np.int64]:
    """Labels as column numbers of the logits."""
    return np.array([SENTIMENTS.index(label) for label in labels], np.int64)


def _spell(run: str) -> str:
    names: list[str] = []
    for character in run:
        if unicodedata.category(character) not in ("So", "Sm", "Po"):
            continue
        name = unicodedata.name(character, "").lower()
        if name and names[-2:] != [name, name]:
            names.append(name)
    return f" {' '.join(names)} " if names else ""
