"""The train flow: labelled texts → split → fit → measure → install, with a card.

`marketbrief train sentiment --data FILE` makes a model for one project. `python -m flows.train english --data FOLDER`
and `… chinese --data FOLDER` make the models that the program ships, from the public sets in that folder and the
project's sentences. `… frontier --data FOLDER` prints what sharing the encoder costs (tasks/frontier.py).
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tasks.config import PROGRAM_ROOT, Settings, load_settings
from tasks.core.contracts import NullProgress, Progress
from tasks.errors import MarketBriefError, UsageError

TASKS = ("sentiment",)
CHINESE_MODELS = ("vectors", "sentiment", "targets", "opinions", "entities", "aspects")
CHECKPOINTS = ".checkpoints"
EPOCHS = 3
SEED = 13


def train(
    settings: Settings,
    *,
    task: str = "sentiment",
    data: Path,
    language: str | None = None,
    out: Path | None = None,
    method: str = "lora",
    epochs: int = EPOCHS,
    seed: int = SEED,
    base: str | None = None,
    progress: Progress | None = None,
):
    """Train a model on a user's labelled CSV file (text, label) and install it.

    Args:
        language: en or zh; None takes the one that most texts are in.
        out: where to install it; None: the project's model folder.
        method: lora, full or head.
        base: a model of the hub to fine-tune, "name@revision" or a folder; None goes on from the current model.

    Returns:
        A `tasks.train.TrainSummary`; its `choice` goes into market.toml as [models] sentiment_en or sentiment_zh.

    Raises:
        UsageError: an option is off.
        SourceError: the file can't be used, or holds too few texts.
    """
    from prefect import flow

    from tasks.train_own import train_own

    if task not in TASKS:
        raise UsageError(f"No task {task!r} to train", fix=f"choose one of {', '.join(TASKS)}")
    if epochs < 1:
        raise UsageError(f"{epochs} epochs train nothing", fix="give 1 or more")

    @flow(name="market-brief-train", validate_parameters=False)
    def body():
        return train_own(
            settings,
            progress or NullProgress(),
            data=data,
            language=language,
            out=out,
            method=method,
            epochs=epochs,
            seed=seed,
            base=base,
        )

    return body()


def build_english(settings: Settings, *, data: Path, seed: int, progress: Progress) -> list[Path]:
    """Train the shipped English models; their folders."""
    from prefect import flow

    from tasks.train_aspects import train_aspects
    from tasks.train_english import train_english

    @flow(name="market-brief-train-english", validate_parameters=False)
    def body() -> list[Path]:
        folders = train_english(progress, data=data, seed=seed, checkpoints=settings.model_dir / CHECKPOINTS)
        return [*folders, train_aspects("en", data=data, seed=seed)]

    return body()


def build_chinese(
    settings: Settings, *, data: Path, seed: int, progress: Progress, only: Sequence[str] = CHINESE_MODELS
) -> list[Path]:
    """Train the shipped Chinese models, or only some of CHINESE_MODELS; their folders."""
    from prefect import flow

    from tasks import train, train_aspects, train_entities, train_opinions, train_targets
    from tasks.train_vectors import train_vectors

    @flow(name="market-brief-train-chinese", validate_parameters=False)
    def body() -> list[Path]:
        steps: dict[str, Callable[[], Path]] = {
            "vectors": lambda: train_vectors(data),
            "sentiment": lambda: train.train_chinese(progress, data=data, seed=seed).folder,
            "targets": lambda: train_targets.train_chinese(data, seed=seed),
            "opinions": lambda: train_opinions.train_opinions(data, seed=seed),
            "entities": lambda: train_entities.train_chinese(data, seed=seed),
            "aspects": lambda: train_aspects.train_aspects("zh", data=data, seed=seed),
        }
        return [step() for name, step in steps.items() if name in only]

    return body()


class _Lines:
    """Progress as a line a tenth of a stage, for a log."""

    def __init__(self) -> None:
        self._total, self._done, self._told = 0, 0, 0

    def start(self, stage: str, total: int | None = None) -> None:
        self._total, self._done, self._told = total or 0, 0, 0
        print(f"{stage}: {total or ''}", flush=True)

    def advance(self, steps: int = 1) -> None:
        self._done += steps
        tenth = 10 * self._done // self._total if self._total else 0
        if tenth > self._told:
            self._told = tenth
            print(f"  {10 * tenth}%", flush=True)

    def finish(self, summary: str) -> None:
        print(f"  {summary}", flush=True)


def main(arguments: list[str]) -> int:
    """Rebuild the shipped models (english, chinese), or measure what sharing the encoder costs (frontier)."""
    parser = argparse.ArgumentParser(prog="python -m flows.train", description=main.__doc__)
    parser.add_argument("what", choices=["english", "chinese", "frontier"])
    parser.add_argument("--data", type=Path, required=True, help="folder of the public training sets")
    parser.add_argument("--only", choices=CHINESE_MODELS, action="append", help="of the Chinese models, only this one")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if options.what == "frontier":
            from tasks.frontier import measure_frontier, table

            print(table(measure_frontier(options.data, seed=options.seed, progress=_Lines())))
            return 0
        settings = load_settings(PROGRAM_ROOT / "market.toml")
        from flows import prefect_env

        prefect_env.apply(settings)
        if options.what == "english":
            folders = build_english(settings, data=options.data, seed=options.seed, progress=_Lines())
        else:
            only = options.only or CHINESE_MODELS
            folders = build_chinese(settings, data=options.data, seed=options.seed, progress=_Lines(), only=only)
        for folder in folders:
            print(f"{folder.parent.name}@{folder.name}")
    except MarketBriefError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
