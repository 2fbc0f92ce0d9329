"""Training of the English task layers: one stack above the encoder's frozen ones, learnt by three tasks at once.

Sentiment of a document, how a text speaks of the thing at a span, and the names in it are read from the same own
layers (Caruana, "Multitask Learning", 1997), so that a run pays for them once. Batches of one task each come in random
order; every batch's gradient is cut to one length, which keeps a task with a large loss from drowning the others.

Sentiment: a mixture of heads, one for each style of text (tasks/models/sentiment_head.py), with a bias for each set in
training, because annotators differ in how readily they say neutral. Spans: a name must not decide, so in training
names are swapped at random for others, in each epoch anew. Names: the network over words of tasks/models/entity_en.py
with its random field. The lower layers do not change, so what they give is computed once, but for swapped texts. What
is kept is a moving average of the weights, of the epoch with the lowest validation loss.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tasks.core.contracts import SENTIMENTS, Progress
from tasks.core.targets import POLARITIES, TargetExample
from tasks.models import bert, crf, entity_en
from tasks.models.encoder import base_folder, base_tokenizer
from tasks.models.entities import continuations
from tasks.models.entity_words import WordRow, uncased, word_row
from tasks.models.marked_texts import MarkedText, tag_loss
from tasks.models.sentiment_head import STYLES, Habits, SentimentHead, gate, mixed, rows_of
from tasks.models.targets import span_features
from tasks.models.training_loop import Checkpoint, Steps, autocast, class_weights, run_epochs, shuffled_batches
from tasks.models.windows import Window, cut

CACHE_BATCH = 64
BUCKET_BATCHES = 50


@dataclass(frozen=True)
class JointRecipe:
    """How to train. first_layer: the lowest own layer, from 0; max_tokens: longer texts are cut in training.

    layer_decay: each layer learns at this share of the rate of the layer above it. swap_share: of names that are
    swapped. uncased_share: of texts that are read as if typed in lower case. style_weight: of the gate's own loss.
    name_passes: how often the marked texts are read in an epoch. average: decay of the weights' moving average.
    """

    epochs: int = 2
    seed: int = 13
    first_layer: int = 3
    learning_rate: float = 1e-4
    layer_decay: float = 0.8
    head_learning_rate: float = 5e-4
    net_learning_rate: float = 1.5e-3
    batch_texts: int = 32
    max_tokens: int = 80
    dropout: float = 0.1
    net_dropout: float = 0.3
    weight_decay: float = 0.01
    warm_up_share: float = 0.06
    class_weight_power: float = 0.5
    label_smoothing: float = 0.05
    average: float = 0.998
    swap_share: float = 0.6
    uncased_share: float = 0.1
    style_weight: float = 0.3
    name_passes: int = 2


@dataclass(frozen=True)
class SentimentTexts:
    """n texts with their classes (n,), how often each is read in an epoch (n,), its set and its style (-1: unknown)."""

    texts: Sequence[str]
    classes: NDArray[np.int64]
    repeats: NDArray[np.int64]
    sources: NDArray[np.int64]
    styles: NDArray[np.int64]


@dataclass(frozen=True)
class JointData:
    """What is learnt from. names: groups of marked texts, with the share of each that a pass draws."""

    sentiment: SentimentTexts
    targets: Sequence[TargetExample]
    names: Sequence[tuple[Sequence[MarkedText], float]]


@dataclass(frozen=True)
class TaskLayers:
    """A trained stack by index from first_layer, and what reads it. target_head: (3, 2 dim); tags: of the field."""

    first_layer: int
    layers: nn.ModuleList
    sentiment_head: SentimentHead
    target_head: nn.Linear
    project: nn.Linear
    net: entity_en.WordNet
    field: crf.Crf
    tags: Sequence[str]
    history: list[dict[str, float]] = field(default_factory=list)


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


class JointTrainer:
    """One training run, from the encoder's base layers.

    Args:
        types: of names that the tagger is to know.
    """

    def __init__(self, recipe: JointRecipe, *, types: Sequence[str]) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self._tokenizer = base_tokenizer()
        self._embeddings, base = bert.load_base(base_folder() / "model.safetensors")
        self._frozen = base[: recipe.first_layer].eval()
        self._layers = nn.ModuleList([copy.deepcopy(layer) for layer in base[recipe.first_layer :]])
        for layer in self._layers:
            layer.dropout = recipe.dropout  # type: ignore[assignment]
        dim = self._embeddings.word.embedding_dim
        self._sentiment = nn.Linear(dim, rows_of(len(STYLES)))
        self._target = nn.Linear(2 * dim, len(POLARITIES))
        self._project = nn.Linear(dim, entity_en.STATE_DIM)
        self.tags = crf.tags_of(types)
        self._net = entity_en.WordNet(tags=len(self.tags), dropout=recipe.net_dropout)
        self._field = crf.Crf(self.tags)
        self._continuations = continuations(self._tokenizer)

    def fit(
        self,
        data: JointData,
        *,
        validation: tuple[SentimentTexts, dict[str, Sequence[TargetExample]]],
        progress: Progress,
        checkpoint: Checkpoint | None = None,
    ) -> TaskLayers:
        """Train on everything; the epoch is kept whose losses on the validation sets have the lowest mean.

        Args:
            validation: texts with a sentiment, and sets of texts with labelled spans by name.
            checkpoint: from where a training that was killed goes on; None keeps none.
        """
        recipe = self.recipe
        texts, targets = data.sentiment, list(data.targets)
        states = self._lower(self._whole(texts.texts), progress)
        sample = np.repeat(np.arange(len(states)), texts.repeats)
        lengths = [len(states[i]) for i in sample]
        rows = [self._words(group) for group, _ in data.names]
        flat = [row for group in rows for row in group]
        name_states = self._lower([row.window for row in flat], progress)
        names = sorted({t.text[start:end] for t in targets if t.has_names for start, end in t.spans})
        # Places: first the sentiment sample, then the marked texts, then the texts with labelled spans.
        name_at, target_at = len(sample), len(sample) + len(flat)
        classes, sources, styles = map(torch.from_numpy, (texts.classes, texts.sources, texts.styles))
        habits = Habits(int(texts.sources.max()) + 1)
        weights = class_weights(texts.classes[sample], power=recipe.class_weight_power, count=len(SENTIMENTS))
        polarities = np.array([POLARITIES.index(label) for t in targets for label in t.labels])
        target_weights = class_weights(polarities, power=recipe.class_weight_power, count=len(POLARITIES))
        swapped = list(targets)

        def batches(order: random.Random) -> Iterator[list[int]]:
            for place, example in enumerate(targets):
                swapped[place] = swap_names(example, names, recipe.swap_share, order) if example.has_names else example
            found = list(shuffled_batches(lengths, order, size=recipe.batch_texts, bucket=BUCKET_BATCHES))
            for _ in range(recipe.name_passes):
                drawn: list[int] = []
                first = name_at
                for (_, share), group in zip(data.names, rows, strict=True):
                    drawn += order.sample(range(first, first + len(group)), int(len(group) * share))
                    first += len(group)
                found += self._bucketed(drawn, lambda i: len(name_states[i - name_at]), order)
            spans = range(target_at, target_at + len(targets))
            found += self._bucketed(list(spans), lambda i: len(swapped[i - target_at].text), order)
            order.shuffle(found)
            yield from found

        def loss(batch: Sequence[int]) -> Tensor:
            if batch[0] >= target_at:
                windows, truth = self._spans([swapped[i - target_at] for i in batch])
                return functional.cross_entropy(self._target_logits(windows), truth, weight=target_weights)
            if batch[0] >= name_at:
                places = [i - name_at for i in batch]
                return self._name_loss([flat[i] for i in places], [name_states[i] for i in places])
            chosen = sample[list(batch)]
            raw = self._sentiment_raw([states[i] for i in chosen])
            said = functional.cross_entropy(
                mixed(raw) + habits.bias[sources[chosen]],
                classes[chosen],
                weight=weights,
                label_smoothing=recipe.label_smoothing,
            )
            is_known = styles[chosen] >= 0
            if not is_known.any():
                return said
            told = functional.cross_entropy(gate(raw)[is_known], styles[chosen][is_known])
            return said + recipe.style_weight * told

        held_texts, held_spans = validation
        held_states = self._lower(self._whole(held_texts.texts), progress)

        def validate() -> dict[str, float]:
            with torch.inference_mode():
                logits = self._sentiment_logits(held_states)
                measured = {"sentiment": (logits, torch.from_numpy(held_texts.classes))}
                measured |= {name: self._target_scores(examples) for name, examples in held_spans.items()}
            out: dict[str, float] = {}
            for name, (scores, truth) in measured.items():
                out[f"{name}_loss"] = round(float(functional.cross_entropy(scores, truth)), 4)
                out[f"{name}_accuracy"] = round(float((scores.argmax(dim=1) == truth).float().mean()), 4)
            out["validation_loss"] = round(float(np.mean([out[f"{name}_loss"] for name in measured])), 4)
            return out

        drawn = sum(int(len(group) * share) for (_, share), group in zip(data.names, rows, strict=True))
        counts = (len(sample), drawn * recipe.name_passes, len(targets))
        history = run_epochs(
            nn.ModuleList([self._layers, self._sentiment, self._target, self._project, self._net, self._field]),
            Steps(batches, loss, validate, count=sum(-(-count // recipe.batch_texts) for count in counts)),
            optimiser=self._optimiser(habits),
            epochs=recipe.epochs,
            patience=recipe.epochs,
            warm_up_share=recipe.warm_up_share,
            seed=recipe.seed,
            progress=progress,
            average=recipe.average,
            aside=habits,
            checkpoint=checkpoint,
        )
        weight, bias = (p.detach().numpy().astype(np.float32) for p in (self._sentiment.weight, self._sentiment.bias))
        return TaskLayers(
            recipe.first_layer,
            self._layers.eval(),
            SentimentHead(weight, bias),
            self._target,
            self._project,
            self._net.eval(),
            self._field,
            self.tags,
            history,
        )

    def _whole(self, texts: Sequence[str]) -> list[Window]:
        """Each text's first window, cut at max_tokens; one that holds nothing is its two special tokens."""
        pieces = cut(texts, self._tokenizer, spans=None, has_offsets=False)
        first = {window.text_index: window for window in reversed(pieces.windows)}
        most = self.recipe.max_tokens
        empty = self._tokenizer.encode("").ids
        no_offsets = np.full(0, -1, np.int32)
        windows = [first.get(index) or Window(index, empty, no_offsets, no_offsets) for index in range(len(texts))]
        return [w if len(w.ids) <= most else replace(w, ids=[*w.ids[: most - 1], w.ids[-1]]) for w in windows]

    def _words(self, texts: Sequence[MarkedText]) -> list[WordRow]:
        """The words of each text (of a long one, its first window); texts without any are left out."""
        pieces = cut([marked.text for marked in texts], self._tokenizer, spans=None, has_offsets=True)
        first = {window.text_index: window for window in reversed(pieces.windows)}
        found = [word_row(texts[i], window, self._continuations, self.tags) for i, window in sorted(first.items())]
        return [row for row in found if len(row.first)]

    def _spans(self, examples: Sequence[TargetExample]) -> tuple[list[Window], Tensor]:
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

    def _bucketed(self, places: list[int], size: Callable[[int], int], order: random.Random) -> list[list[int]]:
        batches = shuffled_batches(
            [size(i) for i in places], order, size=self.recipe.batch_texts, bucket=BUCKET_BATCHES
        )
        return [[places[i] for i in batch] for batch in batches]

    def _lower(self, windows: Sequence[Window], progress: Progress) -> list[Tensor]:
        """Output of the frozen layers for each window, (n_tokens, dim) in half precision."""
        order = sorted(range(len(windows)), key=lambda i: len(windows[i].ids))
        out: list[Tensor] = [torch.empty(0)] * len(windows)
        progress.start("read texts", len(windows))
        for start in range(0, len(order), CACHE_BATCH):
            batch = order[start : start + CACHE_BATCH]
            hidden = self._below([windows[i] for i in batch])
            for i, piece in zip(batch, hidden.half().split([len(windows[i].ids) for i in batch]), strict=True):
                out[i] = piece.clone()
            progress.advance(len(batch))
        progress.finish(f"{len(windows)} texts, {sum(len(window.ids) for window in windows)} tokens")
        return out

    def _below(self, windows: Sequence[Window]) -> Tensor:
        """(n_tokens, dim) output of the frozen layers."""
        runs = bert.runs_of(len(window.ids) for window in windows)
        with torch.no_grad(), autocast("cpu"):
            ids = torch.tensor([token for window in windows for token in window.ids])
            hidden = self._embeddings(ids, bert.positions_of(runs))
            for layer in self._frozen:
                hidden = layer(hidden, runs)
        return hidden.float()

    def _above(self, hidden: Tensor, runs: bert.Runs) -> Tensor:
        """(n_tokens, dim) output of the own layers."""
        with autocast("cpu"):
            for layer in self._layers:
                hidden = layer(hidden, runs)
        return hidden.float()

    def _sentiment_raw(self, states: Sequence[Tensor]) -> Tensor:
        """(n_texts, rows) the head's raw output; texts in order of length."""
        runs = bert.runs_of(len(item) for item in states)
        pooled = bert.mean_pool(self._above(torch.cat(list(states)).float(), runs), runs)
        return self._sentiment(functional.dropout(pooled, self.recipe.dropout, self._layers.training))

    def _sentiment_logits(self, states: Sequence[Tensor]) -> Tensor:
        """(n_texts, 4) in the texts' order."""
        order = sorted(range(len(states)), key=lambda i: len(states[i]))
        out = torch.zeros(len(states), len(SENTIMENTS))
        for start in range(0, len(order), CACHE_BATCH):
            batch = order[start : start + CACHE_BATCH]
            out[batch] = mixed(self._sentiment_raw([states[i] for i in batch]))
        return out

    def _target_logits(self, windows: list[Window]) -> Tensor:
        """(n_spans, 3) of the windows' spans, in their order."""
        runs = bert.runs_of(len(window.ids) for window in windows)
        features = span_features(self._above(self._below(windows), runs), runs, windows)
        return self._target(functional.dropout(features, self.recipe.dropout, self._layers.training))

    def _target_scores(self, examples: Sequence[TargetExample]) -> tuple[Tensor, Tensor]:
        """Logits (n_spans, 3) and classes (n_spans,) of labelled spans."""
        order = sorted(range(len(examples)), key=lambda i: len(examples[i].text))
        logits, classes = [], []
        for start in range(0, len(order), CACHE_BATCH):
            windows, truth = self._spans([examples[i] for i in order[start : start + CACHE_BATCH]])
            if windows:
                logits.append(self._target_logits(windows))
                classes.append(truth)
        return torch.cat(logits), torch.cat(classes)

    def _name_loss(self, rows: Sequence[WordRow], states: Sequence[Tensor]) -> Tensor:
        hidden = self._above(torch.cat(list(states)).float(), bert.runs_of(len(item) for item in states))
        offsets = np.cumsum([0, *(len(item) for item in states)])
        places = np.concatenate([row.first + offset for row, offset in zip(rows, offsets, strict=False)])
        words = self._project(hidden[torch.from_numpy(places)]).split([len(row.first) for row in rows])
        batch = entity_en.padded([row.looks for row in rows], list(words))
        scores = self._net(uncased(batch, share=self.recipe.uncased_share))
        return tag_loss(self._field, scores, [row.allowed for row in rows])

    def _optimiser(self, habits: Habits) -> torch.optim.Optimizer:
        recipe = self.recipe
        groups: list[dict] = [
            {"params": list(layer.parameters()), "lr": recipe.learning_rate * recipe.layer_decay**below_top}
            for below_top, layer in enumerate(reversed(self._layers))
        ]
        heads = [*self._sentiment.parameters(), *self._target.parameters()]
        tagger = [*self._project.parameters(), *self._net.parameters(), *self._field.parameters()]
        groups += [
            {"params": heads, "lr": recipe.head_learning_rate},
            {"params": tagger, "lr": recipe.net_learning_rate},
            {"params": list(habits.parameters()), "lr": Habits.LEARNING_RATE, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)
