"""All topics looked for anew, under the ids of those whose documents they hold.

Pure. That happens the first time, while a young project has doubled its documents, and when the vectors or the number
of topics to look for have changed. What arrives are clusters of all documents; what leaves is a registry in which each
cluster goes by the id of the old topic that it shares the most documents with, if it shares enough, and the events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tasks.core import topic_registry as registers
from tasks.core import topic_shapes as shapes
from tasks.core.topic_registry import Documents, Registry, Rules, TopicEvent, TopicState

SHARED_HALF = 0.5
LOOSE = 0.25
FIRST_LEAST = 5


def refit(
    registry: Registry,
    documents: Documents,
    labels: NDArray[np.int64],
    *,
    week: date,
    rules: Rules,
    cause: str,
    pinned: frozenset[str] = frozenset(),
    split: frozenset[str] = frozenset(),
) -> tuple[Registry, tuple[TopicEvent, ...]]:
    """Topics anew from clusters of all documents, under the ids of the topics whose documents they hold.

    Args:
        documents: all that shape topics, or a sample; `topics` are those of before.
        labels: (n,) cluster of each document, -1 for none.
        cause: documents (the first time), growth (a young project) or model (another vector space, in which old
            centres mean nothing).
        pinned, split: topics that stay even where no cluster holds their documents; pinned ones do not die, either.
    """
    order = np.argsort(documents.ids.astype(str), kind="stable")
    documents, labels = documents.take(order), labels[order]
    clusters, cosines = _sound(
        [documents.take(labels == label) for label in np.unique(labels[labels >= 0])], registry, rules
    )
    inherited = _inherited(documents, clusters)
    spread = shapes.pooled_spread(cosines)
    topics: dict[str, TopicState] = {}
    events: list[TopicEvent] = []
    for place, (cluster, own) in enumerate(zip(clusters, cosines, strict=True)):
        known = registry[inherited[place]] if place in inherited else None
        taken = [*topics, *(topic.topic_id for topic in registry.topics)]
        topic_id = known.topic_id if known else registers.new_topic_id(registry.language, cluster.ids, taken)
        state = registers.founded(topic_id, cluster, own, spread, week)
        if known:
            state = replace(
                state,
                born_week=known.born_week,
                status=known.status,
                replaced_by=known.replaced_by,
                named_count=known.named_count,
                last_week=max(known.last_week, state.last_week),
            )
        elif target := _merged_into(cluster, registry, inherited.values()):
            state = replace(state, status=registers.MERGED, replaced_by=target)
        elif registry.topics and not registers.is_enough(cluster, rules):
            continue
        else:
            events.append(_origin(cluster, state, registry, week, cause))
        topics[topic_id] = state
    for topic_id in sorted((pinned | split) - topics.keys()):
        mine = documents.take(documents.topics == topic_id)
        if topic_id in registry and len(mine):
            known = registry[topic_id]
            state = registers.founded(topic_id, mine, shapes.to_others(mine.vectors), spread, week)
            topics[topic_id] = replace(state, born_week=known.born_week, named_count=known.named_count)
    if not topics:
        return registry, ()
    changed, gone = _gone(registry, documents, topics, week=week, cause=cause)
    registry = registry.changed([*topics.values(), *changed])
    registry, aged = registers.age(registry, week, rules, pinned=pinned)
    registry = replace(
        registry, through_week=week, document_count=len(documents), fitted_count=len(documents), _index={}
    )
    return registry, (*events, *gone, *aged)


def is_due(registry: Registry, count: int, rules: Rules) -> bool:
    """Whether all topics are to be looked for: the first time, and while the project is young and has doubled."""
    if registry.fitted_count == 0:
        return count >= rules.min_documents
    return count >= 2 * registry.fitted_count and registry.fitted_count < rules.young_documents


def _sound(
    clusters: list[Documents], registry: Registry, rules: Rules
) -> tuple[list[Documents], list[NDArray[np.float64]]]:
    """Clusters that may be topics, and their documents' cosines to the centre of the others.

    What is far looser than the rest is no subject but a heap of what fits nowhere, and would draw anything. Clusters
    without an old topic need as many documents and authors as any new topic, and so do in the end those that hold an
    old topic's documents and do not get its id; the very first ones only five documents, for a small project has no
    more.
    """
    cosines = [shapes.to_others(cluster.vectors) for cluster in clusters]
    if not clusters:
        return [], []
    usual = float(np.median([own.mean() for own in cosines]))
    sound = [
        own.mean() >= LOOSE * usual
        and (
            len(cluster) >= FIRST_LEAST
            if not registry.topics
            else registers.is_enough(cluster, rules) or not registers.is_free(cluster).all()
        )
        for cluster, own in zip(clusters, cosines, strict=True)
    ]
    return (
        [cluster for cluster, is_sound in zip(clusters, sound, strict=True) if is_sound],
        [own for own, is_sound in zip(cosines, sound, strict=True) if is_sound],
    )


def _inherited(documents: Documents, clusters: Sequence[Documents]) -> dict[int, str]:
    """Old topic of each cluster that has one: pairs are chosen to share the most documents in all.

    A pair must share at least half of the smaller of the two.
    """
    from scipy.optimize import linear_sum_assignment

    old = sorted({topic for topic in documents.topics if topic is not None})
    if not old or not clusters:
        return {}
    sizes = {topic: int((documents.topics == topic).sum()) for topic in old}
    shared = np.array([[int((cluster.topics == topic).sum()) for topic in old] for cluster in clusters])
    rows, columns = linear_sum_assignment(-shared)
    return {
        int(row): old[column]
        for row, column in zip(rows, columns, strict=True)
        if shared[row, column] and shared[row, column] >= SHARED_HALF * min(len(clusters[row]), sizes[old[column]])
    }


def _merged_into(cluster: Documents, registry: Registry, staying: Iterable[str]) -> str | None:
    """The topic that most of a cluster's documents count for, if others were merged into it and it stays.

    What has been found to be one, a new search does not take apart: it finds the two old places beside the new one.
    """
    drawn = cluster.topics[~registers.is_free(cluster)].astype(str)
    held, counts = np.unique([registry.standing(topic) for topic in drawn], return_counts=True)
    if not len(held) or counts.max() < SHARED_HALF * len(cluster):
        return None
    target = str(held[counts.argmax()])
    is_merged = any(topic.replaced_by and registry.standing(topic.topic_id) == target for topic in registry.topics)
    return target if is_merged and target in set(staying) else None


def _origin(cluster: Documents, state: TopicState, registry: Registry, week: date, cause: str) -> TopicEvent:
    """The event that brought a cluster without an old id: a split where one topic held half of its documents."""
    held, counts = np.unique(cluster.topics[~registers.is_free(cluster)].astype(str), return_counts=True)
    if len(held) and counts.max() >= SHARED_HALF * len(cluster):
        parent = str(held[counts.argmax()])
        share = float(counts.max() / len(cluster))
        return registers.event_of(week, registers.SPLIT, state, cluster, other=parent, similarity=share, cause=cause)
    return registers.event_of(week, registers.BIRTH, state, cluster, cause=cause)


def _gone(
    registry: Registry, documents: Documents, topics: dict[str, TopicState], *, week: date, cause: str
) -> tuple[list[TopicState], list[TopicEvent]]:
    """Topics that no cluster inherits: they lose their centre, and point to the topic that most documents went to."""
    changed, events = [], []
    cosines = registers.similarities(documents.vectors, list(topics.values()))
    nearest = np.array(list(topics), np.object_)[cosines.argmax(axis=1)]
    for topic in registry.topics:
        if topic.topic_id in topics or not len(topic.centre):
            continue
        mine = documents.topics == topic.topic_id
        if not mine.any():
            changed.append(replace(topic, centre=np.zeros(0), status=registers.DEAD))
            continue
        heirs, counts = np.unique(nearest[mine].astype(str), return_counts=True)
        heir, share = str(heirs[counts.argmax()]), float(counts.max() / mine.sum())
        is_merged = topic.replaced_by is not None and topic.replaced_by in topics
        target = str(topic.replaced_by) if is_merged else heir
        changed.append(replace(topic, centre=np.zeros(0), status=registers.MERGED, replaced_by=target))
        if not is_merged:
            group = documents.take(mine)
            events.append(
                registers.event_of(week, registers.MERGE, topic, group, other=heir, similarity=share, cause=cause)
            )
    return changed, events
