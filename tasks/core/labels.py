"""What people write in a label column, as one of our sentiments.

Words in English and Chinese, numbers and stars. A number means something only beside the other labels of its file:
1 to 5 are stars (1 and 2 negative, 3 neutral, 4 and 5 positive), -1, 0 and 1 are negative, neutral and positive. A
file with 0 and without -1 can mean two things (negative and positive, or three classes counted from 0), and is not
guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from tasks.core.sentiment import label_of

ALLOWED = "negative, neutral, positive, mixed; neg, neu, pos; 负面, 中性, 正面, 混合; 1 to 5 stars; or -1, 0, 1"
_MORE_NAMES = {
    "中评": "neutral", "一般": "neutral", "正向": "positive", "负向": "negative", "积极的": "positive",
    "消极的": "negative", "中立的": "neutral", "both": "mixed", "好坏参半": "mixed", "中": "neutral", "正": "positive",
    "负": "negative",
}  # fmt: skip
_STAR_WORDS = {
    "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5,
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
}  # fmt: skip
_STARS = re.compile(r"(\S+?)\s*[-_]?\s*(?:stars?|星级?|颗星)")
_NUMBER = re.compile(r"[+-]?\d+(?:\.0+)?")
_SIGNED = {-1: "negative", 0: "neutral", 1: "positive"}


def sentiment_labels(names: Iterable[str]) -> dict[str, str | None]:
    """What the label names of one file mean: name to negative, neutral, positive or mixed; None where it is none.

    Args:
        names: the distinct values of the label column, as written.
    """
    given = {name: _folded(name) for name in names}
    numbers = {int(float(text)) for text in given.values() if _NUMBER.fullmatch(text)}
    is_signed = -1 in numbers and numbers <= _SIGNED.keys()
    are_stars = not is_signed and numbers <= {1, 2, 3, 4, 5}
    return {name: _meaning(text, is_signed=is_signed, are_stars=are_stars) for name, text in given.items()}


def _meaning(text: str, *, is_signed: bool, are_stars: bool) -> str | None:
    if _NUMBER.fullmatch(text):
        number = int(float(text))
        if is_signed:
            return _SIGNED[number]
        return _of_stars(number) if are_stars else None
    return label_of(text) or _MORE_NAMES.get(text) or _of_stars(_star_count(text))


def _of_stars(stars: int | None) -> str | None:
    if stars is None or not 1 <= stars <= 5:
        return None
    return "negative" if stars <= 2 else "positive" if stars >= 4 else "neutral"


def _star_count(text: str) -> int | None:
    """Stars of "4 stars", "5-star", "四星" and "★★★☆☆"; None for anything else."""
    if text and set(text) <= set("★☆⭐✩"):
        return text.count("★") + text.count("⭐")
    match = _STARS.fullmatch(text)
    if match is None:
        return None
    count = match[1].rstrip("-_")
    return int(float(count)) if _NUMBER.fullmatch(count) else _STAR_WORDS.get(count)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).replace("\ufe0f", "").strip().casefold()
