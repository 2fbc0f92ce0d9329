"""How good the sentiment models are: labelled texts in; accuracy, calibration and gaps out, each with its uncertainty.

Each text's language is detected (a column `language` decides only where the text does not), and the language's model
labels it; a text in a language without a model is an abstention. Nothing is left out of accuracy: an abstention counts
as wrong there. `judged` and `polar` are told beside it: how good the labels are that were given, and, for comparison
with stars, how often a side that the model takes is the right one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import numpy as np
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core.calibration import reliability
from tasks.core.contracts import NullEncoder, Progress
from tasks.core.language import detect_language
from tasks.core.metrics import classification_metrics, share
from tasks.core.sentiment import confidence
from tasks.core.slices import gaps, length_group
from tasks.models.bundle import READ_LANGUAGES, load_bundle
from tasks.store.labelled import LabelledText

logger = logging.getLogger(__name__)

CHUNK_TEXTS = 256
_POLES = ("negative", "positive")


def evaluate_sentiment(
    settings: Settings, rows: Sequence[LabelledText], progress: Progress, *, languages: Sequence[str] | None = None
) -> dict:
    """Score the sentiment models that this project uses.

    Args:
        languages: of each row, where they are known; None detects them.

    Returns:
        task, n, coverage, metrics, per_class and confusion (see `classification_metrics`); judged: {n, accuracy} of the
        texts that got a label; polar: {n, says, accuracy}, of the negative and positive texts the share that the model
        calls one or the other, and how often rightly; calibration (see `reliability`; None where all abstained);
        by_language: the first four for each language; gaps (see `tasks.core.slices.gaps`), by language, length, and
        the columns source, category and source_kind; labels: what the models said, in the order of the rows;
        model_version_id: of the models used, joined by a comma.

    Raises:
        ModelUnavailableError: a model is missing.
    """
    truth = [row.label for row in rows]
    languages = languages or [detect_language(row.text, row.groups.get("language")) for row in rows]
    said: list[str | None] = [None] * len(rows)
    sure = np.zeros(len(rows))
    versions = []
    progress.start("evaluate", len(rows))
    for language in sorted(set(languages)):
        places = [i for i, found in enumerate(languages) if found == language]
        labels, confidences, version = label_texts(settings, [rows[i].text for i in places], language, progress)
        for place, label in zip(places, labels, strict=True):
            said[place] = label
        sure[places] = confidences
        if language in READ_LANGUAGES:
            versions.append(version)
    result = classification_metrics(truth, said)
    accuracy = result["metrics"]["accuracy"]
    progress.finish(
        f"{len(rows):,} texts, accuracy {accuracy['value']:.3f} [{accuracy['lo']:.3f}, {accuracy['hi']:.3f}]"
    )
    headings: dict[str, list[str | None]] = {"language": list(languages)}
    headings["length"] = [length_group(row.text, found) for row, found in zip(rows, languages, strict=True)]
    for heading in ("source", "source_kind", "category"):
        headings[heading] = [row.groups.get(heading) for row in rows]
    return {
        "task": "sentiment",
        **result,
        **_sides(truth, said),
        "calibration": _calibration(truth, said, sure),
        "by_language": {
            language: _of_language(truth, said, [found == language for found in languages])
            for language in sorted(set(languages))
        },
        "gaps": gaps(headings, truth, said),
        "labels": said,
        "model_version_id": ", ".join(versions),
    }


@task(name="label-texts", cache_policy=NO_CACHE)
def label_texts(
    settings: Settings, texts: Sequence[str], language: str, progress: Progress
) -> tuple[list[str | None], list[float], str]:
    """Labels of texts in one language (None: abstained), their confidence, and the version of the model."""
    started = time.monotonic()
    bundle = load_bundle(settings)
    model, encoder = bundle.sentiment(language), bundle.encoder(language) or NullEncoder()
    labels: list[str | None] = []
    confidences: list[float] = []
    for start in range(0, len(texts), CHUNK_TEXTS):
        chunk = texts[start : start + CHUNK_TEXTS]
        scores = model.predict(chunk, encoder.encode(chunk))
        labels += scores.labels
        confidences += confidence(scores).tolist()
        progress.advance(len(chunk))
    version = model.version.model_version_id
    logger.info(
        "label_texts language=%s rows_in=%d abstained=%d model=%s seconds=%.2f",
        language,
        len(texts),
        labels.count(None),
        version,
        time.monotonic() - started,
    )
    return labels, confidences, version


def _of_language(truth: Sequence[str], said: Sequence[str | None], is_here: Sequence[bool]) -> dict:
    pairs = [(true, label) for true, label, here in zip(truth, said, is_here, strict=True) if here]
    true, labels = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return classification_metrics(true, labels) | _sides(true, labels)


def _sides(truth: Sequence[str], said: Sequence[str | None]) -> dict:
    pairs = list(zip(truth, said, strict=True))
    judged = [true == label for true, label in pairs if label is not None]
    poles = [(true, label) for true, label in pairs if true in _POLES]
    sides = [true == label for true, label in poles if label in _POLES]
    return {
        "judged": {"n": len(judged), "accuracy": share(sum(judged), len(judged))},
        "polar": {
            "n": len(poles),
            "says": round(len(sides) / len(poles), 6) if poles else None,
            "accuracy": share(sum(sides), len(sides)),
        },
    }


def _calibration(truth: Sequence[str], said: Sequence[str | None], sure: np.ndarray) -> dict | None:
    known = [i for i, label in enumerate(said) if label is not None]
    if not known:
        return None
    return reliability(sure[known], np.array([said[i] == truth[i] for i in known]))
