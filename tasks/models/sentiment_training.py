"""From labelled texts to the files of a sentiment model, for either language.

What arrives: texts and classes to train on, and others to choose on. What leaves: weights (float16) and the
decision (temperature, abstention threshold), as bytes ready to install, and what the card says about how they came
to be. The English model is fine-tuned layers and a head, the Chinese one weights over character n-grams.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tasks.core.contracts import SENTIMENTS, Progress
from tasks.core.sentiment import MIXED, Decision, calibrated, fit_min_confidence, fit_temperature
from tasks.models import cards
from tasks.models.sentiment import DECISION, NGRAM_FEATURES, WEIGHTS, read_tensor

if TYPE_CHECKING:
    from tasks.models.fine_tuning import Recipe
    from tasks.models.hub import HubModel
    from tasks.models.training_loop import Checkpoint

HEAD_ONLY_LEARNING_RATE = 5e-3


@dataclass(frozen=True)
class Labelled:
    """Texts with their classes (n,), columns of SENTIMENTS, how often each counts, its set's number, and its group."""

    texts: Sequence[str]
    classes: NDArray[np.int64]
    repeats: NDArray[np.int64]
    sources: NDArray[np.int64]
    groups: Sequence[str]


@dataclass(frozen=True)
class Fitted:
    """A model's files, and the part of its card that tells how it was made."""

    files: dict[str, bytes]
    card: dict


def fit_english(
    training: Labelled,
    validation: Labelled,
    *,
    method: str,
    epochs: int,
    seed: int,
    start: Path | None,
    progress: Progress,
    recipe: Recipe | None = None,
    checkpoint: Checkpoint | None = None,
) -> Fitted:
    """Fine-tune the English model.

    Args:
        method: lora, full or head; of the recipe, whatever else it says.
        start: folder of a model to go on from; None starts from the base encoder.
        checkpoint: from where a training that was killed goes on; None keeps none.
    """
    from safetensors.torch import save

    from tasks.models import fine_tuning, sentiment_head
    from tasks.models.encoder import BASE_NAME, BASE_SHA256, MiniLmEncoder, load_sentiment_branch, sentiment_branch

    recipe = replace(recipe or fine_tuning.Recipe(), method=method, epochs=epochs, seed=seed)
    if method == "head":
        recipe = replace(recipe, head_learning_rate=HEAD_ONLY_LEARNING_RATE)
    begun = None
    if start is not None:
        branch = load_sentiment_branch(start)
        begun = fine_tuning.FineTuned(branch.first_layer, branch.layers, sentiment_head.read_head(start / WEIGHTS))
    model = fine_tuning.FineTuner(recipe, start=begun).fit(
        training.texts,
        training.classes,
        repeats=training.repeats,
        validation=(validation.texts, validation.classes),
        progress=progress,
        sources=training.sources,
        checkpoint=checkpoint,
    )
    encoder = MiniLmEncoder(branches=[sentiment_branch(model.first_layer, model.layers)])
    decision = choose(model.head.logits(encoder.encode(validation.texts).features), validation.classes)
    card = {
        "kind": "head",
        "method": method,
        "first_layer": model.first_layer,
        "base": {"name": BASE_NAME, "sha256": BASE_SHA256, "licence": "Apache-2.0"},
        "goes_on_from": _name_of(start),
        "recipe": asdict(recipe),
        "history": model.history,
    }
    return _fitted(save(fine_tuning.to_tensors(model)), decision, card)


def fit_chinese(training: Labelled, validation: Labelled, *, seed: int, start: Path | None) -> Fitted:
    """Fit the Chinese n-gram model; with `start`, on top of what that model already says."""
    from safetensors.numpy import save

    from tasks.models import ngram_training

    recipe = ngram_training.NgramRecipe(seed=seed)
    weights = training.repeats.astype(float)
    if start is not None:
        prior = ngram_training.Ngrams(*read_head(start))
        model = ngram_training.fit_on_top(training.texts, training.classes, weights=weights, recipe=recipe, prior=prior)
    else:
        model = ngram_training.fit_ngrams(
            training.texts, training.classes, weights=weights, groups=training.groups, recipe=recipe
        )
        logits = model.logits(validation.texts)
        tells_mixed = np.isin(validation.sources, validation.sources[validation.classes == MIXED])
        model = ngram_training.with_mixed_offset(model, logits[tells_mixed], validation.classes[tells_mixed])
    decision = choose(model.logits(validation.texts), validation.classes)
    tensors = {"head.weight": model.weight, "head.bias": model.bias}
    card = {
        "kind": "ngram",
        "method": "ngram",
        "features": NGRAM_FEATURES,
        "goes_on_from": _name_of(start),
        "recipe": asdict(recipe),
    }
    return _fitted(save({name: value.astype(np.float16) for name, value in tensors.items()}), decision, card)


def fit_on_hub(
    training: Labelled,
    validation: Labelled,
    *,
    base: HubModel,
    method: str,
    epochs: int,
    seed: int,
    progress: Progress,
    checkpoint: Checkpoint | None,
) -> Fitted:
    """Fine-tune a model of the hub."""
    from tasks.models.hub_training import HubRecipe, card_of, fit_hub

    recipe = HubRecipe(method=method, epochs=epochs, seed=seed)
    trained = fit_hub(
        base,
        training.texts,
        training.classes,
        validation=(validation.texts, validation.classes),
        recipe=recipe,
        progress=progress,
        checkpoint=checkpoint,
    )
    decision = choose(trained.logits, validation.classes)
    decided = json.dumps(asdict(decision), indent=2) + "\n"
    files = {**trained.files, DECISION: decided.encode()}
    card = card_of(base, recipe, trained.history)
    return Fitted(files, {**card, "labels": list(SENTIMENTS), "decision": asdict(decision)})


def choose(logits: NDArray[np.floating], classes: NDArray[np.int64]) -> Decision:
    """Temperature and abstention threshold, from logits (n, 4) and classes (n,) of validation texts."""
    temperature = fit_temperature(logits, classes)
    return Decision(temperature, fit_min_confidence(calibrated(logits, temperature), classes))


def read_head(folder: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weight (4, n_features) and bias (4,) of an installed model."""
    return read_tensor(folder, "head.weight"), read_tensor(folder, "head.bias")


def _fitted(weights: bytes, decision: Decision, card: dict) -> Fitted:
    files = {WEIGHTS: weights, DECISION: (json.dumps(asdict(decision), indent=2) + "\n").encode()}
    return Fitted(files, {**card, "labels": list(SENTIMENTS), "decision": asdict(decision)})


def _name_of(folder: Path | None) -> str | None:
    if folder is None:
        return None
    card = cards.load_card(folder)
    return f"{card['name']}@{card['revision']}"
