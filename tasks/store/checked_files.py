"""A rendered file beside what it must be: where it differs, told so that a person finds the place.

Files are compared as bytes; what is told of a difference is found in the text: the reference (store/references), the
section, the line, what was expected and what stands there. In HTML and Markdown, numbers without any reference are
differences too.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.store.references import HtmlPlaces, Place, enclosing, markdown_bare, markdown_places, plain_keys
from tasks.store.report_json import reference_of

SHOWN = 60
DEFINITION = "[ref:"  # how the lines begin that end a Markdown file: they move when any line above is added
_HEADING = re.compile(r"^## (.+)$", re.M)
_KEY = re.compile(r'^( *)(?:"((?:[^"\\]|\\.)*)": )?(.*)$')


@dataclass(frozen=True)
class Difference:
    """A place at which a file, or the frozen report, is not what it must be. line: from 1; 0 where there is none."""

    file: str
    section: str
    ref: str
    line: int
    expected: str
    found: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        named = " ".join(part for part in (f"#{self.section}" if self.section else "", self.ref) if part)
        return f"{place}{' ' + named if named else ''}: expected {self.expected!r}, found {self.found!r}"


def compare(name: str, expected: bytes, found: bytes | None) -> list[Difference]:
    """Where a file differs from what it must be; nothing where it is byte for byte the same."""
    if found is None:
        return [Difference(name, "", "", 0, f"a file of {len(expected)} bytes", "no file")]
    if found == expected:
        return [
            Difference(name, place.section, "", place.line, "a reference", place.text) for place in bare(name, found)
        ]
    wanted, given = expected.decode(), found.decode(errors="surrogateescape")
    told = _html(name, wanted, given) if name.endswith(".html") else _lines(name, wanted, given)
    return [difference for difference in told if difference.expected != difference.found] or [
        _first(name, wanted, given)
    ]


def reference_count(name: str, content: bytes) -> int:
    """How many references a file carries itself."""
    text = content.decode()
    if name.endswith(".html"):
        return len(HtmlPlaces(text).places)
    return len(markdown_places(text)) if name.endswith(".md") else 0


def bare(name: str, content: bytes) -> list[Place]:
    """Numbers of an HTML or Markdown file that carry no reference."""
    text = content.decode()
    if name.endswith(".html"):
        return HtmlPlaces(text).bare
    return markdown_bare(text) if name.endswith(".md") else []


def _html(name: str, wanted: str, given: str) -> Iterator[Difference]:
    """References whose text differs, the innermost only."""
    before, after = HtmlPlaces(wanted).places, HtmlPlaces(given).places
    pairs = [(place.ref, place.text) for place in before], [(place.ref, place.text) for place in after]
    matcher = difflib.SequenceMatcher(a=pairs[0], b=pairs[1], autojunk=False)
    seen: list[str] = []
    for tag, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        if tag == "equal":
            continue
        for k in range(max(a_to - a_from, b_to - b_from)):
            old = before[a_from + k] if a_from + k < a_to else None
            new = after[b_from + k] if b_from + k < b_to else None
            shown = old or new
            assert shown is not None
            changed = new.text if new else ""
            if old and new and any(inner and inner in changed for inner in seen):
                continue  # an outer element of one that was told
            seen.append(changed)
            expected, found = _snippets(old.text if old else "", changed)
            yield Difference(name, shown.section, shown.ref, (new or shown).line, expected, found)


def _lines(name: str, wanted: str, given: str) -> Iterator[Difference]:
    a, b = wanted.split("\n"), given.split("\n")
    places = markdown_places(wanted) if name.endswith(".md") else []
    moved: list[Difference] = []
    is_text_told = False
    for tag, a_from, a_to, b_from, b_to in difflib.SequenceMatcher(a=a, b=b, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for k in range(max(a_to - a_from, b_to - b_from)):
            old = a[a_from + k] if a_from + k < a_to else ""
            new = b[b_from + k] if b_from + k < b_to else ""
            line = a_from + k + 1
            column = _first_difference(old, new)
            expected, found = _snippets(old, new)
            section, ref = _line_place(name, wanted, a, places, line, column)
            told = Difference(name, section, ref, min(b_from + k, max(b_to - 1, b_from)) + 1, expected, found)
            if (old or new).startswith(DEFINITION):
                moved.append(told)
            else:
                is_text_told = True
                yield told
    if not is_text_told:
        yield from moved


def _line_place(
    name: str, wanted: str, lines: Sequence[str], places: Sequence[Place], line: int, column: int
) -> tuple[str, str]:
    """Section and reference of a place in a Markdown, JSON, CSV or SVG file."""
    stem = name.rsplit("/", 1)[-1].split(".")[0]
    if name.endswith(".md"):
        headings = _HEADING.findall("\n".join(lines[:line]))
        here = [p for p in places if p.line == line]
        inside = [p for p in here if p.column <= column < p.column + max(1, len(p.text))]
        nearest = min(inside or here, key=lambda p: len(p.text), default=None)
        return headings[-1] if headings else "", nearest.ref if nearest else ""
    if name.endswith(".json"):
        known = json.loads(wanted)["references"]
        return "", reference_of(_pointer(lines, line), known)
    if name.endswith(".csv"):
        rows = [row.removeprefix("\ufeff").split(",") for row in lines]
        number = lines[line - 1][:column].count(",") if line <= len(lines) else 0
        columns = plain_keys(rows[0], "column")
        keys = plain_keys([row[0] for row in rows[1:]], "row")
        row_key = keys[line - 2] if 2 <= line <= len(keys) + 1 else "columns"
        return "", f"{stem}.{row_key}.{columns[min(number, len(columns) - 1)]}"
    return "", f"{stem}.chart" if name.endswith(".svg") else ""


def _pointer(lines: Sequence[str], line: int) -> str:
    """JSON pointer of a line of a file that json.dumps wrote with an indent of one."""
    path: list[str] = []
    counts: list[int] = []
    for text in lines[:line]:
        match = _KEY.match(text)
        assert match is not None
        depth, key, rest = len(match[1]), match[2], match[3]
        if depth == 0 or rest[:1] in "]}":
            continue
        del path[depth - 1 :], counts[depth:]
        while len(counts) < depth:
            counts.append(-1)
        counts[depth - 1] += 1
        path.append(key if key is not None else str(counts[depth - 1]))
        if rest in ("{", "["):
            counts.append(-1)
    return "".join(f"/{part}" for part in path)


def _first(name: str, wanted: str, given: str) -> Difference:
    """The first character that differs, with the reference around it."""
    at = _first_difference(wanted, given)
    place = enclosing(wanted, at) if name.endswith(".html") else None
    expected, found = _snippets(wanted, given)
    line = given.count("\n", 0, at) + 1
    return Difference(name, place.section if place else "", place.ref if place else "", line, expected, found)


def _first_difference(a: str, b: str) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _snippets(a: str, b: str) -> tuple[str, str]:
    """The surroundings of the first difference of two texts; the whole texts where they are short."""
    if max(len(a), len(b)) <= SHOWN:
        return a, b
    at = max(0, _first_difference(a, b) - SHOWN // 3)
    head = "…" if at else ""
    return tuple(head + text[at : at + SHOWN] + ("…" if len(text) > at + SHOWN else "") for text in (a, b))  # type: ignore[return-value]
