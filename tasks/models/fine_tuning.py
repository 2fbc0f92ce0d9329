"""Fine-tuning of an English sentiment model of one's own: labelled texts in, layers and a head out.

The encoder's lower layers stay as they are, because the embedding shares them; so their output is computed once and
kept. Above them the model trains layers of its own: all their weights (`full`), or low-rank adapters that are merged
at the end (`lora`, Hu et al. 2021), or none but the head (`head`, on the frozen encoder's pooled output).
Optimisation is AdamW with warm-up and linear decay, classes weighted against imbalance, batches of similar length.
What is kept is a moving average of the weights, not the last step's. Where texts come from several sets, each set has
a bias of its own in training: annotators differ in how readily they say neutral, and so the head need not learn one
crowd's habit. Validation loss decides after each epoch: the best epoch is kept, and training stops when it no longer
falls.
Runs on one thread are repeatable for a seed.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tasks.core.contracts import SENTIMENTS, Progress
from tasks.core.sentiment import readable
from tasks.models import bert, task_layers
from tasks.models.encoder import base_folder, base_tokenizer
from tasks.models.sentiment_head import Habits, SentimentHead, mixed, rows_of
from tasks.models.training_loop import Checkpoint, Steps, autocast, class_weights, run_epochs, shuffled_batches

METHODS = ("lora", "full", "head")
CACHE_BATCH_DOCUMENTS = 64
BUCKET_BATCHES = 50


@dataclass(frozen=True)
class Recipe:
    """How to train. first_layer: the lowest layer that the model has for itself, from 0.

    class_weight_power: weights of classes are their inverse frequency to this power (0: none, 1: fully balanced).
    patience: epochs without a lower validation loss after which training stops.
    layer_decay: each layer learns at this share of the rate of the layer above it.
    label_smoothing: share of a label's probability that is spread over all classes.
    average: decay of the weights' moving average per step, reached gradually; 0: the last step's weights.
    """

    method: str = "lora"
    epochs: int = 3
    seed: int = 13
    first_layer: int = 3
    learning_rate: float = 7e-5
    head_learning_rate: float = 3.5e-4
    batch_documents: int = 32
    max_tokens: int = 96
    dropout: float = 0.1
    weight_decay: float = 0.01
    warm_up_share: float = 0.06
    class_weight_power: float = 0.5
    patience: int = 1
    lora_rank: int = 16
    layer_decay: float = 1.0
    label_smoothing: float = 0.0
    average: float = 0.99


@dataclass(frozen=True)
class FineTuned:
    """A trained model: layers by index (empty for `head`), the head, and the history of its epochs."""

    first_layer: int
    layers: nn.ModuleList
    head: SentimentHead
    history: list[dict] = field(default_factory=list)


class FineTuner:
    """One training run.

    Args:
        start: a model to go on from, such as the shipped one; None starts from the base layers and an empty head.
    """

    def __init__(self, recipe: Recipe, *, start: FineTuned | None = None) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._tokenizer = base_tokenizer()
        self._embeddings, base = bert.load_base(base_folder() / "model.safetensors")
        is_head_only = recipe.method == "head"
        self.first_layer = len(base) if is_head_only else start.first_layer if start else recipe.first_layer
        self._frozen = base[: self.first_layer].eval()
        own = start.layers if start and len(start.layers) and not is_head_only else base[self.first_layer :]
        self._layers = nn.ModuleList([_with_dropout(layer, recipe.dropout) for layer in own])
        begun = start.head if start and not is_head_only else None
        rows = len(begun.bias) if begun else rows_of(1)
        self._head = nn.Linear(self._embeddings.word.embedding_dim, rows)
        if begun is not None:
            self._head.load_state_dict({"weight": torch.tensor(begun.weight), "bias": torch.tensor(begun.bias)})
        self._offset = torch.tensor(begun.offset if begun else np.zeros((1, len(SENTIMENTS)), np.float32))
        self._adapters = self._add_adapters() if recipe.method == "lora" else None
        for module in (self._embeddings, self._frozen, self._layers, self._head):
            module.to(self._device)

    def fit(
        self,
        texts: Sequence[str],
        classes: NDArray[np.int64],
        *,
        repeats: NDArray[np.int64],
        validation: tuple[Sequence[str], NDArray[np.int64]],
        progress: Progress,
        sources: NDArray[np.int64] | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> FineTuned:
        """Train on n texts, each seen `repeats` times an epoch; keep the epoch with the lowest validation loss.

        Args:
            sources: (n,) number of the set that each text comes from; None: all are from one.
            checkpoint: from where a training that was killed goes on; None keeps none.
        """
        recipe, device = self.recipe, self._device
        inputs, held_out = self._lower(texts, progress=progress), self._lower(validation[0], progress=progress)
        sample = np.repeat(np.arange(len(texts)), repeats)
        weights = class_weights(classes[sample], power=recipe.class_weight_power, count=len(SENTIMENTS)).to(device)
        targets = torch.from_numpy(classes).to(device)
        habits = Habits(1 if sources is None else int(sources.max()) + 1).to(device)
        owners = torch.zeros(len(texts), dtype=torch.long) if sources is None else torch.from_numpy(sources)
        owners = owners.to(device)
        lengths = [len(inputs[i]) for i in sample]

        def loss(batch: Sequence[int]) -> Tensor:
            chosen = sample[list(batch)]
            with autocast(device):
                features = self._upper([inputs[i] for i in chosen])
            features = functional.dropout(features.float(), recipe.dropout)
            return functional.cross_entropy(
                mixed(self._head(features), self._offset.to(device)) + habits.bias[owners[chosen]],
                targets[chosen],
                weight=weights,
                label_smoothing=recipe.label_smoothing,
            )

        def validate() -> dict[str, float]:
            logits = torch.from_numpy(self._logits(held_out))
            truth = torch.from_numpy(validation[1])
            return {
                "validation_loss": round(float(functional.cross_entropy(logits, truth)), 4),
                "validation_accuracy": round(float((logits.argmax(dim=1) == truth).float().mean()), 4),
            }

        steps = Steps(
            batches=lambda order: shuffled_batches(lengths, order, size=recipe.batch_documents, bucket=BUCKET_BATCHES),
            loss=loss,
            validate=validate,
            count=-(-len(sample) // recipe.batch_documents),
        )
        history = run_epochs(
            nn.ModuleList([self._layers, self._head]),
            steps,
            optimiser=self._optimiser(habits=habits if len(habits.bias) > 1 else None),
            epochs=recipe.epochs,
            patience=recipe.patience,
            warm_up_share=recipe.warm_up_share,
            seed=recipe.seed,
            progress=progress,
            average=recipe.average,
            aside=habits,
            checkpoint=checkpoint,
        )
        return self._finished(history)

    def _lower(self, texts: Sequence[str], *, progress: Progress) -> list[Tensor]:
        """Output of the frozen layers for each text, (n_tokens, dim) in half precision; texts are cut at max_tokens."""
        most = self.recipe.max_tokens
        encoded = self._tokenizer.encode_batch_fast([readable(text) for text in texts])
        ids = [item.ids if len(item.ids) <= most else [*item.ids[: most - 1], item.ids[-1]] for item in encoded]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        out: list[Tensor] = [torch.empty(0)] * len(ids)
        progress.start("read texts", len(ids))
        with torch.inference_mode(), autocast(self._device):
            for start in range(0, len(order), CACHE_BATCH_DOCUMENTS):
                batch = order[start : start + CACHE_BATCH_DOCUMENTS]
                runs = bert.runs_of(len(ids[i]) for i in batch)
                tokens = torch.tensor([token for i in batch for token in ids[i]], device=self._device)
                hidden = self._embeddings(tokens, bert.positions_of(runs).to(self._device))
                for layer in self._frozen:
                    hidden = layer(hidden, runs)
                for i, piece in zip(batch, hidden.bfloat16().cpu().split([len(ids[i]) for i in batch]), strict=True):
                    out[i] = piece
                progress.advance(len(batch))
        progress.finish(f"{len(ids)} texts, {sum(map(len, ids))} tokens")
        return out

    def _upper(self, inputs: list[Tensor]) -> Tensor:
        """(n_documents, dim) pooled output of the model's own layers; inputs in order of length."""
        runs = bert.runs_of(len(item) for item in inputs)
        hidden = torch.cat(inputs).to(self._device).float()
        for layer in self._layers:
            hidden = layer(hidden, runs)
        return bert.mean_pool(hidden, runs)

    def _logits(self, inputs: list[Tensor]) -> NDArray[np.float32]:
        """(n, 4) logits of texts, in their order."""
        self._layers.eval()
        out = np.zeros((len(inputs), len(SENTIMENTS)), np.float32)
        order = sorted(range(len(inputs)), key=lambda i: len(inputs[i]))
        with torch.inference_mode():
            for start in range(0, len(order), CACHE_BATCH_DOCUMENTS):
                batch = order[start : start + CACHE_BATCH_DOCUMENTS]
                with autocast(self._device):
                    features = self._upper([inputs[i] for i in batch])
                out[batch] = mixed(self._head(features.float()), self._offset.to(self._device)).cpu().numpy()
        return out

    def _optimiser(self, *, habits: Habits | None) -> torch.optim.Optimizer:
        recipe = self.recipe
        groups: list[dict] = []
        for below_top, layer in enumerate(reversed(self._layers)):
            own = [p for p in layer.parameters() if p.requires_grad]
            groups.append({"params": own, "lr": recipe.learning_rate * recipe.layer_decay**below_top})
        groups = [group for group in groups if group["params"]]
        groups.append({"params": list(self._head.parameters()), "lr": recipe.head_learning_rate})
        if habits is not None:
            groups.append({"params": list(habits.parameters()), "lr": Habits.LEARNING_RATE, "weight_decay": 0.0})
        return torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)

    def _add_adapters(self) -> nn.Module:
        """Freeze the layers and put trainable low-rank adapters beside their matrices."""
        from peft import LoraConfig, LoraModel

        config = LoraConfig(
            r=self.recipe.lora_rank,
            lora_alpha=2 * self.recipe.lora_rank,
            lora_dropout=self.recipe.dropout,
            target_modules=["qkv", "attention_out", "up", "down"],
        )
        return LoraModel(self._layers, config, "default")

    def _finished(self, history: list[dict]) -> FineTuned:
        layers = self._layers
        if self._adapters is not None:
            for layer in layers:
                for name in ("qkv", "attention_out", "up", "down"):
                    adapted = getattr(layer, name)
                    adapted.merge()
                    setattr(layer, name, adapted.get_base_layer())
        layers.cpu().eval()
        weight, bias = (p.detach().cpu().numpy().astype(np.float32) for p in (self._head.weight, self._head.bias))
        return FineTuned(self.first_layer, layers, SentimentHead(weight, bias, self._offset.numpy()), history)


def to_tensors(model: FineTuned) -> dict[str, Tensor]:
    """What is stored of a model: float16 tensors `layers.<index>.<name>` and the head's."""
    tensors = task_layers.to_tensors(model.first_layer, model.layers) | model.head.tensors()
    return {name: value.detach().half().contiguous() for name, value in tensors.items()}


def _with_dropout(layer: nn.Module, dropout: float) -> nn.Module:
    """A copy of a layer that drops values in training."""
    ours = copy.deepcopy(layer)
    ours.dropout = dropout  # type: ignore[assignment]
    return ours
