"""The registry as arithmetic: who belongs where, whatever the order, and what happens to topics."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from tasks.core import topic_refit
from tasks.core import topic_registry as registers
from tasks.core import topic_shapes as shapes
from tasks.core import topic_stream as stream
from tasks.core.topic_corrections import SplitPart, corrections_of, parts_by_vectors
from tasks.core.topic_registry import Documents, Registry, Rules, TopicState

DIM = 16
NOWHERE = np.zeros(DIM, np.float32)
WEEK = date(2026, 1, 5)
RULES = Rules(min_documents=20, least_documents=8, least_authors=3)


def documents(subjects, *, seed=0, week=WEEK, topics=None, authors=None) -> Documents:
    """Documents around axes; subject -1 lies anywhere."""
    random = np.random.default_rng(seed)
    subjects = np.array(subjects)
    vectors = np.where(subjects[:, None] >= 0, np.eye(DIM)[subjects], 0) + random.normal(0, 0.12, (len(subjects), DIM))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = np.array([f"{seed:02d}-{place:04d}" for place in range(len(subjects))], np.object_)
    return Documents(
        ids=ids,
        vectors=vectors.astype(np.float32),
        shapes=np.ones(len(ids), np.bool_),
        authors=ids if authors is None else np.array(authors, np.object_),
        sources=np.full(len(ids), "shop", np.object_),
        weeks=np.full(len(ids), week, np.object_),
        topics=np.full(len(ids), None, np.object_) if topics is None else np.array(topics, np.object_),
    )


def find(found: Documents) -> np.ndarray:
    """Groups of documents that lie near each other, at any order: numbers follow the smallest id."""
    near = found.vectors @ found.vectors.T > 0.6
    order = np.argsort(found.ids.astype(str))
    labels = np.full(len(found), -1, np.int64)
    for row in order:
        if labels[row] < 0:
            labels[near[row] & (labels < 0)] = row
    return np.unique(labels, return_inverse=True)[1]


def alike(first: Documents, second: Documents) -> float:
    return 1.0


def first_topics(count: int = 3) -> tuple[Registry, Documents]:
    known = documents(np.repeat(np.arange(count), 30))
    registry, _ = topic_refit.refit(Registry("en"), known, find(known), week=WEEK, rules=RULES, cause="documents")
    topics, _ = registers.assign(known.vectors, registry.drawing)
    return registry, known.with_topics(topics)


def take_in(registry: Registry, new: Documents, recent: Documents, *, week=WEEK + timedelta(weeks=1), **options):
    nothing = new.take(np.zeros(0, np.int64))
    return stream.step(
        registry,
        new,
        options.pop("waiting", nothing),
        recent,
        week=week,
        rules=RULES,
        find=find,
        alike=alike,
        **options,
    )


def test_a_week_shuffled_a_hundred_times_gives_the_same_topics_and_events():
    registry, known = first_topics()
    new = documents([0] * 20 + [1] * 20 + [5] * 15 + [-1] * 10, seed=3, week=WEEK + timedelta(weeks=1))
    expected = None
    for seed in range(100):
        random = np.random.default_rng(seed)
        done = take_in(registry, new.take(random.permutation(len(new))), known.take(random.permutation(len(known))))
        found = (
            dict(zip(done.documents.ids, done.documents.topics, strict=True)),
            done.events,
            [(topic.topic_id, topic.centre.tobytes(), topic.threshold) for topic in done.registry.topics],
        )
        expected = expected or found
        assert found == expected
    assert len(set(expected[0].values())) >= 3


def test_a_search_for_all_topics_shuffled_a_hundred_times_gives_the_same():
    known = documents(np.repeat(np.arange(4), 15), seed=4)
    labels = find(known)
    results = set()
    for seed in range(100):
        order = np.random.default_rng(seed).permutation(len(known))
        registry, _ = topic_refit.refit(
            Registry("en"), known.take(order), labels[order], week=WEEK, rules=RULES, cause="documents"
        )
        results.add(tuple((topic.topic_id, topic.centre.tobytes()) for topic in registry.topics))
    assert len(results) == 1
    assert len(results.pop()) == 4


def test_a_new_subject_of_enough_authors_is_born_with_its_evidence():
    registry, known = first_topics()
    new = documents([7] * 12, seed=5)
    done = take_in(registry, new, known)
    (event,) = done.events
    assert (event.kind, event.document_count, event.author_count) == ("birth", 12, 12)
    assert set(event.document_ids) <= set(new.ids)
    assert set(done.documents.topics) == {event.topic_id}


@pytest.mark.parametrize(
    ("count", "authors"), [(7, None), (12, ["ann", "ben"] * 6)], ids=["too few documents", "too few authors"]
)
def test_too_little_evidence_waits(count, authors):
    registry, known = first_topics()
    done = take_in(registry, documents([7] * count, seed=5, authors=authors), known)
    assert done.events == ()
    assert set(done.documents.topics) == {None}


def test_what_waited_is_born_with_the_week_that_brings_enough():
    registry, known = first_topics()
    first = take_in(registry, documents([7] * 6, seed=5), known)
    second = take_in(
        first.registry, documents([7] * 6, seed=6), known, week=WEEK + timedelta(weeks=2), waiting=first.documents
    )
    assert [event.kind for event in second.events] == ["birth"]
    assert set(second.documents.ids) >= set(first.documents.ids)


def test_documents_that_do_not_shape_topics_are_assigned_and_give_birth_to_none():
    registry, known = first_topics()
    new = documents([7] * 12 + [0] * 5, seed=5)
    new = replace(new, shapes=np.zeros(len(new), np.bool_))
    done = take_in(registry, new, known)
    assert done.events == ()
    assert [topic is not None for topic in done.documents.topics] == [False] * 12 + [True] * 5
    assert done.registry.document_count == registry.document_count


def test_silence_is_death_and_documents_bring_a_topic_back():
    registry, known = first_topics()
    later = WEEK + timedelta(weeks=RULES.death_weeks)
    done = take_in(registry, documents([0] * 10 + [1] * 10, seed=8, week=later), known, week=later)
    (event,) = done.events
    assert event.kind == "death"
    stray = take_in(done.registry, documents([2] * 2, seed=9, week=later), known, week=later)
    assert stray.events == ()
    back = take_in(done.registry, documents([2] * 4, seed=9, week=later), known, week=later)
    assert [(e.kind, e.topic_id) for e in back.events] == [("revival", event.topic_id)]
    assert back.registry[event.topic_id].status == "live"


def test_a_pinned_topic_does_not_die():
    registry, known = first_topics()
    later = WEEK + timedelta(weeks=RULES.death_weeks)
    pinned = frozenset(topic.topic_id for topic in registry.topics)
    assert take_in(registry, documents([0] * 10, seed=8, week=later), known, week=later, pinned=pinned).events == ()


def test_an_id_goes_to_the_cluster_that_holds_its_documents():
    registry, known = first_topics()
    turned = np.linalg.qr(np.random.default_rng(2).normal(size=(DIM, DIM)))[0].astype(np.float32)
    elsewhere = replace(known, vectors=known.vectors @ turned)
    again, events = topic_refit.refit(registry, elsewhere, find(elsewhere), week=WEEK, rules=RULES, cause="model")
    assert events == ()
    assert [topic.topic_id for topic in again.topics] == [topic.topic_id for topic in registry.topics]
    topics, _ = registers.assign(elsewhere.vectors, again.drawing)
    assert np.mean([a == b for a, b in zip(topics, known.topics, strict=True)]) > 0.9


def test_a_topic_that_no_cluster_holds_any_more_points_to_its_heir():
    registry, known = first_topics()
    labels = np.where(find(known) == 2, 1, find(known))
    again, events = topic_refit.refit(registry, known, labels, week=WEEK, rules=RULES, cause="growth")
    (event,) = events
    assert event.kind == "merge"
    assert again.standing(event.topic_id) == event.other_topic_id
    assert again[event.topic_id].status == "merged"


def test_a_piece_of_an_old_topic_needs_what_a_new_topic_needs():
    registry, known = first_topics()
    labels = find(known)
    piece = np.flatnonzero(known.topics == registry.topics[0].topic_id)[: RULES.least_documents - 1]
    labels[piece] = 9
    again, events = topic_refit.refit(registry, known, labels, week=WEEK, rules=RULES, cause="growth")
    assert events == ()
    assert [topic.topic_id for topic in again.topics] == [topic.topic_id for topic in registry.topics]


def test_a_new_search_does_not_take_apart_what_was_merged():
    # It finds the two old places and the new one: a third cluster, half of either topic's documents.
    registry, known = first_topics()
    large, small, other = registry.topics
    registry = registry.changed([replace(small, status="merged", replaced_by=large.topic_id)])
    labels = find(known)
    for topic in (large, small):
        labels[np.flatnonzero(known.topics == topic.topic_id)[:14]] = 9
    again, events = topic_refit.refit(registry, known, labels, week=WEEK, rules=RULES, cause="growth")
    assert events == ()
    assert {again.standing(topic.topic_id) for topic in again.topics} == {large.topic_id, other.topic_id}
    assert len(again.drawing) == 4


def test_merges_are_followed_over_several_steps_and_circles_end():
    def topic(name, target):
        return TopicState(name, np.ones(2), 0.5, 0.8, WEEK, WEEK, 1, replaced_by=target)

    registry = Registry("en", (topic("a", "b"), topic("b", "c"), topic("c", None), topic("d", "e"), topic("e", "d")))
    assert registry.standing("a") == "c"
    assert registry.standing("d") in ("d", "e")


def test_ids_depend_on_the_documents_alone_and_are_never_given_twice():
    known = registers.new_topic_id("en", ["b", "a"], [])
    assert known == registers.new_topic_id("en", ["a", "b"], [])
    assert registers.new_topic_id("en", ["a", "b"], [known]) != known


def test_nearness_to_a_group_leaves_the_document_itself_out():
    rows = np.eye(3, dtype=np.float32)
    np.testing.assert_allclose(shapes.to_others(rows), [0, 0, 0], atol=1e-7)
    assert shapes.to_others(rows[:1]).tolist() == [1.0]


def test_cohesion_does_not_depend_on_the_size_of_the_group():
    many = documents([0] * 2_000, seed=3).vectors
    few = [shapes.cohesion(documents([0] * 12, seed=seed).vectors) for seed in range(20)]
    assert shapes.cohesion(many) == pytest.approx(np.mean(few), abs=0.01)
    nearness = [shapes.to_others(documents([0] * 12, seed=seed).vectors).mean() for seed in range(20)]
    expected = shapes.cohesion(many) * shapes.small_group_factor(12, shapes.cohesion(many))
    assert np.mean(nearness) == pytest.approx(expected, abs=0.01)
    assert shapes.cohesion(many[:1]) == 1.0


def test_threshold_lies_two_deviations_under_the_mean():
    cosines = np.array([0.5, 0.7] * 500)
    assert shapes.threshold(cosines, 0.1) == pytest.approx(0.6 - 2 * 0.1, abs=1e-3)
    assert shapes.threshold(np.array([0.6]), 0.1) == pytest.approx(0.6 - 2 * 0.1 * (20 / 21) ** 0.5, abs=1e-3)


def test_pieces_of_one_group_are_not_apart_and_two_groups_are():
    one = documents([0] * 40, seed=1).vectors
    two = documents([0] * 20 + [1] * 20, seed=1).vectors
    side = shapes.halves(one)
    assert shapes.separation(one[side], one[~side]) < stream.SPLIT_SEPARATION
    side = shapes.halves(two)
    assert sorted((side[:20].sum(), side[20:].sum())) == [0, 20]
    assert shapes.separation(two[side], two[~side]) > 0.8


def test_the_core_is_what_is_left_without_strangers():
    rows = documents([0] * 15 + [-1] * 5, seed=2).vectors
    assert shapes.core(rows, 0.6).tolist() == [True] * 15 + [False] * 5


def correct(*rows: tuple[str, str, str], language: str = "en"):
    return corrections_of(language, [{"kind": k, "subject": s, "value": v} for k, s, v in rows])


def plain(*names: str) -> Registry:
    topics = [TopicState(name, np.ones(2), 0.5, 0.8, WEEK, WEEK, 1) for name in names]
    return Registry(names[0][:2], tuple(topics))


def test_corrected_merges_win_and_are_followed():
    registry = plain("en-a", "en-b", "en-c")
    found = correct(("topic_merge", "en-a", "en-b"), ("topic_merge", "en-b", "en-c"))
    assert found.shown(registry, "en-a") == "en-c"
    circle = correct(("topic_merge", "en-a", "en-b"), ("topic_merge", "en-b", "en-a"))
    assert circle.shown(registry, "en-a") == circle.shown(registry, "en-b") == "en-a"


@pytest.mark.parametrize(
    ("language", "words", "text", "other"),
    [
        ("en", "leak, Seal; noise", "The SEAL is torn", "So much noise"),
        ("zh", "漏水、密封圈；噪音", "密封圈坏了", "噪音很大"),
    ],
)
def test_a_split_takes_documents_by_their_words_in_both_languages(language, words, text, other):
    registry = plain(f"{language}-a", f"{language}-b")
    found = correct(("topic_split", f"{language}-a", words), language=language)
    first, second = found.parts[f"{language}-a"]
    assert found.place(registry, f"{language}-a", lambda: text, NOWHERE) == first.topic_id
    assert found.place(registry, f"{language}-a", lambda: other, NOWHERE) == second.topic_id
    assert found.place(registry, f"{language}-a", lambda: "...", NOWHERE) == f"{language}-a"
    assert found.place(registry, f"{language}-b", lambda: text, NOWHERE) == f"{language}-b"


def test_a_part_may_be_merged_elsewhere_and_back_without_end():
    registry = plain("en-a", "en-b")
    part = correct(("topic_split", "en-a", "leak")).parts["en-a"][0].topic_id
    away = correct(("topic_split", "en-a", "leak"), ("topic_merge", part, "en-b"))
    assert away.place(registry, "en-a", lambda: "a leak", NOWHERE) == "en-b"
    back = correct(("topic_split", "en-a", "leak"), ("topic_merge", part, "en-a"))
    assert back.place(registry, "en-a", lambda: "a leak", NOWHERE) == "en-a"


def places_of(parts: tuple[SplitPart, ...]) -> list[list[str]]:
    return [sorted(part.founders) for part in parts]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("count", [3, None])
def test_a_split_by_vectors_finds_the_subjects_in_any_order(language, count):
    subjects = np.array([0] * 30 + [1] * 20 + [2] * 12)
    known = documents(subjects, seed=4)
    found = parts_by_vectors(language, f"{language}-a", count, known)
    assert places_of(found) == [sorted(known.ids[subjects == subject]) for subject in range(3)]
    assert all(part.topic_id.startswith(f"{language}-") for part in found)
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(len(known))
        assert parts_by_vectors(language, f"{language}-a", count, known.take(order)) == found


def test_a_split_by_vectors_keeps_to_the_number_asked_for():
    known = documents([0] * 30 + [1] * 30, seed=4)
    assert len(parts_by_vectors("en", "en-a", 5, known)) == 5
    assert len(parts_by_vectors("en", "en-a", 2, known)) == 2


def test_what_lies_on_one_spot_or_shapes_nothing_is_not_split():
    one = documents([0] * 10, seed=4)
    spot = replace(one, vectors=np.repeat(one.vectors[:1], 10, axis=0))
    for stuck in (spot, replace(one, shapes=np.zeros(10, np.bool_)), one.take(np.arange(1)), one.take(np.arange(0))):
        assert parts_by_vectors("en", "en-a", 2, stuck) == ()
        assert parts_by_vectors("en", "en-a", None, stuck) == ()


def test_a_lone_outlier_is_no_part_of_its_own():
    crowd = documents([0] * 40 + [1] * 40 + [2], seed=4)
    assert sorted(len(part.founders) for part in parts_by_vectors("en", "en-a", None, crowd)) == [40, 41]


def test_a_document_goes_to_the_nearest_part_and_one_without_a_vector_stays():
    registry, axes = plain("en-a"), np.eye(DIM)
    parts = tuple(SplitPart(f"en-{name}", "en-a", centre=axis) for name, axis in zip("xy", axes, strict=False))
    found = correct(("topic_split", "en-a", "2")).with_parts("en-a", parts)
    assert found.split == {"en-a"}
    for axis, topic in ((0, "en-x"), (1, "en-y")):
        assert found.place(registry, "en-a", lambda: "", documents([axis]).vectors[0]) == topic
    assert found.place(registry, "en-a", lambda: "", NOWHERE) == "en-a"


def test_a_split_topic_is_not_merged_and_outlives_a_search_that_misses_it():
    registry, known = first_topics()
    small = min(registry.topics, key=lambda topic: (topic.document_count, topic.topic_id)).topic_id
    one_place = replace(known, vectors=documents([0] * len(known), seed=5).vectors)
    week = WEEK + timedelta(weeks=1)
    new = documents([0], seed=6, week=week)
    merged = take_in(registry, new, one_place)
    assert "merge" in [event.kind for event in merged.events]
    kept = take_in(registry, new, one_place, split=frozenset(topic.topic_id for topic in registry.topics))
    assert "merge" not in [event.kind for event in kept.events]
    nowhere = np.zeros(len(known), np.int64)
    for split in (frozenset(), frozenset({small})):
        again, _ = topic_refit.refit(registry, known, nowhere, week=WEEK, rules=RULES, cause="growth", split=split)
        assert (again[small].status == "live") == bool(split)


def test_corrections_of_the_other_language_and_empty_words_do_nothing():
    found = correct(("topic_merge", "zh-a", "zh-b"), ("topic_split", "en-a", " ; , "), ("topic_pin", "en-a", "no"))
    assert not found.merges
    assert not found.pinned
    assert found.parts == {"en-a": ()}


def test_separations_of_all_pairs_are_those_of_each_pair():
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), [12, 20, 9])
    vectors = np.eye(8)[labels] + 0.5 * random.normal(size=(len(labels), 8))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    found = shapes.separations(vectors, labels, 3)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        expected = shapes.separation(vectors[labels == first], vectors[labels == second])
        assert found[first, second] == pytest.approx(expected, abs=1e-9)
        assert found[second, first] == pytest.approx(expected, abs=1e-9)
