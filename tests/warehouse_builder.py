"""A small warehouse made by hand: rows go straight into staging and enriched, as if the stages before had run.

Documents are dictionaries (or a data frame) in which only what matters to a test needs to be said:

    builder = WarehouseBuilder(tmp_path)
    builder.add_documents([{"brand": "Aurora", "published_at": datetime(2026, 1, 5), "sentiment": "negative"}])
    settings = builder.finish()

Known keys: document_id, source, kind, brand, segment, language, title, text, url, published_at, is_date_only, rating,
spam_reason, sentiment, topic_id, duplicate_of (a document_id) and mentions (a list of (brand, surface, start, end)).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import pandas as pd

from tasks.config import Settings, load_settings
from tasks.store.warehouse import Warehouse

LANGUAGES = ("en", "zh")
CREATED_AT = datetime(2026, 1, 1)
DEFAULTS: dict[str, object] = {
    "source": "shop",
    "kind": "review",
    "brand": None,
    "segment": None,
    "language": "en",
    "title": None,
    "text": None,
    "url": None,
    "is_date_only": False,
    "rating": None,
    "spam_reason": None,
    "sentiment": "neutral",
    "topic_id": None,
    "duplicate_of": None,
    "mentions": None,
}
SCORES = {"negative": -0.8, "neutral": 0.0, "positive": 0.8, "mixed": 0.1}


class WarehouseBuilder:
    """Fills the warehouse of a project below a folder."""

    def __init__(
        self,
        root: Path,
        *,
        brands: Iterable[str] = ("Aurora", "Borealis"),
        sources: Iterable[tuple[str, str]] = (("shop", "review"),),
        timezone: str = "UTC",
    ) -> None:
        self.settings = write_project(root, brands=brands, sources=sources, timezone=timezone)
        self.document_count = 0
        self.warehouse = Warehouse(self.settings.warehouse_path)
        market = self.settings.market
        self.warehouse.replace(
            "staging.project", [{"name": "Test", "timezone": timezone, "own_brand": self.settings.own_brand}]
        )
        self.warehouse.replace(
            "staging.brand",
            [{"brand": b.name, "role": b.role, "position": i} for i, b in enumerate(market.brands)],
        )
        self.warehouse.replace(
            "staging.source",
            [{"source": s.name, "kind": s.kind, "is_required": s.required} for s in market.sources],
        )
        self.warehouse.replace(
            "ops.model_version",
            [_model(task, language) for task in ("sentiment", "topic") for language in LANGUAGES]
            + [_model("mention", "*")],
        )

    def add_documents(self, documents: pd.DataFrame | list[dict]) -> list[str]:
        """Add documents with what the models said of them; their ids, in order."""
        frame = pd.DataFrame(documents)
        for column, default in DEFAULTS.items():
            if column not in frame:
                frame[column] = default
            elif default is not None:
                frame[column] = frame[column].where(frame[column].notna() | (column == "sentiment"), default)
        numbers = range(self.document_count, self.document_count + len(frame))
        self.document_count += len(frame)
        if "document_id" not in frame:
            frame["document_id"] = [_hex(f"document {number}") for number in numbers]
        frame["text"] = [
            text if isinstance(text, str) else f"Text of document {number}."
            for text, number in zip(frame["text"], numbers, strict=True)
        ]
        frame["text_hash"] = [hashlib.sha256(text.encode()).hexdigest() for text in frame["text"]]
        frame["content_hash"] = [text_hash[:32] for text_hash in frame["text_hash"]]
        frame["published_at"] = pd.to_datetime(frame["published_at"]).astype("datetime64[us]")
        frame = frame.astype({"rating": "float64"})
        self._add_raw_and_staging(frame)
        self._add_enriched(frame)
        return frame["document_id"].tolist()

    def add_topics(self, topics: Iterable[tuple[str, str]]) -> None:
        """Register topics: (topic_id, label), the id beginning with its language, such as en-battery."""
        self.warehouse.insert(
            "enriched.topic",
            [
                {
                    "topic_id": topic_id,
                    "model_version_id": _model("topic", topic_id[:2])["model_version_id"],
                    "language": topic_id[:2],
                    "label_en": label if topic_id.startswith("en") else None,
                    "label_zh": label if topic_id.startswith("zh") else None,
                    "keywords": [label],
                    "centroid": [1.0, 0.0],
                }
                for topic_id, label in topics
            ],
        )

    def add_batch(self, *, source: str, loaded: int, rejected: int = 0, run_id: str = "run-1") -> str:
        """Add a ledger row, with its rejected records; its batch_id."""
        batch_id = _hex(f"batch {source} {loaded} {rejected}")
        sequence = 1 + int(self.warehouse.scalar("select count(*) from ops.batch"))
        self.warehouse.insert(
            "ops.batch",
            [
                {
                    "batch_id": batch_id, "batch_sequence": sequence, "run_id": run_id, "source": source,
                    "uri": f"inbox/{source}.csv", "content_sha256": "0" * 64, "mapping_hash": "0" * 16,
                    "received_count": loaded + rejected, "loaded_count": loaded, "updated_count": 0,
                    "duplicate_count": 0, "rejected_count": rejected, "status": "loaded", "loaded_at": CREATED_AT,
                }
            ],
        )  # fmt: skip
        self.warehouse.insert(
            "ops.rejected_record",
            [
                {
                    "batch_id": batch_id, "record_number": number, "source": source, "uri": f"inbox/{source}.csv",
                    "reason_code": "no_date", "reason": "The date is missing.",
                    "raw_bytes": b"secret raw bytes", "excerpt": "excerpt",
                }
                for number in range(1, rejected + 1)
            ],
        )  # fmt: skip
        return batch_id

    def finish(self) -> Settings:
        """Close the warehouse, so that stages can open it."""
        self.warehouse.connection.close()
        return self.settings

    def _add_raw_and_staging(self, frame: pd.DataFrame) -> None:
        shared = [
            "document_id", "content_hash", "source", "kind", "brand", "segment", "title", "text", "url",
            "published_at", "is_date_only", "rating",
        ]  # fmt: skip
        raw = frame[shared].assign(
            batch_id="0" * 32, batch_sequence=1, record_number=range(1, len(frame) + 1), author_hash="secret-author"
        )
        self.warehouse.insert("raw.document", raw)
        staged = frame[[*shared, "language", "text_hash", "spam_reason"]].assign(
            prepare_version="1",
            redaction_count=0,
            is_repaired=False,
            duplicate_key=frame["duplicate_of"].where(frame["duplicate_of"].notna(), frame["document_id"]),
            author_hash="secret-author",
        )
        self.warehouse.insert("staging.document", staged)
        duplicates = staged[["document_id"]].assign(
            duplicate_group_id=staged["duplicate_key"], is_canonical=frame["duplicate_of"].isna()
        )
        self.warehouse.insert("staging.duplicate", duplicates)

    def _add_enriched(self, frame: pd.DataFrame) -> None:
        known = frame[frame["language"].isin(LANGUAGES)]
        versions = {
            task: [_version(task, language) for language in known["language"]] for task in ("sentiment", "topic")
        }
        progress = pd.concat(
            [
                known[["document_id", "text_hash"]].assign(model_version_id=versions["sentiment"]),
                known[["document_id", "text_hash"]].assign(model_version_id=versions["topic"]),
                frame[["document_id", "text_hash"]].assign(model_version_id=_version("mention", "*")),
            ]
        )
        self.warehouse.insert("enriched.progress", progress)
        sentiment = known[["document_id", "sentiment"]].assign(
            model_version_id=versions["sentiment"],
            sentiment_score=known["sentiment"].map(SCORES).astype("float64"),
            sentiment_confidence=0.9,
        )
        self.warehouse.insert("enriched.sentiment", sentiment)
        topics = known[["document_id", "topic_id"]].assign(model_version_id=versions["topic"], similarity=0.5)
        self.warehouse.insert("enriched.document_topic", topics)
        self.warehouse.insert(
            "enriched.mention",
            [
                {
                    "document_id": row.document_id, "model_version_id": _version("mention", "*"),
                    "entity_id": f"brand:{brand}", "entity_name": brand, "entity_type": "brand",
                    "is_tracked": brand in {b.name for b in self.settings.market.brands},
                    "brand": brand if brand in {b.name for b in self.settings.market.brands} else None,
                    "surface": surface, "start_char": start, "end_char": end, "method": "alias",
                }
                for row in frame[frame["mentions"].notna()].itertuples()
                for brand, surface, start, end in row.mentions
            ],
        )  # fmt: skip


def write_project(
    root: Path,
    *,
    brands: Iterable[str] = ("Aurora", "Borealis"),
    sources: Iterable[tuple[str, str]] = (("shop", "review"),),
    timezone: str = "UTC",
) -> Settings:
    """A market.toml below root, whose first brand is our own, as Settings."""
    lines = ["[project]", 'name = "Test"', f'timezone = "{timezone}"']
    for number, brand in enumerate(brands):
        lines += ["[[brands]]", f"name = {json.dumps(brand, ensure_ascii=False)}"]
        lines += ['role = "own"'] if number == 0 else []
    for name, kind in sources:
        lines += ["[[sources]]", f'name = "{name}"', f'kind = "{kind}"', 'format = "csv"', f'path = "inbox/{name}.csv"']
        lines += ["[sources.columns]", 'text = "text"', 'published_at = "date"']
    root.mkdir(parents=True, exist_ok=True)
    path = root / "market.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return load_settings(path)


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _version(task: str, language: str) -> str:
    return f"{task}-{language}-test@1+exact"


def _model(task: str, language: str) -> dict:
    return {
        "model_version_id": _version(task, language), "task": task, "language": language, "name": "test",
        "revision": "1", "precision": "exact", "licence": "Apache-2.0", "content_sha256": "0" * 64,
        "is_current": True, "card": "{}", "registered_at": CREATED_AT,
    }  # fmt: skip
