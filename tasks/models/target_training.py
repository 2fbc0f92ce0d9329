"""Training of the English model that says how a text speaks of the thing at a span: labelled spans in, layers out.

The model has layers of its own above the encoder's frozen ones, and a linear head that reads the mean over the span's
tokens beside the mean over the window's. A name must not decide: in training, names are swapped at random for others
(of the same sets, or made up), so that what a company was said to be last year is nothing to learn. Optimisation is
AdamW with warm-up and linear decay; the epoch with the lowest validation loss is kept. Repeatable on one thread.
"""

from __future__ import annotations

import copy
import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tasks.core.contracts import Progress
from tasks.core.targets import POLARITIES, TargetExample
from tasks.models import bert
from tasks.models.encoder import base_folder, base_tokenizer
from tasks.models.targets import span_features
from tasks.models.windows import Window, cut

_log = logging.getLogger(__name__)
BUCKET_BATCHES = 40
SCORE_BATCH = 48


@dataclass(frozen=True)
class TargetRecipe:
    """How to train. swap_share: of names that are swapped, in each epoch anew; max_tokens: longer windows are cut."""

    epochs: int = 4
    seed: int = 13
    first_layer: int = 3
    learning_rate: float = 1e-4
    head_learning_rate: float = 1e-3
    batch_texts: int = 32
    dropout: float = 0.1
    weight_decay: float = 0.01
    warm_up_share: float = 0.06
    class_weight_power: float = 0.5
    swap_share: float = 0.6


@dataclass(frozen=True)
class TrainedTargets:
    """layers by index from first_layer; the head's weight (3, 2 dim) and bias (3,); one row an epoch."""

    first_layer: int
    layers: nn.ModuleList
    head: nn.Linear
    history: list[dict] = field(default_factory=list)

    def tensors(self) -> dict[str, Tensor]:
        """What is stored: `layers.<index>.<name>`, `head.weight`, `head.bias`."""
        layers = {
            f"layers.{self.first_layer + offset}.{name}": value
            for offset, layer in enumerate(self.layers)
            for name, value in layer.state_dict().items()
        }
        return layers | {"head.weight": self.head.weight, "head.bias": self.head.bias}


def swap_names(example: TargetExample, names: Sequence[str], share: float, chance: random.Random) -> TargetExample:
    """The example with some of its names exchanged for others that it does not hold; spans move along."""
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    place = length = 0
    for start, end in example.spans:
        name = example.text[start:end]
        if chance.random() < share:
            other = chance.choice(names)
            name = other if other.casefold() not in example.text.casefold() and other not in "".join(pieces) else name
        pieces += [example.text[place:start], name]
        begin = length + start - place
        length = begin + len(name)
        spans.append((begin, length))
        place = end
    pieces.append(example.text[place:])
    return replace(example, text="".join(pieces), spans=tuple(spans))


class TargetTrainer:
    """One training run, from the encoder's base layers."""

    def __init__(self, recipe: TargetRecipe) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self._chance = random.Random(recipe.seed)
        self._tokenizer = base_tokenizer()
        self._embeddings, base = bert.load_base(base_folder() / "model.safetensors")
        self._frozen = base[: recipe.first_layer].eval()
        self._layers = nn.ModuleList([copy.deepcopy(layer) for layer in base[recipe.first_layer :]])
        for layer in self._layers:
            layer.dropout = recipe.dropout  # type: ignore[assignment]
        self._head = nn.Linear(2 * self._embeddings.word.embedding_dim, len(POLARITIES))

    def fit(
        self,
        examples: Sequence[TargetExample],
        validation: dict[str, Sequence[TargetExample]],
        *,
        progress: Progress,
        report: Callable[[dict], None] | None = None,
    ) -> TrainedTargets:
        """Train on texts with labelled spans.

        Args:
            validation: sets by name; the mean of their losses decides which epoch is kept.
            report: is told each epoch's row.
        """
        recipe = self.recipe
        names = sorted({
            item.text[start:end]
            for item in examples
            if item.has_names
            for start, end in item.spans
        })  # fmt: skip
        weights = _class_weights(examples, recipe.class_weight_power)
        optimiser, schedule = self._optimiser(steps=recipe.epochs * -(-len(examples) // recipe.batch_texts))
        history: list[dict] = []
        best: tuple[nn.ModuleList, nn.Linear] = (self._layers, self._head)
        progress.start("train", recipe.epochs * len(examples))
        for epoch in range(1, recipe.epochs + 1):
            started = time.process_time()
            self._layers.train()
            losses = []
            swapped = [
                swap_names(item, names, recipe.swap_share, self._chance) if item.has_names else item
                for item in examples
            ]
            for windows, labels in self._batches(swapped):
                logits = self._logits(windows)
                loss = functional.cross_entropy(logits, labels, weight=weights)
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_([*self._layers.parameters(), *self._head.parameters()], 1.0)
                optimiser.step()
                schedule.step()
                losses.append(float(loss.detach()))
                progress.advance(recipe.batch_texts)
            row: dict = {"epoch": epoch, "training_loss": round(float(np.mean(losses)), 4)}
            for name, held_out in validation.items():
                scores, truth = self.scores(held_out)
                row[f"{name}_loss"] = round(float(functional.cross_entropy(scores, truth)), 4)
                row[f"{name}_accuracy"] = round(float((scores.argmax(dim=1) == truth).float().mean()), 4)
            row["validation_loss"] = round(float(np.mean([row[f"{name}_loss"] for name in validation])), 4)
            row["cpu_seconds"] = round(time.process_time() - started)
            history.append(row)
            if report:
                report(row)
            _log.info("train_targets %s", " ".join(f"{key}={value}" for key, value in row.items()))
            if min(history, key=lambda item: item["validation_loss"]) is row:
                best = (copy.deepcopy(self._layers), copy.deepcopy(self._head))
        progress.finish(f"lowest validation loss {min(row['validation_loss'] for row in history)}")
        self._layers, self._head = best
        return TrainedTargets(recipe.first_layer, self._layers.eval(), self._head, history)

    def scores(self, examples: Sequence[TargetExample]) -> tuple[Tensor, Tensor]:
        """Logits (n_spans, 3) and classes (n_spans,) of labelled spans."""
        self._layers.eval()
        logits, classes = [], []
        with torch.inference_mode():
            order = sorted(range(len(examples)), key=lambda i: len(examples[i].text))
            for start in range(0, len(order), SCORE_BATCH):
                windows, labels = self._windows([examples[i] for i in order[start : start + SCORE_BATCH]])
                if windows:
                    logits.append(self._logits(windows))
                    classes.append(labels)
        return torch.cat(logits), torch.cat(classes)

    def _logits(self, windows: list[Window]) -> Tensor:
        """(n_spans, 3) of the windows' spans, in their order."""
        runs = bert.runs_of(len(window.ids) for window in windows)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bert.best_precision() == "bf16"):
            with torch.no_grad():
                ids = torch.tensor([token for window in windows for token in window.ids])
                hidden = self._embeddings(ids, bert.positions_of(runs))
                for layer in self._frozen:
                    hidden = layer(hidden, runs)
            for layer in self._layers:
                hidden = layer(hidden, runs)
        features = span_features(hidden.float(), runs, windows)
        return self._head(functional.dropout(features, self.recipe.dropout, self._layers.training))

    def _windows(self, examples: Sequence[TargetExample]) -> tuple[list[Window], Tensor]:
        """The texts' windows that hold spans, shortest first, and the spans' classes in that order."""
        pieces = cut(
            [item.text for item in examples], self._tokenizer, spans=[e.spans for e in examples], has_offsets=True
        )
        windows = sorted((w for w in pieces.windows if w.spans), key=lambda window: len(window.ids))
        classes = [
            POLARITIES.index(examples[window.text_index].labels[examples[window.text_index].spans.index(span)])
            for window in windows
            for span in window.spans
        ]
        return windows, torch.tensor(classes)

    def _batches(self, examples: Sequence[TargetExample]) -> Iterator[tuple[list[Window], Tensor]]:
        """One epoch: batches of texts of similar length, in random order."""
        size = self.recipe.batch_texts
        order = list(range(len(examples)))
        self._chance.shuffle(order)
        batches: list[list[int]] = []
        for start in range(0, len(order), size * BUCKET_BATCHES):
            bucket = sorted(order[start : start + size * BUCKET_BATCHES], key=lambda i: len(examples[i].text))
            batches += [bucket[at : at + size] for at in range(0, len(bucket), size)]
        self._chance.shuffle(batches)
        for batch in batches:
            windows, labels = self._windows([examples[i] for i in batch])
            if windows:
                yield windows, labels

    def _optimiser(self, *, steps: int) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
        optimiser = torch.optim.AdamW(
            [
                {"params": list(self._layers.parameters()), "lr": self.recipe.learning_rate},
                {"params": list(self._head.parameters()), "lr": self.recipe.head_learning_rate},
            ],
            weight_decay=self.recipe.weight_decay,
        )
        warm_up = max(1, round(self.recipe.warm_up_share * steps))

        def factor(step: int) -> float:
            return min((step + 1) / warm_up, max(0.0, (steps - step) / max(1, steps - warm_up)))

        return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, factor)


def _class_weights(examples: Sequence[TargetExample], power: float) -> Tensor:
    """(3,) weights with mean 1 over the labelled spans."""
    counts: NDArray[np.float64] = np.array(
        [sum(item.labels.count(label) for item in examples) for label in POLARITIES], float
    )
    weights = np.maximum(counts, 1) ** -power
    return torch.tensor(weights * counts.sum() / (weights * counts).sum(), dtype=torch.float32)
