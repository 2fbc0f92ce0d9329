"""Topics of two languages in one space, as an encoder that reads both gives it: one registry, a label in each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tasks.enrich_topics as stage
from tasks.config import Settings
from tasks.core.contracts import ALL
from tasks.store.warehouse import Warehouse
from tests import topic_stream_planting as planting

BOTH = {"en": "1", "zh": "1"}
TABLES = ("document_topic", "topic", "topic_event", "topic_registry")


def stream(*languages: str, through: int) -> list[planting.Planted]:
    documents = [planted for language in languages for planted in planting.stream(language, space=3)]
    return [planted for planted in documents if planted.week <= through]


def subjects_of(documents: list[planting.Planted]) -> dict[str, int | None]:
    """What each document speaks of, whatever becomes of its subject in later weeks."""
    found: dict[str, int | None] = {}
    for planted in documents:
        sayings = planting.SAYINGS[planted.row["language"]]
        places = [place for place, saying in enumerate(sayings) if planted.row["text"].startswith(saying)]
        found[planted.row["document_id"]] = places[0] if places else None
    return found


def rows(settings: Settings, sql: str) -> list[dict[str, Any]]:
    with Warehouse(settings.warehouse_path) as warehouse:
        return warehouse.rows(sql)


def tables(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    return {table: rows(settings, f"select * from enriched.{table} order by all") for table in TABLES}


def marts(settings: Settings) -> dict[str, dict[str, Any]]:
    with Warehouse(settings.warehouse_path) as warehouse:
        for mart in ("document", "topic", "topic_event"):
            warehouse.rebuild(f"marts.{mart}")
        twice = warehouse.rows("select document_id from marts.document group by document_id having count(*) > 1")
        lost = warehouse.rows(
            "select topic_id from marts.document anti join marts.topic using (topic_id) where topic_id is not null"
        )
        assert twice == lost == []
        return {row["topic_id"]: row for row in warehouse.rows("select * from marts.topic")}


def update(settings: Settings, *, is_joint: bool = True) -> None:
    with planting.encoders(BOTH, is_joint=is_joint):
        for language in [ALL] if is_joint else ["en", "zh"]:
            stage.update_topics.fn(settings, language)


def says(label: str | None, language: str, subject: int) -> bool:
    """Whether a label is of a subject's own words."""
    saying = planting.SAYINGS[language][subject]
    return bool(label) and any(word in saying for word in (label.split() if language == "en" else [label[:2]]))


@pytest.fixture(scope="module")
def weekly(tmp_path_factory) -> Settings:
    settings = planting.project(tmp_path_factory.mktemp("weekly"))
    for week in (1, 2, 3):
        planting.add(settings, [planted for planted in stream("en", "zh", through=3) if planted.week == week])
        update(settings)
    return settings


def test_documents_of_both_languages_share_their_subjects_topic(weekly):
    share, subject_of = planting.matched_share(planting.topics_of(weekly), subjects_of(stream("en", "zh", through=3)))
    assert share >= 0.95
    known = marts(weekly)
    assert {topic_id.split("-")[0] for topic_id in known} == {"all"}
    for topic_id, subject in subject_of.items():
        topic = known[topic_id]
        assert says(topic["label_en"], "en", subject)
        assert says(topic["label_zh"], "zh", subject)
        assert topic["language"] in ("en", "zh")
        is_chinese = any("\u4e00" <= letter <= "\u9fff" for word in topic["keywords"] for letter in word)
        assert is_chinese == (topic["language"] == "zh")
    labels = [row[f"label_{language}"] for row in known.values() for language in ("en", "zh")]
    assert len([label for label in labels if label]) == len({label for label in labels if label})


@pytest.mark.parametrize(("few", "many"), [("en", "zh"), ("zh", "en")])
def test_a_topic_goes_by_the_language_of_most_of_its_documents(tmp_path, few, many):
    settings = planting.project(tmp_path)
    some = [planted for place, planted in enumerate(stream(few, through=1)) if place % 2]
    planting.add(settings, [*some, *stream(many, through=1)])
    update(settings)
    assert {topic["language"] for topic in marts(settings).values()} == {many}


def test_order_and_runs_change_nothing(weekly, tmp_path):
    whole, documents = planting.project(tmp_path), stream("en", "zh", through=3)
    planting.add(whole, [documents[place] for place in np.random.default_rng(1).permutation(len(documents))])
    update(whole)
    assert tables(whole) == tables(weekly)


def test_a_language_that_comes_later_joins_the_topics_there_are(tmp_path):
    settings = planting.project(tmp_path)
    english = stream("en", through=3)
    planting.add(settings, english)
    update(settings)
    before, named = planting.topics_of(settings), marts(settings)
    assert {topic["label_zh"] for topic in named.values()} == {None}
    chinese = [planted for planted in planting.stream("zh", space=3) if planted.week == 4]
    planting.add(settings, [*chinese, *(p for p in planting.stream("en", space=3) if p.week == 4)])
    update(settings)
    after, known = planting.topics_of(settings), marts(settings)
    assert sum(after[key] == topic for key, topic in before.items()) >= 0.95 * len(before)
    _, subject_of = planting.matched_share(before, subjects_of(english))
    of_subject = {subject: topic for topic, subject in subject_of.items()}
    for subject in (0, 1, 2):
        topic_id = of_subject[subject]
        held = [after[p.row["document_id"]] == topic_id for p in chinese if p.subject == subject]
        assert np.mean(held) >= 0.9
        assert known[topic_id]["label_en"] == named[topic_id]["label_en"]
        assert says(known[topic_id]["label_zh"], "zh", subject)


def test_registries_of_one_language_become_one_and_part_again_under_their_ids(tmp_path):
    settings, documents = planting.project(tmp_path), stream("en", "zh", through=2)
    planting.add(settings, documents)
    update(settings, is_joint=False)
    apart, before = planting.topics_of(settings), marts(settings)
    update(settings)
    joined, known = planting.topics_of(settings), marts(settings)
    truth = subjects_of(documents)
    share, _ = planting.matched_share(joined, truth)
    assert share >= 0.9
    assert {topic for topic in joined.values() if topic} <= set(before)
    both = [topic for topic in known.values() if topic["label_en"] and topic["label_zh"] and topic["document_count"]]
    assert len(both) >= 5
    for topic in both:
        former = before[topic["topic_id"]]
        assert topic[f"label_{former['language']}"] == former[f"label_{former['language']}"]
    merged = [row for row in known.values() if row["replaced_by"]]
    assert len(merged) >= 5
    assert {row["replaced_by"] for row in merged} <= {row["topic_id"] for row in both}
    update(settings, is_joint=False)
    again = planting.topics_of(settings)
    marts(settings)
    spoken = {planted.row["document_id"]: planted.row["language"] for planted in documents}
    in_language: dict[str, set[str]] = {}
    for key, topic in again.items():
        if topic:
            in_language.setdefault(topic, set()).add(spoken[key])
    assert all(len(languages) == 1 for languages in in_language.values())
    assert (
        planting.matched_share(
            {k: v for k, v in again.items() if spoken[k] == "en"}, {k: v for k, v in truth.items() if spoken[k] == "en"}
        )[0]
        >= 0.9
    )
    kept = [topic for topic in set(apart.values()) & set(again.values()) if topic]
    assert len(kept) >= 5


def test_a_joint_topic_is_split_by_vectors_into_parts_with_labels_in_both_languages(weekly):
    _, subject_of = planting.matched_share(planting.topics_of(weekly), subjects_of(stream("en", "zh", through=3)))
    topic_of = {subject: topic for topic, subject in subject_of.items()}
    planting.correct(weekly, "topic_merge", topic_of[1], topic_of[0])
    planting.correct(weekly, "topic_split", topic_of[0], "2")
    update(weekly)
    parts = [topic for topic in marts(weekly).values() if topic["status"] == "split_off"]
    assert len(parts) == 2
    for language in ("en", "zh"):
        labels = [part[f"label_{language}"] for part in parts]
        assert any(says(label, language, 0) for label in labels)
        assert any(says(label, language, 1) for label in labels)
