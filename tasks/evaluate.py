"""Evaluation: labelled texts in, accuracy with its uncertainty out.

Each text's language is detected, and the language's model labels it; a text in a language without a model is an
abstention. Nothing is left out of accuracy: an abstention counts as wrong there, and `coverage` says how many there
were. Without a file the shipped golden sets are used, which no model was ever trained on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core.contracts import NullEncoder, Progress
from tasks.core.language import detect_language
from tasks.core.metrics import classification_metrics
from tasks.models.sentiment import LANGUAGES, load_sentiment
from tasks.training_sets import golden_path, read_csv

logger = logging.getLogger(__name__)


def evaluate_sentiment(settings: Settings, progress: Progress, *, data: Path | None) -> dict:
    """Score the sentiment models that this project uses.

    Args:
        data: a CSV file with the columns text and label; None for the golden sets.

    Returns:
        task, n, coverage, metrics, per_class and confusion (see `classification_metrics`); by_language: the same
        numbers for each language with n; model_version_id: of the models used, joined by a comma; data.

    Raises:
        SourceError: the file can't be used.
        ModelUnavailableError: a model is missing.
    """
    if data is None:
        rows = [(*row, language) for language in LANGUAGES for row in read_csv(golden_path(language))]
    else:
        rows = [(text, label, detect_language(text)) for text, label in read_csv(data)]
    truth = [label for _, label, _ in rows]
    languages = [language for _, _, language in rows]
    predicted: list[str | None] = [None] * len(rows)
    versions = []
    progress.start("evaluate", len(rows))
    for language in sorted(set(languages)):
        places = [i for i, found in enumerate(languages) if found == language]
        labels, version = label_texts(settings, [rows[i][0] for i in places], language)
        for place, label in zip(places, labels, strict=True):
            predicted[place] = label
        if language in LANGUAGES:
            versions.append(version)
        progress.advance(len(places))
    result = classification_metrics(truth, predicted)
    accuracy = result["metrics"]["accuracy"]
    progress.finish(f"{len(rows)} texts, accuracy {accuracy['value']:.3f} [{accuracy['lo']:.3f}, {accuracy['hi']:.3f}]")
    by_language = {
        language: classification_metrics(
            [truth[i] for i in range(len(rows)) if languages[i] == language],
            [predicted[i] for i in range(len(rows)) if languages[i] == language],
        )
        for language in sorted(set(languages))
    }
    return {
        "task": "sentiment",
        "data": data.name if data else "golden",
        **result,
        "by_language": by_language,
        "model_version_id": ", ".join(versions),
    }


@task(name="label-texts", cache_policy=NO_CACHE)
def label_texts(settings: Settings, texts: Sequence[str], language: str) -> tuple[list[str | None], str]:
    """Labels of texts in one language (None: abstained), and the version of the model that gave them."""
    started = time.monotonic()
    model = load_sentiment(language, settings)
    if language == "en":
        from tasks.models.encoder import load_encoder_en

        encoded = load_encoder_en(settings).encode(texts)
    else:
        encoded = NullEncoder().encode(texts)
    labels = model.predict(texts, encoded).labels
    version = model.version.model_version_id
    logger.info(
        "label_texts language=%s rows_in=%d abstained=%d model=%s seconds=%.2f",
        language,
        len(texts),
        labels.count(None),
        version,
        time.monotonic() - started,
    )
    return labels, version
