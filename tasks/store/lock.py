"""The project's lock: one writer at a time, whoever started it.

A kernel lock on <home>/data/.lock decides; it is freed when the holder ends, however it ends. Who holds it is written
to <home>/data/.lock.json (pid, start time, command), for the error message of the one that comes second. That file is
only a note: it may be stale, and nothing is decided by it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from tasks.config import Settings
from tasks.errors import ConfigError, LockedError


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock. started_at is UTC without tzinfo, or None where the note could not be read."""

    pid: int | None
    started_at: datetime | None
    command: str

    def __str__(self) -> str:
        if self.pid is None:
            return "another process"
        since = f" since {self.started_at:%Y-%m-%d %H:%M:%S} UTC" if self.started_at else ""
        return f"process {self.pid} ({self.command}){since}"


@contextmanager
def project_lock(settings: Settings, command: str, *, timeout_seconds: float = 2.0) -> Iterator[None]:
    """Hold the project's lock while the block runs; a block within a block of the same process holds it as well.

    Args:
        command: what is run, for the message of others.
        timeout_seconds: how long to wait, so that a command that looks at the warehouse for an instant is no obstacle.

    Raises:
        LockedError: another process holds it; the message names it.
        ConfigError: the home can't be written to.
    """
    lock = _file_lock(settings)
    try:
        lock.acquire(timeout=timeout_seconds)
    except Timeout as error:
        raise LockedError(
            f"{settings.home} is locked by {_read_note(settings)}",
            why="one run at a time writes to a project",
            fix="wait until it has finished, or end it; a lock left by a killed run frees itself",
        ) from error
    is_outermost = lock.lock_counter == 1
    try:
        if is_outermost:
            _write_note(settings, command)
        yield
    finally:
        if is_outermost:
            _note_path(settings).unlink(missing_ok=True)
        lock.release()


def lock_holder(settings: Settings) -> Holder | None:
    """Who holds the lock now; None where it is free."""
    if not settings.lock_path.is_file():
        return None
    lock = _file_lock(settings)
    try:
        with lock.acquire(timeout=0):
            return None if lock.lock_counter == 1 else _read_note(settings)
    except Timeout:
        return _read_note(settings)


def _file_lock(settings: Settings) -> FileLock:
    """The one lock object of this process for the project: it counts how often it is held."""
    try:
        settings.lock_path.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(settings.lock_path.parent, os.W_OK):
            raise PermissionError("not writable by this user")
    except OSError as error:
        raise ConfigError(
            f"Can't write to {settings.lock_path.parent}",
            why=error.strerror or str(error),
            fix="make the folder writable, or set project.home in market.toml to one that is",
        ) from error
    return FileLock(settings.lock_path, is_singleton=True, thread_local=False, fallback_to_soft=False)


def _note_path(settings: Settings) -> Path:
    return Path(f"{settings.lock_path}.json")


def _write_note(settings: Settings, command: str) -> None:
    note = {"pid": os.getpid(), "started_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}", "command": command}
    draft = Path(f"{_note_path(settings)}.{os.getpid()}")
    draft.write_text(json.dumps(note), encoding="utf-8")
    os.replace(draft, _note_path(settings))


def _read_note(settings: Settings) -> Holder:
    try:
        note = json.loads(_note_path(settings).read_text(encoding="utf-8"))
        return Holder(int(note["pid"]), datetime.fromisoformat(note["started_at"]), str(note["command"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Holder(None, None, "unknown")
