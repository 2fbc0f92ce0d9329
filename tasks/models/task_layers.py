"""The layers above the encoder that several shipped models read together, and how a model names them.

A model that reads them holds no layers: its `layers.json` says {"name": …, "revision": …}. That file is part of what
the model's revision is a hash of, so a head never speaks of other layers than those that it learnt with.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.config import OFFLINE_BUNDLE_ROOT
from tasks.models import cards

if TYPE_CHECKING:
    from torch import Tensor, nn

NAMED = "layers.json"
WEIGHTS = "model.safetensors"
KIND = "layers"


def naming(folder: Path) -> bytes:
    """What a model's `layers.json` holds that reads the task layers in a folder."""
    return (json.dumps({"name": folder.parent.name, "revision": folder.name}, indent=2) + "\n").encode()


def task_layers_of(folder: Path) -> Path | None:
    """Folder of the task layers that a model names; None for a model with layers of its own."""
    path = folder / NAMED
    if not path.is_file():
        return None
    named = json.loads(path.read_text(encoding="utf-8"))
    return OFFLINE_BUNDLE_ROOT / named["name"] / named["revision"]


@lru_cache(maxsize=2)
def load_task_layers(folder: Path) -> tuple[int, nn.ModuleList]:
    """The lowest layer's index and the layers; for one folder always the same object.

    Raises:
        ModelUnavailableError: their files are missing, or are not the expected ones.
    """
    from safetensors.torch import load_file

    from tasks.models.bert import new_layers
    from tasks.models.int8 import unpacked

    card = cards.load_card(folder)
    state = unpacked(load_file(folder / WEIGHTS))
    indices = sorted({int(name.split(".")[1]) for name in state})
    return card["first_layer"], new_layers(state, indices=indices)


def to_tensors(first_layer: int, layers: nn.ModuleList) -> dict[str, Tensor]:
    """Layers as named tensors, `layers.<index>.<name>`."""
    return {
        f"layers.{first_layer + offset}.{name}": value
        for offset, layer in enumerate(layers)
        for name, value in layer.state_dict().items()
    }
