"""The program's own side of `make bench`: its models as a run loads them, and stage enrich on a warehouse."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tasks.config import Settings, load_settings

MARKET = """
[[brands]]
name = "Northwind"
role = "own"
[[brands]]
name = "Bellacrema"
[[brands]]
name = "Torvane"
[[sources]]
name = "shop"
kind = "review"
format = "csv"
path = "x.csv"
columns = { text = "t", published_at = "d" }
"""
FLOP_PER_LAYER = 24 * 384 * 384
"""Of the matrix products of one layer, for one token: 12 dim² multiplications and as many additions."""


@dataclass(frozen=True)
class Models:
    """What a run loads for English documents."""

    encoder: Any
    plain: Any
    sentiment: Any
    taggers: tuple[Any, ...]

    def embed(self, texts: list[str]) -> object:
        """The embedding alone."""
        return self.plain.encode(texts)

    def read(self, texts: list[str]) -> object:
        """One pass, and every head that reads it."""
        encoded = self.encoder.encode(texts)
        return self.sentiment.predict(texts, encoded), [tagger.tag(texts, encoded) for tagger in self.taggers]

    def labels(self, texts: list[str], *, batch_tokens: int | None = None) -> Sequence[str | None]:
        before = self.encoder.batch_tokens
        self.encoder.batch_tokens = batch_tokens or before
        try:
            return self.sentiment.predict(texts, self.encoder.encode(texts)).labels
        finally:
            self.encoder.batch_tokens = before

    @property
    def flop_per_token(self) -> int:
        """Of the base layers and of every branch that reads all windows."""
        own = sum(len(branch.layers) for branch in self.encoder.branches if not branch.needs_spans)
        return FLOP_PER_LAYER * (6 + own)


def load_models() -> Models:
    """The offline bundle's models for English."""
    from tasks.models.bundle import load_bundle
    from tasks.models.encoder import MiniLmEncoder

    with TemporaryDirectory() as folder:
        bundle = load_bundle(_project(Path(folder)))
        taggers = tuple(tagger for tagger in bundle.taggers if tagger.needs_pass)
        return Models(bundle.encoder("en"), MiniLmEncoder(), bundle.sentiment("en"), taggers)


def enrichment_rate(texts: list[str]) -> float:
    """Documents a CPU-second of stage enrich for a second batch, once a first one has given the project its topics."""
    import tasks.enrich as stage
    from tasks.core.contracts import NullProgress

    _without_prefect(stage)
    half = len(texts) // 2
    with TemporaryDirectory() as folder:
        settings = _project(Path(folder))
        _add(settings, texts[:half], first=0)
        stage.enrich(settings, "first", NullProgress())
        _add(settings, texts[half:], first=half)
        started = time.process_time()
        stage.enrich(settings, "second", NullProgress())
        return (len(texts) - half) / (time.process_time() - started)


def _without_prefect(module: Any) -> None:
    """Put the tasks' own functions in place of the tasks: the bench measures our work, not a server's."""
    from prefect import Task

    for name, value in list(vars(module).items()):
        if isinstance(value, Task):
            setattr(module, name, value.fn)


def _project(folder: Path) -> Settings:
    (folder / "market.toml").write_text(MARKET, encoding="utf-8")
    return load_settings(folder / "market.toml")


def _add(settings: Settings, texts: list[str], *, first: int) -> None:
    from tasks.store.warehouse import Warehouse

    rows = []
    for number, text in enumerate(texts, first):
        key = hashlib.sha256(f"{number}".encode()).hexdigest()[:32]
        rows.append(
            {
                "document_id": key, "content_hash": key, "prepare_version": "1", "source": "shop", "kind": "review",
                "brand": "Northwind", "language": "en", "text": text, "text_hash": key, "author_hash": key,
                "published_at": datetime(2026, 1, 5) + timedelta(hours=number // 20), "is_date_only": False,
                "redaction_count": 0, "is_repaired": False, "duplicate_key": key,
            }
        )  # fmt: skip
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.insert("staging.document", rows)
        warehouse.insert(
            "staging.duplicate",
            [
                {"document_id": row["document_id"], "duplicate_group_id": row["document_id"], "is_canonical": True}
                for row in rows
            ],
        )
