"""The sample's world: weeks, brands, sources, and which weeks hold which planted event.

Everything is fictitious. Shares are of a brand's reviews in a week; counts are reviews a week.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SEED = "market-brief-sample-1"
PROJECT_ZONE = ZoneInfo("Europe/Berlin")
SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_MONDAY = date(2026, 5, 4)
WEEKS = tuple(f"2026-W{number}" for number in range(19, 45))

SURGE_WEEK, SURGE_BRAND = "2026-W41", "Torvane"
DRIFT_BRAND, DRIFT_FIRST = "Northwind", "2026-W33"
PRICE_WEEK, PRICE_BRAND = "2026-W44", "Bellacrema"
GAP_WEEK, GAP_SOURCE = "2026-W34", "webshop"
SYNDICATED_WEEK = "2026-W36"
LATE_FIRST = "2026-W36"
QUIET_WEEKS = WEEKS[:14]


@dataclass(frozen=True)
class Brand:
    """A brand, the names people write for it, and how its reviews are spread when nothing happens."""

    name: str
    zh: str
    surfaces_en: tuple[str, ...]
    surfaces_zh: tuple[str, ...]
    models: tuple[str, ...]
    negative: float
    storefront: int
    webshop: int
    mall: int
    survey: int
    likes: tuple[str, ...]
    dislikes: tuple[str, ...]


BRANDS = (
    Brand(
        "Northwind", "北风咖啡",
        ("Northwind", "Northwind", "Northwind", "Northwind Coffee"),
        ("北风咖啡", "北风", "北风", "Northwind"),
        ("Aria", "Aria Duo", "Fjord", "Fjord Pro"),
        0.20, 46, 31, 20, 12, ("taste", "design", "service"), ("app", "price", "heating"),
    ),
    Brand(
        "Bellacrema", "贝拉奇",
        ("Bellacrema",), ("贝拉奇", "贝拉奇", "Bellacrema"),
        ("Duetto", "Luna S", "Primo 2"),
        0.24, 38, 26, 19, 0, ("design", "taste", "steam"), ("price", "service", "durability"),
    ),
    Brand(
        "Kaffelund", "卡弗伦",
        ("Kaffelund",), ("卡弗伦", "卡弗伦", "Kaffelund"),
        ("Stille", "Kopp", "Kopp Mini"),
        0.18, 34, 24, 16, 0, ("noise", "service", "cleaning"), ("steam", "heating", "delivery"),
    ),
    Brand(
        "Torvane", "托凡",
        ("Torvane",), ("托凡", "托凡", "Torvane"),
        ("T3", "T5", "T5 Max"),
        0.22, 33, 22, 16, 0, ("price", "heating", "grinder"), ("durability", "noise", "design"),
    ),
    Brand(
        "Moricci", "莫里奇",
        ("Moricci",), ("莫里奇", "莫里奇", "Moricci"),
        ("Classica", "Vento", "Classica Due"),
        0.25, 32, 22, 16, 0, ("steam", "taste", "durability"), ("cleaning", "setup", "descaling"),
    ),
)  # fmt: skip
LATE = Brand(
    "Zestello", "泽思乐", ("Zestello",), ("泽思乐", "泽思乐", "Zestello"), ("Uno", "Uno+"),
    0.0, 0, 0, 0, 0, (), (),
)  # fmt: skip
BY_NAME = {brand.name: brand for brand in (*BRANDS, LATE)}
TRACKED = tuple(brand.name for brand in BRANDS)
# Reviews a week that name the newcomer, and news stories, from LATE_FIRST on.
LATE_REVIEWS = (4, 6, 9, 12, 15, 18, 20, 22, 24)
LATE_NEWS = (1, 1, 2, 2, 2, 3, 2, 3, 3)

MIXED, NEUTRAL = 0.08, 0.10
SURGE_NEGATIVE = 0.62
REGIONS = {
    "storefront": ("GB", "GB", "GB", "US", "US", "IE", "DE", "AU"),
    "webshop_en": ("DE", "DE", "DE", "GB", "GB", "NL", "FR", "AT"),
    "webshop_zh": ("CN", "CN", "SG", "DE"),
    "mall": ("广东", "上海", "北京", "浙江", "江苏", "四川", "湖北", "山东", "福建", "陕西"),
    "survey": ("north", "south", "east", "west"),
}


@dataclass
class Doc:
    """One document, with what is true of it. Spans are (start, end, …) in `text`, in code points, end exclusive."""

    source: str
    record_id: str
    brand: str | None
    week: str
    at: datetime
    language: str
    text: str
    title: str = ""
    parts: tuple[str, ...] = ()
    sentiment: str | None = None
    aspects: list[tuple[str, str]] = field(default_factory=list)
    mentions: list[tuple[int, int, str, str]] = field(default_factory=list)
    title_mentions: list[tuple[int, int, str, str]] = field(default_factory=list)
    personal: list[tuple[int, int, str, str]] = field(default_factory=list)
    rating: int | None = None
    author: str = ""
    segment: str = ""
    url: str = ""
    flags: dict[str, str] = field(default_factory=dict)


def rng_for(*parts: object) -> random.Random:
    """A generator of its own for one part of the sample, so that a change in one part leaves the others alone."""
    return random.Random(":".join((SEED, *map(str, parts))))


def monday(week: str) -> date:
    """The Monday of one of the sample's weeks."""
    return FIRST_MONDAY + timedelta(weeks=WEEKS.index(week))


def week_at(moment: datetime) -> str | None:
    """The sample's week that a moment falls into in the project's time zone; None when it lies outside."""
    index = (moment.astimezone(PROJECT_ZONE).date() - FIRST_MONDAY).days // 7
    return WEEKS[index] if 0 <= index < len(WEEKS) else None


def moment_in(week: str, rng: random.Random, zone: ZoneInfo) -> datetime:
    """A UTC moment in a week, at an hour at which people of that zone are awake (mostly)."""
    hours = (7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 20, 21, 21, 22, 23, 0)
    while True:
        day = monday(week) + timedelta(days=rng.randrange(-1, 8))
        local = datetime(
            day.year, day.month, day.day, rng.choice(hours), rng.randrange(60), rng.randrange(60), tzinfo=zone
        )
        moment = local.astimezone(UTC)
        if week_at(moment) == week:
            return moment


def drift_points(brand: str, week: str) -> int:
    """Points of negative share that the slow drift has added by a week."""
    if brand != DRIFT_BRAND or week < DRIFT_FIRST:
        return 0
    return WEEKS.index(week) - WEEKS.index(DRIFT_FIRST) + 1


def negative_target(brand: str, week: str) -> float:
    """The true expected share of negative reviews of a brand in a week."""
    if (brand, week) == (SURGE_BRAND, SURGE_WEEK):
        return SURGE_NEGATIVE
    return BY_NAME[brand].negative + drift_points(brand, week) / 100
