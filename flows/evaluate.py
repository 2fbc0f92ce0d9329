"""The evaluate flow: labelled texts → how good the models are, with intervals, and since the last release."""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from tasks.config import Settings
from tasks.core.contracts import NullProgress, Progress
from tasks.evaluate import evaluate_task


def evaluate(
    settings: Settings, *, task: str | None = None, data: Path | None = None, progress: Progress | None = None
) -> dict:
    """Measure a task's models on a labelled file, or on the shipped golden sets.

    Returns:
        {"task", "n", "coverage", "metrics": {"accuracy": {"value", "lo", "hi"}, "macro_f1", "macro_recall"},
        "per_class", "model_version_id", …}: see `tasks.evaluate.evaluate_task`.

    Raises:
        UsageError: no such task.
        SourceError: the file can't be used.
        ModelUnavailableError: a model is missing.
    """

    @flow(name="market-brief-evaluate", validate_parameters=False)
    def body() -> dict:
        return evaluate_task(settings, progress or NullProgress(), task=task, data=data)

    return body()
