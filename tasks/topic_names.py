"""What topics are called: labels and keywords from documents of each language, and a language model's word on them.

A topic has a label in each language that has enough documents in it, made from that language's documents alone; where
one registry holds one language, that is the one label. Keywords are of the language that most of its documents are in.
A label is written when a topic is born, and again when it has four times the documents that it was named from.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.core.label_polish import polished
from tasks.core.topic_words import TopicName
from tasks.store import topic_store as store
from tasks.store.topic_corrections import founders, parts_with_documents

if TYPE_CHECKING:
    from tasks.enrich_topics import TopicRun

logger = logging.getLogger(__name__)

NAMING_DOCUMENTS = 200
LEAST_NAMING_DOCUMENTS = 5
RENAMED_AT = 4

Members = dict[str, list[str]]
"""Ids of the documents that name a topic, nearest to its centre first, by topic."""


def name_topics(run: TopicRun) -> None:
    """Write the labels of topics that lack one, or have outgrown the one they have. Run it in a transaction."""
    members = {language: _members(run, language) for language in run.finders}
    main = _main_languages(members)
    due = {
        topic.topic_id
        for topic in run.registry.live
        if not topic.named_count or topic.document_count >= RENAMED_AT * topic.named_count
    }
    live = {topic.topic_id for topic in run.registry.live}
    names = {}
    for language, own in members.items():
        wanted = {key for key in due if main.get(key) == language}
        if len(members) > 1:
            wanted |= _second_names(run, language, own, due=due, live=live)
        if wanted:
            names[language] = run.finders[language].name(own, wanted, taken=_labels(run, language, own))
    named = {key for found in names.values() for key in found}
    if not named:
        return
    run.registry = run.registry.changed(
        replace(run.registry[key], named_count=run.registry[key].document_count) for key in sorted(named & due)
    )
    store.save_registry(run.warehouse, run.registry, run.version_id)
    _save(run, names, main)


def name_parts(run: TopicRun) -> None:
    """Write labels of the parts that corrections split off by vectors: told apart from each other and all topics."""
    parts = founders(run.warehouse, run.language, only_unnamed=True)
    if not parts:
        return
    founding = _by_language(run, parts)
    main = _main_languages(founding)
    names = {}
    for language, own in founding.items():
        wanted = [key for key, ids in own.items() if main[key] == language or len(ids) >= LEAST_NAMING_DOCUMENTS]
        topics = {
            topic_id: ids
            for topic_id, ids in _members(run, language).items()
            if run.corrections.shown(run.registry, topic_id) not in run.corrections.split
        }
        if wanted:
            labels = _labels(run, language, topics | own)
            names[language] = run.finders[language].name(topics | own, wanted, taken=labels)
    _save(run, names, main)


def polish(run: TopicRun) -> None:
    """Ask the bundle's language model, where it has one, for labels of topics that it was not asked for since named."""
    parts = _by_language(run, founders(run.warehouse, run.language)) if run.writers else {}
    live = [topic.topic_id for topic in run.registry.live]
    for language, writer in run.writers.items():
        started = time.monotonic()
        members = _members(run, language) | parts[language]
        asked = [key for key in members if key in live or key not in run.registry]
        names = store.unpolished(run.warehouse, language, asked)
        if not names:
            continue
        answers = polished(
            names,
            members,
            language=language,
            taken=_labels(run, language, live),
            texts=lambda ids: store.texts_of(run.warehouse, ids),
            cut=run.finders[language].cut,
            write=writer.write,
        )
        store.save_polished(run.warehouse, language, names, answers, writer.version.model_version_id)
        refused = Counter(answer.refusal for answer in answers.values() if answer.refusal)
        logger.info(
            "polish_labels language=%s rows_in=%d polished=%d refused=%s model=%s seconds=%.1f",
            language, len(names), len(names) - refused.total(),
            ",".join(f"{reason}:{count}" for reason, count in sorted(refused.items())) or "0",
            writer.version.model_version_id, time.monotonic() - started,
        )  # fmt: skip


def _members(run: TopicRun, language: str) -> Members:
    members: Members = {}
    found = store.members(run.warehouse, language, version_id=run.version_id, most=NAMING_DOCUMENTS)
    for drawn, ids in found.items():
        members.setdefault(run.registry.standing(drawn), []).extend(ids)
    return members


def _by_language(run: TopicRun, members: Members) -> dict[str, Members]:
    """The same documents, apart by the language they are in; topics without one in a language are left out there."""
    spoken = store.languages_of(run.warehouse, [i for ids in members.values() for i in ids])
    found: dict[str, Members] = {language: {} for language in run.finders}
    for topic_id, ids in members.items():
        for i in ids:
            if spoken.get(i) in found:
                found[spoken[i]].setdefault(topic_id, []).append(i)
    return found


def _main_languages(members: dict[str, Members]) -> dict[str, str]:
    """The language that most of a topic's naming documents are in; the first one where two have as many."""
    topics = {key for own in members.values() for key in own}
    return {key: max(members, key=lambda language: len(members[language].get(key, ()))) for key in topics}


def _second_names(run: TopicRun, language: str, own: Members, *, due: set[str], live: set[str]) -> set[str]:
    """Topics with enough documents of a language for a label in it, which have none yet or are named anew anyhow."""
    known = store.labels(run.warehouse, language, own)
    enough = {key for key, ids in own.items() if key in live and len(ids) >= LEAST_NAMING_DOCUMENTS}
    return {key for key in enough if key in due or key not in known}


def _save(run: TopicRun, names: dict[str, dict[str, TopicName]], main: dict[str, str]) -> None:
    for language, found in names.items():
        keyed = {key for key in found if main[key] == language}
        store.save_names(run.warehouse, language, found, with_keywords=keyed)


def _labels(run: TopicRun, language: str, topic_ids: Iterable[str]) -> dict[str, str]:
    """Labels in use: those of these topics, and of parts that corrections split off."""
    parts = parts_with_documents(run.warehouse, run.language, run.version_id)
    return store.labels(run.warehouse, language, [*topic_ids, *parts])
