"""How a review comes about: a mood, a length, a persona and a handful of sentences from the phrase grammar.

What is the same in every language; english.py and chinese.py know how sentences become a text.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from .grammar import Deck, expand, load_phrases, planted
from .world import BY_NAME, TRACKED, Brand

ASPECTS = {
    "price": 9, "delivery": 7, "leaking": 4, "descaling": 5, "app": 7, "steam": 9, "noise": 7, "taste": 14,
    "service": 8, "cleaning": 8, "grinder": 6, "design": 8, "heating": 6, "durability": 7, "setup": 5,
}  # fmt: skip
EMOJI = {
    "positive": ("😍", "👍", "☕", "❤️", "😊", "🥰", "☕☕", "👌", "🎉"),
    "negative": ("😡", "👎", "😤", "🙄", "😞", "💸", "😭"),
    "mixed": ("😐", "🤔", "🤷"),
    "neutral": ("🙂", "🤔", "☕"),
}
SIGN = {"positive": "+", "negative": "-"}
POLARITY = {"+": "positive", "-": "negative"}
PIVOT = {"+": "pivot +", "-": "pivot"}
# How likely openings, closings and personal notes are, and how many opinions a review of a size holds.
SIZES = {"tiny": 9, "short": 25, "medium": 41, "long": 20, "letter": 5}
WORDY = {"short": 0.25, "medium": 0.5, "long": 0.75, "letter": 0.95}
OPINIONS = {"short": (1,), "medium": (1, 2, 2), "long": (2, 3, 3), "letter": (4,)}
LIST_SHARE, CONCESSION_SHARE = 0.04, 0.08


@dataclass
class Draft:
    """A review on its way: who writes about what, in which mood, and what has been said."""

    brand: Brand
    mood: str
    region: str
    rng: random.Random
    size: str
    lower: bool = False
    focus: str = ""
    aspects: list[tuple[str, str]] = field(default_factory=list)


class Voice(ABC):
    """Writes review texts in one language. Decks keep the use of aspects and sentences even."""

    language = ""

    def __init__(self, seed: random.Random) -> None:
        self.seed = seed
        self.phrases = load_phrases(*(f"{self.language}_{part}" for part in ("aspects", "frames", "more")))
        self.decks: dict[object, Deck] = {}

    def write(
        self, brand: Brand, mood: str, region: str, rng: random.Random, *, size: str, focus: str = ""
    ) -> tuple[str, list[tuple[str, str]]]:
        """One review with planting marks, and its (aspect, polarity) pairs.

        Args:
            size: one of SIZES.
            focus: the aspect that must come first ("surge" is the leaking seal).
        """
        draft = Draft(brand, mood, region, rng, size, self.is_lower(rng), focus)
        if size == "tiny":
            return self.tiny(draft), []
        if mood != "neutral" and not focus and size != "short" and rng.random() < LIST_SHARE:
            return self.pros_and_cons(draft), draft.aspects
        body = {"mixed": self._mixed, "neutral": self._neutral}.get(mood, self._opinion)(draft)
        return self.finish(body, draft), draft.aspects

    def headline(self, brand: Brand, mood: str, region: str, rng: random.Random) -> str:
        """A short title in the review's mood, with planting marks."""
        section = {"positive": "title +", "negative": "title -", "mixed": "title mixed"}.get(mood, "title 0")
        return self.clean_headline(self.line(section, Draft(brand, mood, region, rng, "tiny")))

    def line(self, section: str, draft: Draft) -> str:
        """The next sentence of a section."""
        return self.say(str(self._deck(section, self.phrases[section]).draw()), draft)

    def say(self, template: str, draft: Draft) -> str:
        return expand(template, draft.rng, lambda name: self._slot(name, draft))

    def _maybe(self, section: str, chance: float, draft: Draft) -> list[str]:
        return [self.line(section, draft)] if draft.rng.random() < chance else []

    def _opinion(self, draft: Draft) -> list[str]:
        """A review with one message; now and then it concedes something first."""
        sign, wordy, rng = SIGN[draft.mood], WORDY[draft.size], draft.rng
        count = rng.choice(OPINIONS[draft.size])
        body = self._maybe(f"open {sign}", wordy, draft)
        body += self._maybe("persona", wordy * 0.3, draft) or (
            self._maybe("persona time", wordy * 0.25, draft) if not body else []
        )
        if draft.size in ("long", "letter"):
            body += self._maybe("rival", 0.3, draft)
        if count > 1 and not draft.focus and rng.random() < CONCESSION_SHARE:
            body += self.points("gripe" if sign == "+" else "concession", 1, draft)
            main = self._sentences(sign, count, draft)
            body += [self.turn(main[0], self.line(PIVOT[sign], draft)), *main[1:]]
        else:
            body += self.link(self._sentences(sign, count, draft), draft)
        return body + self._maybe(f"close {sign}", wordy, draft)

    def _mixed(self, draft: Draft) -> list[str]:
        """Praise and blame in equal parts, in either order."""
        wordy, rng = WORDY[draft.size], draft.rng
        count = max(1, rng.choice(OPINIONS[draft.size]) // 2)
        order = "+-" if rng.random() < 0.7 else "-+"
        first, second = (self._sentences(sign, count, draft) for sign in order)
        body = self._maybe("persona", wordy * 0.4, draft) + first
        body += [self.turn(second[0], self.line(PIVOT[order[1]], draft)), *second[1:]]
        return body + self._maybe("mid", 0.2 + wordy * 0.6, draft)

    def _neutral(self, draft: Draft) -> list[str]:
        """Facts, questions, first days: nothing that praises or blames."""
        wordy = WORDY[draft.size]
        body = self._maybe("status", 0.3, draft)
        body = body + self._maybe("persona", wordy * 0.6, draft) + self._maybe("neutral", 0.5 if body else 1.0, draft)
        if draft.size in ("long", "letter"):
            body += self._maybe("neutral", 0.8, draft) + self._maybe("rival", 0.25, draft)
        return body

    def _sentences(self, sign: str, count: int, draft: Draft) -> list[str]:
        """Sentences on as many different aspects, which are noted in the draft."""
        found: list[str] = []
        while len(found) < count:
            name = draft.focus if draft.focus and sign == "-" and not found else self._aspect(draft.brand, sign)
            known = "leaking" if name == "surge" else name
            if known not in {aspect for aspect, _ in draft.aspects}:
                draft.aspects.append((known, POLARITY[sign]))
                found.append(self.line(f"{name} {sign}", draft))
        return found

    def points(self, section: str, count: int, draft: Draft) -> list[str]:
        """Items of a list of pros or cons, each on another aspect."""
        found: list[str] = []
        while len(found) < count:
            name, _, text = self.line(section, draft).partition(": ")
            if name not in {aspect for aspect, _ in draft.aspects}:
                draft.aspects.append((name, "positive" if section in ("pro", "concession") else "negative"))
                found.append(text)
        return found

    def _aspect(self, brand: Brand, sign: str) -> str:
        """The next aspect that this brand's reviewers praise (+) or blame (-)."""
        favoured = brand.likes if sign == "+" else brand.dislikes
        cards = [name for name, weight in ASPECTS.items() for _ in range(weight * (2 if name in favoured else 1))]
        return str(self._deck((brand.name, sign), cards).draw())

    def _deck(self, key: object, cards: list) -> Deck:
        if key not in self.decks:
            self.decks[key] = Deck(self.seed, cards)
        return self.decks[key]

    def _slot(self, name: str, draft: Draft) -> str:
        """What fills a slot; may be a template again."""
        if name in ("brand", "product"):
            return self._name(draft.brand, draft, is_product=name == "product")
        if name == "other":
            rivals = [rival for rival in TRACKED if rival != draft.brand.name]
            return self._name(BY_NAME[self._deck(("rival", draft.brand.name), rivals).draw()], draft, is_product=True)
        if name == "model":
            return draft.rng.choice(draft.brand.models)
        return self.fill(name, draft)

    def _name(self, brand: Brand, draft: Draft, *, is_product: bool) -> str:
        """The brand's name as somebody writes it, marked so that its span is known."""
        surfaces = brand.surfaces_zh if self.language == "zh" else brand.surfaces_en[: 1 if is_product else None]
        surface = draft.rng.choice(surfaces)
        if draft.lower:
            surface = surface.lower()
        elif self.language == "en" and draft.rng.random() < 0.03:
            surface = surface.upper()
        return planted(f"brand:{brand.name}", surface)

    def is_lower(self, rng: random.Random) -> bool:
        """Whether this author writes without capitals."""
        return False

    def link(self, sentences: list[str], draft: Draft) -> list[str]:
        """Sentences of one message, tied together where the language likes that."""
        return sentences

    @abstractmethod
    def fill(self, name: str, draft: Draft) -> str:
        """What stands for a slot of a phrase."""

    @abstractmethod
    def tiny(self, draft: Draft) -> str:
        """A review of a few words."""

    @abstractmethod
    def pros_and_cons(self, draft: Draft) -> str:
        """A review as two lists."""

    @abstractmethod
    def turn(self, sentence: str, pivot: str) -> str:
        """A sentence with a pivot such as "but" before it."""

    @abstractmethod
    def clean_headline(self, text: str) -> str:
        """A headline as this language writes it."""

    @abstractmethod
    def finish(self, body: list[str], draft: Draft) -> str:
        """The sentences as one text, with this language's blanks and slips."""


def draw_size(mood: str, focus: str, rng: random.Random) -> str:
    """How long a review is going to be; what is mixed or needs a subject takes more than two words."""
    sizes = {size: weight for size, weight in SIZES.items() if size != "tiny" or not (focus or mood == "mixed")}
    return rng.choices(list(sizes), list(sizes.values()))[0]


def tiny_section(mood: str) -> str:
    """Section of the shortest reviews of a mood."""
    return {"positive": "tiny +", "negative": "tiny -"}.get(mood, "tiny 0")


def list_sizes(draft: Draft) -> tuple[int, int]:
    """How many pros and cons a list of a mood has."""
    more, fewer = draft.rng.choice((2, 3, 3)), draft.rng.choice((0, 1))
    return {"positive": (more, fewer), "negative": (fewer, more)}.get(draft.mood, (2, 2))
