"""What every reader hands over: the raw records of one batch, still under their own names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.core.contracts import Rejected
from tasks.core.documents import MAX_RAW_BYTES
from tasks.store.sources.files import UnreadableError


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record: its position from 1, its fields by their names, and what it was read from."""

    record_number: int
    fields: dict[str, Any]
    raw: str | bytes


@dataclass(slots=True)
class RawBatch:
    """Everything found in one batch, in order; nothing is left out.

    encoding: what the bytes were decoded from.
    """

    records: list[RawRecord] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    encoding: str = "utf-8"

    def bytes_of(self, raw: str | bytes) -> bytes:
        """The first bytes of a record as it came: as many as a rejected record keeps, or a few more."""
        if isinstance(raw, bytes):
            return raw[:MAX_RAW_BYTES]
        try:
            return raw[:MAX_RAW_BYTES].encode(self.encoding, "surrogateescape")
        except UnicodeEncodeError:
            return raw[:MAX_RAW_BYTES].encode("utf-8", "surrogatepass")


def check_keys(
    batch: RawBatch, *, uri: str, columns: Sequence[str], needed: Iterable[Sequence[str]], seen: Iterable[str]
) -> None:
    """Compare the keys that the configuration names with those that a batch's records have.

    Args:
        needed: groups of keys; of each group at least one must stand somewhere. The others only give a warning, since
            records may leave out what they have no value for.

    Raises:
        UnreadableError: there are records, and a needed group is in none of them.
    """
    known = dict.fromkeys(seen)
    lacking = [group[0] for group in needed if group and not any(name in known for name in group)]
    if batch.records and lacking:
        raise missing_column_error(uri, lacking, known)
    missing = [name for name in columns if name not in known]
    if batch.records and missing:
        batch.warnings.append(missing_column_error(uri, missing, known).fact + "; the field stays empty")


def missing_column_error(uri: str, missing: Sequence[str], present: Iterable[str]) -> UnreadableError:
    """The error for columns that the configuration names and a file does not have; names the nearest one."""
    known = [name for name in present if name]
    hints = []
    for name in missing:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5) or [
            other for other in known if other.casefold() == name.casefold()
        ]
        hints.append(f"{name!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
    shown = ", ".join(name[:60] for name in known[:30]) or "none"
    return UnreadableError(
        f"{uri} has no column {', '.join(hints)}",
        why=f"its columns are: {shown}",
        fix="correct [sources.columns] in market.toml",
    )
