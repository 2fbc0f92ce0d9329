"""Name taggers at work: organisations and products that no configuration lists, as entities of spaCy documents.

Each language has a spaCy pipeline: a blank language with a tokenizer that keeps every character, and one component
that sets `doc.ents`. Behind the component stands a network of the project's own. The English one reads what the shared
encoder's pass gave (tasks/models/entity_en.py), the Chinese one the characters themselves (tasks/models/entity_zh.py).
`pipeline(language)` gives the spaCy pipeline for other use; in a run the taggers make the same documents without
calling the encoder again. Another spaCy pipeline takes their place through [models.hub].

Stored: int8 tables and matrices. Cards say what they were trained on and how good they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks.core.contracts import Encoded, Mention
from tasks.core.names import Span, name_mention, told_names
from tasks.models import cards

if TYPE_CHECKING:
    from torch import Tensor

    from tasks.models.encoder import Branch

WEIGHTS = "model.safetensors"
SETTINGS = "tagger.json"
BUNDLE_KEYS = {"en": "entities-en", "zh": "entities-zh"}
BATCH_TEXTS = 128
_TOKENS = {
    "en": re.compile(r"[^\W_]+|\s+|.", re.DOTALL),
    "zh": re.compile(r"[A-Za-z0-9\u00c0-\u024f]+|\s+|.", re.DOTALL),
}
_PIECE = re.compile(r"[^。！？!?；;\n]{1,220}[。！？!?；;\n]*|[。！？!?；;\n]+")


class NameTagger:
    """Finds names in texts of one language. An EntityTagger.

    Args:
        find: texts, and what the encoder's pass gave for them, to the spans of all types that the model knows.
    """

    def __init__(
        self,
        card: dict[str, Any],
        find: Callable[[Sequence[str], Encoded | None], list[list[Span]]],
        *,
        needs_pass: bool,
    ) -> None:
        self.version = cards.version_of(card, precision="int8")
        self.needs_pass = needs_pass
        self.find = find
        self._language: str = card["language"]

    def tag(self, texts: Sequence[str], encoded: Encoded | None = None) -> list[list[Mention]]:
        """Organisations and products of every text, without overlaps, in order of start_char.

        Most texts name nothing, and a spaCy document of many words is costly: only texts with names become one.
        """
        found = [told_names(text, spans) for text, spans in zip(texts, self.find(texts, encoded), strict=True)]
        rows: list[list[Mention]] = [[] for _ in texts]
        nlp = _blank(self._language)
        with nlp.memory_zone():
            for text, names, row in zip(texts, found, rows, strict=True):
                if names:
                    doc = nlp.tokenizer(text)
                    set_names(doc, names)
                    row += [name_mention(text, ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
        return rows


def set_names(doc: Any, names: Sequence[Span]) -> None:
    """Make told names (core/names) the entities of a spaCy document."""
    made = (doc.char_span(start, end, label=kind, alignment_mode="expand") for start, end, kind in names)
    kept: list[Any] = []
    for span in made:
        if span is not None and (not kept or span.start >= kept[-1].end):
            kept.append(span)
    doc.ents = kept


def pipeline(language: str) -> Any:
    """A spaCy pipeline of "en" or "zh" whose documents have organisations and products as entities.

    Raises:
        ModelUnavailableError: the model's files are missing, or are not the expected ones.
    """
    from spacy.language import Language

    tagger = load_tagger(language)
    name = f"marketbrief_names_{language}"
    if not Language.has_factory(name):

        @Language.component(name)
        def add_names(doc: Any) -> Any:
            encoded = None
            if tagger.needs_pass:
                from tasks.models.encoder import MiniLmEncoder

                encoded = _encoder_of(MiniLmEncoder).encode([doc.text])
            set_names(doc, told_names(doc.text, tagger.find([doc.text], encoded)[0]))
            return doc

    nlp = _blank(language, shared=False)
    nlp.add_pipe(name)
    return nlp


@lru_cache(maxsize=4)
def load_tagger(language: str) -> NameTagger:
    """The bundle's tagger of "en" or "zh".

    Raises:
        ModelUnavailableError: its files are missing, or are not the expected ones.
    """
    return load_folder(cards.bundle_folder(BUNDLE_KEYS[language]))


def load_folder(folder: Path) -> NameTagger:
    """A tagger from its folder."""
    card = cards.load_card(folder)
    settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    state = read_state(folder)
    if card["language"] == "zh":
        return NameTagger(card, _chinese(state, settings), needs_pass=False)
    return NameTagger(card, _english(state, settings), needs_pass=True)


def entities_branch(folder: Path) -> Branch:
    """The branch of an installed English tagger, for the encoder.

    Raises:
        ModelUnavailableError: its files are missing, or are not the expected ones.
    """
    import torch

    from tasks.errors import DataContractError
    from tasks.models import entity_en
    from tasks.models.encoder import Branch, Reader, base_tokenizer
    from tasks.models.task_layers import load_task_layers, task_layers_of

    named = task_layers_of(folder)
    if named is None:
        raise DataContractError(f"{folder} names no task layers", fix="check the folder out again, or `make models`")
    cards.load_card(folder)
    state = read_state(folder)
    weight = state["project.weight"]
    project = torch.nn.Linear(weight.shape[1], weight.shape[0])
    project.load_state_dict({"weight": weight, "bias": state["project.bias"]})
    read = entity_en.reader(project.requires_grad_(False), continuations(base_tokenizer()))
    return Branch(*load_task_layers(named), (Reader(entity_en.BRANCH, read, has_offsets=True),))


def load_entities_branch() -> Branch:
    """The branch of the bundle's English tagger."""
    return entities_branch(cards.bundle_folder(BUNDLE_KEYS["en"]))


def continuations(tokenizer: Any) -> np.ndarray:
    """(vocabulary,) whether a token goes on with a word."""
    vocabulary = tokenizer.get_vocab()
    flags = np.zeros(len(vocabulary), bool)
    for token, number in vocabulary.items():
        flags[number] = token.startswith("##")
    return flags


def stored(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as they are stored: those of more than two dimensions as matrices, matrices as int8."""
    from tasks.models.int8 import packed

    return packed({name: value.reshape(len(value), -1) if value.ndim > 2 else value for name, value in state.items()})


def read_state(folder: Path) -> dict[str, Tensor]:
    """A tagger's tensors in float32; what had three dimensions comes back with two."""
    from safetensors.torch import load_file

    from tasks.models.int8 import unpacked

    return unpacked(load_file(folder / WEIGHTS))


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of texts in order of their lengths, cut into batches in which little has to be padded.

    A batch holds BATCH_TEXTS at most, and none that is longer than 1.25 times its shortest and 4 more.
    """
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        if batch and (len(batch) == BATCH_TEXTS or lengths[place] > 1.25 * lengths[batch[0]] + 4):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _load(module: Any, state: dict[str, Tensor], prefix: str) -> Any:
    shapes = {name: value.shape for name, value in module.state_dict().items()}
    module.load_state_dict({name: state[f"{prefix}.{name}"].reshape(shape) for name, shape in shapes.items()})
    return module.eval()


def _chinese(state: dict[str, Tensor], settings: dict[str, Any]) -> Callable[..., list[list[Span]]]:
    import torch

    from tasks.models import crf, entity_zh

    tags = settings["tags"]
    vocabulary = {char: number for number, char in enumerate(settings["characters"], start=1)}
    net = entity_zh.CharNet(
        characters=len(vocabulary) + 1,
        tags=len(tags),
        width=settings["width"],
        dilations=settings["dilations"],
        dropout=0.0,
    )
    _load(net, state, "net")
    field = _load(crf.Crf(tags), state, "crf")

    def find(texts: Sequence[str], encoded: Encoded | None = None) -> list[list[Span]]:
        pieces = [
            (number, match.start(), match.group())
            for number, text in enumerate(texts)
            for match in _PIECE.finditer(text)
        ]
        found: list[list[Span]] = [[] for _ in texts]
        with torch.inference_mode():
            for places in batches([len(piece) for _, _, piece in pieces]):
                rows = [entity_zh.read_characters(pieces[place][2], vocabulary) for place in places]
                scores = net(entity_zh.padded(rows))
                paths = field.best(scores, [len(row.chars) for row in rows])
                for place, path in zip(places, paths, strict=True):
                    number, offset, _ = pieces[place]
                    found[number] += [(offset + s, offset + e, kind) for s, e, kind in crf.spans_of(path, tags)]
        return [sorted(spans) for spans in found]

    return find


def _english(state: dict[str, Tensor], settings: dict[str, Any]) -> Callable[..., list[list[Span]]]:
    import torch

    from tasks.errors import DataContractError
    from tasks.models import crf, entity_en

    tags = settings["tags"]
    net = _load(entity_en.WordNet(tags=len(tags)), state, "net")
    field = _load(crf.Crf(tags), state, "crf")

    def find(texts: Sequence[str], encoded: Encoded | None = None) -> list[list[Span]]:
        if encoded is None or entity_en.BRANCH not in encoded.readings:
            raise DataContractError(
                "The English tagger was given no reading of its branch", fix="encode with its entities_branch"
            )
        words = [
            (number, entity_en.joined(windows))
            for number, windows in enumerate(encoded.readings[entity_en.BRANCH])
            if any(len(window.starts) for window in windows)
        ]
        found: list[list[Span]] = [[] for _ in texts]
        with torch.inference_mode():
            for places in batches([len(row.starts) for _, row in words]):
                numbers, rows = zip(*(words[place] for place in places), strict=True)
                looks = [
                    entity_en.read_words(texts[number], row.starts, row.ends)
                    for number, row in zip(numbers, rows, strict=True)
                ]
                scores = net(entity_en.padded(looks, [torch.from_numpy(row.states) for row in rows]))
                paths = field.best(scores, [len(row.starts) for row in rows])
                for number, row, path in zip(numbers, rows, paths, strict=True):
                    found[number] = [
                        (int(row.starts[s]), int(row.ends[e - 1]), kind) for s, e, kind in crf.spans_of(path, tags)
                    ]
        return found

    return find


_blanks: dict[str, Any] = {}


def _blank(language: str, *, shared: bool = True) -> Any:
    """A blank spaCy pipeline whose tokens keep every character of the text."""
    if shared and language in _blanks:
        return _blanks[language]
    import spacy
    from spacy.tokens import Doc

    nlp = spacy.blank(language)
    pattern = _TOKENS[language]

    def tokenize(text: str) -> Any:
        words = pattern.findall(text)
        return Doc(nlp.vocab, words=words, spaces=[False] * len(words))

    nlp.tokenizer = tokenize
    if shared:
        _blanks[language] = nlp
    return nlp


@lru_cache(maxsize=1)
def _encoder_of(encoder: Any) -> Any:
    return encoder(branches=[load_entities_branch()])
