"""The part of stage enrich that gives documents their topics, once the encoders have read them.

Topics of a language are found once, from the documents known then, and kept: later documents are assigned to the known
ones by the cosine of their vectors, chunk by chunk like everything else. They are found anew, under new ids, only when
the encoder or the configured number of topics changes.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core.contracts import ModelVersion
from tasks.errors import DataContractError
from tasks.models.bundle import load_bundle
from tasks.store.model_registry import current_card, delete_replaced, make_current
from tasks.store.warehouse import Warehouse, sql_text

logger = logging.getLogger(__name__)

CHUNKS = tuple("0123456789abcdef")
FIT_MOST = 50_000
LANGUAGE_NAMES = {"en": "English", "zh": "Chinese"}
_TABLES = {
    "enriched.document_topic": ("document_id", "model_version_id", "topic_id", "similarity"),
    "enriched.progress": ("document_id", "model_version_id", "text_hash"),
}


@task(cache_policy=NO_CACHE, task_run_name="find-topics-{language}")
def find_topics(settings: Settings, language: str) -> tuple[int, str | None]:
    """See that the language has topics: keep those it has, or find them where it has none that fit.

    Topics are found anew (under new ids) only when the encoder or the configured number of topics has changed.

    Returns:
        How many topics there are, and a warning for a person or None.
    """
    from tasks.models.topics import fit_topics

    encoder = load_bundle(settings).encoder(language)
    if encoder is None:
        return 0, None
    started = time.monotonic()
    wanted = settings.market.topics
    with Warehouse(settings.warehouse_path) as warehouse:
        card = current_card(warehouse, task="topic", language=language)
        if card and (card["encoder"], card["requested_count"]) == (encoder.version.model_version_id, wanted.count):
            return card["topic_count"], None
        documents = warehouse.rows(sql_text("enrich/counted_documents"), {"language": language, "most": FIT_MOST})
        if not documents:
            return 0, None
        if len(documents) < wanted.min_documents:
            return 0, (
                f"{len(documents)} {LANGUAGE_NAMES[language]} documents are too few for topics"
                f" (from {wanted.min_documents} on)"
            )
        embeddings = _vectors(warehouse, documents, encoder.version)
    names = [name for brand in settings.market.brands for name in (brand.name, *brand.aliases)]
    model = fit_topics(
        [row["text"] for row in documents],
        embeddings,
        language=language,
        brand_names=names,
        count=wanted.count,
        encoder=encoder.version,
        root=settings.model_dir,
    )
    rows = [
        {
            "topic_id": topic.topic_id,
            "model_version_id": model.version.model_version_id,
            "language": language,
            "label_en": topic.label if language == "en" else None,
            "label_zh": topic.label if language == "zh" else None,
            "keywords": list(topic.keywords),
            "centroid": topic.centroid.tolist(),
        }
        for topic in model.topics
    ]
    with Warehouse(settings.warehouse_path) as warehouse, warehouse.transaction():
        make_current(warehouse, [model.version])
        ids = [row["topic_id"] for row in rows]
        warehouse.execute("delete from enriched.topic where topic_id in (select unnest(?))", [ids])
        warehouse.insert("enriched.topic", rows)
    logger.info(
        "find_topics language=%s rows_in=%d topics=%d model=%s seconds=%.1f",
        language, len(documents), len(rows), model.version.model_version_id, time.monotonic() - started,
    )  # fmt: skip
    return len(rows), None


@task(cache_policy=NO_CACHE, task_run_name="assign-topics-{language}")
def assign_topics(settings: Settings, language: str) -> dict[str, int]:
    """Give each document that has a vector the nearest of its language's topics; each chunk is committed whole.

    Returns:
        Counts of documents: assigned, without_topic.
    """
    from tasks.models.topics import load_topics

    started = time.monotonic()
    encoder = load_bundle(settings).encoder(language)
    counts: Counter[str] = Counter()
    with Warehouse(settings.warehouse_path) as warehouse:
        card = current_card(warehouse, task="topic", language=language)
        if encoder is None or card is None:
            raise DataContractError(f"There are no topics to assign {language} documents to")
        model = load_topics(settings.model_dir / card["name"] / card["revision"])
        ids = {"embedding_id": encoder.version.model_version_id, "topic_id": model.version.model_version_id}
        for chunk in CHUNKS:
            frame = warehouse.frame(sql_text("enrich/topic_pending"), {"chunk": chunk, "language": language, **ids})
            if frame.empty:
                continue
            topic_ids, similarities = model.assign(np.stack(frame["vector"].to_list()).astype(np.float32))
            known = zip(frame["document_id"], frame["text_hash"], topic_ids, similarities.tolist(), strict=True)
            rows = [
                {
                    "document_id": document_id,
                    "model_version_id": ids["topic_id"],
                    "text_hash": text_hash,
                    "topic_id": topic_id,
                    "similarity": round(similarity, 4),
                }
                for document_id, text_hash, topic_id, similarity in known
            ]
            with warehouse.transaction():
                delete_replaced(warehouse, rows)
                for table, columns in _TABLES.items():
                    warehouse.insert(table, [{column: row[column] for column in columns} for row in rows])
            counts["without_topic"] += topic_ids.count(None)
            counts["assigned"] += len(topic_ids) - topic_ids.count(None)
    logger.info(
        "assign_topics language=%s rows_in=%d without_topic=%d model=%s seconds=%.1f",
        language, counts.total(), counts["without_topic"], ids["topic_id"], time.monotonic() - started,
    )  # fmt: skip
    return dict(counts)


def _vectors(warehouse: Warehouse, documents: list[dict[str, Any]], encoder: ModelVersion) -> NDArray[np.float32]:
    """(n, dim) vectors of documents, in their order.

    Raises:
        DataContractError: a document has no vector.
    """
    frame = warehouse.frame(
        "select document_id, vector from enriched.embedding where model_version_id = ?"
        " and document_id in (select unnest(?)) order by document_id",
        [encoder.model_version_id, [document["document_id"] for document in documents]],
    )
    if frame["document_id"].tolist() != [document["document_id"] for document in documents]:
        raise DataContractError(f"{len(documents) - len(frame)} documents have no vector by {encoder.model_version_id}")
    return np.stack(frame["vector"].to_list()).astype(np.float32)
