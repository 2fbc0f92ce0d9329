"""Three tasks that learn one stack of layers, on a handful of texts; and the mixture of heads by itself."""

import random

import numpy as np
import pytest
import torch

from tasks.core.contracts import NullProgress
from tasks.core.targets import TargetExample
from tasks.entity_sets import Marked
from tasks.models import task_layers
from tasks.models.joint_training import JointData, JointRecipe, JointTrainer, SentimentTexts, swap_names
from tasks.models.sentiment_head import STYLES, SentimentHead, gate, mixed, read_head, rows_of, styles_of
from tasks.models.training_loop import Checkpoint

TYPES = ("corporation", "product")
GOOD, BAD, PLAIN = "lovely and quick", "broken and slow", "blue and square"
THINGS = ("lamp", "kettle", "ferry", "hotel", "phone", "bank", "train", "oven")
NAMES = ("Velmora", "Brantix", "Oskelund", "Tavira")


def sentiment_texts(things=THINGS) -> SentimentTexts:
    rows = [(f"The {thing} is {said}.", k) for thing in things for k, said in ((0, BAD), (1, PLAIN), (2, GOOD))]
    count = len(rows)
    return SentimentTexts(
        [text for text, _ in rows],
        np.array([k for _, k in rows]),
        np.ones(count, np.int64),
        np.arange(count) % 2,
        np.arange(count) % 4 - 1,
    )


def target_examples(things=THINGS) -> list[TargetExample]:
    examples = []
    for number, thing in enumerate(things):
        first, second = NAMES[number % 4], NAMES[(number + 1) % 4]
        text = f"{first} is {GOOD}, {second} is {BAD}: the {thing}"
        spans = ((0, len(first)), (text.index(second), text.index(second) + len(second)))
        examples.append(TargetExample(text, spans, ("positive", "negative"), "set", has_names=True))
    return examples


def marked_texts() -> list[Marked]:
    texts = [f"I ordered the {thing} from {name} on Monday" for thing in THINGS for name in NAMES]
    starts = [text.index("from ") + 5 for text in texts]
    return [Marked(text, ((at, text.index(" on "), "corporation"),)) for text, at in zip(texts, starts, strict=True)]


def train(epochs=6, checkpoint=None, seed=5):
    recipe = JointRecipe(epochs=epochs, seed=seed, first_layer=5, learning_rate=1e-3, batch_texts=8, average=0.5)
    return JointTrainer(recipe, types=TYPES).fit(
        JointData(sentiment_texts(), target_examples(), [(marked_texts(), 1.0)]),
        validation=(sentiment_texts(("sofa", "tram")), {"spans": target_examples(("desk", "boat", "tent"))}),
        progress=NullProgress(),
        checkpoint=checkpoint,
    )


@pytest.fixture(scope="module")
def trained():
    torch.set_num_threads(1)
    return train()


@pytest.mark.weights
def test_all_tasks_are_learnt_at_once(trained):
    last = trained.history[-1]
    assert last["sentiment_accuracy"] == 1.0
    assert last["spans_accuracy"] >= 0.9
    assert last["validation_loss"] < 0.7 * trained.history[0]["validation_loss"]


@pytest.mark.weights
def test_the_trained_field_marks_names_that_it_never_saw(trained):
    from tasks.models import entity_en
    from tasks.models.encoder import Branch, MiniLmEncoder, Reader, base_tokenizer
    from tasks.models.entities import continuations

    read = entity_en.reader(trained.project.requires_grad_(False), continuations(base_tokenizer()))
    branch = Branch(trained.first_layer, trained.layers, (Reader("names", read, has_offsets=True),))
    text = "I ordered the sofa from Quenlo on Monday"
    (states,) = MiniLmEncoder(branches=[branch], precision="fp32").encode([text]).readings["names"][0]
    looks = entity_en.read_words(text, states.starts, states.ends)
    with torch.inference_mode():
        scores = trained.net(entity_en.padded([looks], [torch.from_numpy(states.states)]))
        (path,) = trained.field.best(scores, [len(states.starts)])
    said = [trained.tags[number] for number in path]
    place = next(i for i, start in enumerate(states.starts) if text[start:].startswith("Quenlo"))
    assert said[place] == "S-corporation"
    assert sum(tag != "O" for tag in said) == 1


@pytest.mark.weights
def test_training_is_repeatable_and_a_killed_one_ends_the_same(trained, tmp_path):
    class Killed(BaseException):
        pass

    class Fragile(Checkpoint):
        def save(self, state):
            super().save(state)
            if len(state["history"]) == 2:
                raise Killed

    identity = {"what": "test"}
    with pytest.raises(Killed):
        train(checkpoint=Fragile(tmp_path, identity))
    resumed = train(checkpoint=Checkpoint(tmp_path, identity))
    assert resumed.history == trained.history
    ours, theirs = (task_layers.to_tensors(5, model.layers) for model in (resumed, trained))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert np.array_equal(resumed.sentiment_head.weight, trained.sentiment_head.weight)


def test_swapped_names_keep_their_spans():
    chance = random.Random(3)
    example = target_examples()[0]
    seen = set()
    for _ in range(50):
        swapped = swap_names(example, ("Zorvane", "Northwind Coffee"), 0.7, chance)
        names = [swapped.text[start:end] for start, end in swapped.spans]
        assert all(name in ("Zorvane", "Northwind Coffee", *NAMES) for name in names)
        assert len(set(names)) == len(names)
        assert swapped.labels == example.labels
        seen.add(tuple(names))
    assert len(seen) > 3
    assert swap_names(example, ("Zorvane",), 0.0, chance) == example


def test_a_mixture_is_a_distribution_and_follows_its_gate():
    rows = rows_of(len(STYLES))
    assert styles_of(rows) == len(STYLES)
    raw = torch.randn(7, rows, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(mixed(raw).exp().sum(dim=1), torch.ones(7), atol=1e-5)
    raw[:, -3:] = torch.tensor([-50.0, 50.0, -50.0])
    assert torch.allclose(mixed(raw), raw[:, 4:8].log_softmax(dim=1), atol=1e-4)
    assert gate(raw).shape == (7, 3)


def test_a_single_style_is_a_plain_linear_head():
    raw = torch.randn(3, rows_of(1))
    assert styles_of(raw.shape[1]) == 1
    assert torch.equal(mixed(raw), raw)


def test_a_head_comes_back_from_its_file_with_its_offset(tmp_path):
    from safetensors.torch import save_file

    from tasks.models.int8 import packed

    generator = np.random.default_rng(1)
    weight = generator.normal(size=(rows_of(3), 16)).astype(np.float32)
    head = SentimentHead(weight, np.zeros(len(weight), np.float32), np.array([[0, -0.5, 0.5, 0]] * 3, np.float32))
    save_file(packed(head.tensors()), tmp_path / "head.safetensors")
    back = read_head(tmp_path / "head.safetensors")
    features = generator.normal(size=(5, 16)).astype(np.float32)
    assert np.allclose(back.logits(features), head.logits(features), atol=0.1)
    assert np.allclose(back.offset, head.offset, atol=1e-3)
    plain = SentimentHead(weight, head.bias)
    assert np.allclose(head.logits(features) - plain.logits(features), head.offset[0], atol=1e-5)
