"""Training of the shipped Chinese model that says how a text speaks of an aspect.

What arrives: what the model of names is trained on (tasks/train_targets.py), and reviews of shops, cars and restaurants
whose labels are of an aspect or of a short text as a whole (tasks/opinion_sets.py). What leaves: an n-gram model of its
own, so that names, which need comparisons more than opinions, keep theirs and its licence: some of these sets state
none, so this model is for research only.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from tasks.config import OFFLINE_BUNDLE_ROOT
from tasks.core.metrics import classification_metrics
from tasks.core.targets import TargetExample
from tasks.models import cards
from tasks.models.targets import OPINION_KEYS, load_opinions
from tasks.opinion_sets import OPINION_SETS
from tasks.target_sets import CHINESE_TARGETS, GENERATED, JOINED, read_target_set
from tasks.train_targets import GENERATED_COUNTS, JOINED_COUNT, SEED, fit_chinese, training_examples, validation_sets
from tasks.training_sets import OWN, provenance

logger = logging.getLogger(__name__)

NAME = "opinions-zh-ngram"
LANGUAGE = "zh"
_LIMITS = [
    "Reads n-grams of the span's own clause (or of the next one, where its own ends at once), no syntax beyond it.",
    "Posts about cars are mostly neutral, reviews of products mostly positive; which a text is like sways it.",
]


def train_opinions(data: Path, *, seed: int = SEED) -> Path:
    """Train, install below data/models and list the model; its folder.

    Raises:
        SourceError: a training set is not there.
    """
    sets = (*CHINESE_TARGETS, *OPINION_SETS)
    parts = {item.name: read_target_set(item, data) for item in sets}
    training = training_examples(LANGUAGE, parts, data, seed=seed)
    files, own_card = fit_chinese(training, validation_sets(LANGUAGE, parts, seed=seed), seed=seed)
    used = {name: sum(len(item.spans) for item in training if item.source.split("/")[0] == name) for name in parts}
    card = {
        "name": NAME,
        "task": "target",
        "language": LANGUAGE,
        "licence": cards.RESEARCH_ONLY,
        "training_sets": [
            *(provenance(item, data, example_count=used[item.name]) for item in sets),
            {"name": GENERATED, "licence": "Apache-2.0", "example_count": GENERATED_COUNTS[LANGUAGE]},
            {"name": JOINED, "licence": "as their texts", "example_count": JOINED_COUNT},
            {"name": OWN, "licence": "Apache-2.0", "example_count": sum(item.source == OWN for item in training)},
        ],
        "split": {name: part.counts | {"left_out": part.left_out} for name, part in parts.items()},
        "limits": _LIMITS,
        "rebuild": "python -m flows.train chinese --only opinions --data <folder of the training sets>",
        **own_card,
    }
    folder = cards.install(files, card, root=OFFLINE_BUNDLE_ROOT)
    cards.set_bundle_entry(OPINION_KEYS[LANGUAGE], name=NAME, revision=folder.name)
    load_opinions.cache_clear()
    metrics = {f"{name}_test": measure(part.test) for name, part in parts.items()}
    cards.install(files, card | {"metrics": metrics}, root=OFFLINE_BUNDLE_ROOT)
    cards.remove_others(folder)
    logger.info("train_opinions revision=%s", folder.name)
    return folder


def measure(examples: Sequence[TargetExample]) -> dict:
    """Scores of the installed model on labelled spans (see `classification_metrics`), without the confusion matrix."""
    model = load_opinions(LANGUAGE)
    spans = [item.spans for item in examples]
    found = model.predict([item.text for item in examples], None, spans)
    truth = [label for item in examples for label in item.labels]
    result = classification_metrics(truth, [score.sentiment for scores in found for score in scores])
    return {key: result[key] for key in ("n", "coverage", "metrics", "per_class")}
