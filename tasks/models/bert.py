"""The layers of a BERT encoder in plain torch, on packed tokens: no padding, and no import of transformers.

Tokens of a batch lie behind one another in one (n_tokens, dim) matrix, documents sorted by length. Everything
but attention works token by token and needs no more than that. Attention works on runs of documents of equal
length, as a view of the same matrix; so no token is ever computed that isn't there. Importing transformers
costs 6 CPU-seconds, this module nothing beyond torch.

The names follow Vaswani et al., "Attention Is All You Need" (2017), and Devlin et al., "BERT" (2019).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

HEAD_COUNT = 12
LAYER_NORM_EPS = 1e-12
Runs = list[tuple[int, int]]


class Layer(nn.Module):
    """One transformer layer: attention, then a feed-forward net, each with a residual and a layer norm."""

    def __init__(self, *, dim: int, inner_dim: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.qkv = nn.Linear(dim, 3 * dim)
        self.attention_out = nn.Linear(dim, dim)
        self.attention_norm = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.up = nn.Linear(dim, inner_dim)
        self.down = nn.Linear(inner_dim, dim)
        self.output_norm = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.dropout = dropout

    def forward(self, hidden: Tensor, runs: Runs) -> Tensor:
        """(n_tokens, dim) in, (n_tokens, dim) out; runs: (documents, tokens each), in the order of the rows."""
        attended = self.attention_out(_attention(self.qkv(hidden), runs, dropout=self._dropout))
        hidden = self.attention_norm(hidden + self._drop(attended))
        return self.output_norm(hidden + self._drop(self.down(functional.gelu(self.up(hidden)))))

    @property
    def _dropout(self) -> float:
        return self.dropout if self.training else 0.0

    def _drop(self, values: Tensor) -> Tensor:
        return functional.dropout(values, self.dropout, self.training) if self.dropout else values


class Embeddings(nn.Module):
    """Token ids and positions to the vectors that the first layer reads."""

    def __init__(self, *, vocabulary: int, positions: int, dim: int) -> None:
        super().__init__()
        self.word = nn.Embedding(vocabulary, dim)
        self.position = nn.Embedding(positions, dim)
        self.norm = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)

    def forward(self, ids: Tensor, positions: Tensor) -> Tensor:
        return self.norm(self.word(ids) + self.position(positions))


def runs_of(lengths: Iterable[int]) -> Runs:
    """Documents in a row that have the same length, as (documents, tokens each)."""
    return [(sum(1 for _ in group), length) for length, group in groupby(lengths)]


def positions_of(runs: Runs) -> Tensor:
    """(n_tokens,) place of each token in its document."""
    return torch.cat([torch.arange(length).repeat(count) for count, length in runs])


def mean_pool(hidden: Tensor, runs: Runs) -> Tensor:
    """(n_tokens, dim) to (n_documents, dim): the mean over each document's tokens, in float32."""
    pieces = hidden.split([count * length for count, length in runs])
    return torch.cat(
        [
            piece.view(count, length, -1).mean(dim=1, dtype=torch.float32)
            for piece, (count, length) in zip(pieces, runs, strict=True)
        ]
    )


def load_base(path: Path) -> tuple[Embeddings, nn.ModuleList]:
    """Read a BERT checkpoint in safetensors format (Hugging Face's names) in float32.

    The segment vector of the first sentence, which every token of a single text has, is added to the positions.
    """
    from safetensors.torch import load_file

    state = {name.removeprefix("bert."): tensor for name, tensor in load_file(path).items()}
    word, position = state["embeddings.word_embeddings.weight"], state["embeddings.position_embeddings.weight"]
    embeddings = Embeddings(vocabulary=len(word), positions=len(position), dim=word.shape[1])
    embeddings.load_state_dict(
        {
            "word.weight": word,
            "position.weight": position + state["embeddings.token_type_embeddings.weight"][0],
            "norm.weight": state["embeddings.LayerNorm.weight"],
            "norm.bias": state["embeddings.LayerNorm.bias"],
        }
    )
    layer_count = 1 + max(int(name.split(".")[2]) for name in state if name.startswith("encoder.layer."))
    layers = nn.ModuleList()
    for index in range(layer_count):
        own = {
            ours: torch.cat([state[f"encoder.layer.{index}.{theirs}"] for theirs in names])
            for ours, names in _checkpoint_names().items()
        }
        layer = Layer(dim=word.shape[1], inner_dim=len(own["up.bias"]))
        layer.load_state_dict(own)
        layers.append(layer)
    return embeddings, layers


def new_layers(state: dict[str, Tensor], *, indices: Sequence[int]) -> nn.ModuleList:
    """Layers from saved tensors named `layers.<index>.<name>`, in float32, in the order of the indices."""
    layers = nn.ModuleList()
    for index in indices:
        prefix = f"layers.{index}."
        own = {name.removeprefix(prefix): value.float() for name, value in state.items() if name.startswith(prefix)}
        layer = Layer(dim=len(own["down.bias"]), inner_dim=len(own["up.bias"]))
        layer.load_state_dict(own)
        layers.append(layer)
    return layers


def best_precision() -> str:
    """bf16 where the processor multiplies it, else fp32."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "fp32"
    return "bf16" if "avx512_bf16" in flags else "fp32"


def _attention(qkv: Tensor, runs: Runs, *, dropout: float) -> Tensor:
    """Scaled dot-product attention inside each document; (n_tokens, 3 dim) in, (n_tokens, dim) out."""
    dim = qkv.shape[1] // 3
    out = []
    for piece, (count, length) in zip(qkv.split([count * length for count, length in runs]), runs, strict=True):
        # (count, length, 3, heads, head_dim) to three of (count, heads, length, head_dim)
        query, key, value = piece.view(count, length, 3, HEAD_COUNT, -1).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout)
        out.append(attended.transpose(1, 2).reshape(count * length, dim))
    return torch.cat(out)


def _checkpoint_names() -> dict[str, list[str]]:
    """Our parameter names, and the checkpoint's tensors that make each (several are laid under one another)."""
    modules = {
        "qkv": ["attention.self.query", "attention.self.key", "attention.self.value"],
        "attention_out": ["attention.output.dense"],
        "attention_norm": ["attention.output.LayerNorm"],
        "up": ["intermediate.dense"],
        "down": ["output.dense"],
        "output_norm": ["output.LayerNorm"],
    }
    return {
        f"{ours}.{part}": [f"{name}.{part}" for name in theirs]
        for ours, theirs in modules.items()
        for part in ("weight", "bias")
    }
