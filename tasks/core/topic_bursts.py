"""Topics that a week brings all at once: many documents that say what few said in the weeks before.

Pure. A surge that is spread over known topics fits each of them and waits nowhere, so neither a birth nor a split
brings it out. Here each document of the week, within its brand and over all, counts its neighbours: documents of the
week, by other authors, nearer than 19 of 20 pairs of the past weeks are. Had the week been like those, the count would
follow the beta-binomial law that the document's neighbours in the past weeks predict (Jeffreys prior; Gelman et al.,
Bayesian Data Analysis, 3rd ed., section 2.4: the predictive law of further trials). Documents with more neighbours than
that, at a level that holds for all tests of the week together (Bonferroni), are *seeds*; seeds near each other and what
lies near them make a group, and a group of enough documents and authors that the past weeks hardly knew is a topic.

The week as a whole comes first, so that what all brands share is one topic and not one a brand; a group that a topic
of these weeks holds already is none. A surge whose documents lie no nearer to each other than those of ordinary topics
do is not found: where few topics hold all documents, one pair in twenty is very near.

Nothing but this week and those before is looked at, and nothing is drawn by chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from tasks.core import topic_registry as registers
from tasks.core import topic_shapes as shapes
from tasks.core.topic_registry import Documents, Registry, Rules, TopicEvent

LEVEL = 0.01
NEAR_PAIRS = 0.95
PAIRS_FROM = 1_000
LEAST_BURST = 8
SEEDS_NEAR = 0.25
MOVED = 0.5
PAST_WEEKS = 8
LEAST_WEEKS = 4
CHUNK = 2_000
MOST_PAST = 20_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bursts:
    """The registry with the new topics, the documents that moved there, and the events."""

    registry: Registry
    documents: Documents
    events: tuple[TopicEvent, ...]


def bursts(
    registry: Registry,
    present: Documents,
    past: Documents,
    brands: Mapping[str, str],
    *,
    week: date,
    rules: Rules,
) -> Bursts:
    """Find what the week brought all at once, and make topics of it.

    Args:
        present: the week's documents that shape topics, with the topics they have so far.
        past: those of the eight weeks before.
        brands: the brand that a document belongs to, by document id; those of no brand count over all only.
    """
    present, past = present.in_order(), past.in_order()  # copies: the week's topics are written below
    past = past.take(np.arange(min(len(past), MOST_PAST)))  # by id, which is a hash
    nothing = Bursts(registry, present.take(np.zeros(len(present), np.bool_)), ())
    if len(present) < LEAST_BURST or len(set(past.weeks)) < LEAST_WEEKS:
        return nothing
    near = _near(past)
    owner = np.array([brands.get(i, "") for i in present.ids], np.object_)
    owner_past = np.array([brands.get(i, "") for i in past.ids], np.object_)
    scopes = [name for name in sorted(set(owner)) if name and (owner == name).sum() >= LEAST_BURST]
    level = LEVEL / (len(present) + sum(int((owner == name).sum()) for name in scopes))
    known = _near_counts(present.vectors, past.vectors, near)
    moved: dict[str, str] = {}
    events: list[TopicEvent] = []
    for name in ("", *scopes):
        inside = np.flatnonzero((owner == name) | (not name))
        scope = present.take(inside)
        counts = _neighbours(scope, near)
        chances = _chances(counts, len(scope) - 1, known[inside], len(past))
        if name:
            mine = past.vectors[owner_past == name]
            own = _chances(counts, len(scope) - 1, _near_counts(scope.vectors, mine, near), len(mine))
            chances = np.maximum(chances, own)
        seeds = np.flatnonzero(chances <= level)
        before = past.take(owner_past == name) if name else past
        for group in _groups(scope, seeds, near):
            members = present.take(inside[group])
            if not _is_enough(members, rules) or _has_topic(members, registry, week):
                continue
            if _has_moved(members, present.take(inside), before):
                continue
            born = _born(registry, members, before, len(scope), week=week)
            if born is None:
                continue
            registry, event = born
            events.append(event)
            moved.update(dict.fromkeys(members.ids, event.topic_id))
            present.topics[inside[group]] = event.topic_id
    changed = present.take(np.array([i in moved for i in present.ids], np.bool_))
    return Bursts(registry, changed, tuple(events))


def _is_enough(members: Documents, rules: Rules) -> bool:
    """Chance is ruled out already: a burst needs fewer documents than what has waited for weeks, of as many authors."""
    return registers.is_enough(members, replace(rules, least_documents=min(LEAST_BURST, rules.least_documents)))


def _has_topic(members: Documents, registry: Registry, week: date) -> bool:
    """Whether a topic that these weeks brought holds half of a group: the surge goes on, and has its topic already."""
    held, counts = np.unique(members.topics[~registers.is_free(members)].astype(str), return_counts=True)
    if not len(held) or 2 * counts.max() < len(members):
        return False
    return registry[str(held[counts.argmax()])].born_week > week - timedelta(weeks=PAST_WEEKS)


def _has_moved(members: Documents, scope: Documents, before: Documents) -> bool:
    """Whether the topics that a group comes from have themselves moved there: it stands for what they miss.

    They miss what they would usually have of the documents outside the group: half as many as the group has or more,
    and more than chance takes away.
    """
    from scipy.stats import betabinom

    parents = sorted(set(members.topics[~registers.is_free(members)].astype(str)))
    others = scope.take(~np.isin(scope.ids, members.ids))
    left = int(np.isin(others.topics.astype(str), parents).sum())
    known = int(np.isin(before.topics.astype(str), parents).sum())
    missing = known / max(1, len(before)) * len(others) - left
    chance = float(betabinom.cdf(left, len(others), known + 0.5, len(before) - known + 0.5))
    return missing >= MOVED * len(members) and chance <= LEVEL


def _near(past: Documents) -> float:
    """The cosine that one pair of past documents in twenty reaches."""
    rows = past.vectors[:PAIRS_FROM]
    cosines = (rows @ rows.T)[np.triu_indices(len(rows), 1)]
    return float(np.quantile(cosines, NEAR_PAIRS)) if len(cosines) else 1.0


def _near_counts(vectors: NDArray[np.float32], others: NDArray[np.float32], near: float) -> NDArray[np.int64]:
    """(n,) how many of the others lie near each."""
    counts = [
        (vectors[start : start + CHUNK] @ others.T >= near).sum(axis=1) for start in range(0, len(vectors), CHUNK)
    ]
    return np.concatenate(counts).astype(np.int64) if counts else np.zeros(0, np.int64)


def _neighbours(scope: Documents, near: float) -> NDArray[np.int64]:
    """(n,) how many of the others, by other authors, lie near each."""
    authors = np.unique(scope.authors.astype(str), return_inverse=True)[1]
    counts = []
    for start in range(0, len(scope), CHUNK):
        rows = slice(start, start + CHUNK)
        are_near = scope.vectors[rows] @ scope.vectors.T >= near
        counts.append((are_near & (authors[rows, None] != authors[None])).sum(axis=1))
    return np.concatenate(counts).astype(np.int64)


def _chances(counts: NDArray[np.int64], trials: int, known: NDArray[np.int64], past: int) -> Floats:
    """(n,) probability of so many neighbours or more among so many documents, had they come as in the past."""
    from scipy.stats import betabinom

    return np.asarray(betabinom.sf(counts - 1, trials, known + 0.5, past - known + 0.5), np.float64)


def _groups(scope: Documents, seeds: NDArray[np.int64], near: float) -> list[NDArray[np.int64]]:
    """Seeds that hang together by nearness, largest group first, each with the documents near many of its seeds."""
    from scipy.sparse.csgraph import connected_components

    if not len(seeds):
        return []
    rows = scope.vectors[seeds]
    count, labels = connected_components(rows @ rows.T >= near, directed=False)
    groups = []
    for label in range(count):
        own = seeds[labels == label]
        near_seeds = (scope.vectors @ scope.vectors[own].T >= near).mean(axis=1)
        near_seeds[own] = 1.0
        groups.append(np.flatnonzero(near_seeds >= SEEDS_NEAR))
    return sorted(groups, key=lambda group: (-len(group), str(scope.ids[group[0]])))


def _born(
    registry: Registry, members: Documents, before: Documents, count: int, *, week: date
) -> tuple[Registry, TopicEvent] | None:
    """The topic that a group of so many documents founds; None where the weeks before knew it as well.

    The topics that its documents leave lie from now on where the rest of theirs lie.
    """
    taken = [topic.topic_id for topic in registry.topics]
    cosines = shapes.to_others(members.vectors)
    topic_id = registers.new_topic_id(registry.language, members.ids, taken)
    topic = registers.founded(topic_id, members, cosines, float(cosines.std()), week)
    alike = int((before.vectors.astype(np.float64) @ registers.unit(topic.centre) >= topic.threshold).sum())
    chance = _chances(np.array([len(members)]), count, np.array([alike]), len(before))[0]
    if chance > LEVEL:
        return None
    left, counts = np.unique(members.topics[~registers.is_free(members)].astype(str), return_counts=True)
    parents = []
    for parent_id in left:
        gone = members.vectors[members.topics == parent_id].astype(np.float64)
        known = registry[str(parent_id)]
        parents.append(
            replace(known, centre=known.centre - gone.sum(axis=0), document_count=known.document_count - len(gone))
        )
    nearest = registers.similarities(registers.unit(topic.centre)[None].astype(np.float32), registry.drawing)
    event = registers.event_of(
        week,
        registers.BIRTH,
        topic,
        members,
        other=str(left[counts.argmax()]) if len(left) else None,
        similarity=float(nearest.max(initial=-1.0)),
        cause="burst",
    )
    event = replace(event, expected_count=round(alike * count / max(1, len(before)), 2))
    return registry.changed([topic, *parents]), event
