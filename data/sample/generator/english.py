"""English reviews: sentences with full stops, now and then all lower case, with slips, emoji or an exclamation mark."""

from __future__ import annotations

import random
import re

from .grammar import add_typos, capitalise, lower_first, outside
from .reviews import EMOJI, Draft, Voice, list_sizes, tiny_section

MONEY = {"GB": "£{}", "IE": "{} euros", "US": "${}", "AU": "${}"}
AMOUNTS = {
    "eur": (249, 279, 299, 329, 349, 379, 399, 449, 499, 529, 599),
    "eur2": (40, 50, 60, 70, 80, 90, 100, 120),
    "eur3": (12, 14, 15, 17, 19, 22),
}
NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "ten")
FILLERS = {
    "the": "{the machine|the machine|the machine|this machine|this machine|this thing|my <product>|the <product>"
    "|this <product>|the <model>|our <product>}",
    "who": "{my wife|my husband|my girlfriend|my daughter|my brother|my colleagues}",
    "old": "{my old capsule machine|a stovetop pot|my old moka pot|a filter machine|a cheap pod machine|my French press"
    "|a fifteen-year-old bean-to-cup|instant coffee}",
    "drink": "{cappuccino|flat white|espresso|cortado|latte|americano}",
    "ago": "{last month|in the spring|three weeks ago|two months ago|at the start of the year|just after we moved"
    "|in the sales|half a year ago|last summer}",
    "ago2": "{Four months in|Ten weeks in|Half a year later|Three months on}",
    "days": "{two|three|four|five|ten} days",
}


# A whole clause with a subject, which can be tied to another one.
_CLAUSE = re.compile(r"(?:The|It|I|My|We|They|You|There)\b[^:?!.]*\.$")


class EnglishVoice(Voice):
    """Writes in English."""

    language = "en"

    def is_lower(self, rng: random.Random) -> bool:
        return rng.random() < 0.1

    def fill(self, name: str, draft: Draft) -> str:
        rng = draft.rng
        if name in AMOUNTS:
            money = MONEY.get(draft.region) or rng.choice(("{} euros", "€{}", "{}€", "{} euro"))
            return money.format(rng.choice(AMOUNTS[name]))
        if name in ("weeks", "months"):
            return f"{rng.choice(NUMBERS[: 6 if name == 'weeks' else 8])} {name}"
        return FILLERS[name]

    def tiny(self, draft: Draft) -> str:
        text = self.line(tiny_section(draft.mood), draft)
        text += draft.rng.choice(("", "", "", ".", "!", "!!", "...", " :)" if draft.mood == "positive" else "."))
        return self._dress(text, draft)

    def pros_and_cons(self, draft: Draft) -> str:
        pros, cons = (
            self.points(name, count, draft) for name, count in zip(("pro", "con"), list_sizes(draft), strict=True)
        )
        if draft.rng.random() < 0.5:
            return "\n".join([*(f"+ {item}" for item in pros), *(f"- {item}" for item in cons)])
        for_them, against = ", ".join(pros) or "none", ", ".join(cons) or "none so far"
        names = draft.rng.choice((("Pros", "Cons"), ("Good", "Bad"), ("Likes", "Dislikes")))
        return self._dress(f"{names[0]}: {for_them}. {names[1]}: {against}.", draft)

    def link(self, sentences: list[str], draft: Draft) -> list[str]:
        """Now and then two short sentences become one, or the last one starts with "Also"."""
        rng = draft.rng
        if len(sentences) > 1 and rng.random() < 0.3:
            first, second = sentences[0], sentences[1]
            if all(len(text) < 75 and _CLAUSE.match(text) for text in (first, second)):
                joint = rng.choice((" and ", ", and "))
                return [first.removesuffix(".") + joint + lower_first(second), *sentences[2:]]
        if len(sentences) > 1 and rng.random() < 0.2 and _CLAUSE.match(sentences[-1]):
            start = rng.choice(("Also, ", "And ", "Oh, and ", "And one more thing: "))
            return [*sentences[:-1], start + lower_first(sentences[-1])]
        return sentences

    def turn(self, sentence: str, pivot: str) -> str:
        return f"{pivot} {lower_first(sentence)}"

    def clean_headline(self, text: str) -> str:
        return capitalise(text.rstrip("."))

    def finish(self, body: list[str], draft: Draft) -> str:
        half = len(body) // 2
        if draft.size == "letter" and len(body) > 4:
            return self._dress(" ".join(body[:half]) + "\n\n" + " ".join(body[half:]), draft)
        text = " ".join(body)
        if draft.rng.random() < 0.12 and text.endswith("."):
            text = text.removesuffix(".") + draft.rng.choice(("!", "!!", "", "", "..."))
        return self._dress(text, draft)

    def _dress(self, text: str, draft: Draft) -> str:
        """Capitals or none, slips of the finger, emoji, curly apostrophes."""
        rng = draft.rng
        text = capitalise(text)
        if draft.lower:
            text = outside(text, str.lower)
        if rng.random() < 0.09:
            text = add_typos(text, rng, "en")
        if rng.random() < 0.13:
            text += " " + rng.choice(EMOJI[draft.mood])
        if rng.random() < 0.3:
            text = re.sub(r"(?<=\w)'(?=\w)", "’", text)
        return text
