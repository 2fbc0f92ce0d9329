"""Fine-tuning of any transformers model by name: labelled texts in, a saved classifier out.

The model is one of the hub (pinned, and on this machine) or a folder. `lora` trains low-rank adapters (Hu et al. 2021)
and merges them at the end, `full` all weights, `head` the classification head alone. A GPU is used where there is
one. Long texts are cut at the model's length for training; the finished model reads them in windows.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tasks.core.contracts import SENTIMENTS, Progress
from tasks.core.sentiment import readable
from tasks.errors import UsageError
from tasks.models import hub
from tasks.models.training_loop import Checkpoint, Steps, class_weights, run_epochs, shuffled_batches

BUCKET_BATCHES = 50
LEARNING_RATES = {"lora": 2e-4, "full": 3e-5, "head": 1e-3}


@dataclass(frozen=True)
class HubRecipe:
    """How to train. learning_rate: None takes the method's."""

    method: str = "lora"
    epochs: int = 3
    seed: int = 13
    batch_documents: int = 16
    max_tokens: int = 128
    learning_rate: float | None = None
    weight_decay: float = 0.01
    warm_up_share: float = 0.06
    class_weight_power: float = 0.5
    patience: int = 1
    lora_rank: int = 16


@dataclass(frozen=True)
class HubTrained:
    """A saved model: its files, logits (n, 4) of the validation texts, and its history."""

    files: dict[str, bytes]
    logits: NDArray[np.float32]
    history: list[dict[str, float]]


def fit_hub(
    model: hub.HubModel,
    texts: Sequence[str],
    classes: NDArray[np.int64],
    *,
    validation: tuple[Sequence[str], NDArray[np.int64]],
    recipe: HubRecipe,
    progress: Progress,
    checkpoint: Checkpoint | None = None,
) -> HubTrained:
    """Fine-tune a model on n texts with classes (n,), columns of SENTIMENTS."""
    import transformers

    torch.manual_seed(recipe.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if model.folder is None:
        raise UsageError(f"{model.name} can't be fine-tuned", fix="name a transformers model with --base")
    tokenizer = transformers.AutoTokenizer.from_pretrained(model.folder, use_fast=True, local_files_only=True)
    network = _prepared(_load(model.folder), recipe).to(device)
    most = min(recipe.max_tokens, tokenizer.model_max_length)
    inputs = _tokens(tokenizer, texts, most)
    held_out = _tokens(tokenizer, validation[0], most)
    weights = class_weights(classes, power=recipe.class_weight_power, count=len(SENTIMENTS)).to(device)
    targets = torch.from_numpy(classes).to(device)
    lengths = [len(ids) for ids in inputs]

    def logits_of(batch: Sequence[list[int]]) -> Tensor:
        padded = tokenizer.pad({"input_ids": list(batch)}, return_tensors="pt").to(device)
        return network(**padded).logits.float()

    def validate() -> dict[str, float]:
        logits = torch.from_numpy(_all_logits(held_out, logits_of))
        truth = torch.from_numpy(validation[1])
        return {
            "validation_loss": round(float(functional.cross_entropy(logits, truth)), 4),
            "validation_accuracy": round(float((logits.argmax(dim=1) == truth).float().mean()), 4),
        }

    def batches(order: random.Random) -> Any:
        return shuffled_batches(lengths, order, size=recipe.batch_documents, bucket=BUCKET_BATCHES)

    steps = Steps(
        batches=batches,
        loss=lambda batch: functional.cross_entropy(
            logits_of([inputs[i] for i in batch]), targets[list(batch)], weight=weights
        ),
        validate=validate,
        count=-(-len(inputs) // recipe.batch_documents),
    )
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    rate = recipe.learning_rate or LEARNING_RATES[recipe.method]
    history = run_epochs(
        network,
        steps,
        optimiser=torch.optim.AdamW(trained, lr=rate, weight_decay=recipe.weight_decay),
        epochs=recipe.epochs,
        patience=recipe.patience,
        warm_up_share=recipe.warm_up_share,
        seed=recipe.seed,
        progress=progress,
        checkpoint=checkpoint,
    )
    logits = _all_logits(held_out, logits_of)
    if recipe.method == "lora":
        network = network.merge_and_unload()
    return HubTrained(_files(network, tokenizer), logits, history)


def card_of(model: hub.HubModel, recipe: HubRecipe, history: list[dict[str, float]]) -> dict[str, Any]:
    """What the card of a model fine-tuned from another says."""
    return {
        "kind": "hub",
        "method": recipe.method,
        "base": {"name": model.name, "revision": model.revision, "licence": model.licence},
        "goes_on_from": f"{model.name}@{model.revision}",
        "recipe": asdict(recipe),
        "history": history,
    }


def _load(folder: Path) -> Any:
    """The network with a head of our four classes, new where the model had another one."""
    import transformers

    names = dict(enumerate(SENTIMENTS))
    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    config.id2label, config.label2id = names, {name: number for number, name in names.items()}
    before = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()  # that the head is new is what is wanted
    try:
        return transformers.AutoModelForSequenceClassification.from_pretrained(
            folder, config=config, local_files_only=True, ignore_mismatched_sizes=True
        )
    finally:
        transformers.logging.set_verbosity(before)


def _prepared(network: Any, recipe: HubRecipe) -> Any:
    """The network with what the method trains, and the rest frozen."""
    if recipe.method == "lora":
        from peft import LoraConfig, TaskType, get_peft_model

        config = LoraConfig(
            task_type=TaskType.SEQ_CLS,
            r=recipe.lora_rank,
            lora_alpha=2 * recipe.lora_rank,
            lora_dropout=0.1,
            target_modules="all-linear",
        )
        return get_peft_model(network, config)
    if recipe.method == "head":
        for parameter in network.base_model.parameters():
            parameter.requires_grad = False
    return network


def _tokens(tokenizer: Any, texts: Sequence[str], most: int) -> list[list[int]]:
    return tokenizer([readable(text) for text in texts], truncation=True, max_length=most)["input_ids"]


def _all_logits(inputs: Sequence[list[int]], logits_of: Any, *, size: int = 64) -> NDArray[np.float32]:
    """(n, 4) logits of texts, in their order."""
    order = sorted(range(len(inputs)), key=lambda i: len(inputs[i]))
    out = np.zeros((len(inputs), len(SENTIMENTS)), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            out[batch] = logits_of([inputs[i] for i in batch]).cpu().numpy()
    return out


def _files(network: Any, tokenizer: Any) -> dict[str, bytes]:
    with TemporaryDirectory() as folder:
        network.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir()) if path.is_file()}
