"""The loop that every fine-tuning goes through: epochs, early stopping, and a checkpoint from which it can go on.

A model is trained batch by batch; what is measured and kept is a moving average of its weights, or the last step's.
After each epoch its validation loss is measured, the best epoch is kept, and training stops when the loss no longer
falls. After each epoch everything that the rest depends on is written to a checkpoint: weights, their average, the
best ones, the optimiser, the random states and the history. A run that was killed goes on from there and ends with
the weights that it would have had. A checkpoint of another training (other data, other options) is not read; one of a
training that ended is deleted.
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tasks.core.contracts import Progress
from tasks.models.bert import best_precision

logger = logging.getLogger(__name__)

GRADIENT_NORM = 1.0


@dataclass(frozen=True)
class Checkpoint:
    """Where a training may go on. identity: everything that decides what it computes, as plain values."""

    folder: Path
    identity: Mapping[str, Any]

    @property
    def path(self) -> Path:
        """The file, named by the hash of the identity."""
        text = json.dumps(self.identity, sort_keys=True, default=str)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.pt"

    def save(self, state: dict[str, Any]) -> None:
        """Write a state as a whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        staged = self.path.with_suffix(f".{os.getpid()}")
        torch.save(state, staged)
        os.replace(staged, self.path)

    def load(self) -> dict[str, Any] | None:
        """The state that was saved; None where there is none."""
        return torch.load(self.path, weights_only=True) if self.path.is_file() else None

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Steps:
    """How one training computes: its batches, the loss of a batch, and what an epoch is worth.

    batches: an epoch's batches, given the random order; loss: of one batch; validate: at least `validation_loss`, the
    lower the better, and whatever else the history should tell. count: batches an epoch, for the schedule.
    """

    batches: Callable[[random.Random], Iterable[Sequence[int]]]
    loss: Callable[[Sequence[int]], Tensor]
    validate: Callable[[], dict[str, float]]
    count: int


def run_epochs(
    module: nn.Module,
    steps: Steps,
    *,
    optimiser: torch.optim.Optimizer,
    epochs: int,
    patience: int,
    warm_up_share: float,
    seed: int,
    progress: Progress,
    average: float = 0.0,
    aside: nn.Module | None = None,
    checkpoint: Checkpoint | None = None,
) -> list[dict[str, float]]:
    """Train a module in place; it ends with the weights of its best epoch.

    Args:
        average: decay of the weights' moving average per step, reached gradually; 0: the last step's weights.
        aside: what the optimiser trains beside the module: neither clipped nor averaged, and not needed afterwards.
        patience: epochs without a lower validation loss after which training stops.
        warm_up_share: of all steps, over which the learning rate rises; then it falls to 0 on a line.

    Returns:
        One row an epoch: epoch, training_loss, and what `steps.validate` gives.
    """
    order = random.Random(seed)
    schedule = _schedule(optimiser, total=epochs * steps.count, warm_up_share=warm_up_share)
    history: list[dict[str, float]] = []
    trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
    mean = _Average(trained, decay=average)
    best = _trained(module)
    saved = checkpoint.load() if checkpoint else None
    if saved:
        history, best = saved["history"], saved["best"]
        module.load_state_dict(saved["module"], strict=False)
        mean.load(saved["mean"])
        if aside is not None:
            aside.load_state_dict(saved["aside"])
        optimiser.load_state_dict(saved["optimiser"])
        schedule.load_state_dict(saved["schedule"])
        torch.set_rng_state(saved["torch_random"])
        version, numbers, gauss = saved["order"]
        order.setstate((version, tuple(numbers), gauss))
        logger.info("train resumed_after_epoch=%d", len(history))
    resumed_after = len(history)
    progress.start("train", epochs * steps.count)
    progress.advance(resumed_after * steps.count)
    while len(history) < epochs and not _is_over(history, patience):
        started = time.process_time()
        module.train()
        losses = []
        for batch in steps.batches(order):
            loss = steps.loss(batch)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(trained, GRADIENT_NORM)
            optimiser.step()
            schedule.step()
            mean.update()
            losses.append(float(loss.detach()))
            progress.advance()
        module.eval()
        mean.swap()
        row = {"epoch": len(history) + 1, "training_loss": round(float(np.mean(losses)), 4), **steps.validate()}
        history.append(row)
        if min(history, key=lambda item: item["validation_loss"]) is row:
            best = _trained(module)
        mean.swap()
        logger.info(
            "train %s cpu_seconds=%.0f",
            " ".join(f"{name}={value}" for name, value in row.items()),
            time.process_time() - started,
        )
        if checkpoint:
            version, numbers, gauss = order.getstate()
            checkpoint.save(
                {
                    "history": history,
                    "best": best,
                    "module": _trained(module),
                    "mean": mean.state(),
                    "aside": aside.state_dict() if aside is not None else {},
                    "optimiser": optimiser.state_dict(),
                    "schedule": schedule.state_dict(),
                    "torch_random": torch.get_rng_state(),
                    "order": [version, list(numbers), gauss],
                }
            )
    module.load_state_dict(best, strict=False)
    module.eval()
    lowest = min(history, key=lambda item: item["validation_loss"])
    progress.finish(
        f"best epoch {lowest['epoch']} of {len(history)}, validation loss {lowest['validation_loss']}"
        + (f", resumed after epoch {resumed_after}" if resumed_after else "")
    )
    if checkpoint:
        checkpoint.delete()
    return history


def shuffled_batches(lengths: Sequence[int], order: random.Random, *, size: int, bucket: int) -> Iterator[list[int]]:
    """One epoch of batches of texts of similar length, in random order.

    Args:
        lengths: of each text; size: texts a batch; bucket: batches among which texts are sorted by length.
    """
    places = list(range(len(lengths)))
    order.shuffle(places)
    batches: list[list[int]] = []
    for start in range(0, len(places), size * bucket):
        piece = sorted(places[start : start + size * bucket], key=lambda i: lengths[i])
        batches += [piece[at : at + size] for at in range(0, len(piece), size)]
    order.shuffle(batches)
    yield from batches


class _Average:
    """A moving average of parameters (Polyak and Juditsky, 1992) that can be swapped with their present values."""

    def __init__(self, parameters: list[nn.Parameter], *, decay: float) -> None:
        self._parameters, self._decay, self._step = parameters, decay, 0
        self._means = [p.detach().clone() for p in parameters]

    def update(self) -> None:
        self._step += 1
        keep = min(self._decay, self._step / (self._step + 9)) if self._decay else 0.0
        with torch.no_grad():
            for mean, parameter in zip(self._means, self._parameters, strict=True):
                mean.lerp_(parameter, 1 - keep)

    def swap(self) -> None:
        with torch.no_grad():
            for mean, parameter in zip(self._means, self._parameters, strict=True):
                held = parameter.clone()
                parameter.copy_(mean)
                mean.copy_(held)

    def state(self) -> dict[str, Any]:
        return {"step": self._step, "means": self._means}

    def load(self, state: dict[str, Any]) -> None:
        self._step = state["step"]
        for mean, saved in zip(self._means, state["means"], strict=True):
            mean.copy_(saved)


def _is_over(history: list[dict[str, float]], patience: int) -> bool:
    if not history:
        return False
    lowest = min(history, key=lambda item: item["validation_loss"])
    return history[-1]["epoch"] - lowest["epoch"] >= patience


def _trained(module: nn.Module) -> dict[str, Tensor]:
    """Copies of the weights that training changes."""
    wanted = {name for name, parameter in module.named_parameters() if parameter.requires_grad}
    return {name: copy.deepcopy(value) for name, value in module.state_dict().items() if name in wanted}


def class_weights(classes: NDArray[np.int64], *, power: float, count: int) -> Tensor:
    """(count,) weights against imbalance with mean 1 over the documents: inverse frequency to a power.

    Args:
        classes: (n,) class of each document; power: 0 weighs all alike, 1 balances fully; count: how many classes
            there are. A class that does not occur weighs 0.
    """
    counts = np.bincount(classes, minlength=count).astype(float)
    weights = np.divide(1.0, counts, out=np.zeros_like(counts), where=counts > 0) ** power
    weights[counts == 0] = 0.0
    return torch.tensor(weights * counts.sum() / (weights * counts).sum(), dtype=torch.float32)


def _schedule(
    optimiser: torch.optim.Optimizer, *, total: int, warm_up_share: float
) -> torch.optim.lr_scheduler.LRScheduler:
    warm_up = max(1, round(warm_up_share * total))

    def factor(step: int) -> float:
        return min((step + 1) / warm_up, max(0.0, (total - step) / max(1, total - warm_up)))

    return torch.optim.lr_scheduler.LambdaLR(optimiser, factor)


def autocast(device: str) -> torch.autocast:
    """Matrix products in bfloat16 where the processor has it, and on a GPU."""
    return torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda" or best_precision() == "bf16")
