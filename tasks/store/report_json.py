"""report.json: the report as data, with its schema's address and the references of its parts.

`references` maps the JSON pointers of parts to references: a number below "/kpis/0" belongs to "kpi-volume", one below
"/sentiment" to "fig-sentiment". The longest pointer that a value lies under is the one that holds; the rest of the
value's own pointer is its cell. The schema (docs/report.schema.json) is made from the models by `schema_text`; each
archive carries a copy beside its index.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from tasks.core.report_model import WeeklyReport, canonical_json

SCHEMA_NAME = "report.schema.json"
_FIGURES = {
    "sentiment": "fig-sentiment",
    "matrix": "fig-matrix",
    "new_names": "fig-names",
    "largest_topics": "fig-topics",
    "drivers": "fig-drivers",
    "preferences": "fig-comparisons",
    "changes": "fig-changes",
    "outlooks": "fig-forecast",
    "brand_spans": "fig-coverage",
    "aspects": "fig-aspects",
    "sources": "fig-quality",
    "rating_agreement": "agreement",
    "page_count": "pages",
}
_IDS = ("finding_id", "figure_id", "quote_id", "kpi_id", "rule")
_PREFIXES = {"kpi_id": "kpi-", "rule": "alert-"}


class ReportFile(WeeklyReport):
    """What report.json holds."""

    schema_address: str = Field(alias="$schema", description="Address of this schema, relative to the file.")
    references: dict[str, str] = Field(description="JSON pointer of a part: the reference of what lies below it.")


def json_text(report: WeeklyReport) -> str:
    """The file's text: sorted keys, one value a line."""
    data = json.loads(canonical_json(report))
    whole = {"$schema": f"../{SCHEMA_NAME}", "references": dict(sorted(references(data))), **data}
    return json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def schema_text() -> str:
    """The JSON Schema of report.json."""
    made = ReportFile.model_json_schema(mode="serialization", by_alias=True)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Market Brief: weekly report",
        "description": "Everything that one revision of one week's report says.",
    }
    return json.dumps({**made, **head}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def references(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(JSON pointer, reference) of a report's parts; every value lies under one of the pointers."""
    yield "", "report"
    for name, part in data.items():
        pointer = f"/{name}"
        if name in _FIGURES:
            yield pointer, _FIGURES[name]
        elif isinstance(part, dict | list):
            yield pointer, name
        yield from _inner(pointer, part)


def reference_of(pointer: str, known: Mapping[str, str]) -> str:
    """The reference of a value: that of its nearest part, and the rest of its pointer as the cell."""
    part = pointer
    while part not in known:
        part = part.rpartition("/")[0]
    cell = pointer.removeprefix(part).strip("/").replace("/", ".")
    return f"{known[part]}.{cell}" if cell else known[part]


def _inner(pointer: str, part: Any) -> Iterator[tuple[str, str]]:
    if isinstance(part, list):
        for number, item in enumerate(part):
            yield from _inner(f"{pointer}/{number}", item)
    elif isinstance(part, dict):
        ref = _own_reference(pointer, part)
        if ref:
            yield pointer, ref
        for name, item in part.items():
            yield from _inner(f"{pointer}/{name}", item)


def _own_reference(pointer: str, part: Mapping[str, Any]) -> str | None:
    if "group" in part and "topic" in part:
        return f"card-{part['topic']['topic_id']}"
    if pointer.startswith("/pages/") and "document_id" in part and "quote" in part:
        return f"page-{part['document_id'][:12]}"
    name = next((name for name in _IDS if isinstance(part.get(name), str)), None)
    if name is None or (name in ("figure_id", "finding_id") and "query" not in part):
        return None  # it only points to one
    return _PREFIXES.get(name, "") + part[name]


if __name__ == "__main__":
    print(schema_text(), end="")
