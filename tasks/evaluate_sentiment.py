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
from tasks.core.calibration import reliability, surest
from tasks.core.contracts import NullEncoder, Progress
from tasks.core.language import detect_language
from tasks.core.metrics import classification_metrics, share
from tasks.core.sentiment import confidence
from tasks.core.slices import gaps, length_group
from tasks.models.bundle import READ_LANGUAGES, load_bundle
from tasks.store.labelled import LabelledText

logger = logging.getLogger(__name__)

CHUNK_TEXTS = 256
SURE_COVERAGE = 0.85
_POLES = ("negative", "positive")


def evaluate_sentiment(
    settings: Settings, rows: Sequence[LabelledText], progress: Progress, *, languages: Sequence[str] | None = None
) -> dict:
    """Score the sentiment models that this project uses.

    Args:
        languages: of each row, where they are known; None detects them.

    Returns:
        task, n, coverage, metrics, per_class and confusion (see `classification_metrics`); judged: {n, accuracy} of the
        texts that got a label; polar: {n, says, accuracy, surest}, of the negative and positive texts the share that
        the model calls one or the other, and how often rightly; surest: {coverage, n, accuracy}, how often the side is
        right of the 85% of these texts whose side it is surest of; calibration (see `reliability`; None where all
        abstained); by_language: the first four for each language; gaps (see `tasks.core.slices.gaps`), by language,
        length, and the columns source, category and source_kind; labels: what the models said, in the rows' order;
        model_version_id: of the models used, joined by a comma.

    Raises:
        ModelUnavailableError: a model is missing.
    """
    truth = [row.label for row in rows]
    languages = languages or [detect_language(row.text, row.groups.get("language")) for row in rows]
    said: list[str | None] = [None] * len(rows)
    sure, scores = np.zeros(len(rows)), np.zeros(len(rows))
    versions = []
    progress.start("evaluate", len(rows))
    for language in sorted(set(languages)):
        places = [i for i, found in enumerate(languages) if found == language]
        labels, confidences, sides, version = label_texts(settings, [rows[i].text for i in places], language, progress)
        for place, label in zip(places, labels, strict=True):
            said[place] = label
        sure[places], scores[places] = confidences, sides
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
        **_sides(truth, said, scores),
        "calibration": _calibration(truth, said, sure),
        "by_language": {
            language: _of_language(truth, said, scores, [found == language for found in languages])
            for language in sorted(set(languages))
        },
        "gaps": gaps(headings, truth, said),
        "labels": said,
        "model_version_id": ", ".join(versions),
    }


@task(name="label-texts", cache_policy=NO_CACHE)
def label_texts(
    settings: Settings, texts: Sequence[str], language: str, progress: Progress
) -> tuple[list[str | None], list[float], list[float], str]:
    """Labels of texts in one language (None: abstained), their confidence, their score, and the model's version."""
    started = time.monotonic()
    bundle = load_bundle(settings)
    model, encoder = bundle.sentiment(language), bundle.encoder(language) or NullEncoder()
    labels: list[str | None] = []
    confidences: list[float] = []
    sides: list[float] = []
    for start in range(0, len(texts), CHUNK_TEXTS):
        chunk = texts[start : start + CHUNK_TEXTS]
        scores = model.predict(chunk, encoder.encode(chunk))
        labels += scores.labels
        confidences += confidence(scores).tolist()
        sides += scores.scores.tolist()
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
    return labels, confidences, sides, version


def _of_language(truth: Sequence[str], said: Sequence[str | None], scores: np.ndarray, is_here: Sequence[bool]) -> dict:
    places = np.flatnonzero(is_here).tolist()
    true, labels = [truth[i] for i in places], [said[i] for i in places]
    return classification_metrics(true, labels) | _sides(true, labels, scores[places])


def _sides(truth: Sequence[str], said: Sequence[str | None], scores: np.ndarray) -> dict:
    """What `evaluate_sentiment` tells as judged and polar. scores: (n,) in [-1, 1]."""
    judged = [true == label for true, label in zip(truth, said, strict=True) if label is not None]
    polar = [i for i, true in enumerate(truth) if true in _POLES]
    sides = [truth[i] == said[i] for i in polar if said[i] in _POLES]
    is_right = np.array([(scores[i] > 0) == (truth[i] == "positive") and scores[i] != 0 for i in polar], bool)
    kept = surest(np.abs(scores[polar]), is_right, coverage=SURE_COVERAGE)
    return {
        "judged": {"n": len(judged), "accuracy": share(sum(judged), len(judged))},
        "polar": {
            "n": len(polar),
            "says": round(len(sides) / len(polar), 6) if polar else None,
            "accuracy": share(sum(sides), len(sides)),
            "surest": {"coverage": SURE_COVERAGE, "n": len(kept), "accuracy": share(int(kept.sum()), len(kept))},
        },
    }


def _calibration(truth: Sequence[str], said: Sequence[str | None], sure: np.ndarray) -> dict | None:
    known = [i for i, label in enumerate(said) if label is not None]
    if not known:
        return None
    return reliability(sure[known], np.array([said[i] == truth[i] for i in known]))
