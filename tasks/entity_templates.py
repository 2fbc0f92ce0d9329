"""The project's own sentences for training name taggers: templates whose slots are filled with invented names.

data/models/entity_templates_{en,zh}.txt hold one sentence a line: {B} a company or brand, {P} a product; a line with
neither teaches what is no name. Names are made of syllables, most of them of nobody's; some English ones are those of
listed companies. None is looked up in any project's documents.
"""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from tasks.config import OFFLINE_BUNDLE_ROOT
from tasks.entity_sets import Marked, Span

SLOT_TYPES = {"en": {"B": "corporation", "P": "product"}, "zh": {"B": "company", "P": "product"}}
_SHARE_REAL, _SHARE_LOWER, _SHARE_LOWER_NAME, _SHARE_CODE, _SHARE_LATIN = 0.35, 1 / 7, 0.7, 0.3, 0.3
_TEMPLATE_ONLY = 3

_ONSETS = [*"bcdfghjklmnprstvwz", "br", "ch", "dr", "fl", "gr", "kr", "pl", "qu", "sh", "sk", "st", "tr"]
_NUCLEI = [*"aeiouy", "ai", "ea", "io", "ou"]
_CODAS = ["", "", "", "l", "m", "n", "nd", "r", "rk", "s", "st", "x", "ck"]
_COMPANY_TAILS = [
    *[""] * 6, "ly", "io", "ify", " Labs", " & Sons", " Home", " Tech", " Air", " Foods", " Bank", " Group",
]  # fmt: skip
_PRODUCT_TAILS = [
    f" {tail}" for tail in ("Pro", "Max", "Mini", "S", "Air", "Plus", "X", "2", "3", "12", "300", "Lite", "SE", "Ultra")
]
_SOUNDS = (
    "阿艾安奥巴贝波布达德迪尔法菲弗格哈赫嘉杰卡凯柯科克拉莱兰乐雷莉利林露洛马玛麦曼美米密莫娜尼诺欧帕佩奇乔瑞萨赛森莎"
    "诗思斯索塔泰坦特托瓦维威温沃西希夏雪雅亚伊依优尤约扎芝"
)
_MEANINGS = "天明月山海星云达丰源康宝金龙华新联盛德安和顺兴永恒远洋大东方南北中国民信诚佳乐福喜家友优良品味鲜"
_CHINESE_TAILS = [*[""] * 6, "科技", "食品", "电器", "集团", "航空", "银行", "乳业", "汽车"]

_Invent = Callable[[random.Random, str], str]


def read_own(language: str, *, companies: Sequence[str], fillings: int, seed: int) -> list[Marked]:
    """The project's own sentences, each with a slot filled so many times.

    Args:
        companies: names of real companies, used for a part of the slots.
    """
    lines = (OFFLINE_BUNDLE_ROOT / f"entity_templates_{language}.txt").read_text(encoding="utf-8").splitlines()
    chance = random.Random(seed)
    return [
        fill(template, chance, companies, language=language)
        for template in (line for line in lines if line and not line.startswith("#"))
        for _ in range(fillings if "{" in template else min(fillings, _TEMPLATE_ONLY))
    ]


def read_companies(root: Path) -> list[str]:
    """Names of listed companies without their legal forms (S&P 500 constituents, in the public domain)."""
    rows = csv.DictReader(io.StringIO((root / "gazetteer_sp500" / "constituents.csv").read_text(encoding="utf-8")))
    names = {re.sub(r"\s*(?:\(.*|,?\s(?:Inc|Corp|Co|Ltd|plc)\b.*)$", "", row["Security"]).strip() for row in rows}
    return sorted(name for name in names if 3 <= len(name) <= 24)


def fill(template: str, chance: random.Random, companies: Sequence[str], *, language: str) -> Marked:
    """A template with names in its slots; in English every seventh in lower case, as people type."""
    is_spaced = language == "en"
    invent: _Invent = _invent_english if is_spaced else _invent_chinese
    text = ""
    spans: list[Span] = []
    is_lower = is_spaced and chance.random() < _SHARE_LOWER
    for part in re.split(r"(\{[BP]\})", template):
        if not re.fullmatch(r"\{[BP]\}", part):
            text += part.lower() if is_lower else part
            continue
        slot = part[1]
        is_real = slot == "B" and bool(companies) and chance.random() < _SHARE_REAL
        name = chance.choice(companies) if is_real else invent(chance, slot)
        if text.endswith(("@", "#")):
            name = re.sub(r"\W", "", name)
        name = name.lower() if is_lower and chance.random() < _SHARE_LOWER_NAME else name
        spans.append((len(text), len(text) + len(name), SLOT_TYPES[language][slot]))
        text += name
    return Marked(text, tuple(spans))


def _word(chance: random.Random) -> str:
    count = chance.choice([1, 2, 2, 2, 3])
    syllables = [chance.choice(_ONSETS) + chance.choice(_NUCLEI) for _ in range(count)]
    return "".join(syllables) + chance.choice(_CODAS)


def _invent_english(chance: random.Random, slot: str) -> str:
    name = _word(chance).capitalize()
    if slot == "B":
        return name + chance.choice(_COMPANY_TAILS)
    if chance.random() < _SHARE_CODE:
        return f"{chance.choice('ABDEGKMPRSTVXZ')}{chance.choice(['', '-'])}{chance.randrange(2, 900)}"
    return name + chance.choice(["", *_PRODUCT_TAILS])


def _invent_chinese(chance: random.Random, slot: str) -> str:
    if chance.random() < _SHARE_LATIN:
        return _invent_english(chance, slot)
    sounds = _SOUNDS if chance.random() < 0.6 else _MEANINGS
    name = "".join(chance.sample(sounds, chance.choice([2, 2, 3, 3, 4])))
    if slot == "B":
        return name + chance.choice(_CHINESE_TAILS)
    return name + chance.choice(["", f"{chance.choice('ABDEGKMPRSTVXZ')}{chance.randrange(2, 90)}", *_PRODUCT_TAILS])
