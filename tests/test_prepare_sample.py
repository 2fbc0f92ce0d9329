"""What the sample plants for this stage is found: personal data, mojibake, languages, copies, spam, mentions."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import tasks.prepare as stage
from tasks.config import load_settings
from tasks.core.contracts import NullProgress
from tasks.core.mentions import AliasTagger
from tasks.ingest import ingest
from tasks.store.warehouse import Warehouse

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Staging rows of the sample by "source/id"; sources without ids in their files are left out."""
    home = tmp_path_factory.mktemp("sample")
    market = (ROOT / "market.toml").read_text(encoding="utf-8")
    market = market.replace('home = "."', f'home = "{home}"').replace('"data/sample/', f'"{SAMPLE}/')
    (home / "market.toml").write_text(market, encoding="utf-8")
    settings = load_settings(home / "market.toml")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("pending_ranges", "prepare_chunk", "group_copies"):
            patch.setattr(stage, name, getattr(stage, name).fn)
        ingest(settings, "run-1", NullProgress())
        stage.prepare(settings, "run-1", NullProgress())
    with Warehouse(settings.warehouse_path) as warehouse:
        found = warehouse.rows(
            """
            select
                documents.*,
                duplicates.duplicate_group_id,
                coalesce(documents.spam_reason, duplicates.spam_reason) as any_spam_reason,
                raw.source_record_id
            from staging.document as documents
            inner join staging.duplicate as duplicates using (document_id)
            inner join raw.document as raw using (document_id, content_hash)
            where raw.source_record_id is not null
            """
        )
    return {f"{row['source']}/{row['source_record_id']}": row for row in found}


@pytest.fixture(scope="module")
def planted() -> dict[str, Any]:
    return json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["planted"]


@pytest.fixture(scope="module")
def truth(prepared) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(truth, staging row) of every document that can be told by its id."""
    with gzip.open(SAMPLE / "truth_documents.jsonl.gz", "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    pairs = [(doc, prepared.get(f"{doc['source']}/{doc['id']}")) for doc in documents]
    matched = [(doc, row) for doc, row in pairs if row is not None]
    assert len(matched) > 10_000
    return matched


def test_no_personal_data_is_left_and_nothing_else_is_taken(prepared, planted):
    spans = [(key, surface) for key, found in planted["personal_data"].items() for *_, surface in found]
    assert [key for key, surface in spans if key in prepared and surface in prepared[key]["text"]] == []
    assert sum(key in prepared for key, _ in spans) > 40
    assert [key for key in planted["not_personal_data"] if key in prepared and prepared[key]["redaction_count"]] == []
    expected = set(planted["personal_data"]) | {key for keys in planted["spam"].values() for key in keys}
    assert {key for key, row in prepared.items() if row["redaction_count"]} <= expected


def test_mojibake_is_repaired(prepared, planted):
    for key, right in planted["mojibake"].items():
        assert " ".join(right.split()) in " ".join(prepared[key]["text"].split())
        assert prepared[key]["is_repaired"]


def test_languages(truth):
    wrong = [doc["id"] for doc, row in truth if row["language"] != doc["language"]]
    assert len(wrong) <= len(truth) * 0.001


def test_copies_share_a_group(prepared, planted):
    for copy, original in planted["duplicate_texts"]["pairs"].items():
        source = copy.split("/")[0]
        assert prepared[copy]["duplicate_group_id"] == prepared[f"{source}/{original}"]["duplicate_group_id"]
        assert copy in prepared


def test_spam_is_told_and_customers_are_not(prepared, planted):
    spam = {key for keys in planted["spam"].values() for key in keys} & set(prepared)
    told = {key for key, row in prepared.items() if row["any_spam_reason"]}
    assert len(told & spam) >= 0.9 * len(spam)
    assert told <= spam
    assert {prepared[key]["any_spam_reason"] for key in planted["spam"]["essay"]} == {"copied_across_brands"}


def test_mentions_of_tracked_brands(truth, planted):
    brands = load_settings(ROOT / "market.toml").market.brands
    untracked = set(planted["late_competitor"]["surfaces"])
    found = AliasTagger(brands).tag([row["text"] for _, row in truth])
    untold_titles = set(planted["price_cut"]["news"])  # the truth leaves out the names in these headlines
    wrong: list[str] = []
    for (doc, _), mentions in zip(truth, found, strict=True):
        planted_mentions = doc.get("mentions", []) + doc.get("title_mentions", [])
        expected = Counter(surface for *_, surface in planted_mentions if surface not in untracked)
        key = f"{doc['source']}/{doc['id']}"
        if key not in untold_titles and Counter(mention.surface for mention in mentions) != expected:
            wrong.append(key)
    assert wrong == []
