"""What leaves the archive: the report as an e-mail (HTML and plain text) and as a short text for Slack.

An e-mail is laid out in tables with inline styles, its bars are coloured cells, and it stays below 90 KB; its numbers
carry `data-ref` like the page's. The plain-text part and the Slack text say the same findings and headline numbers.
Addresses are those of `[notify] link_base` as the revision froze it; without one the files are named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup

from tasks.core.report_model import Finding, Quote, WeeklyReport
from tasks.core.wording import NAME_LIMIT, Wording, clip
from tasks.store.references import without_marks

EMAIL_LIMIT = 90_000
SLACK_LIMIT = 3_000
MAX_QUOTES = 4
_JOINER = "\u2060"  # no letter: it keeps a sign from being read as markup
_MRKDWN = re.compile(r"[*_~`]|@(?=(?:here|channel|everyone)\b)")
_SCHEME = re.compile(r"(?i)(?:https?|ftp|mailto|tel|javascript|data):")


def email_html(environment: Environment, report: WeeklyReport, values: Mapping[str, Any]) -> str:
    """The e-mail's HTML part, of at most EMAIL_LIMIT bytes: quotes that would not fit are left to the report."""
    for quote_count in range(MAX_QUOTES, -1, -1):
        more = _shared(report, values) | {"quotes": _quotes(report)[:quote_count]}
        text = environment.get_template("email.html.j2").render(**{**values, **more}) + "\n"
        if len(text.encode()) <= EMAIL_LIMIT:
            break
    return text


def email_text(environment: Environment, report: WeeklyReport, values: Mapping[str, Any]) -> str:
    """The e-mail's plain-text part."""
    return _text(environment, "email.txt.j2", {**values, **_shared(report, values), "quotes": _quotes(report)[:2]})


def slack_text(environment: Environment, report: WeeklyReport, values: Mapping[str, Any]) -> str:
    """The message for Slack, in its mrkdwn, of at most SLACK_LIMIT characters: whole lines only."""
    text = _text(
        environment, "slack.txt.j2", {**values, **_shared(report, values), "strong": _strong, "slack_link": _slack_link}
    )
    if len(text) <= SLACK_LIMIT:
        return text
    return text[: text.rindex("\n", 0, SLACK_LIMIT - 2)] + "\n…\n"


def plain(value: object) -> Markup:
    """A value on one line of plain text; a space before or after it stays."""
    return value if isinstance(value, Markup) else Markup(_line(value))


def mrkdwn(value: object) -> Markup:
    """A value as Slack shows it and nothing more: no mention, no link, no emphasis."""
    if isinstance(value, Markup):
        return value
    text = _line(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _MRKDWN.sub(lambda match: _JOINER + match[0] + _JOINER, text)
    return Markup(_SCHEME.sub(lambda match: match[0][:-1] + _JOINER + ":", text))


def report_address(report: WeeklyReport, name: str) -> str:
    """Address of a report's file, or its path below the reports' folder where no base address is configured."""
    base = report.provenance.link_base
    return f"{base.rstrip('/')}/{report.iso_week}/{name}" if base else f"{report.iso_week}/{name}"


def _shared(report: WeeklyReport, values: Mapping[str, Any]) -> dict[str, Any]:
    w: Wording = values["w"]
    largest = max((week.scored for week in report.sentiment), default=0) or 1
    return {
        "address": report_address(report, values["page_name"]),
        "has_address": bool(report.provenance.link_base),
        "bars": [_bar(week, largest) for week in report.sentiment],
        "brands": [_brand(row, w) for row in report.matrix[:8]],
        "sentence": lambda item: item.text_zh if values["language"] == "zh" else item.text_en,
    }


def _quotes(report: WeeklyReport) -> list[Quote]:
    """What customers and the press said: of the report's voices and topics, not of competitors' own pages."""
    found = [*report.voices, *(said for card in report.topic_cards for said in card.quotes[:1])]
    return list({said.quote_id: said for said in found}.values())


def _bar(week: Any, largest: int) -> dict[str, Any]:
    """A week's stacked bar: widths in percent of the widest week's."""
    parts = (week.negative, week.mixed + week.neutral, week.positive)
    widths = [round(100 * part / largest) for part in parts]
    return {
        "week": week.iso_week,
        "parts": parts,
        "widths": widths,
        "rest": max(0, 100 - sum(widths)),
        "n": week.scored,
    }


def _brand(row: Any, w: Wording) -> dict[str, Any]:
    share = row.voice.value
    width = 0 if share is None else round(100 * share)
    return {"name": clip(row.brand, NAME_LIMIT), "share": w.percent(share), "width": width, "k": w.count(row.voice.k)}


def _slack_link(address: str, label: str) -> Markup:
    """A link as Slack writes it; the address is one of our own."""
    return Markup(f"<{quote(address, safe='%/:?#@!$&*+,;=~-._')}|{mrkdwn(label)}>")


def _strong(item: Finding, language: str) -> Markup:
    text, (start, end) = (item.text_zh, item.strong_zh) if language == "zh" else (item.text_en, item.strong_en)
    parts = [mrkdwn(part) for part in (text[:start], text[start:end], text[end:])]
    return Markup(f"{parts[0]}*{parts[1]}*{parts[2]}" if parts[1] else "".join(parts))


def _line(value: object) -> str:
    text = without_marks("" if value is None else str(value))
    head, tail = (" " if text[i : i + 1].isspace() else "" for i in (0, len(text) - 1))
    return head + " ".join(text.split()) + (tail if text.strip() else "")


def _text(environment: Environment, name: str, values: Mapping[str, Any]) -> str:
    text = environment.get_template(name).render(**values)
    return re.sub(r"[ \t]+\n", "\n", re.sub(r"\n{3,}", "\n\n", text)).strip() + "\n"
