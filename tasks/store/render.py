"""Files of the reports: HTML, Markdown, JSON, e-mail, Slack, CSV and SVG, from the report objects alone.

Rendering the same report again gives the same bytes. All text is hostile: Jinja2 escapes every value in HTML; in
Markdown every value is escaped as it is printed, and only links, code and images made here are marked as safe; only
http and https addresses become links; cells that a spreadsheet would take for a formula get an apostrophe.
"""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from tasks.config import TEMPLATE_ROOT
from tasks.core.report_model import Finding, WeeklyReport
from tasks.core.wording import Wording
from tasks.store import charts, feed, figures, outgoing, page
from tasks.store.charts import Chart
from tasks.store.figures import FigureView
from tasks.store.messages import load_messages
from tasks.store.references import definitions, html_at, html_ref, marked, unmark, without_marks
from tasks.store.report_json import SCHEMA_NAME, json_text, schema_text

FORMATS = ("html", "md", "json", "email", "slack")
ENDINGS = {"html": ("report", "html"), "md": ("report", "md"), "email": ("email", "html"), "slack": ("slack", "txt")}
LANGUAGE_TAGS = {"en": "en", "zh": "zh-Hans", "other": "und"}
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_MARKDOWN = re.compile(r"([\\`*_\[\]|~$&@])")
_LINE_START = re.compile(r"^(?:(#(?=#{0,5}(?:\s|$))|[+-](?=\s|$)|[-=](?=[-=\s]*$))|(\d+)([.)])(?=\s|$))")
_SCHEME = re.compile(r"(?i)\b(https?|ftp)://|\b(www)\.")


def file_name(report: WeeklyReport, ending: str, stem: str = "report") -> str:
    """report.en.html for revision 1, report.r2.en.html for the next."""
    return f"{stem}.{ending}" if report.revision == 1 else f"{stem}.r{report.revision}.{ending}"


def names_of(report: WeeklyReport, form: str, languages: Sequence[str]) -> list[str]:
    """Names of the main files of a format (of FORMATS, or pdf)."""
    if form == "json":
        return [file_name(report, "json")]
    stem, ending = ENDINGS.get(form, ("report", form))
    return [file_name(report, f"{language}.{ending}", stem) for language in languages]


def folder(report: WeeklyReport, name: str) -> str:
    """data or figures for revision 1, data-r2 for the next."""
    return name if report.revision == 1 else f"{name}-r{report.revision}"


def report_files(report: WeeklyReport, *, languages: Sequence[str], formats: Sequence[str]) -> dict[str, bytes]:
    """The files of one revision, by their path below the week's folder.

    Args:
        formats: of FORMATS; tables as CSV always come too, charts as SVG with Markdown.
    """
    files: dict[str, bytes] = {}
    drawn = figures.draw(report)
    for language in languages:
        wording = Wording(language, load_messages(language), report.definitions)
        values = page.context(report, wording, drawn) | _links(report, language)
        if "html" in formats:
            files[file_name(report, f"{language}.html")] = _html(report, values).encode()
        if "md" in formats:
            files[file_name(report, f"{language}.md")] = _markdown(values).encode()
            for view in values["figures"].values():
                if view.chart:
                    svg = charts.dress(
                        view.chart.wide,
                        key=view.figure_id,
                        title=view.title,
                        description=view.description,
                        is_themed=False,
                    )
                    files[f"{folder(report, 'figures')}/{view.figure_id}.{language}.svg"] = svg.encode()
        if "email" in formats:
            more = _page_values(values)
            files[file_name(report, f"{language}.html", "email")] = outgoing.email_html(
                _environment(), report, more
            ).encode()
            text = outgoing.email_text(_environment("txt"), report, values)
            files[file_name(report, f"{language}.txt", "email")] = text.encode()
        if "slack" in formats:
            text = outgoing.slack_text(_environment("mrkdwn"), report, values)
            files[file_name(report, f"{language}.txt", "slack")] = text.encode()
    if "json" in formats:
        files[file_name(report, "json")] = json_text(report).encode()
    english = Wording("en", load_messages("en"), report.definitions)
    for view in figures.views(report, english, drawn).values():
        if not view.is_empty:
            files[f"{folder(report, 'data')}/{view.figure_id}.csv"] = csv_bytes(view)
    return files


def index_files(reports: Sequence[WeeklyReport], *, exists: Mapping[str, bool], language: str) -> dict[str, bytes]:
    """The archive's index and the folder latest/, which points to the newest report.

    Args:
        reports: every published revision.
        exists: whether a path below the reports' folder is there; only those are linked.
    """
    wording = Wording(language, load_messages(language))
    newest_first = sorted(reports, key=lambda report: (report.iso_week, report.revision), reverse=True)
    rows = []
    for report in newest_first:
        links = [
            (label, f"{report.iso_week}/{name}")
            for form in ("html", "pdf", "md", "email", "json")
            for name in names_of(report, form, report.provenance.languages)
            for label in [_link_label(report, form, name)]
        ]
        kept = [(label, href) for label, href in links if exists.get(href)]
        if kept:
            rows.append(
                {
                    "name": report.iso_week if report.revision == 1 else f"{report.iso_week} r{report.revision}",
                    "days": page.days(report, wording),
                    "summary": report.summary_zh if language == "zh" else report.summary_en,
                    "links": kept,
                }
            )
    values = {"w": wording, "html_lang": LANGUAGE_TAGS[language], "rows": rows}
    project = newest_first[0].project if newest_first else ""
    files = {"index.html": _environment().get_template("index.html.j2").render(project=project, **values).encode()}
    files[SCHEMA_NAME] = schema_text().encode()
    pages = {report.iso_week: _page_of(report, exists, language) for report in newest_first[::-1]}
    feed_values = feed.values(reports, wording, pages, html_lang=LANGUAGE_TAGS[language])
    files["feed.xml"] = (_environment().get_template("feed.xml.j2").render(**feed_values) + "\n").encode()
    files.update(_latest_files(newest_first, exists))
    return files


def _link_label(report: WeeklyReport, form: str, name: str) -> str:
    """What the index calls a file: its language and format."""
    ending = name.removesuffix(".html") if form == "email" else name
    parts = [part for part in ending.split(".")[1:] if part != f"r{report.revision}"]
    return ".".join([*parts, "email"] if form == "email" else parts)


def _page_of(report: WeeklyReport, exists: Mapping[str, bool], language: str) -> str | None:
    """The page of a report that a reader of this language is sent to; None where none was rendered."""
    names = names_of(report, "html", [language, *report.provenance.languages])
    return next((href for name in names for href in [f"{report.iso_week}/{name}"] if exists.get(href)), None)


def write_files(root: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write files below a folder, each whole or not at all; what already stands there unchanged is left alone."""
    written = []
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not (path.is_file() and path.read_bytes() == content):
            descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                os.chmod(temporary, 0o644)
                os.replace(temporary, path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        written.append(path)
    return written


def csv_bytes(view: FigureView) -> bytes:
    """A figure's table as CSV (UTF-8 with a byte order mark, so that spreadsheets read Chinese)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([safe_cell(column.key) for column in view.columns])
    for row in view.rows:
        writer.writerow([safe_cell(cell.raw) for cell in row])
    return ("\ufeff" + text.getvalue()).encode()


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet runs: text that begins like a formula gets an apostrophe; numbers stay."""
    if value is None:
        return ""
    if isinstance(value, str) and _FORMULA.match(value):
        return "'" + value
    return value


def safe_url(url: str | None) -> str | None:
    """An http or https address with everything unusual percent-encoded; None for any other."""
    if not url or re.search(r"[\x00-\x20\x7f]", url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        return None
    return quote(url, safe="%/:?#@!$&*+,;=~-._[]")


def markdown_text(value: object) -> str:
    """Text as Markdown shows it and nothing more: no markup, no HTML, no link, no new block."""
    line = " ".join(without_marks(str(value)).split())
    line = _MARKDOWN.sub(r"\\\1", line).replace("<", "&lt;").replace(">", "&gt;")
    line = _SCHEME.sub(lambda match: f"{match[1]}\\://" if match[1] else f"{match[2]}\\.", line)
    return _LINE_START.sub(lambda match: f"\\{match[1]}" if match[1] else f"{match[2]}\\{match[3]}", line)


def _html(report: WeeklyReport, values: dict[str, Any]) -> str:
    def dressed(view: FigureView, variant: str) -> Markup:
        chart: Chart = view.chart  # type: ignore[assignment]
        svg = chart.wide if variant == "wide" else chart.narrow
        key = f"{view.figure_id}-{variant}"
        return Markup(charts.dress(svg, key=key, title=view.title, description=view.description, is_themed=True))

    cards = [
        {
            **{name: getattr(card, name) for name in card.__dataclass_fields__},
            "sparkline": Markup(charts.sparkline(card.values)),
        }
        for card in values["kpis"]
    ]
    more = _page_values(values) | {"dressed": dressed, "kpis": cards}
    return _environment().get_template("report.html.j2").render(**more) + "\n"


def _page_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """What templates of HTML need beside the values: references and emphasis."""
    return {
        **values,
        "emphasised": lambda item: _emphasised(item, values["language"], "<strong>", "</strong>"),
        "ref": html_ref,
        "at": html_at,
    }


def _markdown(values: dict[str, Any]) -> str:
    def emphasised(item: Finding) -> Markup:
        text, (start, end) = _sentence(item, values["language"])
        parts = [markdown_text_inside(part) for part in (text[:start], text[start:end], text[end:])]
        return Markup(f"{parts[0]}**{parts[1]}**{parts[2]}" if parts[1] else "".join(parts))

    def image(view: FigureView) -> Markup:
        name = f"{values['figures_dir']}/{view.figure_id}.{values['language']}.svg"
        return Markup(f"![{markdown_text(view.title)}]({name})")

    text = (
        _environment("md")
        .get_template("report.md.j2")
        .render(**values, emphasised=emphasised, image=image, link=_link, code=_code, fenced=_fenced, ref=_marked)
    )
    marked_text = re.sub(r"[ \t]+\n", "\n", re.sub(r"\n{3,}", "\n\n", text)).strip() + "\n"
    plain, places = unmark(marked_text)
    return f"{plain}\n{definitions(places)}"


def _marked(reference: str, value: Any) -> Markup:
    return marked(reference, _finalize_markdown(value))


def markdown_text_inside(text: str) -> str:
    """Like markdown_text, for a piece inside a line: outer spaces stay, and it begins no block."""
    inner = markdown_text("x" + text.strip())[1:] if text.strip() else ""
    head = " " if text[:1].isspace() else ""
    tail = " " if text[-1:].isspace() and text.strip() else ""
    return head + inner + tail


def _link(label: str, href: str) -> Markup:
    address = quote(href, safe="%/:?#@!$&*+,;=~-._")
    return Markup(f"[{markdown_text(label)}](<{address}>)")


def _code(text: str) -> Markup:
    return Markup(f"`{' '.join(without_marks(str(text)).replace('`', ' ').split())}`")


def _fenced(text: str, language: str = "") -> Markup:
    text = without_marks(text)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return Markup(f"{fence}{language}\n{text}\n{fence}")


def _sentence(item: Finding, language: str) -> tuple[str, tuple[int, int]]:
    return (item.text_zh, item.strong_zh) if language == "zh" else (item.text_en, item.strong_en)


def _emphasised(item: Finding, language: str, opening: str, closing: str) -> Markup:
    text, (start, end) = _sentence(item, language)
    return escape(text[:start]) + Markup(opening) + escape(text[start:end]) + Markup(closing) + escape(text[end:])


def _links(report: WeeklyReport, language: str) -> dict[str, Any]:
    """Addresses of the page's neighbours, and where its data lies."""
    made_by = report.provenance
    previous = None
    if made_by.previous_week:
        revision = made_by.previous_revision or 1
        ending = f"{language}.html" if revision == 1 else f"r{revision}.{language}.html"
        previous = f"../{made_by.previous_week}/report.{ending}"
    return {
        "html_lang": LANGUAGE_TAGS[language],
        "page_name": file_name(report, f"{language}.html"),
        "languages": [(code, file_name(report, f"{code}.html")) for code in made_by.languages],
        "previous_href": previous,
        "data_dir": folder(report, "data"),
        "figures_dir": folder(report, "figures"),
    }


def _latest_files(newest_first: Sequence[WeeklyReport], exists: Mapping[str, bool]) -> dict[str, bytes]:
    """latest/: pages that lead to the newest report of each language, and a copy of its JSON's place."""
    template = _environment().get_template("redirect.html.j2")
    files: dict[str, bytes] = {}
    for report in newest_first:
        for code in report.provenance.languages:
            href = f"{report.iso_week}/{file_name(report, f'{code}.html')}"
            if exists.get(href) and f"latest/report.{code}.html" not in files:
                wording = Wording(code, load_messages(code))
                title = wording.say("header.title", project=report.project, iso_week=report.iso_week)
                body = template.render(html_lang=LANGUAGE_TAGS[code], href=f"../{href}", title=title).encode()
                files[f"latest/report.{code}.html"] = body
                files.setdefault("latest/index.html", body)
    return files


@cache
def _environment(kind: str = "html") -> Environment:
    """Jinja2 that escapes everything: as HTML, or by `finalize` as Markdown, plain text or Slack's mrkdwn."""
    finalize = {"md": _finalize_markdown, "txt": outgoing.plain, "mrkdwn": outgoing.mrkdwn, "html": _finalize_html}
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE_ROOT),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        finalize=finalize[kind],
    )
    environment.filters["safe_url"] = safe_url
    environment.globals["language_tag"] = lambda code: LANGUAGE_TAGS.get(code, code)
    return environment


def _finalize_markdown(value: Any) -> Markup:
    if isinstance(value, Markup):
        return value
    text = "" if value is None else str(value)
    return Markup(markdown_text(text) + (" " if text.endswith(" ") else ""))


def _finalize_html(value: Any) -> Any:
    return "" if value is None else value
