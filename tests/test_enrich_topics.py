"""Topics' labels as a planted language model words them: what stands, what does not, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

import tasks.enrich_topics as stage
from tasks.config import Settings
from tasks.store.model_registry import make_current
from tasks.store.warehouse import Warehouse
from tests import topic_stream_planting as planting

ANSWERS = {
    "en": {
        "pump": "Water pump leaks",
        "milk": "creamy milk foam recalled by court",
        "support": "<img src=x> support never answers",
        "grinder": "磨豆机噪音大",
        "descaling": "descaling light stays " * 5,
    },
    "zh": {
        "水泵": "水泵严重漏水",
        "奶泡": "奶泡致病召回",
        "客服": "<img src=x>客服态度恶劣",
        "磨豆机": "grinder is too loud",
        "除垢": "除垢灯一直亮" * 15,
    },
}
REFUSALS = {"invented", "long", "script"}
TABLES = ("enriched.polished_label", "enriched.topic")


@pytest.fixture(params=["en", "zh"])
def language(request):
    return request.param


class Writer:
    """Answers by the label that it is shown, and counts what it was asked."""

    def __init__(self, language: str) -> None:
        self.answers = ANSWERS[language]
        self.prompts: list[str] = []

    def __call__(self, prompts: Sequence[str]) -> list[str]:
        self.prompts += prompts
        return [next((said for word, said in self.answers.items() if word in self._label(p)), "") for p in prompts]

    def _label(self, prompt: str) -> str:
        return next(line for line in prompt.splitlines() if line.startswith(("Working title", "暂定名称")))


def rows(settings: Settings, sql: str) -> list[dict[str, Any]]:
    with Warehouse(settings.warehouse_path) as warehouse:
        return warehouse.rows(sql)


def take_in(settings: Settings, language: str, documents: list[planting.Planted]) -> None:
    planting.add(settings, documents)
    with Warehouse(settings.warehouse_path) as warehouse:
        make_current(warehouse, [planting.writer_version(language)])
    stage.update_topics.fn(settings, language)


def marts(settings: Settings, language: str) -> dict[str, tuple[str, str | None]]:
    with Warehouse(settings.warehouse_path) as warehouse:
        for mart in ("document", "topic"):
            warehouse.rebuild(f"marts.{mart}")
        found = warehouse.rows(
            f"select topic_id, label_{language} as label, label_{language}_model_version_id as model from marts.topic"
        )
    return {row["topic_id"]: (row["label"], row["model"]) for row in found}


def test_a_sound_answer_stands_and_the_offline_label_wherever_else(tmp_path, language):
    settings, writer = planting.project(tmp_path / "weekly"), Writer(language)
    documents = [planted for planted in planting.stream(language) if planted.week <= 2]
    with planting.encoders({language: "1"}, writer=writer):
        for week in (1, 2):
            take_in(settings, language, [planted for planted in documents if planted.week == week])
        asked = len(writer.prompts)
        stage.update_topics.fn(settings, language)
    assert len(writer.prompts) == asked
    polished = rows(settings, "select * from enriched.polished_label order by topic_id")
    assert len(polished) == asked
    (good,) = [row for row in polished if row["refusal"] is None]
    assert good["label"] == ANSWERS[language]["pump" if language == "en" else "水泵"].lower()
    assert {row["refusal"] for row in polished} == {None, *REFUSALS}
    version = planting.writer_version(language).model_version_id
    assert {row["model_version_id"] for row in polished} == {version}
    assert version.endswith("+fp32")
    shown = marts(settings, language)
    for row in polished:
        assert shown[row["topic_id"]] == ((good["label"], version) if row is good else (row["offline_label"], None))

    whole = planting.project(tmp_path / "whole")
    with planting.encoders({language: "1"}, writer=Writer(language)):
        take_in(whole, language, documents[::-1])
    for table in TABLES:
        assert rows(whole, f"select * from {table} order by all") == rows(
            settings, f"select * from {table} order by all"
        )

    planting.correct(settings, "topic_rename", good["topic_id"], "A person's word", language)
    assert marts(settings, language)[good["topic_id"]] == ("A person's word", None)
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.execute("delete from ops.correction")
        warehouse.execute("update ops.model_version set is_current = false where task = 'label'")
    assert marts(settings, language)[good["topic_id"]] == (good["offline_label"], None)


def test_a_model_that_comes_later_is_asked_once_about_the_topics_there_are(tmp_path, language):
    settings, writer = planting.project(tmp_path), Writer(language)
    documents = [planted for planted in planting.stream(language) if planted.week == 1]
    with planting.encoders({language: "1"}):
        take_in(settings, language, documents)
    assert rows(settings, "select * from enriched.polished_label") == []
    with planting.encoders({language: "1"}, writer=writer):
        for _ in range(2):
            stage.update_topics.fn(settings, language)
    named = rows(settings, "select topic_id from enriched.topic where named_count > 0")
    assert len(writer.prompts) == len(named) == len(rows(settings, "select * from enriched.polished_label"))
