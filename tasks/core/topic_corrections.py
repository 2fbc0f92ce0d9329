"""What people corrected about topics, as the registry applies it. Pure.

A merge sends all documents of a topic, old and later, to another one, and chains of merges are followed. A split takes
the documents that hold one of a group's words out of a topic: `leak, seal; noise` makes two topics, one of the
documents with "leak" or "seal", one of those with "noise"; a document goes to the first group that it fits. What fits
no group stays. A split into a number of parts, or into as many as there are (`auto`), looks at the documents' vectors:
the parts are found once, and every document of the topic, old and later, goes to the part whose founding documents lie
nearest. All are rules on where a centre's documents are counted, not changes of the centres: they hold for every later
week and survive every later search for topics.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tasks.core import topic_shapes as shapes
from tasks.core.contracts import ALL
from tasks.core.corrections import AUTO, MOST_PARTS
from tasks.core.topic_registry import Documents, Registry, new_topic_id, unit

_GROUPS = re.compile("[;；]")
_WORDS = re.compile("[,，、]")
MOST_STEPS = 50
MOST_FOUNDERS = 200
MOST_COMPARED = 5_000

Words = Callable[[], str]
"""A document's text, looked up only where it is asked for."""


@dataclass(frozen=True)
class SplitPart:
    """A topic that a correction took out of another one.

    words: the documents that hold one of them; empty for a part by vectors.
    centre: (dim,) unit mean of a part's founding documents; None for a part by words.
    founders: ids of these documents, nearest to their centre first.
    """

    topic_id: str
    parent: str
    words: tuple[str, ...] = ()
    centre: NDArray[np.float64] | None = None
    founders: tuple[str, ...] = ()

    def holds(self, text: str) -> bool:
        folded = text.casefold()
        return any(word in folded for word in self.words)


@dataclass(frozen=True)
class TopicCorrections:
    """Corrections in force.

    merges: from, to.
    parts: topics split off, by the topic they come from.
    counts: topics to split by vectors, and the parts wanted (None: as many as there are). Their parts are in `parts`
        once they are found.
    pinned: topics that neither die nor merge.
    """

    merges: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, tuple[SplitPart, ...]] = field(default_factory=dict)
    counts: Mapping[str, int | None] = field(default_factory=dict)
    pinned: frozenset[str] = frozenset()

    @property
    def split(self) -> frozenset[str]:
        """Topics that people split. They do not merge into others: their parts would go with them."""
        return frozenset(key for key, parts in self.parts.items() if parts) | self.counts.keys()

    def with_parts(self, subject: str, parts: tuple[SplitPart, ...]) -> TopicCorrections:
        """With a topic's parts as found by vectors."""
        return replace(self, parts={**self.parts, subject: parts})

    def is_known(self, registry: Registry, topic_id: str) -> bool:
        """Whether a topic is the registry's, or a part of one of these, at any depth."""
        parents = {part.topic_id: part.parent for parts in self.parts.values() for part in parts}
        while topic_id in parents:
            topic_id = parents[topic_id]
        return topic_id in registry

    def shown(self, registry: Registry, topic_id: str) -> str:
        """Where a topic's documents count, before they are split: at the end of all merges, found and corrected.

        A circle of merges ends at the topic that comes first by id.
        """
        seen = [topic_id]
        while len(seen) <= MOST_STEPS:
            here = seen[-1]
            there = self.merges.get(here) or registry.standing(here)
            if there == here:
                return here
            if there in seen:
                return min(seen[seen.index(there) :])
            seen.append(there)
        return topic_id

    def place(self, registry: Registry, topic_id: str, text: Words, vector: NDArray[np.float32]) -> str:
        """Where one document counts, given the topic whose centre drew it, its text and its vector.

        A vector of zeros is near no part.
        """
        here = self.shown(registry, topic_id)
        for _ in range(MOST_STEPS):
            part = _part_of(self.parts.get(here, ()), text, vector)
            if part is None:
                return here
            there = self.shown(registry, part.topic_id)
            if there == here:
                return here
            here = there
        return here


def corrections_of(language: str, rows: Iterable[Mapping[str, str]]) -> TopicCorrections:
    """Corrections of one language's topics, or of all where the language is *.

    Args:
        rows: kind, subject and value of corrections in force.
    """
    merges: dict[str, str] = {}
    parts: dict[str, tuple[SplitPart, ...]] = {}
    counts: dict[str, int | None] = {}
    pinned = set()
    prefix = "" if language == ALL else f"{language}-"
    for row in rows:
        subject, value = row["subject"], row["value"].strip()
        if not subject.startswith(prefix):
            continue
        if row["kind"] == "topic_merge" and value.startswith(prefix):
            merges[subject] = value
        elif row["kind"] == "topic_split" and (value.isdecimal() or value.casefold() == AUTO):
            counts[subject] = int(value) if value.isdecimal() else None
        elif row["kind"] == "topic_split":
            groups = [_words(group) for group in _GROUPS.split(value)]
            parts[subject] = tuple(
                SplitPart(new_topic_id(language, [subject, *words], ()), subject, words) for words in groups if words
            )
        elif row["kind"] == "topic_pin" and value.casefold() == "yes":
            pinned.add(subject)
    return TopicCorrections(merges, parts, counts, frozenset(pinned))


def part_ids(language: str, subject: str, count: int | None) -> list[str]:
    """Ids of the parts that a split by vectors may make, the largest part's first; the same whenever it is asked for.

    Args:
        count: None: as many as there are.
    """
    names = range(count or MOST_PARTS)
    return [new_topic_id(language, [subject, str(count or AUTO), str(place)], ()) for place in names]


def parts_by_vectors(language: str, subject: str, count: int | None, documents: Documents) -> tuple[SplitPart, ...]:
    """The parts that a topic's documents fall into by their vectors; none where they all lie on one spot.

    Order changes nothing and nothing is drawn by chance. Of more than 5,000 documents the first by id, which is a
    hash, stand for all.
    """
    shaping = documents.take(documents.usable).in_order()
    shaping = shaping.take(np.arange(min(len(shaping), MOST_COMPARED)))
    labels = shapes.parts(shaping.vectors, count)
    ids = part_ids(language, subject, count)[: len(np.unique(labels))]
    found = []
    for place, topic_id in enumerate(ids if len(ids) > 1 else []):
        mine = shaping.take(labels == place)
        centre = unit(mine.vectors.astype(np.float64).sum(axis=0))
        nearest = np.argsort(-np.round(mine.vectors @ centre, 6), kind="stable")
        founders = tuple(str(mine.ids[row]) for row in nearest[:MOST_FOUNDERS])
        found.append(SplitPart(topic_id, subject, founders=founders))
    return tuple(found)


def _part_of(parts: tuple[SplitPart, ...], text: Words, vector: NDArray[np.float32]) -> SplitPart | None:
    """The first part whose words a document holds, or else the nearest of those that have a centre."""
    worded = next((part for part in parts if part.words and part.holds(text())), None)
    if worded is not None or not vector.any():
        return worded
    cosines = {part.topic_id: float(vector @ part.centre) for part in parts if part.centre is not None}
    nearest = max(cosines, key=lambda key: (round(cosines[key], 6), key), default=None)
    return next((part for part in parts if part.topic_id == nearest), None)


def _words(group: str) -> tuple[str, ...]:
    return tuple(sorted({word.strip().casefold() for word in _WORDS.split(group)} - {""}))
