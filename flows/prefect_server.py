"""The Prefect server behind this project: found where one runs, started where none does, ended when its owner ends.

Prefect has no mode without an API. Left alone it starts a temporary server that prints to the terminal and outlives a
killed run; this module starts the server itself, beside the imports of the flow (which take as long), with its output
in a file. Each started server leaves a note in <home>/data/prefect/servers: a note whose owner is gone tells the next
start which process to end.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from flows import prefect_env
from tasks.config import Settings, prefect_api_url
from tasks.errors import LockedError, MarketBriefError, UsageError

log = logging.getLogger(__name__)

_HEALTH_TIMEOUT_SECONDS = 180
_DRAIN_TIMEOUT_SECONDS = 10
_SAME_PROCESS_SECONDS = 2.0
_SERVICES_OF_SCHEDULES = (
    "SCHEDULER",
    "LATE_RUNS",
    "FOREMAN",
    "PAUSE_EXPIRATIONS",
    "REPOSSESSOR",
    "CLEANUP_RECONCILER",
    "CANCELLATION_CLEANUP",
    "TRIGGERS",
)


@dataclass(frozen=True, slots=True)
class Server:
    """A Prefect server. process is None where it is somebody else's."""

    url: str
    process: subprocess.Popen[bytes] | None = None
    log_path: Path | None = None

    @property
    def api_url(self) -> str:
        return f"{self.url}/api"

    def wait_until_healthy(self, timeout_seconds: float = _HEALTH_TIMEOUT_SECONDS) -> None:
        """Return when the server answers.

        Raises:
            MarketBriefError: it ended, or did not answer in time.
        """
        if self.process is None:
            return
        deadline = time.monotonic() + timeout_seconds
        while not _is_healthy(self.url):
            if self.process.poll() is not None:
                raise MarketBriefError(
                    f"The local Prefect server ended with code {self.process.returncode} while starting",
                    why=f"its last words stand in {self.log_path}",
                    fix="`marketbrief doctor` checks the installed versions; if they are right, delete data/prefect",
                )
            if time.monotonic() > deadline:
                raise MarketBriefError(
                    f"The local Prefect server did not answer within {timeout_seconds:.0f} seconds",
                    why=f"its log is {self.log_path}",
                    fix="try again on a less busy machine",
                )
            time.sleep(0.1)


@contextmanager
def running_server(settings: Settings, *, is_scheduling: bool = False, port: int | None = None) -> Iterator[Server]:
    """A server for as long as the block runs, and PREFECT_API_URL set to it. It may still be starting: wait for it.

    The user's own PREFECT_API_URL wins; then a server that `marketbrief serve` runs for this project; else one is
    started, and ended with the block.

    Args:
        is_scheduling: with the services that schedules need, and the user interface.
        port: where a started server listens on 127.0.0.1; any free port by default.

    Raises:
        LockedError: is_scheduling, and this project is being served already.
        UsageError: the port is taken.
    """
    prefect_env.apply(settings)
    chosen = prefect_api_url()
    server = _find(settings, is_scheduling=is_scheduling) or _start(settings, is_scheduling=is_scheduling, port=port)
    os.environ["PREFECT_API_URL"] = server.api_url
    try:
        yield server
    finally:
        _drain()
        if server.process is not None:
            _end(psutil.Process(server.process.pid) if server.process.poll() is None else None)
            server.process.wait()
            _note_path(settings).unlink(missing_ok=True)
        if chosen is None:
            del os.environ["PREFECT_API_URL"]


def _drain() -> None:
    """Let Prefect send what it still has to say: at exit it would wait for a server that has gone."""
    for module, service in (("prefect.logging.handlers", "APILogWorker"), ("prefect.events.worker", "EventsWorker")):
        if module in sys.modules:
            getattr(sys.modules[module], service).drain_all(timeout=_DRAIN_TIMEOUT_SECONDS, at_exit=False)


def end_runs(server: Server) -> None:
    """End the processes that this one started, but the server: it is still needed to hear how they ended."""
    for child in psutil.Process().children():
        if server.process is None or child.pid != server.process.pid:
            _end(child)


def serving(settings: Settings) -> dict | None:
    """The note of the server that `marketbrief serve` runs for this project (url, owner_pid, …); None without one."""
    notes = (note for _, note in _notes(settings) if note["is_scheduling"] and _owner(note) and _process(note))
    return next(notes, None)


def stale_servers(settings: Settings) -> list[dict]:
    """Notes of servers whose owner is gone while they still run."""
    return [note for _, note in _notes(settings) if _process(note) and not _owner(note)]


def _find(settings: Settings, *, is_scheduling: bool) -> Server | None:
    _end_stale(settings)
    chosen = prefect_api_url()
    if chosen:
        return Server(chosen.removesuffix("/").removesuffix("/api"))
    note = serving(settings)
    if note is None:
        return None
    if is_scheduling:
        raise LockedError(
            f"{settings.home} is being served already, by process {note['owner_pid']} at {note['url']}",
            fix="use that one, or end it first",
        )
    return Server(note["url"]) if _is_healthy(note["url"]) else None


def _end_stale(settings: Settings) -> None:
    for path, note in _notes(settings):
        if _owner(note) is None:
            process = _process(note)
            if process is not None:
                log.info("ending_stale_server pid=%d url=%s", note["pid"], note["url"])
                _end(process)
            path.unlink(missing_ok=True)


def _start(settings: Settings, *, is_scheduling: bool, port: int | None) -> Server:
    port = _free_port(port)
    url = f"http://127.0.0.1:{port}"
    log_path = settings.prefect_home / ("server.log" if is_scheduling else "run-server.log")
    services = (
        {} if is_scheduling else {f"PREFECT_SERVER_SERVICES_{n}_ENABLED": "false" for n in _SERVICES_OF_SCHEDULES}
    )
    environment = {
        **os.environ,
        **services,
        "PREFECT_SERVER_UI_ENABLED": str(is_scheduling).lower(),
        "PREFECT_UI_STATIC_DIRECTORY": str(settings.prefect_home / "ui"),
        "PREFECT_SERVER_UI_API_URL": f"{url}/api",
        "PREFECT_LOGGING_COLORS": "false",
    }
    with log_path.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,  # ctrl-C reaches this process only, which then ends the server in its own time
        )
    note = {
        "pid": process.pid,
        "created": psutil.Process(process.pid).create_time(),
        "owner_pid": os.getpid(),
        "owner_created": psutil.Process().create_time(),
        "url": url,
        "is_scheduling": is_scheduling,
    }
    path = _note_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(note), encoding="utf-8")
    return Server(url, process, log_path)


def _free_port(asked: int | None) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", asked or 0))
        except OSError as error:
            raise UsageError(
                f"Port {asked} can't be used: {error.strerror}", fix="name another --port, or leave it out"
            ) from error
        return probe.getsockname()[1]


def _is_healthy(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(process: psutil.Process | None) -> None:
    """Ask a process and its children to end; kill those that have not after five seconds."""
    if process is None:
        return
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        _signal(member.terminate)
    _, left = psutil.wait_procs(family, timeout=5)
    for member in left:
        _signal(member.kill)


def _signal(send) -> None:
    try:
        send()
    except psutil.NoSuchProcess:
        log.debug("process had ended already")


def _notes(settings: Settings) -> list[tuple[Path, dict]]:
    """Notes of started servers that can be read, with their paths."""
    notes = []
    for path in sorted((settings.prefect_home / "servers").glob("*.json")):
        try:
            note = json.loads(path.read_text(encoding="utf-8"))
            note["pid"], note["created"], note["owner_pid"], note["owner_created"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        notes.append((path, note))
    return notes


def _note_path(settings: Settings) -> Path:
    return settings.prefect_home / "servers" / f"{os.getpid()}.json"


def _process(note: dict) -> psutil.Process | None:
    return _alive(note["pid"], note["created"])


def _owner(note: dict) -> psutil.Process | None:
    return _alive(note["owner_pid"], note["owner_created"])


def _alive(pid: int, created: float) -> psutil.Process | None:
    """The process that had this pid at that time; None where it is gone, though another may have its number now."""
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - created) < _SAME_PROCESS_SECONDS
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None
