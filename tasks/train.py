"""Training: labelled texts in, an installed sentiment model with its card out.

Two ways lead here. `train_own` (tasks/train_own.py) makes a model for one project from the user's CSV. `train_chinese`
makes the Chinese model that the program ships, from public sets and the project's own sentences; the English one is
made together with other models in tasks/train_english.py.

Both split 8:1:1 by label, train on eight parts, choose epoch, temperature and abstention threshold on one, and
report on the last. No text of a golden set or test set is ever trained on.
"""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.benchmarks import benchmark_texts, run_benchmarks, score
from tasks.composed_opinions import COMPOSED, composed_opinions
from tasks.config import OFFLINE_BUNDLE_ROOT
from tasks.core.contracts import Progress
from tasks.core.sentiment import classes_of
from tasks.models import cards
from tasks.models.sentiment_training import Fitted, Labelled, fit_chinese, fit_english, fit_on_hub
from tasks.training_sets import (
    CHINESE,
    OWN,
    Example,
    distinct,
    joined_opinions,
    keys_of,
    provenance,
    read_own,
    read_set,
)

if TYPE_CHECKING:
    from tasks.models.hub import HubModel
    from tasks.models.training_loop import Checkpoint

logger = logging.getLogger(__name__)

NAME_ZH = "sentiment-zh-ngram"
# How often a text of the project's own sentences counts: they are few, and say what no public set says.
OWN_REPEATS = {"en": 8, "zh": 15}
COMPOSED_REPEATS = 2
COMPOSED_COUNT, JOINED_COUNT = 1500, 1500
_LIMITS = [
    "Trained on shopping reviews, car forums and short sentences. Two of the sets have no stated licence: the"
    " weights are for research only.",
    "Knows the presence of short character sequences, in the text and in its clauses, no syntax: long-range"
    " negation and irony are beyond it.",
    "Whole sites that it never saw are read less well than those it was trained on; see `left_out_groups`.",
]


@dataclass(frozen=True)
class TrainSummary:
    """A model that was trained. counts: texts per part of the split; metrics: on the test part."""

    name: str
    revision: str
    folder: Path
    language: str
    licence: str
    counts: dict[str, int]
    metrics: dict
    warnings: tuple[str, ...]

    @property
    def choice(self) -> str:
        """How market.toml names the model."""
        return f"{self.name}@{self.revision}"


@dataclass(frozen=True)
class Split:
    """Texts to train on, to choose on, and to report on; no text is in two of them."""

    training: list[Example]
    validation: list[Example]
    test: list[Example]

    @property
    def counts(self) -> dict[str, int]:
        return {"training": len(self.training), "validation": len(self.validation), "test": len(self.test)}


def train_chinese(progress: Progress, *, data: Path, seed: int) -> TrainSummary:
    """Train the Chinese sentiment model that the program ships, install it below data/models and list it there.

    Args:
        data: folder of the public training sets.
    """
    read = [example for item in CHINESE for example in read_set(item, data)]
    held_out = keys_of(text for text, _ in benchmark_texts("zh", data))
    composed = composed_opinions(count=COMPOSED_COUNT, seed=seed)
    usable = distinct([*read_own("zh"), *read, *composed], without=held_out)
    used = Counter(example.source for example in usable)
    parts = split(usable, seed=seed)
    fitted = fit(parts, language="zh", method="full", epochs=1, seed=seed, start=None, progress=progress)
    card = {
        "name": NAME_ZH,
        "task": "sentiment",
        "language": "zh",
        "licence": "Apache-2.0" if all(item.is_clear for item in CHINESE) else cards.RESEARCH_ONLY,
        "training_sets": [
            *(provenance(item, data, example_count=used[item.name]) for item in CHINESE),
            {"name": OWN, "licence": "Apache-2.0", "example_count": used[OWN], "counted": OWN_REPEATS["zh"]},
            *_composed_sets(parts),
        ],
        "split": parts.counts,
        "limits": _LIMITS,
        "rebuild": "python -m flows.train chinese --only sentiment --data <folder of the training sets>",
        **fitted.card,
    }
    folder = cards.install(fitted.files, card, root=OFFLINE_BUNDLE_ROOT)
    metrics = {"test": score(folder, [(example.text, example.label) for example in parts.test])}
    metrics |= run_benchmarks(folder, language="zh", data=data)
    metrics["left_out_groups"] = left_out_groups(parts.training, seed=seed)
    folder = cards.install(fitted.files, card | {"metrics": metrics}, root=OFFLINE_BUNDLE_ROOT)
    cards.set_bundle_entry("sentiment-zh", name=card["name"], revision=folder.name)
    cards.remove_others(folder)
    return summary_of(folder, parts, [])


def split(examples: Sequence[Example], *, seed: int) -> Split:
    """Split 8:1:1, the same shares of each label and source; the project's own texts are for training alone."""
    strata: dict[tuple[str, str], list[Example]] = {}
    for example in examples:
        strata.setdefault((example.source, example.label), []).append(example)
    parts = Split([], [], [])
    chance = random.Random(seed)
    for key in sorted(strata):
        rows = strata[key]
        chance.shuffle(rows)
        tenth = 0 if key[0] in (OWN, COMPOSED) else round(len(rows) / 10)
        parts.validation.extend(rows[:tenth])
        parts.test.extend(rows[tenth : 2 * tenth])
        parts.training.extend(rows[2 * tenth :])
    return parts


@task(name="fit-sentiment", cache_policy=NO_CACHE)
def fit(
    parts: Split,
    *,
    language: str,
    method: str,
    epochs: int,
    seed: int,
    start: Path | None,
    progress: Progress,
    base: HubModel | None = None,
    checkpoint: Checkpoint | None = None,
) -> Fitted:
    """Train on one part of the split and choose on another.

    Args:
        start: folder of a shipped or trained model to go on from; base: a model of the hub, instead.
    """
    started = time.monotonic()
    examples = parts.training
    if language == "zh" and start is None:
        clear = [example for example in examples if example.source in (OWN, "absa_zh_products")]
        examples = [*examples, *joined_opinions(clear, count=JOINED_COUNT, seed=seed)]
    training, validation = _labelled(examples, language), _labelled(parts.validation, language)
    if base is not None:
        fitted = fit_on_hub(
            training,
            validation,
            base=base,
            method=method,
            epochs=epochs,
            seed=seed,
            progress=progress,
            checkpoint=checkpoint,
        )
    elif language == "zh":
        fitted = fit_chinese(training, validation, seed=seed, start=start)
    else:
        fitted = fit_english(
            training,
            validation,
            method=method,
            epochs=epochs,
            seed=seed,
            start=start,
            progress=progress,
            checkpoint=checkpoint,
        )
    logger.info(
        "fit_sentiment language=%s method=%s training=%d validation=%d seconds=%.1f",
        language,
        fitted.card["method"],
        len(parts.training),
        len(parts.validation),
        time.monotonic() - started,
    )
    return fitted


@task(name="left-out-groups", cache_policy=NO_CACHE)
def left_out_groups(examples: Sequence[Example], *, seed: int) -> dict[str, dict]:
    """Accuracy on shops, categories and sites that a model trained on all the others never saw.

    Opinions joined from other texts are no part of this training, as those might be of the group left out.
    """
    from tasks.models.ngram_training import NgramRecipe, accuracy_on_left_out_groups

    labelled = _labelled(examples, "zh")
    return accuracy_on_left_out_groups(
        labelled.texts,
        labelled.classes,
        weights=labelled.repeats.astype(float),
        groups=[example.group for example in examples],
        recipe=NgramRecipe(seed=seed),
        tested=[example.group for example in examples if example.source != COMPOSED],
    )


def _labelled(examples: Sequence[Example], language: str) -> Labelled:
    import numpy as np

    counted = {OWN: OWN_REPEATS[language], COMPOSED: COMPOSED_REPEATS}
    repeats = [counted.get(example.source, 1) for example in examples]
    names = sorted({example.source for example in examples})
    return Labelled(
        [example.text for example in examples],
        classes_of([example.label for example in examples]),
        np.array(repeats, np.int64),
        np.array([names.index(example.source) for example in examples], np.int64),
        [example.group for example in examples],
    )


def _composed_sets(parts: Split) -> list[dict]:
    """What a card says of composed texts, where there are any."""
    count = sum(example.source == COMPOSED for example in parts.training)
    return (
        [{"name": COMPOSED, "licence": "Apache-2.0", "example_count": count, "counted": COMPOSED_REPEATS}]
        if count
        else []
    )


def summary_of(folder: Path, parts: Split, warnings: Sequence[str]) -> TrainSummary:
    card = cards.load_card(folder)
    return TrainSummary(
        name=card["name"],
        revision=card["revision"],
        folder=folder,
        language=card["language"],
        licence=card["licence"],
        counts=parts.counts,
        metrics=card["metrics"]["test"],
        warnings=tuple(warnings),
    )
