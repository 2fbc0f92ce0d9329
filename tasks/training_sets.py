"""Labelled texts to train on: public data sets, the project's own sentences, or a user's CSV file.

What arrives: files, with stars, aspect polarities or class names as labels. What leaves: `Example`s with one of our
labels, without repeats, and without any text that a test set or golden set holds (compared by a hash over letters
and digits alone). Rows that can't be used are counted, never guessed: stars in the middle say nothing sure, and of
aspects only unequivocal ones give a document its label; one with both poles is `mixed`.
"""

from __future__ import annotations

import ast
import csv
import gzip
import hashlib
import html
import io
import random
import re
import unicodedata
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tasks.config import OFFLINE_BUNDLE_ROOT, PROGRAM_ROOT
from tasks.core.corrections import unescape_cell
from tasks.core.sentiment import label_of
from tasks.errors import SourceError
from tasks.models import cards

GOLDEN_ROOT = PROGRAM_ROOT / "data" / "golden"
OWN = "project sentences"
NEWS = "news"
JOINED = "joined opinions"
_CONTRASTS = ("，但是", "，可惜", "，就是", "，不过", "，但", "，然而", "，", "。")
MIN_AGREEMENT = 0.6
_HANDLE = re.compile(r"@\w+")
_NO_MEANING = re.compile(r"[\W_]+")
_CLASS_NAMES = ("negative", "neutral", "positive")
csv.field_size_limit(10_000_000)


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text. source: the set's name. group: a part of it that can be left out as a whole, such as a site."""

    text: str
    label: str
    source: str
    group: str


@dataclass(frozen=True)
class TrainingSet:
    """A public data set, by the name of its folder below the data folder.

    licence: of the set; with is_clear False, a model trained on it is for research only.
    read: (folder) to (text, label, group).
    max_examples: of a larger set, so many evenly spaced examples are taken.
    """

    name: str
    language: str
    licence: str
    is_clear: bool
    files: tuple[str, ...]
    read: Callable[[Path], Iterator[tuple[str, str, str]]]
    max_examples: int | None = None


class PublicSet(Protocol):
    """What a card needs to know of a public data set."""

    @property
    def name(self) -> str: ...

    @property
    def licence(self) -> str: ...

    @property
    def files(self) -> Sequence[str]: ...


def read_set(training_set: TrainingSet, root: Path) -> list[Example]:
    """All usable examples of a set.

    Raises:
        SourceError: the set is not there.
    """
    folder = root / training_set.name
    if not folder.is_dir():
        raise SourceError(f"No training set at {folder}", fix="name the folder that holds the data sets with --data")
    examples = [
        Example(text.strip(), label, training_set.name, group)
        for text, label, group in training_set.read(folder)
        if text.strip()
    ]
    most = training_set.max_examples or len(examples)
    return examples if len(examples) <= most else [examples[i * len(examples) // most] for i in range(most)]


def provenance(training_set: PublicSet, root: Path, *, example_count: int) -> dict:
    """What a card says of a training set: where it comes from, at which commit, which files, how many examples."""
    folder = root / training_set.name
    note = (folder / "PROVENANCE.md").read_text(encoding="utf-8")
    found = {key: re.search(rf"{key}:\s*(\S+)", note) for key in ("repository", "commit")}
    files = sorted(path for pattern in training_set.files for path in folder.glob(pattern))
    return {
        "name": training_set.name,
        "licence": training_set.licence,
        **{key: match.group(1) if match else "" for key, match in found.items()},
        "example_count": example_count,
        "sha256": {str(path.relative_to(folder)): cards.file_sha256(path) for path in files},
    }


def read_own(language: str) -> list[Example]:
    """The sentences that the project wrote for training; those in the style of the press are the group NEWS."""
    paths = ((OWN, f"training_sentences_{language}.csv"), (NEWS, f"training_news_{language}.csv"))
    return [
        Example(text, label, OWN, group)
        for group, name in paths
        if (OFFLINE_BUNDLE_ROOT / name).is_file()
        for text, label in read_csv(OFFLINE_BUNDLE_ROOT / name)
    ]


def read_csv(path: Path) -> list[tuple[str, str]]:
    """A CSV file with the columns text and label, as (text, one of our labels).

    In a file that `marketbrief label` wrote, rows that nobody has labelled are left out.

    Raises:
        SourceError: the file can't be read, lacks a column, holds no row, or a label is none of ours.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} can't be read: {error}", fix="name a CSV file in UTF-8") from error
    rows = csv.DictReader(io.StringIO(content, newline=""))
    names = {(name or "").strip().casefold(): name for name in rows.fieldnames or []}
    if not {"text", "label"} <= names.keys():
        raise SourceError(
            f"{path} has the columns {', '.join(map(repr, rows.fieldnames or []))}", fix="it needs text and label"
        )
    is_sample = {"kind", "subject"} <= names.keys()
    out = []
    for row in rows:
        text, name = row[names["text"]] or "", row[names["label"]] or ""
        if is_sample:
            text = unescape_cell(text)
            if not name.strip():
                continue
        label = label_of(name)
        if label is None:
            raise SourceError(
                f"{path}, line {rows.line_num}: {name!r} is no sentiment",
                fix="labels are negative, neutral, positive and mixed",
            )
        out.append((text, label))
    if not out:
        raise SourceError(f"{path} holds no row", fix="it needs one line per text below the header text,label")
    return out


def text_key(text: str) -> str:
    """Texts with the same key count as the same text: a hash over their letters, digits and symbols, in one case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return hashlib.sha256((_NO_MEANING.sub("", folded) or folded.strip()).encode()).hexdigest()[:32]


def distinct(examples: Iterable[Example], *, without: frozenset[str]) -> list[Example]:
    """The first example of each text, in the given order, leaving out texts whose keys are in `without`."""
    seen = set(without)
    out = []
    for example in examples:
        key = text_key(example.text)
        if key not in seen:
            seen.add(key)
            out.append(example)
    return out


def joined_opinions(examples: Sequence[Example], *, count: int, seed: int) -> list[Example]:
    """Chinese texts that hold both poles, made of a short positive and a short negative one with a word between.

    Real mixed texts are rare in the sets; without these a model hardly ever says `mixed`. For training alone.
    """
    chance = random.Random(seed)
    short = [example for example in examples if 3 <= len(example.text) <= 25]
    clauses = {
        label: [example.text.rstrip("。！!.") for example in short if example.label == label]
        for label in ("positive", "negative")
    }
    if not all(clauses.values()):
        return []
    joined = []
    for _ in range(count):
        sides = [chance.choice(clauses["positive"]), chance.choice(clauses["negative"])]
        if chance.random() < 1 / 3:
            sides.reverse()
        joined.append(Example(chance.choice(_CONTRASTS).join(sides), "mixed", JOINED, JOINED))
    return joined


def keys_of(texts: Iterable[str]) -> frozenset[str]:
    """Keys of texts that training must not see."""
    return frozenset(text_key(text) for text in texts)


def golden_path(language: str) -> Path:
    """The project's golden set of a language: text and label, checked by hand, never trained on."""
    return GOLDEN_ROOT / f"sentiment_{language}.csv"


def suite_path(language: str) -> Path:
    """The project's suite of negation, contrast, intensity and emoji; never trained on.

    Columns: text, label, also (another label that a reader may choose, or empty), case.
    """
    return GOLDEN_ROOT / f"sentiment_suite_{language}.csv"


def read_stars(path: Path, *, text: str, rating: str, delimiter: str = ",") -> list[tuple[str, str]]:
    """Distinct texts with 1-2 stars as negative and 4-5 as positive; 3 stars are left out."""
    examples = [
        Example(row[text].strip(), "negative" if float(row[rating]) < 3 else "positive", path.name, "")
        for row in _rows(path, delimiter=delimiter)
        if (row[text] or "").strip() and float(row[rating]) != 3
    ]
    return [(example.text, example.label) for example in distinct(examples, without=frozenset())]


def _rows(path: Path, *, delimiter: str = ",", encoding: str = "utf-8-sig") -> Iterator[dict[str, str]]:
    with _open(path, encoding=encoding) as file:
        yield from csv.DictReader(file, delimiter=delimiter)


def _open(path: Path, *, encoding: str = "utf-8-sig") -> io.TextIOBase:
    """A text file, packed or not."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")  # type: ignore[return-value]
    return path.open(encoding=encoding, newline="")


def _label_of_polarities(polarities: set[str]) -> str | None:
    """A document's label from those of its aspects; None where a pole and `neutral` leave it open."""
    poles = polarities & {"negative", "positive"}
    if len(poles) == 2:
        return "mixed"
    return next(iter(polarities)) if len(polarities) == 1 else None


def _tweets(folder: Path) -> Iterator[tuple[str, str, str]]:
    for row in _rows(folder / "Tweets.csv.gz"):
        yield row["text"].replace("`", "'"), row["sentiment"], folder.name


def _airline_tweets(folder: Path) -> Iterator[tuple[str, str, str]]:
    for row in _rows(folder / "Tweets.csv.gz"):
        if float(row["airline_sentiment_confidence"]) >= MIN_AGREEMENT:
            yield _tweet(row["text"]), row["airline_sentiment"], folder.name


def _apple_tweets(folder: Path) -> Iterator[tuple[str, str, str]]:
    names = {"1": "negative", "3": "neutral", "5": "positive"}
    for row in _rows(folder / "Apple-Twitter-Sentiment-DFE.csv.gz", encoding="latin-1"):
        if row["sentiment"] in names and float(row["sentiment:confidence"]) >= MIN_AGREEMENT:
            yield _tweet(row["text"]), names[row["sentiment"]], folder.name


def _brand_tweets(folder: Path) -> Iterator[tuple[str, str, str]]:
    names = {
        "No emotion toward brand or product": "neutral",
        "Positive emotion": "positive",
        "Negative emotion": "negative",
    }
    for row in _rows(folder / "judge-1377884607_tweet_product_company.csv.gz", encoding="latin-1"):
        name = row["is_there_an_emotion_directed_at_a_brand_or_product"]
        if name in names:
            yield _tweet(row["tweet_text"]), names[name], folder.name


def _tweet(text: str) -> str:
    """A tweet without HTML entities; in every second one, by its length, the names of accounts are `@user`."""
    text = html.unescape(text)
    return _HANDLE.sub("@user", text) if len(text) % 2 else text


def _trustpilot(folder: Path) -> Iterator[tuple[str, str, str]]:
    for row in _rows(folder / "trustpilot_flagged.csv.gz"):
        if float(row["rating"]) != 3:
            label = "negative" if float(row["rating"]) < 3 else "positive"
            yield f"{row['title']}. {row['body']}", label, row["platform"]


def _amazon(folder: Path) -> Iterator[tuple[str, str, str]]:
    for name in ("amazon.train.dat.gz", "amazon.test.dat.gz"):
        with _open(folder / name) as file:
            for line in file:
                text, _, label = line.rpartition("$LABEL$")
                yield text, "positive" if label.strip() == "1" else "negative", folder.name


def _skytrax(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Lounges are rated 1-5 (a few rows on another scale are left out), seats 1-10."""
    for name, best in (("lounge", 5.0), ("seat", 10.0)):
        for row in _rows(folder / f"{name}.csv.gz"):
            if not row["overall_rating"] or float(row["overall_rating"]) > best:
                continue
            share = float(row["overall_rating"]) / best
            if share <= 0.4 or share >= 0.8:
                yield row["content"], "negative" if share <= 0.4 else "positive", name


def _mams(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Restaurant sentences with several aspects each; a pole beside neutral aspects gives the sentence its label."""
    for name in ("train.xml.gz", "val.xml"):
        with _open(folder / "MAMS-ATSA" / name) as file:
            for sentence in ElementTree.fromstring(file.read()):
                polarities = {term.get("polarity", "") for term in sentence.iter("aspectTerm")}
                label = _label_of_polarities(polarities) or _label_of_polarities(polarities - {"neutral"})
                if label in (*_CLASS_NAMES, "mixed"):
                    yield sentence.findtext("text") or "", str(label), folder.name


def _headlines(folder: Path) -> Iterator[tuple[str, str, str]]:
    for row in _rows(folder / "SEntFiN.csv.gz"):
        try:
            polarities = set(ast.literal_eval(row["Decisions"]).values())
        except (SyntaxError, ValueError):
            continue
        label = _label_of_polarities(polarities)
        if label is not None:
            yield row["Title"], label, folder.name


def _shopping(folder: Path) -> Iterator[tuple[str, str, str]]:
    with zipfile.ZipFile(folder / "online_shopping_10_cats.zip") as archive:
        name = next(name for name in archive.namelist() if name.endswith(".csv"))
        with archive.open(name) as file:
            for row in csv.DictReader(io.TextIOWrapper(file, "utf-8-sig", newline="")):
                yield row["review"].lstrip("\ufeff"), "positive" if row["label"] == "1" else "negative", row["cat"]


def _cars(folder: Path) -> Iterator[tuple[str, str, str]]:
    labels: dict[str, set[str]] = {}
    for row in _rows(folder / "train_2.csv.gz"):
        labels.setdefault(row["content"], set()).add(_CLASS_NAMES[int(row["sentiment_value"]) + 1])
    for text, polarities in labels.items():
        label = _label_of_polarities(polarities) or _label_of_polarities(polarities - {"neutral"})
        yield text, str(label), folder.name


def _product_aspects(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Three lines an aspect: the text with $T$ in the aspect's place, the aspect, its polarity."""
    for path in sorted([*folder.glob("*/*.txt"), *folder.glob("*/*.txt.gz")]):
        with _open(path) as file:
            lines = [line.strip() for line in file]
        labels: dict[str, set[str]] = {}
        for text, aspect, polarity in zip(*[iter(lines)] * 3, strict=False):
            whole = text.replace("$T$", aspect).replace(" ", "")
            labels.setdefault(whole, set()).add(polarity.casefold())
        for text, polarities in labels.items():
            label = _label_of_polarities(polarities) or _label_of_polarities(polarities - {"neutral"})
            if label in (*_CLASS_NAMES, "mixed"):
                yield text, str(label), path.parent.name


def _restaurants(folder: Path) -> Iterator[tuple[str, str, str]]:
    for path in sorted(folder.glob("*_sample.csv")):
        for row in _rows(path):
            if float(row["star"]) != 3:
                yield row["reviewbody"], "negative" if float(row["star"]) < 3 else "positive", folder.name


ENGLISH: Sequence[TrainingSet] = (
    TrainingSet("tweet_sentiment_extraction", "en", "CC-BY-4.0 (believed)", True, ("*.csv.gz",), _tweets),
    TrainingSet("skytrax", "en", "CC0-1.0", True, ("*.csv.gz",), _skytrax, max_examples=2000),
    TrainingSet("mams_absa", "en", "Apache-2.0", True, ("MAMS-ATSA/train.xml.gz", "MAMS-ATSA/val.xml"), _mams),
    TrainingSet("sentfin", "en", "MIT", True, ("SEntFiN.csv.gz",), _headlines),
    TrainingSet(
        "twitter_us_airline", "en", "none stated", False, ("Tweets.csv.gz",), _airline_tweets, max_examples=6000
    ),
    TrainingSet("apple_twitter_dfe", "en", "none stated", False, ("*.csv.gz",), _apple_tweets),
    TrainingSet("brands_product_emotions", "en", "none stated", False, ("*.csv.gz",), _brand_tweets, max_examples=4000),
    TrainingSet("trustpilot_rentals", "en", "none stated", False, ("trustpilot_flagged.csv.gz",), _trustpilot),
    TrainingSet("amazon_polarity_10k", "en", "none stated", False, ("*.dat.gz",), _amazon, max_examples=3000),
)
CHINESE: Sequence[TrainingSet] = (
    TrainingSet("zh_online_shopping_10_cats", "zh", "none stated", False, ("*.zip",), _shopping),
    TrainingSet("zh_bdci_car_2018", "zh", "none stated", False, ("train_2.csv.gz",), _cars),
    TrainingSet("absa_zh_products", "zh", "MIT", True, ("*/*.txt", "*/*.txt.gz"), _product_aspects),
    TrainingSet("zh_asap_sample", "zh", "Apache-2.0", True, ("*_sample.csv",), _restaurants),
)
