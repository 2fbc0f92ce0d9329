"""How a text speaks of the thing at a span: a brand among others, or an aspect. Negative, neutral or positive.

What arrives: texts of one language, the spans that somebody asks about, and what the encoder's pass gave for them.
What leaves: a calibrated score for each span. The English model reads the task layers above the encoder: a head on the
mean over the span's tokens beside the mean over the window's. The Chinese one adds up weights of character
n-grams around the span (tasks/models/target_ngrams.py). Where one sentence puts a name above another in so many words
(tasks/core/targets.py), the rule decides, as far as the model's decision.json trusts it. Both models abstain on a span
that they did not see, such as one past the part of a very long text that is read, and where they are less sure than
their threshold.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from tasks.core.contracts import Encoded, TargetScore, TargetSentiment
from tasks.core.targets import POLARITIES, RULES_VERSION, Span, compared_polarities
from tasks.errors import DataContractError
from tasks.models import cards
from tasks.models.windows import Window, tokens_of

if TYPE_CHECKING:
    from torch import Tensor

    from tasks.models import bert
    from tasks.models.encoder import Branch, Reader

NEGATIVE, NEUTRAL, POSITIVE = range(3)
BRANCH = "targets"
WEIGHTS = "model.safetensors"
DECISION = "decision.json"
BUNDLE_KEYS = {"en": "targets-en", "zh": "targets-zh"}
# Where aspects have a model of their own.
OPINION_KEYS = {"zh": "opinions-zh"}


@dataclass(frozen=True)
class TargetDecision:
    """How logits become a label. rule_confidence: how sure an explicit comparison makes; None: rules don't decide."""

    temperature: float
    min_confidence: float
    rule_confidence: float | None


class BranchTargets:
    """The English model at work: reads the logits that the branch `targets` of the encoder's pass gave."""

    needs_pass = True

    def __init__(self, card: dict, decision: TargetDecision, *, precision: str) -> None:
        self.decision = decision
        self.version = cards.version_of(card, precision=precision)

    def predict(
        self,
        texts: Sequence[str],
        encoded: Encoded | None,
        spans: Sequence[Sequence[Span]],
        names: Sequence[Sequence[Span]] | None = None,
    ) -> list[list[TargetScore]]:
        """One score per span, in their order; abstains on spans that no window held."""
        if encoded is None or BRANCH not in encoded.readings:
            raise DataContractError(
                f"The encoder's pass has no branch {BRANCH!r}", fix="encode with the encoder of the same bundle"
            )
        scores = []
        for index, asked in enumerate(spans):
            seen = {
                span: logits
                for found, rows in encoded.readings[BRANCH][index]
                for span, logits in zip(found, rows, strict=True)
            }
            logits = np.array([seen.get(span, np.full(3, np.nan)) for span in asked], np.float64).reshape(-1, 3)
            scores.append(decided(texts[index], "en", asked, logits, names[index] if names else (), self.decision))
        return scores


class NgramTargets:
    """The Chinese model at work, from the texts alone. weight: (3, n_buckets); bias: (3,)."""

    needs_pass = False

    def __init__(
        self, card: dict, decision: TargetDecision, *, weight: NDArray[np.float32], bias: NDArray[np.float32]
    ) -> None:
        self._columns, self.bias, self.decision = np.ascontiguousarray(weight.T), bias, decision
        self.version = cards.version_of(card, precision="int8")

    def predict(
        self,
        texts: Sequence[str],
        encoded: Encoded | None,
        spans: Sequence[Sequence[Span]],
        names: Sequence[Sequence[Span]] | None = None,
    ) -> list[list[TargetScore]]:
        """One score per span, in their order."""
        known = names or [()] * len(texts)
        logits = self._logits(texts, spans, known)
        ends = np.cumsum([len(asked) for asked in spans])
        return [
            decided(text, "zh", asked, logits[end - len(asked) : end], own, self.decision)
            for text, asked, own, end in zip(texts, spans, known, ends, strict=True)
        ]

    def _logits(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]], names: Sequence[Sequence[Span]]
    ) -> NDArray[np.float32]:
        """(n_spans, 3) of all texts, behind one another."""
        from tasks.models.target_ngrams import hashed, span_features

        features = [
            row
            for text, asked, own in zip(texts, spans, names, strict=True)
            if asked
            for row in span_features(text, asked, frozenset(own))
        ]
        return hashed(features) @ self._columns + self.bias


def decided(
    text: str,
    language: str,
    spans: Sequence[Span],
    logits: NDArray[np.floating],
    names: Sequence[Span],
    decision: TargetDecision,
) -> list[TargetScore]:
    """Scores of a text's spans from logits (n_spans, 3), where a row of NaN stands for a span that was not seen."""
    probabilities = softmax(np.asarray(logits, np.float64) / decision.temperature, axis=1)
    if decision.rule_confidence is not None and len(names) > 1:
        said = dict(zip(names, compared_polarities(text, names, language), strict=True))
        for row, span in enumerate(spans):
            if said.get(span) is not None:
                probabilities[row] = (1 - decision.rule_confidence) / 2
                probabilities[row, POLARITIES.index(said[span] or "")] = decision.rule_confidence
    scores = []
    for (start, end), row in zip(spans, probabilities, strict=True):
        if np.isnan(row).any():
            scores.append(TargetScore(start, end, None, 0.0, 0.0))
            continue
        best = int(row.argmax())
        label = POLARITIES[best] if row[best] >= decision.min_confidence else None
        scores.append(TargetScore(start, end, label, float(row[POSITIVE] - row[NEGATIVE]), float(row[best])))
    return scores


def span_features(hidden: Tensor, runs: bert.Runs, windows: Sequence[Window]) -> Tensor:
    """(n_spans, 2 dim) float32: the mean over each span's tokens, and that over its window's; spans in their order.

    Args:
        hidden: (n_tokens, dim) states of the windows' tokens, behind one another; each window holds a span or more.
    """
    import torch

    from tasks.models.bert import mean_pool

    owners = torch.tensor([place for place, window in enumerate(windows) for _ in window.spans])
    return torch.cat([span_means(hidden, windows), mean_pool(hidden, runs)[owners]], dim=1)


def span_means(hidden: Tensor, windows: Sequence[Window]) -> Tensor:
    """(n_spans, dim) float32: the mean over each span's tokens; see `span_features`."""
    import torch

    ends = np.cumsum([len(window.ids) for window in windows])
    rows: list[NDArray[np.int64]] = []
    for place, window in enumerate(windows):
        first = int(ends[place]) - len(window.ids)
        for span in window.spans:
            tokens = tokens_of(window, span)
            rows.append(first + (tokens if len(tokens) else np.zeros(1, np.int64)))
    sizes = torch.tensor([len(row) for row in rows])
    picked = hidden[torch.from_numpy(np.concatenate(rows))].float()
    sums = torch.zeros(len(rows), hidden.shape[1]).index_add(
        0, torch.repeat_interleave(torch.arange(len(rows)), sizes), picked
    )
    return sums / sizes[:, None]


def by_window(windows: Sequence[Window], rows: NDArray) -> list[tuple[tuple[Span, ...], NDArray]]:
    """Each window's spans and their rows, from the rows of all windows' spans in order."""
    ends = np.cumsum([len(window.spans) for window in windows])
    return [(window.spans, rows[end - len(window.spans) : end]) for window, end in zip(windows, ends, strict=True)]


def targets_branch(folder: Path) -> Branch:
    """The branch of an installed English model."""
    from safetensors.torch import load_file

    from tasks.models.encoder import Branch
    from tasks.models.int8 import unpacked
    from tasks.models.task_layers import load_task_layers, task_layers_of

    named = task_layers_of(folder)
    if named is None:
        raise DataContractError(f"{folder} names no task layers", fix="check the folder out again, or `make models`")
    state = unpacked(load_file(folder / WEIGHTS))
    return Branch(*load_task_layers(named), (target_reader(state["head.weight"], state["head.bias"]),))


def target_reader(weight: Tensor, bias: Tensor) -> Reader:
    """What reads a branch with a head (3, 2 dim), (3,): for each window its spans and their logits (n_spans, 3)."""
    from torch.nn.functional import linear

    from tasks.models.encoder import Reader

    def read(hidden: Tensor, runs: bert.Runs, windows: Sequence[Window]) -> list[tuple[tuple[Span, ...], NDArray]]:
        return by_window(windows, linear(span_features(hidden, runs, windows), weight, bias).detach().numpy())

    return Reader(BRANCH, read, needs_spans=True)


def load_targets_branch() -> Branch:
    """The branch of the bundle's English model.

    Raises:
        ModelUnavailableError: its files are missing, or are not the expected ones.
    """
    return targets_branch(cards.bundle_folder(BUNDLE_KEYS["en"]))


@lru_cache(maxsize=4)
def load_targets(language: str) -> TargetSentiment:
    """The bundle's model of "en" or "zh".

    Raises:
        ModelUnavailableError: its files are missing, or are not the expected ones.
    """
    return _load(cards.bundle_folder(BUNDLE_KEYS[language]))


@lru_cache(maxsize=4)
def load_opinions(language: str) -> TargetSentiment:
    """The bundle's model of how aspects are spoken of: in Chinese one of its own, in English that of names as well.

    Raises:
        ModelUnavailableError: its files are missing, or are not the expected ones.
    """
    key = OPINION_KEYS.get(language)
    return _load(cards.bundle_folder(key)) if key else load_targets(language)


def _load(folder: Path) -> TargetSentiment:
    card = cards.load_card(folder)
    decision = TargetDecision(**json.loads((folder / DECISION).read_text(encoding="utf-8")))
    if card["kind"] == "branch":
        from tasks.models.bert import best_precision

        return BranchTargets(card, decision, precision=best_precision())
    from safetensors.torch import load_file

    from tasks.models.int8 import unpacked

    state = {name: value.numpy() for name, value in unpacked(load_file(folder / WEIGHTS)).items()}
    return NgramTargets(card, decision, weight=state["head.weight"], bias=state["head.bias"])


def rules_revision(card_revision: str) -> str:
    """What names a model together with the rules that speak beside it."""
    return f"{card_revision}-{RULES_VERSION}"
