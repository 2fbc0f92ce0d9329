"""Is a rendered report true? Four layers, from the numbers in the snapshot to the bytes of the files.

1. **Values.** Each figure's, headline number's and finding's SQL is run on the published snapshot and set beside what
   the frozen revision states; sentences may hold no number that these values do not read as.
2. **Frozen rows.** The content hash is computed again from the revision's rows, and what analysts read in
   marts.finding and marts.quote is what the revision says.
3. **Quotes.** Each quote is its document's text between its offsets.
4. **Files.** Every file is made again from the frozen revision and compared byte for byte; a difference is told by its
   reference, section and line. Numbers that carry no reference fail as well.

A revision stays as it was published while documents come, change and go. It remembers a fingerprint of all that its
numbers were computed from. Where the snapshot's inputs are still those, every value must agree. Where they are not
(late data, corrections, another model, a forgotten document), values and quotes that differ are listed as *changed
since*: they are proven by the frozen rows, whose hash must agree, and no longer by the documents.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.config import Settings
from tasks.core.recomputed import Fact, facts, strange_numbers, without_recomputation
from tasks.core.report_model import WeeklyReport, canonical_json
from tasks.core.weeks import monday_of
from tasks.errors import SourceError, UsageError
from tasks.query import snapshot_path
from tasks.store.checked_files import Difference, compare, reference_count
from tasks.store.messages import load_messages
from tasks.store.render import FORMATS, names_of, report_files
from tasks.store.warehouse import connect, sql_text

logger = logging.getLogger(__name__)

SNAPSHOT = "snapshot"
REPORT = "marts.report"


@dataclass(frozen=True)
class Verified:
    """What was found of one revision. changed_since: references whose value or quote the snapshot no longer gives."""

    iso_week: str
    revision: int
    files: tuple[str, ...]
    value_count: int
    reference_count: int
    quote_count: int
    differences: tuple[Difference, ...]
    changed_since: tuple[str, ...]
    not_recomputed: tuple[str, ...]

    @property
    def is_true(self) -> bool:
        return not self.differences


class _Snapshot:
    """Read-only questions to the published snapshot."""

    def __init__(self, path: Path) -> None:
        self.connection = connect(path, read_only=True, is_locked_down=True)

    def ask(self, sql: str) -> list[dict[str, Any]]:
        return self.connection.sql(sql).to_arrow_table().to_pylist()

    def named(self, name: str, **values: Any) -> list[dict[str, Any]]:
        return self.connection.sql(sql_text(name), params=values or None).to_arrow_table().to_pylist()

    def close(self) -> None:
        self.connection.close()


def verify(settings: Settings, week: str | None = None) -> list[Verified]:
    """Verify every revision of a week's report of which files were rendered; the newest report's by default.

    Raises:
        SourceError: nothing was published, or the week's report was not rendered.
        UsageError: the week was never published.
    """
    started = time.monotonic()
    with closing(_Snapshot(snapshot_path(settings))) as snapshot:
        week = week or snapshot.ask("select max(iso_week) as iso_week from marts.report")[0]["iso_week"]
        if week is None:
            raise SourceError("No report is published yet", fix="`marketbrief run` makes one")
        monday_of(week)
        revisions = snapshot.named("verify/revisions", iso_week=week)
        if not revisions:
            raise UsageError(f"No report was published for {week}", fix="`marketbrief status` names the newest")
        inputs = snapshot.named("report/inputs")[0]["fingerprint"]
        newest = revisions[-1]["revision"]
        found = [
            made
            for row in revisions
            for made in [_verify(settings, snapshot, row, inputs, is_newest=row["revision"] == newest)]
            if made is not None
        ]
    if not found:
        raise SourceError(
            f"No file of the report of {week} is in {settings.reports_dir / week}",
            fix=f"`marketbrief report --week {week}` writes them",
        )
    for item in found:
        logger.info(
            "verify week=%s revision=%d files=%d values=%d references=%d quotes=%d differences=%d changed_since=%d"
            " seconds=%.2f",
            item.iso_week,
            item.revision,
            len(item.files),
            item.value_count,
            item.reference_count,
            item.quote_count,
            len(item.differences),
            len(item.changed_since),
            time.monotonic() - started,
        )
    return found


def _verify(
    settings: Settings, snapshot: _Snapshot, row: Mapping[str, Any], inputs: str, *, is_newest: bool
) -> Verified | None:
    report = WeeklyReport.model_validate_json(row["payload"])
    expected = _expected_files(settings, report)
    if not expected:
        return None
    is_strict = is_newest and inputs == report.provenance.inputs_fingerprint
    recomputed = list(_facts(report, snapshot))
    wrong = [fact for fact in recomputed if not fact.is_equal]
    differences = [*_frozen(report, row, snapshot)]
    changed = []
    if is_strict:
        differences += [Difference(SNAPSHOT, "", f.ref, 0, str(f.computed), str(f.stated)) for f in wrong]
    else:
        changed += [fact.ref for fact in wrong]
    differences += _sentences(report, recomputed, is_strict=is_strict)
    quotes, gone = _quotes(report, snapshot)
    if is_strict:
        differences += quotes
    else:
        changed += [item.ref for item in quotes]
    changed += gone
    folder = settings.reports_dir / report.iso_week
    references = 0
    for name, content in expected.items():
        path = folder / name
        differences += compare(name, content, path.read_bytes() if path.is_file() else None)
        references += reference_count(name, content)
    return Verified(
        iso_week=report.iso_week,
        revision=report.revision,
        files=tuple(expected),
        value_count=len(recomputed),
        reference_count=references,
        quote_count=len(report.all_quotes),
        differences=tuple(differences),
        changed_since=tuple(dict.fromkeys(changed)),
        not_recomputed=tuple(without_recomputation(report)),
    )


def _facts(report: WeeklyReport, snapshot: _Snapshot) -> Sequence[Fact]:
    history = snapshot.named("verify/history", brand=report.focus_brand)
    topics = snapshot.named("verify/topics", iso_week=report.iso_week)
    return list(facts(report, snapshot.ask, history, topics))


def _expected_files(settings: Settings, report: WeeklyReport) -> dict[str, bytes]:
    """What the rendered files must hold: those of the formats and languages of which something stands there."""
    folder = settings.reports_dir / report.iso_week
    is_there = {
        form: [name for name in names_of(report, form, ("en", "zh")) if (folder / name).is_file()] for form in FORMATS
    }
    formats = [form for form, names in is_there.items() if names]
    languages = [
        language
        for language in ("en", "zh")
        if any(f".{language}." in name for names in is_there.values() for name in names)
    ]
    return report_files(report, languages=languages, formats=formats) if formats else {}


def _frozen(report: WeeklyReport, row: Mapping[str, Any], snapshot: _Snapshot) -> list[Difference]:
    """The revision's rows against their own hash, and against the tables that analysts read."""
    payload = json.loads(row["payload"])
    content = {k: v for k, v in payload.items() if k not in ("provenance", "revision", "content_hash")}
    computed = hashlib.sha256(canonical_json(content).encode()).hexdigest()
    found = [
        Difference(REPORT, "", "report.content_hash", 0, computed, stated)
        for stated in dict.fromkeys((row["content_hash"], report.content_hash))
        if stated != computed
    ]
    key = {"iso_week": report.iso_week, "revision": report.revision}
    said = {item["finding_id"]: item for item in snapshot.named("verify/sentences", **key)}
    for finding in (*report.findings, *report.watches):
        stored = said.get(finding.finding_id, {})
        for name in ("text_en", "text_zh", "query"):
            if stored.get(name) != getattr(finding, name):
                ref = f"{finding.finding_id}.{name}"
                found.append(Difference("marts.finding", "", ref, 0, getattr(finding, name), str(stored.get(name))))
    quoted = {item["quote_id"]: item for item in snapshot.named("verify/quotes", **key)}
    for quote in report.all_quotes:
        stored = quoted.get(quote.quote_id, {})
        for name in ("document_id", "text", "start_char", "end_char"):
            if stored.get(name) != getattr(quote, name):
                ref = f"{quote.quote_id}.{name}"
                found.append(Difference("marts.quote", "", ref, 0, str(getattr(quote, name)), str(stored.get(name))))
    return found


def _sentences(report: WeeklyReport, recomputed: Sequence[Fact], *, is_strict: bool) -> list[Difference]:
    """Numbers in sentences that no value of the report's own SQL reads as; the frozen values, once inputs changed."""
    counts = [report.measures.compared, report.measures.earlier_weeks]
    counts += range(report.measures.signal + report.measures.watch + 1)  # "and 2 more changes"

    def allowed(*refs: str) -> list[float]:
        """Values of some parts of the report; of all where none is named."""
        facts_of = [f for f in recomputed if not refs or f.ref.startswith(refs)]
        sides = [f.computed for f in facts_of] + ([] if is_strict else [f.stated for f in facts_of])
        return [float(value) for value in sides if _is_number(value)]

    names = [report.project, *report.brands, *(topic.label for topic in report.topics)]
    names += [*(name.entity_name for name in report.new_names), *(row.label_en for row in report.aspects)]
    names += [row.label_zh for row in report.aspects]
    names += [name[:39].rstrip() + "…" for name in names if len(name) > 40]
    found = []
    for language in ("en", "zh"):
        messages = load_messages(language)
        constants = json.dumps(
            [messages[table] for table in ("sentence", "standing", "summary", "detail", "subject", "news")],
            ensure_ascii=False,
        )
        texts = []
        for item in (*report.findings, *report.watches):
            # A change speaks of its own row (and of the topics that go with it); a level is set beside other brands'.
            own = (
                allowed(f"{item.finding_id}.", "fig-drivers.")
                if item.rule in ("signal", "watch", "slope")
                else allowed()
            )
            texts.append((f"{item.finding_id}.text", getattr(item, f"text_{language}"), own))
        texts.append(("report.summary", getattr(report, f"summary_{language}"), [*allowed(), *counts]))
        for ref, text, values in texts:
            for number in strange_numbers(text, values, constants=constants, names=names):
                found.append(Difference(REPORT, "", ref, 0, "a number that its SQL gives", number))
    return found


def _is_number(value: Any) -> bool:
    return value is not None and not isinstance(value, bool | str)


def _quotes(report: WeeklyReport, snapshot: _Snapshot) -> tuple[list[Difference], list[str]]:
    """Quotes that are not what their documents say, and quotes whose document is no longer there."""
    ids = [quote.document_id for quote in report.all_quotes]
    texts = {row["document_id"]: row["text"] for row in snapshot.named("verify/documents", document_ids=ids)}
    wrong, gone = [], []
    for quote in report.all_quotes:
        text = texts.get(quote.document_id)
        if text is None:
            gone.append(quote.quote_id)
        elif text[quote.start_char : quote.end_char] != quote.text:
            said = text[quote.start_char : quote.end_char]
            wrong.append(Difference(SNAPSHOT, "", f"{quote.quote_id}.text", 0, said, quote.text))
    return wrong, gone
