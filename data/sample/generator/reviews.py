"""Voices that write reviews: a phrase grammar per language, with personas, moods, lengths, slips and emoji."""

from __future__ import annotations

import random

from .grammar import (
    Deck,
    add_typos,
    capitalise,
    expand,
    load_phrases,
    lower_first,
    outside,
    planted,
)
from .world import BY_NAME, TRACKED, Brand

ASPECTS = {
    "price": 9, "delivery": 7, "leaking": 4, "descaling": 5, "app": 7, "steam": 9, "noise": 7, "taste": 14,
    "service": 8, "cleaning": 8, "grinder": 6, "design": 8, "heating": 6, "durability": 7, "setup": 5,
}  # fmt: skip
OLD_EN = (
    "my old capsule machine", "a stovetop pot", "my old moka pot", "a filter machine", "a cheap pod machine",
    "my French press", "a fifteen-year-old bean-to-cup", "instant coffee",
)  # fmt: skip
OLD_ZH = ("胶囊机", "摩卡壶", "滴滤机", "挂耳", "法压壶", "速溶", "老式半自动")
MONEY = {"GB": "£{}", "IE": "{} euros", "US": "${}", "AU": "${}"}
EMOJI = {
    "positive": ("😍", "👍", "☕", "❤️", "😊", "🥰", "☕☕", "👌", "🎉"),
    "negative": ("😡", "👎", "😤", "🙄", "😞", "💸", "😭"),
    "mixed": ("😐", "🤔", "🤷"),
    "neutral": ("🙂", "🤔", "☕"),
}
PIVOT = {"+": "pivot +", "-": "pivot"}
SIGN = {"positive": "+", "negative": "-"}


class Voice:
    """Writes review texts in one language. Decks keep the use of aspects and sentences even."""

    language = ""
    old: tuple[str, ...] = ()

    def __init__(self, seed: random.Random) -> None:
        self.seed = seed
        self.phrases = {**load_phrases(f"{self.language}_aspects"), **load_phrases(f"{self.language}_frames")}
        self.decks: dict[object, Deck] = {}

    def template(self, section: str) -> str:
        """The next sentence template of a section."""
        return self._deck(section, self.phrases[section]).draw()

    def aspect(self, brand: Brand, sign: str) -> str:
        """The next aspect that this brand's reviewers praise (+) or blame (-)."""
        favoured = brand.likes if sign == "+" else brand.dislikes
        cards = [name for name, weight in ASPECTS.items() for _ in range(weight * (2 if name in favoured else 1))]
        return self._deck((brand.name, sign), cards).draw()

    def rival(self, brand: Brand) -> str:
        return self._deck(("rival", brand.name), [name for name in TRACKED if name != brand.name]).draw()

    def _deck(self, key: object, cards: list) -> Deck:
        if key not in self.decks:
            self.decks[key] = Deck(self.seed, cards)
        return self.decks[key]

    def write(
        self, brand: Brand, sentiment: str, region: str, rng: random.Random, *, focus: str = ""
    ) -> tuple[str, list[tuple[str, str]]]:
        """One review with planting marks, and its (aspect, polarity) pairs.

        focus names an aspect that must come first ("surge" is the leaking seal).
        """
        size = rng.choices(("tiny", "short", "medium", "long", "letter"), (0 if focus else 9, 25, 42, 20, 4))[0]
        lower = self.language == "en" and rng.random() < 0.1

        def slot(name: str) -> str:
            return self.slot(name, brand, region, rng, lower)

        if size == "tiny":
            section = {"positive": "tiny +", "negative": "tiny -"}.get(sentiment, "tiny 0")
            if sentiment != "mixed":
                return self.finish([expand(self.template(section), rng, slot)], sentiment, rng, lower, tiny=True), []
            size = "short"
        aspects: list[tuple[str, str]] = []

        def sentences(sign: str, count: int) -> list[str]:
            found = []
            while len(found) < count:
                name = focus if focus and sign == "-" and not found else self.aspect(brand, sign)
                known = "leaking" if name == "surge" else name
                if known in {aspect for aspect, _ in aspects}:
                    continue
                aspects.append((known, "positive" if sign == "+" else "negative"))
                found.append(expand(self.template(f"{name} {sign}"), rng, slot))
            return found

        def frame(section: str, chance: float) -> list[str]:
            return [expand(self.template(section), rng, slot)] if rng.random() < chance else []

        body: list[str] = []
        count = {"short": 1, "medium": rng.choice((1, 2, 2)), "long": rng.choice((2, 3, 3)), "letter": 4}[size]
        wordy = {"short": 0.25, "medium": 0.5, "long": 0.75, "letter": 0.95}[size]
        if sentiment in SIGN:
            sign = SIGN[sentiment]
            body += frame(f"open {sign}", wordy) + frame("persona", wordy * 0.35)
            body += frame("persona time", wordy * 0.2) if not body else []
            if count > 1 and not focus and rng.random() < 0.07:
                body += sentences("-" if sign == "+" else "+", 1)
                main = sentences(sign, count)
                body += [self.turn(main[0], expand(self.template(PIVOT[sign]), rng, slot)), *main[1:]]
            else:
                body += sentences(sign, count)
            if size in ("long", "letter"):
                body += frame("rival", 0.3)
            body += frame(f"close {sign}", wordy)
        elif sentiment == "mixed":
            order = "+-" if rng.random() < 0.7 else "-+"
            first, second = (sentences(sign, max(1, count // 2)) for sign in order)
            body += frame("persona", wordy * 0.4) + first
            body += [self.turn(second[0], expand(self.template(PIVOT[order[1]]), rng, slot)), *second[1:]]
            body += frame("mid", 0.2 + wordy * 0.6)
        else:
            has_status = rng.random() < 0.3
            body += frame("status", 1.0 if has_status else 0.0) + frame("persona", wordy * 0.6)
            body += frame("neutral", 0.5 if has_status else 1.0)
            if size in ("long", "letter"):
                body += frame("neutral", 0.8) + frame("rival", 0.25)
        return self.finish(body, sentiment, rng, lower, letter=size == "letter"), aspects

    def headline(self, brand: Brand, sentiment: str, region: str, rng: random.Random) -> str:
        """A short title in the review's mood, with planting marks."""
        section = {"positive": "title +", "negative": "title -", "mixed": "title mixed"}.get(sentiment, "title 0")
        text = expand(self.template(section), rng, lambda name: self.slot(name, brand, region, rng, False))
        return self.clean_headline(text)

    def slot(self, name: str, brand: Brand, region: str, rng: random.Random, lower: bool) -> str:
        """What fills a slot; may be a template again."""
        if name == "brand":
            return self.name_of(brand, rng, lower)
        if name == "other":
            return self.name_of(BY_NAME[self.rival(brand)], rng, lower)
        if name == "model":
            return rng.choice(brand.models)
        return self.fill(name, region, rng)

    def name_of(self, brand: Brand, rng: random.Random, lower: bool = False) -> str:
        """The brand's name as somebody writes it, marked so that its span is known."""
        surface = rng.choice(brand.surfaces_zh if self.language == "zh" else brand.surfaces_en)
        if lower:
            surface = surface.lower()
        elif self.language == "en" and rng.random() < 0.03:
            surface = surface.upper()
        return planted(f"brand:{brand.name}", surface)

    def fill(self, name: str, region: str, rng: random.Random) -> str:
        raise NotImplementedError

    def turn(self, sentence: str, pivot: str) -> str:
        raise NotImplementedError

    def clean_headline(self, text: str) -> str:
        raise NotImplementedError

    def finish(
        self,
        body: list[str],
        sentiment: str,
        rng: random.Random,
        lower: bool,
        *,
        tiny: bool = False,
        letter: bool = False,
    ) -> str:
        raise NotImplementedError


class EnglishVoice(Voice):
    """English reviews: sentences with full stops, now and then all lower case or with an exclamation mark."""

    language = "en"

    def fill(self, name: str, region: str, rng: random.Random) -> str:
        money = MONEY.get(region, rng.choice(("{} euros", "€{}", "{}€", "{} euro")))
        if name == "eur":
            return money.format(rng.choice((249, 279, 299, 329, 349, 379, 399, 449, 499, 529, 599)))
        if name == "eur2":
            return money.format(rng.choice((40, 50, 60, 70, 80, 90, 100, 120)))
        if name == "eur3":
            return money.format(rng.choice((12, 14, 15, 17, 19, 22)))
        if name == "days":
            return rng.choice(("two", "three", "four", "five", "ten")) + " days"
        if name == "weeks":
            return rng.choice(("two", "three", "four", "five", "six", "seven")) + " weeks"
        if name == "months":
            return rng.choice(("two", "three", "four", "five", "six", "seven", "eight", "ten")) + " months"
        if name == "ago":
            return rng.choice(
                ("last month", "in the spring", "three weeks ago", "two months ago", "at the start of the year",
                 "just after we moved", "in the sales", "half a year ago", "last summer")
            )  # fmt: skip
        if name == "ago2":
            return rng.choice(("Four months in", "Ten weeks in", "Half a year later", "Three months on"))
        return {
            "the": "{the machine|the machine|the machine|this machine|this machine|this thing|my <brand>|the <brand>"
            "|this <brand>|the <model>|our <brand>}",
            "who": "{my wife|my husband|my girlfriend|my daughter|my brother|my parents|my colleagues}",
            "old": "{" + "|".join(OLD_EN) + "}",
            "drink": "{cappuccino|flat white|espresso|cortado|latte|americano}",
        }[name]

    def turn(self, sentence: str, pivot: str) -> str:
        return f"{pivot} {lower_first(sentence)}"

    def clean_headline(self, text: str) -> str:
        return capitalise(text.rstrip("."))

    def finish(
        self,
        body: list[str],
        sentiment: str,
        rng: random.Random,
        lower: bool,
        *,
        tiny: bool = False,
        letter: bool = False,
    ) -> str:
        if rng.random() < 0.15 and len(body) > 2:
            body = (
                [*body[:-1], rng.choice(("Also, ", "And ", "Plus ", "Oh, and ")) + lower_first(body[-1])]
                if (sentiment != "mixed")
                else body
            )
        joint = "\n\n" if letter and len(body) > 4 else " "
        half = len(body) // 2
        text = " ".join(body) if joint == " " else " ".join(body[:half]) + joint + " ".join(body[half:])
        if tiny:
            text += rng.choice(("", "", "", ".", "!", "!!", "...", " :)" if sentiment == "positive" else "."))
        text = capitalise(text)
        if lower:
            text = outside(text, str.lower)
        if not tiny and rng.random() < 0.12:
            text = text.removesuffix(".") + rng.choice(("!", "!!", "", "", "..."))
        if rng.random() < 0.09:
            text = add_typos(text, rng, "en")
        if rng.random() < 0.13:
            text += " " + rng.choice(EMOJI[sentiment])
        if rng.random() < 0.3:
            text = text.replace("'", "’")
        return text


class ChineseVoice(Voice):
    """Chinese reviews: clauses strung together with commas, 。！～ or nothing at all."""

    language = "zh"

    def fill(self, name: str, region: str, rng: random.Random) -> str:
        return {
            "yuan": "{1899元|2299元|2599块|2999元|3199块|三千出头|两千多|不到三千|快四千}",
            "yuan2": "{180块|三百多|260元|四百块|350}",
            "zweeks": "{一周|两周|半个月|三个星期|二十天|一个礼拜}",
            "zmonths": "{一个月|两个月|三个月|四个多月|半年|大半年}",
            "zyears": "{一年多|两年|快两年|三年}",
            "zold": "{" + "|".join(OLD_ZH) + "}",
            "zdrink": "{拿铁|美式|澳白|卡布奇诺|浓缩}",
            "the": "{这台机器|这台机器|这款咖啡机|这款|这台<brand>|<brand>|<brand>这款|<model>}",
        }[name]

    def turn(self, sentence: str, pivot: str) -> str:
        return f"{pivot}{sentence}"

    def clean_headline(self, text: str) -> str:
        return text.rstrip("。！")

    def finish(
        self,
        body: list[str],
        sentiment: str,
        rng: random.Random,
        lower: bool,
        *,
        tiny: bool = False,
        letter: bool = False,
    ) -> str:
        style = rng.choice(("。", "。", "。", "，", "，", "！", " ", "～"))
        out = ""
        for index, clause in enumerate(body):
            last = index == len(body) - 1
            if out and clause.startswith(("但是", "不过", "可惜", "就是", "然而", "好在")) and out[-1] == "。":
                out = out[:-1] + "，"
            ends = clause.endswith(("？", "！"))
            mark = (
                ""
                if ends
                else style
                if not last
                else rng.choice((style.strip("， "), "。", "", "！" if style == "！" else ""))
            )
            out += clause + mark
            if letter and index == len(body) // 2 and not last:
                out = out.rstrip("，～ ") + "\n"
        if rng.random() < 0.05:
            out = add_typos(out, rng, "zh")
        if rng.random() < 0.12:
            out += rng.choice(EMOJI[sentiment])
        if not tiny and rng.random() < 0.06:
            out += {"positive": "哈哈", "negative": "。。。", "mixed": "吧", "neutral": "哦"}[sentiment]
        return out
