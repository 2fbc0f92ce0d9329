"""The train flow: labelled texts → split → fit → measure → install, with a card.

`marketbrief train sentiment --data FILE` makes a model for one project. `python -m flows.train bundle --data FOLDER`
makes the sentiment models that the program ships, from the public sets in that folder and the project's sentences.
`python -m flows.train entities --data FOLDER` makes the shipped name taggers (tasks/train_entities.py).
`python -m flows.train frontier --data FOLDER` prints what sharing the encoder costs (tasks/frontier.py).
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from tasks.config import PROGRAM_ROOT, Settings, load_settings
from tasks.core.contracts import NullProgress, Progress
from tasks.errors import MarketBriefError, UsageError

TASKS = ("sentiment",)
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


def build_bundle(settings: Settings, *, data: Path, languages: list[str], seed: int, progress: Progress):
    """Train the shipped models: Chinese word vectors, then sentiment; a list of `tasks.train.TrainSummary`."""
    from prefect import flow

    from tasks.train import train_bundle
    from tasks.train_vectors import train_vectors

    @flow(name="market-brief-train-bundle", validate_parameters=False)
    def body():
        if "zh" in languages:
            train_vectors(data)
        return train_bundle(progress, data=data, languages=languages, seed=seed)

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
    """Rebuild the shipped models (bundle, entities, targets), or measure what sharing the encoder costs (frontier)."""
    parser = argparse.ArgumentParser(prog="python -m flows.train", description=main.__doc__)
    parser.add_argument("what", choices=["bundle", "entities", "targets", "frontier"])
    parser.add_argument("--data", type=Path, required=True, help="folder of the public training sets")
    parser.add_argument("--language", choices=["en", "zh"], action="append", help="only this one")
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
        languages = options.language or ["en", "zh"]
        if options.what == "entities":
            from tasks.train_entities import train_entities

            for language in languages:
                print(train_entities(options.data, language, seed=options.seed))
            return 0
        if options.what == "targets":
            from tasks.train_targets import train_targets

            for folder in train_targets(_Lines(), data=options.data, languages=languages, seed=options.seed):
                print(folder)
            return 0
        for summary in build_bundle(
            settings, data=options.data, languages=languages, seed=options.seed, progress=_Lines()
        ):
            metrics = {name: value["value"] for name, value in summary.metrics["metrics"].items()}
            print(f"{summary.choice} licence={summary.licence} counts={summary.counts} test={metrics}")
    except MarketBriefError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
