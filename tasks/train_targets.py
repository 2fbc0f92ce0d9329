"""Training of the shipped models that say how a text speaks of a brand or an aspect at a span.

What arrives: public sets with a clear licence that label spans (SEntFiN, MAMS, Chinese product reviews), tweets and
the project's own sentences read as one span each, and comparative sentences made from templates. What leaves: a
Chinese n-gram model with its card; the English one is trained with other tasks (tasks/train_english.py), from what is
read here. Thresholds are chosen on the sets' validation
parts; the test parts and the project's suites of comparisons are only measured on, after everything is chosen.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.benchmarks import benchmark_texts
from tasks.config import OFFLINE_BUNDLE_ROOT
from tasks.core.metrics import classification_metrics
from tasks.core.sentiment import fit_min_confidence, fit_temperature
from tasks.core.targets import POLARITIES, RULES_VERSION, TargetExample
from tasks.models import cards
from tasks.models.targets import BUNDLE_KEYS, DECISION, WEIGHTS, TargetDecision, load_targets
from tasks.target_sets import (
    CHINESE_TARGETS,
    ENGLISH_TARGETS,
    GENERATED,
    JOINED,
    TargetParts,
    generated_comparisons,
    joined_reviews,
    read_suite,
    read_target_set,
    suite_path,
)
from tasks.training_sets import ENGLISH, OWN, TrainingSet, keys_of, provenance, read_own, read_set, text_key

logger = logging.getLogger(__name__)

NAMES = {"en": "targets-en-minilm", "zh": "targets-zh-ngram"}
GENERATED_COUNTS = {"en": 3000, "zh": 4000}
JOINED_COUNT = 3000
HELD_OUT_GENERATED = 400
TWEET_COUNT = 4000
SEED = 13
# How sure an explicit comparison makes. On headlines of SEntFiN's validation part where a rule spoke it was right on 7
# of 8 names and the English model on 3; on those of the training part the rule was right on 63 %, most of the others
# being neutral to the annotators.
RULE_CONFIDENCE: dict[str, float | None] = {"en": 0.75, "zh": 0.95}
_LIMITS = {
    "en": [
        "Headlines of the Indian market, restaurant sentences, short comparisons: other texts are read less well.",
        "A span past the eighth window of a very long text gets no label.",
    ],
    "zh": [
        "Reads n-grams of the span's own clause (or of the next one, where its own ends at once), no syntax beyond it.",
        "Trained on reviews of products and courses; news is beyond it but for explicit comparisons.",
    ],
}


def train_chinese(data: Path, *, seed: int = SEED) -> Path:
    """Train the Chinese model, install it below data/models and list it there; its folder.

    Raises:
        SourceError: a training set is not there.
    """
    parts = read_parts("zh", data)
    training = training_examples("zh", parts, data, seed=seed)
    fitted = fit_chinese(training, validation_sets("zh", parts, seed=seed), seed=seed)
    return install("zh", fitted, parts, data, training=training)


def target_sets(language: str):
    """The public sets of a language."""
    return ENGLISH_TARGETS if language == "en" else CHINESE_TARGETS


def read_parts(language: str, data: Path) -> dict[str, TargetParts]:
    """The public sets of a language in their parts, by name."""
    return {item.name: read_target_set(item, data) for item in target_sets(language)}


def validation_sets(
    language: str, parts: dict[str, TargetParts], *, seed: int = SEED
) -> dict[str, Sequence[TargetExample]]:
    """What a language's model is chosen on: the sets' validation parts, and generated sentences."""
    validation: dict[str, Sequence[TargetExample]] = {name: part.validation for name, part in parts.items()}
    if language == "zh":
        held_out = [item for part in parts.values() for item in part.validation]
        validation["joined"] = joined_reviews(held_out, language, count=HELD_OUT_GENERATED, seed=seed + 1)
    validation["generated"] = generated_comparisons(language, count=HELD_OUT_GENERATED, seed=seed + 1)
    return validation


def training_examples(
    language: str, parts: dict[str, TargetParts], data: Path, *, seed: int = SEED
) -> list[TargetExample]:
    """Everything that a language's model is trained on."""
    examples = [item for part in parts.values() for item in part.training]
    examples += generated_comparisons(language, count=GENERATED_COUNTS[language], seed=seed)
    if language == "en":
        held_out = keys_of(text for text, _ in benchmark_texts(language, data))
        tweets = [item for item in read_set(_tweet_set(), data) if text_key(item.text) not in held_out]
        tweets = [item for item in tweets if item.label in POLARITIES]
        random.Random(seed).shuffle(tweets)
        examples += [_whole(item.text, item.label, item.source) for item in tweets[:TWEET_COUNT] if len(item.text) > 3]
    own = [_whole(item.text, item.label, OWN) for item in read_own(language) if item.label in POLARITIES]
    if language == "zh":
        short = [item for part in parts.values() for item in part.training]
        examples += joined_reviews([*short, *own], language, count=JOINED_COUNT, seed=seed)
    return examples + own


def fit_chinese(
    training: Sequence[TargetExample], validation: dict[str, Sequence[TargetExample]], *, seed: int
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Train the Chinese model; its files and what the card says of it."""
    import torch
    from safetensors.torch import save

    from tasks.models.int8 import packed, unpacked
    from tasks.models.target_ngram_training import TargetNgramRecipe, features_of, fit_target_ngrams
    from tasks.models.target_ngrams import hashed

    recipe = TargetNgramRecipe(seed=seed)
    weight, bias = fit_target_ngrams(training, recipe)
    stored = packed({"head.weight": torch.from_numpy(weight), "head.bias": torch.from_numpy(bias)})
    back = {name: value.numpy() for name, value in unpacked(stored).items()}
    held_out = [item for examples in validation.values() for item in examples]
    rows = [row for item in held_out for row in features_of(item)]
    logits = hashed(rows) @ back["head.weight"].T + back["head.bias"]
    classes = np.array([POLARITIES.index(label) for item in held_out for label in item.labels])
    return with_decision("zh", {WEIGHTS: save(stored)}, {"kind": "ngram", "recipe": asdict(recipe)}, logits, classes)


def with_decision(
    language: str, files: dict[str, bytes], card: dict[str, Any], logits: NDArray, classes: NDArray
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Files and card with temperature and threshold, chosen from logits (n, 3) and classes (n,) of validation spans."""
    from scipy.special import softmax

    temperature = fit_temperature(logits, classes)
    threshold = fit_min_confidence(softmax(logits / temperature, axis=1), classes)
    decision = asdict(TargetDecision(temperature, threshold, RULE_CONFIDENCE[language]))
    stored = (json.dumps(decision, indent=2) + "\n").encode()
    return {**files, DECISION: stored}, card | {"decision": decision, "rules": RULES_VERSION}


def install(
    language: str,
    fitted: tuple[dict[str, bytes], dict[str, Any]],
    parts: dict[str, TargetParts],
    data: Path,
    *,
    training: Sequence[TargetExample],
) -> Path:
    """Put a model in the place of the shipped one, measure it, and write its card."""
    files, own_card = fitted
    used = {name: sum(len(item.spans) for item in training if item.source.split("/")[0] == name) for name in parts}
    card = {
        "name": NAMES[language],
        "task": "target",
        "language": language,
        "licence": "Apache-2.0",
        "training_sets": [
            *(provenance(item, data, example_count=used[item.name]) for item in target_sets(language)),
            *([provenance(_tweet_set(), data, example_count=TWEET_COUNT)] if language == "en" else []),
            {"name": GENERATED, "licence": "Apache-2.0", "example_count": GENERATED_COUNTS[language]},
            *(
                [{"name": JOINED, "licence": "as their texts", "example_count": JOINED_COUNT}]
                if language == "zh"
                else []
            ),
            {"name": OWN, "licence": "Apache-2.0", "example_count": sum(item.source == OWN for item in training)},
        ],
        "split": {name: part.counts | {"left_out": part.left_out} for name, part in parts.items()},
        "limits": _LIMITS[language],
        "rebuild": "python -m flows.train chinese --only targets --data <folder of the training sets>",
        **own_card,
    }
    folder = cards.install(files, card, root=OFFLINE_BUNDLE_ROOT)
    cards.set_bundle_entry(BUNDLE_KEYS[language], name=NAMES[language], revision=folder.name)
    load_targets.cache_clear()
    metrics = {f"{name}_test": measure(language, part.test) for name, part in parts.items()}
    metrics[suite_path(language).stem] = measure(language, read_suite(suite_path(language)))
    cards.install(files, card | {"metrics": metrics}, root=OFFLINE_BUNDLE_ROOT)
    cards.remove_others(folder)
    logger.info("train_targets language=%s revision=%s %s", language, folder.name, _told(metrics))
    return folder


def measure(language: str, examples: Sequence[TargetExample]) -> dict[str, Any]:
    """Scores of the installed model on labelled spans (see `classification_metrics`), without the confusion matrix."""
    from tasks.evaluate_aspects import label_spans

    texts = [item.text for item in examples]
    names = [item.spans if item.has_names else () for item in examples]
    found = label_spans(language, texts, [item.spans for item in examples], names)
    truth = [label for item in examples for label in item.labels]
    result = classification_metrics(truth, [label for labels in found for label in labels])
    return {key: result[key] for key in ("n", "coverage", "metrics", "per_class")}


def _tweet_set() -> TrainingSet:
    return next(item for item in ENGLISH if item.name == "tweet_sentiment_extraction")


def _whole(text: str, label: str, source: str) -> TargetExample:
    """A text that speaks of one thing, as one span."""
    return TargetExample(text, ((0, len(text)),), (label,), source)


def _told(metrics: dict[str, dict[str, Any]]) -> str:
    return " ".join(f"{name}={value['metrics']['macro_f1']['value']:.4f}" for name, value in metrics.items())
