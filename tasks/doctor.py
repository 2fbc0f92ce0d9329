"""The diagnosis that `marketbrief doctor` prints: what was looked at, how it is, and how to mend it.

Nothing is changed and nothing is fetched. A check that fails names the exit code that a run would end with.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tasks.config import PROGRAM_ROOT, Settings, Source
from tasks.errors import ConfigError, MarketBriefError, ModelUnavailableError, SourceError
from tasks.inventory import InstalledModel, installed_models
from tasks.store.lock import lock_holder
from tasks.store.warehouse import ask

if TYPE_CHECKING:
    from tasks.store.sources.files import Blob

MIN_PYTHON, END_PYTHON = (3, 11), (3, 13)
# Outside these bounds runs fail, or schedules silently never fire.
VITAL = (
    "prefect==3.8.8",
    "fastapi>=0.139,<0.151",
    "sqlalchemy>=2.0,<2.1",
    "duckdb>=2.0,<2.1",
    "torch>=2.13,<2.14",
    "pandas>=3.1,<3.2",
    "bertopic==0.17.4",
)
_WARN_FREE_BYTES, _FAIL_FREE_BYTES = 2_000_000_000, 200_000_000
_OLD_SNAPSHOT_DAYS = 14
_PEEKED_BYTES = 1_000_000
_NOTED_REJECTED_SHARE = 0.05
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the diagnosis. state: ok, warn or fail; exit_code: of a run that meets this failure."""

    area: str
    name: str
    state: str
    message: str
    fix: str = ""
    exit_code: int = 0


def diagnose(config_path: Path, *, now: datetime) -> Iterator[Check]:
    """All checks, in the order in which their failures matter.

    Args:
        now: UTC without tzinfo.
    """
    from tasks.config import load_settings

    yield _python()
    yield _packages()
    settings = None
    try:
        settings = load_settings(config_path)
    except ConfigError as error:
        yield Check("project", "market.toml", "fail", error.fact, error.fix, ConfigError.exit_code)
    yield from (_model(model) for model in installed_models(settings) if model.is_used or model.state != "ok")
    if settings is None:
        return
    yield _configuration(settings)
    yield from (check for source in settings.market.sources for check in _source(settings, source, now))
    yield _home(settings)
    yield _disk(settings)
    yield _lock(settings)
    yield _snapshot(settings, now)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if MIN_PYTHON <= sys.version_info[:2] < END_PYTHON:
        return Check("program", "Python", "ok", version)
    return Check(
        "program", "Python", "fail", f"{version} is not supported", "use Python 3.11 or 3.12: make install PYTHON=…", 1
    )


def _packages() -> Check:
    """Installed versions: those that break runs, and those that differ from the lock file."""
    installed = {canonicalize_name(d.metadata["Name"]): d.version for d in importlib.metadata.distributions()}
    broken = []
    for line in VITAL:
        requirement = Requirement(line)
        version = installed.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            broken.append(f"{requirement.name} {version or 'missing'} (needs {requirement.specifier})")
    if broken:
        return Check("program", "packages", "fail", "; ".join(broken), "install from the lock file: make install", 1)
    lock = PROGRAM_ROOT / "requirements" / "lock.txt"
    if not lock.is_file():
        return Check("program", "packages", "ok", f"{len(VITAL)} vital ones fit; there is no lock file to compare with")
    pinned = {canonicalize_name(name): version for name, version in _PINNED.findall(lock.read_text(encoding="utf-8"))}
    others = [f"{n} {installed.get(n, 'missing')} (locked {v})" for n, v in pinned.items() if installed.get(n) != v]
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        return Check("program", "packages", "warn", f"{', '.join(others[:3])}{more}", "make install")
    return Check("program", "packages", "ok", f"all {len(pinned)} as locked")


def _model(model: InstalledModel) -> Check:
    if model.state != "ok":
        is_needed = model.is_used
        state, code = ("fail", ModelUnavailableError.exit_code) if is_needed else ("warn", 0)
        return Check("models", model.key or model.name, state, model.problem, model.fix, code)
    told = f"{model.name}@{model.revision}, {model.licence}"
    if model.is_research_only:
        fix = "for other use, train on texts of yours: marketbrief train, and choose the model in [models]"
        return Check("models", model.key, "warn", told, fix)
    return Check("models", model.key, "ok", told)


def _configuration(settings: Settings) -> Check:
    from cronsim import CronSim, CronSimError

    market = settings.market
    try:
        CronSim(market.schedule.cron, datetime(2026, 1, 1))
    except CronSimError as error:
        return Check(
            "project",
            "market.toml",
            "fail",
            f"schedule.cron {market.schedule.cron!r}: {error}",
            'five fields, such as "0 6 * * 1"',
            ConfigError.exit_code,
        )
    told = f"{market.project.name}: {len(market.brands)} brands, {len(market.sources)} sources"
    if settings.own_brand is None:
        return Check("project", "market.toml", "warn", f"{told}; none is yours", 'give one brand role = "own"')
    return Check("project", "market.toml", "ok", told)


class _Unsalted(Settings):
    """Settings to read a file with where nothing is kept: the project's salt is neither needed nor made."""

    def salt(self) -> bytes:
        return b"unsalted"


def _source(settings: Settings, source: Source, now: datetime) -> Iterator[Check]:
    """Whether the path matches anything, and whether the newest file reads as a run would read it."""
    from tasks.store.sources import batches, files

    name = source.name
    state, code = ("fail", SourceError.exit_code) if source.required else ("warn", 0)
    try:
        batches.check_source(settings, source, now=now)
    except ConfigError as error:
        yield Check("sources", name, "fail", error.fact, error.fix, ConfigError.exit_code)
        return
    if source.url is not None:
        yield Check("sources", name, "ok", f"{source.url} (runs fetch it; not asked now)")
        return
    pattern = settings.source_path(source)
    blobs, warnings = files.list_blobs(pattern, format_name=source.format)
    if not blobs:
        yield Check("sources", name, state, f"no file matches {pattern}", "put a file there, or mend path", code)
        return
    newest = max(blobs, key=lambda blob: (Path(blob.path).stat().st_mtime, blob.uri))
    try:
        data, is_whole = _head(settings, source, newest)
        content = batches.Content(newest.uri, newest.record_path, data, "")
        batch = batches.parse(_Unsalted(**dict(settings)), source, [content], now=now)
    except MarketBriefError as error:
        why = f" ({error.why})" if error.why else ""
        yield Check("sources", name, state, f"{error.fact}{why}", error.fix, code)
        return
    count = "1 file" if len(blobs) == 1 else f"{len(blobs):,} files"
    records = "1 record" if batch.received == 1 else f"{batch.received:,} records"
    extent = "" if is_whole else "the first "
    # The last record of a part may be cut off: it says nothing about the file.
    rejected = len(batch.rejected) - (0 if is_whole else bool(batch.rejected))
    told = f"{count}; {extent}{records} in {Path(newest.uri).name} read"
    if not batch.records or rejected > _NOTED_REJECTED_SHARE * batch.received:
        reason = f", {rejected:,} are rejected, such as: {batch.rejected[0].rejected.reason}" if rejected else ""
        yield Check("sources", name, "warn", f"{told}{reason}", "mend the file, or [sources.columns]")
    else:
        yield Check("sources", name, "ok", f"{told}{f', {rejected:,} rejected' if rejected else ''}")
    for warning in [*batch.warnings, *warnings]:
        yield Check("sources", name, "warn", warning)


def _head(settings: Settings, source: Source, blob: Blob) -> tuple[bytes, bool]:
    """The beginning of a file, unpacked, cut after a line; all of it where the format has no lines."""
    from tasks.store.sources import files

    limit = settings.market.fetch.max_unpacked_bytes
    if source.format not in ("csv", "tsv", "jsonl"):
        return files.read_blob(blob, max_bytes=limit), True
    data = b""
    for chunk in files.iter_blob(blob, max_bytes=limit):
        data += chunk
        if len(data) > _PEEKED_BYTES:
            end = data.rfind(b"\n") + 1
            return data[: end or len(data)], False
    return data, True


def _home(settings: Settings) -> Check:
    place = settings.home
    while not place.exists():
        place = place.parent
    if place.is_dir() and os.access(place, os.W_OK):
        return Check("home", "home", "ok", f"{settings.home} can be written to")
    return Check(
        "home",
        "home",
        "fail",
        f"{place} can't be written to",
        "change its permissions, or set project.home to another folder",
        ConfigError.exit_code,
    )


def _disk(settings: Settings) -> Check:
    place = settings.home
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    told = f"{free / 1e9:.1f} GB free"
    if free < _FAIL_FREE_BYTES:
        return Check("home", "disk", "fail", told, "make room: a run needs some hundred MB", 1)
    if free < _WARN_FREE_BYTES:
        return Check("home", "disk", "warn", told, "make room before the next large import")
    return Check("home", "disk", "ok", told)


def _lock(settings: Settings) -> Check:
    try:
        holder = lock_holder(settings)
    except ConfigError as error:
        return Check("home", "lock", "fail", error.fact, error.fix, ConfigError.exit_code)
    if holder is None:
        return Check("home", "lock", "ok", "free: no run is under way")
    return Check("home", "lock", "warn", f"held by {holder}", "wait until that run has finished")


def _snapshot(settings: Settings, now: datetime) -> Check:
    path = settings.snapshot_path
    if not path.is_file():
        return Check("home", "snapshot", "warn", "nothing is published yet", "marketbrief run")
    try:
        row = ask(path, "select max(published_at) as published_at, max(iso_week) as week from marts.report").to_pylist()
    except MarketBriefError as error:
        return Check("home", "snapshot", "fail", error.fact, "delete it and run again: marketbrief run", 1)
    published_at, week = row[0]["published_at"], row[0]["week"]
    size = f"{path.stat().st_size / 1e6:.1f} MB"
    if published_at is None:
        return Check("home", "snapshot", "warn", f"{size}; it holds no report yet", "marketbrief run")
    days = (now - published_at).days
    told = f"{size}; newest report {week}, published {published_at:%Y-%m-%d} ({days} days ago)"
    if days > _OLD_SNAPSHOT_DAYS:
        return Check("home", "snapshot", "warn", told, "marketbrief run, or marketbrief serve for every week")
    return Check("home", "snapshot", "ok", told)
