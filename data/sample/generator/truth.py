"""Writes down what is planted: truth.json for people and tests, truth_documents.jsonl.gz with a line per document."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

from .world import (
    BRANDS,
    BY_NAME,
    DRIFT_BRAND,
    DRIFT_FIRST,
    GAP_SOURCE,
    GAP_WEEK,
    LATE,
    LATE_FIRST,
    PRICE_BRAND,
    PRICE_WEEK,
    QUIET_WEEKS,
    SEED,
    SURGE_BRAND,
    SURGE_NEGATIVE,
    SURGE_WEEK,
    SYNDICATED_WEEK,
    TRACKED,
    WEEKS,
    Doc,
    drift_points,
)

REVIEW_SOURCES = ("mall", "storefront", "survey", "webshop")


def write_truth(docs: list[Doc], ledger: dict[str, dict], folder: Path) -> None:
    """Write both truth files into a folder."""
    docs = sorted(docs, key=lambda doc: (doc.source, doc.at, doc.record_id))
    truth = {
        "about": "What is planted in the sample's inbox; data/sample/README.md explains every part.",
        "seed": SEED,
        "timezone": "Europe/Berlin",
        "weeks": list(WEEKS),
        "brands": [
            {"name": brand.name, "zh": brand.zh, "role": "own" if index == 0 else "competitor"}
            for index, brand in enumerate(BRANDS)
        ],
        "sources": ledger,
        "totals": _totals(docs),
        "weekly": {week: {brand: _weekly(docs, brand, week) for brand in TRACKED} for week in WEEKS},
        "planted": _planted(docs, ledger),
    }
    (folder / "truth.json").write_text(_readable(truth) + "\n", encoding="utf-8")
    lines = "".join(json.dumps(_document(doc), ensure_ascii=False, separators=(",", ":")) + "\n" for doc in docs)
    (folder / "truth_documents.jsonl.gz").write_bytes(gzip.compress(lines.encode(), 9, mtime=0))


def _readable(value: object, indent: int = 0) -> str:
    """JSON in which anything that fits on a line stands on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= 110 or not isinstance(value, (dict, list)) or not value:
        return flat
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        inner = [
            f"{pad}{json.dumps(key, ensure_ascii=False)}: {_readable(item, indent + 1)}" for key, item in value.items()
        ]
        return "{\n" + ",\n".join(inner) + "\n" + " " * indent + "}"
    if all(isinstance(item, str) for item in value):
        return "[" + ", ".join(json.dumps(item, ensure_ascii=False) for item in value) + "]"
    return "[\n" + ",\n".join(pad + _readable(item, indent + 1) for item in value) + "\n" + " " * indent + "]"


def is_usable(doc: Doc) -> bool:
    """Counts in a metric: neither spam nor a later copy."""
    return "spam" not in doc.flags and "duplicate_of" not in doc.flags


def _totals(docs: list[Doc]) -> dict:
    usable = [doc for doc in docs if is_usable(doc)]
    rated = [doc for doc in usable if doc.rating and doc.sentiment in ("positive", "negative")]
    agree = sum((doc.rating > 3) == (doc.sentiment == "positive") and doc.rating != 3 for doc in rated)
    return {
        "documents": len(docs),
        "usable": len(usable),
        "distinct_texts": len({doc.text for doc in docs}),
        "languages": dict(sorted(Counter(_language(doc) for doc in docs).items())),
        "stars_agree_with_text": round(agree / len(rated), 4),
    }


def _language(doc: Doc) -> str:
    return doc.language if doc.language in ("en", "zh") else "other"


def _weekly(docs: list[Doc], brand: str, week: str) -> dict:
    """True counts of a brand's usable reviews in a week (spam and copies left out)."""
    found = [
        doc
        for doc in docs
        if doc.brand == brand and doc.week == week and doc.source in REVIEW_SOURCES and is_usable(doc)
    ]
    moods = Counter(doc.sentiment for doc in found)
    return {"n": len(found), **{mood: moods[mood] for mood in ("negative", "neutral", "positive", "mixed")}}


def _ids(docs: list[Doc]) -> list[str]:
    return [f"{doc.source}/{doc.record_id}" for doc in docs]


def _flagged(docs: list[Doc], flag: str, value: str = "") -> list[Doc]:
    return [doc for doc in docs if flag in doc.flags and value in ("", doc.flags[flag])]


def _share(docs: list[Doc], brand: str, weeks: list[str]) -> dict:
    rows = [_weekly(docs, brand, week) for week in weeks]
    n, k = sum(row["n"] for row in rows), sum(row["negative"] for row in rows)
    return {"n": n, "negative": k, "share": round(k / n, 4)}


def _planted(docs: list[Doc], ledger: dict[str, dict]) -> dict:
    surge = WEEKS.index(SURGE_WEEK)
    drift = WEEKS[WEEKS.index(DRIFT_FIRST) :]
    late = _flagged(docs, "late_competitor")
    copies = _flagged(docs, "duplicate_of")
    return {
        "complaint_surge": {
            "brand": SURGE_BRAND,
            "week": SURGE_WEEK,
            "metric": "negative_share",
            "true_share": SURGE_NEGATIVE,
            "normal_share": BY_NAME[SURGE_BRAND].negative,
            "in_week": _share(docs, SURGE_BRAND, [SURGE_WEEK]),
            "eight_weeks_before": _share(docs, SURGE_BRAND, list(WEEKS[surge - 8 : surge])),
            "topic": "the machine leaks since the group seal was exchanged",
            "topic_words": {"en": ["seal", "leak", "leaks", "leaking", "water"], "zh": ["密封圈", "漏水"]},
            "expected_verdicts": ["signal_up", "watch_up"],
            "background_pages": _ids(_flagged(docs, "surge_background")),
            "documents": _ids(_flagged(docs, "surge")),
        },
        "slow_drift": {
            "brand": DRIFT_BRAND,
            "first_week": DRIFT_FIRST,
            "last_week": WEEKS[-1],
            "metric": "negative_share",
            "points_per_week": 1,
            "aspect": "app",
            "true_shares": {
                week: round(BY_NAME[DRIFT_BRAND].negative + drift_points(DRIFT_BRAND, week) / 100, 2) for week in drift
            },
            "first_four_weeks": _share(docs, DRIFT_BRAND, list(drift[:4])),
            "last_four_weeks": _share(docs, DRIFT_BRAND, list(drift[-4:])),
            "expected_verdicts": ["signal_up", "watch_up"],
            "expected_from": "the 12-week slope in the last weeks; a comparison with eight weeks misses most of it",
            "documents": _ids(_flagged(docs, "drift")),
        },
        "price_cut": {
            "brand": PRICE_BRAND,
            "week": PRICE_WEEK,
            "date": "2026-10-27",
            "product": "Duetto",
            "old_price": {"EUR": 649, "CNY": 4999},
            "new_price": {"EUR": 549, "CNY": 4299},
            "pages": _ids([doc for doc in _flagged(docs, "price_cut") if doc.source.startswith("site_")]),
            "news": _ids([doc for doc in _flagged(docs, "price_cut") if doc.source.startswith("press_")]),
        },
        "late_competitor": {
            "name": LATE.name,
            "surfaces": ["Zestello", "泽思乐"],
            "first_week": LATE_FIRST,
            "documents_by_week": dict(sorted(Counter(doc.week for doc in late).items())),
            "mentions": {
                f"{doc.source}/{doc.record_id}": [[m[0], m[1], m[3]] for m in doc.mentions if m[2] == LATE.name]
                for doc in late
            },
        },
        "syndicated_story": {
            "week": SYNDICATED_WEEK,
            "stories": {story: _ids(_flagged(docs, "story", story)) for story in ("leipzig-en", "leipzig-zh")},
            "note": "en copies differ in headline and first words in every fourth outlet",
        },
        "news_events": {
            "stories": {
                **{story: _ids(_flagged(docs, "story", story)) for story in ("leipzig-en", "leipzig-zh")},
                **{
                    f"price-cut-{source[-2:]}": _ids(
                        [doc for doc in _flagged(docs, "price_cut") if doc.source == source]
                    )
                    for source in ("press_en", "press_zh")
                },
            },
            "unclear": _ids([doc for doc in late if doc.source.startswith("press_")]),
            "note": "every other article of the press tells an event of its own; the newcomer's are told for weeks",
        },
        "spam": {
            kind: _ids(_flagged(docs, "spam", kind)) for kind in ("essay", "link", "stuffing", "telegram", "wechat")
        },
        "personal_data": {
            f"{doc.source}/{doc.record_id}": [list(span) for span in doc.personal] for doc in _flagged(docs, "personal")
        },
        "source_gap": {
            "source": GAP_SOURCE,
            "week": GAP_WEEK,
            "records_in_week": sum(doc.source == GAP_SOURCE and doc.week == GAP_WEEK for doc in docs),
            "expected": "the source is incomplete in that week: left out of comparisons on both sides, and said aloud",
        },
        "quiet_weeks": {
            "weeks": list(QUIET_WEEKS),
            "with_full_baseline": list(QUIET_WEEKS[8:]),
            "expected_verdicts": ["no_clear_change", "baseline_building", "too_few"],
        },
        "broken_input": {
            source: counts["rejected_by_reason"] for source, counts in ledger.items() if counts["rejected"]
        },
        "repeated_records": {
            source: {"duplicates": counts["duplicates"], "updated": counts["updated"]}
            for source, counts in ledger.items()
            if counts["duplicates"] or counts["updated"]
        },
        "updated_records": _ids(_flagged(docs, "updated")),
        "duplicate_texts": {
            "copies": len(copies),
            "pairs": {f"{doc.source}/{doc.record_id}": doc.flags["duplicate_of"] for doc in copies},
        },
        "not_brand_mentions": _ids(_flagged(docs, "trap", "north wind")),
        "not_personal_data": _ids(_flagged(docs, "trap", "number")),
        "mojibake": {f"{doc.source}/{doc.record_id}": doc.flags["mojibake"] for doc in _flagged(docs, "mojibake")},
        "other_languages": _ids(_flagged(docs, "other_language")),
    }


def _document(doc: Doc) -> dict:
    """A document's line. Spans are in its text: the text columns joined by a blank line, without the title."""
    row: dict = {
        "source": doc.source, "id": doc.record_id, "file": doc.flags["file"], "position": int(doc.flags["position"]),
        "brand": doc.brand, "week": doc.week, "language": _language(doc), "sentiment": doc.sentiment,
    }  # fmt: skip
    optional = {
        "aspects": [list(pair) for pair in doc.aspects],
        "mentions": [list(span) for span in sorted(doc.mentions)],
        "title_mentions": [list(span) for span in doc.title_mentions],
        "personal": [list(span) for span in sorted(doc.personal)],
    }
    hidden = ("file", "position", "updated", "mojibake", "has_duplicate")
    flags = {name: value for name, value in doc.flags.items() if name not in hidden}
    return row | {name: value for name, value in {**optional, "flags": flags}.items() if value}
