"""Which articles are one story: what joins, what does not, and that order changes nothing."""

from __future__ import annotations

import random
from datetime import date, timedelta

import numpy as np
import pytest

from tasks.core.stories import (
    Article,
    adjusted,
    article_vectors,
    average_linkage,
    headline_of,
    headline_vector,
    likeness,
    tell_stories,
)

DAY = date(2026, 1, 5)


def articles(*days: int) -> list[Article]:
    return [Article(f"d{i}", DAY + timedelta(days=day), f"{i:03d}", f"d{i}") for i, day in enumerate(days)]


def units(*angles: float) -> np.ndarray:
    """Unit vectors in the plane, by their angles in degrees."""
    radians = np.deg2rad(angles)
    return np.column_stack([np.cos(radians), np.sin(radians)]).astype(np.float32)


def groups(found) -> list[set[str]]:
    by_story: dict[str, set[str]] = {}
    for row in found:
        by_story.setdefault(row.story_id, set()).add(row.document_id)
    return sorted(by_story.values(), key=min)


def test_the_nearest_join_first_and_by_their_mean():
    # 0 and 20 join (0.94); 45 is near to 20 (0.91), but to their mean only 0.82.
    found = tell_stories(articles(0, 0, 0), units(0, 20, 45), threshold=0.85)
    assert groups(found) == [{"d0", "d1"}, {"d2"}]
    assert groups(tell_stories(articles(0, 0, 0), units(0, 20, 45), threshold=0.75)) == [{"d0", "d1", "d2"}]


def test_a_story_is_joined_only_while_it_is_told():
    found = tell_stories(articles(0, 4, 9), units(0, 0, 0), threshold=0.9)
    assert groups(found) == [{"d0", "d1"}, {"d2"}]
    assert [row.similarity for row in found] == [None, 1.0, None]


def test_two_stories_are_never_joined_though_an_article_stands_between_them():
    found = tell_stories(articles(0, 0, 1), units(0, 40, 18), threshold=0.8)
    assert groups(found) == [{"d0", "d2"}, {"d1"}]


def test_copies_weigh_as_one_and_go_where_their_text_is():
    same = [Article(f"c{i}", DAY, f"{i:03d}", "one text") for i in range(50)]
    late = [Article("late copy", DAY + timedelta(days=2), "900", "one text")]
    other = [Article("other", DAY, "950", "another"), Article("third", DAY + timedelta(days=1), "960", "third")]
    vectors = np.vstack([units(*[0] * 51), units(30, 55)])
    found = tell_stories([*same, *late, *other], vectors, threshold=0.7)
    assert len(groups(found)) == 1, "the mean of 0 and 30 degrees is near 55, that of fifty times 0 and 30 would not be"


@pytest.mark.parametrize("seed", range(5))
def test_order_of_arrival_and_runs_a_day_change_nothing(seed):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(12, 24))
    n, length = 240, 60
    event, days = rng.integers(0, 12, n), [int(day) for day in rng.integers(0, length, n)]
    vectors = centres[event] + 0.8 * rng.normal(size=(n, 24))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    rows = articles(*days)
    how = {"threshold": 0.5, "ordinary": 0.4}
    expected = tell_stories(rows, vectors, **how)
    assert 100 < len(groups(expected)) < 200
    assert expected != tell_stories(rows, vectors, threshold=0.5, ordinary=0.9), "likeness to other weeks counts"

    order = random.Random(seed).sample(range(n), n)
    shuffled = tell_stories([rows[i] for i in order], vectors[order], **how)
    assert shuffled == expected

    known: dict[str, str] = {}
    daily = []
    for day in range(length):
        upto = [i for i in range(n) if days[i] <= day]
        told = tell_stories([rows[i] for i in upto], vectors[upto], **how, known=dict(known))
        known |= {row.document_id: row.story_id for row in told}
        daily += told
    assert sorted(daily, key=lambda row: row.document_id) == sorted(expected, key=lambda row: row.document_id)


def test_what_is_said_every_week_is_no_event():
    # A weekly column, twice on the last day, and two reports of that day that are as alike as two columns.
    columns = articles(*range(0, 60, 7), 56)
    reports = [
        Article("r0", DAY + timedelta(days=56), "900", "r0"),
        Article("r1", DAY + timedelta(days=56), "901", "r1"),
    ]
    noise = np.random.default_rng(4).normal(size=(len(columns) + 2, 40)) / 40**0.5
    noise[:, :2] = 0
    noise[:-2, 0] = noise[-2:, 1] = 1.5
    vectors = (noise / np.linalg.norm(noise, axis=1, keepdims=True)).astype(np.float32)
    found = tell_stories([*columns, *reports], vectors, threshold=0.5, ordinary=0.2)
    story_of = {row.document_id: row.story_id for row in found}
    assert story_of["r0"] == story_of["r1"]
    assert len({story_of[column.document_id] for column in columns}) == len(columns)
    last = tell_stories(columns[-2:], vectors[len(columns) - 2 : len(columns)], threshold=0.5, ordinary=0.2)
    assert len(groups(last)) == 1, "without other weeks to compare with, they look like one event"


def test_an_event_that_goes_on_is_no_background_to_itself():
    rows = articles(*range(0, 40, 3))
    found = tell_stories(rows, units(*range(len(rows))), threshold=0.8, ordinary=0.2)
    assert len(groups(found)) == 1


def test_likeness_is_that_of_the_most_alike_and_ordinary_where_nothing_is_known():
    background = np.vstack([units(0, 10), units(*[90] * 98)])
    found = likeness([units(0)[0].astype(float), units(60)[0] * 2.0], [1, 2], background, 0.2)
    assert found[0] == pytest.approx((100 * np.cos(np.deg2rad([0, 10])).mean() + 5 * 0.2) / 105, abs=1e-5)
    assert found[1] == pytest.approx((100 * np.cos(np.deg2rad(30)) + 5 * 0.2) / 105, abs=1e-5)
    assert list(likeness([units(0)[0].astype(float)], [1], background[:0], 0.2)) == [0.2]
    assert adjusted(np.array(0.6), 0.1, 0.2) == pytest.approx(0.6)
    assert adjusted(np.array(0.6), 0.6, 0.2) == pytest.approx(0.2)
    assert adjusted(np.array(1.0), 1.0, 0.2) == 1.0


def test_linkage_agrees_with_a_plain_implementation():
    rng = np.random.default_rng(3)
    for _ in range(30):
        n, settled = int(rng.integers(2, 25)), int(rng.integers(0, 5))
        settled = min(settled, n - 1)
        vectors = rng.normal(size=(n, 4))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        alike = rng.random(n)
        found = average_linkage(list(vectors), [1] * n, settled=settled, threshold=0.3, likeness=alike, ordinary=0.4)
        assert found == plain_linkage(vectors, settled, 0.3, alike, 0.4)


def plain_linkage(vectors, settled, threshold, alike, ordinary):
    def similarity(a, b):
        means = vectors[a].mean(axis=0), vectors[b].mean(axis=0)
        cosine = means[0] @ means[1]
        for group, mean in zip((a, b), means, strict=True):
            share = (len(group) - 1) / (len(group) - 1 + 8)
            cosine /= max(0.01, mean @ mean) ** (share / 2)
        shared = min(0.95, max(ordinary, (alike[a].mean() + alike[b].mean()) / 2))
        return 1 - (1 - cosine) * (1 - ordinary) / (1 - shared)

    clusters = [[i] for i in range(len(vectors))]
    while True:
        pairs = [
            (float(similarity(a, b)), i, j)
            for i, a in enumerate(clusters)
            for j, b in enumerate(clusters)
            if i < j and not (min(a) < settled and min(b) < settled)
        ]
        if not pairs or max(pairs)[0] < threshold:
            return sorted(sorted(cluster) for cluster in clusters)
        _, i, j = max(pairs)
        clusters[i] = clusters[i] + clusters[j]
        del clusters[j]


@pytest.mark.parametrize(
    ("headline", "like", "unlike"),
    [
        ("Velotec recalls e-bikes", "Velotec: recall of E-Bikes!", "Kestrel fined by the regulator"),
        ("云骑召回电动车", "电动车被云骑召回", "永安银行被罚款"),
    ],
)
def test_headlines_are_alike_by_their_words_in_both_languages(headline, like, unlike):
    first, second, third = headline_vector(headline), headline_vector(like), headline_vector(unlike)
    assert first @ second > 0.6
    assert abs(first @ third) < 0.2


def test_articles_without_words_or_text_have_no_direction_and_no_story_but_their_own():
    vectors = article_vectors(["", "!!"], np.zeros((2, 3), np.float32), word_share=0.5)
    assert not vectors.any()
    assert len(groups(tell_stories(articles(0, 0), vectors, threshold=0.3))) == 2
    assert tell_stories([], article_vectors([], np.zeros((0, 3), np.float32), word_share=0.5), threshold=0.3) == []
    assert headline_of(None, "First line.\n\nBody") == "First line."
