"""Topics that people split: what counts where in later weeks, under which names, and what a replaced split leaves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tasks.enrich_topics as stage
from tasks.config import Settings
from tasks.store.warehouse import Warehouse
from tests import topic_stream_planting as planting


@pytest.fixture(params=["en", "zh"])
def language(request):
    return request.param


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


def rows(settings: Settings, sql: str) -> list[dict[str, Any]]:
    with Warehouse(settings.warehouse_path) as warehouse:
        return warehouse.rows(sql)


def test_a_split_by_vectors_survives_weeks_and_another_encoder(tmp_path, revision, language):
    """A topic of two subjects (a person merged them) falls into these, under ids and labels that stay."""
    documents = planting.stream(language)
    settings = planting.project(tmp_path)
    planting.add(settings, [planted for planted in documents if planted.week <= 3])
    update(settings, language)
    _, subject_of = planting.matched_share(
        planting.topics_of(settings), planting.truth_of([p for p in documents if p.week < 4])
    )
    topic_of = {subject: topic for topic, subject in subject_of.items()}
    planting.correct(settings, "topic_merge", topic_of[1], topic_of[0])
    planting.correct(settings, "topic_split", topic_of[0], "auto")
    update(settings, language)
    label = f"label_{language}"
    parts = rows(
        settings, f"select topic_id, {label} as label, keywords from enriched.topic where status = 'split_off'"
    )
    assert len(parts) == 2
    assert all(part["label"] and part["keywords"] for part in parts)

    def part_of(through: int) -> dict[int, str]:
        found = planting.topics_of(settings)
        about: dict[int, list[str | None]] = {0: [], 1: []}
        for planted in documents:
            if planted.week <= through and planted.subject in about:
                about[planted.subject].append(found[planted.row["document_id"]])
        main = {subject: max(set(topics) - {None}, key=topics.count) for subject, topics in about.items()}
        for subject, topics in about.items():
            held = [topic for topic in topics if topic in {part["topic_id"] for part in parts}]
            assert held.count(main[subject]) >= 0.98 * len(held)
            assert len(held) >= 0.85 * len(topics)
        return main

    before = part_of(3)
    assert len(set(before.values())) == 2
    own = {part["topic_id"]: part["label"] for part in parts}
    saying = planting.SAYINGS[language]
    assert all(any(word in saying[subject] for word in own[before[subject]].split()) for subject in (0, 1))
    planting.add(settings, [planted for planted in documents if 3 < planted.week <= 8])
    update(settings, language)
    assert part_of(8) == before
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(planting.DIM, planting.DIM)))[0].astype(np.float32)
    planting.add(settings, [p for p in documents if p.week <= 8], revision="2", rotation=rotation)
    revision[language] = "2"
    try:
        update(settings, language)
    finally:
        revision[language] = "1"
    assert part_of(8) == before
    events = rows(settings, "select * from enriched.topic_event where event = 'split' and cause = 'correction'")
    assert {(row["topic_id"], row["other_topic_id"]) for row in events} == {(key, topic_of[0]) for key in own}


def test_a_part_is_split_again_and_a_replaced_split_leaves_no_document_behind(tmp_path, language):
    documents = planting.stream(language)
    settings = planting.project(tmp_path)
    planting.add(settings, [planted for planted in documents if planted.week <= 2])
    update(settings, language)
    _, subject_of = planting.matched_share(
        planting.topics_of(settings), planting.truth_of([p for p in documents if p.week < 3])
    )
    topic_of = {subject: topic for topic, subject in subject_of.items()}
    for subject in (1, 2):
        planting.correct(settings, "topic_merge", topic_of[subject], topic_of[0])
    before = planting.topics_of(settings)
    word = {"en": "pump", "zh": "水泵"}[language]
    planting.correct(settings, "topic_split", topic_of[0], f"{word}, creamy, 奶泡")
    update(settings, language)
    (part,) = rows(settings, "select topic_id from enriched.topic where status = 'split_off'")
    planting.correct(settings, "topic_split", part["topic_id"], "2")
    update(settings, language)

    def sizes() -> list[int]:
        counted = rows(
            settings,
            "select count(*) as n from enriched.document_topic inner join enriched.topic using (topic_id)"
            " where status = 'split_off' group by topic_id order by n",
        )
        return [row["n"] for row in counted]

    assert len(sizes()) == 2
    assert 0.95 * 88 <= sum(sizes()) <= 88
    with Warehouse(settings.warehouse_path) as warehouse:
        for mart in ("document", "topic"):
            warehouse.rebuild(f"marts.{mart}")
        assert not warehouse.rows(
            "select * from marts.document where topic_id not in (select topic_id from marts.topic)"
        )
    planting.correct(settings, "topic_split", topic_of[0], ",")
    for subject in (1, 2):
        planting.correct(settings, "topic_merge", topic_of[subject], topic_of[subject])
    update(settings, language)
    assert sizes() == []
    assert planting.topics_of(settings) == before
