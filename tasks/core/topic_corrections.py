"""What people corrected about topics, as the registry applies it. Pure.

A merge sends all documents of a topic, old and later, to another one, and chains of merges are followed. A split takes
the documents that hold one of a group's words out of a topic: `leak, seal; noise` makes two topics, one of the
documents with "leak" or "seal", one of those with "noise"; a document goes to the first group that it fits. What fits
no group stays. Both are rules on where a centre's documents are counted, not changes of the centres: they hold for
every later week and survive every later search for topics.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tasks.core.topic_registry import Registry, new_topic_id

_GROUPS = re.compile("[;；]")
_WORDS = re.compile("[,，、]")
MOST_STEPS = 50


@dataclass(frozen=True)
class SplitPart:
    """A topic that a correction took out of another one: the documents that hold one of the words."""

    topic_id: str
    parent: str
    words: tuple[str, ...]

    def holds(self, text: str) -> bool:
        folded = text.casefold()
        return any(word in folded for word in self.words)


@dataclass(frozen=True)
class TopicCorrections:
    """Corrections in force: merges (from, to), parts split off by the topic they come from, and pinned topics."""

    merges: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, tuple[SplitPart, ...]] = field(default_factory=dict)
    pinned: frozenset[str] = frozenset()

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

    def place(self, registry: Registry, topic_id: str, text: Callable[[], str]) -> str:
        """Where one document counts, given the topic whose centre drew it and its text."""
        here = self.shown(registry, topic_id)
        for _ in range(MOST_STEPS):
            part = next((part for part in self.parts.get(here, ()) if part.holds(text())), None)
            if part is None:
                return here
            there = self.shown(registry, part.topic_id)
            if there == here:
                return here
            here = there
        return here


def corrections_of(language: str, rows: Iterable[Mapping[str, str]]) -> TopicCorrections:
    """Corrections of one language's topics.

    Args:
        rows: kind, subject and value of corrections in force.
    """
    merges: dict[str, str] = {}
    parts: dict[str, tuple[SplitPart, ...]] = {}
    pinned = set()
    for row in rows:
        subject, value = row["subject"], row["value"].strip()
        if not subject.startswith(f"{language}-"):
            continue
        if row["kind"] == "topic_merge" and value.startswith(f"{language}-"):
            merges[subject] = value
        elif row["kind"] == "topic_split":
            groups = [_words(group) for group in _GROUPS.split(value)]
            parts[subject] = tuple(
                SplitPart(new_topic_id(language, [subject, *words], ()), subject, words) for words in groups if words
            )
        elif row["kind"] == "topic_pin" and value.casefold() == "yes":
            pinned.add(subject)
    return TopicCorrections(merges, parts, frozenset(pinned))


def _words(group: str) -> tuple[str, ...]:
    return tuple(sorted({word.strip().casefold() for word in _WORDS.split(group)} - {""}))
