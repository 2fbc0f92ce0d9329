"""The archive's Atom feed: an entry per week, which says what its newest revision says.

Ids are made from the project's name and the week and never change; times are those of publication, so that the same
archive gives the same bytes. Characters that XML does not allow are left out.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.core.report_model import WeeklyReport
from tasks.core.wording import Wording
from tasks.store.references import xml_text

MAX_ENTRIES = 52
_SPACE = uuid.UUID("6f5c5c3e-8c1a-5d0e-9b1e-3a6b1f0c7d42")


def values(
    reports: Sequence[WeeklyReport], w: Wording, pages: Mapping[str, str | None], *, html_lang: str
) -> dict[str, Any]:
    """What the feed's template names.

    Args:
        reports: every published revision.
        pages: path of the page of each week's newest revision, below the reports' folder; None where there is none.
    """
    ordered = sorted(reports, key=lambda report: (report.iso_week, report.revision))
    newest = {report.iso_week: report for report in ordered}
    first = {report.iso_week: report for report in reversed(ordered)}
    shown = [report for week, report in sorted(newest.items(), reverse=True) if pages.get(week)][:MAX_ENTRIES]
    project = xml_text(ordered[-1].project if ordered else "")
    base = ordered[-1].provenance.link_base.rstrip("/") if ordered else ""
    return {
        "w": w,
        "html_lang": html_lang,
        "project": project,
        "feed_id": uuid.uuid5(_SPACE, project).urn,
        "updated": max((report.provenance.published_at for report in shown), default="1970-01-01T00:00:00+00:00"),
        "base": f"{base}/" if base else "",
        "entries": [
            {
                "id": uuid.uuid5(_SPACE, f"{project}\n{report.iso_week}").urn,
                "title": _title(report, w),
                "published": first[report.iso_week].provenance.published_at,
                "updated": report.provenance.published_at,
                "href": pages[report.iso_week],
                "summary": xml_text(report.summary_zh if w.language == "zh" else report.summary_en),
                "content": xml_text("\n".join(_sentences(report, w))),
            }
            for report in shown
        ],
    }


def _title(report: WeeklyReport, w: Wording) -> str:
    name = report.iso_week if report.revision == 1 else f"{report.iso_week} r{report.revision}"
    return xml_text(w.say("header.title", project=report.project, iso_week=name))


def _sentences(report: WeeklyReport, w: Wording) -> list[str]:
    own = [item.text_zh if w.language == "zh" else item.text_en for item in report.findings]
    return own or [report.summary_zh if w.language == "zh" else report.summary_en]
