"""How well aspects and the polarity towards names and aspects are read, on texts with labels.

`evaluate_aspects` takes texts with the aspects that a person found: {"text", "aspects": [[aspect, polarity], …]}. An
aspect is looked for as a run does, by its words and by meaning: by the words of the project's taxonomy, else of the
shipped one, else (an unknown name, as a user's file may have) by the name itself, with its underscores as blanks. Only
the aspects that the rows name are looked for, so that the result does not depend on what else the project looks for.
Polarity is asked where it was found; an aspect that was not found got no label, which counts as wrong in accuracy and
lowers coverage.
Detection is counted per text and aspect. `evaluate_targets` takes {"text", "targets": [[start, end, polarity], …]}.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core.aspects import Aspect, AspectFinder, Taxonomy
from tasks.core.contracts import AspectSpan, Encoded, TargetScore
from tasks.core.language import detect_language
from tasks.core.metrics import classification_metrics
from tasks.core.statistics import wilson
from tasks.core.targets import Span
from tasks.models.aspects import load_taxonomy, shipped_aspect

logger = logging.getLogger(__name__)
LANGUAGES = ("en", "zh")


@task(name="evaluate-aspects", cache_policy=NO_CACHE)
def evaluate_aspects(settings: Settings, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Score aspects and their polarity.

    Args:
        rows: text; aspects, pairs of name and polarity; perhaps language (else it is detected).

    Returns:
        n (labelled aspects), coverage, metrics and per_class of polarity (see `classification_metrics`); where_found:
        the same for the aspects that were found; detection: precision, recall, each {value, lo, hi}, and f1;
        by_language; labels: what was said of each labelled aspect, in order; model_version_id.
    """
    started = time.monotonic()
    taxonomy = asked_taxonomy(settings, [name for row in rows for name, _ in row["aspects"]])
    languages = [row.get("language") or detect_language(row["text"]) for row in rows]
    said: list[dict[str, str | None]] = [{} for _ in rows]
    versions = []
    for language in sorted(set(languages) & set(LANGUAGES)):
        places = [place for place, found in enumerate(languages) if found == language]
        texts = [rows[place]["text"] for place in places]
        found, scores = read_aspects(taxonomy, language, texts)
        for place, aspects, of_spans in zip(places, found, scores, strict=True):
            by_span = {(score.start_char, score.end_char): score for score in of_spans}
            by_name: dict[str, list[TargetScore]] = defaultdict(list)
            for aspect in aspects:
                by_name[aspect.aspect].append(by_span[aspect.start_char, aspect.end_char])
            said[place] = {name: _together(group) for name, group in by_name.items()}
        versions.append(_opinions_version(language))
    result = _scores(rows, said, range(len(rows)))
    result["by_language"] = {
        language: _scores(rows, said, [i for i, found in enumerate(languages) if found == language])
        for language in sorted(set(languages))
    }
    logger.info(
        "evaluate_aspects rows_in=%d labels=%d seconds=%.1f", len(rows), result["n"], time.monotonic() - started
    )
    result["labels"] = [of_row.get(name) for row, of_row in zip(rows, said, strict=True) for name, _ in row["aspects"]]
    return {"task": "aspects", **result, "model_version_id": ", ".join(versions)}


@task(name="evaluate-targets", cache_policy=NO_CACHE)
def evaluate_targets(settings: Settings, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Score the polarity towards names at given spans.

    Args:
        rows: text; targets, each [start, end, polarity]; perhaps language (else it is detected).

    Returns:
        n (spans), coverage, metrics, per_class, confusion; by_language; labels: of each span, in order;
        model_version_id.
    """
    languages = [row.get("language") or detect_language(row["text"]) for row in rows]
    labels: list[list[str | None]] = [[None] * len(row["targets"]) for row in rows]
    for language in sorted(set(languages) & set(LANGUAGES)):
        places = [place for place, found in enumerate(languages) if found == language]
        spans = [[(start, end) for start, end, _ in rows[place]["targets"]] for place in places]
        found = label_spans(language, [rows[place]["text"] for place in places], spans, spans)
        for place, of_text in zip(places, found, strict=True):
            labels[place] = of_text

    def part(places: Sequence[int]) -> dict[str, Any]:
        truth = [label for place in places for _, _, label in rows[place]["targets"]]
        return classification_metrics(truth, [label for place in places for label in labels[place]])

    return {
        "task": "targets",
        **part(range(len(rows))),
        "by_language": {
            language: part([i for i, found in enumerate(languages) if found == language])
            for language in sorted(set(languages))
        },
        "labels": [label for of_row in labels for label in of_row],
        "model_version_id": ", ".join(_model_version(language) for language in sorted(set(languages) & set(LANGUAGES))),
    }


def read_aspects(
    taxonomy: Taxonomy, language: str, texts: Sequence[str]
) -> tuple[list[list[AspectSpan]], list[list[TargetScore]]]:
    """The aspects of texts, by their words and by meaning, and the score of each text's spans."""
    from tasks.models.aspect_meaning import load_matcher
    from tasks.models.bundle import encode_words

    finder = AspectFinder(taxonomy, language)
    read = [finder.read(text) for text in texts]
    matcher = load_matcher(taxonomy, language, partial(encode_words, language, None))
    unnamed = [clauses for _, clauses in read]
    encoded = None
    if matcher.needs_pass:
        from tasks.models.encoder import load_encoder_en

        looked_at = [sorted({*map(_span, aspects), *clauses}) for aspects, clauses in read]
        encoded = load_encoder_en().encode(texts, looked_at)
    meant = matcher.match(texts, unnamed, encoded)
    found = [[*aspects, *others] for (aspects, _), others in zip(read, meant, strict=True)]
    spans = [sorted(set(map(_span, aspects))) for aspects in found]
    return found, judge(language, texts, spans, encoded)


def judge(
    language: str, texts: Sequence[str], spans: Sequence[Sequence[Span]], encoded: Encoded | None
) -> list[list[TargetScore]]:
    """The shipped model's score of each aspect's span; encoded: what a pass that looked at the spans gave."""
    from tasks.models.targets import load_opinions

    return load_opinions(language).predict(texts, encoded, spans)


def asked_taxonomy(settings: Settings, names: Sequence[str]) -> Taxonomy:
    """The taxonomy of the named aspects alone: the project's own, the shipped ones, and unknown names as words."""
    own = {aspect.name: aspect for aspect in load_taxonomy(settings).aspects}
    aspects = [own.get(name) or shipped_aspect(name) or _by_name(name) for name in dict.fromkeys(names)]
    return Taxonomy("asked", tuple(aspects))


def label_spans(
    language: str, texts: Sequence[str], spans: Sequence[Sequence[Span]], names: Sequence[Sequence[Span]]
) -> list[list[str | None]]:
    """The shipped model's label of each span; None where it abstains."""
    return [[score.sentiment for score in found] for found in score_spans(language, texts, spans, names)]


def score_spans(
    language: str,
    texts: Sequence[str],
    spans: Sequence[Sequence[Span]],
    names: Sequence[Sequence[Span]],
) -> list[list[TargetScore]]:
    """The shipped model's score of each span; names: which of the spans are names that may be compared."""
    from tasks.models.targets import load_targets

    model = load_targets(language)
    encoded = None
    if model.needs_pass:
        from tasks.models.encoder import load_encoder_en

        encoded = load_encoder_en().encode(texts, spans)
    return model.predict(texts, encoded, spans, names)


def _span(aspect: AspectSpan) -> Span:
    return aspect.start_char, aspect.end_char


def _together(scores: Sequence[TargetScore]) -> str | None:
    """One polarity of an aspect that stands at several places: the side that outweighs the other."""
    labels = {score.sentiment for score in scores} - {None}
    if len(labels) < 2:
        return next(iter(labels), None)
    total = sum(score.score for score in scores if score.sentiment not in (None, "neutral"))
    return "neutral" if not total else "positive" if total > 0 else "negative"


def _scores(
    rows: Sequence[Mapping[str, Any]], said: Sequence[dict[str, str | None]], places: Sequence[int]
) -> dict[str, Any]:
    truth = [polarity for place in places for _, polarity in rows[place]["aspects"]]
    predicted = [said[place].get(name) for place in places for name, _ in rows[place]["aspects"]]
    is_found = [name in said[place] for place in places for name, _ in rows[place]["aspects"]]
    if not truth:
        return {"n": 0}
    result = classification_metrics(truth, predicted)
    if any(is_found):
        where = classification_metrics(
            [label for label, found in zip(truth, is_found, strict=True) if found],
            [label for label, found in zip(predicted, is_found, strict=True) if found],
        )
        result["where_found"] = {key: where[key] for key in ("n", "coverage", "metrics")}
    pairs = {(place, name) for place in places for name, _ in rows[place]["aspects"]}
    found_pairs = {(place, name) for place in places for name in said[place]}
    right = len(pairs & found_pairs)
    result["detection"] = {
        "precision": _share(right, len(found_pairs)),
        "recall": _share(right, len(pairs)),
        "f1": round(2 * right / (len(pairs) + len(found_pairs)), 6),
    }
    return result


def _share(k: int, n: int) -> dict[str, float]:
    """k of n with Wilson's interval; zeros where there is none."""
    lo, hi = (float(bound) if n else 0.0 for bound in wilson(k, n))
    return {"value": round(k / n, 6) if n else 0.0, "lo": round(lo, 6), "hi": round(hi, 6)}


def _by_name(name: str) -> Aspect:
    word = name.replace("_", " ")
    return Aspect(
        name, dict.fromkeys(LANGUAGES, name), dict.fromkeys(LANGUAGES, (word,)), own_words=(word,), is_custom=True
    )


def _model_version(language: str) -> str:
    from tasks.models.targets import load_targets

    return load_targets(language).version.model_version_id


def _opinions_version(language: str) -> str:
    from tasks.models.targets import load_opinions

    return load_opinions(language).version.model_version_id
