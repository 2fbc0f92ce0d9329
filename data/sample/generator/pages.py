"""Competitors' own pages: HTML as a shop's content system would write it, with navigation, cookies note and footer."""

from __future__ import annotations

import html
from datetime import UTC, date, datetime, timedelta

from .grammar import Deck, expand, load_phrases, plain, planted
from .news import CITIES, CITIES_ZH, brand_spans
from .world import BRANDS, BY_NAME, PRICE_BRAND, PRICE_WEEK, SURGE_BRAND, WEEKS, Brand, Doc, monday, rng_for

COMPETITORS = tuple(brand.name for brand in BRANDS[1:])
KINDS = ("care", "product", "event", "story", "parts", "hours")
LABELS = {
    "en": (
        "Products",
        "Journal",
        "Service",
        "Shops",
        "Basket",
        "We use cookies to count visits.",
        "Imprint",
        "Privacy",
    ),
    "zh": ("产品", "日志", "服务", "门店", "购物车", "本站使用Cookie统计访问量。", "关于我们", "隐私政策"),
}


def write_pages() -> list[Doc]:
    """Every page of every competitor, by date: one each fortnight, and the planted announcements."""
    phrases = load_phrases("pages")
    docs: list[Doc] = []
    for position, name in enumerate(COMPETITORS):
        rng = rng_for("pages", name)
        kinds, brand = Deck(rng, KINDS), BY_NAME[name]
        variants: dict[str, Deck] = {}
        for index, week in enumerate(WEEKS):
            if index % 2 == position % 2:
                language = "zh" if (index // 2 + position) % 3 == 2 else "en"
                kind = f"{kinds.draw()} {language}"
                deck = variants.setdefault(kind, Deck(rng, phrases[f"{kind} title"]))
                day = monday(week) + timedelta(days=rng.randrange(0, 5))
                docs.append(_page(brand, kind, str(deck.draw()), day, rng, phrases))
        extra = {PRICE_BRAND: ("price", PRICE_WEEK, 1), SURGE_BRAND: ("seal", "2026-W40", 2)}.get(name)
        for language in ("en", "zh") if extra else ():
            kind = f"{extra[0]} {language}"
            day = monday(extra[1]) + timedelta(days=extra[2])
            doc = _page(brand, kind, phrases[f"{kind} title"][0], day, rng, phrases)
            doc.flags["price_cut" if extra[0] == "price" else "surge_background"] = extra[0]
            docs.append(doc)
    return sorted(docs, key=lambda doc: (doc.source, doc.record_id))


def _page(brand: Brand, kind: str, title: str, day: date, rng, phrases: dict[str, list[str]]) -> Doc:
    language = kind[-2:]
    is_zh = language == "zh"
    model = rng.choice(brand.models)
    name = brand.zh if is_zh else brand.name

    def slot(wanted: str) -> str:
        return {
            "model": model,
            "brand": planted(f"brand:{brand.name}", name),
            "price": str(rng.choice((279, 329, 399, 449, 549))),
            "yuan": str(rng.choice((1999, 2599, 2999, 3599))),
            "city": rng.choice(CITIES),
            "zcity": rng.choice(CITIES_ZH),
        }[wanted]

    city: dict[str, str] = {}

    def steady(wanted: str) -> str:
        return city.setdefault(wanted, slot(wanted))

    lines = phrases[f"{kind} text"]
    if not kind.startswith(("price", "seal")) and len(lines) > 4:
        dropped = rng.randrange(1, len(lines))
        lines = [line for index, line in enumerate(lines) if index != dropped]
    paragraphs = [expand(line, rng, steady) for line in lines]
    paragraphs = [mark_names(text, brand) if kind.startswith(("price", "seal")) else text for text in paragraphs]
    headline, title_spans = plain(expand(title, rng, steady))
    text, spans = plain("\n\n".join(paragraphs))
    slug = f"{day:%Y-%m-%d}-{kind.split()[0]}-{language}"
    return Doc(
        f"site_{brand.name.lower()}", slug, brand.name, week_name(day),
        datetime(day.year, day.month, day.day, tzinfo=UTC), language, text, title=headline,
        parts=tuple(plain(part)[0] for part in paragraphs), sentiment="neutral",
        mentions=brand_spans(spans), title_mentions=brand_spans(title_spans),
        url=f"https://www.{brand.name.lower()}.example/{'zh/' if is_zh else ''}journal/{slug}",
    )  # fmt: skip


def mark_names(text: str, brand: Brand) -> str:
    """Planting marks around a brand's own names in a fixed text."""
    for surface in (brand.name, brand.zh):
        text = text.replace(surface, planted(f"brand:{brand.name}", surface))
    return text


def week_name(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def render(doc: Doc) -> str:
    """The page's HTML."""
    assert doc.brand is not None
    brand = BY_NAME[doc.brand]
    name = brand.zh if doc.language == "zh" else brand.name
    products, journal, service, shops, basket, cookies, imprint, privacy = LABELS[doc.language]
    paragraphs = "\n".join(f"      <p>{html.escape(part, quote=False)}</p>" for part in doc.parts)
    title = html.escape(doc.title, quote=False)
    day = doc.at.date()
    shown = f"{day.year}年{day.month}月{day.day}日" if doc.language == "zh" else f"{day.day} {day:%B %Y}"
    return f"""<!DOCTYPE html>
<html lang="{"zh-CN" if doc.language == "zh" else "en"}">
<head>
  <meta charset="utf-8">
  <title>{title} | {name}</title>
  <link rel="canonical" href="{doc.url}">
  <meta property="og:type" content="article">
  <meta property="og:title" content="{title}">
  <meta property="og:site_name" content="{name}">
  <meta property="article:published_time" content="{day.isoformat()}">
  <meta name="date" content="{day.isoformat()}">
  <style>body {{ font: 17px/1.5 sans-serif }} nav a {{ margin-right: 1em }}</style>
  <script>window.dataLayer = window.dataLayer || [];</script>
</head>
<body>
  <div class="cookie-banner" role="dialog">{cookies} <button>OK</button></div>
  <header>
    <nav aria-label="main">
      <a href="/">{name}</a> <a href="/products">{products}</a> <a href="/journal">{journal}</a>
      <a href="/service">{service}</a> <a href="/shops">{shops}</a> <a href="/basket">{basket} (0)</a>
    </nav>
  </header>
  <main>
    <article>
      <h1>{title}</h1>
      <p class="byline"><time datetime="{day.isoformat()}">{shown}</time></p>
{paragraphs}
    </article>
    <aside class="related"><h2>{journal}</h2><ul><li><a href="/journal/1">{products}</a></li><li>\
<a href="/journal/2">{service}</a></li></ul></aside>
  </main>
  <footer><small>&copy; {day.year} {name} &middot; <a href="/imprint">{imprint}</a> &middot; \
<a href="/privacy">{privacy}</a></small></footer>
</body>
</html>
"""
