"""What a registry of topics begins with when models have changed: what came before it, under the same ids.

That is the same registry under another encoder or configuration; or, where the bundle changed, registries of single
languages that one registry of all (*) takes over, or the other way round. A registry of all takes every topic; one of
a language takes those that were named in it, so that no two registries hold one id.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from tasks.core.contracts import ALL
from tasks.core.topic_registry import LIVE, Registry
from tasks.store import topic_store as store
from tasks.store.warehouse import Warehouse

SINGLE = ("en", "zh")


def inherited(warehouse: Warehouse, registry: Registry, before: str | None) -> tuple[Registry, pd.DataFrame]:
    """The topics to begin with, and the documents that had been taken in, with the topics that drew them.

    Args:
        registry: as it was stored.
        before: model version that its documents' topics go by; None where it is new.
    """
    language = registry.language
    if before:
        return registry, store.known_documents(warehouse, language, version_id=before)
    if language == ALL:
        return _together(warehouse)
    version_id = warehouse.scalar("select model_version_id from enriched.topic_registry where language = ?", [ALL])
    if version_id is None:
        return registry, store.known_documents(warehouse, language, version_id="")
    return _own_part(warehouse, language, version_id)


def retire_overlapping(warehouse: Warehouse, language: str) -> None:
    """Let no other registry's topics count for the documents of this one. Run it inside a transaction."""
    warehouse.execute(
        "update ops.model_version set is_current = false where task = 'topic' and language in (select unnest(?))",
        [list(SINGLE) if language == ALL else [ALL]],
    )


def _together(warehouse: Warehouse) -> tuple[Registry, pd.DataFrame]:
    """Registries of single languages as one."""
    rows = warehouse.rows(
        "select language, model_version_id from ops.model_version"
        " where is_current and task = 'topic' and language in (select unnest(?)) order by language",
        [list(SINGLE)],
    )
    versions = {row["language"]: row["model_version_id"] for row in rows}
    parts = [store.load_registry(warehouse, language, version_id) for language, version_id in versions.items()]
    known = [store.known_documents(warehouse, key, version_id=version_id) for key, version_id in versions.items()]
    whole = Registry(
        ALL,
        through_week=max((part.through_week for part in parts if part.through_week), default=None),
        document_count=sum(part.document_count for part in parts),
        fitted_count=sum(part.fitted_count for part in parts),
    ).changed(topic for part in parts for topic in part.topics)
    nothing = store.known_documents(warehouse, ALL, version_id="")
    return whole, pd.concat(known, ignore_index=True) if known else nothing


def _own_part(warehouse: Warehouse, language: str, version_id: str) -> tuple[Registry, pd.DataFrame]:
    """Of a registry of all languages, the topics that were named in one; its documents of other topics have none."""
    whole = store.load_registry(warehouse, ALL, version_id)
    rows = warehouse.rows("select topic_id from enriched.topic where keyword_language = ?", [language])
    own = {row["topic_id"] for row in rows}
    known = store.known_documents(warehouse, language, version_id=version_id)
    drawn = known["drawn_topic_id"].where(known["drawn_topic_id"].isin(own), None)
    kept = [
        topic
        if topic.replaced_by is None or topic.replaced_by in own
        else replace(topic, replaced_by=None, status=LIVE)
        for topic in whole.topics
        if topic.topic_id in own
    ]
    part = replace(whole, language=language, topics=(), _index={}).changed(kept)
    return part, known.assign(drawn_topic_id=drawn)
