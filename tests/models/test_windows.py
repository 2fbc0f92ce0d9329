"""Texts as windows of tokens: every token knows its place in the original text, and every span its window."""

import copy

import numpy as np
import pytest

from tasks.core.sentiment import readable, readable_origin
from tasks.models.encoder import Branch, MiniLmEncoder, Reader, base_folder, base_tokenizer
from tasks.models.windows import WINDOW_TOKENS, cut, tokens_of

pytestmark = pytest.mark.weights

TEXTS = [
    "Northwind is fine.",
    "🔥🔥 Torvane's app 😡 see https://example.org/a?b=1 for Northwind",
    "Café Zoë ☕ costs €3 – Torvane",
    "北风咖啡 and 😀Torvane",
]


@pytest.mark.parametrize("text", [*TEXTS, "", "😀", "www.a.b", "\ud83d lone 😀 end"])
def test_every_readable_character_comes_from_somewhere(text):
    written, origin = readable(text), readable_origin(text)
    if origin is None:
        assert len(written) == len(text)
        return
    starts, ends = origin
    assert len(starts) == len(ends) == len(written)
    assert (starts < ends).all()
    assert (np.diff(starts) >= 0).all()
    spelled = {(s, e) for s, e in zip(starts.tolist(), ends.tolist(), strict=True) if e - s > 1}
    outside = [i for i, start in enumerate(starts) if not any(s <= start < e for s, e in spelled)]
    one_sign = {i for i in outside if ord(text[starts[i]]) > 0x2000}
    assert all(text[starts[i]] == written[i] for i in outside if i not in one_sign)


NAMED = [(text, name) for text in TEXTS for name in ("Northwind", "Torvane") if name in text]


@pytest.mark.parametrize(("text", "name"), NAMED)
def test_tokens_of_a_name_cover_it_in_the_original_text(text, name):
    start = text.index(name)
    span = (start, start + len(name))
    (window,) = cut([text], base_tokenizer(), spans=[[span]], has_offsets=True).windows
    assert window.spans == (span,)
    rows = tokens_of(window, span)
    assert window.starts[rows].min() == span[0]
    assert window.ends[rows].max() == span[1]


def test_a_span_of_a_long_text_lies_in_one_window():
    text = "word " * (WINDOW_TOKENS + 40) + "Torvane " + "word " * 300
    start = text.index("Torvane")
    pieces = cut([text], base_tokenizer(), spans=[[(start, start + 7)]], has_offsets=True)
    holders = [window for window in pieces.windows if window.spans]
    assert len(pieces.windows) > 2
    assert len(holders) == 1
    assert len(tokens_of(holders[0], (start, start + 7))) > 0


def test_a_branch_reads_only_the_windows_that_hold_spans():
    import torch

    seen = []

    def read(hidden, runs, windows):
        seen.extend(window.text_index for window in windows)
        assert hidden.shape[0] == sum(count * length for count, length in runs)
        return [window.spans for window in windows]

    branch = Branch(3, torch.nn.ModuleList(), (Reader("targets", read, needs_spans=True),))
    spans = [[(0, 9)], [], [(0, 4), (22, 29)], []]
    encoded = MiniLmEncoder(branches=[branch], batch_tokens=16).encode(TEXTS, spans)
    assert sorted(seen) == [0, 2]
    assert encoded.readings["targets"] == [[((0, 9),)], [], [((0, 4), (22, 29))], []]
    assert encoded.part([2, 1]).readings["targets"] == [[((0, 4), (22, 29))], []]


def test_a_branch_gets_the_states_of_its_own_windows():
    """Its rows are the same whether it reads all windows or some."""
    from tasks.models import bert

    def pool(hidden, runs, windows):
        return list(bert.mean_pool(hidden, runs))

    layers = bert.load_base(base_folder() / "model.safetensors")[1][3:]
    other = copy.deepcopy(layers)
    branches = [Branch(3, layers, (Reader("all", pool),)), Branch(3, other, (Reader("some", pool, needs_spans=True),))]
    encoded = MiniLmEncoder(branches=branches, precision="fp32").encode(TEXTS, [[], [(0, 1)], [], [(0, 2)]])
    for place in (1, 3):
        whole, part = encoded.readings["all"][place][0], encoded.readings["some"][place][0]
        assert np.allclose(whole, part, atol=1e-4)
        assert np.allclose(whole, encoded.features[place], atol=1e-4)
    assert encoded.readings["some"][0] == []


def test_readers_of_the_same_layers_share_one_pass_and_see_what_they_would_see_alone():
    """Two models that name the same layers are one branch; each gets the windows that it asks for."""
    from tasks.models import bert

    def pool(hidden, runs, windows):
        return list(bert.mean_pool(hidden, runs))

    spans = [[], [(0, 1)], [], [(0, 2)]]
    layers = bert.load_base(base_folder() / "model.safetensors")[1][4:]
    branches = [Branch(4, layers, (Reader("all", pool),)), Branch(4, layers, (Reader("some", pool, needs_spans=True),))]
    encoder = MiniLmEncoder(branches=branches, precision="fp32")
    assert [[reader.name for reader in branch.readers] for branch in encoder.branches] == [["all", "some"]]
    shared = encoder.encode(TEXTS, spans)
    for branch in branches:
        (reader,) = branch.readers
        alone = MiniLmEncoder(branches=[branch], precision="fp32").encode(TEXTS, spans)
        for ours, theirs in zip(shared.readings[reader.name], alone.readings[reader.name], strict=True):
            assert len(ours) == len(theirs)
            assert all(np.allclose(a, b, atol=1e-4) for a, b in zip(ours, theirs, strict=True))
