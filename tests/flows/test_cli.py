"""The command line: options on both sides, exit codes, errors in words, one JSON object, nothing heavy at import."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest

from flows import cli
from tasks.errors import QualityGateError
from tasks.store.lock import lock_holder

COMMANDS = (
    "run",
    "serve",
    "status",
    "open",
    "report",
    "query",
    "docs",
    "init",
    "doctor",
    "models",
    "evaluate",
    "train",
)
HEAVY = (
    "pydantic",
    "duckdb",
    "prefect",
    "torch",
    "pandas",
    "numpy",
    "pyarrow",
    "spacy",
    "sklearn",
    "altair",
    "filelock",
)
MARKET = """
[project]
name = "Northwind [beta]"
timezone = "Europe/Berlin"
[[brands]]
name = "Northwind"
role = "own"
[[sources]]
name = "shop"
kind = "review"
format = "csv"
path = "inbox/*.csv"
columns = { text = "text", published_at = "date" }
"""


@pytest.fixture(autouse=True)
def environment():
    """What a command sets in the environment is taken back."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project folder that is the current one."""
    (tmp_path / "market.toml").write_text(MARKET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass
class FakeResult:
    run_id: str = "20261122T060000-3f9a1c"
    status: str = "published"
    weeks: list = field(default_factory=lambda: ["2026-W45", "2026-W46"])
    counts: dict = field(default_factory=lambda: {"received": 1200, "rejected": 3})
    warnings: list = field(default_factory=lambda: ["source shop is silent [since Monday]"])
    report_paths: list = field(default_factory=list)
    snapshot_path: Path = Path("data/published/market.duckdb")


@pytest.fixture
def weekly(project, monkeypatch):
    """The weekly flow replaced by one that does what the test says; the local Prefect server by none at all."""
    from contextlib import contextmanager

    from flows import prefect_server

    @contextmanager
    def no_server(settings, **_):
        yield prefect_server.Server("http://127.0.0.1:1")

    fake = ModuleType("flows.weekly")
    fake.calls = []
    fake.result = FakeResult(report_paths=[project / "reports/2026-W46/report.en.html"])
    fake.error = None

    def run_weekly(settings, *, week, through, command, progress):
        fake.calls.append({"week": week, "through": through, "command": command, "holder": lock_holder(settings)})
        progress.start("ingest", 2)
        progress.advance()
        if fake.error:
            raise fake.error
        progress.finish("1,200 records in 2 batches")
        return fake.result

    fake.run_weekly = run_weekly
    monkeypatch.setattr(prefect_server, "running_server", no_server)
    monkeypatch.setitem(sys.modules, "flows.weekly", fake)
    return fake


def run(capsys, *words):
    """Exit code, standard output and standard error of a command line."""
    code = cli.main(list(words))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def one_object(out):
    """The JSON object that standard output consists of."""
    value = json.loads(out)
    assert isinstance(value, dict)
    return value


def test_importing_the_command_line_imports_nothing_heavy():
    loaded = f"print([m for m in {HEAVY} if m in sys.modules])"
    asked = subprocess.run(
        [sys.executable, "-c", f"import sys, flows.cli; {loaded}"], capture_output=True, text=True, check=True
    )
    assert asked.stdout.strip() == "[]"


def test_help_takes_under_half_a_second_of_processor_time():
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "flows.cli", "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 0.5


def test_help_lists_every_command(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for command in COMMANDS:
        assert f" {command} " in out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_lists_the_global_options(capsys, command):
    code, out, _ = run(capsys, command, "--help")
    assert code == 0
    for option in ("--config", "--json", "--quiet", "--verbose", "--no-color", "--debug"):
        assert option in out


def test_version(capsys):
    code, out, _ = run(capsys, "--version")
    assert code == 0
    assert out.startswith("marketbrief ")


def test_no_command_shows_the_help_and_is_a_usage_error(capsys):
    code, out, _ = run(capsys)
    assert code == 2
    assert "Usage" in out


@pytest.mark.parametrize("words", [("--json", "run"), ("run", "--json"), ("--json", "run", "--json")])
def test_json_before_and_after_the_command(capsys, weekly, words):
    code, out, _ = run(capsys, *words)
    assert code == 0
    result = one_object(out)
    assert result["status"] == "published"
    assert result["weeks"] == ["2026-W45", "2026-W46"]
    assert result["counts"] == {"received": 1200, "rejected": 3}
    assert result["warnings"] == ["source shop is silent [since Monday]"]
    assert result["snapshot_path"] == "data/published/market.duckdb"


@pytest.mark.parametrize(
    "words", [("--config", "other.toml", "docs", "config"), ("docs", "config", "--config", "x.toml")]
)
def test_docs_of_the_configuration_need_no_project(capsys, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    assert run(capsys, *words)[0] == 0


@pytest.mark.parametrize(
    "words", [("--config", "sub/market.toml", "status"), ("status", "--config", "sub/market.toml")]
)
def test_config_before_and_after_the_command(capsys, tmp_path, monkeypatch, words):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "market.toml").write_text(MARKET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(capsys, *words)
    assert code == 0
    assert "Northwind [beta]" in out, "markup in a name is shown, not interpreted"


def test_the_option_after_the_command_wins(capsys, project):
    (project / "other.toml").write_text(MARKET.replace("Northwind [beta]", "Other"), encoding="utf-8")
    assert "Other" in run(capsys, "--config", "market.toml", "status", "--config", "other.toml")[1]


@pytest.mark.parametrize("words", [("-q", "run"), ("run", "-q"), ("run", "--quiet")])
def test_quiet_leaves_only_warnings(capsys, weekly, words):
    code, out, err = run(capsys, *words)
    assert code == 0
    assert out == ""
    assert "✓" not in err
    assert "source shop is silent [since Monday]" in err


@pytest.mark.parametrize("words", [("-v", "run"), ("run", "--verbose")])
def test_verbose_shows_log_lines(capsys, weekly, words, monkeypatch):
    import logging

    def chatty(settings, **_):
        logging.getLogger("tasks.ingest").info("load_batch source=shop rows_in=2")
        return weekly.result

    monkeypatch.setattr(weekly, "run_weekly", chatty)
    assert "load_batch source=shop rows_in=2" in run(capsys, *words)[2]
    assert "load_batch" not in run(capsys, "run")[2]


def test_run_ends_with_where_things_are_and_what_to_do_next(capsys, weekly):
    code, out, err = run(capsys, "run", "--week", "2026-W45", "--through", "2026-W46")
    assert code == 0
    for words in ("weeks 2026-W45, 2026-W46", "1,200 received", "reports/2026-W46/report.en.html", "marketbrief open"):
        assert words in out
    assert "✓ ingest   1,200 records in 2 batches" in err
    assert weekly.calls[0]["week"] == "2026-W45"
    assert weekly.calls[0]["through"] == "2026-W46"
    assert weekly.calls[0]["command"] == "marketbrief run --week 2026-W45 --through 2026-W46"


def test_run_holds_the_lock_while_it_runs_and_only_then(capsys, weekly, project):
    from tasks.config import load_settings

    run(capsys, "run")
    assert weekly.calls[0]["holder"].command == "marketbrief run"
    assert lock_holder(load_settings("market.toml")) is None


def test_nothing_new_says_so(capsys, weekly):
    weekly.result = FakeResult(status="nothing_new", weeks=[], report_paths=[], warnings=[])
    code, out, _ = run(capsys, "run")
    assert code == 0
    assert "Nothing new" in out
    assert "marketbrief status" in out


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (("run", "--week", "2026-47"), 2, "2026-47"),
        (("run", "--week", "2026-W60"), 2, "2026-W60"),
        (("run", "--bad"), 2, "--bad"),
        (("runn",), 2, "Did you mean 'run'"),
        (("report",), 2, "--week"),
        (("report", "--week", "2026-W46", "--format", "docx"), 2, "docx"),
        (("report", "--week", "2026-W46", "--lang", "de"), 2, "de"),
        (("query", "--sql", "select 1", "--format", "xml"), 2, "xml"),
        (("query", "nonesuch"), 2, "nonesuch"),
        (("query", "--sql", "select 1", "--format", "parquet"), 2, "--output"),
        (("docs", "nonesuch"), 2, "nonesuch"),
        (("status", "--config", "nope.toml"), 3, "nope.toml"),
        (("query", "--sql", "select 1"), 4, "Nothing is published"),
        (("report", "--week", "2026-W46"), 4, "Nothing is published"),
        (("open",), 4, "no report"),
        (("evaluate", "--data", "nope.csv"), 4, "nope.csv"),
    ],
)
def test_exit_codes_and_words(capsys, project, words, code, part):
    assert run(capsys, *words)[0] == code
    code_again, out, err = run(capsys, *words)
    assert code_again == code
    assert out == ""
    assert err.startswith("error ")
    assert "\n  fix " in err
    assert part in err
    assert "Traceback" not in err
    told = one_object(run(capsys, *words, "--json")[1])["error"]
    assert told["exit_code"] == code
    assert part in told["message"] + told["fix"]


def test_broken_configuration_names_the_place(capsys, project):
    (project / "market.toml").write_text(MARKET.replace("timezone", "timezon"), encoding="utf-8")
    code, _, err = run(capsys, "status")
    assert code == 3
    assert "project.timezon" in err
    assert "'timezone'" in err


def test_an_error_of_the_flow_keeps_its_code_and_its_words(capsys, weekly):
    weekly.error = QualityGateError("2 data tests failed", why="documents without a week", fix="look at [raw] data")
    code, out, err = run(capsys, "run")
    assert (code, out) == (5, "")
    assert "error 2 data tests failed" in err
    assert "why documents without a week" in err
    assert "fix look at [raw] data" in err


def test_the_unexpected_is_one_line_and_with_debug_a_traceback(capsys, weekly):
    weekly.error = ValueError("boom\nand more")
    code, _, err = run(capsys, "run")
    assert code == 1
    assert "error ValueError: boom and more" in err
    assert "--debug" in err
    assert "Traceback" not in err
    code, _, err = run(capsys, "run", "--debug")
    assert code == 1
    assert "Traceback" in err
    assert "boom" in err


def test_interruption_is_130(capsys, weekly):
    weekly.error = KeyboardInterrupt()
    code, _, err = run(capsys, "run")
    assert code == 130
    assert "interrupted" in err
    assert one_object(run(capsys, "run", "--json")[1])["error"]["exit_code"] == 130


def test_a_second_run_is_refused_with_7_and_told_who_holds_the_lock(capsys, weekly, project):
    hold = (
        "import sys, time\nfrom tasks.config import load_settings\nfrom tasks.store.lock import project_lock\n"
        "with project_lock(load_settings('market.toml'), 'marketbrief run --week 2026-W40'):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE, text=True, cwd=project)
    try:
        assert holder.stdout.readline() == "held\n"
        code, out, _ = run(capsys, "run", "--json")
        told = one_object(out)["error"]
        assert (code, told["exit_code"], told["type"]) == (7, 7, "LockedError")
        assert str(holder.pid) in told["message"]
        assert "marketbrief run --week 2026-W40" in told["message"]
        assert not weekly.calls
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def test_dry_run_tells_the_plan_and_writes_nothing(capsys, weekly, project):
    from tasks.ingest import PendingBatch
    from tasks.store.sources.files import Blob

    file = project / "inbox.csv"
    file.write_text("text,date\n")
    blob = Blob(str(file), None, "inbox.csv")

    @dataclass
    class Plan:
        weeks: list
        batches: list
        warnings: list

    batches = [PendingBatch("shop", str(file), (blob,)), PendingBatch("press", "https://example.org/feed")]
    weekly.plan = lambda settings, *, week, through: Plan(["2026-W46"], batches, ["mind this"])
    code, out, err = run(capsys, "run", "--dry-run")
    assert code == 0
    assert "2 new batches" in out
    assert "10 B" in out
    assert "2026-W46" in out
    assert "mind this" in err
    told = one_object(run(capsys, "run", "--dry-run", "--json")[1])
    assert [(b["source"], b["size"]) for b in told["batches"]] == [("shop", 10), ("press", None)]
    assert not weekly.calls
    assert not (project / "data" / "warehouse.duckdb").exists()


def test_sigterm_ends_a_run_as_an_interruption(project):
    """The program itself, in a process of its own: the lock is freed and nothing is left running."""
    script = project / "slow.py"
    script.write_text(
        "import sys, time, types\nfrom contextlib import contextmanager\n"
        "from flows import cli, prefect_server\n"
        "@contextmanager\ndef no_server(settings, **_):\n    yield prefect_server.Server('http://127.0.0.1:1')\n"
        "prefect_server.running_server = no_server\n"
        "fake = types.ModuleType('flows.weekly')\n"
        "def run_weekly(*_, **__):\n    print('running', flush=True)\n    time.sleep(60)\n"
        "fake.run_weekly = run_weekly\nsys.modules['flows.weekly'] = fake\n"
        "sys.argv = ['marketbrief', 'run']\nsys.exit(cli.main())\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=project
    )
    assert process.stdout.readline() == "running\n"
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in err
    assert time.monotonic() - started < 10
    assert not (project / "data" / ".lock.json").exists()
