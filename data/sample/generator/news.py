"""News: a feed of English and one of Chinese articles, with the syndicated story, the price cut and the newcomer."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from .grammar import Deck, Span, expand, load_phrases, plain, planted
from .world import (
    BY_NAME,
    LATE,
    LATE_FIRST,
    LATE_NEWS,
    PRICE_BRAND,
    PRICE_WEEK,
    PROJECT_ZONE,
    SYNDICATED_WEEK,
    TRACKED,
    WEEKS,
    Doc,
    monday,
    rng_for,
)

OUTLETS = {
    "press_en": (
        "Kitchen Courier", "The Morning Grind", "Harbour Post", "Household Weekly", "Retail Observer", "North Gazette",
        "Cup & Counter", "Valley Herald", "City Ledger", "Trade Wire", "The Evening Bell", "Consumer Lens",
        "Lakeside Times", "Home & Hearth",
    ),
    "press_zh": ("咖啡周报", "家电观察", "城市生活报", "消费前沿", "厨房志", "江城晚报", "小家电网", "财经早茶"),
}  # fmt: skip
TYPES = {
    "press_en": "launch launch test test people people market service service award criticism advice advice fair beans",
    "press_zh": "launch test market service award criticism advice advice launch",
}
TONE = {"award": "positive", "criticism": "negative", "test": "mixed"}
# Paragraphs that an article can't do without: who won a test and who lost it.
NEEDED = {"test": (0, 2)}
PER_WEEK = {"press_en": 9, "press_zh": 4}
PEOPLE = (
    "Clara Voss", "Miriam Osei", "Henrik Dahl", "Lena Hartwig", "Tom Okafor", "Giulia Serra", "Ruth Bellamy",
    "Jonas Pfeil", "Ana Duarte", "Yusuf Kaya", "Elise Marchand", "Piet Vos",
)  # fmt: skip
WOMEN = ("Clara Voss", "Miriam Osei", "Lena Hartwig", "Giulia Serra", "Ruth Bellamy", "Ana Duarte", "Elise Marchand")
PEOPLE_ZH = ("陈岚", "周启明", "林晓雨", "何志远", "吴敏", "许嘉宁", "赵文博", "沈一鸣")
CITIES = ("Hamburg", "Leipzig", "Manchester", "Rotterdam", "Turin", "Lyon", "Gothenburg", "Vienna", "Bristol")
CITIES_ZH = ("上海", "杭州", "成都", "武汉", "广州", "苏州", "青岛")
SYNDICATED_COPIES = {"press_en": 14, "press_zh": 6}
PRICE_STORIES = {"press_en": 5, "press_zh": 3}


class Newsroom:
    """Writes the articles of one feed."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.language = source[-2:]
        self.rng = rng_for(source)
        self.phrases = load_phrases(f"news_{self.language}")
        self.decks: dict[object, Deck] = {}
        self.number = 0
        self.seen: set[str] = set()

    def deck(self, key: object, cards: list) -> object:
        if key not in self.decks:
            self.decks[key] = Deck(self.rng, cards)
        return self.decks[key].draw()

    def week(self, week: str) -> list[Doc]:
        """All articles of a week, oldest first."""
        docs = [
            self.article(week, str(self.deck("type", TYPES[self.source].split())), self.cast())
            for _ in range(PER_WEEK[self.source])
        ]
        if week == SYNDICATED_WEEK:
            docs += self.syndicated(week)
        if week == PRICE_WEEK:
            for _ in range(PRICE_STORIES[self.source]):
                docs.append(self.article(week, "price", self.cast(PRICE_BRAND), first_day=1, flag="price_cut"))
        if week >= LATE_FIRST:
            stories = LATE_NEWS[WEEKS.index(week) - WEEKS.index(LATE_FIRST)]
            for index in range(stories):
                if index % 3 == (2 if self.language == "zh" else 0) or (self.language == "en" and index % 3 == 1):
                    docs.append(self.article(week, "late", self.cast(), flag="late_competitor"))
        return sorted(docs, key=lambda doc: (doc.at, doc.record_id))

    def cast(self, first: str | None = None) -> list[str]:
        lead = first or str(self.deck("lead", list(TRACKED)))
        others = [name for name in TRACKED if name != lead]
        self.rng.shuffle(others)
        return [lead, *others]

    def slot(self, name: str, cast: list[str]) -> str:
        rng, is_zh = self.rng, self.language == "zh"
        if name in ("a", "b", "c"):
            return self.name_of(cast["abc".index(name)])
        if name in ("amodel", "bmodel"):
            return rng.choice(BY_NAME[cast["ab".index(name[0])]].models)
        if name == "late":
            return planted(f"brand:{LATE.name}", LATE.zh if is_zh else LATE.name)
        if name == "latemodel":
            return LATE.models[0]
        if name == "num":
            return str(rng.randrange(4, 13))
        if name == "price":
            return str(rng.choice((329, 349, 379, 399, 429, 449, 499)))
        if name == "outlet":
            return rng.choice(OUTLETS[self.source])
        return rng.choice(
            {"person": PEOPLE, "woman": WOMEN, "zperson": PEOPLE_ZH, "city": CITIES, "zcity": CITIES_ZH}[name]
        )

    def name_of(self, name: str) -> str:
        brand = BY_NAME[name]
        if self.language == "zh":
            return planted(f"brand:{name}", brand.zh)
        return planted(f"brand:{name}", "Northwind Coffee" if name == "Northwind" and self.rng.random() < 0.2 else name)

    def article(self, week: str, kind: str, cast: list[str], *, first_day: int = 0, flag: str = "") -> Doc:
        """One article; its person, city and models stay the same throughout."""
        while True:
            fixed: dict[str, str] = {}

            def slot(name: str, fixed: dict[str, str] = fixed) -> str:
                if name in ("a", "b", "c", "num"):
                    return self.slot(name, cast)
                return fixed.setdefault(name, self.slot(name, cast))

            def line(section: str, slot=slot) -> str:
                return expand(str(self.deck(section, self.phrases[section])), self.rng, slot)

            title, lead, end = line(f"{kind} title"), line(f"{kind} lead"), line(f"{kind} end")
            bodies = self.phrases[f"{kind} body"]
            needed = NEEDED.get(kind, ())
            others = [index for index in range(len(bodies)) if index not in needed]
            count = min(len(others), self.rng.choice((3, 4, 4, 5)) - len(needed))
            chosen = sorted([*needed, *self.rng.sample(others, count)])
            body = [expand(bodies[index], self.rng, slot) for index in chosen]
            paragraphs = [lead, *body, end]
            if self.rng.random() < 0.5 and len(body) > 3:
                joint = "" if self.language == "zh" else " "
                paragraphs = [lead, joint.join(body[:2]), *body[2:], end]
            paragraphs = [text[0].upper() + text[1:] for text in paragraphs]
            if plain(" ".join(paragraphs))[0] not in self.seen:
                break
        self.seen.add(plain(" ".join(paragraphs))[0])
        doc = self.make(week, title[0].upper() + title[1:], paragraphs, TONE.get(kind, "neutral"), first_day)
        if flag:
            doc.flags[flag] = kind
        return doc

    def make(self, week: str, title: str, paragraphs: list[str], tone: str, first_day: int = 0) -> Doc:
        self.number += 1
        rng = self.rng
        text, spans = plain("\n\n".join(paragraphs))
        headline, title_spans = plain(title)
        day = monday(week) + timedelta(days=rng.randrange(first_day, 7 if rng.random() < 0.3 else 5))
        local = datetime.combine(day, time(rng.randrange(6, 21), rng.randrange(60)), tzinfo=PROJECT_ZONE)
        outlet = rng.choice(OUTLETS[self.source])
        site = f"outlet{OUTLETS[self.source].index(outlet) + 1}.{'cn.' if self.language == 'zh' else ''}example"
        return Doc(
            self.source, f"{self.language}-{self.number:05d}", None, week, local.astimezone(UTC), self.language, text,
            title=headline, parts=tuple(plain(text)[0] for text in paragraphs), sentiment=tone,
            mentions=brand_spans(spans), title_mentions=brand_spans(title_spans), author=outlet,
            url=f"https://{site}/{day:%Y/%m}/{self.number:05d}",
        )  # fmt: skip

    def syndicated(self, week: str) -> list[Doc]:
        """The same agency story on many outlets, a few with their own headline or first words."""
        phrases = load_phrases("syndicated")
        names = [surface for brand in ("Moricci",) for surface in (brand, BY_NAME[brand].zh)]

        def mark(text: str) -> str:
            for surface in names:
                text = text.replace(surface, planted("brand:Moricci", surface))
            return text

        docs = []
        for index in range(SYNDICATED_COPIES[self.source]):
            paragraphs = [mark(text) for text in phrases[f"text {self.language}"]]
            title = mark(phrases[f"title {self.language}"][0])
            if self.language == "en" and index % 4 == 3:
                paragraphs[0] = paragraphs[0].replace("LEIPZIG - ", "LEIPZIG (Trade Wire) - ")
                title = title.replace(" to open ", " opens ")
            doc = self.make(week, title, paragraphs, "neutral", 2)
            outlets = OUTLETS[self.source]
            doc.author = outlets[index % len(outlets)]
            doc.flags["story"] = f"leipzig-{self.language}"
            docs.append(doc)
        return docs


def brand_spans(spans: list[Span]) -> list[tuple[int, int, str, str]]:
    """Spans of planted brand names as (start, end, brand, surface)."""
    return [
        (start, end, kind.removeprefix("brand:"), text) for start, end, kind, text in spans if kind.startswith("brand:")
    ]


def write_news() -> list[Doc]:
    """Every article of both feeds."""
    rooms = [Newsroom(source) for source in PER_WEEK]
    return [doc for room in rooms for week in WEEKS for doc in room.week(week)]
