"""Turns phrase templates into text, and keeps exact spans of what was planted in it.

A template has choices `{a|b}` (nestable) and slots `<name>`. Planted spans travel inside the text between
private-use characters, so that typos and emoji move them along; `plain` takes them out and returns offsets.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

PHRASES = Path(__file__).parent / "phrases"
OPEN, SEPARATOR, CLOSE = "\ue000", "\ue001", "\ue002"
_CHOICE = re.compile(r"\{([^{}]*)\}")
_SLOT = re.compile(r"<([a-z_]+\d?)>")
_PLANTED = re.compile(f"{OPEN}([^{SEPARATOR}]*){SEPARATOR}([^{CLOSE}]*){CLOSE}")

Span = tuple[int, int, str, str]


def load_phrases(*names: str) -> dict[str, list[str]]:
    """Sections of phrase files: `[name]` heads a section, every other line is a template, # starts a comment.

    A section that stands in several files has the lines of all of them.
    """
    sections: dict[str, list[str]] = {}
    for name in names:
        current: list[str] = []
        for line in (PHRASES / f"{name}.txt").read_text(encoding="utf-8").splitlines():
            if line.startswith("[") and line.endswith("]"):
                current = sections.setdefault(line[1:-1], [])
            elif line.strip() and not line.startswith("#"):
                current.append(line)
    return sections


def planted(kind: str, surface: str) -> str:
    """A surface form whose span is wanted; kind is such as "brand:Northwind" or "pii:email"."""
    return f"{OPEN}{kind}{SEPARATOR}{surface}{CLOSE}"


def plain(text: str) -> tuple[str, list[Span]]:
    """The text without its planting marks, and the spans (start, end, kind, surface)."""
    out, spans, last, length = [], [], 0, 0
    for match in _PLANTED.finditer(text):
        out.append(text[last : match.start()])
        length += match.start() - last
        spans.append((length, length + len(match[2]), match[1], match[2]))
        out.append(match[2])
        length += len(match[2])
        last = match.end()
    out.append(text[last:])
    return "".join(out), spans


def outside(text: str, change: Callable[[str], str]) -> str:
    """Apply a change to everything but the planted surfaces."""
    out, last = [], 0
    for match in _PLANTED.finditer(text):
        out += [change(text[last : match.start()]), match[0]]
        last = match.end()
    return "".join([*out, change(text[last:])])


def expand(template: str, rng: random.Random, slot: Callable[[str], str]) -> str:
    """One text from a template; slots are filled by `slot(name)`, whose answer may itself be a template."""
    while True:
        text = _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), template)
        text = _SLOT.sub(lambda match: slot(match[1]), text)
        if text == template:
            return text
        template = text


class Deck:
    """Draws without replacement from a shuffled pack and starts a new one when it is empty.

    Shares of what is drawn stay nearer to the pack's than independent draws would.
    """

    def __init__(self, rng: random.Random, cards: Sequence) -> None:
        self.rng = rng
        self.cards = list(cards)
        self.pack: list = []

    def draw(self):
        if not self.pack:
            self.pack = self.cards[:]
            self.rng.shuffle(self.pack)
        return self.pack.pop()


def capitalise(text: str) -> str:
    """Upper case for the first letter of every sentence, planted surfaces left alone."""
    return re.sub(r"(^|[.!?]\s+|\n+)([a-z])", lambda match: match[1] + match[2].upper(), text)


def lower_first(text: str) -> str:
    """Lower case for the first letter, unless it is "I" or a planted name."""
    if not text or text[0] == OPEN or re.match(r"I\b|I'", text) or text[:2].isupper():
        return text
    return text[0].lower() + text[1:]


_TYPOS_ZH = (("已经", "以经"), ("的话", "得话"), ("再", "在"), ("做工", "作工"), ("客服", "客付"), ("满意", "满易"))


def add_typos(text: str, rng: random.Random, language: str) -> str:
    """One or two slips of the finger, never inside a planted surface."""
    if language == "zh":
        wrong = [pair for pair in _TYPOS_ZH if pair[0] in text]
        return outside(text, lambda part: part.replace(*rng.choice(wrong), 1)) if wrong else text

    def slip(part: str) -> str:
        words = list(re.finditer(r"[a-z]{5,}", part))
        if not words:
            return part
        word = rng.choice(words)
        at = rng.randrange(word.start() + 1, word.end() - 2)
        kind = rng.randrange(3)
        if kind == 0:
            return part[:at] + part[at + 1] + part[at] + part[at + 2 :]
        if kind == 1:
            return part[:at] + part[at + 1 :]
        return part[:at] + part[at] + part[at:]

    return outside(text, slip)


def fingerprint(text: str) -> str:
    """What two texts share when a reader would call them the same: letters and digits only, case folded."""
    return re.sub(r"\W+", "", text.casefold())
