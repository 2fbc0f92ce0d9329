"""The hub bundle at work: any encoder, classifier and name tagger of transformers or spaCy behind our protocols.

Texts are read in overlapping windows, never truncated silently: a window's result counts by its tokens. Windows of
like length go together, so many tokens a batch rather than so many texts. A GPU is used where there is one; there
bfloat16 serves, else float32, and the model's version says which.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tasks.core.contracts import SENTIMENTS, Encoded, Mention, SentimentScores
from tasks.core.mentions import entity_id
from tasks.core.sentiment import Decision, decide, readable
from tasks.errors import ConfigError
from tasks.models import cards, hub

WINDOW_OVERLAP = 32
MAX_WINDOW_TOKENS = 512
BATCH_TOKENS = 8192
MAX_CHARACTERS = 100_000
TYPES = {
    "organisation": {"org", "organization", "organisation", "company", "corporation", "corp", "gov", "group", "norp"},
    "product": {"product", "prod", "work_of_art", "creative-work", "device", "vehicle"},
}


@dataclass(frozen=True)
class Piece:
    """A window of a text: which text, its code points, its tokens."""

    text_index: int
    start: int
    end: int
    token_count: int


class HubReader:
    """A transformers model with its tokenizer: texts as windows, windows as batches.

    Args:
        kind: the auto class to load it with, such as "AutoModel".
    """

    def __init__(self, model: hub.HubModel, *, kind: str) -> None:
        import transformers

        if model.folder is None:
            raise ConfigError(
                f"{model.name} is a spaCy pipeline", fix="spaCy pipelines serve as hub.entities_en and _zh"
            )
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.precision = "bf16" if self.device == "cuda" else "fp32"
        dtype = torch.bfloat16 if self.precision == "bf16" else torch.float32
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(model.folder, use_fast=True, local_files_only=True)
        loader = getattr(transformers, kind)
        self.model = loader.from_pretrained(model.folder, local_files_only=True, dtype=dtype).to(self.device).eval()
        self.most_tokens = min(
            self.tokenizer.model_max_length,
            getattr(self.model.config, "max_position_embeddings", None) or MAX_WINDOW_TOKENS,
            MAX_WINDOW_TOKENS,
        )
        self.window_tokens = max(16, self.most_tokens - self.tokenizer.num_special_tokens_to_add() - 2)

    def pieces(self, texts: Sequence[str]) -> tuple[list[Piece], NDArray[np.int32], NDArray[np.float32]]:
        """Windows of n texts, token counts (n,), coverage (n,) in [0, 1]."""
        windows: list[Piece] = []
        counts, coverage = np.zeros(len(texts), np.int32), np.ones(len(texts), np.float32)
        for index, text in enumerate(texts):
            read = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
            offsets = self.tokenizer(read, add_special_tokens=False, return_offsets_mapping=True, verbose=False)[
                "offset_mapping"
            ]
            if not offsets:
                continue
            counts[index] = round(len(offsets) * len(text) / len(read))
            coverage[index] = len(read) / len(text)
            step = max(1, self.window_tokens - WINDOW_OVERLAP)
            for at in range(0, max(1, len(offsets) - WINDOW_OVERLAP), step):
                end = min(at + self.window_tokens, len(offsets))
                windows.append(Piece(index, offsets[at][0], offsets[end - 1][1], end - at))
        return windows, counts, coverage

    def run(self, texts: Sequence[str], pieces: Sequence[Piece]) -> Iterator[tuple[list[int], dict[str, Any], Any]]:
        """Batches: which pieces, the tokenizer's tensors, and the model's output."""
        order = sorted(range(len(pieces)), key=lambda i: pieces[i].token_count)
        for batch in _token_batches(order, [piece.token_count + 2 for piece in pieces]):
            parts = [texts[pieces[i].text_index][pieces[i].start : pieces[i].end] for i in batch]
            clean = [part.encode("utf-8", "replace").decode("utf-8") for part in parts]
            inputs = self.tokenizer(
                clean, padding=True, truncation=True, max_length=self.most_tokens,
                return_tensors="pt", return_offsets_mapping=True,
            )  # fmt: skip
            offsets = inputs.pop("offset_mapping")
            with torch.inference_mode():
                output = self.model(**{name: value.to(self.device) for name, value in inputs.items()})
            yield batch, {**inputs, "offset_mapping": offsets}, output


class HubEncoder:
    """A sentence encoder: mean of the last layer's tokens (or its first token, where the model says so). An Encoder."""

    def __init__(self, model: hub.HubModel, *, language: str, reader: HubReader) -> None:
        self._reader = reader
        self._is_first_token = hub.pools_first_token(model)
        self.version = model.version(task="embedding", language=language, precision=reader.precision)

    def encode(self, texts: Sequence[str]) -> Encoded:
        """One pass over n texts; see `Encoded`. features repeat the embeddings, not brought to unit length."""
        pieces, counts, coverage = self._reader.pieces(texts)
        sums = np.zeros((len(texts), self._reader.model.config.hidden_size), np.float32)
        totals = np.zeros(len(texts), np.float32)
        for batch, inputs, output in self._reader.run(texts, pieces):
            mask = inputs["attention_mask"][:, :, None].float()
            hidden = output.last_hidden_state.float().cpu()
            pooled = (hidden[:, 0] if self._is_first_token else (hidden * mask).sum(1) / mask.sum(1)).numpy()
            for row, place in zip(pooled, batch, strict=True):
                sums[pieces[place].text_index] += row * pieces[place].token_count
                totals[pieces[place].text_index] += pieces[place].token_count
        means = (sums / np.maximum(totals, 1)[:, None]).astype(np.float32)
        norms = np.linalg.norm(means, axis=1, keepdims=True)
        return Encoded((means / np.maximum(norms, 1e-12)).astype(np.float32), means, counts, coverage)


class HubSentiment:
    """A sequence classifier with any scheme of labels: stars, two classes, three. A SentimentModel.

    Args:
        labels: what market.toml says the model's classes mean; empty where their names say it.
        min_confidence: in [0, 1]; a document whose best class is less probable gets no label.
    """

    def __init__(
        self, model: hub.HubModel, *, language: str, reader: HubReader, labels: Sequence[str], min_confidence: float
    ) -> None:
        self._reader = reader
        names = {int(number): str(name) for number, name in reader.model.config.id2label.items()}
        self._classes = hub.class_map(names, labels, model=model.name)
        self._min_confidence = min_confidence
        self.version = model.version(task="sentiment", language=language, precision=reader.precision)

    def predict(self, texts: Sequence[str], encoded: Encoded) -> SentimentScores:
        """Label n documents from their texts; abstains where there is nothing to read, and below the threshold."""
        pieces, counts, _ = self._reader.pieces(texts)
        sums = np.zeros((len(texts), 3), np.float64)
        totals = np.zeros(len(texts), np.float64)
        for batch, _inputs, output in self._reader.run(texts, pieces):
            shares = torch.softmax(output.logits.float().cpu(), dim=1).numpy()
            for row, place in zip(shares, batch, strict=True):
                piece = pieces[place]
                folded = [float(row[list(classes)].sum()) if classes else 0.0 for classes in self._classes]
                sums[piece.text_index] += np.array(folded) * piece.token_count
                totals[piece.text_index] += piece.token_count
        probabilities = np.where(totals[:, None] > 0, sums / np.maximum(totals, 1)[:, None], 1 / 3)
        best = probabilities.argmax(axis=1)
        is_sure = (counts > 0) & (probabilities.max(axis=1) >= self._min_confidence)
        labels = [SENTIMENTS[k] if sure else None for k, sure in zip(best, is_sure, strict=True)]
        return SentimentScores(probabilities.astype(np.float32), labels)


class TrainedSentiment:
    """A classifier that `train` fine-tuned from a model of the hub, with a decision of its own. A SentimentModel."""

    def __init__(self, card: dict[str, Any], folder: Path, decision: Decision) -> None:
        model = hub.HubModel(card["name"], card["revision"], card["content_sha256"], card["licence"], folder)
        self._reader = HubReader(model, kind="AutoModelForSequenceClassification")
        self._decision = decision
        self.version = cards.version_of(card, precision=self._reader.precision)

    def predict(self, texts: Sequence[str], encoded: Encoded) -> SentimentScores:
        """Label n documents from their texts; a long text's logits are the mean of its windows' by tokens."""
        read = [readable(text) for text in texts]
        pieces, counts, _ = self._reader.pieces(read)
        sums = np.zeros((len(texts), len(SENTIMENTS)), np.float64)
        for batch, _inputs, output in self._reader.run(read, pieces):
            for row, place in zip(output.logits.float().cpu().numpy(), batch, strict=True):
                sums[pieces[place].text_index] += row * pieces[place].token_count
        totals = np.bincount(
            [piece.text_index for piece in pieces],
            weights=[piece.token_count for piece in pieces],
            minlength=len(texts),
        )
        return decide(sums / np.maximum(totals, 1)[:, None], self._decision, is_readable=counts > 0)


class HubEntities:
    """A token classifier (BIO or plain tags): organisations and products, the rest left aside. An EntityTagger."""

    needs_pass = False

    def __init__(self, model: hub.HubModel, *, language: str, reader: HubReader) -> None:
        self._reader = reader
        names = {int(number): str(name) for number, name in reader.model.config.id2label.items()}
        self._tags = {number: _tag(name) for number, name in names.items()}
        self.version = model.version(task="mention", language=language, precision=reader.precision)

    def tag(self, texts: Sequence[str], encoded: Encoded | None = None) -> list[list[Mention]]:
        """Names of every text, without overlaps, in order of start_char."""
        pieces, _, _ = self._reader.pieces(texts)
        spans: list[dict[tuple[int, int], str]] = [{} for _ in texts]
        for batch, inputs, output in self._reader.run(texts, pieces):
            best = output.logits.argmax(dim=2).cpu().tolist()
            offsets = inputs["offset_mapping"].tolist()
            for place, tags, places in zip(batch, best, offsets, strict=True):
                piece = pieces[place]
                marked = ((self._tags[tag], *where) for tag, where in zip(tags, places, strict=True))
                for start, end, kind in _join(marked):
                    spans[piece.text_index][(piece.start + start, piece.start + end)] = kind
        return [_mentions(text, found) for text, found in zip(texts, spans, strict=True)]


class SpacyEntities:
    """The named entities of a spaCy pipeline: organisations and products. An EntityTagger."""

    needs_pass = False

    def __init__(self, model: hub.HubModel, *, language: str) -> None:
        self._model = model
        self.version = model.version(task="mention", language=language, precision="fp32")

    @cached_property
    def _pipeline(self) -> Any:
        import spacy

        return spacy.load(self._model.folder or self._model.name)

    def tag(self, texts: Sequence[str], encoded: Encoded | None = None) -> list[list[Mention]]:
        """Names of every text, without overlaps, in order of start_char."""
        found = []
        for text, doc in zip(texts, self._pipeline.pipe(text[:MAX_CHARACTERS] for text in texts), strict=True):
            kinds = {(entity.start_char, entity.end_char): _kind(entity.label_) for entity in doc.ents}
            found.append(_mentions(text, {span: kind for span, kind in kinds.items() if kind}))
        return found


def load_entities(reference: str, *, base: Path, language: str) -> HubEntities | SpacyEntities:
    """The tagger that a reference names: a spaCy pipeline, or a token classifier of transformers."""
    model = hub.find(reference, base=base)
    if model.folder is None or (model.folder / "meta.json").is_file():
        return SpacyEntities(model, language=language)
    return HubEntities(model, language=language, reader=HubReader(model, kind="AutoModelForTokenClassification"))


def _token_batches(order: Sequence[int], sizes: Sequence[int]) -> Iterator[list[int]]:
    """Cut an order (shortest first) into batches of at most BATCH_TOKENS tokens with their padding."""
    batch: list[int] = []
    for place in order:
        if batch and (len(batch) + 1) * sizes[place] > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _kind(name: str) -> str | None:
    """A model's own name of a type as ours; None for types that are not reported."""
    return next((kind for kind, names in TYPES.items() if name.casefold() in names), None)


def _tag(name: str) -> tuple[str, str | None]:
    """A tag such as B-ORG as (its place, our type)."""
    place, _, kind = name.partition("-") if name[:2] in ("B-", "I-", "E-", "S-", "L-", "U-") else ("I", "", name)
    return place, _kind(kind)


def _join(tags: Iterator[tuple[tuple[str, str | None], int, int]]) -> Iterator[tuple[int, int, str]]:
    """Tokens' tags as spans (start, end, type); special tokens, which have no width, end a span."""
    start, end, kind = 0, 0, None
    for (place, found), left, right in tags:
        goes_on = found is not None and found == kind and place not in ("B", "S", "U") and left < right
        if goes_on:
            end = right
            continue
        if kind is not None:
            yield start, end, kind
        start, end, kind = left, right, found if left < right else None
    if kind is not None:
        yield start, end, kind


def _mentions(text: str, spans: dict[tuple[int, int], str]) -> list[Mention]:
    """Spans as mentions, longest first where they overlap, blanks at their ends left out."""
    taken: list[tuple[int, int, str]] = []
    for (start, end), kind in sorted(spans.items(), key=lambda item: (item[0][0] - item[0][1], item[0])):
        surface = text[start:end]
        left, right = start + len(surface) - len(surface.lstrip()), end - (len(surface) - len(surface.rstrip()))
        if left < right and all(right <= a or b <= left for a, b, _ in taken):
            taken.append((left, right, kind))
    return [
        Mention(entity_id(text[a:b].casefold()), text[a:b], kind, False, None, text[a:b], a, b, "ner")
        for a, b, kind in sorted(taken)
    ]
