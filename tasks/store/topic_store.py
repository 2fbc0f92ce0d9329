"""Topics in the warehouse: the registry's state, documents as the registry sees them, names and events.

Centres are stored as the exact doubles that they are: a registry that was stored and loaded goes on as one that was
not, so that weeks taken one by one give the same topics as weeks taken in one run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tasks.core.contracts import ALL, Encoder
from tasks.core.label_polish import Answer
from tasks.core.topic_registry import Documents, Registry, TopicEvent, TopicState
from tasks.core.topic_words import TopicName
from tasks.store.warehouse import Warehouse, sql_text

_TEXT_ROWS = 20_000


def load_registry(warehouse: Warehouse, language: str, version_id: str) -> Registry:
    """The registry of a language under a model version; an empty one where there is none."""
    rows = warehouse.rows(
        "select * from enriched.topic_registry where language = ? and model_version_id = ?", [language, version_id]
    )
    if not rows:
        return Registry(language)
    topics = warehouse.rows(
        "select * from enriched.topic where language = ? and model_version_id = ? and centre is not null"
        " order by topic_id",
        [language, version_id],
    )
    states = [
        TopicState(
            topic_id=row["topic_id"],
            centre=np.array(row["centre"], np.float64),
            threshold=row["threshold"],
            cohesion=row["cohesion"],
            born_week=row["born_week"],
            last_week=row["last_week"],
            document_count=row["document_count"],
            status=row["status"],
            replaced_by=row["replaced_by"],
            named_count=row["named_count"],
        )
        for row in topics
    ]
    return Registry(
        language,
        tuple(states),
        through_week=rows[0]["through_week"],
        document_count=rows[0]["document_count"],
        fitted_count=rows[0]["fitted_count"],
    )


def save_registry(warehouse: Warehouse, registry: Registry, version_id: str) -> None:
    """Store a registry in place of its former state; names stay. Run it inside a transaction."""
    names = {
        row["topic_id"]: row
        for row in warehouse.rows(
            "select topic_id, label_en, label_zh, keywords, coalesce(keyword_language, nullif(language, ?)) as spoken"
            " from enriched.topic where topic_id in (select unnest(?))",
            [ALL, [topic.topic_id for topic in registry.topics]],
        )
    }
    rows = []
    for topic in registry.topics:
        length = float(np.linalg.norm(topic.centre)) or 1.0
        known = names.get(topic.topic_id, {})
        rows.append(
            {
                **{key: value for key, value in asdict(topic).items() if key != "centre"},
                "model_version_id": version_id,
                "language": registry.language,
                "label_en": known.get("label_en"),
                "label_zh": known.get("label_zh"),
                "keywords": known.get("keywords") or [],
                "keyword_language": known.get("spoken"),
                "centroid": (topic.centre / length).astype(np.float32).tolist(),
                "centre": topic.centre.tolist(),
                "shown_as": registry.standing(topic.topic_id),
            }
        )
    warehouse.execute(
        "delete from enriched.topic where topic_id in (select unnest(?))",
        [[topic.topic_id for topic in registry.topics]],
    )
    warehouse.insert("enriched.topic", typed(rows))
    warehouse.execute(
        "delete from enriched.topic_registry where language = ? and model_version_id = ?",
        [registry.language, version_id],
    )
    warehouse.insert(
        "enriched.topic_registry",
        [
            {
                "language": registry.language,
                "model_version_id": version_id,
                "through_week": registry.through_week,
                "document_count": registry.document_count,
                "fitted_count": registry.fitted_count,
            }
        ],
    )


def save_events(warehouse: Warehouse, language: str, events: Sequence[TopicEvent]) -> None:
    """Append events. Run it inside a transaction."""
    rows = [
        {
            "language": language,
            "week_start": event.week,
            "event": event.kind,
            "topic_id": event.topic_id,
            "other_topic_id": event.other_topic_id,
            "similarity": event.similarity,
            "document_count": event.document_count,
            "author_count": event.author_count,
            "document_ids": list(event.document_ids),
            "cause": event.cause,
            "expected_count": event.expected_count,
        }
        for event in events
    ]
    warehouse.insert("enriched.topic_event", typed(rows))


def save_names(
    warehouse: Warehouse, language: str, names: Mapping[str, TopicName], *, with_keywords: Collection[str]
) -> None:
    """Write labels, and some topics' keywords; what a model made of former labels goes. Run it inside a transaction."""
    column = f"label_{language}"
    warehouse.execute(
        "delete from enriched.polished_label where language = ? and topic_id in (select unnest(?))",
        [language, sorted(names)],
    )
    for topic_id, name in sorted(names.items()):
        warehouse.execute(
            f"update enriched.topic set {column} = ? where topic_id = ?",  # noqa: S608 - en or zh
            [name.label, topic_id],
        )
        if topic_id in with_keywords:
            warehouse.execute(
                "update enriched.topic set keywords = ?, keyword_language = ? where topic_id = ?",
                [list(name.keywords), language, topic_id],
            )


def unpolished(warehouse: Warehouse, language: str, topic_ids: Iterable[str]) -> dict[str, TopicName]:
    """Offline names of these topics, where no model has been asked for a better one since they were named."""
    column = f"label_{language}"
    rows = warehouse.rows(
        f"select topic_id, {column} as label, keywords from enriched.topic where {column} is not null"  # noqa: S608 - en or zh
        " and topic_id in (select unnest(?))"
        " and topic_id not in (select topic_id from enriched.polished_label where language = ?)",
        [list(topic_ids), language],
    )
    return {row["topic_id"]: TopicName(row["label"], tuple(row["keywords"])) for row in rows}


def save_polished(
    warehouse: Warehouse, language: str, names: Mapping[str, TopicName], answers: Mapping[str, Answer], version_id: str
) -> None:
    """Write what a model made of topics' labels, refused or not. Run it inside a transaction."""
    rows = [
        {
            "topic_id": topic_id,
            "language": language,
            "model_version_id": version_id,
            "offline_label": names[topic_id].label,
            "label": answer.label,
            "refusal": answer.refusal,
        }
        for topic_id, answer in sorted(answers.items())
    ]
    warehouse.insert("enriched.polished_label", typed(rows))


def save_assignments(
    warehouse: Warehouse,
    registry: Registry,
    version_id: str,
    documents: Documents,
    similarities: NDArray[np.float64],
    text_hashes: Mapping[str, str],
) -> None:
    """Write documents' topics in place of former ones, and that these texts were seen. Run it inside a transaction."""
    if not len(documents):
        return
    frame = pd.DataFrame(
        {
            "document_id": documents.ids.astype(str),
            "model_version_id": version_id,
            "topic_id": [None if topic is None else registry.standing(topic) for topic in documents.topics],
            "similarity": np.round(similarities, 4),
            "drawn_topic_id": documents.topics,
        }
    )
    ids = frame["document_id"].tolist()
    for table in ("document_topic", "progress"):
        warehouse.execute(
            f"delete from enriched.{table} where model_version_id = ? and document_id in (select unnest(?))",  # noqa: S608
            [version_id, ids],
        )
    warehouse.insert("enriched.document_topic", frame.astype({"topic_id": object, "drawn_topic_id": object}))
    seen = frame[["document_id", "model_version_id"]].assign(text_hash=[text_hashes[i] for i in ids])
    warehouse.insert("enriched.progress", seen)


def clear_version(warehouse: Warehouse, version_id: str) -> None:
    """Forget what documents' topics a version gave, and that it saw them: an earlier spell of it may have left some."""
    for table in ("document_topic", "progress"):
        warehouse.execute(f"delete from enriched.{table} where model_version_id = ?", [version_id])  # noqa: S608


def load_documents(
    warehouse: Warehouse, wanted: pd.DataFrame, embedding_ids: Sequence[str]
) -> tuple[Documents, dict[str, str]]:
    """Documents as the registry sees them, by id, and the hashes of their texts.

    Args:
        wanted: document_id, week_start, drawn_topic_id.
        embedding_ids: model versions of the vectors: one encoder's, in each language that it reads.
    """
    warehouse.execute(
        "create or replace temporary table wanted_document"
        " (document_id varchar, week_start date, drawn_topic_id varchar)"
    )
    warehouse.insert("wanted_document", wanted[["document_id", "week_start", "drawn_topic_id"]])
    frame = warehouse.frame(sql_text("enrich/topic_documents"), {"embedding_ids": list(embedding_ids)})
    weeks = np.array([pd.Timestamp(day).date() for day in frame["week_start"]], np.object_)
    vectors = np.stack(frame["vector"].to_list()) if len(frame) else np.zeros((0, 1))
    documents = Documents(
        ids=_objects(frame["document_id"]),
        vectors=vectors.astype(np.float32),
        shapes=frame["may_shape"].to_numpy(np.bool_),
        authors=_objects(frame["author"]),
        sources=_objects(frame["source"]),
        weeks=weeks,
        topics=_objects(frame["drawn_topic_id"]),
    )
    return documents, dict(zip(frame["document_id"], frame["text_hash"], strict=True))


def texts_of(warehouse: Warehouse, ids: Sequence[str]) -> dict[str, str]:
    """Texts of documents by id."""
    texts: dict[str, str] = {}
    for start in range(0, len(ids), _TEXT_ROWS):
        rows = warehouse.rows(
            "select document_id, text from staging.document where document_id in (select unnest(?))",
            [list(ids[start : start + _TEXT_ROWS])],
        )
        texts.update((row["document_id"], row["text"]) for row in rows)
    return texts


def languages_of(warehouse: Warehouse, ids: Sequence[str]) -> dict[str, str]:
    """Languages of documents by id."""
    rows = warehouse.rows(
        "select document_id, language from staging.document where document_id in (select unnest(?))", [list(ids)]
    )
    return {row["document_id"]: row["language"] for row in rows}


def brands_of(warehouse: Warehouse, ids: Sequence[str]) -> dict[str, str]:
    """Brands of the documents that belong to one."""
    rows = warehouse.rows(
        "select document_id, brand from staging.document where brand is not null and document_id in (select unnest(?))",
        [list(ids)],
    )
    return {row["document_id"]: row["brand"] for row in rows}


def encode_for_topics(warehouse: Warehouse, ids: Sequence[str], encoder: Encoder) -> None:
    """Give documents vectors by another encoder than the current one. Run it inside a transaction."""
    version_id = encoder.version.model_version_id
    rows = warehouse.rows(
        "select document_id, text, text_hash from staging.document where document_id in (select unnest(?))"
        " and document_id not in (select document_id from enriched.progress where model_version_id = ?)"
        " order by document_id",
        [list(ids), version_id],
    )
    encoded = encoder.encode([row["text"] for row in rows])
    keys = [{"document_id": row["document_id"], "model_version_id": version_id} for row in rows]
    warehouse.insert(
        "enriched.embedding",
        [
            {**key, "vector": vector, "token_count": int(tokens), "coverage": round(float(coverage), 4)}
            for key, vector, tokens, coverage in zip(
                keys, encoded.embeddings.tolist(), encoded.token_counts, encoded.coverage, strict=True
            )
        ],
    )
    warehouse.insert(
        "enriched.progress", [{**key, "text_hash": row["text_hash"]} for key, row in zip(keys, rows, strict=True)]
    )


def pending_documents(
    warehouse: Warehouse, language: str, *, embedding_ids: Sequence[str], version_id: str
) -> pd.DataFrame:
    """document_id, week_start and drawn_topic_id (null) of documents that have a vector and no step has seen."""
    frame = warehouse.frame(
        sql_text("enrich/topic_pending"),
        {"language": language, "embedding_ids": list(embedding_ids), "topic_id": version_id},
    )
    return _with_dates(frame.assign(drawn_topic_id=None))


def known_documents(warehouse: Warehouse, language: str, *, version_id: str, since: date | None = None) -> pd.DataFrame:
    """document_id, week_start and drawn_topic_id of documents that a step has seen.

    Args:
        since: a Monday; None: all weeks.
    """
    values = {"language": language, "topic_id": version_id, "since": since}
    return _with_dates(warehouse.frame(sql_text("enrich/topic_known"), values))


def members(warehouse: Warehouse, language: str, *, version_id: str, most: int) -> dict[str, list[str]]:
    """Ids of the documents nearest to each topic's centre, nearest first."""
    rows = warehouse.rows(
        sql_text("enrich/topic_members"), {"language": language, "topic_id": version_id, "most": most}
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["drawn_topic_id"], []).append(row["document_id"])
    return found


def labels(warehouse: Warehouse, language: str, topic_ids: Iterable[str]) -> dict[str, str]:
    """Labels of topics that have one, as a model worded them where one did."""
    column = f"label_{language}"
    rows = warehouse.rows(
        f"select topics.topic_id, coalesce(polished.label, topics.{column}) as label from enriched.topic as topics"  # noqa: S608 - en or zh
        " left join enriched.polished_label as polished"
        " on topics.topic_id = polished.topic_id and polished.language = ?"
        f" where topics.{column} is not null and topics.topic_id in (select unnest(?))",
        [language, list(topic_ids)],
    )
    return {row["topic_id"]: row["label"] for row in rows}


def _objects(column: pd.Series) -> Any:
    return np.array([None if pd.isna(value) else value for value in column], np.object_)


def _with_dates(frame: pd.DataFrame) -> pd.DataFrame:
    """week_start as dates."""
    days = pd.Series([pd.Timestamp(day).date() for day in frame["week_start"]], index=frame.index, dtype=object)
    return frame.assign(week_start=days)


def typed(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as an Arrow table in which empty lists and nulls keep the type that their column has."""
    types = {
        "centre": pa.list_(pa.float64()), "centroid": pa.list_(pa.float32()), "keywords": pa.list_(pa.string()),
        "document_ids": pa.list_(pa.string()), "founding_ids": pa.list_(pa.string()), "label_en": pa.string(),
        "label_zh": pa.string(), "replaced_by": pa.string(), "other_topic_id": pa.string(), "similarity": pa.float64(),
        "expected_count": pa.float64(), "label": pa.string(), "refusal": pa.string(),
        "keyword_language": pa.string(),
    }  # fmt: skip
    if not rows:
        return pa.table({})
    return pa.table({key: pa.array([row[key] for row in rows], type=types.get(key)) for key in rows[0]})
