"""Which models the warehouse knows, which of them are current, and the removal of what a model said before."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tasks.core.contracts import ModelVersion
from tasks.store.warehouse import Warehouse


def make_current(warehouse: Warehouse, versions: list[ModelVersion]) -> None:
    """Register versions that are new, and make these the only current ones of their task and language.

    Run it inside a transaction.
    """
    register(warehouse, versions)
    for task, language in sorted({(version.task, version.language) for version in versions}):
        ids = [v.model_version_id for v in versions if (v.task, v.language) == (task, language)]
        warehouse.execute(
            "update ops.model_version set is_current = list_contains(?, model_version_id)"
            " where task = ? and language = ?",
            [ids, task, language],
        )


def register(warehouse: Warehouse, versions: list[ModelVersion]) -> None:
    """Write versions that are new; none becomes current by that. Run it inside a transaction."""
    known = {row["model_version_id"] for row in warehouse.rows("select model_version_id from ops.model_version")}
    warehouse.insert(
        "ops.model_version", [_row(version) for version in versions if version.model_version_id not in known]
    )


def current_card(warehouse: Warehouse, *, task: str, language: str) -> dict[str, Any] | None:
    """Card of the current model of a task and language; None where there is none."""
    card = warehouse.scalar(
        "select card from ops.model_version where is_current and task = ? and language = ?", [task, language]
    )
    return json.loads(card) if card else None


def delete_replaced(warehouse: Warehouse, pairs: list[dict[str, Any]]) -> None:
    """Delete what models said of documents, progress included.

    Args:
        pairs: rows with document_id and model_version_id. Run it inside a transaction.
    """
    warehouse.execute("create or replace temporary table replaced (document_id varchar, model_version_id varchar)")
    keys = ("document_id", "model_version_id")
    warehouse.insert("replaced", [{key: pair[key] for key in keys} for pair in pairs])
    warehouse.run_file("enrich/delete_replaced")


def _row(version: ModelVersion) -> dict[str, Any]:
    return {
        "model_version_id": version.model_version_id,
        "task": version.task,
        "language": version.language,
        "name": version.name,
        "revision": version.revision,
        "precision": version.precision,
        "licence": version.licence,
        "content_sha256": version.content_sha256,
        "is_current": False,
        "card": json.dumps(version.card, ensure_ascii=False, sort_keys=True),
        "registered_at": datetime.now(UTC).replace(tzinfo=None),
    }
