"""Bursts: what one week says all at once is found, whoever's topics shared it out; constant weeks bring nothing.

The planted world: 24 subjects, three brands, 40 documents a brand and week, each about a subject drawn anew at
constant rates. A document of a burst is about its subject and, half as much again, about something that
no one spoke of.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from tasks.core import topic_registry as registers
from tasks.core.topic_bursts import Bursts, bursts
from tasks.core.topic_registry import Documents, Registry, Rules

DIM = 48
SUBJECTS = 24
BRANDS = ("Northwind", "Torvane", "Moricci")
A_WEEK = 40
FIRST = date(2026, 1, 5)
RULES = Rules()
SHARES = np.arange(30, 6, -1) / np.arange(30, 6, -1).sum()
STRENGTH = 1.5
NULL_WEEKS = 240


def week_of(number: int, seed: int, *, per_brand: int = A_WEEK) -> tuple[Documents, dict[str, str]]:
    """A week's documents with their subjects as topics, and the brand of each."""
    random = np.random.default_rng([seed, number])
    count = per_brand * len(BRANDS)
    return _documents(random, number, random.choice(SUBJECTS, count, p=SHARES), "d", BRANDS)


def burst_of(number: int, seed: int, size: int, axis: int, brands: tuple[str, ...]) -> tuple[Documents, dict[str, str]]:
    """Documents of a burst, spread over six subjects, in turn of the brands."""
    random = np.random.default_rng([seed, number, axis])
    return _documents(random, number, np.arange(size) % 6, f"burst{axis}", brands, axis)


def _documents(random, number, subjects, name, brands, axis=None) -> tuple[Documents, dict[str, str]]:
    rows = np.eye(DIM)[subjects] + (0 if axis is None else STRENGTH * np.eye(DIM)[axis])
    rows = rows + random.normal(0, 0.13, rows.shape)
    ids = np.array([f"{name}-{number:03}-{place:03}" for place in range(len(rows))], np.object_)
    documents = Documents(
        ids=ids,
        vectors=(rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32),
        shapes=np.ones(len(ids), np.bool_),
        authors=ids,
        sources=np.full(len(ids), "shop", np.object_),
        weeks=np.full(len(ids), FIRST + timedelta(weeks=number), np.object_),
        topics=np.array([f"en-{subject:08}" for subject in subjects], np.object_),
    )
    return documents, {key: brands[place % len(brands)] for place, key in enumerate(ids)}


def known_topics(documents: Documents) -> Registry:
    groups = [documents.take(documents.topics == name) for name in sorted(set(documents.topics))]
    topics = [
        registers.founded(str(group.topics[0]), group, np.full(len(group), 0.6), 0.1, FIRST - timedelta(weeks=20))
        for group in groups
    ]
    return Registry("en", tuple(topics))


def look(number: int, seed: int, *added: tuple[Documents, dict[str, str]], shuffled: int | None = None) -> Bursts:
    """What week `number` brings after eight weeks."""
    weeks = [week_of(week, seed) for week in range(number - 8, number + 1)]
    brands = {key: brand for _, owners in (*weeks, *added) for key, brand in owners.items()}
    past = registers.together(*(documents for documents, _ in weeks[:-1]))
    present = registers.together(weeks[-1][0], *(documents for documents, _ in added))
    registry = known_topics(past)
    if shuffled is not None:
        random = np.random.default_rng(shuffled)
        past, present = past.take(random.permutation(len(past))), present.take(random.permutation(len(present)))
    return bursts(registry, present, past, brands, week=FIRST + timedelta(weeks=number), rules=RULES)


def test_a_burst_of_a_brand_and_one_of_all_are_both_found():
    own = burst_of(8, 1, 14, 40, ("Torvane",))
    common = burst_of(8, 1, 24, 41, BRANDS)
    found = look(8, 1, own, common)
    assert [event.kind for event in found.events] == ["birth", "birth"]
    for planted, _ in (own, common):
        holders = [
            event.topic_id
            for event in found.events
            if set(found.documents.ids[found.documents.topics == event.topic_id]) & set(planted.ids)
        ]
        assert len(holders) == 1, "a burst is one topic, and no other topic holds of it"
        members = set(found.documents.ids[found.documents.topics == holders[0]])
        assert len(members & set(planted.ids)) >= 0.8 * len(planted)
        assert len(members & set(planted.ids)) >= 0.8 * len(members)


def test_a_birth_by_burst_carries_its_evidence():
    found = look(8, 2, burst_of(8, 2, 14, 40, ("Torvane",)))
    (event,) = found.events
    assert (event.cause, event.week) == ("burst", FIRST + timedelta(weeks=8))
    assert event.document_count == event.author_count == len(found.documents)
    assert event.expected_count is not None
    assert event.expected_count < 0.2 * event.document_count
    assert event.other_topic_id in found.registry
    assert len(event.document_ids) == 3


def test_the_topics_that_it_came_from_keep_what_is_left():
    burst = burst_of(8, 3, 14, 40, ("Torvane",))
    past = registers.together(*(week_of(week, 3)[0] for week in range(8)))
    before, found = known_topics(past), look(8, 3, burst)
    born = {event.topic_id for event in found.events}
    assert sum(topic.document_count for topic in found.registry.topics) == sum(
        topic.document_count for topic in before.topics
    )
    for topic in before.topics:
        gone = found.documents.take(np.isin(found.documents.ids, burst[0].ids[burst[0].topics == topic.topic_id]))
        assert found.registry[topic.topic_id].document_count == topic.document_count - len(gone)
        assert np.allclose(found.registry[topic.topic_id].centre, topic.centre - gone.vectors.sum(axis=0), atol=1e-5)
    assert born


def test_constant_weeks_bring_no_topic():
    """At a level of 0.01 a week chance alone may bring 2.4 in 240 weeks; 8 or more have a probability of 0.3%."""
    births = sum(len(look(number, 4).events) for number in range(8, 8 + NULL_WEEKS))
    assert births <= 7


def test_what_was_always_frequent_is_no_burst():
    weeks = [burst_of(week, 5, 14, 40, ("Torvane",)) for week in range(9)]
    past = registers.together(*(week_of(week, 5)[0] for week in range(8)), *(documents for documents, _ in weeks[:8]))
    present = registers.together(week_of(8, 5)[0], weeks[8][0])
    brands = {
        key: brand for week in range(9) for _, part in (week_of(week, 5), weeks[week]) for key, brand in part.items()
    }
    found = bursts(known_topics(past), present, past, brands, week=FIRST + timedelta(weeks=8), rules=RULES)
    assert found.events == ()


def test_one_author_makes_no_burst():
    documents, owners = burst_of(8, 6, 14, 40, ("Torvane",))
    same = replace(documents, authors=np.full(len(documents), "one", np.object_))
    assert look(8, 6, (same, owners)).events == ()
    assert look(8, 6, (documents, owners)).events


def test_looking_again_brings_nothing_new():
    """A surge that goes on, or documents that come late, belong to the topic that the burst made."""
    burst = burst_of(8, 7, 14, 40, ("Torvane",))
    first = look(8, 7, burst)
    places = dict(zip(first.documents.ids, first.documents.topics, strict=True))
    weeks = [week_of(week, 7) for week in range(9)]
    brands = {key: brand for _, owners in (*weeks, burst) for key, brand in owners.items()}
    past = registers.together(*(documents for documents, _ in weeks[:8]))
    present = registers.together(weeks[8][0], burst[0])
    present = present.with_topics(
        np.array([places.get(i, topic) for i, topic in zip(present.ids, present.topics, strict=True)], np.object_)
    )
    again = bursts(first.registry, present, past, brands, week=FIRST + timedelta(weeks=8), rules=RULES)
    assert first.events
    assert again.events == ()


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_documents_changes_nothing(seed):
    added = burst_of(8, 8, 14, 40, ("Torvane",)), burst_of(8, 8, 24, 41, BRANDS)
    one, other = look(8, 8, *added), look(8, 8, *added, shuffled=seed)
    assert one.events == other.events
    assert one.documents.ids.tolist() == other.documents.ids.tolist()
    assert one.documents.topics.tolist() == other.documents.topics.tolist()
