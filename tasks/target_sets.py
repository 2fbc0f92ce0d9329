"""Texts whose labels belong to a place in them: public data sets, generated comparisons, and the project's suites.

What arrives: headlines with a polarity per company (SEntFiN), restaurant sentences with a polarity per term (MAMS),
Chinese product and course reviews with a polarity per term, and the project's own comparative sentences. What leaves:
`TargetExample`s, a text with the spans that are judged. SEntFiN gives names without offsets: a name is looked for in
its headline, the longest first; one that is not there is left out and counted. Texts are taken once; where a set
comes with a test part, that part is kept, else texts are split 8:1:1 by text, so that no text is in two parts.
"""

from __future__ import annotations

import ast
import json
import random
import re
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tasks.config import OFFLINE_BUNDLE_ROOT
from tasks.core.targets import POLARITIES, TargetExample
from tasks.errors import SourceError
from tasks.training_sets import GOLDEN_ROOT, _open, _rows, text_key

PARTS = ("training", "validation", "test")
SPLIT_SEED = 13
_BLANK = re.compile(r"\s+")
GENERATED = "generated comparisons"
JOINED = "joined reviews"
_TEMPLATES = OFFLINE_BUNDLE_ROOT / "comparison_templates.toml"
_LABEL_OF_SIGN = {"+": "positive", "-": "negative", "0": "neutral"}
# How often each pair of labels is drawn: what compares, more than what does not.
_SHARES = {"+-": 6, "-+": 6, "00": 3, "++": 1.5, "--": 1.5, "0+": 0.7, "0-": 0.7}
_MARKS = "。！？!?.，,；; \n"
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass
class TargetParts:
    """A set in three parts, and what was left out of it, by reason."""

    training: list[TargetExample] = field(default_factory=list)
    validation: list[TargetExample] = field(default_factory=list)
    test: list[TargetExample] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def skip(self, reason: str, count: int = 1) -> None:
        """Count labels that could not be used."""
        self.left_out[reason] = self.left_out.get(reason, 0) + count

    @property
    def counts(self) -> dict[str, int]:
        """Labelled spans per part."""
        return {part: sum(len(item.spans) for item in getattr(self, part)) for part in PARTS}


@dataclass(frozen=True)
class TargetSet:
    """A public data set, by the name of its folder below the data folder."""

    name: str
    language: str
    licence: str
    files: tuple[str, ...]
    read: Callable[[Path, TargetParts], None]


def read_target_set(target_set: TargetSet, root: Path) -> TargetParts:
    """The three parts of a set.

    Raises:
        SourceError: the set is not there.
    """
    folder = root / target_set.name
    if not folder.is_dir():
        raise SourceError(f"No training set at {folder}", fix="name the folder that holds the data sets with --data")
    parts = TargetParts()
    target_set.read(folder, parts)
    return parts


def read_suite(path: Path) -> list[TargetExample]:
    """Texts with judged spans from a JSONL file: {"text": …, "targets": [[start, end, polarity], …]}.

    Raises:
        SourceError: the file can't be read, or a line is not of that form.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} can't be read: {error}", fix="name a JSONL file in UTF-8") from error
    examples = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            text, targets = row["text"], row["targets"]
            spans = tuple((int(start), int(end)) for start, end, _ in targets)
            labels = tuple(str(label) for _, _, label in targets)
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError(
                f"{path}, line {number} is no text with targets",
                fix='write {"text": "…", "targets": [[start, end, "negative|neutral|positive"]]}',
            ) from error
        for (start, end), label in zip(spans, labels, strict=True):
            if not 0 <= start < end <= len(text) or label not in POLARITIES:
                raise SourceError(
                    f"{path}, line {number}: [{start}, {end}, {label!r}] is no target",
                    fix="offsets count code points from 0, end exclusive; labels are negative, neutral and positive",
                )
        examples.append(TargetExample(text, spans, labels, path.stem, has_names=True))
    return examples


def suite_path(language: str) -> Path:
    """The project's comparative sentences of a language: written by hand, never trained on."""
    return GOLDEN_ROOT / f"comparisons_{language}.jsonl"


def split_texts(examples: Sequence[TargetExample], parts: TargetParts, *, seed: int = SPLIT_SEED) -> None:
    """Add texts to the parts 8:1:1; the same texts give the same parts, in whatever order they come."""
    order = sorted(examples, key=lambda item: text_key(item.text))
    random.Random(seed).shuffle(order)
    tenth = round(len(order) / 10)
    parts.validation += order[:tenth]
    parts.test += order[tenth : 2 * tenth]
    parts.training += order[2 * tenth :]


def find_names(text: str, names: Sequence[str]) -> list[tuple[int, int] | None]:
    """Where each name first stands in a text as words of its own, in any case; longer names take their place first."""
    taken: list[tuple[int, int]] = []
    places: dict[int, tuple[int, int]] = {}
    for index in sorted(range(len(names)), key=lambda i: (-len(names[i]), i)):
        words = _BLANK.sub(r"\\s+", re.escape(names[index].strip()).replace(r"\ ", " "))
        for match in re.finditer(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE) if words else ():
            span = match.span()
            if not any(span[0] < end and start < span[1] for start, end in taken):
                taken.append(span)
                places[index] = span
                break
    return [places.get(index) for index in range(len(names))]


def _headlines(folder: Path, parts: TargetParts) -> None:
    examples: dict[str, TargetExample] = {}
    for row in _rows(folder / "SEntFiN.csv.gz"):
        try:
            decisions = ast.literal_eval(row["Decisions"])
        except (SyntaxError, ValueError):
            parts.skip("labels that can't be read")
            continue
        title = row["Title"].strip()
        names = [name for name, label in decisions.items() if label in POLARITIES]
        found = [(span, decisions[name]) for name, span in zip(names, find_names(title, names), strict=True) if span]
        parts.skip("names that are not in the headline", len(names) - len(found))
        if text_key(title) in examples:
            parts.skip("repeated headlines")
        elif found:
            found.sort()
            spans, labels = zip(*found, strict=True)
            examples[text_key(title)] = TargetExample(title, spans, labels, folder.name, has_names=True)
    split_texts(list(examples.values()), parts)


def _restaurant_terms(folder: Path, parts: TargetParts) -> None:
    for part, name in zip(PARTS, ("train.xml.gz", "val.xml", "test.xml"), strict=True):
        with _open(folder / "MAMS-ATSA" / name) as file:
            sentences = ElementTree.fromstring(file.read())
        for sentence in sentences:
            text = sentence.findtext("text") or ""
            found = []
            for term in sentence.iter("aspectTerm"):
                start, end = int(term.get("from", "0")), int(term.get("to", "0"))
                if text[start:end] == term.get("term") and term.get("polarity") in POLARITIES:
                    found.append(((start, end), term.get("polarity", "")))
                else:
                    parts.skip("terms that are not at their offsets")
            if found:
                found = sorted(dict(found).items())
                spans, labels = zip(*found, strict=True)
                getattr(parts, part).append(TargetExample(text, spans, labels, folder.name))


def _product_terms(folder: Path, parts: TargetParts) -> None:
    """Three lines a term: the text with $T$ in its place, the term, its polarity. The set comes with test files."""
    tests: dict[str, TargetExample] = {}
    others: dict[str, TargetExample] = {}
    for path in sorted([*folder.glob("*/*.txt"), *folder.glob("*/*.txt.gz")]):
        into = tests if ".test." in path.name else others
        rows = dict.fromkeys(_term_rows(path))
        labels: dict[str, dict[tuple[int, int], str]] = {}
        for text, span, label in rows:
            if labels.setdefault(text, {}).setdefault(span, label) != label:
                parts.skip("terms with two labels")
        for text, found in labels.items():
            spans, polarities = zip(*sorted(found.items()), strict=True)
            into.setdefault(text_key(text), TargetExample(text, spans, polarities, f"{folder.name}/{path.parent.name}"))
    parts.test += tests.values()
    rest = [example for key, example in others.items() if key not in tests]
    parts.skip("training texts that are in the test files", len(others) - len(rest))
    order = sorted(rest, key=lambda item: text_key(item.text))
    random.Random(SPLIT_SEED).shuffle(order)
    ninth = round(len(order) / 9)
    parts.validation += order[:ninth]
    parts.training += order[ninth:]


def _term_rows(path: Path) -> Iterator[tuple[str, tuple[int, int], str]]:
    with _open(path) as file:
        lines = [line.strip() for line in file]
    for text, term, polarity in zip(*[iter(lines)] * 3, strict=False):
        before, mark, after = text.partition("$T$")
        if mark and polarity.casefold() in POLARITIES:
            left, middle, right = (_joined(part) for part in (before, term, after.replace("$T$", term)))
            if middle:
                yield left + middle + right, (len(left), len(left) + len(middle)), polarity.casefold()


def _joined(text: str) -> str:
    """Characters that the set writes with blanks between them, as they are usually written."""
    return _BLANK.sub("", text)


ENGLISH_TARGETS: Sequence[TargetSet] = (
    TargetSet("sentfin", "en", "MIT", ("SEntFiN.csv.gz",), _headlines),
    TargetSet("mams_absa", "en", "Apache-2.0", ("MAMS-ATSA/*.xml*",), _restaurant_terms),
)
CHINESE_TARGETS: Sequence[TargetSet] = (
    TargetSet("absa_zh_products", "zh", "MIT", ("*/*.txt", "*/*.txt.gz"), _product_terms),
)


def generated_comparisons(language: str, *, count: int, seed: int) -> list[TargetExample]:
    """Sentences about two made-up names each, from the templates of a language; for training alone."""
    words = tomllib.loads(_TEMPLATES.read_text(encoding="utf-8"))[language]
    chance = random.Random(seed)
    signs = sorted(words["templates"])
    drawn = chance.choices(signs, weights=[_SHARES[sign] for sign in signs], k=count)
    return [_filled(words, chance.choice(words["templates"][sign]), sign, chance) for sign in drawn]


def joined_reviews(examples: Sequence[TargetExample], language: str, *, count: int, seed: int) -> list[TargetExample]:
    """Sentences about two or three made-up names each, of short texts of one polarity: "A" + a text, "B" + another.

    Args:
        examples: texts with labels; those of several labels, and long ones, are left aside.
    """
    words = tomllib.loads(_TEMPLATES.read_text(encoding="utf-8"))[language]
    chance = random.Random(seed)
    texts: dict[str, list[str]] = {}
    for example in examples:
        text = example.text.strip(_MARKS)
        if len(set(example.labels)) == 1 and 2 < len(text) <= words["longest_joined"]:
            texts.setdefault(example.labels[0], []).append(text)
    joined = []
    for _ in range(count):
        pieces: list[str] = []
        spans: list[tuple[int, int]] = []
        labels = []
        for number, name in enumerate(chance.sample(words["names"], chance.choice((2, 2, 2, 3)))):
            label = chance.choice(sorted(texts))
            pieces.append(chance.choice(words["joints"]) if number else chance.choice(words["before"]))
            start = sum(map(len, pieces))
            pieces += [name, chance.choice(words["links"]), chance.choice(texts[label])]
            spans.append((start, start + len(name)))
            labels.append(label)
        text = "".join([*pieces, words["end"]])
        joined.append(TargetExample(text, tuple(spans), tuple(labels), JOINED, has_names=True))
    return joined


def _filled(words: dict, template: str, signs: str, chance: random.Random) -> TargetExample:
    names = dict(zip("AB", chance.sample(words["names"], 2), strict=True))
    labels = dict(zip("AB", (_LABEL_OF_SIGN[sign] for sign in signs), strict=True))
    pieces = [chance.choice(words["before"])]
    spans: dict[tuple[int, int], str] = {}
    place = 0
    for match in _SLOT.finditer(template):
        pieces.append(template[place : match.start()])
        slot = match[1]
        start = sum(map(len, pieces))
        pieces.append(names[slot] if slot in names else chance.choice(words[slot]))
        if slot in names:
            spans[start, start + len(names[slot])] = labels[slot]
        place = match.end()
    pieces += [template[place:], chance.choice(words["after"])]
    ordered = sorted(spans.items())
    return TargetExample(
        "".join(pieces), tuple(span for span, _ in ordered), tuple(label for _, label in ordered), GENERATED, True
    )
