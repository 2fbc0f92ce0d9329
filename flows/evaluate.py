"""The evaluate flow: labelled texts → accuracy with intervals."""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from tasks.config import Settings
from tasks.core.contracts import NullProgress, Progress
from tasks.errors import UsageError
from tasks.evaluate import evaluate_sentiment

TASKS = ("sentiment",)


def evaluate(
    settings: Settings, *, task: str = "sentiment", data: Path | None = None, progress: Progress | None = None
) -> dict:
    """Measure a task's models on a labelled file, or on the shipped golden sets.

    Returns:
        {"task", "n", "coverage", "metrics": {"accuracy": {"value", "lo", "hi"}, "macro_f1", "macro_recall"},
        "per_class", "model_version_id", …}.

    Raises:
        UsageError: no such task.
        SourceError: the file can't be used.
        ModelUnavailableError: a model is missing.
    """
    if task not in TASKS:
        raise UsageError(f"No task {task!r} to evaluate", fix=f"choose one of {', '.join(TASKS)}")

    @flow(name="market-brief-evaluate", validate_parameters=False)
    def body() -> dict:
        return evaluate_sentiment(settings, progress or NullProgress(), data=data)

    return body()
