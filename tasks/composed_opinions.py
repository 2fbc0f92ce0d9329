"""Short Chinese texts composed from the project's own words, for training alone: what no site's reviews teach.

What arrives: data/models/sentiment_words_zh.txt, words and phrases by hand with the tone that they have whatever is
spoken of. What leaves: every phrase by itself, and short texts made of them by common patterns of the language. A
site's reviews teach a model the words of that site; these teach that 不, 没有想象中 or 吗 turn a word that it knows,
that two poles in one text are `mixed`, and how facts, questions and headlines sound.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from tasks.config import OFFLINE_BUNDLE_ROOT
from tasks.training_sets import Example

COMPOSED = "composed opinions"
COMPOSED_WORDS = "composed opinions: words"
WORDS = "sentiment_words_zh.txt"
_TONES = {
    "positive adjectives": "positive",
    "negative adjectives": "negative",
    "positive phrases": "positive",
    "negative phrases": "negative",
    "positive tags": "positive",
    "negative tags": "negative",
    "neutral sentences": "neutral",
}
_NEWS = {"good news": "positive", "bad news": "negative", "neutral news": "neutral"}
_COMPANIES = (
    "某公司", "该集团", "这家银行", "多家车企", "某航空公司", "电商平台", "连锁超市", "一家药企", "芯片厂商",
    "手机品牌", "咖啡连锁", "外卖平台", "房企", "保险公司", "家电企业", "游戏公司", "视频网站", "旅游集团",
    "快递公司", "食品企业", "能源公司", "地铁公司", "出版社", "大学", "市政府", "球队",
)  # fmt: skip
# 很好, 好极了: {A} is a word with a positive tone, {B} one with a negative tone, {N} what is spoken of, {P} and {Q}
# phrases with a positive and a negative tone, {F} a fact or question; each place is filled anew.
_PATTERNS: Mapping[str, Sequence[str]] = {
    "positive": (
        "很{A}", "非常{A}", "真{A}", "太{A}了", "特别{A}", "挺{A}的", "{N}{A}", "{N}很{A}", "{N}非常{A}",
        "{N}挺{A}的", "又{A}又{A}", "{N}{A}，{N}也{A}", "{N}很{A}，{P}", "{P}，{N}很{A}", "{P}，{P}", "{F}，{P}",
        "越来越{A}", "比以前{A}多了", "没有比这更{A}的了", "从来没见过这么{A}的", "不{B}", "{N}不{B}", "一点都不{B}",
        "并不{B}", "没有想象中{B}", "没那么{B}，{P}", "本来以为会很{B}，没想到很{A}", "以前很{B}，现在很{A}",
        "{N}虽然一般，但是很{A}，{P}", "谁说{N}{B}？", "怎么会{B}呢，{P}", "不但{A}，而且{A}", "除了{A}还是{A}",
    ),
    "negative": (
        "很{B}", "非常{B}", "真{B}", "太{B}了", "特别{B}", "有点{B}", "{N}{B}", "{N}很{B}", "{N}太{B}了",
        "{N}有点{B}", "又{B}又{B}", "{N}{B}，{N}也{B}", "{N}很{B}，{Q}", "{Q}，{N}很{B}", "{Q}，{Q}", "{F}，{Q}",
        "越来越{B}", "比以前{B}多了", "没有比这更{B}的了", "从来没见过这么{B}的", "不{A}", "{N}不{A}", "一点都不{A}",
        "并不{A}", "不够{A}", "不太{A}", "没有想象中{A}", "没有说的那么{A}", "算不上{A}",
        "本来以为会很{A}，结果很{B}", "以前很{A}，现在很{B}", "哪里{A}了？", "要是{A}一点就好了", "既不{A}也不{A}",
        "除了{B}还是{B}", "说是很{A}，其实{Q}",
    ),
    "mixed": (
        "{N}很{A}，但是{N}很{B}", "{N}{A}，就是{N}太{B}了", "{N}很{B}，不过{N}很{A}", "{N}虽然{B}，{N}倒是{A}",
        "{A}是{A}，就是{B}", "{P}，可惜{N}很{B}", "{P}，但{Q}", "{N}不{A}，但是{N}{A}", "{N}{A}，{N}{B}",
        "{N}不{B}，可是{N}太{B}", "{Q}，好在{N}很{A}", "优点是{A}，缺点是{B}", "喜欢它的{N}，讨厌它的{N}",
    ),
    "neutral": (
        "{N}{A}吗？", "{N}{B}吗？", "{N}怎么样？", "请问{N}{A}吗？", "有没有{N}{A}一点的？", "{F}，{F}", "{F}。{F}？",
        "{N}说不上{A}，也不{B}", "不知道{N}{A}不", "{N}一般", "{N}还行吧", "问一下{N}会不会{B}", "{N}在说明书上有写",
        "关于{N}的问题，{F}",
    ),
}  # fmt: skip
_PLACE = re.compile(r"\{([A-Z])\}")
_ENDS = ("", "", "。", "！", "~")


def composed_opinions(*, count: int, seed: int) -> list[Example]:
    """Every phrase of the list by itself, and so many composed texts of each label."""
    words = read_words()
    fillings = {
        "N": words["things"],
        "A": words["positive adjectives"],
        "B": words["negative adjectives"],
        "P": words["positive phrases"] + words["positive tags"],
        "Q": words["negative phrases"] + words["negative tags"],
        "F": words["neutral sentences"],
    }
    texts = [(COMPOSED_WORDS, word, label) for section, label in _TONES.items() for word in words[section]]
    chance = random.Random(seed)
    for section, label in _NEWS.items():
        texts += [
            (COMPOSED_WORDS, chance.choice(_COMPANIES) + phrase, label) for phrase in words[section] for _ in range(2)
        ]
    for label, patterns in _PATTERNS.items():
        texts += [(COMPOSED, _filled(chance.choice(patterns), fillings, chance), label) for _ in range(count)]
    return [Example(text, label, COMPOSED, group) for group, text, label in texts if "不不" not in text]


def read_words() -> dict[str, list[str]]:
    """The project's list of words: {section: its words and phrases, in the file's order}."""
    sections: dict[str, list[str]] = {}
    for line in (OFFLINE_BUNDLE_ROOT / WORDS).read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]") and line.count("[") == 1:
            words = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            words.extend(word for word in line.split() if word not in words)
    return sections


def _filled(pattern: str, fillings: Mapping[str, Sequence[str]], chance: random.Random) -> str:
    return _PLACE.sub(lambda place: chance.choice(fillings[place.group(1)]), pattern) + chance.choice(_ENDS)
