"""What the golden sets said of the models of the last release: data/golden/release.json.

A file of the program, committed with each release. Per task it holds the figures, the models, and what was said of
each row, by a hash of the row's text, so that a later evaluation can compare the same rows in pairs.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.changes import paired_changes, paired_span_changes, unpaired_changes
from tasks.errors import SourceError

KEPT = ("n", "coverage", "metrics", "model_version_id")


def row_key(text: str) -> str:
    """What a row goes by in a release: 12 hex digits of its text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_release(path: Path) -> dict[str, Any]:
    """{version, tasks: {task: {n, coverage, metrics, model_version_id, labels}}}; empty where there is none.

    Raises:
        SourceError: the file is damaged.
    """
    if not path.is_file():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError(
            f"{path} can't be read: {error}", fix="get the file again, or write it with evaluate --save-release"
        ) from error


def write_release(path: Path, version: str, results: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep the figures of tasks as those of a release; tasks that are not among the results stay as they were.

    Args:
        results: per task, what the evaluation gave, with `row_labels`: what was said of each row, by its key.
    """
    tasks = read_release(path).get("tasks", {})
    for task, result in results.items():
        tasks[task] = {key: result[key] for key in KEPT if key in result}
        tasks[task]["labels"] = dict(sorted(result.get("row_labels", {}).items()))
    text = json.dumps({"version": version, "tasks": dict(sorted(tasks.items()))}, ensure_ascii=False, indent=1)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text + "\n", encoding="utf-8")
    os.replace(temporary, path)


def changes_since(
    release: Mapping[str, Any], result: Mapping[str, Any], *, truth: Sequence[str], keys: Sequence[str]
) -> dict[str, Any] | None:
    """How a task's figures changed since a release; None where the release has none for it.

    Args:
        truth, keys: label and key of each row, in the order of result["labels"]. For entities a row is a text, and its
            label what was right, found and there in it (see `tasks.core.span_metrics.counts_of`); truth is empty.

    Returns:
        version and model_version_id of then; n_paired: rows that both labelled, 0 where they are not compared in
        pairs; metrics: see `tasks.core.changes`.
    """
    then = release.get("tasks", {}).get(result["task"])
    if then is None:
        return None
    before = then.get("labels", {})
    shared = [i for i, key in enumerate(keys) if key in before]
    is_paired = bool(shared) and len(shared) >= 0.5 * len(keys)
    labels = [before[keys[i]] for i in shared], [result["labels"][i] for i in shared]
    if is_paired and truth:
        changed = paired_changes([truth[i] for i in shared], *labels)
    elif is_paired:
        changed = paired_span_changes(*(np.array(counts, np.int64) for counts in labels))
    else:
        changed = unpaired_changes(then["metrics"], result["metrics"])
    return {
        "version": release.get("version"),
        "model_version_id": then.get("model_version_id"),
        "n_paired": len(shared) if is_paired else 0,
        "metrics": changed,
    }
