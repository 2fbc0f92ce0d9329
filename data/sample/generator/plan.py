"""Which reviews are written when: weekly quotas per brand and source, and the events planted among them.

The numbers of negative, mixed and neutral reviews are drawn per brand and week with less than binomial noise, so
that between two weeks nothing changes but what is planted (world.py says what and when).
"""

from __future__ import annotations

import random
from datetime import timedelta

from .chinese import ChineseVoice
from .english import EnglishVoice
from .grammar import Deck, expand, fingerprint, load_phrases, outside, plain, planted
from .news import brand_spans
from .personal import card, email, identity_card, mobile, phone
from .reviews import Voice, draw_size
from .world import (
    BRANDS,
    GAP_SOURCE,
    GAP_WEEK,
    LATE,
    LATE_FIRST,
    LATE_REVIEWS,
    MIXED,
    NEUTRAL,
    PROJECT_ZONE,
    REGIONS,
    SHANGHAI,
    SURGE_BRAND,
    SURGE_WEEK,
    WEEKS,
    Brand,
    Doc,
    drift_points,
    moment_in,
    negative_target,
    rng_for,
    week_at,
)

STARS = {
    "positive": [5] * 68 + [4] * 32,
    "negative": [1] * 63 + [2] * 37,
    "mixed": [3] * 64 + [2] * 18 + [4] * 18,
    "neutral": [3] * 56 + [4] * 30 + [5] * 14,
}
OFF_STARS = {"positive": [3, 3, 2, 1], "negative": [3, 3, 4, 5]}
COPIES_PER_WEEK = 8
# How often a text is drawn anew before its length is.
PATIENCE = 40
# Texts with fewer letters than this may come up twice.
SHORT_KEY = {"en": 24, "zh": 9}
SPAM_KINDS = {"link": 24, "wechat": 24, "telegram": 14, "stuffing": 8}
ESSAY_WEEKS = ("2026-W37", "2026-W38", "2026-W39")
MOJIBAKE_COUNT = 16
MONTHS, UPDATES_PER_MONTH = (5, 6, 7, 8, 9, 10, 11), 4
PERSONAL_PLAN = ["en email", "en phone", "zh mobile"] * 8 + [
    "zh id",
    "en card",
    "zh email",
    "zh mobile",
    "en phone",
    "zh card",
] * 7
SIGN = {"positive": "+", "negative": "-"}


class Writer:
    """Makes review documents; keeps texts distinct and stars in step with the mood."""

    def __init__(self) -> None:
        self.voices: dict[str, Voice] = {"en": EnglishVoice(rng_for("en")), "zh": ChineseVoice(rng_for("zh"))}
        self.extras = load_phrases("extras")
        self.seen: set[str] = set()
        self.stars = {mood: Deck(rng_for("stars", mood), cards) for mood, cards in STARS.items()}
        self.off = Deck(rng_for("off"), [True] * 7 + [False] * 93)
        self.number = 0

    def review(self, brand: Brand, week: str, cell: str, mood: str, rng: random.Random, focus: str = "") -> Doc:
        """One review of a cell such as "storefront en", its text unlike every other so far."""
        source, language = cell.split()
        region = self.region(cell, rng)
        voice = self.voices[language]
        size, tries = draw_size(mood, focus, rng), 0
        while True:
            marked, aspects = voice.write(brand, mood, region, rng, size=size, focus=focus)
            key = fingerprint(plain(marked)[0])
            # Short words repeat, as everywhere; only the survey, which has no ids, must not repeat itself.
            if key and (key not in self.seen or (len(key) < SHORT_KEY[language] and source != "survey")):
                break
            tries += 1
            if tries % PATIENCE == 0:
                size = draw_size(mood, focus, rng)
        self.seen.add(key)
        title = ""
        if (source == "storefront" and rng.random() < 0.6) or (source == "webshop" and rng.random() < 0.4):
            title = plain(voice.headline(brand, mood, region, rng))[0]
        if fingerprint(title) + key in self.seen:
            title = ""
        self.seen.add(fingerprint(title) + key)
        if source == "survey":
            marked = outside(marked, lambda text: text.encode("cp1252", "ignore").decode("cp1252")).rstrip()
        parts = self.split(source, marked, rng)
        doc = self.document(source, language, brand.name, week, "\n\n".join(parts), rng, region)
        doc.parts, doc.title, doc.sentiment, doc.aspects = tuple(plain(part)[0] for part in parts), title, mood, aspects
        doc.rating = self.rating(mood, rng)
        return doc

    def split(self, source: str, marked: str, rng: random.Random) -> list[str]:
        """Web shop and survey ask in several fields; a third of the longer answers use the second one."""
        if source in ("webshop", "survey") and rng.random() < 0.33:
            cut = marked.find(". ", len(marked) // 3)
            if cut > 0 and len(marked) - cut > 25 and "\n" not in marked:
                return [marked[: cut + 1], marked[cut + 2 :]]
        return [marked]

    def rating(self, mood: str, rng: random.Random) -> int:
        if mood in OFF_STARS and self.off.draw():
            return rng.choice(OFF_STARS[mood])
        return self.stars[mood].draw()

    def region(self, cell: str, rng: random.Random) -> str:
        return rng.choice(REGIONS[cell.replace(" ", "_") if cell.startswith("webshop") else cell.split()[0]])

    def document(
        self, source: str, language: str, brand: str | None, week: str, marked: str, rng: random.Random, region: str
    ) -> Doc:
        """A document with its own id, moment and author; spans are read off the marks."""
        self.number += 1
        at = moment_in(week, rng, SHANGHAI if source == "mall" or region == "CN" else PROJECT_ZONE)
        text, spans = plain(marked)
        author = f"{rng.choice('abcdefghijklmnoprstuvwz')}{rng.choice(('', '_', '.'))}user{rng.randrange(10, 99999)}"
        prefix = {"storefront": "st", "webshop": "ws", "mall": "88", "survey": "row"}[source]
        doc = Doc(source, f"{prefix}{self.number:06d}", brand, week, at, language, text, author=author, segment=region)
        doc.parts = (text,)
        doc.mentions = brand_spans(spans)
        doc.personal = [
            (start, end, kind.removeprefix("pii:"), surface)
            for start, end, kind, surface in spans
            if kind.startswith("pii:")
        ]
        return doc

    def add(self, doc: Doc, marked: str, *, front: bool = False) -> None:
        """Put a marked sentence after (or before) a one-part review; spans are kept exact."""
        text, spans = plain(marked)
        joint = " " if doc.language == "en" else ""
        if doc.language == "zh" and (text if front else doc.text)[-1] not in "。！？～，":
            joint = "，"
        shift = 0 if front else len(doc.text) + len(joint)
        if front:
            move = len(text) + len(joint)
            doc.mentions = [(start + move, end + move, brand, word) for start, end, brand, word in doc.mentions]
        doc.text = text + joint + doc.text if front else doc.text + joint + text
        doc.parts = (doc.text,)
        for start, end, kind, surface in spans:
            group, _, name = kind.partition(":")
            target = doc.personal if group == "pii" else doc.mentions
            target.append((start + shift, end + shift, name, surface))
        self.seen.add(fingerprint(doc.text))


def write_reviews() -> list[Doc]:
    """Every usable review (spam and copies included), in order of week and brand."""
    writer = Writer()
    docs: list[Doc] = []
    for week in WEEKS:
        for brand in BRANDS:
            docs += _brand_week(writer, brand, week)
    _newcomer(writer, docs)
    _personal(writer, docs)
    _weather(writer, docs)
    _traps(writer, docs)
    _mojibake(docs)
    _updates(writer, docs)
    docs += _other_languages(writer) + _copies(writer, docs) + _spam(writer)
    return docs


def _brand_week(writer: Writer, brand: Brand, week: str) -> list[Doc]:
    rng = rng_for("week", brand.name, week)
    cells: list[str] = []
    for source, quota in (
        ("storefront", brand.storefront), ("webshop", brand.webshop), ("mall", brand.mall), ("survey", brand.survey),
    ):  # fmt: skip
        if (source, week) == (GAP_SOURCE, GAP_WEEK) or not quota:
            continue
        count = quota + rng.choice((-2, -1, -1, 0, 0, 0, 1, 1, 2))
        chinese = count if source == "mall" else round(count * 0.25) if source == "webshop" else 0
        cells += [f"{source} zh"] * chinese + [f"{source} en"] * (count - chinese)
    total = len(cells)
    negative = _steady(total, negative_target(brand.name, week), rng)
    mixed, neutral = _steady(total, MIXED, rng), _steady(total, NEUTRAL, rng)
    if (brand.name, week) == (SURGE_BRAND, SURGE_WEEK):
        negative, mixed, neutral = (
            round(total * negative_target(brand.name, week)),
            round(total * 0.04),
            round(total * 0.05),
        )
    moods = ["negative"] * negative + ["mixed"] * mixed + ["neutral"] * neutral
    moods += ["positive"] * (total - len(moods))
    rng.shuffle(cells)
    focus = [""] * total
    if (brand.name, week) == (SURGE_BRAND, SURGE_WEEK):
        leaking = negative - round(total * brand.negative)
        focus[:leaking] = ["surge"] * leaking
    drifted = round(total * drift_points(brand.name, week) / 100 * 0.75)
    focus[:drifted] = ["app"] * drifted
    docs = []
    for cell, mood, wanted in zip(cells, moods, focus, strict=True):
        doc = writer.review(brand, week, cell, mood, rng, wanted)
        if wanted:
            doc.flags["surge" if wanted == "surge" else "drift"] = wanted
        docs.append(doc)
    return docs


def _steady(total: int, share: float, rng: random.Random) -> int:
    """A count near total × share: 0.55 of the binomial standard deviation, never further off than 1.1 of it."""
    noise = max(-2.0, min(2.0, rng.gauss(0, 1))) * 0.55
    return round(total * share + noise * (total * share * (1 - share)) ** 0.5)


def _plain_reviews(docs: list[Doc], language: str = "", week: str = "") -> list[Doc]:
    """Reviews in one part, of some length, on which nothing has been planted yet."""
    return [
        doc
        for doc in docs
        if len(doc.parts) == 1
        and len(doc.text) > 12
        and "\n" not in doc.text
        and not doc.flags
        and not doc.personal
        and language in ("", doc.language)
        and week in ("", doc.week)
    ]


def _newcomer(writer: Writer, docs: list[Doc]) -> None:
    """From LATE_FIRST on, some reviews name a brand that nobody has configured."""
    rng = rng_for("late")
    late = {lang: Deck(rng, writer.extras[f"late {lang}"]) for lang in ("en", "zh")}
    for week, count in zip(WEEKS[WEEKS.index(LATE_FIRST) :], LATE_REVIEWS, strict=True):
        for doc in rng.sample(_plain_reviews(docs, week=week), count):
            surfaces = LATE.surfaces_zh if doc.language == "zh" else LATE.surfaces_en

            def slot(name: str, surfaces: tuple[str, ...] = surfaces) -> str:
                return LATE.models[0] if name == "latemodel" else planted(f"brand:{LATE.name}", rng.choice(surfaces))

            writer.add(doc, expand(late[doc.language].draw(), rng, slot))
            doc.flags["late_competitor"] = LATE.name


def _personal(writer: Writer, docs: list[Doc]) -> None:
    """Addresses and numbers that must be redacted, spread evenly over the weeks."""
    rng = rng_for("personal")
    for index, wanted in enumerate(PERSONAL_PLAN):
        language, kind = wanted.split()
        week = WEEKS[index * len(WEEKS) // len(PERSONAL_PLAN)]
        doc = rng.choice(_plain_reviews(docs, language, week))
        surface = {
            "email": lambda lang=language: email(rng, lang),
            "phone": lambda: phone(rng),
            "mobile": lambda: mobile(rng),
            "id": lambda: identity_card(rng),
            "card": lambda lang=language: card(rng, lang),
        }[kind]()
        name = {"mobile": "phone", "id": "identity_card"}.get(kind, kind)
        template = rng.choice(writer.extras[f"pii {wanted}"])
        writer.add(
            doc, expand(template, rng, lambda _, s=surface, n=name: planted(f"pii:{n}", s)), front=rng.random() < 0.2
        )
        doc.flags["personal"] = name


def _weather(writer: Writer, docs: list[Doc]) -> None:
    """北风 as what it also is, the north wind: not a mention of the brand."""
    rng = rng_for("weather")
    for index in range(12):
        free = [
            doc
            for doc in _plain_reviews(docs, "zh", WEEKS[-5 + index % 5])
            if doc.brand != "Northwind" and "北风" not in doc.text
        ]
        doc = rng.choice(free)
        writer.add(doc, expand(rng.choice(writer.extras["weather zh"]), rng, str), front=True)
        doc.flags["trap"] = "north wind"


def _traps(writer: Writer, docs: list[Doc]) -> None:
    """Serial and order numbers, which are nobody's personal data."""
    rng = rng_for("traps")
    for index in range(14):
        language = "zh" if index % 3 == 2 else "en"
        doc = rng.choice(_plain_reviews(docs, language, WEEKS[(index * 2) % len(WEEKS)]))
        writer.add(doc, expand(rng.choice(writer.extras[f"trap {language}"]), rng, str))
        doc.flags["trap"] = "number"


def _mojibake(docs: list[Doc]) -> None:
    """A few English reviews whose UTF-8 was once read as cp1252; brand spans would move, so they name none."""
    rng = rng_for("mojibake")
    fit = [
        doc for doc in _plain_reviews(docs, "en") if doc.source == "storefront" and "’" in doc.text and not doc.mentions
    ]
    fit = [doc for doc in fit if doc.text.replace("’", "").isascii()]
    for doc in rng.sample(fit, MOJIBAKE_COUNT):
        doc.flags["mojibake"] = doc.text
        doc.text = doc.text.encode().decode("cp1252")
        doc.parts = (doc.text,)


def _updates(writer: Writer, docs: list[Doc]) -> None:
    """Store reviews that their authors added to: the next month's export holds the longer text."""
    rng = rng_for("updates")
    fit = [doc for doc in _plain_reviews(docs, "en") if doc.source == "storefront" and doc.at.day >= 19]
    for month in MONTHS[:-1]:
        for doc in rng.sample([doc for doc in fit if doc.at.month == month], UPDATES_PER_MONTH):
            doc.flags["updated"] = doc.text
            template = rng.choice(writer.extras[f"update en {SIGN.get(doc.sentiment or '', '0')}"])
            writer.add(doc, expand(template, rng, str))


def _other_languages(writer: Writer) -> list[Doc]:
    """Reviews in languages that no model here reads."""
    rng = rng_for("other")
    lines = [
        (section[-2:], *line.split("|", 1))
        for section, texts in writer.extras.items()
        if section.startswith("other ")
        for line in texts
    ]
    rng.shuffle(lines)
    docs = []
    for index, (language, mood, text) in enumerate(lines):
        week = [week for week in WEEKS if week != GAP_WEEK][index % (len(WEEKS) - 1)]
        region = {"de": "DE", "fr": "FR", "es": "ES", "it": "IT", "nl": "NL"}[language]
        doc = writer.document("webshop", language, BRANDS[index % 5].name, week, text, rng, region)
        doc.sentiment, doc.rating = mood, writer.rating(mood, rng)
        doc.flags["other_language"] = language
        docs.append(doc)
    return docs


def _copies(writer: Writer, docs: list[Doc]) -> list[Doc]:
    """The same review posted again under another id, within the week: an exact number of true duplicates."""
    copies = []
    for week in WEEKS:
        rng = rng_for("copies", week)
        fit = [doc for doc in _plain_reviews(docs, week=week) if len(doc.text) > 40 and doc.source != "survey"]
        for original in rng.sample(fit, COPIES_PER_WEEK):
            doc = writer.document(original.source, original.language, original.brand, week, "", rng, original.segment)
            waits = (
                timedelta(hours=rng.uniform(3, 50)),
                timedelta(hours=1),
                timedelta(minutes=9),
                timedelta(minutes=1),
            )
            doc.at = next((original.at + wait for wait in waits if week_at(original.at + wait) == week), original.at)
            for name in ("text", "title", "parts", "sentiment", "aspects", "mentions", "rating"):
                setattr(doc, name, getattr(original, name))
            doc.flags["duplicate_of"] = original.record_id
            original.flags["has_duplicate"] = doc.record_id
            copies.append(doc)
    return copies


def _spam(writer: Writer) -> list[Doc]:
    """Advertising in review fields, evenly over the weeks, and one gushing text pasted under every brand."""
    docs = []
    for kind, count in SPAM_KINDS.items():
        rng = rng_for("spam", kind)
        for index in range(count):
            week = WEEKS[index * len(WEEKS) // count]
            language = "zh" if kind == "wechat" else "en"
            source = "mall" if kind == "wechat" else rng.choice(("storefront", "webshop"))
            if (source, week) == (GAP_SOURCE, GAP_WEEK):
                source = "storefront"
            brand = BRANDS[index % 5].name
            region = writer.region(f"{source} {language}", rng)
            template = writer.extras[f"spam {kind}"][index % len(writer.extras[f"spam {kind}"])]
            text = expand(template, rng, lambda _, rng=rng: str(rng.randrange(100, 99999)))
            doc = writer.document(source, language, brand, week, text, rng, region)
            doc.rating, doc.flags["spam"] = 5, kind
            docs.append(doc)
    rng = rng_for("spam", "essay")
    for index in range(20):
        source = ("storefront", "webshop")[index % 2]
        region = writer.region(f"{source} en", rng)
        text = writer.extras["spam essay"][0]
        doc = writer.document(source, "en", BRANDS[index % 5].name, ESSAY_WEEKS[index % 3], text, rng, region)
        doc.rating, doc.flags["spam"] = 5, "essay"
        docs.append(doc)
    return docs
