"""Stage enrich on the hub bundle: rows of both languages come from the named models, and once only."""

from __future__ import annotations

from datetime import datetime

import pytest
from hub_models import save_encoder, save_word_model
from prefect import Task

import tasks.enrich as stage
from tasks.config import load_settings
from tasks.core.contracts import NullProgress
from tasks.store.warehouse import Warehouse

MARKET = """
[[brands]]
name = "Northwind"
aliases = ["北风"]
[[sources]]
name = "shop"
kind = "review"
format = "csv"
path = "x.csv"
columns = {{ text = "t", published_at = "d" }}
[models]
bundle = "hub"
[models.hub]
encoder = "{root}/encoder"
sentiment = "{root}/three"
entities_en = "{root}/names"
"""
TEXTS = {
    "d1": ("en", "Northwind works very good"),
    "d2": ("en", "bad phone of Acme Corp"),
    "d3": ("zh", "北风电池差"),
    "d4": ("zh", "这个产品非常好用"),
    "d5": ("other", "Northwind est bien"),
}


@pytest.fixture
def settings(tmp_path, monkeypatch):
    for name, value in list(vars(stage).items()):
        if isinstance(value, Task):
            monkeypatch.setattr(stage, name, value.fn)
    save_encoder(tmp_path / "encoder")
    save_word_model(
        tmp_path / "three",
        "BertForSequenceClassification",
        {"bad": 0, "good": 2, "差": 0, "好": 2},
        ["negative", "neutral", "positive"],
    )
    save_word_model(tmp_path / "names", "BertForTokenClassification", {"acme": 1, "corp": 2}, ["O", "B-ORG", "I-ORG"])
    (tmp_path / "market.toml").write_text(MARKET.format(root=tmp_path), encoding="utf-8")
    settings = load_settings(tmp_path / "market.toml")
    with Warehouse(settings.warehouse_path) as warehouse:
        for document_id, (language, text) in TEXTS.items():
            row = {
                "document_id": document_id, "content_hash": document_id, "prepare_version": "1", "source": "shop",
                "kind": "review", "language": language, "text": text, "text_hash": document_id,
                "published_at": datetime(2026, 1, 5), "is_date_only": False, "redaction_count": 0,
                "is_repaired": False, "duplicate_key": document_id,
            }  # fmt: skip
            warehouse.insert("staging.document", [row])
            warehouse.insert(
                "staging.duplicate",
                [{"document_id": document_id, "duplicate_group_id": document_id, "is_canonical": True}],
            )
    return settings


def test_every_row_names_the_model_of_the_hub(settings):
    summary = stage.enrich(settings, "run-1", NullProgress())
    assert (summary.encoded, summary.scored) == (4, 5)
    with Warehouse(settings.warehouse_path) as warehouse:
        said = warehouse.rows("select document_id, sentiment, model_version_id from enriched.sentiment order by all")
        names = warehouse.rows(
            "select document_id, surface, brand from enriched.mention where method = 'ner' order by all"
        )
        dims = warehouse.scalar("select max(len(vector)) from enriched.embedding")
    assert [row["sentiment"] for row in said] == ["positive", "negative", "negative", "positive", None]
    assert [row["model_version_id"].split("@")[0] for row in said[:4]] == [
        "sentiment-en-three", "sentiment-en-three", "sentiment-zh-three", "sentiment-zh-three",
    ]  # fmt: skip
    assert names == [{"document_id": "d2", "surface": "Acme Corp", "brand": None}]
    assert dims == 16


def test_a_second_run_reads_nothing(settings):
    stage.enrich(settings, "run-1", NullProgress())
    again = stage.enrich(settings, "run-2", NullProgress())
    assert (again.encoded, again.scored, again.tagged) == (0, 0, 0)


def test_both_languages_have_one_registry_of_topics(settings):
    with Warehouse(settings.warehouse_path) as warehouse:
        project = {"name": "Phones", "timezone": "UTC", "own_brand": "Northwind"}
        warehouse.replace("staging.project", [project])
    stage.enrich(settings, "run-1", NullProgress())
    with Warehouse(settings.warehouse_path) as warehouse:
        versions = warehouse.rows("select language, name from ops.model_version where task = 'topic' and is_current")
        seen = warehouse.scalar(
            "select count(*) from enriched.progress inner join ops.model_version using (model_version_id)"
            " where task = 'topic'"
        )
        registries = warehouse.rows("select language, document_count from enriched.topic_registry")
    assert versions == [{"language": "*", "name": "topics-en-zh"}]
    assert seen == 4
    assert registries == [{"language": "*", "document_count": 4}]
