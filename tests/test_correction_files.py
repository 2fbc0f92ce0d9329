"""Files of corrections into the warehouse and out of it, and samples to label out of the snapshot."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from warehouse_builder import WarehouseBuilder

from tasks import run_log
from tasks.build import DOCUMENT_MARTS, build_documents, build_weekly
from tasks.compose import compose_week
from tasks.core.corrections import unescape_cell
from tasks.corrections import export_corrections, sample_to_label, take_corrections
from tasks.errors import SourceError, UsageError
from tasks.store.snapshot import build_snapshot
from tasks.store.warehouse import Warehouse
from tasks.training_sets import read_csv

MONDAY = datetime(2026, 1, 5, 12)
WEEK = "2026-W02"


@pytest.fixture
def project(tmp_path):
    """(settings, ids of 60 documents of a week, of a project with a published snapshot)."""
    builder = WarehouseBuilder(tmp_path)
    documents = [
        {
            "published_at": MONDAY + timedelta(hours=number),
            "text": f"=SUM(1) Aurora machine number {number}" if number % 2 else f"北风咖啡机第{number}号",
            "language": "en" if number % 2 else "zh",
            "sentiment": ("negative", "neutral", "positive", "mixed")[number % 4],
            "spam_reason": "link_only" if number < 3 else None,
            "mentions": [("Aurora", "Aurora", 8, 14)] if number % 2 else None,
        }
        for number in range(60)
    ]
    ids = builder.add_documents(documents)
    builder.add_topics([("en-a", "leaking seal")])
    settings = builder.finish()
    with Warehouse(settings.warehouse_path) as warehouse:
        for table in DOCUMENT_MARTS:
            warehouse.rebuild(table)
        settings.snapshot_path.parent.mkdir(parents=True, exist_ok=True)
        build_snapshot(warehouse, settings.snapshot_path)
    return settings, ids


def write(path: Path, text: str) -> Path:
    path.write_text("kind,subject,value,language,note\n" + text, encoding="utf-8-sig")
    return path


def corrections(settings) -> list[dict]:
    with Warehouse(settings.warehouse_path) as warehouse:
        return warehouse.rows("select * from ops.correction order by correction_sequence")


def test_a_file_is_taken_in_once_and_comes_out_again(project, tmp_path):
    settings, ids = project
    file = write(tmp_path / "c.csv", f"sentiment,{ids[0]},positive,,'=ironic\nspam,{ids[1]},not_spam,,\n")
    summary = take_corrections(settings, file)
    assert (summary.read, summary.added, summary.unchanged) == (2, 2, 0)
    assert corrections(settings)[0]["note"] == "=ironic"
    again = take_corrections(settings, file)
    assert (again.added, again.unchanged) == (0, 2)
    assert len(corrections(settings)) == 2

    out = tmp_path / "out.csv"
    assert export_corrections(settings, out) == 2
    assert "'=ironic" in out.read_text(encoding="utf-8-sig")
    assert take_corrections(settings, out).added == 0

    other = write(tmp_path / "d.csv", f"sentiment,{ids[0]},negative,,\n")
    assert take_corrections(settings, other).added == 1
    assert export_corrections(settings, out) == 2
    assert take_corrections(settings, file).added == 1, "to go back is a correction, too"


def test_one_bad_row_and_nothing_is_taken_in(project, tmp_path):
    settings, ids = project
    rows = f"spam,{ids[1]},not_spam,,\nsentiment,{'0' * 32},negative,,\ntopic_hide,en-z,yes,,\n"
    with pytest.raises(SourceError) as error:
        take_corrections(settings, write(tmp_path / "c.csv", rows + f"spam,{ids[2]},maybe,,\n"))
    assert error.value.exit_code == 4
    for line in ("line 3: no document", "line 4: no topic 'en-z'", "line 5: spam can't be 'maybe'"):
        assert line in str(error.value)
    assert corrections(settings) == []
    with pytest.raises(SourceError):
        take_corrections(settings, tmp_path / "nowhere.csv")


def test_a_sample_to_label_is_the_same_each_time_safe_and_taken_back(project, tmp_path):
    settings, ids = project
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    assert sample_to_label(settings, first, week=WEEK, task="sentiment", most=20) == 20
    sample_to_label(settings, second, week=WEEK, task="sentiment", most=20)
    assert first.read_bytes() == second.read_bytes()
    with first.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    predicted = [row["predicted"] for row in rows]
    assert {predicted.count(label) for label in ("negative", "neutral", "positive", "mixed")} <= {4, 5, 6}
    assert not {row["subject"] for row in rows} & set(ids[:3]), "spam counts nowhere"
    assert all(not row["text"].startswith("=") for row in rows)

    for row in rows[:2]:
        row["label"] = "mixed"
    with first.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert read_csv(first) == [(unescape_cell(row["text"]), "mixed") for row in rows[:2]], "train and evaluate read it"
    summary = take_corrections(settings, first)
    assert (summary.added, summary.unlabelled) == (2, 18)
    assert {row["value"] for row in corrections(settings)} == {"mixed"}


@pytest.mark.parametrize(("task", "value"), [("spam", "spam"), ("entity", "none"), ("topic", "en-a")])
def test_every_task_has_a_sample_that_can_be_taken_back(project, tmp_path, task, value):
    settings, _ = project
    path = tmp_path / "label.csv"
    count = sample_to_label(settings, path, week=WEEK, task=task, most=1000)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert count == len(rows) >= 28
    if task == "spam":
        assert [row["predicted"] for row in rows].count("link_only") == 3
        assert "link_only" in [row["predicted"] for row in rows[:2]]
    path.write_text(path.read_text(encoding="utf-8-sig").replace(",,\n", f",{value},\n"), encoding="utf-8")
    assert take_corrections(settings, path).added == count


def test_what_cannot_be_sampled_is_said(project, tmp_path):
    settings, _ = project
    for wrong in ({"task": "mood"}, {"most": 0}, {"week": "2026-W50"}, {"week": "spring"}):
        options = {"week": WEEK, "task": "sentiment", "most": 5} | wrong
        with pytest.raises(UsageError):
            sample_to_label(settings, tmp_path / "x.csv", **options)
    settings.snapshot_path.unlink()
    with pytest.raises(UsageError):
        sample_to_label(settings, tmp_path / "x.csv", week=WEEK, task="spam", most=5)


def report_row(week: str) -> dict:
    return {
        "iso_week": week, "revision": 1, "run_id": "r", "published_at": MONDAY, "content_hash": "h", "reason": "first",
        "payload": "{}",
    }  # fmt: skip


def run_row(started_at: datetime, first: str | None, last: str | None, status: str = "published") -> dict:
    return {
        "run_id": f"run {started_at} {status}", "command": "run", "started_at": started_at, "status": status,
        "first_week": first, "last_week": last, "config_hash": "c", "program_version": "1",
    }  # fmt: skip


def test_a_corrected_week_is_due_until_a_published_run_covered_it(project, tmp_path):
    settings, ids = project
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.insert("marts.report", [report_row(WEEK), report_row("2026-W03")])
        warehouse.insert("ops.run", [run_row(datetime(2026, 2, 1), WEEK, "2026-W03")])
    due = {"week": None, "through": None, "last_complete": "2026-W05"}
    assert run_log.weeks_due(run_log.known_weeks(settings), **due) == []
    summary = take_corrections(settings, write(tmp_path / "c.csv", f"sentiment,{ids[5]},positive,,\n"))
    assert summary.weeks == (WEEK,)
    assert run_log.weeks_due(run_log.known_weeks(settings), **due) == [WEEK]

    later = run_log.utc_now() + timedelta(days=1)
    for row in (
        run_row(later, "2026-W03", "2026-W03"),
        run_row(later, WEEK, WEEK, "failed"),
        run_row(later, None, None),
    ):
        with Warehouse(settings.warehouse_path) as warehouse:
            warehouse.insert("ops.run", [row])
        assert run_log.weeks_due(run_log.known_weeks(settings), **due) == [WEEK]
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.insert("ops.run", [run_row(later + timedelta(days=1), WEEK, WEEK)])
    assert run_log.weeks_due(run_log.known_weeks(settings), **due) == []


def test_a_corrected_topic_makes_the_newest_report_due(project, tmp_path):
    settings, _ = project
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.insert("marts.report", [report_row(WEEK), report_row("2026-W03")])
    file = write(tmp_path / "c.csv", "topic_rename,en-a,the seal leaks,en,\n")
    assert take_corrections(settings, file).weeks == ("2026-W03",)


def test_a_correction_makes_a_second_revision_whose_reason_names_it_and_survives_another_model(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    documents = [
        {"published_at": MONDAY + timedelta(hours=number), "brand": "Aurora", "sentiment": "positive"}
        for number in range(60)
    ]
    ids = builder.add_documents(documents)
    settings = builder.finish()

    def revisions() -> list[dict]:
        build_documents.fn(settings)
        build_weekly.fn(settings)
        compose_week.fn(settings, "run-1", WEEK, "marketbrief run")
        with Warehouse(settings.warehouse_path) as warehouse:
            return warehouse.rows("select revision, reason from marts.report order by revision")

    first = {"revision": 1, "reason": "first"}
    assert revisions() == [first]
    take_corrections(settings, write(tmp_path / "c.csv", "".join(f"sentiment,{i},negative,,\n" for i in ids[:20])))
    assert revisions() == [first, {"revision": 2, "reason": "corrections"}]
    take_corrections(settings, write(tmp_path / "c.csv", f"sentiment,{ids[0]},negative,,\n"))
    assert len(revisions()) == 2, "nothing was corrected"

    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.execute("update enriched.sentiment set sentiment = 'neutral'")  # as if the models had read anew
    revisions()
    with Warehouse(settings.warehouse_path) as warehouse:
        counts = warehouse.rows("select sentiment, count(*) as n from marts.document group by all order by sentiment")
    assert counts == [{"sentiment": "negative", "n": 20}, {"sentiment": "neutral", "n": 40}]


def test_corrections_are_work_for_a_run_that_would_else_have_none(project, tmp_path):
    settings, ids = project
    row = run_row(datetime(2026, 2, 1), None, None) | {
        "config_hash": settings.config_hash,
        "program_version": run_log.version("marketbrief"),
    }
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.insert("ops.run", [row])
        settings.snapshot_path.unlink()
        build_snapshot(warehouse, settings.snapshot_path)
    assert run_log.is_up_to_date(settings)
    take_corrections(settings, write(tmp_path / "c.csv", f"spam,{ids[9]},spam,,\n"))
    assert not run_log.is_up_to_date(settings)
