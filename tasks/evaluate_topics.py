"""How far topics agree with labels that people gave, how coherent their words are, and how many texts have none.

What arrives: texts with a label each, in no order. They are encoded, clustered and assigned as a first run does it
(tasks/models/topics.py, tasks/core/topic_refit.py), as if all had come in one week; the labels are looked at only
afterwards. What leaves: adjusted mutual information (Vinh, Epps and Bailey 2010: 0 for chance, 1 for the same
groups), B-cubed precision, recall and F1, and the mean coherence of the topics' keywords over the same texts. A text
without a topic counts as alone with itself, so that leaving texts out costs.

Intervals: each figure on 100 random halves of the texts, whose spread is that of the whole (Politis and Romano 1994);
drawing with replacement would put copies of a text into one topic and make every figure too good.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core.clustering import alone, bcubed, coherence
from tasks.core.contracts import Progress
from tasks.core.language import detect_language
from tasks.core.topic_refit import refit
from tasks.core.topic_registry import Documents, Registry, assign
from tasks.enrich_topics import rules_of, topic_version
from tasks.models.bundle import load_bundle
from tasks.models.topics import TopicFinder
from tasks.store.labelled import LabelledText

logger = logging.getLogger(__name__)

HALVES = 100
CHUNK_TEXTS = 256
MEMBERS_NAMED = 200
_WEEK = date(2026, 1, 5)  # all texts count as of one week; which one makes no difference
_Z95 = 1.959963984540054


def evaluate_topics(settings: Settings, rows: Sequence[LabelledText], progress: Progress) -> dict:
    """Score the topics that would be found in these texts.

    Returns:
        task; n; coverage: share of texts that got a topic; topic_count; metrics: ami, bcubed_f1, bcubed_precision,
        bcubed_recall, each {value, lo, hi}, and npmi, the mean over topics with its standard interval; by_language:
        the same; warnings: languages with too few texts; model_version_id.
    """
    languages = [detect_language(row.text, row.groups.get("language")) for row in rows]
    clusters = np.full(len(rows), -1, np.int64)
    words: dict[str, list[float]] = {}
    versions, warnings = [], []
    progress.start("evaluate", len(rows))
    for language in sorted(set(languages)):
        places = [i for i, found in enumerate(languages) if found == language]
        found, coherences, version = find_in(settings, [rows[i].text for i in places], language, progress)
        if version is None:
            warnings.append(f"{len(places):,} texts ({language}) are too few for topics, or in a language without them")
            continue
        offset = int(clusters.max()) + 1
        clusters[places] = np.where(found < 0, -1, found + offset)
        words[language] = coherences
        versions.append(version)
    truth = [row.label for row in rows]
    result = _scores(truth, clusters, [value for values in words.values() for value in values])
    by_language = {
        language: _scores([truth[i] for i in places], clusters[places], values)
        for language, values in words.items()
        if (places := [i for i, found in enumerate(languages) if found == language])
    }
    progress.finish(f"{len(rows):,} texts, {result['topic_count']} topics")
    return {
        "task": "topics",
        **result,
        "by_language": by_language,
        "warnings": warnings,
        "model_version_id": ", ".join(versions),
    }


@task(name="find-topics-in", cache_policy=NO_CACHE)
def find_in(
    settings: Settings, texts: Sequence[str], language: str, progress: Progress
) -> tuple[NDArray[np.int64], list[float], str | None]:
    """Topic of each text (from 0; -1: none), coherence of each topic's keywords, and the version; None: no topics."""
    started = time.monotonic()
    encoder, rules = load_bundle(settings).encoder(language), rules_of(settings)
    if encoder is None or len(texts) < rules.min_documents:
        progress.advance(len(texts))
        return np.full(len(texts), -1, np.int64), [], None
    vectors = []
    for start in range(0, len(texts), CHUNK_TEXTS):
        chunk = texts[start : start + CHUNK_TEXTS]
        vectors.append(encoder.encode(chunk).embeddings)
        progress.advance(len(chunk))
    documents = _documents(np.concatenate(vectors))
    by_id = dict(zip(documents.ids.tolist(), texts, strict=True))
    names = [name for brand in settings.market.brands for name in (brand.name, *brand.aliases)]
    finder = TopicFinder(language, texts=lambda ids: {i: by_id[i] for i in ids}, brand_names=names, count=rules.count)
    usable = documents.take(documents.usable)
    registry, _ = refit(Registry(language), usable, finder.find(usable), week=_WEEK, rules=rules, cause="documents")
    found, _ = assign(documents.vectors, registry.drawing)
    topic_ids = sorted({topic for topic in found if topic is not None})
    places = {topic: place for place, topic in enumerate(topic_ids)}
    clusters = np.array([-1 if topic is None else places[topic] for topic in found], np.int64)
    members = {topic: documents.ids[found == topic][:MEMBERS_NAMED].tolist() for topic in topic_ids}
    keywords = [name.keywords for _, name in sorted(finder.name(members, topic_ids, taken={}).items())]
    coherences = coherence(keywords, _holding(keywords, texts, language)).tolist() if topic_ids else []
    version = topic_version(language, (encoder.version,), rules).model_version_id
    logger.info(
        "find_in language=%s rows_in=%d topics=%d without_topic=%d model=%s seconds=%.1f",
        language, len(texts), len(topic_ids), int((clusters < 0).sum()), version, time.monotonic() - started,
    )  # fmt: skip
    return clusters, coherences, version


def _documents(vectors: NDArray[np.float32]) -> Documents:
    """Texts as the registry sees them: each by an author of its own, all of one source and week."""
    n = len(vectors)
    ids = np.array([f"{i:08}" for i in range(n)], np.object_)
    return Documents(
        ids=ids,
        vectors=vectors,
        shapes=np.ones(n, bool),
        authors=ids,
        sources=np.full(n, "file", np.object_),
        weeks=np.full(n, _WEEK, np.object_),
        topics=np.full(n, None, np.object_),
    )


def _holding(keywords: Sequence[Sequence[str]], texts: Sequence[str], language: str) -> list[frozenset[str]]:
    """Which of the keywords stand in each text, in any case; English ones as whole words."""
    every = sorted({word for words in keywords for word in words})
    edge = r"\b" if language == "en" else ""
    patterns = {word: re.compile(edge + re.escape(word.casefold()) + edge) for word in every}
    return [
        frozenset(word for word, pattern in patterns.items() if pattern.search(folded))
        for folded in (text.casefold() for text in texts)
    ]


def _scores(truth: Sequence[str], clusters: NDArray[np.int64], coherences: Sequence[float]) -> dict:
    values = _figures(truth, clusters)
    rng = np.random.default_rng(0)
    halves = [np.sort(rng.permutation(len(truth))[: max(1, len(truth) // 2)]) for _ in range(HALVES)]
    drawn = [_figures([truth[i] for i in half], clusters[half]) for half in halves]
    metrics = {
        name: _interval(value, float(np.std([figures[name] for figures in drawn], ddof=1)), floor=0.0)
        for name, value in values.items()
    }
    known = np.array([value for value in coherences if not np.isnan(value)])
    if len(known) > 1:
        error = float(known.std(ddof=1) / np.sqrt(len(known)))
        metrics["npmi"] = _interval(float(known.mean()), error, floor=-1.0)
    return {
        "n": len(truth),
        "coverage": round(float((clusters >= 0).mean()), 6),
        "topic_count": len(set(clusters[clusters >= 0].tolist())),
        "metrics": metrics,
    }


def _figures(truth: Sequence[str], clusters: NDArray[np.int64]) -> dict[str, float]:
    from sklearn.metrics import adjusted_mutual_info_score

    precision, recall, f1 = bcubed(truth, clusters.tolist())
    ami: Callable[..., float] = adjusted_mutual_info_score
    return {
        "ami": float(ami(truth, alone(clusters.tolist()))),
        "bcubed_f1": f1,
        "bcubed_precision": precision,
        "bcubed_recall": recall,
    }


def _interval(value: float, error: float, *, floor: float) -> dict[str, float]:
    lo, hi = max(floor, value - _Z95 * error), min(1.0, value + _Z95 * error)
    return {"value": round(value, 6), "lo": round(min(lo, value), 6), "hi": round(max(hi, value), 6)}
