"""`marketbrief verify` and `explain`: is a report true, and where does a number come from?"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from flows.console import Console, set_up_logging
from flows.invocation import Invocation
from tasks.errors import QualityGateError

if TYPE_CHECKING:
    from tasks.explain import Explanation
    from tasks.verify import Verified

_SHOWN = 20
_SHOWN_VALUES = 40
_SHOWN_ROWS = 12
_SHOWN_DOCUMENTS = 10
_EXCERPT = 80


def verify_command(invocation: Invocation, *, week: str | None) -> None:
    """Verify the rendered files of a week's report; exit code 5 where something differs.

    Raises:
        MarketBriefError: nothing is published, or nothing was rendered.
    """
    from tasks.verify import verify

    console = Console(invocation)
    set_up_logging(invocation)
    found = verify(invocation.settings(), week)
    is_true = all(item.is_true for item in found)
    console.emit(
        {
            "iso_week": found[0].iso_week,
            "is_true": is_true,
            "revisions": [{**asdict(item), "is_true": item.is_true} for item in found],
        }
    )
    for item in found:
        _tell(console, item)
    if not is_true:
        raise typer.Exit(QualityGateError.exit_code)


def _tell(console: Console, item: Verified) -> None:
    name = f"{item.iso_week} r{item.revision}"
    for difference in item.differences[:_SHOWN]:
        console.print(f"[bold red]differs[/] {escape(str(difference))}")
    if len(item.differences) > _SHOWN:
        console.print(f"… and {len(item.differences) - _SHOWN} more: --json lists all")
    verdict = "[bold green]true[/]" if item.is_true else "[bold red]not true[/]"
    console.print(
        f"{name} is {verdict}: {len(item.files)} files, {item.value_count} values computed again by their SQL, "
        f"{item.quote_count} quotes, {item.reference_count:,} references"
    )
    if item.differences and all(difference.line for difference in item.differences):
        console.say(
            "[dim]If the program was updated since the files were written, write them again: "
            f"marketbrief report --week {item.iso_week} --revision {item.revision}[/]"
        )
    if item.changed_since:
        console.warn(
            f"{name}: {len(item.changed_since)} values or quotes are no longer what the documents give: documents "
            "came, changed or went after it was published; they were checked against the frozen revision"
        )
    if item.not_recomputed:
        console.warn(f"{name}: checked against the frozen revision only: {', '.join(item.not_recomputed)}")


def explain_command(invocation: Invocation, *, ref: str, week: str | None) -> None:
    """Print the chain behind an id of a report.

    Raises:
        UsageError: no report has the id.
        SourceError: nothing is published.
    """
    from tasks.explain import explain
    from tasks.query import jsonable

    console = Console(invocation)
    set_up_logging(invocation)
    found = explain(invocation.settings(), ref, week)
    values = [{"ref": name, "report": jsonable(a), "snapshot": jsonable(b)} for name, a, b in found.values]
    console.emit({**jsonable(asdict(found)), "values": values})
    _print_chain(console, found)


def _print_chain(console: Console, found: Explanation) -> None:
    from tasks.query import jsonable

    console.print(f"[bold]{escape(found.ref)}[/]  {found.kind}, report {found.iso_week} r{found.revision}")
    console.fact("run", found.run_id)
    console.fact("content", found.content_hash)
    for sentence in found.sentences:
        console.fact("says", sentence)
    if found.values:
        rows = [(name, jsonable(a), jsonable(b)) for name, a, b in found.values[:_SHOWN_VALUES]]
        console.table(("reference", "report", "snapshot now"), rows, title="Values", whole=("reference",))
        _tell_rest(console, len(found.values), _SHOWN_VALUES, "values")
    if found.query:
        console.print("[bold]SQL[/]")
        console.print(escape(found.query))
    if found.rows:
        columns = list(found.rows[0])
        shown = [[jsonable(row[name]) for name in columns] for row in found.rows[:_SHOWN_ROWS]]
        console.table(columns, shown, title="Its rows")
        _tell_rest(console, len(found.rows), _SHOWN_ROWS, "rows")
    for quote in found.quotes:
        place = f"{quote['document_id'][:12]}[{quote['start_char']}:{quote['end_char']}]"
        console.fact("quote", f"{place} {quote['text']}")
    _print_documents(console, found)


def _print_documents(console: Console, found: Explanation) -> None:
    received = {row["document_id"]: row for row in found.raw_rows if row["is_newest"]}
    rows = []
    for document in found.documents[:_SHOWN_DOCUMENTS]:
        raw = received.get(document["document_id"], {})
        place = f"{raw['uri'].rsplit('/', 1)[-1]} #{raw['record_number']}" if raw.get("uri") else ""
        rows.append(
            (
                document["document_id"][:12],
                document["source"],
                str(document["published_at"])[:16],
                document["sentiment"],
                place,
                raw.get("content_hash", "")[:12],
                " ".join(document["text"].split())[:_EXCERPT],
            )
        )
    if rows:
        columns = ("document", "source", "published", "sentiment", "received in", "raw hash", "text")
        console.table(columns, rows, title=f"Documents ({found.document_count:,})", whole=("document",))
        _tell_rest(console, found.document_count, _SHOWN_DOCUMENTS, "documents")
    if found.raw_note:
        console.warn(found.raw_note)


def _tell_rest(console: Console, count: int, shown: int, what: str) -> None:
    if count > shown:
        console.print(f"… {count - shown:,} more {what}: --json lists up to 50 documents and all else")
