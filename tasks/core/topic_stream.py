"""A week of documents meets the registry of topics: what belongs to known ones, and what becomes of them.

Pure. `step` takes a week's new documents, those still waiting for a topic and those of the recent weeks, and gives
back the registry after the week, the documents whose topic changed, and the events. Documents are sorted by id and
nothing is drawn by chance: order changes nothing. tasks/core/topic_refit.py looks for all topics anew.

What happens in a step, in this order: new documents go to the nearest topic whose threshold they reach; what fits
nowhere waits, and is clustered with what waited before: a tight cluster of enough documents and authors is a birth.
Then topics that fall into two are split, pairs that have become one are merged (the smaller points to the larger
one), and topics without documents die.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from tasks.core import topic_registry as registers
from tasks.core import topic_shapes as shapes
from tasks.core.topic_registry import Documents, Registry, Rules, TopicEvent, TopicState

REVIVING_DOCUMENTS = 3
SPLIT_SEPARATION = 0.35
NEWEST_WEEKS = 2
FRINGE = 0.75
MERGE_SIMILARITY = 0.8
MERGE_WORD_SIMILARITY = 0.65
MERGE_SEPARATION = 0.2
TWIN_OF_NEWBORN = 0.85
TIGHT = 0.9
MOST_COMPARED = 400

Find = Callable[[Documents], NDArray[np.int64]]
"""Clusters documents: (n,) labels from 0, -1 for none. It must not depend on anything but the documents."""

Alike = Callable[[Documents, Documents], float]
"""Cosine of the words of two groups of documents, 0-1."""


@dataclass(frozen=True)
class Step:
    """What a step changed: the registry, and the topic and cosine of each document that was looked at."""

    registry: Registry
    documents: Documents
    similarities: NDArray[np.float64]
    events: tuple[TopicEvent, ...]


def step(
    registry: Registry,
    new: Documents,
    waiting: Documents,
    recent: Documents,
    *,
    week: date,
    rules: Rules,
    find: Find,
    alike: Alike,
    pinned: frozenset[str] = frozenset(),
    split: frozenset[str] = frozenset(),
) -> Step:
    """Take a week's documents into a registry that has topics.

    Args:
        new: documents that no step has seen.
        waiting: earlier documents of the last `waiting_weeks` that shape topics and have none.
        recent: earlier documents of the last `recent_weeks` that shape topics and have one.
        pinned: topics that neither die nor merge.
        split: topics that people split, which join no other topic.
    """
    new, waiting, recent = new.in_order(), waiting.in_order(), recent.in_order()
    new = new.with_topics(_assigned(registry, new))
    registry, events = _count(registry, new, week)
    pool = registers.together(new.take(registers.is_free(new) & new.usable), waiting)
    if (registers.is_free(new) & new.usable).any():
        registry, pool, born = _births(registry, pool, week=week, rules=rules, find=find)
        events += born
    looked_at = registers.together(pool, new)
    present = registers.together(looked_at.take(~registers.is_free(looked_at) & looked_at.usable), recent)
    registry, moved, parted = _splits(registry, present, _fringe(registry, looked_at), week=week, rules=rules)
    present, looked_at = _moved(present, moved), _placed_again(registry, _moved(looked_at, moved), parted)
    registry, merged = _merges(registry, present, week=week, rules=rules, alike=alike, pinned=pinned, split=split)
    registry, died = registers.age(registry, week, rules, pinned=pinned)
    documents = registers.together(present, looked_at)
    documents = documents.take(_changed(documents, registers.together(waiting, recent)))
    return Step(
        replace(registry, through_week=week, document_count=registry.document_count + int(new.usable.sum()), _index={}),
        documents,
        _cosines(registry, documents),
        (*events, *parted, *merged, *died),
    )


def _assigned(registry: Registry, new: Documents) -> NDArray[np.object_]:
    """Topic of each new document. A dead topic comes back for three documents, not for a stray one."""
    topics = registry.drawing
    found, _ = registers.assign(new.vectors, topics)
    for topic in topics:
        if topic.status == registers.DEAD and 0 < (found == topic.topic_id).sum() < REVIVING_DOCUMENTS:
            rest = [other for other in topics if other.topic_id != topic.topic_id]
            rows = np.flatnonzero(found == topic.topic_id)
            found[rows], _ = registers.assign(new.vectors[rows], [t for t in rest if t.status != registers.DEAD])
    return found


def _count(registry: Registry, new: Documents, week: date) -> tuple[Registry, list[TopicEvent]]:
    """Add documents to their topics' centres; note the dead ones that are alive again."""
    changed, events = [], []
    for topic in registry.topics:
        mine = new.take(new.topics == topic.topic_id)
        if not len(mine):
            continue
        shaping = mine.take(mine.usable)
        last_week = max(topic.last_week, max(mine.weeks))
        status = topic.status
        if status == registers.DEAD:
            status = registers.LIVE
            cosine = float(registers.similarities(mine.vectors, [topic]).mean())
            events.append(registers.event_of(week, registers.REVIVAL, topic, mine, similarity=cosine))
        changed.append(
            replace(
                topic,
                centre=topic.centre + shaping.vectors.astype(np.float64).sum(axis=0),
                document_count=topic.document_count + len(shaping),
                last_week=last_week,
                status=status,
            )
        )
    return registry.changed(changed), events


def _births(
    registry: Registry, pool: Documents, *, week: date, rules: Rules, find: Find
) -> tuple[Registry, Documents, list[TopicEvent]]:
    """New topics among the documents that fit nowhere, as tight as the known ones are, and apart from them."""
    if len(pool) < rules.least_documents:
        return registry, pool, []
    known = registry.drawing
    usual = float(np.quantile([topic.cohesion for topic in known], 0.25))
    least = float(np.quantile([topic.threshold for topic in known], 0.25))
    labels = find(pool)
    born: list[TopicState] = []
    events = []
    for label in np.unique(labels[labels >= 0]):
        cluster = pool.take(labels == label)
        expected = least * shapes.small_group_factor(len(cluster), usual)
        cluster = cluster.take(shapes.core(cluster.vectors, expected))
        if not registers.is_enough(cluster, rules):
            continue
        cosines = shapes.to_others(cluster.vectors)
        centre = cluster.vectors.astype(np.float64).sum(axis=0)
        nearest = float(
            registers.similarities(registers.unit(centre)[None].astype(np.float32), [*known, *born]).max(initial=-1.0)
        )
        if shapes.cohesion(cluster.vectors) < TIGHT * usual or nearest >= TWIN_OF_NEWBORN:
            continue
        taken = [topic.topic_id for topic in (*registry.topics, *born)]
        topic_id = registers.new_topic_id(registry.language, cluster.ids, taken)
        topic = registers.founded(topic_id, cluster, cosines, float(cosines.std()), week)
        born.append(topic)
        events.append(registers.event_of(week, registers.BIRTH, topic, cluster, similarity=nearest))
    if not born:
        return registry, pool, []
    found, _ = registers.assign(pool.vectors, born)
    pool = pool.with_topics(found)
    settled = []
    for topic in born:
        mine = pool.take(found == topic.topic_id)
        settled.append(
            replace(topic, centre=mine.vectors.astype(np.float64).sum(axis=0), document_count=len(mine))
            if len(mine)
            else topic
        )
    return registry.changed(settled), pool, events


def _fringe(registry: Registry, documents: Documents) -> Documents:
    """Documents without a topic that lie just outside one, under the id of that one."""
    free = documents.take(registers.is_free(documents) & documents.usable)
    near = [replace(topic, threshold=FRINGE * topic.threshold) for topic in registry.live if len(topic.centre)]
    found, _ = registers.assign(free.vectors, near)
    return free.with_topics(found)


def _splits(
    registry: Registry, present: Documents, fringe: Documents, *, week: date, rules: Rules
) -> tuple[Registry, dict[str, str], list[TopicEvent]]:
    """Topics whose recent documents fall into two groups: the smaller group becomes a topic of its own.

    Documents just outside count as evidence: the two groups lie on either side of where the topic used to be.

    Returns:
        The registry, the new topic of each document that moved, and the events.
    """
    events: list[TopicEvent] = []
    moved: dict[str, str] = {}
    around = registers.together(present, fringe)
    for topic in registry.live:
        mine = around.take(around.topics == topic.topic_id)
        for weeks in (NEWEST_WEEKS, rules.recent_weeks):
            newest = mine.take(mine.weeks >= window(week, weeks))
            parts = _parts(newest, rules) if (newest.weeks == week).any() else None
            if parts is None:
                continue
            registry, event = _split_off(registry, topic, *parts, week=week)
            events.append(event)
            moved.update(dict.fromkeys(parts[0].ids, event.topic_id))
            break
    return registry, moved, events


def _moved(documents: Documents, moved: dict[str, str]) -> Documents:
    topics = [moved.get(key, topic) for key, topic in zip(documents.ids, documents.topics, strict=True)]
    return documents.with_topics(np.array(topics, np.object_))


def _placed_again(registry: Registry, documents: Documents, split: Sequence[TopicEvent]) -> Documents:
    """Documents that fitted nowhere may fit a topic that has split."""
    touched = [registry[name] for event in split for name in (event.topic_id, event.other_topic_id) if name]
    topics = documents.topics.copy()
    free = np.flatnonzero(registers.is_free(documents) & documents.usable)
    topics[free], _ = registers.assign(documents.vectors[free], touched)
    return documents.with_topics(topics)


def _parts(documents: Documents, rules: Rules) -> tuple[Documents, Documents] | None:
    """The smaller and the larger of two groups that documents fall into; None where they are one group."""
    if len(documents) < 2 * rules.least_documents:
        return None
    side = shapes.halves(documents.vectors)
    if side.sum() * 2 > len(side) or (side.sum() * 2 == len(side) and side[0]):
        side = ~side
    part, rest = documents.take(side), documents.take(~side)
    if not (registers.is_enough(part, rules) and registers.is_enough(rest, rules)):
        return None
    return (part, rest) if shapes.separation(part.vectors, rest.vectors) >= SPLIT_SEPARATION else None


def _split_off(
    registry: Registry, topic: TopicState, part: Documents, rest: Documents, *, week: date
) -> tuple[Registry, TopicEvent]:
    """A part becomes a topic, and the topic that it leaves lies from now on where the rest lies."""
    taken = [known.topic_id for known in registry.topics]
    cosines = shapes.to_others(part.vectors), shapes.to_others(rest.vectors)
    spread = shapes.pooled_spread(cosines)
    child_id = registers.new_topic_id(registry.language, part.ids, taken)
    child = registers.founded(child_id, part, cosines[0], spread, week)
    parent = replace(
        topic,
        centre=rest.vectors.astype(np.float64).sum(axis=0),
        threshold=min(topic.threshold, shapes.threshold(cosines[1], spread)),
        document_count=topic.document_count - len(part),
    )
    cosine = float(registers.unit(child.centre) @ registers.unit(parent.centre))
    event = registers.event_of(week, registers.SPLIT, child, part, other=topic.topic_id, similarity=cosine)
    return registry.changed([child, parent]), event


def _merges(
    registry: Registry,
    present: Documents,
    *,
    week: date,
    rules: Rules,
    alike: Alike,
    pinned: frozenset[str],
    split: frozenset[str],
) -> tuple[Registry, list[TopicEvent]]:
    """Pairs of topics whose recent documents lie in one place and say the same: the smaller joins the larger one."""
    groups = {
        topic.topic_id: group.take(np.arange(len(group))[:MOST_COMPARED])
        for topic in registry.live
        if len(group := present.take(present.topics == topic.topic_id)) >= rules.least_documents
    }
    names = sorted(groups)
    centres = [registers.unit(groups[name].vectors.astype(np.float64).sum(axis=0)) for name in names]
    near = np.round(np.stack(centres) @ np.stack(centres).T, 6) if centres else np.zeros((0, 0))
    pairs = [
        (-near[i, j], names[i], names[j])
        for i in range(len(names))
        for j in range(i + 1, len(names))
        if near[i, j] >= MERGE_SIMILARITY and not {names[i], names[j]} & pinned
    ]
    events: list[TopicEvent] = []
    gone: set[str] = set()
    for negative, first, second in sorted(pairs):
        small, large = sorted((registry[first], registry[second]), key=lambda t: (t.document_count, t.topic_id))
        if {first, second} & gone or small.topic_id in split:
            continue
        if shapes.separation(groups[first].vectors, groups[second].vectors) >= MERGE_SEPARATION:
            continue
        if alike(groups[first], groups[second]) < MERGE_WORD_SIMILARITY:
            continue
        registry = registry.changed([replace(small, status=registers.MERGED, replaced_by=large.topic_id)])
        gone.add(small.topic_id)
        events.append(
            registers.event_of(
                week, registers.MERGE, small, groups[small.topic_id], other=large.topic_id, similarity=-negative
            )
        )
    return registry, events


def _changed(documents: Documents, before: Documents) -> NDArray[np.bool_]:
    """(n,) which documents are new or have another topic than before."""
    known = dict(zip(before.ids, before.topics, strict=True))
    return np.array(
        [i not in known or known[i] != topic for i, topic in zip(documents.ids, documents.topics, strict=True)],
        np.bool_,
    )


def _cosines(registry: Registry, documents: Documents) -> NDArray[np.float64]:
    """Cosine to the document's own topic, or to the nearest one where it has none."""
    drawing = registry.drawing
    if not len(documents) or not drawing:
        return np.zeros(len(documents))
    cosines = registers.similarities(documents.vectors, drawing)
    place = {topic.topic_id: column for column, topic in enumerate(drawing)}
    own = [place.get(topic, int(cosines[row].argmax())) for row, topic in enumerate(documents.topics)]
    return cosines[np.arange(len(documents)), own]


def window(week: date, weeks: int) -> date:
    """The first Monday of so many weeks that end with this one."""
    return week - timedelta(weeks=weeks - 1)
