"""Rules by which a sentence prefers one of two names to the other, or says that they are alike.

Each rule is a regular expression over what stands before the first name, between the two, and after the second, with
the side that it prefers. The rules of a language are in comparison_words_en.py and comparison_words_zh.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

FIRST, SECOND, OPEN = 1, -1, 0
Rule = tuple[str, str, str, int]
"""(before, between, after, who is preferred)."""
AlikeRule = tuple[str, str, str, str]
"""(before, between, after, how both are spoken of)."""


def any_of(words: str) -> str:
    """Words with blanks between them as alternatives, the longest first."""
    return "|".join(sorted(words.split(), key=len, reverse=True))


@dataclass(frozen=True)
class Patterns:
    """The rules of a language.

    sign: (before, between, after) to FIRST, SECOND or OPEN. alike: to the polarity of both. compares: whether they
    speak of a comparison at all.
    """

    rules: tuple[tuple[re.Pattern[str] | None, re.Pattern[str], re.Pattern[str] | None, int], ...]
    alike_rules: tuple[tuple[re.Pattern[str] | None, re.Pattern[str], re.Pattern[str] | None, str], ...]
    compares: Callable[[str, str, str], bool]

    def alike(self, before: str, between: str, after: str) -> str | None:
        """How both names are spoken of where they are said to be alike; None where they are not."""
        for first, middle, last, polarity in self.alike_rules:
            if (
                middle.match(between)
                and (first is None or first.search(before))
                and (last is None or last.search(after))
            ):
                return polarity
        return None

    def sign(self, before: str, between: str, after: str) -> int:
        """Who is preferred by the first rule that fits; OPEN where none does."""
        for first, middle, last, side in self.rules:
            if (
                middle.match(between)
                and (first is None or first.search(before))
                and (last is None or last.search(after))
            ):
                return side
        return OPEN


def compiled(rules: Sequence[tuple[str, str, str, Any]]) -> tuple:
    """The rules with their expressions compiled; None for an empty one."""
    return tuple(
        (re.compile(before) if before else None, re.compile(between), re.compile(after) if after else None, side)
        for before, between, after, side in rules
    )
