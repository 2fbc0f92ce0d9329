"""Weight matrices in one byte a number: what is stored of a model's own layers.

Each row of a matrix (an output channel) has a scale of its own, its largest value divided by 127; a number is the
nearest whole multiple of it (symmetric quantisation per channel). Vectors, such as biases, stay float16. Models are
brought back to float32 when they are loaded, so that only the files are smaller.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

SCALE = ".scale"
LEVELS = 127


def packed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as they are stored: a matrix as int8 with `<name>.scale` (rows,) float16, anything else as float16."""
    out: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        values = tensor.detach().float()
        if values.ndim != 2:
            out[name] = values.half().contiguous()
            continue
        # Rounded to what is stored first, so that the whole numbers fit the scale that is read back.
        scale = (values.abs().amax(dim=1) / LEVELS).clamp_min(1e-6).half()
        out[name] = (values / scale.float()[:, None]).round().clamp(-LEVELS, LEVELS).to(torch.int8).contiguous()
        out[name + SCALE] = scale
    return out


def unpacked(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Stored tensors in float32, without their scales."""
    return {
        name: tensor.float() * tensors[name + SCALE].float()[:, None] if name + SCALE in tensors else tensor.float()
        for name, tensor in tensors.items()
        if not name.endswith(SCALE)
    }
