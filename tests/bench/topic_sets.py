"""The labelled sets on which ways to find topics are compared: texts, and the category that a person gave each.

No category was looked at while topics are found. McDonald's reviews have several complaints each: those with exactly
one take part. Samples are the first rows after a seeded shuffle, so that every way reads the same documents.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

MOST = 3_000
SEED = 20_260_101
Labelled = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class LabelledSet:
    """A set by name: its language, its texts and their categories."""

    name: str
    language: str
    texts: list[str]
    labels: list[str]


def _bbc(root: Path) -> Labelled:
    with gzip.open(root / "bbc_news_train" / "BBC News Train.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["Text"], row["Category"]


def _huffpost(root: Path) -> Labelled:
    path = root / "news_category_huffpost" / "News_Category_Dataset_v3.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            yield f"{row['headline']}. {row['short_description']}".strip(), row["category"]


def _airline(root: Path) -> Labelled:
    with gzip.open(root / "twitter_us_airline" / "Tweets.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["negativereason"] and row["negativereason"] != "Can't Tell":
                yield row["text"], row["negativereason"]


def _mcdonalds(root: Path) -> Labelled:
    (path,) = (root / "mcdonalds_crowdflower").glob("*.csv.gz")
    content = gzip.decompress(path.read_bytes()).decode("utf-8", "replace").replace("\r\n", "\n")
    for row in csv.reader(io.StringIO(content.replace("\r", "\n"))):
        if len(row) >= 10 and row[5] and row[5] != "policies_violated":
            reasons = set(row[5].split("\n"))
            if len(reasons) == 1 and reasons != {"na"}:
                yield row[9], reasons.pop()


def _shopping(root: Path) -> Labelled:
    with zipfile.ZipFile(root / "zh_online_shopping_10_cats" / "online_shopping_10_cats.zip") as archive:
        content = archive.read("online_shopping_10_cats.csv").decode("utf-8-sig")
    for row in csv.DictReader(io.StringIO(content)):
        if row["review"]:
            yield row["review"], row["cat"]


def _thucnews(root: Path) -> Labelled:
    with gzip.open(root / "zh_thucnews_titles" / "dev.txt.gz", "rt", encoding="utf-8") as file:
        for line in file:
            text, _, label = line.rstrip("\n").rpartition("\t")
            if text:
                yield text, label


SETS: dict[str, tuple[str, Callable[[Path], Labelled]]] = {
    "bbc_news_train": ("en", _bbc),
    "news_category_huffpost": ("en", _huffpost),
    "twitter_us_airline": ("en", _airline),
    "mcdonalds_crowdflower": ("en", _mcdonalds),
    "zh_online_shopping_10_cats": ("zh", _shopping),
    "zh_thucnews_titles": ("zh", _thucnews),
}


def load_sets(root: Path, *, most: int = MOST) -> list[LabelledSet]:
    """All sets below a folder, each with at most `most` documents; texts that repeat stand once."""
    sets = []
    for name, (language, read) in SETS.items():
        rows = list(dict(read(root)).items())
        random.Random(SEED).shuffle(rows)
        texts, labels = zip(*rows[:most], strict=True)
        sets.append(LabelledSet(name, language, list(texts), list(labels)))
    return sets
