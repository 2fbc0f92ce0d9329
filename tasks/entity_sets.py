"""Texts with marked names to train and measure taggers on: public data sets, and the project's own sentences.

Each public set arrives in its own format and with its own types. What leaves is `Marked`: plain text as people write
it, the spans of names with their types, and the stretches of which the set does not say what they are (a headline's
other companies, an encyclopedia's "miscellaneous"); those are taught neither as names nor as no names. A type may be a
choice: a set that knows only "organisation" says "corporation|group" for sets that tell the two apart.

The project's own sentences (tasks/entity_templates.py) have slots that are filled with invented names, so that a model
learns where names stand rather than which there are.
"""

from __future__ import annotations

import ast
import csv
import gzip
import io
import json
import random
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import SourceError

WNUT_TYPES = ("person", "location", "corporation", "group", "product", "creative-work")
CLUENER_TYPES = (
    "address", "book", "company", "game", "government", "movie", "name", "organization", "position", "scene",
)  # fmt: skip
OWN = "project sentences"
# Plain text that vectors are made from.
PLAIN_CHINESE = (
    "zh_thucnews_titles",
    "zh_online_shopping_10_cats",
    "zh_bdci_car_2018",
    "zh_weibo_senti_subset",
)
_WIKIGOLD_TYPES = {"PER": "person", "LOC": "location", "ORG": "corporation|group"}

Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Marked:
    """A text with its names. spans: (start, end, type) in code points; unknown: (start, end) that nobody labelled."""

    text: str
    spans: tuple[Span, ...]
    unknown: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class EntitySet:
    """A public set, by the name of its folder; with is_clear False, a model trained on it is for research only."""

    name: str
    language: str
    licence: str
    is_clear: bool
    files: tuple[str, ...]
    read: Callable[[Path], Iterator[Marked]]


def read_entity_set(entity_set: EntitySet, root: Path) -> list[Marked]:
    """All texts of a set that hold anything.

    Raises:
        SourceError: the set is not there.
    """
    folder = root / entity_set.name
    if not folder.is_dir():
        raise SourceError(f"No training set at {folder}", fix="name the folder that holds the data sets with --data")
    return [marked for marked in entity_set.read(folder) if marked.text.strip()]


def read_wnut_dev(root: Path) -> list[Marked]:
    """The development part of WNUT-17, on which nothing is trained."""
    return list(read_conll(root / "wnut17" / "emerging.dev.conll", {kind: kind for kind in WNUT_TYPES}))


def read_plain_chinese(root: Path) -> list[str]:
    """Chinese text without labels, to make vectors from: news titles, reviews and short posts, without repeats."""
    texts = [
        line.split("\t")[0]
        for name in ("dev.txt.gz", "test.txt.gz")
        for line in _open_text(root / "zh_thucnews_titles" / name).splitlines()
    ]
    reviews = zipfile.ZipFile(root / "zh_online_shopping_10_cats" / "online_shopping_10_cats.zip")
    table = next(name for name in reviews.namelist() if name.endswith(".csv"))
    rows = [row["review"] for row in csv.DictReader(io.StringIO(reviews.read(table).decode("utf-8", "replace")))]
    random.Random(1).shuffle(rows)
    texts += [row[:200] for row in rows[:16_000]]
    posts = csv.DictReader(io.StringIO(_open_text(root / "zh_bdci_car_2018" / "train_2.csv.gz")))
    texts += [row["content"] for row in posts][:6_000]
    weibo = csv.reader(io.StringIO(_open_text(root / "zh_weibo_senti_subset" / "weibo_senti_100k.csv")))
    texts += [row[1] for row in weibo][1:]
    return [text for text in dict.fromkeys(texts) if text]


def read_conll(path: Path, types: Mapping[str, str], *, unknown: Sequence[str] = ()) -> Iterator[Marked]:
    """Texts of a CoNLL file (token and tag a line, a blank line between texts), written as people write.

    Args:
        types: their type to ours; types that are not named here are no names.
        unknown: their types that may or may not be names of ours.
    """
    tokens: list[tuple[str, str]] = []
    for line in [*_open_text(path).splitlines(), ""]:
        columns = line.split()
        if len(columns) >= 2:
            tokens.append((columns[0], columns[-1]))
        elif tokens:
            yield join_tokens(tokens, types, unknown)
            tokens = []


def join_tokens(tokens: Sequence[tuple[str, str]], types: Mapping[str, str], unknown: Sequence[str] = ()) -> Marked:
    """Tokens as a text without blanks before punctuation, with the spans of runs of equal tags (BIO or IO)."""
    text = ""
    spans: list[Span] = []
    unlabelled: list[tuple[int, int]] = []
    previous = "O"
    for token, tag in tokens:
        if text and not _NO_BLANK_BEFORE.match(token) and not text.endswith(("(", "[", "$", "#")):
            text += " "
        start, text = len(text), text + token
        prefix, _, kind = tag.partition("-")
        if kind in types:
            if prefix == "I" and previous == kind and spans:
                spans[-1] = (spans[-1][0], len(text), types[kind])
            else:
                spans.append((start, len(text), types[kind]))
        elif kind in unknown:
            unlabelled.append((start, len(text)))
        previous = kind
    return Marked(text, tuple(spans), tuple(unlabelled))


def read_cluener(path: Path) -> Iterator[Marked]:
    """Texts of a CLUENER file, with all ten types."""
    for line in _open_text(path).splitlines():
        row = json.loads(line)
        spans = {
            (start, end + 1, kind)
            for kind, names in row["label"].items()
            for places in names.values()
            for start, end in places
        }
        yield Marked(row["text"], tuple(without_overlaps(spans)))


def without_overlaps(spans: Iterable[Span]) -> list[Span]:
    """The longest span wins where two overlap; in order of their starts."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda item: (item[0] - item[1], item)):
        if not any(start < span[1] and span[0] < end for start, end, _ in kept):
            kept.append(span)
    return sorted(kept)


def _wnut(folder: Path) -> Iterator[Marked]:
    yield from read_conll(folder / "wnut17train.conll.gz", {kind: kind for kind in WNUT_TYPES})


def _wikigold(folder: Path) -> Iterator[Marked]:
    yield from read_conll(folder / "wikigold/CONLL-format/data/wikigold.conll.txt", _WIKIGOLD_TYPES, unknown=("MISC",))


def _sentfin(folder: Path) -> Iterator[Marked]:
    """Headlines; only the companies that were judged are marked, so other capitalised words say nothing."""
    listed = csv.DictReader(io.StringIO((folder / "entity_list_comprehensive.csv").read_text(encoding="utf-8")))
    known = {name.strip().casefold() for row in listed for name in row["Entity"].split(",")}
    for row in csv.DictReader(io.StringIO(_open_text(folder / "SEntFiN.csv.gz"))):
        try:
            names = ast.literal_eval(row["Decisions"])
        except (ValueError, SyntaxError):
            continue
        title = row["Title"]
        found = [
            (match.start(), match.end(), "corporation")
            for name in names
            if name.casefold() in known and name[:1].isupper()
            for match in re.finditer(rf"\b{re.escape(name)}\b", title)
        ]
        spans = without_overlaps(found)
        if spans:
            words = [match.span() for match in re.finditer(r"\b[A-Z][\w&.'-]*", title)]
            unknown = [word for word in words if not any(s < word[1] and word[0] < e for s, e, _ in spans)]
            yield Marked(title, tuple(spans), tuple(unknown))


def _cluener(folder: Path) -> Iterator[Marked]:
    yield from read_cluener(folder / "train.json.gz")


_NO_BLANK_BEFORE = re.compile(r"^(?:[.,!?;:%)\]}…]+|'s|n't|'(?:m|re|ve|ll|d))$")


def _open_text(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig", "replace")


ENGLISH = (
    EntitySet("wnut17", "en", "CC BY 4.0", True, ("wnut17train.conll.gz",), _wnut),
    EntitySet(
        "ner_en_misc", "en", "CC BY 4.0 (WikiGold)", True, ("wikigold/CONLL-format/data/*.txt",), _wikigold
    ),
    EntitySet("sentfin", "en", "MIT", True, ("SEntFiN.csv.gz", "entity_list_comprehensive.csv"), _sentfin),
)  # fmt: skip
CHINESE = (EntitySet("zh_cluener2020", "zh", "none stated", False, ("train.json.gz",), _cluener),)
