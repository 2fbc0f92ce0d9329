"""Corrections of topics, applied to the warehouse: after each run, documents count where people want them.

`enriched.document_topic` holds the topic that drew a document (drawn_topic_id) beside the one that it counts for
(topic_id). Only the second is written here, from the first, the registry's merges and the corrections in force, so
that a correction that is replaced by another leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from tasks.core.contracts import ALL
from tasks.core.language import HAN
from tasks.core.topic_corrections import SplitPart, TopicCorrections, corrections_of, part_ids, parts_by_vectors
from tasks.core.topic_registry import MERGE, SPLIT, Documents, Registry, TopicEvent, unit
from tasks.store import topic_store as store
from tasks.store.warehouse import Warehouse

SPLIT_OFF = "split_off"


def load_corrections(warehouse: Warehouse, language: str) -> TopicCorrections:
    """The corrections of a language's topics that are in force."""
    rows = warehouse.rows(
        "select kind, subject, value from ops.current_correction"
        " where kind in ('topic_merge', 'topic_split', 'topic_pin') order by kind, subject"
    )
    return corrections_of(language, rows)


def apply_corrections(
    warehouse: Warehouse,
    registry: Registry,
    corrections: TopicCorrections,
    *,
    version_id: str,
    embedding_ids: Sequence[str],
) -> int:
    """Let every document count for the right topic. Run it inside a transaction.

    Args:
        version_id, embedding_ids: model versions, of the topics and of the vectors.

    Returns:
        Number of documents that count for another topic than before.
    """
    places: dict[str, str] = {}
    if corrections.split:
        documents = _split_documents(warehouse, registry, corrections, version_id, embedding_ids)
        corrections = _with_parts_by_vectors(warehouse, registry, corrections, documents, embedding_ids)
        places = _places(warehouse, registry, corrections, documents)
    parts = [
        part for group in corrections.parts.values() for part in group if corrections.is_known(registry, part.topic_id)
    ]
    _write_parts(warehouse, registry, parts, version_id)
    shown = {topic.topic_id: corrections.shown(registry, topic.topic_id) for topic in registry.topics}
    shown |= {part.topic_id: corrections.shown(registry, part.topic_id) for part in parts}
    warehouse.execute("create or replace temporary table shown_topic (topic_id varchar, shown_as varchar)")
    warehouse.insert("shown_topic", [{"topic_id": key, "shown_as": value} for key, value in shown.items()])
    warehouse.execute(
        "update enriched.topic as topic set shown_as = shown.shown_as from shown_topic as shown"
        " where topic.topic_id = shown.topic_id and topic.shown_as is distinct from shown.shown_as"
    )
    warehouse.execute("create or replace temporary table placed_document (document_id varchar, topic_id varchar)")
    warehouse.insert("placed_document", [{"document_id": key, "topic_id": place} for key, place in places.items()])
    changed = int(
        warehouse.scalar(
            "select count(*) from enriched.document_topic as assigned"
            " left join shown_topic as shown on assigned.drawn_topic_id = shown.topic_id"
            " left join placed_document as placed on assigned.document_id = placed.document_id"
            " where assigned.model_version_id = ?"
            " and assigned.topic_id is distinct from coalesce(placed.topic_id, shown.shown_as)",
            [version_id],
        )
    )
    if changed:
        warehouse.execute(
            "update enriched.document_topic as assigned set topic_id = correct.topic_id from ("
            " select known.document_id, coalesce(placed.topic_id, shown.shown_as) as topic_id"
            " from enriched.document_topic as known"
            " left join shown_topic as shown on known.drawn_topic_id = shown.topic_id"
            " left join placed_document as placed on known.document_id = placed.document_id"
            " where known.model_version_id = $version) as correct"
            " where assigned.model_version_id = $version and assigned.document_id = correct.document_id"
            " and assigned.topic_id is distinct from correct.topic_id",
            {"version": version_id},
        )
    _write_events(warehouse, registry, corrections, parts)
    return changed


def founders(warehouse: Warehouse, language: str, *, only_unnamed: bool = False) -> dict[str, list[str]]:
    """The founding documents of parts by vectors, nearest to a part's centre first.

    Args:
        only_unnamed: those that have no label yet.
    """
    rows = warehouse.rows(
        "select topic_id, founding_ids from enriched.topic where language = ? and status = ? and len(founding_ids) > 0"
        " and not (? and coalesce(label_en, label_zh) is not null) order by topic_id",
        [language, SPLIT_OFF, only_unnamed],
    )
    return {row["topic_id"]: row["founding_ids"] for row in rows}


def parts_with_documents(warehouse: Warehouse, language: str, version_id: str) -> list[str]:
    """Topics that corrections split off and that documents count for."""
    rows = warehouse.rows(
        "select topic_id from enriched.topic where language = ? and status = ? and topic_id in"
        " (select topic_id from enriched.document_topic where model_version_id = ?) order by topic_id",
        [language, SPLIT_OFF, version_id],
    )
    return [row["topic_id"] for row in rows]


def _split_documents(
    warehouse: Warehouse,
    registry: Registry,
    corrections: TopicCorrections,
    version_id: str,
    embedding_ids: Sequence[str],
) -> Documents:
    """The documents of topics that were split, and of those that were merged into one."""
    drawn = [key.topic_id for key in registry.topics if corrections.shown(registry, key.topic_id) in corrections.split]
    known = store.known_documents(warehouse, registry.language, version_id=version_id)
    return store.load_documents(warehouse, known[known["drawn_topic_id"].isin(drawn)], embedding_ids)[0]


def _places(
    warehouse: Warehouse, registry: Registry, corrections: TopicCorrections, documents: Documents
) -> dict[str, str]:
    """Where each of these documents counts."""
    has_words = any(part.words for parts in corrections.parts.values() for part in parts)
    texts = store.texts_of(warehouse, [str(key) for key in documents.ids]) if has_words else {}
    return {
        str(key): corrections.place(registry, topic, partial(texts.__getitem__, str(key)), vector)
        for key, topic, vector in zip(documents.ids, documents.topics, documents.vectors, strict=True)
    }


def _with_parts_by_vectors(
    warehouse: Warehouse,
    registry: Registry,
    corrections: TopicCorrections,
    documents: Documents,
    embedding_ids: Sequence[str],
) -> TopicCorrections:
    """With the parts of topics that are split by vectors: those found in an earlier run, or else found now."""
    missing = []
    for subject, count in sorted(corrections.counts.items()):
        parts = _known_parts(warehouse, registry.language, subject, count)
        corrections = corrections.with_parts(subject, _with_centres(warehouse, parts, embedding_ids))
        if not corrections.parts[subject]:
            missing.append(subject)
    for subject in missing:
        places = _places(warehouse, registry, corrections, documents)
        mine = documents.take(np.array([places[str(key)] == subject for key in documents.ids], np.bool_))
        parts = parts_by_vectors(registry.language, subject, corrections.counts[subject], mine)
        corrections = corrections.with_parts(subject, _with_centres(warehouse, parts, embedding_ids))
    return corrections


def _known_parts(warehouse: Warehouse, language: str, subject: str, count: int | None) -> tuple[SplitPart, ...]:
    rows = warehouse.rows(
        "select topic_id, founding_ids from enriched.topic where topic_id in (select unnest(?)) order by topic_id",
        [part_ids(language, subject, count)],
    )
    return tuple(SplitPart(row["topic_id"], subject, founders=tuple(row["founding_ids"])) for row in rows)


def _with_centres(
    warehouse: Warehouse, parts: Sequence[SplitPart], embedding_ids: Sequence[str]
) -> tuple[SplitPart, ...]:
    """The parts of whose founding documents one at least has a vector, with these documents' centres.

    The vectors are those of today, whichever encoder made them: a split outlives a change of encoder.
    """
    centred = []
    for part in parts:
        frame = warehouse.frame(
            "select vector from enriched.embedding where model_version_id in (select unnest(?))"
            " and document_id in (select unnest(?)) order by document_id",
            [list(embedding_ids), list(part.founders)],
        )
        if len(frame):
            centre = unit(np.stack(frame["vector"].to_list()).astype(np.float64).sum(axis=0))
            centred.append(replace(part, centre=centre))
    return tuple(centred)


def _write_parts(warehouse: Warehouse, registry: Registry, parts: list[SplitPart], version_id: str) -> None:
    """Rows of topics that corrections split off. Parts by words are named by them, the others once they are there."""
    for part in parts:
        known = warehouse.scalar("select count(*) from enriched.topic where topic_id = ?", [part.topic_id])
        if known:
            warehouse.execute(
                "update enriched.topic set founding_ids = ? where topic_id = ? and founding_ids <> ?",
                [list(part.founders), part.topic_id, list(part.founders)],
            )
            continue
        spoken = registry.language if registry.language != ALL else _language_of(part.words)
        label = (" / " if spoken == "en" else "、").join(part.words) or None
        warehouse.insert(
            "enriched.topic",
            store.typed(
                [
                    {
                        "topic_id": part.topic_id,
                        "model_version_id": version_id,
                        "language": registry.language,
                        "label_en": label if spoken == "en" else None,
                        "label_zh": label if spoken == "zh" else None,
                        "keywords": list(part.words),
                        "keyword_language": spoken,
                        "centroid": [],
                        "founding_ids": list(part.founders),
                        "status": SPLIT_OFF,
                        "shown_as": part.topic_id,
                    }
                ]
            ),
        )


def _language_of(words: Sequence[str]) -> str:
    """Chinese where a word has a Han character, else English."""
    return "zh" if HAN.search(" ".join(words)) else "en"


def _write_events(
    warehouse: Warehouse, registry: Registry, corrections: TopicCorrections, parts: list[SplitPart]
) -> None:
    """Events of corrections that have none yet, in the newest week that was taken in."""
    if registry.through_week is None:
        return
    known = {
        (row["event"], row["topic_id"], row["other_topic_id"])
        for row in warehouse.rows(
            "select event, topic_id, other_topic_id from enriched.topic_event"
            " where cause = 'correction' and language = ?",
            [registry.language],
        )
    }
    wanted = [(SPLIT, part.topic_id, part.parent) for part in parts]
    wanted += [(MERGE, source, target) for source, target in sorted(corrections.merges.items()) if source in registry]
    events = []
    for kind, topic_id, other in wanted:
        if (kind, topic_id, other) in known:
            continue
        column = "topic_id" if kind == SPLIT else "drawn_topic_id"
        count = int(
            warehouse.scalar(
                f"select count(distinct document_id) from enriched.document_topic where {column} = ?",  # noqa: S608
                [topic_id],
            )
        )
        week = registry.through_week
        events.append(TopicEvent(week, kind, topic_id, other, document_count=count, cause="correction"))
    store.save_events(warehouse, registry.language, events)
