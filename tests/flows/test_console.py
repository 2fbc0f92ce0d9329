"""What a person sees: one line per finished stage, tables that fit or stand record by record, one JSON object."""

import io
import json
from decimal import Decimal

import pytest
from rich.console import Console as RichConsole

from flows.console import BarProgress, Console, LineProgress, cell, near, progress_on
from flows.invocation import Invocation
from tasks.errors import SourceError


def on_terminal(invocation, *, width=80):
    """A console whose standard output and standard error are one terminal, and what was written there."""
    console = Console(invocation)
    written = io.StringIO()
    console.out = console.err = RichConsole(
        file=written, force_terminal=True, width=width, soft_wrap=True, highlight=False, color_system=None
    )
    return console, written


def test_a_finished_stage_is_one_line_with_counts_and_seconds(capsys):
    progress = progress_on(Console(Invocation()))
    assert type(progress) is LineProgress, "pytest's standard error is no terminal"
    progress.start("ingest", 3)
    progress.advance()
    progress.finish("1,200 records [of 1,203]")
    err = capsys.readouterr().err
    assert err.startswith("✓ ingest   1,200 records [of 1,203] (")
    assert err.endswith(" s)\n")
    assert err.count("\n") == 1


def test_a_terminal_has_bars_and_keeps_the_line():
    console, written = on_terminal(Invocation())
    progress = progress_on(console)
    assert type(progress) is BarProgress
    progress.start("enrich", 16)
    progress.advance(4)
    assert progress.bars.tasks[0].completed == 4
    progress.finish("10,000 documents")
    assert progress.bars is None
    assert "✓ enrich   10,000 documents" in written.getvalue()


def test_a_bar_is_taken_away_when_the_stage_fails():
    console, _ = on_terminal(Invocation())
    progress = BarProgress(console)
    progress.start("enrich", 16)
    progress.close()
    assert progress.bars is None


@pytest.mark.parametrize("option", ["is_quiet", "is_json", "is_colourless"])
def test_no_moving_bars_where_they_are_not_wanted(option):
    console, _ = on_terminal(Invocation(**{option: True}))
    assert type(progress_on(console)) is LineProgress


def test_a_table_that_fits_stands_in_columns():
    console, written = on_terminal(Invocation())
    console.table(("brand", "n"), [("Northwind [own]", 12), ("托凡", 7)])
    lines = [line.rstrip() for line in written.getvalue().splitlines()]
    assert " Northwind [own]   12" in lines
    assert " 托凡               7" in lines


def test_words_between_colons_are_no_emoji(capsys):
    Console(Invocation()).table(("text",), [("ratio 1:x: and :smile:",)])
    assert "ratio 1:x: and :smile:" in capsys.readouterr().out


def test_a_table_too_wide_for_the_terminal_stands_record_by_record():
    console, written = on_terminal(Invocation(), width=40)
    names = tuple(f"column_{i}" for i in range(8))
    console.table(names, [tuple(range(8))])
    lines = written.getvalue().splitlines()
    assert lines[0].startswith("─ row 1")
    assert lines[3] == "column_2  2"


def test_long_text_folds_and_loses_nothing():
    console, written = on_terminal(Invocation(), width=60)
    words = " ".join(f"word{i}" for i in range(40))
    console.table(("name", "text"), [("a", words)])
    assert [w for w in written.getvalue().split() if w.startswith("word")] == words.split()
    assert max(map(len, written.getvalue().splitlines())) <= 60


def test_piped_tables_are_not_folded(capsys):
    Console(Invocation()).table(("name", "text"), [("a", "long " * 100)])
    assert "long " * 99 in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (Decimal("1.2300"), "1.23"),
        (Decimal("1200"), "1200"),
        ("a\x1b[2Jb", "a\ufffd[2Jb"),
        ("a\u202eb", "a\ufffdb"),
        ("👨‍👩‍👧 北风", "👨‍👩‍👧 北风"),
    ],
)
def test_cells_are_plain_text(value, text):
    assert cell(value) == text


def test_json_is_written_once_whatever_comes_after(capsys):
    console = Console(Invocation(is_json=True))
    console.print("not shown")
    console.table(("a",), [(1,)])
    console.emit({"answer": "北风"})
    console.fail(SourceError("too late", fix="nothing"))
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"answer": "北风"}
    assert "北风" in captured.out, "text stays readable"
    assert "too late" in captured.err


def test_paths_are_told_as_a_person_would_type_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert near(tmp_path / "reports" / "x.html") == "reports/x.html"
    assert near(tmp_path.parent / "y.html") == str(tmp_path.parent / "y.html")
