"""The part of stage enrich that gives documents their topics, once the encoders have read them.

A language's documents are taken in week by week, oldest first, whatever the run: several weeks in one run and one run
a week give the same topics (tasks/core/topic_stream.py says what happens in a week). Each week is committed whole, so
that a killed run goes on with the next one. Documents that come late, for a week that was taken in already, are taken
in with the registry as it stands, before the next newer week. All topics are looked for anew, under their old ids
where clusters hold the old topics' documents, while a project is young and has doubled, and when the encoder or the
configured number of topics has changed; else documents keep their topics but for merges, splits and corrections.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Iterable
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
from tasks.core.contracts import Encoder, LabelWriter, ModelVersion
from tasks.core.label_polish import polished
from tasks.core.topic_corrections import TopicCorrections
from tasks.core.topic_registry import Registry, Rules, TopicEvent
from tasks.models.bundle import load_bundle
from tasks.models.topics import METHOD, TopicFinder
from tasks.store import topic_store as store
from tasks.store.model_registry import make_current
from tasks.store.topic_corrections import (
    apply_corrections,
    founders,
    load_corrections,
    parts_with_documents,
)
from tasks.store.warehouse import Warehouse

logger = logging.getLogger(__name__)

FIT_MOST = 50_000
CHUNK = 20_000
NAMING_DOCUMENTS = 200
RENAMED_AT = 4
LANGUAGE_NAMES = {"en": "English", "zh": "Chinese"}


@dataclass(frozen=True)
class TopicUpdate:
    """What became of a language's topics: how many live, documents given one in this run, and how many without."""

    topics: int = 0
    assigned: int = 0
    without_topic: int = 0
    warnings: tuple[str, ...] = ()


@dataclass
class _Run:
    """A language's stream in one open warehouse."""

    warehouse: Warehouse
    finder: TopicFinder
    rules: Rules
    version: ModelVersion
    encoder: ModelVersion
    registry: Registry
    corrections: TopicCorrections
    writer: LabelWriter | None
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def version_id(self) -> str:
        return self.version.model_version_id

    @property
    def language(self) -> str:
        return self.registry.language


@task(cache_policy=NO_CACHE, task_run_name="update-topics-{language}")
def update_topics(settings: Settings, language: str) -> TopicUpdate:
    """Take the documents that no step has seen into the language's topics, week by week."""
    encoder = load_bundle(settings).encoder(language)
    if encoder is None:
        return TopicUpdate()
    started = time.monotonic()
    with Warehouse(settings.warehouse_path) as warehouse:
        _before_own_vectors(settings, warehouse, encoder)
        run = open_run(settings, warehouse, language, encoder.version)
        _take_in_weeks(run)
        with warehouse.transaction():
            run.counts["moved"] = apply_corrections(
                warehouse,
                run.registry,
                run.corrections,
                version_id=run.version_id,
                embedding_id=run.encoder.model_version_id,
            )
            _name_parts(run)
            _polish(run)
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


def topic_version(encoder: ModelVersion, rules: Rules) -> ModelVersion:
    """The version that documents' topics go by: another encoder or number of topics is another version."""
    language = encoder.language
    content = hashlib.sha256(f"{encoder.model_version_id}\n{rules.count}\n{METHOD}".encode()).hexdigest()
    name, licence = f"topics-{language}", "the documents' own"
    card = {
        "name": name,
        "task": "topic",
        "language": language,
        "licence": licence,
        "method": METHOD,
        "encoder": encoder.model_version_id,
        "requested_count": rules.count,
        "limits": "Topics of one language; documents that come late do not change the topics of earlier weeks.",
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


def open_run(settings: Settings, warehouse: Warehouse, language: str, encoder: ModelVersion) -> _Run:
    """The language's stream as the last run left it; carried over where encoder or configuration have changed."""
    rules = rules_of(settings)
    version = topic_version(encoder, rules)
    before = warehouse.scalar(
        "select model_version_id from ops.model_version where is_current and task = 'topic' and language = ?",
        [language],
    )
    finder = TopicFinder(
        language,
        texts=lambda ids: store.texts_of(warehouse, ids),
        brand_names=[name for brand in settings.market.brands for name in (brand.name, *brand.aliases)],
        count=rules.count,
    )
    registry = store.load_registry(warehouse, language, before or version.model_version_id)
    corrections = load_corrections(warehouse, language)
    writer = load_bundle(settings).label_writer(language)
    run = _Run(warehouse, finder, rules, version, encoder, registry, corrections, writer)
    if before == version.model_version_id:
        return run
    with warehouse.transaction():
        if before and registry.through_week:
            _carry_over(run, before)
        make_current(warehouse, [version])
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
    pending = store.pending_documents(warehouse, language, embedding_id=encoder.version.model_version_id, version_id="")
    early = pending[pending["week_start"] < date.fromisoformat(card["trained_through"])]
    if early.empty:
        return
    with warehouse.transaction():
        store.encode_for_topics(warehouse, early["document_id"].tolist(), shipped)
    _take_in_weeks(open_run(settings, warehouse, language, shipped.version))


def _take_in_weeks(run: _Run) -> None:
    for week, documents in _weeks(run):
        with run.warehouse.transaction():
            _take_in(run, week, documents)


def _weeks(run: _Run) -> list[tuple[date, pd.DataFrame]]:
    """Documents to take in, by week, oldest first. Late ones count to the newest week that was taken in."""
    pending = store.pending_documents(
        run.warehouse, run.language, embedding_id=run.encoder.model_version_id, version_id=run.version_id
    )
    if pending.empty:
        return []
    through = run.registry.through_week
    weeks = pending["week_start"].map(lambda week: week if through is None else max(week, through))
    return [(week, part) for week, part in pending.groupby(weeks, sort=True)]


def _take_in(run: _Run, week: date, pending: pd.DataFrame) -> None:
    """One week: look for all topics where that is due, else go on with those there are. Run it in a transaction."""
    new, hashes = store.load_documents(run.warehouse, pending, run.encoder.model_version_id)
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
            run.warehouse, known[(is_waiting | is_recent).astype(bool)], run.encoder.model_version_id
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
    _name(run)
    _polish(run)


def _take_bursts(run: _Run, week: date) -> None:
    """Topics that the week brought all at once, out of the topics that its documents were given."""
    known = store.known_documents(
        run.warehouse, run.language, version_id=run.version_id, since=stream.window(week, topic_bursts.PAST_WEEKS + 1)
    )
    known = known[(known["week_start"] <= week).astype(bool)]
    documents, hashes = store.load_documents(run.warehouse, known, run.encoder.model_version_id)
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


def _carry_over(run: _Run, before: str) -> None:
    """Look for all topics in the new vectors, and hand the ids on. Run it in a transaction."""
    known = store.known_documents(run.warehouse, run.language, version_id=before)
    if not run.registry.fitted_count:
        run.registry = Registry(run.language)
        return
    week = run.registry.through_week
    if week is None:
        return
    _refit(run, known, week=week, cause="model")
    run.counts.update(_outcomes(run, known["document_id"].tolist()))


def _refit(run: _Run, known: pd.DataFrame, *, week: date, cause: str) -> None:
    """Find all topics in these documents, and give each of them its topic again."""
    frames = [known.iloc[start : start + CHUNK] for start in range(0, len(known), CHUNK)]
    parts = [store.load_documents(run.warehouse, frame, run.encoder.model_version_id) for frame in frames]
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


def _note(run: _Run, events: tuple[TopicEvent, ...]) -> None:
    store.save_events(run.warehouse, run.language, events)
    run.counts["events"] += len(events)


def _outcomes(run: _Run, ids: list[str]) -> Counter[str]:
    """How many of these documents have a topic, and how many have none."""
    rows = run.warehouse.rows(
        "select topic_id is null as is_free, count(*) as n from enriched.document_topic"
        " where model_version_id = ? and document_id in (select unnest(?)) group by is_free",
        [run.version_id, ids],
    )
    return Counter({"without_topic" if row["is_free"] else "assigned": row["n"] for row in rows})


def _name(run: _Run) -> None:
    """Write labels of topics that have none, and of those with four times the documents they were named from."""
    wanted = [
        topic.topic_id
        for topic in run.registry.live
        if not topic.named_count or topic.document_count >= RENAMED_AT * topic.named_count
    ]
    if not wanted:
        return
    members = _members(run)
    wanted = [topic_id for topic_id in wanted if topic_id in members]
    labels = _labels(run, members)
    names = run.finder.name(members, wanted, taken=labels)
    run.registry = run.registry.changed(
        replace(run.registry[topic_id], named_count=run.registry[topic_id].document_count) for topic_id in names
    )
    store.save_registry(run.warehouse, run.registry, run.version_id)
    store.save_names(run.warehouse, run.language, names)


def _members(run: _Run) -> dict[str, list[str]]:
    """Ids of the documents that name each topic, nearest to its centre first."""
    members: dict[str, list[str]] = {}
    found = store.members(run.warehouse, run.language, version_id=run.version_id, most=NAMING_DOCUMENTS)
    for drawn, ids in found.items():
        members.setdefault(run.registry.standing(drawn), []).extend(ids)
    return members


def _name_parts(run: _Run) -> None:
    """Write labels of the parts that corrections split off by vectors: told apart from each other and all topics."""
    parts = founders(run.warehouse, run.language, only_unnamed=True)
    if not parts:
        return
    members = {
        topic_id: ids
        for topic_id, ids in _members(run).items()
        if run.corrections.shown(run.registry, topic_id) not in run.corrections.split
    }
    members |= parts
    store.save_names(run.warehouse, run.language, run.finder.name(members, parts, taken=_labels(run, members)))


def _labels(run: _Run, topic_ids: Iterable[str]) -> dict[str, str]:
    """Labels in use: those of these topics, and of parts that corrections split off."""
    parts = parts_with_documents(run.warehouse, run.language, run.version_id)
    return store.labels(run.warehouse, run.language, [*topic_ids, *parts])


def _polish(run: _Run) -> None:
    """Ask the bundle's language model, where it has one, for labels of topics that it was not asked for since named."""
    if run.writer is None:
        return
    started = time.monotonic()
    members = _members(run) | founders(run.warehouse, run.language)
    live = [topic.topic_id for topic in run.registry.live]
    names = store.unpolished(
        run.warehouse, run.language, [key for key in members if key in live or key not in run.registry]
    )
    if not names:
        return
    answers = polished(
        names,
        members,
        language=run.language,
        taken=_labels(run, live),
        texts=lambda ids: store.texts_of(run.warehouse, ids),
        cut=run.finder.cut,
        write=run.writer.write,
    )
    store.save_polished(run.warehouse, run.language, names, answers, run.writer.version.model_version_id)
    refused = Counter(answer.refusal for answer in answers.values() if answer.refusal)
    logger.info(
        "polish_labels language=%s rows_in=%d polished=%d refused=%s model=%s seconds=%.1f",
        run.language, len(names), len(names) - refused.total(),
        ",".join(f"{reason}:{count}" for reason, count in sorted(refused.items())) or "0",
        run.writer.version.model_version_id, time.monotonic() - started,
    )  # fmt: skip
