"""The part of stage enrich that tells which news articles are one story, once the encoders have read them.

A language's news are taken day by day (core/stories). Only days from the first one with a new or changed article on
are told again, from the stories that were still open then, so that a week costs what is new in it, and the result is
that of telling all of history at once. The rows of a run are committed together.

English articles have the encoder's stored vectors. Chinese ones get those of the shipped word vectors, here: cosines
by the vectors that a project trains on itself are larger, the narrower its subject is, and one threshold could not
serve them all. News in other languages are stories by their copies alone (sql/marts/document.sql).
"""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core import stories as core
from tasks.core.contracts import ModelVersion
from tasks.models.bundle import load_bundle
from tasks.store.model_registry import delete_replaced, make_current
from tasks.store.warehouse import Warehouse, sql_text

logger = logging.getLogger(__name__)

_READ_CHARS = 4_000


@dataclass(frozen=True)
class StorySummary:
    """Articles that were told in this run, and the stories that they are part of."""

    articles: int = 0
    stories: int = 0


@task(cache_policy=NO_CACHE, task_run_name="tell-stories-{language}")
def tell_stories(settings: Settings, language: str) -> StorySummary:
    """Give the news of a language their stories, from the first day with an article that has none."""
    started = time.monotonic()
    encoder = _encoder_version(settings, language)
    version = story_version(encoder)
    ids = {
        "language": language,
        "story_id": version.model_version_id,
        "embedding_id": encoder.model_version_id if language == "en" else "",
    }
    with Warehouse(settings.warehouse_path) as warehouse:
        with warehouse.transaction():
            make_current(warehouse, [version])
        first_day = warehouse.scalar(sql_text("enrich/story_pending"), ids)
        if first_day is None:
            return StorySummary()
        rows = warehouse.rows(
            sql_text("enrich/story_articles"),
            {
                **ids,
                "first_day": first_day,
                "window_days": core.WINDOW_DAYS,
                "background_days": core.BACKGROUND_DAYS[1],
            },
        )
        told = _told(language, rows)
        due = [row for row in rows if row["story_id"] is None]
        with warehouse.transaction():
            _replace(warehouse, version, due, told)
    story_count = len({row.story_id for row in told})
    logger.info(
        "tell_stories language=%s rows_in=%d rows_out=%d stories=%d first_day=%s model=%s seconds=%.1f",
        language, len(rows), len(told), story_count, first_day, version.model_version_id, time.monotonic() - started,
    )  # fmt: skip
    return StorySummary(len(told), story_count)


def story_version(encoder: ModelVersion) -> ModelVersion:
    """The version that stories go by: another encoder, threshold or rule is another version."""
    language = encoder.language
    card: dict[str, Any] = {
        "name": f"stories-{language}",
        "task": "story",
        "language": language,
        "licence": encoder.licence,
        "method": "average-linkage clustering within days, of encoder vectors and headline words",
        "encoder": encoder.model_version_id,
        "threshold": core.THRESHOLDS[language],
        "window_days": core.WINDOW_DAYS,
        "limits": "Stories of one language; an event that is told for weeks without a break stays one story.",
    }
    parts = (encoder.model_version_id, core.THRESHOLDS[language], core.WINDOW_DAYS, core.STORY_VERSION)
    content = hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()
    return ModelVersion(
        "story", language, card["name"], content[:12], encoder.precision, encoder.licence, content, card
    )


def _encoder_version(settings: Settings, language: str) -> ModelVersion:
    if language == "zh":
        from tasks.models.chinese import load_encoder_zh

        return load_encoder_zh().version
    return next(version for version in load_bundle(settings).versions(language) if version.task == "embedding")


def _told(language: str, rows: list[dict[str, Any]]) -> list[core.Told]:
    articles = [
        core.Article(
            row["document_id"], row["day"], f"{row['published_at']} {row['document_id']}", row["duplicate_key"]
        )
        for row in rows
    ]
    headlines = [core.headline_of(row["title"], row["text"]) for row in rows]
    vectors = core.article_vectors(headlines, _embeddings(language, rows), word_share=core.WORD_SHARE[language])
    known = {row["document_id"]: row["story_id"] for row in rows if row["story_id"] is not None}
    return core.tell_stories(
        articles, vectors, threshold=core.THRESHOLDS[language], ordinary=core.ORDINARY[language], known=known
    )


def _embeddings(language: str, rows: list[dict[str, Any]]) -> NDArray[np.float32]:
    if language == "zh":
        from tasks.models.chinese import load_encoder_zh

        return load_encoder_zh().encode([row["text"][:_READ_CHARS] for row in rows]).embeddings
    return np.array([row["vector"] for row in rows], np.float32)


def _replace(warehouse: Warehouse, version: ModelVersion, due: list[dict[str, Any]], told: list[core.Told]) -> None:
    """Write the stories of the articles that were due, and that the model has seen them."""
    version_id = version.model_version_id
    seen = [
        {"document_id": row["document_id"], "model_version_id": version_id, "text_hash": row["text_hash"]}
        for row in due
    ]
    delete_replaced(warehouse, seen)
    warehouse.insert(
        "enriched.story",
        [
            {
                "document_id": row.document_id,
                "model_version_id": version_id,
                "story_id": row.story_id,
                "similarity": row.similarity,
            }
            for row in told
        ],
    )
    warehouse.insert("enriched.progress", seen)
