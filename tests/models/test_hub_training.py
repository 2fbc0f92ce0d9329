"""Fine-tuning of a model of the hub: it learns, every method trains what it says, and a killed training goes on."""

import numpy as np
import pytest
from hub_models import save_word_model

from tasks.core.contracts import SENTIMENTS, NullProgress
from tasks.models import hub, hub_training
from tasks.models.hub_training import HubRecipe, fit_hub
from tasks.models.training_loop import Checkpoint

TEXTS = ["very good", "the phone works good", "bad", "the phone very bad", "the phone", "corp works"] * 8
CLASSES = np.array(
    [SENTIMENTS.index(label) for label in ("positive", "positive", "negative", "negative", "neutral", "neutral")] * 8
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base") / "tiny"
    save_word_model(folder, "BertForSequenceClassification", {"good": 0, "bad": 1, "phone": 2}, ["A", "B", "C"])
    return hub.find(str(folder), base=folder)


class Killed(BaseException):
    pass


class KillingProgress(NullProgress):
    """Stands for a kill after so many batches."""

    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, steps: int = 1) -> None:
        self.left -= steps
        if steps and self.left <= 0:
            raise Killed


def fit(model, *, recipe=None, progress=None, checkpoint=None):
    return fit_hub(
        model, TEXTS, CLASSES, validation=(TEXTS[:6], CLASSES[:6]),
        recipe=recipe or HubRecipe(method="full", epochs=4, learning_rate=3e-3, patience=4),
        progress=progress or NullProgress(), checkpoint=checkpoint,
    )  # fmt: skip


@pytest.mark.parametrize("method", ["lora", "full", "head"])
def test_every_method_learns_the_labels(model, method):
    recipe = HubRecipe(method=method, epochs=12, learning_rate=1e-2, patience=12)
    trained = fit(model, recipe=recipe)
    assert (trained.logits.argmax(axis=1) == CLASSES[:6]).mean() >= 5 / 6
    assert trained.history[-1]["validation_loss"] < trained.history[0]["validation_loss"]
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(trained.files)


def test_a_killed_training_goes_on_and_ends_with_the_same_weights(model, tmp_path):
    whole = fit(model)
    checkpoint = Checkpoint(tmp_path, {"data": "1", "seed": 13})
    with pytest.raises(Killed):
        fit(model, progress=KillingProgress(after=7), checkpoint=checkpoint)
    assert checkpoint.path.is_file()
    told = []

    class Listening(NullProgress):
        def finish(self, summary: str) -> None:
            told.append(summary)

    resumed = fit(model, progress=Listening(), checkpoint=checkpoint)
    assert resumed.history == whole.history
    assert resumed.files["model.safetensors"] == whole.files["model.safetensors"]
    assert "resumed after epoch 2" in told[-1]
    assert not checkpoint.path.exists()


def test_a_checkpoint_of_another_training_is_not_read(model, tmp_path):
    first = Checkpoint(tmp_path, {"data": "1", "seed": 13})
    with pytest.raises(Killed):
        fit(model, progress=KillingProgress(after=7), checkpoint=first)
    assert Checkpoint(tmp_path, {"data": "2", "seed": 13}).load() is None
    assert first.load() is not None


def test_training_stops_when_the_loss_no_longer_falls_and_keeps_the_best_epoch(model):
    recipe = HubRecipe(method="full", epochs=30, learning_rate=0.5, patience=2)
    history = fit(model, recipe=recipe).history
    lowest = min(history, key=lambda row: row["validation_loss"])
    assert len(history) < 30
    assert history[-1]["epoch"] - lowest["epoch"] == 2


def test_the_card_names_what_the_model_came_from(model):
    card = hub_training.card_of(model, HubRecipe(), [])
    assert card["base"]["licence"] == "mit"
    assert card["goes_on_from"].startswith("tiny@")
