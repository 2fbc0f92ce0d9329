"""Serving, and Prefect's server: schedules fire, servers end with their owner, stale ones are ended."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import psutil
import pytest

from flows import prefect_env, prefect_server
from flows.serve import next_run_at
from tasks.config import load_settings
from tasks.errors import ConfigError, LockedError, UsageError

MARKET = """
[project]
name = "Northwind"
timezone = "Europe/Berlin"
[[brands]]
name = "Northwind"
[[sources]]
name = "shop"
kind = "review"
format = "csv"
path = "inbox/*.csv"
columns = { text = "text", published_at = "date" }
[schedule]
cron = "* * * * *"
"""

TINY_FLOW = """
import time
from pathlib import Path
from prefect import flow

@flow(name="tiny")
def tiny(config_path: str) -> None:
    with (Path(config_path).parent / "ran.txt").open("a") as file:
        file.write("ran\\n")
    if (Path(config_path).parent / "slow").exists():
        time.sleep(300)
"""

SERVE = """
import sys
from flows.invocation import Invocation
from flows.prefect_server import running_server
from flows.serve import serve_flow
from tasks.config import load_settings

if __name__ == "__main__":
    settings = load_settings(sys.argv[1])
    with running_server(settings, is_scheduling=True) as server:
        server.wait_until_healthy()
        import tiny_flow
        print(server.url, flush=True)
        serve_flow(tiny_flow.tiny, settings, server)
"""

HOLD_SERVER = """
import sys, time
from flows.prefect_server import running_server
from tasks.config import load_settings
with running_server(load_settings(sys.argv[1]), is_scheduling=sys.argv[2] == "serve") as server:
    print(server.process.pid, flush=True)
    time.sleep(120)
"""


@pytest.fixture
def settings(tmp_path):
    """A project, in an environment without Prefect's variables; what the test sets there is taken back."""
    before = dict(os.environ)
    settings = load(tmp_path)
    for name in ("PREFECT_API_URL", *prefect_env.environment(settings)):
        os.environ.pop(name, None)
    yield settings
    os.environ.clear()
    os.environ.update(before)


def load(folder):
    (folder / "market.toml").write_text(MARKET, encoding="utf-8")
    return load_settings(folder / "market.toml")


def start(folder, script, *words):
    """A Python process that runs a script of the test, with its standard output as lines."""
    path = folder / "script.py"
    path.write_text(script)
    (folder / "tiny_flow.py").write_text(TINY_FLOW)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment["PYTHONPATH"] = os.pathsep.join([str(folder), str(Path(__file__).resolve().parents[2])])
    return subprocess.Popen(
        [sys.executable, str(path), *words], stdout=subprocess.PIPE, text=True, env=environment, cwd=folder
    )


def ask(url, path, body):
    """The answer of Prefect's API."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request("POST", f"/api{path}", json.dumps(body), {"Content-Type": "application/json"})
    return json.loads(connection.getresponse().read())


def wait_for(condition, *, seconds):
    """The first true value of a condition."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.25)
    pytest.fail(f"did not happen within {seconds} s")


@pytest.mark.prefect
def test_a_cron_deployment_creates_and_completes_runs_and_everything_ends_with_it(settings):
    """One session: a run completes on schedule, a second one is cut by SIGTERM, and no process stays behind."""
    folder = settings.config_path.parent
    served = start(folder, SERVE, str(settings.config_path))
    try:
        url = served.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        ran = folder / "ran.txt"

        def completed():
            runs = ask(url, "/flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}})
            return [run for run in runs if "auto-scheduled" in run["tags"]]

        runs = wait_for(completed, seconds=100)
        assert runs[0]["parameters"] == {"config_path": str(settings.config_path)}
        assert ran.read_text() == "ran\n" * len(completed())
        (deployment,) = ask(url, "/deployments/filter", {})
        assert deployment["schedules"][0]["schedule"]["cron"] == "* * * * *"
        assert deployment["schedules"][0]["schedule"]["timezone"] == "Europe/Berlin"

        (folder / "slow").touch()
        ran.write_text("")
        now = {"state": {"type": "SCHEDULED"}}
        ask(url, f"/deployments/{deployment['id']}/create_flow_run", now)
        wait_for(ran.read_text, seconds=60)
        family = psutil.Process(served.pid).children(recursive=True)
        assert len(family) >= 2, "the server, and the run under way"
    finally:
        served.send_signal(signal.SIGTERM)
        assert served.wait(timeout=40) == 0
        served.stdout.close()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive
    assert not list((settings.prefect_home / "servers").glob("*.json"))


@pytest.mark.prefect
def test_server_of_a_killed_run_is_ended_by_the_next_one(settings):
    killed = start(settings.config_path.parent, HOLD_SERVER, str(settings.config_path), "run")
    server_pid = int(killed.stdout.readline())
    killed.kill()
    killed.wait()
    killed.stdout.close()
    assert psutil.pid_exists(server_pid)
    assert [note["pid"] for note in prefect_server.stale_servers(settings)] == [server_pid]
    with prefect_server.running_server(settings) as server:
        assert not prefect_server.stale_servers(settings)
        wait_for(lambda: not psutil.pid_exists(server_pid), seconds=10)
        own = server.process.pid
        assert os.environ["PREFECT_API_URL"] == server.api_url
        assert Path(os.environ["PREFECT_HOME"]) == settings.prefect_home
    assert not psutil.pid_exists(own)
    assert "PREFECT_API_URL" not in os.environ


@pytest.mark.prefect
def test_a_run_uses_the_server_that_serves_the_project_and_a_second_serve_is_refused(settings):
    serving = start(settings.config_path.parent, HOLD_SERVER, str(settings.config_path), "serve")
    try:
        server_pid = int(serving.stdout.readline())
        note = prefect_server.serving(settings)
        assert note["pid"] == server_pid
        prefect_server.Server(note["url"], psutil_popen(server_pid)).wait_until_healthy()
        with prefect_server.running_server(settings) as server:
            assert server.url == note["url"]
            assert server.process is None
        assert psutil.pid_exists(server_pid), "somebody else's server is left alone"
        with (
            pytest.raises(LockedError, match=str(serving.pid)),
            prefect_server.running_server(settings, is_scheduling=True),
        ):
            pytest.fail("served twice")
    finally:
        serving.kill()
        serving.wait()
        serving.stdout.close()
        psutil.Process(server_pid).kill()


def psutil_popen(pid):
    """Something that can be asked whether a process still runs, as a Popen can."""

    class Running:
        returncode = None

        def poll(self):
            return None if psutil.pid_exists(pid) else 1

    return Running()


def test_a_server_that_the_user_named_is_used_and_left_alone(settings, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://prefect.example:4200/api")
    with prefect_server.running_server(settings, is_scheduling=True) as server:
        assert server.url == "http://prefect.example:4200"
        assert server.api_url == "http://prefect.example:4200/api"
        assert server.process is None
    assert os.environ["PREFECT_API_URL"] == "http://prefect.example:4200/api"


def test_a_note_of_another_process_with_the_same_number_is_not_believed(settings):
    """A process number is used again after a while: its start time tells."""
    folder = settings.prefect_home / "servers"
    folder.mkdir(parents=True)
    me = psutil.Process()
    note = {
        "pid": me.pid,
        "created": me.create_time() - 500,
        "owner_pid": me.pid,
        "owner_created": me.create_time() - 500,
    }
    (folder / "1.json").write_text(json.dumps(note | {"url": "http://127.0.0.1:9", "is_scheduling": True}))
    (folder / "2.json").write_text("{spoilt")
    assert prefect_server.serving(settings) is None
    assert not prefect_server.stale_servers(settings)


def test_a_port_that_is_taken_is_a_usage_error(settings):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with (
            pytest.raises(UsageError, match="can't be used"),
            prefect_server.running_server(settings, port=taken.getsockname()[1]),
        ):
            pytest.fail("two programs on one port")


def test_environment_keeps_what_the_user_set_but_prefects_home(settings, monkeypatch):
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "DEBUG")
    monkeypatch.setenv("PREFECT_HOME", "/elsewhere")
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    prefect_env.apply(settings)
    assert os.environ["PREFECT_LOGGING_LEVEL"] == "DEBUG"
    assert os.environ["PREFECT_HOME"] == str(settings.prefect_home)
    assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["NO_PROXY"].split(",") == ["intranet.example", "127.0.0.1", "localhost"]


def test_next_run_is_told_in_the_projects_time_zone(tmp_path):
    (tmp_path / "market.toml").write_text(MARKET.replace("* * * * *", "0 6 * * 1"), encoding="utf-8")
    settings = load_settings(tmp_path / "market.toml")
    sunday = datetime(2026, 10, 25, 23, 30, tzinfo=settings.timezone)  # the day on which clocks go back
    assert next_run_at(settings, sunday).isoformat() == "2026-10-26T06:00:00+01:00"


def test_a_schedule_that_is_none_is_a_configuration_error(tmp_path):
    (tmp_path / "market.toml").write_text(MARKET.replace("* * * * *", "every monday"), encoding="utf-8")
    settings = load_settings(tmp_path / "market.toml")
    with pytest.raises(ConfigError, match="every monday"):
        next_run_at(settings, datetime(2026, 11, 22, tzinfo=settings.timezone))
