"""What a person sees: messages and progress on standard error, results on standard output.

With --json, standard output carries exactly one JSON object, whatever happens. On a terminal stages have bars;
elsewhere each finished stage is one line with its counts and seconds.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rich.cells import cell_len
from rich.console import Console as RichConsole
from rich.markup import escape
from rich.text import Text

from flows.invocation import Invocation
from tasks.errors import MarketBriefError

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

STAGE_WIDTH = 8
_READABLE_WIDTH = 20
_UNLIMITED_WIDTH = 10_000
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Console:
    """Where a command writes. Results go to standard output, everything else to standard error."""

    def __init__(self, invocation: Invocation) -> None:
        self.invocation = invocation
        options: dict[str, Any] = {"highlight": False, "soft_wrap": True, "emoji": False}
        if invocation.is_colourless:
            options |= {"no_color": True, "color_system": None}
        self.out = RichConsole(**options)
        self.err = RichConsole(stderr=True, **options)
        if not self.out.is_terminal:
            self.out.width = _UNLIMITED_WIDTH  # for grep and for pagers, cells stay whole

    @property
    def is_json(self) -> bool:
        return self.invocation.is_json

    @property
    def is_moving(self) -> bool:
        """True where bars can be drawn: a terminal that was not asked to be quiet or plain."""
        invocation = self.invocation
        return self.err.is_terminal and not (invocation.is_quiet or invocation.is_json or invocation.is_colourless)

    def emit(self, result: Mapping[str, Any]) -> None:
        """Write the command's result as JSON, where --json asks for it; what comes after the first is left out."""
        if self.is_json and not self.invocation.is_answered:
            self.invocation.is_answered = True
            sys.stdout.write(json.dumps(result, ensure_ascii=False, default=str) + "\n")
            sys.stdout.flush()

    def print(self, *parts: Any) -> None:
        """Write a part of the result for a person: nothing with --json."""
        if not self.is_json:
            self.out.print(*parts)

    def say(self, *parts: str) -> None:
        """Tell a person how it goes (rich markup): nothing with --quiet, nor with --json unless --verbose asks."""
        if self.invocation.is_verbose or not (self.invocation.is_quiet or self.invocation.is_json):
            _line(self.err, *parts)

    def warn(self, text: str) -> None:
        """Tell a person what to look at (plain text); --quiet does not silence it."""
        _line(self.err, "[yellow]warning[/]", escape(text))

    def fact(self, label: str, text: str) -> None:
        """Write a labelled line of the result for a person (plain text); left out where there is no text."""
        if text and not self.is_json:
            _line(self.out, f"  [bold]{label:<{STAGE_WIDTH}}[/]", escape(text))

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        *,
        title: str | None = None,
        whole: Collection[str] = (),
    ) -> None:
        """Write rows as a table for a person.

        Args:
            whole: columns whose cells are not folded.
        """
        if self.is_json:
            return
        from rich import box
        from rich.table import Table

        texts = [[cell(value) for value in row] for row in rows]
        if self.out.is_terminal and _least_width(columns, texts) > self.out.width:
            self._records(columns, texts)
            return
        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, title_style="bold")
        for index, name in enumerate(columns):
            is_number = bool(rows) and all(isinstance(row[index], int | float | Decimal | None) for row in rows)
            justify: Literal["left", "right"] = "right" if is_number else "left"
            table.add_column(name, justify=justify, overflow="fold", no_wrap=is_number or name in whole)
        for row_of_texts in texts:
            table.add_row(*map(escape, row_of_texts))
        self.out.print(table, soft_wrap=False)

    def _records(self, columns: Sequence[str], texts: Sequence[Sequence[str]]) -> None:
        """Rows one below the other, a line per column: for what is too wide to stand in columns."""
        label_width = max(map(len, columns))
        for number, row in enumerate(texts, start=1):
            self.out.print(f"[dim]─ row {number} {'─' * 20}[/]")
            for name, text in zip(columns, row, strict=True):
                self.out.print(f"[bold]{escape(name):<{label_width}}[/]  {escape(text)}")

    def fail(self, error: MarketBriefError) -> None:
        """Say what went wrong, why and how to mend it; with --json as an object on standard output."""
        self.emit(
            {
                "error": {
                    "type": type(error).__name__,
                    "message": error.fact,
                    "why": error.why,
                    "fix": error.fix,
                    "exit_code": error.exit_code,
                }
            }
        )
        _line(self.err, "[bold red]error[/]", escape(error.fact))
        for label, text in (("why", error.why), ("fix", error.fix)):
            if text:
                _line(self.err, f"  [bold]{label}[/]", escape(text))
        if self.invocation.is_debug:
            traceback.print_exception(error, file=sys.stderr)


def _line(console: RichConsole, *parts: str) -> None:
    """Print parts beside each other; on a terminal the last one wraps below itself, unless it is one long word."""
    if not console.is_terminal or len(parts) == 1 or " " not in parts[-1]:
        console.print(*parts)
        return
    from rich.table import Table

    line = Table.grid(padding=(0, 1, 0, 0))
    for part in parts[:-1]:
        line.add_column(no_wrap=True, width=cell_len(Text.from_markup(part).plain))
    line.add_column(overflow="fold")
    line.add_row(*parts)
    console.print(line, soft_wrap=False)


def _least_width(columns: Sequence[str], texts: Sequence[Sequence[str]]) -> int:
    """Terminal columns that a table needs: long texts may fold, down to a readable width; short ones may not."""
    widths = [max([cell_len(name), *(cell_len(row[i]) for row in texts)]) for i, name in enumerate(columns)]
    return sum(min(width, _READABLE_WIDTH) + 3 for width in widths)


def cell(value: Any) -> str:
    """A value as a table shows it: control characters, which could steer the terminal, are taken out."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = f"{value.normalize():f}"
    elif isinstance(value, datetime):
        text = f"{value:%Y-%m-%d %H:%M}"
    else:
        text = str(value)
    return _STEERING.sub("\ufffd", text)


def set_up_logging(invocation: Invocation) -> None:
    """Send log lines to standard error: warnings, with -v one line per task, with --debug everything of ours."""
    root = logging.getLogger()
    for handler in [h for h in root.handlers if getattr(h, "is_market_brief", False)]:
        root.removeHandler(handler)
    handler = logging.StreamHandler(sys.stderr)
    handler.is_market_brief = True  # type: ignore[attr-defined]
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s", "%H:%M:%S"))
    shown = logging.INFO if invocation.is_verbose else logging.WARNING
    handler.setLevel(logging.DEBUG if invocation.is_debug else shown)
    if not invocation.is_debug:
        handler.addFilter(_is_not_told_elsewhere)
    root.addHandler(handler)
    for name in ("flows", "tasks"):
        logging.getLogger(name).setLevel(logging.DEBUG if invocation.is_debug else logging.INFO)


def _is_not_told_elsewhere(record: logging.LogRecord) -> bool:
    """False for what Prefect says of a failed flow or task, which is told once, in words; and for its last words."""
    if record.name in ("EventsWorker", "APILogWorker"):
        return False
    return not (record.levelno >= logging.ERROR and record.name.startswith(("prefect.flow_runs", "prefect.task_runs")))


class LineProgress:
    """One line per finished stage, with its counts and seconds."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.stage = ""
        self.started = time.monotonic()

    def start(self, stage: str, total: int | None = None) -> None:
        self.stage = stage
        self.started = time.monotonic()

    def advance(self, steps: int = 1) -> None:
        """A line says what a stage did, not how far it is."""

    def finish(self, summary: str) -> None:
        seconds = time.monotonic() - self.started
        stage = f"[green]✓[/] [bold]{escape(self.stage):<{STAGE_WIDTH}}[/]"
        self.console.say(stage, f"{escape(summary)} [dim]({seconds:.1f} s)[/]")

    def close(self) -> None:
        """Nothing to put away."""


class BarProgress(LineProgress):
    """A bar while a stage runs, and its line when it has finished."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self.bars: RichProgress | None = None
        self.task: TaskID | None = None

    def start(self, stage: str, total: int | None = None) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        super().start(stage, total)
        self.close()
        columns: list[Any] = [SpinnerColumn(), TextColumn(f"[bold]{{task.description:<{STAGE_WIDTH}}}[/]")]
        if total:
            columns += [BarColumn(bar_width=30), MofNCompleteColumn()]
        self.bars = Progress(*columns, TimeElapsedColumn(), console=self.console.err, transient=True)
        self.task = self.bars.add_task(stage, total=total)
        self.bars.start()

    def advance(self, steps: int = 1) -> None:
        if self.bars is not None and self.task is not None:
            self.bars.advance(self.task, steps)

    def finish(self, summary: str) -> None:
        self.close()
        super().finish(summary)

    def close(self) -> None:
        """Take the bar away, so that an error message stands on a clean line."""
        if self.bars is not None:
            self.bars.stop()
        self.bars = self.task = None


def progress_on(console: Console) -> LineProgress:
    """The progress that suits where standard error goes."""
    return BarProgress(console) if console.is_moving else LineProgress(console)


def near(path: Path) -> str:
    """A path as a person would type it: relative where it lies below the current folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
