"""Files, folders, globs and archives below a source's path, as a sorted list of things to read.

Compression is recognised by its first bytes, not by names. Nothing is ever unpacked to disk; members of an archive
are only names. What an archive may grow to is limited in bytes and in ratio, checked while it is read.
"""

from __future__ import annotations

import glob
import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tasks.errors import SourceError

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
MAX_RATIO = 500
FREE_BYTES = 20_000_000
MAX_MEMBERS = 20_000

SUFFIXES = {
    "csv": (".csv", ".txt", ".tsv", ".tab"),
    "tsv": (".tsv", ".tab", ".txt", ".csv"),
    "jsonl": (".jsonl", ".ndjson", ".json", ".txt"),
    "rss": (".xml", ".rss", ".atom", ".rdf"),
    "html": (".html", ".htm", ".xhtml"),
}
_IGNORED = (".", "~$", "__MACOSX", "Thumbs.db", "desktop.ini")
_UNFINISHED = (".part", ".tmp", ".crdownload", ".partial")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Blob:
    """Something to read: a file, or one member of a zip archive.

    uri: where it lies, for people. record_path: its place below the source's path, with forward slashes.
    """

    path: str
    member: str | None
    record_path: str

    @property
    def uri(self) -> str:
        return self.path if self.member is None else f"{self.path}!{self.member}"


class UnreadableError(SourceError):
    """A file, archive or response can't be read as what the source says it is."""


def list_blobs(pattern: str, *, format_name: str) -> tuple[list[Blob], list[str]]:
    """Everything that a source's path stands for, in the order of names, and warnings about what was left aside.

    Args:
        pattern: absolute path of a file or folder, or a glob (`**` descends). A folder is searched to its depth for
            files with the format's usual endings; a file or glob is taken as it is named.
    """
    warnings: list[str] = []
    blobs: list[Blob] = []
    base = _base_of(pattern)
    for path in _files(pattern, SUFFIXES[format_name]):
        record_path = path.relative_to(base).as_posix() if path.is_relative_to(base) else path.name
        members, notes = _members(path, SUFFIXES[format_name])
        if members:
            blobs += [Blob(str(path), member, f"{record_path}/{_plain_name(member)}") for member in members]
            warnings += notes
        else:
            blobs.append(Blob(str(path), None, _plain_name(record_path)))
    return blobs, warnings


def read_blob(blob: Blob, *, max_bytes: int) -> bytes:
    """All bytes of a blob, unpacked.

    Raises:
        UnreadableError: it can't be opened, is broken, encrypted, or larger than allowed.
    """
    buffer = io.BytesIO()
    for chunk in iter_blob(blob, max_bytes=max_bytes):
        buffer.write(chunk)
    return buffer.getvalue()


def content_sha256(blob: Blob, *, max_bytes: int) -> tuple[str, int]:
    """SHA-256 and size of a blob's unpacked bytes: the same for a file, its .gz and its copy in a .zip.

    Raises as `read_blob` does.
    """
    digest, size = hashlib.sha256(), 0
    for chunk in iter_blob(blob, max_bytes=max_bytes):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def iter_blob(blob: Blob, *, max_bytes: int) -> Iterator[bytes]:
    """Unpacked bytes of a blob, piece by piece. Raises as `read_blob` does."""
    try:
        with _open(blob) as (stream, packed_size):
            head = stream.read(len(ZIP_MAGIC))
            if head == ZIP_MAGIC:
                raise UnreadableError(
                    f"{blob.uri} is an archive that can't be read",
                    why="it is broken or empty, an office document, an archive in an archive, "
                    f"or has more than {MAX_MEMBERS:,} members",
                    fix="unpack it, or save it as CSV (UTF-8)",
                )
            stream.seek(0)
            plain: IO[bytes] = gzip.GzipFile(fileobj=stream) if head.startswith(GZIP_MAGIC) else stream  # type: ignore[assignment]
            total = 0
            while chunk := plain.read(_CHUNK):
                total += len(chunk)
                _check_size(total, blob, max_bytes, packed_size)
                yield chunk
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, ValueError) as error:
        what = {"FileNotFoundError": "it is gone", "PermissionError": "no permission to read it"}
        raise UnreadableError(
            f"Can't read {blob.uri}: {what.get(type(error).__name__, str(error) or type(error).__name__)}",
            why="the file may be cut off, encrypted, or still being written",
            fix="open it in another program, or bring it again",
        ) from error


@contextmanager
def _open(blob: Blob) -> Iterator[tuple[IO[bytes], int]]:
    if blob.member is None:
        with open(blob.path, "rb") as file:
            yield file, max(1, Path(blob.path).stat().st_size)
        return
    with zipfile.ZipFile(blob.path) as archive:
        info = archive.getinfo(blob.member)
        with archive.open(info) as member:
            yield member, max(1, info.compress_size)


def _check_size(total: int, blob: Blob, max_bytes: int, packed_size: int) -> None:
    if total > max_bytes:
        raise UnreadableError(
            f"{blob.uri} holds more than {max_bytes:,} bytes", fix="split it, or raise fetch.max_unpacked_bytes"
        )
    if total > FREE_BYTES and total > packed_size * MAX_RATIO:
        raise UnreadableError(
            f"{blob.uri} grows to more than {MAX_RATIO} times its size when unpacked",
            why="archives made to do harm look like this",
            fix="unpack it by hand if you trust it",
        )


def _files(pattern: str, suffixes: tuple[str, ...]) -> list[Path]:
    path = Path(pattern)
    if path.is_dir():
        return _files_below(path, suffixes)
    if path.is_file():
        return [path]
    found: set[Path] = set()
    for match in map(Path, glob.glob(pattern, recursive=True)):
        if match.is_dir():
            if not pattern.rstrip("/").endswith("**"):
                found.update(_files_below(match, suffixes))
        elif match.is_file() and not _is_ignored(match.name):
            found.add(match)
    return sorted(found, key=lambda file: file.as_posix())


def _files_below(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return sorted(
        (
            file
            for file in files
            if not any(_is_ignored(part) for part in file.relative_to(folder).parts)
            and _plain_name(file.name).lower().endswith((*suffixes, ".zip"))
        ),
        key=lambda file: file.as_posix(),
    )


def _members(path: Path, suffixes: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Names in an archive that fit the format, sorted, and a word on those that don't.

    No names where the file is no archive, or one that can't be used: reading it as a file tells why.
    """
    if not _starts_with(path, ZIP_MAGIC):
        return [], []
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted({info.filename for info in archive.infolist() if not info.is_dir()})
    except (OSError, zipfile.BadZipFile, RuntimeError, ValueError):
        return [], []
    if "[Content_Types].xml" in names or len(names) > MAX_MEMBERS:
        return [], []
    names = [name for name in names if not any(_is_ignored(part) for part in name.split("/"))]
    fitting = [name for name in names if _plain_name(name).lower().endswith(suffixes)] or names
    others = len(names) - len(fitting)
    return fitting, [
        f"{path}: {others} of {len(names)} members have another ending and were left aside"
    ] if others else []


def _base_of(pattern: str) -> Path:
    """The folder that record paths are relative to: the folder itself, or the part of a glob without wildcards."""
    path = Path(pattern)
    if path.is_dir():
        return path
    if path.is_file():
        return path.parent
    fixed: list[str] = []
    for part in path.parts[:-1]:
        if glob.has_magic(part):
            break
        fixed.append(part)
    return Path(*fixed) if fixed else Path()


def _plain_name(name: str) -> str:
    return name[:-3] if name.lower().endswith(".gz") else name


def _is_ignored(name: str) -> bool:
    return name not in (".", "..") and (name.startswith(_IGNORED) or name.lower().endswith(_UNFINISHED))


def _starts_with(path: Path, magic: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(magic)) == magic
    except OSError:
        return False
