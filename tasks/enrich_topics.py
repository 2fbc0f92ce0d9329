"""The part of stage enrich that gives documents their topics, once the encoders have read them.

The documents of a language, or of all languages that one encoder reads, are taken in week by week, oldest first,
whatever the run: several weeks in one run and one run a week give the same topics (tasks/core/topic_stream.py says
what happens in a week). Each week is committed whole, so that a killed run goes on with the next one. Documents that
come late, for a week that was taken in already, are taken in with the registry as it stands, before the next newer
week. All topics are looked for anew, under their old ids where clusters hold the old topics' documents, while a
project is young and has doubled, and when the encoder or the configured number of topics has changed; else documents
keep their topics but for merges, splits and corrections.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core import topic_bursts, topic_refit
from tasks.core import topic_registry as registers
from tasks.core import topic_stream as stream
from tasks.core.contracts import ALL, Encoder, LabelWriter, ModelVersion
from tasks.core.topic_corrections import TopicCorrections
from tasks.core.topic_registry import Registry, Rules, TopicEvent
from tasks.models.bundle import load_bundle
from tasks.models.joint_topics import JointFinder
from tasks.models.topics import METHOD, TopicFinder
from tasks.store import topic_store as store
from tasks.store.model_registry import make_current
from tasks.store.topic_corrections import apply_corrections, load_corrections
from tasks.store.topic_handover import inherited, retire_overlapping
from tasks.store.warehouse import Warehouse
from tasks.topic_names import name_parts, name_topics, polish

logger = logging.getLogger(__name__)

FIT_MOST = 50_000
CHUNK = 20_000
LANGUAGE_NAMES = {"en": "English", "zh": "Chinese", ALL: "English and Chinese"}


@dataclass(frozen=True)
class TopicUpdate:
    """What became of a language's topics: how many live, documents given one in this run, and how many without."""

    topics: int = 0
    assigned: int = 0
    without_topic: int = 0
    warnings: tuple[str, ...] = ()


@dataclass
class TopicRun:
    """The stream of a language, or of several whose vectors one encoder made (*), in one open warehouse.

    finder: clusters and compares documents. finders: what names topics, by language.
    encoders: versions of the vectors, one a language.
    writers: what may reword labels, of the languages that have such a model.
    """

    warehouse: Warehouse
    finder: TopicFinder
    finders: dict[str, TopicFinder]
    rules: Rules
    version: ModelVersion
    encoders: tuple[ModelVersion, ...]
    registry: Registry
    corrections: TopicCorrections
    writers: dict[str, LabelWriter]
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def version_id(self) -> str:
        return self.version.model_version_id

    @property
    def embedding_ids(self) -> list[str]:
        return [encoder.model_version_id for encoder in self.encoders]

    @property
    def language(self) -> str:
        return self.registry.language


@task(cache_policy=NO_CACHE, task_run_name="update-topics-{language}")
def update_topics(settings: Settings, language: str) -> TopicUpdate:
    """Take the documents that no step has seen into a registry of topics, week by week.

    Args:
        language: a registry of the bundle's `topic_languages`.
    """
    bundle = load_bundle(settings)
    encoders = [encoder for spoken in bundle.topic_languages[language] if (encoder := bundle.encoder(spoken))]
    if not encoders:
        return TopicUpdate()
    started = time.monotonic()
    with Warehouse(settings.warehouse_path) as warehouse:
        if language != ALL:
            _before_own_vectors(settings, warehouse, encoders[0])
        run = open_run(settings, warehouse, language, tuple(encoder.version for encoder in encoders))
        _take_in_weeks(run)
        with warehouse.transaction():
            run.counts["moved"] = apply_corrections(
                warehouse,
                run.registry,
                run.corrections,
                version_id=run.version_id,
                embedding_ids=run.embedding_ids,
            )
            name_parts(run)
            polish(run)
        live = len(run.registry.live)
        seen = run.registry.document_count
    logger.info(
        "update_topics language=%s rows_in=%d without_topic=%d topics=%d events=%d moved=%d model=%s seconds=%.1f",
        language, run.counts["assigned"] + run.counts["without_topic"], run.counts["without_topic"], live,
        run.counts["events"], run.counts["moved"], run.version_id, time.monotonic() - started,
    )  # fmt: skip
    warnings = []
    if not run.registry.fitted_count and seen:
        warnings.append(
            f"{seen} {LANGUAGE_NAMES[language]} documents are too few for topics (from {run.rules.min_documents} on)"
        )
    return TopicUpdate(live, run.counts["assigned"], run.counts["without_topic"], tuple(warnings))


def topic_version(language: str, encoders: Sequence[ModelVersion], rules: Rules) -> ModelVersion:
    """The version that documents' topics go by: another encoder or number of topics is another version.

    Args:
        language: of the registry.
        encoders: versions of the vectors, one a language.
    """
    vectors = " ".join(encoder.model_version_id for encoder in encoders)
    content = hashlib.sha256(f"{vectors}\n{rules.count}\n{METHOD}".encode()).hexdigest()
    spoken = "-".join(encoder.language for encoder in encoders)
    name, licence = f"topics-{spoken}", "the documents' own"
    scope = "Topics of one language" if len(encoders) == 1 else "Topics of several languages that one encoder reads"
    card = {
        "name": name,
        "task": "topic",
        "language": language,
        "licence": licence,
        "method": METHOD,
        "encoder": vectors,
        "requested_count": rules.count,
        "limits": f"{scope}; documents that come late do not change the topics of earlier weeks.",
    }
    return ModelVersion("topic", language, name, content[:12], "fp32", licence, content, card)


def rules_of(settings: Settings) -> Rules:
    """The registry's rules as configured."""
    wanted = settings.market.topics
    return Rules(
        count=wanted.count,
        min_documents=wanted.min_documents,
        least_documents=wanted.least_documents,
        least_authors=wanted.least_authors,
        least_sources=wanted.least_sources,
        death_weeks=wanted.death_weeks,
        waiting_weeks=wanted.waiting_weeks,
    )


def open_run(settings: Settings, warehouse: Warehouse, language: str, encoders: tuple[ModelVersion, ...]) -> TopicRun:
    """A registry's stream as the last run left it; carried over where encoder or configuration have changed."""
    rules = rules_of(settings)
    version = topic_version(language, encoders, rules)
    before = warehouse.scalar(
        "select model_version_id from ops.model_version where is_current and task = 'topic' and language = ?",
        [language],
    )
    finders = {
        encoder.language: TopicFinder(
            encoder.language,
            texts=lambda ids: store.texts_of(warehouse, ids),
            brand_names=[name for brand in settings.market.brands for name in (brand.name, *brand.aliases)],
            count=rules.count,
        )
        for encoder in encoders
    }
    joint = JointFinder(finders, languages=lambda ids: store.languages_of(warehouse, ids), count=rules.count)
    writers = {spoken: load_bundle(settings).label_writer(spoken) for spoken in finders}
    run = TopicRun(
        warehouse=warehouse,
        finder=finders.get(language, joint),
        finders=finders,
        rules=rules,
        version=version,
        encoders=encoders,
        registry=store.load_registry(warehouse, language, before or version.model_version_id),
        corrections=load_corrections(warehouse, language),
        writers={spoken: writer for spoken, writer in writers.items() if writer is not None},
    )
    if before == version.model_version_id:
        return run
    with warehouse.transaction():
        run.registry, known = inherited(warehouse, run.registry, before)
        if run.registry.through_week:
            _carry_over(run, known)
            if language == ALL:  # what came together lacks a label in the other language
                name_topics(run)
        make_current(warehouse, [version])
        retire_overlapping(warehouse, language)
    return run


def _before_own_vectors(settings: Settings, warehouse: Warehouse, encoder: Encoder) -> None:
    """Take in the weeks before those that the project's own vectors were trained on, with the shipped vectors.

    A project that runs week by week has topics by the shipped vectors until it has its own; one that takes its history
    in at once gets the same topics this way.
    """
    language, card = encoder.version.language, encoder.version.card
    registries = "select count(*) from enriched.topic_registry where language = ?"
    if "trained_through" not in card or warehouse.scalar(registries, [language]):
        return
    from tasks.models.chinese import load_encoder_zh

    shipped = load_encoder_zh()
    pending = store.pending_documents(
        warehouse, language, embedding_ids=[encoder.version.model_version_id], version_id=""
    )
    early = pending[pending["week_start"] < date.fromisoformat(card["trained_through"])]
    if early.empty:
        return
    with warehouse.transaction():
        store.encode_for_topics(warehouse, early["document_id"].tolist(), shipped)
    _take_in_weeks(open_run(settings, warehouse, language, (shipped.version,)))


def _take_in_weeks(run: TopicRun) -> None:
    for week, documents in _weeks(run):
        with run.warehouse.transaction():
            _take_in(run, week, documents)


def _weeks(run: TopicRun) -> list[tuple[date, pd.DataFrame]]:
    """Documents to take in, by week, oldest first. Late ones count to the newest week that was taken in."""
    pending = store.pending_documents(
        run.warehouse, run.language, embedding_ids=run.embedding_ids, version_id=run.version_id
    )
    if pending.empty:
        return []
    through = run.registry.through_week
    weeks = pending["week_start"].map(lambda week: week if through is None else max(week, through))
    return [(week, part) for week, part in pending.groupby(weeks, sort=True)]


def _take_in(run: TopicRun, week: date, pending: pd.DataFrame) -> None:
    """One week: look for all topics where that is due, else go on with those there are. Run it in a transaction."""
    new, hashes = store.load_documents(run.warehouse, pending, run.embedding_ids)
    count = run.registry.document_count + int(new.usable.sum())
    if topic_refit.is_due(run.registry, count, run.rules):
        known = store.known_documents(run.warehouse, run.language, version_id=run.version_id)
        cause = "growth" if run.registry.fitted_count else "documents"
        _refit(run, pd.concat([known, pending], ignore_index=True), week=week, cause=cause)
        run.counts.update(_outcomes(run, pending["document_id"].tolist()))
    elif run.registry.fitted_count == 0:
        run.registry = replace(run.registry, through_week=week, document_count=count, _index={})
        store.save_registry(run.warehouse, run.registry, run.version_id)
        store.save_assignments(run.warehouse, run.registry, run.version_id, new, np.zeros(len(new)), hashes)
    else:
        first = stream.window(week, max(run.rules.waiting_weeks, run.rules.recent_weeks))
        known = store.known_documents(run.warehouse, run.language, version_id=run.version_id, since=first)
        is_waiting = known["drawn_topic_id"].isna() & (
            known["week_start"] >= stream.window(week, run.rules.waiting_weeks)
        )
        is_recent = known["drawn_topic_id"].notna() & (
            known["week_start"] >= stream.window(week, run.rules.recent_weeks)
        )
        earlier, earlier_hashes = store.load_documents(
            run.warehouse, known[(is_waiting | is_recent).astype(bool)], run.embedding_ids
        )
        has_topic = np.array([topic is not None for topic in earlier.topics], np.bool_)
        done = stream.step(
            run.registry,
            new,
            earlier.take(~has_topic & earlier.usable),
            earlier.take(has_topic & earlier.usable),
            week=week,
            rules=run.rules,
            find=run.finder.find,
            alike=run.finder.alike,
            pinned=run.corrections.pinned,
            split=run.corrections.split,
        )
        run.registry = done.registry
        store.save_registry(run.warehouse, run.registry, run.version_id)
        store.save_assignments(
            run.warehouse, run.registry, run.version_id, done.documents, done.similarities, earlier_hashes | hashes
        )
        _note(run, done.events)
        run.counts.update(_outcomes(run, pending["document_id"].tolist()))
    if run.registry.fitted_count:
        _take_bursts(run, week)
    name_topics(run)
    polish(run)


def _take_bursts(run: TopicRun, week: date) -> None:
    """Topics that the week brought all at once, out of the topics that its documents were given."""
    known = store.known_documents(
        run.warehouse, run.language, version_id=run.version_id, since=stream.window(week, topic_bursts.PAST_WEEKS + 1)
    )
    known = known[(known["week_start"] <= week).astype(bool)]
    documents, hashes = store.load_documents(run.warehouse, known, run.embedding_ids)
    shaping = documents.take(documents.usable)
    found = topic_bursts.bursts(
        run.registry,
        shaping.take(shaping.weeks == week),
        shaping.take(shaping.weeks < week),
        store.brands_of(run.warehouse, shaping.ids.tolist()),
        week=week,
        rules=run.rules,
    )
    if not found.events:
        return
    run.registry = found.registry
    store.save_registry(run.warehouse, run.registry, run.version_id)
    topics = {topic.topic_id: topic for topic in run.registry.topics}
    cosines = [
        float(registers.similarities(vector[None], [topics[name]])[0, 0])
        for vector, name in zip(found.documents.vectors, found.documents.topics, strict=True)
    ]
    store.save_assignments(run.warehouse, run.registry, run.version_id, found.documents, np.array(cosines), hashes)
    _note(run, found.events)


def _carry_over(run: TopicRun, known: pd.DataFrame) -> None:
    """Look for all topics in the new vectors, and hand the ids on. Run it in a transaction.

    Args:
        known: document_id, week_start and drawn_topic_id, of the documents that had been taken in.
    """
    if not run.registry.fitted_count or known.empty:
        run.registry = Registry(run.language)
        store.clear_version(run.warehouse, run.version_id)
        return
    week = run.registry.through_week
    if week is None:
        return
    _refit(run, known, week=week, cause="model")
    run.counts.update(_outcomes(run, known["document_id"].tolist()))


def _refit(run: TopicRun, known: pd.DataFrame, *, week: date, cause: str) -> None:
    """Find all topics in these documents, and give each of them its topic again."""
    frames = [known.iloc[start : start + CHUNK] for start in range(0, len(known), CHUNK)]
    parts = [store.load_documents(run.warehouse, frame, run.embedding_ids) for frame in frames]
    shaping = registers.together(*(part.take(part.usable) for part, _ in parts))
    sample = shaping.take(np.arange(min(len(shaping), FIT_MOST)))  # by id, which is a hash
    labels = run.finder.find(sample)
    registry, events = topic_refit.refit(
        run.registry,
        sample,
        labels,
        week=week,
        rules=run.rules,
        cause=cause,
        pinned=run.corrections.pinned,
        split=run.corrections.split,
    )
    run.registry = replace(registry, document_count=len(shaping), fitted_count=len(shaping), _index={})
    store.save_registry(run.warehouse, run.registry, run.version_id)
    for documents, hashes in parts:
        topics, similarities = registers.assign(documents.vectors, run.registry.drawing)
        store.save_assignments(
            run.warehouse, run.registry, run.version_id, documents.with_topics(topics), similarities, hashes
        )
    _note(run, events)


def _note(run: TopicRun, events: tuple[TopicEvent, ...]) -> None:
    store.save_events(run.warehouse, run.language, events)
    run.counts["events"] += len(events)


def _outcomes(run: TopicRun, ids: list[str]) -> Counter[str]:
    """How many of these documents have a topic, and how many have none."""
    rows = run.warehouse.rows(
        "select topic_id is null as is_free, count(*) as n from enriched.document_topic"
        " where model_version_id = ? and document_id in (select unnest(?)) group by is_free",
        [run.version_id, ids],
    )
    return Counter({"without_topic" if row["is_free"] else "assigned": row["n"] for row in rows})
