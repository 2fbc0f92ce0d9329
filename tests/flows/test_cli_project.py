"""init, doctor, status, docs and models: the project explains itself, and says what is wrong with it."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from flows import cli
from tasks.config import load_settings
from tasks.core.weeks import last_complete_week, week_of
from tasks.docs import KEY_HELP, config_keys, tables
from tasks.doctor import diagnose
from tasks.starter import FILES, write_starter
from tasks.store.lock import project_lock
from tasks.store.sources import batches, files
from tasks.store.warehouse import SQL_ROOT, Warehouse

NOW = datetime(2026, 11, 22, 12)
TODAY = date(2026, 11, 22)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A starter project that is the current folder."""
    write_starter(tmp_path, today=TODAY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys, *words):
    code = cli.main(list(words))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def checks(project, **edits):
    """The diagnosis of a project whose market.toml was edited: (name, state) pairs and all checks."""
    path = project / "market.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in edits.get("replace", []):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    found = list(diagnose(path, now=NOW))
    return {check.name: check for check in found}, found


def snapshot_of(project, *, reported=("2026-W45",), with_documents=("2026-W45", "2026-W46")):
    """A small file in the place of the published snapshot."""
    settings = load_settings(project / "market.toml")
    with Warehouse(settings.snapshot_path) as warehouse:
        warehouse.insert(
            "marts.report",
            [
                {
                    "iso_week": week,
                    "revision": 1,
                    "run_id": "r1",
                    "published_at": datetime(2026, 11, 16, 6),
                    "content_hash": "0" * 64,
                    "reason": "first",
                    "payload": "{}",
                }
                for week in reported
            ],
        )
        warehouse.insert(
            "marts.document",
            [
                {
                    "document_id": f"{number:032x}",
                    "source": "webshop",
                    "kind": "review",
                    "language": "en",
                    "text": "Good.",
                    "published_at": datetime(2026, 11, 3) + timedelta(weeks=number),
                    "week_start": date(2026, 11, 2) + timedelta(weeks=number),
                    "iso_week": week,
                    "duplicate_group_id": f"{number:032x}",
                    "is_canonical": True,
                    "is_spam": False,
                }
                for number, week in enumerate(with_documents)
            ],
        )
        warehouse.insert("ops.run", [run_row("r1", "published", first_week="2026-W45", last_week="2026-W45")])
    return settings


def run_row(run_id, status, **more):
    started = datetime(2026, 11, 16, 6)
    row = {"run_id": run_id, "command": "marketbrief run", "started_at": started, "status": status}
    if status != "running":
        row["finished_at"] = started + timedelta(seconds=75)
    return row | {"config_hash": "c", "program_version": "0.1.0"} | more


def test_starter_project_reads_without_a_rejected_record_and_ends_with_the_last_complete_week(tmp_path):
    written = write_starter(tmp_path, today=TODAY)
    assert [path.relative_to(tmp_path).as_posix() for path in written] == list(FILES)
    settings = load_settings(tmp_path / "market.toml")
    records = []
    for source in settings.market.sources:
        (blob,), _ = files.list_blobs(settings.source_path(source), format_name=source.format)
        content = batches.Content(blob.uri, blob.record_path, files.read_blob(blob, max_bytes=10**6), "")
        batch = batches.parse(settings, source, [content], now=NOW)
        assert not batch.rejected
        assert not batch.warnings
        records += batch.records
    assert 30 <= len(records) <= 60
    weeks = {week_of(record.published_at.date()) for record in records}
    assert max(weeks) == last_complete_week(TODAY) == "2026-W46"
    assert len(weeks) == 9
    assert {record.brand for record in records} == {"Larkfield", "Trailhaus"}
    assert len({record.source_record_id for record in records}) == len(records)


def test_init_says_what_it_wrote_and_what_to_do(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(capsys, "init", "mine")
    assert code == 0
    assert "marketbrief run --config mine/market.toml" in out
    assert all((tmp_path / "mine" / name).is_file() for name in FILES)


def test_init_overwrites_nothing(capsys, tmp_path):
    (tmp_path / "market.toml").write_text("mine")
    code, _, err = run(capsys, "init", str(tmp_path))
    assert code == 2
    assert "exists already" in err
    assert (tmp_path / "market.toml").read_text() == "mine"
    assert not (tmp_path / "inbox").exists()


def test_doctor_finds_a_sound_project_sound(project):
    by_name, found = checks(project)
    assert not [check for check in found if check.state == "fail"]
    assert by_name["webshop"].state == by_name["marketplace"].state == "ok"
    assert "36 records" in by_name["webshop"].message
    assert by_name["lock"].state == "ok"
    assert by_name["snapshot"].fix == "marketbrief run"
    assert not (project / "data").exists(), "a diagnosis changes nothing"


def test_doctor_says_which_weights_are_for_research_only(project):
    by_name, _ = checks(project)
    for check in by_name.values():
        if check.area == "models" and check.state == "warn":
            assert "research-only" in check.message
    assert any("research-only" in check.message for check in by_name.values())


@pytest.mark.parametrize(
    ("old", "new", "name", "state", "code", "part"),
    [
        ('rating = "stars"', 'rating = "star"', "webshop", "warn", 0, "did you mean 'stars'?"),
        ('path = "inbox/reviews_en*.csv"', 'path = "nowhere/*.csv"', "webshop", "warn", 0, "no file matches"),
        (
            'path = "inbox/reviews_en*.csv"',
            'path = "nowhere/*.csv"\nrequired = true',
            "webshop",
            "fail",
            4,
            "no file matches",
        ),
        ('format = "jsonl"', 'format = "jsonl"\nencoding = "utf-99"', "marketplace", "fail", 3, "utf-99"),
        ('timezone = "Europe/London"', 'timezone = "Europe/Londn"', "market.toml", "fail", 3, "Europe/London"),
        ("# [schedule]\n# cron = ", "[schedule]\ncron = 'soon' # ", "market.toml", "fail", 3, "soon"),
        ('role = "own"', 'role = "competitor"', "market.toml", "warn", 0, "none is yours"),
    ],
)
def test_doctor_finds_what_is_wrong_and_how_to_mend_it(project, old, new, name, state, code, part):
    by_name, _ = checks(project, replace=[(old, new)])
    check = by_name[name]
    assert (check.state, check.exit_code) == (state, code)
    assert part in check.message
    assert check.fix or state == "warn"


def test_doctor_notices_a_file_of_which_nothing_fits(project):
    (project / "inbox" / "reviews_en_late.csv").write_text(
        "review_id,date,brand,stars,region,text\n" + "x,someday,Larkfield,5,UK,Fine bag\n" * 10
    )
    by_name, _ = checks(project)
    assert by_name["webshop"].state == "warn"
    assert "10 are rejected" in by_name["webshop"].message


def test_doctor_ends_with_the_code_that_a_run_would_end_with(capsys, project):
    code, out, _ = run(capsys, "doctor")
    assert code == 0
    assert "Larkfield backpacks" in out
    (project / "market.toml").write_text("[[brands]]\nname = 'x'\n")
    code, out, _ = run(capsys, "doctor")
    assert code == 3
    assert "✗ market.toml" in out
    code, out, _ = run(capsys, "doctor", "--json")
    told = json.loads(out)
    assert code == told["exit_code"] == 3


def test_doctor_notices_wrong_versions(project, monkeypatch):
    monkeypatch.setattr("tasks.doctor.VITAL", ("fastapi>=99", "nonesuch>=1"))
    by_name, _ = checks(project)
    check = by_name["packages"]
    assert (check.state, check.exit_code) == ("fail", 1)
    assert "needs >=99" in check.message
    assert "nonesuch missing" in check.message


def test_doctor_names_the_holder_of_the_lock(project):
    with project_lock(load_settings(project / "market.toml"), "marketbrief run --week 2026-W40"):
        by_name, _ = checks(project)
    assert by_name["lock"].state == "warn"
    assert "marketbrief run --week 2026-W40" in by_name["lock"].message


def test_doctor_tells_the_age_of_the_snapshot(project):
    snapshot_of(project)
    by_name, _ = checks(project)
    assert by_name["snapshot"].state == "ok"
    assert "2026-W45, published 2026-11-16 (6 days ago)" in by_name["snapshot"].message
    later = {c.name: c for c in diagnose(project / "market.toml", now=NOW + timedelta(days=30))}
    assert later["snapshot"].state == "warn"


def test_doctor_notices_a_spoilt_snapshot(project):
    settings = load_settings(project / "market.toml")
    settings.snapshot_path.parent.mkdir(parents=True)
    settings.snapshot_path.write_bytes(b"not a database" * 100)
    by_name, _ = checks(project)
    assert by_name["snapshot"].state == "fail"


def test_status_before_the_first_run(capsys, project):
    code, out, _ = run(capsys, "status")
    assert code == 0
    assert "no run yet" in out
    assert "webshop" in out


def test_status_tells_report_sources_due_weeks_and_runs(capsys, project):
    snapshot_of(project)
    told = json.loads(run(capsys, "status", "--json")[1])
    assert told["newest_report"]["iso_week"] == "2026-W45"
    assert told["due_weeks"] == ["2026-W46"]
    shop = next(source for source in told["sources"] if source["name"] == "webshop")
    assert shop["document_count"] == 2
    assert shop["newest_published_at"].startswith("2026-11-10")
    assert [r["status"] for r in told["runs"]] == ["published"]
    out = run(capsys, "status")[1]
    assert "75 s" in out
    assert "2026-W46" in out


def test_status_tells_a_killed_run_from_one_that_runs(capsys, project):
    settings = snapshot_of(project)
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.insert("ops.run", [run_row("r2", "running", started_at=datetime(2026, 11, 20))])
        warehouse.insert("ops.run", [run_row("r3", "refused", message="2 data tests failed")])
    told = json.loads(run(capsys, "status", "--json")[1])
    assert [(r["run_id"], r["status"]) for r in told["runs"]] == [("r2", "killed"), ("r3", "refused")]
    assert "2 data tests failed" in run(capsys, "status")[1]


def test_every_key_of_the_configuration_is_documented_and_none_besides():
    keys = config_keys()
    assert {key.key for key in keys} == set(KEY_HELP)
    assert all(key.help for key in keys)
    by_key = {key.key: key for key in keys}
    assert by_key["schedule.cron"].default == '"0 6 * * 1"'
    assert by_key["brands.name"].default == "required"
    assert by_key["sources.format"].type == "csv | tsv | jsonl | rss | html"


def test_every_documented_column_has_a_comment():
    found = tables(None)
    assert {"marts.document", "marts.weekly_metric", "ops.batch"} <= {table.name for table in found}
    without = [f"{t.name}.{c.name}" for t in found for c in t.columns if not c.comment]
    assert not without
    assert all(table.comment for table in found)


def test_docs_of_one_table_as_markdown(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(capsys, "docs", "tables", "weekly_metric")
    assert code == 0
    assert out.startswith("# Tables")
    assert "## marts.weekly_metric" in out
    assert "marts.document\n" not in out
    assert "| `q_value` | decimal(9,6) |" in out
    assert run(capsys, "docs", "tables", "nonesuch")[0] == 2


def test_docs_of_metrics(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = json.loads(run(capsys, "docs", "metrics", "--json")[1])
    names = {metric["metric"] for metric in told["metrics"]}
    assert {"nss", "nsr", "negative_share", "share_of_voice", "mean_rating", "volume"} <= names


def test_models_lists_what_a_run_needs_with_licences(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = json.loads(run(capsys, "models", "--json")[1])
    by_key = {model["key"]: model for model in told["models"]}
    assert set(by_key) >= {"encoder-en", "encoder-zh", "entities-en", "entities-zh", "sentiment-en", "sentiment-zh"}
    assert {model["state"] for model in by_key.values()} == {"ok"}
    assert by_key["encoder-en"]["licence"] == "Apache-2.0"


def test_missing_and_damaged_models_are_named(tmp_path):
    from tasks.inventory import installed_models
    from tasks.models import cards

    card = {"name": "m", "task": "sentiment", "language": "en", "licence": "MIT"}
    folder = cards.install({"weights.bin": b"abc"}, card, root=tmp_path)
    cards.set_bundle_entry("sentiment-en", name="m", revision=folder.name, root=tmp_path)
    (folder / "weights.bin").write_bytes(b"abd")
    by_key = {model.key: model for model in installed_models(None, bundle_root=tmp_path)}
    assert by_key["sentiment-en"].state == "damaged"
    assert by_key["sentiment-zh"].state == "missing"
    assert by_key["sentiment-zh"].fix


def test_the_reference_follows_the_schema_files():
    names = {table.name for table in tables(None)}
    for schema in ("marts", "ops"):
        text = (SQL_ROOT / "schema" / f"{schema}.sql").read_text(encoding="utf-8")
        assert names >= {line.split()[5] for line in text.splitlines() if line.startswith("create table")}


def test_open_prints_the_newest_page(capsys, project):
    for week in ("2026-W44", "2026-W46", "latest"):
        page = project / "reports" / week / "report.en.html"
        page.parent.mkdir(parents=True)
        page.write_text("<html>")
    assert run(capsys, "open")[1].strip() == "reports/2026-W46/report.en.html"
    assert run(capsys, "open", "--week", "2026-W44")[1].strip() == "reports/2026-W44/report.en.html"
    assert run(capsys, "open", "--lang", "zh")[0] == 4
    assert json.loads(run(capsys, "open", "--json")[1])["iso_week"] == "2026-W46"


def test_query_answers_in_every_format(capsys, project):
    snapshot_of(project)
    sql = "select iso_week, count(*) as n, '=1+1' as formula from marts.document group by iso_week order by iso_week"
    assert run(capsys, "query", "--sql", sql, "--format", "csv")[1].splitlines() == [
        "iso_week,n,formula",
        "2026-W45,1,'=1+1",
        "2026-W46,1,'=1+1",
    ]
    assert json.loads(run(capsys, "query", "--sql", sql, "--format", "json")[1])[1]["n"] == 1
    assert json.loads(run(capsys, "query", "--sql", sql, "--json")[1])["row_count"] == 2
    assert "2026-W46" in run(capsys, "query", "--sql", sql)[1]
    target = project / "answer.parquet"
    assert run(capsys, "query", "--sql", sql, "--format", "parquet", "-o", str(target))[0] == 0
    import pyarrow.parquet as pq

    assert pq.read_table(target).num_rows == 2


def test_query_takes_values_and_knows_the_newest_week(capsys, project):
    snapshot_of(project)
    words = ("query", "--format", "csv", "--sql", "select $week as week, $brand as brand, $other as other")
    assert run(capsys, *words, "--set", "other=北风")[1].splitlines()[1] == "2026-W45,Larkfield,北风"
    code, _, err = run(capsys, *words)
    assert code == 2
    assert "--set other=VALUE" in err


@pytest.mark.parametrize(
    "sql",
    [
        "delete from marts.report",
        "create table x (a int)",
        "select * from read_csv('/etc/passwd')",
        "copy marts.report to 'stolen.csv'",
        "attach 'other.duckdb'",
        "set enable_external_access = true",
        "install httpfs",
        "select 1; select 2",
        "select nonesuch",
        "",
    ],
)
def test_query_only_reads_the_snapshot(capsys, project, sql):
    snapshot_of(project)
    code, out, err = run(capsys, "query", "--sql", sql)
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    assert not Path("stolen.csv").exists()


def test_control_characters_do_not_reach_the_terminal(capsys, project):
    snapshot_of(project)
    out = run(capsys, "query", "--sql", "select 'a' || chr(27) || '[2J' || chr(8238) || 'b [red]c[/red]' as text")[1]
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "[red]c[/red]" in out


@pytest.mark.parametrize("name", sorted(p.stem for p in (SQL_ROOT / "queries").glob("*.sql")))
def test_every_named_query_runs_and_says_what_it_answers(capsys, project, name):
    from tasks.query import find_query

    snapshot_of(project)
    assert find_query(name).description
    code, _, err = run(capsys, "query", name, "--format", "json")
    assert code == 0, err
