"""Chinese reviews whose labels are of an aspect, or of a short text as a whole, as labelled spans.

What arrives: car forum posts with a subject and its polarity (BDCI 2018), restaurant reviews with the polarity of 18
aspects (the sample of ASAP), short shop reviews with one polarity. What leaves: `TargetExample`s whose spans are the
words that the shipped taxonomy has for the aspect. A label whose aspect stands at no place, or at several, is left out
and counted; of a shop review only one that is short enough for its label to be that of everything in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from tasks.core.aspects import AspectFinder, taxonomy_of
from tasks.core.targets import POLARITIES, Span, TargetExample
from tasks.models.aspects import shipped_taxonomy
from tasks.target_sets import TargetParts, TargetSet, split_texts
from tasks.training_sets import _rows, _shopping, text_key

LONGEST_REVIEW = 40
MAX_REVIEWS = 5000
CAR_SUBJECTS: Mapping[str, frozenset[str]] = {
    "价格": frozenset({"price"}),
    "操控": frozenset({"handling"}),
    "舒适性": frozenset({"comfort", "noise", "seats"}),
    "油耗": frozenset({"fuel"}),
    "动力": frozenset({"engine", "performance"}),
    "内饰": frozenset({"interior"}),
    "安全性": frozenset({"safety"}),
    "空间": frozenset({"interior", "size"}),
    "外观": frozenset({"design"}),
}
RESTAURANT_COLUMNS: Mapping[str, frozenset[str]] = {
    "location_traffic": frozenset({"location"}),
    "location_easy_to_find": frozenset({"location"}),
    "service_wait_time": frozenset({"wait"}),
    "service_waiters_attitude": frozenset({"service", "staff"}),
    "price_level": frozenset({"price"}),
    "price_cost_effective": frozenset({"price"}),
    "environment_decoration": frozenset({"ambience", "design"}),
    "environment_noise": frozenset({"noise"}),
    "environment_cleaness": frozenset({"cleanliness"}),
    "dish_portion": frozenset({"portions"}),
    "dish_taste": frozenset({"taste"}),
}
_NOT_MENTIONED = "-2"
_SHOP_CATEGORIES = {
    "平板": "electronics",
    "水果": "retail",
    "洗发水": "cosmetics",
    "衣服": "fashion",
    "酒店": "travel",
    "计算机": "electronics",
    "手机": "electronics",
    "热水器": "appliance",
}


@lru_cache(maxsize=16)
def _finder(category: str) -> AspectFinder:
    return AspectFinder(taxonomy_of(shipped_taxonomy(), category=category), "zh")


def _spans(text: str, category: str) -> dict[str, list[Span]]:
    """The spans of each aspect that the words of a category find."""
    found: dict[str, list[Span]] = defaultdict(list)
    for span in _finder(category).find(text):
        found[span.aspect].append((span.start_char, span.end_char))
    return found


def _add(parts: TargetParts, labelled: Mapping[str, Iterable[tuple[Span, str]]], source: str) -> None:
    """Split texts with their spans; a span with two labels is left out."""
    examples = []
    seen: set[str] = set()
    for text, pairs in labelled.items():
        labels: dict[Span, set[str]] = defaultdict(set)
        for span, label in pairs:
            labels[span].add(label)
        parts.skip("spans with two labels", sum(len(found) > 1 for found in labels.values()))
        clear = sorted((span, next(iter(found))) for span, found in labels.items() if len(found) == 1)
        if clear and text_key(text) not in seen:
            seen.add(text_key(text))
            spans, polarities = zip(*clear, strict=True)
            examples.append(TargetExample(text, spans, polarities, source))
    split_texts(examples, parts)


def _only(spans: Mapping[str, Sequence[Span]], aspects: frozenset[str]) -> Span | None:
    """The one place where one of the aspects stands."""
    places = {span for aspect in aspects for span in spans.get(aspect, ())}
    return next(iter(places)) if len(places) == 1 else None


def _car_subjects(folder: Path, parts: TargetParts) -> None:
    labelled: dict[str, list[tuple[Span, str]]] = defaultdict(list)
    for row in _rows(folder / "train_2.csv.gz"):
        aspects = CAR_SUBJECTS.get(row["subject"])
        span = _only(_spans(row["content"], "car"), aspects) if aspects else None
        if span is None:
            parts.skip("subjects without one place")
        else:
            labelled[row["content"]].append((span, POLARITIES[int(row["sentiment_value"]) + 1]))
    _add(parts, labelled, folder.name)


def _restaurant_aspects(folder: Path, parts: TargetParts) -> None:
    labelled: dict[str, list[tuple[Span, str]]] = defaultdict(list)
    for path in sorted(folder.glob("*_sample.csv")):
        for row in _rows(path):
            spans = _spans(row["reviewbody"], "restaurant")
            for column, aspects in RESTAURANT_COLUMNS.items():
                if row[column] == _NOT_MENTIONED:
                    continue
                span = _only(spans, aspects)
                if span is None:
                    parts.skip("aspects without one place")
                else:
                    labelled[row["reviewbody"]].append((span, POLARITIES[int(row[column]) + 1]))
    _add(parts, labelled, folder.name)


def _short_reviews(folder: Path, parts: TargetParts) -> None:
    rows = sorted({row for row in _shopping(folder) if len(row[0]) <= LONGEST_REVIEW and row[2] in _SHOP_CATEGORIES})
    step = max(1, len(rows) // MAX_REVIEWS)
    labelled: dict[str, list[tuple[Span, str]]] = {}
    for text, label, group in rows[::step]:
        spans = sorted(span for found in _spans(text, _SHOP_CATEGORIES[group]).values() for span in found)
        if spans:
            labelled[text] = [(span, label) for span in spans]
        else:
            parts.skip("reviews without an aspect's word")
    _add(parts, labelled, folder.name)


OPINION_SETS: Sequence[TargetSet] = (
    TargetSet("zh_bdci_car_2018", "zh", "none stated", ("train_2.csv.gz",), _car_subjects),
    TargetSet("zh_asap_sample", "zh", "Apache-2.0", ("*_sample.csv",), _restaurant_aspects),
    TargetSet("zh_online_shopping_10_cats", "zh", "none stated", ("*.zip",), _short_reviews),
)
