"""Sets that a sentiment model is measured on and never trained on: golden sentences, tweets, reviews with stars.

What arrives: an installed model. What leaves: metrics with n, coverage and confusion matrix, for its card. Stars and
words disagree in a visible share of reviews, so agreement with stars is told where the model takes a side (`says`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.core.calibration import calibration_error, surest
from tasks.core.contracts import SentimentScores
from tasks.core.metrics import classification_metrics
from tasks.core.sentiment import confidence
from tasks.models.sentiment import load_folder
from tasks.training_sets import golden_path, read_csv, read_stars, suite_path

Rows = list[tuple[str, str]]
STARS_COVERAGE = 0.85


@dataclass(frozen=True)
class Stars:
    """A set of reviews with stars, by the name of its folder."""

    name: str
    file: str
    text: str
    rating: str
    delimiter: str = ","


ENGLISH_STARS = (
    Stars("sportswear_app_reviews", "reviews.csv.gz", "content", "score"),
    Stars("bank_app_reviews_et", "final_reviews_clean.csv", "review", "rating"),
    Stars("amazon_alexa", "amazon_alexa.tsv.gz", "verified_reviews", "rating", "\t"),
)
_TWEET_LABELS = ("negative", "neutral", "positive")


def score(folder: Path, rows: Sequence[tuple[str, str]]) -> dict:
    """Metrics of the model in a folder on labelled texts; see `classification_metrics`, and calibration_error."""
    scores = predict(folder, [text for text, _ in rows])
    truth = [label for _, label in rows]
    known = [i for i, label in enumerate(scores.labels) if label is not None]
    result = classification_metrics(truth, scores.labels)
    if known:
        import numpy as np

        is_right = np.array([scores.labels[i] == truth[i] for i in known])
        result["calibration_error"] = calibration_error(confidence(scores)[known], is_right)
    return result


def agreement_with_stars(folder: Path, rows: Sequence[tuple[str, str]]) -> dict:
    """How far the model agrees with stars: {n, says, agreement, agreement_at_85}.

    says: share of reviews that the model calls negative or positive; agreement: share of these in which it is right;
    agreement_at_85: of the 85% of the reviews whose side it is surest of, the share whose side is right.
    """
    import numpy as np

    scores = predict(folder, [text for text, _ in rows])
    pairs = zip(scores.labels, (label for _, label in rows), strict=True)
    sides = [said == label for said, label in pairs if said in ("negative", "positive")]
    is_right = np.array(
        [(score > 0) == (label == "positive") for score, (_, label) in zip(scores.scores, rows, strict=True)]
    )
    kept = surest(np.abs(scores.scores), is_right, coverage=STARS_COVERAGE)
    return {
        "n": len(rows),
        "says": round(len(sides) / len(rows), 4),
        "agreement": round(sum(sides) / len(sides), 4) if sides else None,
        "agreement_at_85": round(float(kept.mean()), 4),
    }


def suite_score(folder: Path, language: str) -> dict:
    """How much of the project's suite the model in a folder passes: n, passed in [0, 1], and the same for each case."""
    with suite_path(language).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = predict(folder, [row["text"] for row in rows]).labels
    passed = [said is not None and said in (row["label"], row["also"]) for said, row in zip(labels, rows, strict=True)]
    by_case: dict[str, list[bool]] = {}
    for row, is_right in zip(rows, passed, strict=True):
        by_case.setdefault(row["case"], []).append(is_right)
    return {
        "n": len(rows),
        "passed": round(sum(passed) / len(passed), 4),
        "by_case": {case: round(sum(values) / len(values), 4) for case, values in by_case.items()},
        "failed": [row["text"] for row, is_right in zip(rows, passed, strict=True) if not is_right],
    }


def predict(folder: Path, texts: Sequence[str]) -> SentimentScores:
    """Labels of the model in a folder, with the encoder that it was trained for."""
    from tasks.core.contracts import NullEncoder

    model = load_folder(folder)
    if model.version.language == "en":
        from tasks.models.encoder import load_encoder_folder

        return model.predict(texts, load_encoder_folder(folder).encode(texts))
    return model.predict(texts, NullEncoder().encode(texts))


def run_benchmarks(folder: Path, *, language: str, data: Path) -> dict:
    """Metrics on every benchmark of a language whose data is at hand."""
    results = {"golden": score(folder, read_csv(golden_path(language))), "suite": suite_score(folder, language)}
    if language == "en":
        results["tweeteval_val"] = score(folder, read_tweets(data))
        for stars in ENGLISH_STARS:
            results[f"stars_{stars.name}"] = agreement_with_stars(folder, read_reviews(stars, data))
    return results


def benchmark_texts(language: str, data: Path) -> Iterator[tuple[str, str]]:
    """All texts that training must not see."""
    yield from read_csv(golden_path(language))
    yield from read_csv(suite_path(language))
    if language == "en":
        yield from read_tweets(data)
        for stars in ENGLISH_STARS:
            yield from read_reviews(stars, data)


def read_tweets(data: Path) -> Rows:
    """TweetEval's validation part."""
    folder = data / "tweeteval_val"
    texts = (folder / "val_text.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    labels = (folder / "val_labels.txt").read_text(encoding="utf-8").split()
    return [(text, _TWEET_LABELS[int(label)]) for text, label in zip(texts, labels, strict=True)]


def read_reviews(stars: Stars, data: Path) -> Rows:
    """Distinct reviews of a set, 1-2 stars as negative, 4-5 as positive."""
    path = data / stars.name / stars.file
    return read_stars(path, text=stars.text, rating=stars.rating, delimiter=stars.delimiter)
