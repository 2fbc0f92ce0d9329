"""Stage enrich: models read the documents that they have not seen, and every document finds its topic.

What arrives: staging documents. What leaves, in the schema enriched: one vector, one sentiment, the mentions and the
aspects of a document, and how it speaks of each (tasks/enrich_spans.py), under their models' versions; topics per
language, and the topic of each document. `enriched.progress` says which model has seen which text, so that only new
texts, changed texts and changed models cost anything. Documents are taken in 16 chunks by the first hex digit of
their id; a chunk is committed whole, and a killed run goes on with the same chunks. One encoder pass serves vectors,
sentiment, names and spans.

Before that, a project with enough Chinese documents trains Chinese word vectors of its own, once: they serve its
subjects much better than the shipped ones (their cards say how much).
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core.contracts import ALL, Encoded, Mention, ModelVersion, Progress, SentimentScores, SpanEncoder
from tasks.core.sentiment import confidence
from tasks.core.targets import Span
from tasks.enrich_spans import SpanRows, plan, read
from tasks.enrich_stories import tell_stories
from tasks.enrich_topics import LANGUAGE_NAMES, TopicUpdate, update_topics
from tasks.errors import DataContractError
from tasks.models.bundle import READ_LANGUAGES, Bundle, load_bundle
from tasks.store.model_registry import delete_replaced, make_current
from tasks.store.warehouse import Warehouse, sql_text

logger = logging.getLogger(__name__)

OWN_ENCODER_DOCUMENTS = 500
OWN_ENCODER_MOST = 30_000
OWN_LEXICAL_SHARE = 0.4
MANY_WITHOUT_TOPIC = 0.15
MANY_WITHOUT_TOPIC_FROM = 100


@dataclass(frozen=True)
class EnrichSummary:
    """What was computed in this run: documents per task, names found, and topics per language."""

    encoded: int
    scored: int
    abstained: int
    tagged: int
    mentions: int
    topics: dict[str, int]
    assigned: int
    without_topic: int
    warnings: tuple[str, ...]


def enrich(settings: Settings, run_id: str, progress: Progress) -> EnrichSummary:
    """Let the current models read what they have not read, then find topics.

    Returns:
        Counts of this run (topics: all that the languages have). Warnings name languages with too few documents for
        topics, and topics that leave many documents out.

    Raises:
        ModelUnavailableError: a model's files are missing, or are not the expected ones.
    """
    train_own_encoder(settings)
    languages = register_models(settings)
    chunks = pending_chunks(settings)
    registries = load_bundle(settings).topic_languages
    progress.start("enrich", len(chunks) + len(registries) + len(READ_LANGUAGES))
    counts: Counter[str] = Counter()
    for chunk in chunks:
        counts.update(enrich_chunk(settings, chunk))
        progress.advance()
    topics: dict[str, int] = {}
    warnings: list[str] = []
    for registry, spoken in registries.items():
        if set(spoken) & set(languages):
            update = update_topics(settings, registry)
            topics[registry] = update.topics
            counts.update(assigned=update.assigned, without_topic=update.without_topic)
            warnings += [*update.warnings, *_many_without_topic(registry, update)]
        progress.advance()
    for language in READ_LANGUAGES:
        if language in languages:
            tell_stories(settings, language)
        progress.advance()
    found = ", ".join(f"{count} {LANGUAGE_NAMES[language]}" for language, count in topics.items())
    progress.finish(
        f"{counts['encoded']:,} documents encoded, {counts['scored']:,} scored, {counts['mentions']:,} mentions;"
        f" topics: {found or 'none'}"
    )
    return EnrichSummary(
        encoded=counts["encoded"],
        scored=counts["scored"],
        abstained=counts["abstained"],
        tagged=counts["tagged"],
        mentions=counts["mentions"],
        topics=topics,
        assigned=counts["assigned"],
        without_topic=counts["without_topic"],
        warnings=tuple(warnings),
    )


@task(cache_policy=NO_CACHE, task_run_name="train-chinese-vectors")
def train_own_encoder(settings: Settings) -> bool:
    """Train the project's own Chinese encoder where it has none and 500 Chinese texts that count.

    It learns from the first weeks that hold so many, whatever else is known by now: history taken in at once gives the
    same vectors as history taken in week by week.

    Returns:
        Whether it was trained now.
    """
    from tasks.models import chinese

    if chinese.own_folder(settings.model_dir) is not None:
        return False
    started = time.monotonic()
    with Warehouse(settings.warehouse_path) as warehouse:
        rows = warehouse.rows(sql_text("enrich/first_documents"), {"language": "zh", "least": OWN_ENCODER_DOCUMENTS})
    texts = sorted({row["text"] for row in rows[:OWN_ENCODER_MOST]})
    if not texts:
        return False
    weights = chinese.fit_lsa(texts, lexical_share=OWN_LEXICAL_SHARE)
    card = {
        "licence": "the documents' own",
        "document_count": len(texts),
        "training_sets": [{"name": "this project's documents", "document_count": len(texts)}],
        "trained_through": rows[0]["through_week"].isoformat(),
        "limits": f"Trained once, on the first weeks that hold {OWN_ENCODER_DOCUMENTS} different Chinese texts.",
    }
    folder = chinese.save_lsa(weights, card, root=settings.model_dir)
    logger.info(
        "train_own_encoder rows_in=%d revision=%s seconds=%.1f", len(texts), folder.name, time.monotonic() - started
    )
    return True


@task(cache_policy=NO_CACHE, task_run_name="register-models")
def register_models(settings: Settings) -> list[str]:
    """Make the bundle's models the current ones, for the languages that the documents have.

    Returns:
        These languages, of en, zh and other.
    """
    bundle = load_bundle(settings)
    with Warehouse(settings.warehouse_path) as warehouse:
        rows = warehouse.rows("select distinct language from staging.document order by language")
        languages = [row["language"] for row in rows]
        versions = [version for language in languages for version in bundle.versions(language)]
        versions += [tagger.version for tagger in bundle.taggers]
        with warehouse.transaction():
            make_current(warehouse, versions)
            warehouse.execute(
                "update ops.model_version set is_current = false"
                " where task in ('mention', 'label') and model_version_id not in (select unnest(?))",
                [[version.model_version_id for version in versions]],
            )
    return languages


@task(cache_policy=NO_CACHE, task_run_name="find-unread")
def pending_chunks(settings: Settings) -> list[str]:
    """The chunks, as first hex digits of document_id, that hold a document which a current model has not read."""
    sql = f"select distinct document_id[1] as chunk from ({sql_text('enrich/pending')}) order by chunk"  # noqa: S608 - our own file
    with Warehouse(settings.warehouse_path) as warehouse:
        return [row["chunk"] for row in warehouse.rows(sql, {"chunk": ""})]


@task(cache_policy=NO_CACHE, task_run_name="enrich-{chunk}")
def enrich_chunk(settings: Settings, chunk: str) -> dict[str, int]:
    """Let each model read the chunk's documents that it has not read; commit rows and progress together.

    Returns:
        Counts of documents: encoded, scored, abstained, tagged; and of mentions, aspects and comparisons found.
    """
    started = time.monotonic()
    bundle = load_bundle(settings)
    with Warehouse(settings.warehouse_path) as warehouse:
        documents = warehouse.rows(sql_text("enrich/pending"), {"chunk": chunk})
        stale = warehouse.rows(sql_text("enrich/stale"), {"chunk": chunk})
        rows = _Rows()
        for language in sorted({document["language"] for document in documents}):
            group = [document for document in documents if document["language"] == language]
            _read_language(bundle, language, group, rows)
        with warehouse.transaction():
            delete_replaced(warehouse, stale + rows.progress)
            for vectors in rows.embeddings:
                warehouse.insert("enriched.embedding", vectors)
            warehouse.insert("enriched.sentiment", rows.sentiments)
            warehouse.insert("enriched.mention", rows.mentions)
            warehouse.insert("enriched.document_aspect", rows.spans.aspects)
            warehouse.insert("enriched.target_sentiment", rows.spans.targets)
            warehouse.insert("enriched.comparison", rows.spans.comparisons)
            warehouse.insert("enriched.progress", rows.progress)
    rows.counts["mentions"] = len(rows.mentions)
    logger.info(
        "enrich_chunk chunk=%s rows_in=%d encoded=%d scored=%d abstained=%d tagged=%d mentions=%d"
        " aspects=%d comparisons=%d stale=%d seconds=%.1f",
        chunk, len(documents), rows.counts["encoded"], rows.counts["scored"], rows.counts["abstained"],
        rows.counts["tagged"], len(rows.mentions), rows.counts["aspects"], rows.counts["comparisons"],
        len(stale), time.monotonic() - started,
    )  # fmt: skip
    return dict(rows.counts)


def _many_without_topic(language: str, update: TopicUpdate) -> list[str]:
    total = update.assigned + update.without_topic
    share = update.without_topic / max(1, total)
    if total < MANY_WITHOUT_TOPIC_FROM or share <= MANY_WITHOUT_TOPIC:
        return []
    return [f"{share:.0%} of {total:,} new {LANGUAGE_NAMES[language]} documents fit no known topic"]


class _Rows:
    """What the models said of a chunk, as rows of the enriched tables."""

    def __init__(self) -> None:
        self.embeddings: list[pa.Table] = []
        self.sentiments: list[dict[str, Any]] = []
        self.mentions: list[dict[str, Any]] = []
        self.spans = SpanRows()
        self.progress: list[dict[str, str]] = []
        self.counts: Counter[str] = Counter()

    def mark(self, documents: list[dict[str, Any]], version: ModelVersion, task_name: str) -> None:
        """Note that a model has seen the documents."""
        self.counts[task_name] += len(documents)
        self.progress += [
            {
                "document_id": document["document_id"],
                "model_version_id": version.model_version_id,
                "text_hash": document["text_hash"],
            }
            for document in documents
        ]


def _read_language(bundle: Bundle, language: str, documents: list[dict[str, Any]], rows: _Rows) -> None:
    """Run the models of one language over its pending documents, each over those that it has not read."""
    encoder, sentiment = bundle.encoder(language), bundle.sentiment(language)
    taggers = [tagger for tagger in bundle.taggers if tagger.version.language in (language, ALL)]
    work, span_encoder = plan(bundle.span_reader(language), documents), bundle.span_encoder(language)
    spans = work.spans if work and work.reader.needs_pass else {}
    passed: tuple[list[dict[str, Any]], Encoded] | None = None
    if encoder is None:
        _add_sentiments(rows, _lacking(documents, sentiment.version), sentiment.version, None)
    else:
        readers = [encoder.version, sentiment.version, *(t.version for t in taggers if t.needs_pass)]
        ids = {version.model_version_id for version in readers}
        is_shared = span_encoder is encoder
        unread = [
            document
            for document in documents
            if ids & set(document["model_version_ids"]) or (is_shared and document["document_id"] in spans)
        ]
        if unread:
            if is_shared:
                encoded = _encode_spans(span_encoder, unread, spans)
                passed = (unread, encoded)
            else:
                encoded = encoder.encode([document["text"] for document in unread])
            fresh, part = _part(unread, encoded, encoder.version)
            _add_embeddings(rows, fresh, encoder.version, part)
            fresh, part = _part(unread, encoded, sentiment.version)
            scores = sentiment.predict([document["text"] for document in fresh], part)
            _add_sentiments(rows, fresh, sentiment.version, scores)
            for tagger in (tagger for tagger in taggers if tagger.needs_pass):
                fresh, part = _part(unread, encoded, tagger.version)
                found = tagger.tag([document["text"] for document in fresh], part)
                _add_mentions(rows, fresh, tagger.version, found)
    for tagger in (tagger for tagger in taggers if not tagger.needs_pass):
        untagged = _lacking(documents, tagger.version)
        _add_mentions(rows, untagged, tagger.version, tagger.tag([document["text"] for document in untagged]))
    if work:
        if spans and passed is None:
            asking = [document for document in documents if document["document_id"] in spans]
            passed = (asking, _encode_spans(span_encoder, asking, spans))
        rows.counts.update(read(work, rows.spans, passed))
        for version, seen in work.marks():
            rows.mark(seen, version, version.task)


def _encode_spans(
    encoder: SpanEncoder | None, documents: list[dict[str, Any]], spans: dict[str, tuple[Span, ...]]
) -> Encoded:
    """One pass that looks at the documents' spans, by document_id."""
    if encoder is None:
        raise DataContractError("Spans are to be read from a pass, and the bundle names no encoder that makes it")
    return encoder.encode(
        [document["text"] for document in documents],
        [spans.get(document["document_id"], ()) for document in documents],
    )


def _lacking(documents: list[dict[str, Any]], version: ModelVersion) -> list[dict[str, Any]]:
    return [document for document in documents if version.model_version_id in document["model_version_ids"]]


def _part(
    documents: list[dict[str, Any]], encoded: Encoded, version: ModelVersion
) -> tuple[list[dict[str, Any]], Encoded]:
    """The documents that a model has not read, with their rows of the encoder's pass."""
    places = [i for i, document in enumerate(documents) if version.model_version_id in document["model_version_ids"]]
    return [documents[i] for i in places], encoded.part(places)


def _add_embeddings(rows: _Rows, documents: list[dict[str, Any]], version: ModelVersion, encoded: Encoded) -> None:
    rows.mark(documents, version, "encoded")
    dim = encoded.embeddings.shape[1]
    values = pa.array(np.ascontiguousarray(encoded.embeddings, np.float32).ravel())
    offsets = pa.array(np.arange(len(documents) + 1, dtype=np.int64) * dim)
    rows.embeddings.append(
        pa.table(
            {
                "document_id": [document["document_id"] for document in documents],
                "model_version_id": [version.model_version_id] * len(documents),
                "vector": pa.LargeListArray.from_arrays(offsets, values),
                "token_count": encoded.token_counts,
                "coverage": np.round(encoded.coverage.astype(np.float64), 4),
            }
        )
    )


def _add_sentiments(
    rows: _Rows, documents: list[dict[str, Any]], version: ModelVersion, scores: SentimentScores | None
) -> None:
    """scores: None where no model reads the language: rows without label and numbers."""
    rows.mark(documents, version, "scored")
    if scores is None:
        columns = [(None, None, None, None, None, None)] * len(documents)
    else:
        numbers = np.column_stack([scores.scores, confidence(scores), scores.probabilities]).astype(np.float64)
        columns = [(label, *row) for label, row in zip(scores.labels, np.round(numbers, 4).tolist(), strict=True)]
    rows.counts["abstained"] += sum(row[0] is None for row in columns)
    rows.sentiments += [
        {
            "document_id": document["document_id"],
            "model_version_id": version.model_version_id,
            "sentiment": label,
            "sentiment_score": score,
            "sentiment_confidence": sureness,
            "p_negative": negative,
            "p_neutral": neutral,
            "p_positive": positive,
        }
        for document, (label, score, sureness, negative, neutral, positive) in zip(documents, columns, strict=True)
    ]


def _add_mentions(
    rows: _Rows, documents: list[dict[str, Any]], version: ModelVersion, mentions: list[list[Mention]]
) -> None:
    rows.mark(documents, version, "tagged")
    rows.mentions += [
        {"document_id": document["document_id"], "model_version_id": version.model_version_id, **asdict(mention)}
        for document, found in zip(documents, mentions, strict=True)
        for mention in found
    ]
