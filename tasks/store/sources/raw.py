"""What every reader hands over: the raw records of one batch, still under their own names."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
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


def _as_utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@dataclass(slots=True)
class RawBatch:
    """Everything found in one batch, in order; nothing is left out.

    encode: turns a record's raw text back into the bytes that it was read from.
    """

    records: list[RawRecord] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    encode: Callable[[str], bytes] = _as_utf8

    def bytes_of(self, raw: str | bytes) -> bytes:
        """The first bytes of a record as it came: as many as a rejected record keeps, or a few more."""
        return raw if isinstance(raw, bytes) else self.encode(raw[:MAX_RAW_BYTES])


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
