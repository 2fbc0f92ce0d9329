"""Corrections of topics, applied to the warehouse: after each run, documents count where people want them.

`enriched.document_topic` holds the topic that drew a document (drawn_topic_id) beside the one that it counts for
(topic_id). Only the second is written here, from the first, the registry's merges and the corrections in force, so
that a correction that is replaced by another leaves nothing behind.
"""

from __future__ import annotations

from functools import partial

from tasks.core.topic_corrections import SplitPart, TopicCorrections, corrections_of
from tasks.core.topic_registry import MERGE, SPLIT, Registry, TopicEvent
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


def apply_corrections(warehouse: Warehouse, registry: Registry, corrections: TopicCorrections, version_id: str) -> int:
    """Let every document count for the right topic. Run it inside a transaction.

    Returns:
        Number of documents that count for another topic than before.
    """
    parts = [part for group in corrections.parts.values() for part in group if part.parent in registry]
    _write_parts(warehouse, registry, parts, version_id)
    shown = {topic.topic_id: corrections.shown(registry, topic.topic_id) for topic in registry.topics}
    shown |= {part.topic_id: corrections.shown(registry, part.topic_id) for part in parts}
    warehouse.execute("create or replace temporary table shown_topic (topic_id varchar, shown_as varchar)")
    warehouse.insert("shown_topic", [{"topic_id": key, "shown_as": value} for key, value in shown.items()])
    warehouse.execute(
        "update enriched.topic as topic set shown_as = shown.shown_as from shown_topic as shown"
        " where topic.topic_id = shown.topic_id and topic.shown_as is distinct from shown.shown_as"
    )
    _place_split(warehouse, registry, corrections, version_id)
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


def _place_split(warehouse: Warehouse, registry: Registry, corrections: TopicCorrections, version_id: str) -> None:
    """Fill the temporary table placed_document with the documents of topics that were split."""
    warehouse.execute("create or replace temporary table placed_document (document_id varchar, topic_id varchar)")
    if not corrections.parts:
        return
    rows = warehouse.rows(
        "select assigned.document_id, assigned.drawn_topic_id, documents.text"
        " from enriched.document_topic as assigned"
        " inner join shown_topic as shown on assigned.drawn_topic_id = shown.topic_id"
        " inner join staging.document as documents on assigned.document_id = documents.document_id"
        " where assigned.model_version_id = ? and shown.shown_as in (select unnest(?))",
        [version_id, sorted(corrections.parts)],
    )
    warehouse.insert(
        "placed_document",
        [
            {
                "document_id": row["document_id"],
                "topic_id": corrections.place(registry, row["drawn_topic_id"], partial(str, row["text"])),
            }
            for row in rows
        ],
    )


def _write_parts(warehouse: Warehouse, registry: Registry, parts: list[SplitPart], version_id: str) -> None:
    """Rows of topics that corrections split off; they keep no centre and are named by their words."""
    for part in parts:
        known = warehouse.scalar("select count(*) from enriched.topic where topic_id = ?", [part.topic_id])
        if known:
            continue
        label = (" / " if registry.language == "en" else "、").join(part.words)
        warehouse.insert(
            "enriched.topic",
            store.typed(
                [
                    {
                        "topic_id": part.topic_id,
                        "model_version_id": version_id,
                        "language": registry.language,
                        "label_en": label if registry.language == "en" else None,
                        "label_zh": label if registry.language == "zh" else None,
                        "keywords": list(part.words),
                        "centroid": [],
                        "status": SPLIT_OFF,
                        "shown_as": part.topic_id,
                    }
                ]
            ),
        )


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
