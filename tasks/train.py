"""Training: labelled texts in, an installed sentiment model with its card out.

Two ways lead here. `train` makes a model for one project from the user's CSV (text, label): it goes on from the
shipped model, lands in the project's model folder, and is registered, but scores documents only once market.toml
chooses it. `train_bundle` makes the models that the program ships, from public sets and the project's own sentences.

Both split 8:1:1 by label, train on eight parts, choose epoch, temperature and abstention threshold on one, and
report on the last. No text of a golden set or test set is ever trained on.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.benchmarks import benchmark_texts, run_benchmarks, score
from tasks.config import OFFLINE_BUNDLE_ROOT, Settings
from tasks.core.contracts import ModelVersion, Progress
from tasks.core.language import detect_language
from tasks.core.sentiment import classes_of
from tasks.errors import SourceError, UsageError
from tasks.models import cards
from tasks.models.sentiment import sentiment_folder
from tasks.models.sentiment_training import Fitted, Labelled, fit_chinese, fit_english
from tasks.run_log import utc_now
from tasks.store.warehouse import Warehouse
from tasks.training_sets import (
    CHINESE,
    ENGLISH,
    OWN,
    Example,
    distinct,
    golden_path,
    joined_opinions,
    keys_of,
    provenance,
    read_csv,
    read_own,
    read_set,
)

logger = logging.getLogger(__name__)

METHODS = ("lora", "full", "head")
MIN_PER_LABEL = 10
BUNDLE_EPOCHS = 2
USER_NAME = "sentiment-{language}-own"
BUNDLE_NAMES = {"en": "sentiment-en-minilm", "zh": "sentiment-zh-ngram"}
# How often a text of the project's own sentences counts: they are few, and say what no public set says.
OWN_REPEATS = {"en": 8, "zh": 40}
JOINED_COUNT = 1000
_LIMITS = {
    "en": [
        "Trained on tweets, travel and restaurant reviews and short sentences, not on legal or medical texts.",
        "Irony is read literally. Of a text over 254 tokens the windows' features are averaged.",
        "Reads the tone of a document as a whole, not of each thing that it names.",
    ],
    "zh": [
        "Trained on shopping reviews, car forums and short sentences. Two of the sets have no stated licence: the"
        " weights are for research only.",
        "Knows the presence of short character sequences, no syntax: long-range negation and irony are beyond it.",
        "Whole sites that it never saw are read less well than those it was trained on; see `left_out_groups`.",
    ],
}


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


def train_own(
    settings: Settings,
    progress: Progress,
    *,
    data: Path,
    language: str | None,
    out: Path | None,
    method: str,
    epochs: int,
    seed: int,
) -> TrainSummary:
    """Train a sentiment model on a user's file, install it and register it.

    Args:
        language: of the texts, "en" or "zh"; None takes the one that most texts are in. Others are left out, and
            the summary says how many.
        out: where to install it; None: the project's model folder.

    Raises:
        UsageError: an option is off.
        SourceError: the file can't be used, or holds too few texts.
    """
    if method not in METHODS:
        raise UsageError(f"{method!r} is no method", fix=f"choose one of {', '.join(METHODS)}")
    if language not in (None, "en", "zh"):
        raise UsageError(f"No model can be trained for language {language!r}", fix="choose en or zh")
    rows = read_csv(data)
    languages = [detect_language(text, language) for text, _ in rows]
    chosen = language or Counter(item for item in languages if item != "other").most_common(1)[0][0]
    examples = [
        Example(text, label, data.name, data.name)
        for (text, label), found in zip(rows, languages, strict=True)
        if found == chosen and text.strip()
    ]
    warnings: list[str] = []
    if len(examples) < len(rows):
        warnings.append(f"{len(rows) - len(examples)} of {len(rows)} texts are empty or not in {chosen}: left out")
    if chosen == "zh" and method != "lora":
        warnings.append("Chinese is trained as character n-grams: the method does not apply")
    usable = distinct(examples, without=keys_of(text for text, _ in read_csv(golden_path(chosen))))
    parts = split(usable, seed=seed)
    _check_enough(parts, path=data)
    card = {
        "name": USER_NAME.format(language=chosen),
        "task": "sentiment",
        "language": chosen,
        "licence": "own-data",
        "training_sets": [{"name": data.name, "example_count": len(usable), "sha256": cards.file_sha256(data)}],
        "limits": ["Trained on one project's own texts; not measured on others."],
        "split": parts.counts,
        "rebuild": f"marketbrief train sentiment --data {data.name}",
    }
    fitted = fit(
        parts,
        language=chosen,
        method=method,
        epochs=epochs,
        seed=seed,
        start=sentiment_folder(chosen, settings),
        progress=progress,
    )
    folder = cards.install(fitted.files, card | fitted.card, root=out or settings.model_dir)
    test = score(folder, [(example.text, example.label) for example in parts.test])
    folder = cards.install(
        fitted.files, card | fitted.card | {"metrics": {"test": test}}, root=out or settings.model_dir
    )
    summary = _summary(folder, parts, warnings)
    register(settings, cards.version_of(cards.load_card(folder), precision="any"))
    return summary


def train_bundle(progress: Progress, *, data: Path, languages: Sequence[str], seed: int) -> list[TrainSummary]:
    """Train the sentiment models that the program ships, install them below data/models and list them there.

    Args:
        data: folder of the public training sets.
    """
    summaries = []
    for language in languages:
        sets = ENGLISH if language == "en" else CHINESE
        read = [example for item in sets for example in read_set(item, data)]
        held_out = keys_of(text for text, _ in benchmark_texts(language, data))
        usable = distinct([*read_own(language), *read], without=held_out)
        used = Counter(example.source for example in usable)
        parts = split(usable, seed=seed)
        fitted = fit(
            parts, language=language, method="full", epochs=BUNDLE_EPOCHS, seed=seed, start=None, progress=progress
        )
        card = {
            "name": BUNDLE_NAMES[language],
            "task": "sentiment",
            "language": language,
            "licence": "Apache-2.0" if all(item.is_clear for item in sets) else cards.RESEARCH_ONLY,
            "training_sets": [
                *(provenance(item, data, example_count=used[item.name]) for item in sets),
                {"name": OWN, "licence": "Apache-2.0", "example_count": used[OWN], "counted": OWN_REPEATS[language]},
            ],
            "split": parts.counts,
            "limits": _LIMITS[language],
            "rebuild": "python -m flows.train bundle --data <folder of the training sets>",
            **fitted.card,
        }
        folder = cards.install(fitted.files, card, root=OFFLINE_BUNDLE_ROOT)
        metrics = {"test": score(folder, [(example.text, example.label) for example in parts.test])}
        metrics |= run_benchmarks(folder, language=language, data=data)
        if language == "zh":
            metrics["left_out_groups"] = left_out_groups(parts.training, seed=seed)
        folder = cards.install(fitted.files, card | {"metrics": metrics}, root=OFFLINE_BUNDLE_ROOT)
        cards.set_bundle_entry(f"sentiment-{language}", name=card["name"], revision=folder.name)
        summaries.append(_summary(folder, parts, []))
    return summaries


def split(examples: Sequence[Example], *, seed: int) -> Split:
    """Split 8:1:1, the same shares of each label and source; the project's own sentences are for training alone."""
    strata: dict[tuple[str, str], list[Example]] = {}
    for example in examples:
        strata.setdefault((example.source, example.label), []).append(example)
    parts = Split([], [], [])
    chance = random.Random(seed)
    for key in sorted(strata):
        rows = strata[key]
        chance.shuffle(rows)
        tenth = 0 if key[0] == OWN else round(len(rows) / 10)
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
) -> Fitted:
    """Train on one part of the split and choose on another."""
    started = time.monotonic()
    examples = parts.training
    if language == "zh" and start is None:
        clear = [example for example in examples if example.source in (OWN, "absa_zh_products")]
        examples = [*examples, *joined_opinions(clear, count=JOINED_COUNT, seed=seed)]
    training, validation = _labelled(examples, language), _labelled(parts.validation, language)
    if language == "zh":
        fitted = fit_chinese(training, validation, seed=seed, start=start)
    else:
        from tasks.models.fine_tuning import BUNDLE_RECIPE

        fitted = fit_english(
            training,
            validation,
            method=method,
            epochs=epochs,
            seed=seed,
            start=start,
            progress=progress,
            recipe=BUNDLE_RECIPE if start is None else None,
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
    """Accuracy on shops, categories and sites that a model trained on all the others never saw."""
    from tasks.models.ngram_training import NgramRecipe, accuracy_on_left_out_groups

    labelled = _labelled(examples, "zh")
    return accuracy_on_left_out_groups(
        labelled.texts,
        labelled.classes,
        weights=labelled.repeats.astype(float),
        groups=[example.group for example in examples],
        recipe=NgramRecipe(seed=seed),
    )


def register(settings: Settings, version: ModelVersion) -> None:
    """Write a trained model into ops.model_version; it becomes current when a run uses it."""
    row = {
        "model_version_id": version.model_version_id,
        "task": version.task,
        "language": version.language,
        "name": version.name,
        "revision": version.revision,
        "precision": version.precision,
        "licence": version.licence,
        "content_sha256": version.content_sha256,
        "is_current": False,
        "card": json.dumps(version.card, ensure_ascii=False, sort_keys=True),
        "registered_at": utc_now(),
    }
    with Warehouse(settings.warehouse_path) as warehouse, warehouse.transaction():
        known = warehouse.scalar(
            "select count(*) from ops.model_version where model_version_id = ?", [version.model_version_id]
        )
        if not known:
            warehouse.insert("ops.model_version", [row])


def _labelled(examples: Sequence[Example], language: str) -> Labelled:
    import numpy as np

    repeats = [OWN_REPEATS[language] if example.source == OWN else 1 for example in examples]
    names = sorted({example.source for example in examples})
    return Labelled(
        [example.text for example in examples],
        classes_of([example.label for example in examples]),
        np.array(repeats, np.int64),
        np.array([names.index(example.source) for example in examples], np.int64),
    )


def _check_enough(parts: Split, *, path: Path) -> None:
    """Each label needs texts in every part of the split, and there must be two labels."""
    counts = Counter(example.label for part in (parts.training, parts.validation, parts.test) for example in part)
    if len(counts) < 2 or min(counts.values()) < MIN_PER_LABEL:
        told = ", ".join(f"{label} {count}" for label, count in sorted(counts.items())) or "none"
        raise SourceError(
            f"{path} holds too few usable texts: {told}",
            fix=f"give at least two labels, and {MIN_PER_LABEL} distinct texts of each",
        )


def _summary(folder: Path, parts: Split, warnings: Sequence[str]) -> TrainSummary:
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
