"""References: what each number, sentence and quote of a rendered report is called, and where it stands in a file.

A reference is `block.cell` or, in a table, `block.row.column`: `f-1a2b3c4d5e.text`, `kpi-nss.value`,
`fig-net.2026-W47.net_sentiment`, `q-0f1e2d3c4b5a.text`. The block is the id of a finding, a figure, a headline number,
a quote, a topic's card or another part of the report (see `explain`).

In HTML a reference is the attribute `data-ref`. Markdown keeps it out of the reader's sight: the file ends with link
definitions, one for each line that carries references, which name them with the code points that they cover. While
Markdown and plain text are made, references travel as marks of control characters that no text of a report may hold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from markupsafe import Markup

OPEN, MIDDLE, CLOSE = "\x11", "\x12", "\x13"
_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_MARKS = re.compile(f"[{OPEN}{MIDDLE}{CLOSE}]")
_PLAIN_KEY = re.compile(r"[\w-]{1,40}")
_MARKED = re.compile(f"{OPEN}([^{MIDDLE}]*){MIDDLE}|{CLOSE}")
_DEFINITION = re.compile(r'^\[ref:(\d+)\]: # "([^"]*)"$')
_DIGITS = re.compile(r"\d+")
_QUIET = re.compile(r"`[^`]*`|!?\]\(<?[^)]*>?\)|^\d+\.(?= )")  # code, addresses, the numbers of a list
_SPAN = re.compile(r"(\S+) (\d+)-(\d+)(?:; |$)")
_VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_SILENT = frozenset({"style", "script", "title"})


@dataclass(frozen=True)
class Place:
    """A piece of a file: its reference, its text, and its first line (from 1) and column (from 0, code points)."""

    ref: str
    text: str
    line: int
    column: int
    section: str = ""


def html_ref(ref: str, value: object) -> Markup:
    """A value that carries its reference, for HTML."""
    return Markup('<span data-ref="{}">{}</span>').format(ref, "" if value is None else value)


def html_at(ref: str) -> Markup:
    """The attribute that gives an element's text its reference."""
    return Markup(' data-ref="{}"').format(ref)


def marked(ref: str, value: object) -> Markup:
    """A value that carries its reference, for Markdown and plain text; the value is already as the file shows it."""
    return Markup(f"{OPEN}{ref}{MIDDLE}{value}{CLOSE}")


def xml_text(text: str) -> str:
    """Text without the characters that XML does not allow; a renderer of SVG may end the process at one."""
    return _NOT_XML.sub("", text)


def without_marks(text: str) -> str:
    """Text without the characters that stand for references."""
    return _MARKS.sub("", text)


def plain_keys(names: Sequence[Any], otherwise: str) -> list[str]:
    """Names of a table's rows or columns in references: themselves where plain and unique, else row1, row2 …"""
    texts = [str(name) for name in names]
    return [
        text if _PLAIN_KEY.fullmatch(text) and texts.count(text) == 1 else f"{otherwise}{number}"
        for number, text in enumerate(texts, 1)
    ]


def unmark(text: str) -> tuple[str, list[Place]]:
    """Plain text, and the places of the references that it was marked with; inner ones stand before outer ones."""
    plain: list[str] = []
    places: list[Place] = []
    stack: list[tuple[str, int]] = []
    length = at = 0
    starts = [0]
    for match in _MARKED.finditer(text):
        piece = text[at : match.start()]
        starts += [length + i + 1 for i, letter in enumerate(piece) if letter == "\n"]
        plain.append(piece)
        length += len(piece)
        at = match.end()
        if match[0] == CLOSE:
            ref, begin = stack.pop()
            line = sum(start <= begin for start in starts)
            places.append(Place(ref, "".join(plain)[begin:], line, begin - starts[line - 1]))
        else:
            stack.append((match[1], length))
    plain.append(text[at:])
    return "".join(plain), places


def definitions(places: Sequence[Place]) -> str:
    """The link definitions that end a Markdown file: for each line its references and the code points they cover."""
    lines: dict[int, list[str]] = {}
    for place in sorted(places, key=lambda place: (place.line, place.column, -len(place.text))):
        span = f"{place.ref} {place.column}-{place.column + len(place.text)}"
        lines.setdefault(place.line, []).append(span)
    return "".join(f'[ref:{line}]: # "{"; ".join(spans)}"\n' for line, spans in lines.items())


def markdown_places(text: str) -> list[Place]:
    """The references of a Markdown file, read from its own link definitions."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    found = []
    for definition in lines:
        match = _DEFINITION.match(definition)
        if not match or not 1 <= int(match[1]) <= len(lines):
            continue
        at = starts[int(match[1]) - 1]
        for ref, start, end in _SPAN.findall(match[2]):
            found.append(Place(ref, text[at + int(start) : at + int(end)], int(match[1]), int(start)))
    return found


def markdown_bare(text: str) -> list[Place]:
    """Numbers of a Markdown file that carry no reference; code, and the names of files in links, are left out."""
    covered: dict[int, list[tuple[int, int]]] = {}
    for place in markdown_places(text):
        for number, piece in enumerate(place.text.split("\n")):
            start = place.column if number == 0 else 0
            covered.setdefault(place.line + number, []).append((start, start + len(piece)))
    found = []
    is_code = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            is_code = not is_code
        if is_code or _DEFINITION.match(line):
            continue
        own = [match.span() for match in _QUIET.finditer(line)] + covered.get(number, [])
        for match in _DIGITS.finditer(line):
            if not any(start <= match.start() and match.end() <= end for start, end in own):
                found.append(Place("", match[0], number, match.start()))
    return found


class HtmlPlaces(HTMLParser):
    """Reads an HTML file: `places` are its references in their order, `bare` its numbers that carry none.

    A number is bare where no element around it has a reference; style sheets, the page's title and the words of
    links to other files (names of formats and languages) are left out.
    """

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.places: list[Place] = []
        self.bare: list[Place] = []
        self._open: list[tuple[str, str | None, str, list[str], int, int]] = []
        self._section = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "section":
            self._section = given.get("id") or ""
        line, column = self.getpos()
        if tag not in _VOID:
            self._open.append((tag, given.get("data-ref"), self._section, [], line, column))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            name, ref, section, words, line, column = self._open.pop()
            if ref is not None:
                self.places.append(Place(ref, "".join(words), line, column, section))
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        for _, _, _, words, _, _ in self._open:
            words.append(data)
        if any(letter.isdigit() for letter in data) and not any(
            ref is not None or tag in _SILENT for tag, ref, *_ in self._open
        ):
            line, column = self.getpos()
            self.bare.append(Place("", data.strip(), line, column, self._section))


def enclosing(page: str, offset: int) -> Place | None:
    """The innermost reference of an HTML file around a character; None where there is none."""
    line = page.count("\n", 0, offset) + 1
    column = offset - (page.rfind("\n", 0, offset) + 1)
    best: Place | None = None
    for place in HtmlPlaces(page).places:
        if (place.line, place.column) <= (line, column) and (
            best is None or (place.line, place.column) >= (best.line, best.column)
        ):
            best = place
    return best
