"""JSON Lines: one object a line. Lines that are none are kept as rejected records; empty lines are no records.

A field may be named by a dotted path ("review.body") where a line holds objects within objects.
"""

from __future__ import annotations

import json
import re
from typing import Any

from tasks.core.documents import rejected
from tasks.store.sources.encodings import Decoded
from tasks.store.sources.raw import RawBatch, RawRecord, check_keys

MAX_LINE_CHARS = 4_000_000
_BAD_BYTE = re.compile("[\udc80-\udcff]")


def read_json_lines(decoded: Decoded, *, uri: str, columns: list[str], needed: list[tuple[str, ...]]) -> RawBatch:
    """Split JSON Lines into records.

    Args:
        columns: keys that the configuration names; a line need not have them all.
        needed: groups of keys without which no line can be used or attributed; see `check_keys`.

    Raises:
        UnreadableError: there are objects, and none of them has a needed key.
    """
    batch = RawBatch(encoding=decoded.encoding)
    seen: dict[str, None] = {}
    dotted = [name for name in columns if "." in name]
    number = 0
    for line in decoded.text.split("\n"):
        text = line.strip("\r \t\x00")
        if not text:
            continue
        number += 1
        problem, reason, fields = _object(text, has_bad_bytes=decoded.has_bad_bytes, encoding=decoded.encoding)
        if fields is None:
            batch.rejected.append(rejected(number, problem, reason, batch.bytes_of(line)))
            continue
        for name in dotted:
            if name not in fields and (value := _at_path(fields, name)) is not None:
                fields[name] = value
        seen.update(dict.fromkeys(fields))
        batch.records.append(RawRecord(number, fields, line))
    check_keys(batch, uri=uri, columns=columns, needed=needed, seen=seen)
    return batch


def _object(text: str, *, has_bad_bytes: bool, encoding: str) -> tuple[str, str, dict[str, Any] | None]:
    """Reason code, reason and fields of one line; fields are null where it can't be used."""
    if len(text) > MAX_LINE_CHARS:
        return "too_large", f"the line is over {MAX_LINE_CHARS:,} characters long", None
    if has_bad_bytes and _BAD_BYTE.search(text):
        return "undecodable", f"some bytes are not valid {encoding}", None
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        return "broken_json", f"not valid JSON: {error.msg} at character {error.pos + 1}", None
    except (RecursionError, ValueError):
        return "broken_json", "not valid JSON: nested too deep, or a number is too long", None
    if not isinstance(value, dict):
        return "not_an_object", f"a JSON {_kind(value)} where an object is expected", None
    return "", "", value


def _at_path(fields: dict[str, Any], path: str) -> Any:
    value: Any = fields
    for part in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return {"str": "text", "int": "number", "float": "number", "list": "list"}[type(value).__name__]
