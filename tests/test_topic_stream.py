"""Topics keep their identity: a planted stream of weeks through the stage and the warehouse, in both languages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tasks.enrich_topics as stage
from tasks.config import Settings
from tasks.store.warehouse import Warehouse
from tests import topic_stream_planting as planting
from tests.topic_stream_planting import project, topics_of

TABLES = {
    "document_topic": "document_id, model_version_id, topic_id, similarity, drawn_topic_id",
    "topic": "* exclude (centroid)",
    "topic_event": "*",
    "topic_registry": "*",
}


@pytest.fixture(scope="module")
def revision():
    """Revisions of the planted encoders in use; a test may change them."""
    return {"en": "1", "zh": "1"}


@pytest.fixture(scope="module", autouse=True)
def bundle(revision):
    with planting.encoders(revision):
        yield


def update(settings: Settings, language: str) -> stage.TopicUpdate:
    return stage.update_topics.fn(settings, language)


def tables(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    with Warehouse(settings.warehouse_path) as warehouse:
        return {
            table: warehouse.rows(f"select {columns} from enriched.{table} order by all")
            for table, columns in TABLES.items()
        }


def rows(settings: Settings, sql: str, *values: Any) -> list[dict[str, Any]]:
    with Warehouse(settings.warehouse_path) as warehouse:
        return warehouse.rows(sql, list(values))


@pytest.fixture(scope="module", params=["en", "zh"])
def weekly(request, tmp_path_factory) -> tuple[Settings, str, list[planting.Planted]]:
    """The stream, taken in by one run a week."""
    settings = project(tmp_path_factory.mktemp("weekly"))
    documents = planting.stream(request.param)
    for week in range(1, planting.WEEKS + 1):
        planting.add(settings, [document for document in documents if document.week == week])
        update(settings, request.param)
    return settings, request.param, documents


def test_documents_find_the_topic_of_their_subject(weekly):
    settings, _, documents = weekly
    share, _ = planting.matched_share(topics_of(settings), planting.truth_of(documents))
    assert share >= 0.95


def test_the_lineage_is_what_was_planted_and_nothing_else(weekly):
    settings, language, documents = weekly
    found = planting.lineage_of(settings, language, documents)
    assert set(found) == set(planting.LINEAGE)
    for key, week in found.items():
        earliest, latest = planting.LINEAGE[key]
        assert earliest <= week <= latest, (key, week)


def test_events_carry_their_evidence(weekly):
    settings, _, documents = weekly
    known = planting.truth_of(documents)
    for row in rows(settings, "select * from enriched.topic_event where event <> 'death'"):
        assert row["document_count"] >= 3
        assert row["author_count"] >= 3
        assert 1 <= len(row["document_ids"]) <= 3
        assert set(row["document_ids"]) <= set(known)
    assert all(
        row["similarity"] is not None
        for row in rows(settings, "select * from enriched.topic_event where event in ('split', 'merge', 'revival')")
    )


def test_few_documents_are_without_a_topic(weekly):
    settings, _, documents = weekly
    topics, truth = topics_of(settings), planting.truth_of(documents)
    about = [key for key, subject in truth.items() if subject is not None]
    assert sum(topics[key] is None for key in about) <= 0.15 * len(about)


def test_noise_has_no_topic(weekly):
    settings, _, documents = weekly
    topics = topics_of(settings)
    noise = [planted.row["document_id"] for planted in documents if planted.subject is None]
    assert sum(topics[key] is None for key in noise) > 0.8 * len(noise)


def test_all_weeks_in_one_run_give_the_same_tables(weekly, tmp_path):
    settings, language, documents = weekly
    whole = project(tmp_path)
    order = np.random.default_rng(5).permutation(len(documents))
    planting.add(whole, [documents[place] for place in order])
    update(whole, language)
    expected = tables(settings)
    assert len(expected["topic_event"]) > 10
    assert tables(whole) == expected


def test_a_run_without_new_documents_changes_nothing(weekly):
    settings, language, _ = weekly
    before = tables(settings)
    assert update(settings, language).assigned == 0
    assert tables(settings) == before


@pytest.mark.parametrize("kind", ["topic", "topic_event", "document"])
def test_the_marts_hold_what_the_registry_knows(weekly, kind):
    settings, _, _ = weekly
    with Warehouse(settings.warehouse_path) as warehouse:
        for mart in ("document", "topic", "topic_event"):
            warehouse.rebuild(f"marts.{mart}")
        if kind == "topic":
            merged = warehouse.rows("select * from marts.topic where status = 'merged'")
            assert merged
            assert all(row["replaced_by"] and row["document_count"] == 0 for row in merged)
            assert {row["status"] for row in warehouse.rows("select status from marts.topic")} >= {
                "live",
                "merged",
                "dead",
            }
        elif kind == "topic_event":
            assert warehouse.scalar("select count(*) from marts.topic_event where iso_week is null") == 0
            assert warehouse.scalar("select count(*) from marts.topic_event") > 10
        else:
            assert (
                warehouse.scalar(
                    "select count(*) from marts.document as d semi join marts.topic as t"
                    " on d.topic_id = t.topic_id and t.replaced_by is not null"
                )
                == 0
            )


def test_late_documents_go_to_topics_as_they_stand(weekly, tmp_path):
    _, language, documents = weekly
    late_project = project(tmp_path)
    late = [planted for planted in documents if planted.week == 2 and planted.subject == 0]
    planting.add(late_project, [planted for planted in documents if planted not in late and planted.week <= 5])
    update(late_project, language)
    before = topics_of(late_project)
    planting.add(late_project, late)
    assert update(late_project, language).assigned >= 0.8 * len(late)
    after = topics_of(late_project)
    assert {key: after[key] for key in before} == before
    subject = {planted.row["document_id"] for planted in documents if planted.subject == 0}
    topics = [after[key] for key in after if key in subject and after[key]]
    assert max(map(topics.count, set(topics))) >= 0.9 * len(topics)


def test_corrections_survive_weeks_growth_and_another_encoder(weekly, tmp_path, revision):
    _, language, documents = weekly
    settings = project(tmp_path)
    planting.add(settings, [planted for planted in documents if planted.week <= 3])
    update(settings, language)
    topics = topics_of(settings)
    _, subject_of = planting.matched_share(topics, planting.truth_of([p for p in documents if p.week <= 3]))
    topic_of = {subject: topic for topic, subject in subject_of.items()}
    planting.correct(settings, "topic_rename", topic_of[0], "Leaking pump", "en")
    planting.correct(settings, "topic_merge", topic_of[1], topic_of[0])
    planting.correct(settings, "topic_pin", topic_of[6], "yes")
    planting.correct(settings, "topic_hide", topic_of[7], "yes")
    word = {"en": "delivery", "zh": "物流"}[language]
    planting.correct(settings, "topic_split", topic_of[2], f"{word}, nowhere")

    def holds(through: int) -> None:
        found = topics_of(settings)
        about = {0: set(), 1: set(), 2: set()}
        for planted in documents:
            if planted.week <= through and planted.subject in about:
                about[planted.subject].add(found[planted.row["document_id"]])
        assert topic_of[1] not in about[1]
        assert topic_of[0] in about[1]
        assert topic_of[2] not in about[2]
        with Warehouse(settings.warehouse_path) as warehouse:
            for mart in ("document", "topic"):
                warehouse.rebuild(f"marts.{mart}")
            known = {row["topic_id"]: row for row in warehouse.rows("select * from marts.topic")}
        assert known[topic_of[0]]["label_en"] == "Leaking pump"
        assert known[topic_of[1]]["replaced_by"] == topic_of[0]
        assert known[topic_of[7]]["is_hidden"]
        assert known[topic_of[7]]["document_count"] > 0
        assert known[topic_of[6]]["is_pinned"]
        assert known[topic_of[6]]["status"] == "live"
        (child,) = [row for row in known.values() if row["status"] == "split_off"]
        assert child["document_count"] > 0

    update(settings, language)
    holds(3)
    planting.add(settings, [planted for planted in documents if 3 < planted.week <= 8])
    update(settings, language)
    holds(5)
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(planting.DIM, planting.DIM)))[0].astype(np.float32)
    before = topics_of(settings)
    planting.add(settings, [p for p in documents if p.week <= 8], revision="2", rotation=rotation)
    revision[language] = "2"
    try:
        update(settings, language)
    finally:
        revision[language] = "1"
    holds(5)
    after = topics_of(settings)
    same = sum(after[key] == topic for key, topic in before.items())
    assert same >= 0.9 * len(before)
