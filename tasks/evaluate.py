"""Evaluation: labelled texts in, how good the models are out, and whether they got better since the last release.

Without a file the golden sets are used, which the project wrote by hand (data/golden/README.md) and which no model was
ever trained on; then the figures are compared with those of the last release, row by row. A user's file may hold
texts, or name documents that the project has read (see tasks/store/labelled.py): these are taken from the published
snapshot. Whatever of a file was not used is counted and said.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.config import PROGRAM_ROOT, Settings
from tasks.core.contracts import Progress
from tasks.errors import SourceError, UsageError
from tasks.evaluate_sentiment import evaluate_sentiment
from tasks.store.labelled import LabelledFile, LabelledText, read_labelled
from tasks.store.releases import changes_since, read_release, row_key, write_release
from tasks.store.warehouse import ask

logger = logging.getLogger(__name__)

TASKS = ("sentiment", "entities", "aspects", "topics")
GOLDEN_TASKS = TASKS[:3]
LANGUAGES = ("en", "zh")
GOLDEN_ROOT = PROGRAM_ROOT / "data" / "golden"
RELEASE = GOLDEN_ROOT / "release.json"
_COMPARISONS = {language: GOLDEN_ROOT / f"comparisons_{language}.jsonl" for language in LANGUAGES}
_DOCUMENTS = "select document_id, text, language, source from marts.document where document_id in (select unnest($ids))"


def golden_files(task: str) -> dict[str, Path]:
    """The golden set of a task, by language; empty for a task that has none."""
    suffix = "csv" if task == "sentiment" else "jsonl"
    paths = {language: GOLDEN_ROOT / f"{task}_{language}.{suffix}" for language in LANGUAGES}
    return paths if task in GOLDEN_TASKS else {}


def evaluate_task(settings: Settings, progress: Progress, *, task: str | None, data: Path | None) -> dict[str, Any]:
    """Measure the models of a task.

    Args:
        task: one of TASKS; None: the one that the file's columns tell, or all that have a golden set.
        data: a labelled file; None for the golden sets.

    Returns:
        task, data, n, coverage, metrics, model_version_id and more, by task (see tasks/evaluate_*.py); warnings: what
        of the file was not used; changes: since the last release (golden sets alone). Where all are measured, it is
        the result for sentiment, and `other_tasks` holds the others by name.

    Raises:
        UsageError: no such task, or it has no golden set.
        SourceError: the file can't be used.
        ModelUnavailableError: a model is missing.
    """
    if task is not None and task not in TASKS:
        raise UsageError(f"No task {task!r} to evaluate", fix=f"choose one of {', '.join(TASKS)}")
    started = time.monotonic()
    if data is not None:
        result = _on_file(settings, progress, task, data)
    elif task is not None:
        result = _on_golden(settings, progress, task)
    else:
        first, *others = [_on_golden(settings, progress, name) for name in GOLDEN_TASKS]
        result = first | {"other_tasks": {other["task"]: other for other in others}}
    logger.info(
        "evaluate task=%s rows_in=%d coverage=%.3f seconds=%.1f",
        task or "all", result["n"], result["coverage"], time.monotonic() - started,
    )  # fmt: skip
    return result


def save_release(result: Mapping[str, Any], *, version: str) -> list[str]:
    """Keep an evaluation on golden sets as that of a release; the tasks that were kept.

    Raises:
        UsageError: it was made on another file.
    """
    results = [result, *result.get("other_tasks", {}).values()]
    results += [each["targets"] for each in results if "targets" in each]
    if any(each["data"] != "golden" for each in results):
        raise UsageError("Only figures on the golden sets can be a release's", fix="leave --data away")
    write_release(RELEASE, version, {each["task"]: each for each in results})
    return [each["task"] for each in results]


def _on_golden(settings: Settings, progress: Progress, task: str) -> dict[str, Any]:
    files = golden_files(task)
    if not files:
        raise UsageError(f"There is no golden set for {task}", fix="name a labelled file with --data")
    read = {language: read_labelled(path, task=task) for language, path in files.items()}
    if task == "sentiment":
        texts = [text for file in read.values() for text in file.texts]
        languages = [language for language, file in read.items() for _ in file.texts]
        result = evaluate_sentiment(settings, texts, progress, languages=languages)
        return _compared(result, [(text.text, text.label) for text in texts])
    rows = _with_language(read)
    result = _compared(_evaluate_spans(settings, rows, task, progress), _labelled(rows, task))
    if task == "aspects":
        rows = _with_language({language: read_labelled(path) for language, path in _COMPARISONS.items()})
        targets = _evaluate_spans(settings, rows, "targets", progress)
        result["targets"] = _compared(targets, _labelled(rows, "targets"))
    return result


def _labelled(rows: Sequence[Mapping[str, Any]], task: str) -> list[tuple[str, str]]:
    """What is labelled, and how: each aspect or span of a text; for entities the texts, without a label."""
    if task == "entities":
        return [(row["text"], "") for row in rows]
    return [("\n".join([row["text"], *map(str, item[:-1])]), item[-1]) for row in rows for item in row[task]]


def _compared(result: dict[str, Any], labelled: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The result on a golden set with its changes since the last release; labels go by what they label."""
    keys, truth = [row_key(what) for what, _ in labelled], [label for _, label in labelled if label]
    result["data"] = "golden"
    changes = changes_since(read_release(RELEASE), result, truth=truth, keys=keys)
    result["row_labels"] = dict(zip(keys, result.pop("labels", []), strict=True))
    return result | ({"changes": changes} if changes else {})


def _on_file(settings: Settings, progress: Progress, task: str | None, path: Path) -> dict[str, Any]:
    file = read_labelled(path, task=task)
    warnings = _told(file)
    if file.task in ("entities", "aspects", "targets"):
        result = _evaluate_spans(settings, list(file.rows), file.task, progress)
    else:
        texts, languages, missing = _with_texts(settings, file.texts, path)
        if missing:
            warnings.append(f"{missing:,} rows name a document that the published snapshot does not hold")
        if file.task == "topics":
            from tasks.evaluate_topics import evaluate_topics

            result = evaluate_topics(settings, texts, progress)
        else:
            result = evaluate_sentiment(settings, texts, progress, languages=languages)
    result.pop("labels", None)
    return result | {"data": path.name, "warnings": [*warnings, *result.get("warnings", [])]}


def _with_language(read: Mapping[str, LabelledFile]) -> list[dict[str, Any]]:
    return [row | {"language": language} for language, file in read.items() for row in file.rows]


def _evaluate_spans(settings: Settings, rows: list[dict[str, Any]], task: str, progress: Progress) -> dict[str, Any]:
    """Entities, aspects, or polarity towards spans (targets)."""
    progress.start("evaluate", len(rows))
    if task == "entities":
        from tasks.evaluate_entities import evaluate_entities as measure
    elif task == "aspects":
        from tasks.evaluate_aspects import evaluate_aspects as measure
    else:
        from tasks.evaluate_aspects import evaluate_targets as measure
    result = measure(settings, rows)
    progress.finish(f"{len(rows):,} texts, {task}")
    warnings = []
    if ignored := result.get("ignored_types"):
        types = ", ".join(f"{name} ({count:,})" for name, count in sorted(ignored.items()))
        warnings.append(f"types of names that are not looked for were left out: {types}")
    return {"task": task, "n": len(rows), **result, "text_count": len(rows), "warnings": warnings}


def _with_texts(
    settings: Settings, texts: Sequence[LabelledText], path: Path
) -> tuple[list[LabelledText], list[str] | None, int]:
    """Rows with their texts, languages where documents tell them, and how many documents are not there.

    Raises:
        SourceError: nothing is published yet, or none of the documents is there.
    """
    ids = [text.document_id for text in texts if text.document_id]
    if not ids:
        return list(texts), None, 0
    if not settings.snapshot_path.is_file():
        raise SourceError(f"{path} names documents, and nothing is published yet", fix="run `marketbrief run` first")
    found = {row["document_id"]: row for row in ask(settings.snapshot_path, _DOCUMENTS, {"ids": ids}).to_pylist()}
    kept = [text for text in texts if text.document_id is None or text.document_id in found]
    if not kept:
        raise SourceError(
            f"None of the {len(ids):,} documents that {path} names is in {settings.snapshot_path}",
            fix="check the columns source and id, or document_id, and run `marketbrief run`",
        )
    known: list[dict] = [found[text.document_id] if text.document_id else {} for text in kept]
    filled = [
        replace(text, text=row["text"], groups={"source": row["source"]} | text.groups) if row else text
        for text, row in zip(kept, known, strict=True)
    ]
    from tasks.core.language import detect_language

    languages = [
        row.get("language") or detect_language(text.text, text.groups.get("language"))
        for text, row in zip(filled, known, strict=True)
    ]
    return filled, languages, len(texts) - len(kept)


def _told(file: LabelledFile) -> list[str]:
    """What a person should know of how a file was read."""
    told = []
    if file.names:
        read = ", ".join(f"{name} as {label}" for name, label in list(file.names.items())[:8])
        told.append(f"labels were read so: {read}{', …' if len(file.names) > 8 else ''}")
    if file.unlabelled_count:
        told.append(f"{file.unlabelled_count:,} rows have no label and were left out")
    return told
