"""Training of the shipped English models that read one stack of task layers: sentiment, names, and spans.

What arrives: the public sets of all three tasks and the project's own sentences. What leaves: the shared layers, and
three models that name them: the sentiment head, the head on spans and the name tagger, each with a card of its own.
They are trained together (tasks/models/joint_training.py); thresholds are chosen on validation parts, test parts and
golden sets are only measured on, after everything is chosen.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks import train, train_entities, train_targets
from tasks.config import OFFLINE_BUNDLE_ROOT
from tasks.core.contracts import SENTIMENTS, Progress
from tasks.core.sentiment import classes_of, fit_offsets
from tasks.core.targets import TargetExample
from tasks.entity_sets import WNUT_TYPES
from tasks.models import cards
from tasks.training_sets import ENGLISH, NEWS, OWN, Example, distinct, keys_of, provenance, read_own, read_set, text_key

if TYPE_CHECKING:
    from torch import nn

    from tasks.models.joint_training import JointData, JointTrainer, SentimentTexts, TaskLayers
    from tasks.models.training_loop import Checkpoint

logger = logging.getLogger(__name__)

LAYERS_NAME = "layers-en-minilm"
OWN_REPEATS = 8
VALIDATION_TEXTS = 3000
REBUILD = "python -m flows.train english --data <folder of the training sets>"
# How each set's texts are written. Own sentences are of several styles, but for those of the press.
STYLE_OF = {
    "tweet_sentiment_extraction": "post",
    "twitter_us_airline": "post",
    "apple_twitter_dfe": "post",
    "brands_product_emotions": "post",
    "skytrax": "review",
    "mams_absa": "review",
    "trustpilot_rentals": "review",
    "amazon_polarity_10k": "review",
    "sentfin": "news",
    NEWS: "news",
}


@dataclass(frozen=True)
class EnglishSets:
    """Everything that the models are trained, chosen and measured on."""

    parts: train.Split
    used: dict[str, int]
    targets: dict[str, Any]
    target_training: list[TargetExample]
    names: train_entities.EnglishNames

    @property
    def target_validation(self) -> dict[str, Sequence[TargetExample]]:
        return train_targets.validation_sets("en", self.targets)


def train_english(progress: Progress, *, data: Path, seed: int, checkpoints: Path | None = None) -> list[Path]:
    """Train the layers and their three models, measure them, install them below data/models and list them there.

    Args:
        data: folder of the public training sets. checkpoints: where a training that is killed leaves what it has.

    Returns:
        Folders of the layers, the sentiment model, the model of spans and the tagger.

    Raises:
        SourceError: a training set is not there.
    """
    from tasks.models.joint_training import JointRecipe, JointTrainer
    from tasks.models.training_loop import Checkpoint

    sets = read_sets(data, seed=seed)
    recipe = JointRecipe(seed=seed)
    trainer = JointTrainer(recipe, types=WNUT_TYPES)
    identity = {"recipe": asdict(recipe), "used": sets.used, "targets": len(sets.target_training)}
    model = fit(trainer, sets, progress, checkpoint=Checkpoint(checkpoints, identity) if checkpoints else None)
    return install(model, sets, asdict(recipe), data)


def read_sets(data: Path, *, seed: int) -> EnglishSets:
    """Read, clean and split the sets of all three tasks."""
    targets = train_targets.read_parts("en", data)
    unseen = [item.text for part in targets.values() for item in (*part.validation, *part.test)]
    held_out = keys_of([*unseen, *(text for text, _ in train.benchmark_texts("en", data))])
    usable = distinct([*read_own("en"), *(row for item in ENGLISH for row in read_set(item, data))], without=held_out)
    used: dict[str, int] = {}
    for example in usable:
        used[example.source] = used.get(example.source, 0) + 1
    parts = train.split(usable, seed=seed)
    # The layers learn all tasks, so what one task is measured on no other may learn from.
    measured = keys_of(example.text for example in (*parts.validation, *parts.test))
    training = train_targets.training_examples("en", targets, data, seed=seed)
    training = [item for item in training if text_key(item.text) not in measured]
    return EnglishSets(parts, used, targets, training, train_entities.read_english(data, seed=seed))


def fit(
    trainer: JointTrainer, sets: EnglishSets, progress: Progress, *, checkpoint: Checkpoint | None = None
) -> TaskLayers:
    """Train on the sets' training parts."""
    from tasks.models.joint_training import JointData

    held_out = sets.parts.validation[:: max(1, len(sets.parts.validation) // VALIDATION_TEXTS)]
    data: JointData = JointData(sentiment_texts(sets.parts.training), sets.target_training, sets.names.groups)
    return trainer.fit(
        data,
        validation=(sentiment_texts(held_out), sets.target_validation),
        progress=progress,
        checkpoint=checkpoint,
    )


def sentiment_texts(examples: Sequence[Example]) -> SentimentTexts:
    """Examples as arrays; sets are numbered in the order of their names."""
    from tasks.models.joint_training import SentimentTexts
    from tasks.models.sentiment_head import STYLES

    names = sorted({item.name for item in ENGLISH} | {OWN})
    styles = [STYLE_OF.get(item.group if item.source == OWN else item.source) for item in examples]
    return SentimentTexts(
        [item.text for item in examples],
        classes_of([item.label for item in examples]),
        np.array([OWN_REPEATS if item.source == OWN else 1 for item in examples], np.int64),
        np.array([names.index(item.source) for item in examples], np.int64),
        np.array([STYLES.index(style) if style else -1 for style in styles], np.int64),
    )


def install(model: TaskLayers, sets: EnglishSets, recipe: dict[str, Any], data: Path) -> list[Path]:
    """Put the layers and their models in the place of the shipped ones, measured, with their cards."""
    from safetensors.torch import save

    from tasks.models.encoder import BASE_NAME, BASE_SHA256
    from tasks.models.int8 import packed
    from tasks.models.task_layers import KIND, NAMED, WEIGHTS, load_task_layers, naming, to_tensors

    base = {"name": BASE_NAME, "sha256": BASE_SHA256, "licence": "Apache-2.0"}
    learnt = {"first_layer": model.first_layer, "base": base, "recipe": recipe, "history": model.history}
    stored = {WEIGHTS: save(packed(to_tensors(model.first_layer, model.layers)))}
    card = {
        "name": LAYERS_NAME,
        "task": KIND,
        "language": "en",
        "licence": _licence(),
        "training_sets": [{"name": f"those of {name}"} for name in ("sentiment-en", "entities-en", "targets-en")],
        "limits": ["Layers without a head: what they are good for is told by the cards of the models that name them."],
        "rebuild": REBUILD,
        "kind": KIND,
        **learnt,
    }
    layers = cards.install(stored, card, root=OFFLINE_BUNDLE_ROOT)
    cards.set_bundle_entry("layers-en", name=LAYERS_NAME, revision=layers.name)
    cards.remove_others(layers)
    told = {"layers": f"{LAYERS_NAME}@{layers.name}", "licence": _licence(), "rebuild": REBUILD, **learnt}
    made = _Made(model, sets, load_task_layers(layers), {NAMED: naming(layers)}, told, data)
    folders = [layers, _install_sentiment(made), _install_names(made), _install_targets(made)]
    logger.info("train_english folders=%s", " ".join(f"{folder.parent.name}@{folder.name}" for folder in folders))
    return folders


def _licence() -> str:
    return "Apache-2.0" if all(item.is_clear for item in ENGLISH) else cards.RESEARCH_ONLY


@dataclass(frozen=True)
class _Made:
    """What is installed. layers: as stored; named: the file that names them; told: what all cards say."""

    model: TaskLayers
    sets: EnglishSets
    layers: tuple[int, nn.ModuleList]
    named: dict[str, bytes]
    told: dict[str, Any]
    data: Path


def _install_sentiment(made: _Made) -> Path:
    """The head, with offsets, temperature and threshold that are chosen on the validation part."""
    from safetensors.torch import save

    from tasks.models.encoder import MiniLmEncoder, sentiment_branch
    from tasks.models.int8 import packed
    from tasks.models.sentiment import DECISION, WEIGHTS
    from tasks.models.sentiment_head import STYLES, SentimentHead, experts
    from tasks.models.sentiment_training import choose

    held_out = sentiment_texts(made.sets.parts.validation)
    features = MiniLmEncoder(branches=[sentiment_branch(*made.layers)]).encode(held_out.texts).features
    weight, bias = made.model.sentiment_head.weight, made.model.sentiment_head.bias
    said = experts(made.model.sentiment_head.raw(features)).numpy()
    offset = np.zeros((len(STYLES), len(SENTIMENTS)), np.float32)
    for style in range(len(STYLES)):
        own = held_out.styles == style
        offset[style] = fit_offsets(said[own, style], held_out.classes[own], held_out.sources[own])
    head = SentimentHead(weight, bias, offset)
    decision = asdict(choose(head.logits(features), held_out.classes))
    files = {
        WEIGHTS: save(packed(head.tensors())),
        DECISION: (json.dumps(decision, indent=2) + "\n").encode(),
        **made.named,
    }
    card = {
        "name": "sentiment-en-minilm",
        "task": "sentiment",
        "language": "en",
        "training_sets": [
            *(provenance(item, made.data, example_count=made.sets.used[item.name]) for item in ENGLISH),
            {"name": OWN, "licence": "Apache-2.0", "example_count": made.sets.used[OWN], "counted": OWN_REPEATS},
        ],
        "split": made.sets.parts.counts,
        "limits": [
            "Trained on tweets, reviews, headlines and short sentences, not on legal or medical texts. Five of the sets"
            " have no stated licence: the weights are for research only.",
            "Irony is read literally. Of a text over 254 tokens the windows' features are averaged.",
            "Reads the tone of a document as a whole, not of each thing that it names.",
        ],
        "kind": "head",
        "styles": list(STYLES),
        "labels": list(SENTIMENTS),
        "offsets": {style: np.round(row, 2).tolist() for style, row in zip(STYLES, offset.astype(float), strict=True)},
        "decision": decision,
        **made.told,
    }
    folder = cards.install(files, card, root=OFFLINE_BUNDLE_ROOT)
    metrics = {"test": train.score(folder, [(example.text, example.label) for example in made.sets.parts.test])}
    metrics |= train.run_benchmarks(folder, language="en", data=made.data)
    folder = cards.install(files, card | {"metrics": metrics}, root=OFFLINE_BUNDLE_ROOT)
    cards.set_bundle_entry("sentiment-en", name=card["name"], revision=folder.name)
    cards.remove_others(folder)
    return folder


def _install_names(made: _Made) -> Path:
    """The projection, the network over words and its field."""
    from safetensors.torch import save

    from tasks.models.entities import SETTINGS, WEIGHTS, stored

    state = {
        f"{prefix}.{name}": value
        for prefix, module in (("project", made.model.project), ("net", made.model.net), ("crf", made.model.field))
        for name, value in module.state_dict().items()
    }
    settings = json.dumps({"tags": list(made.model.tags)}, sort_keys=True).encode()
    files = {WEIGHTS: save(stored(state)), SETTINGS: settings, **made.named}
    card = (
        train_entities.card_of("en", made.data, made.sets.names.used)
        | {"kind": "branch", "types": list(WNUT_TYPES)}
        | made.told
    )
    folder = train_entities.install("en", files, card, made.sets.names.held_out)
    cards.remove_others(folder)
    return folder


def _install_targets(made: _Made) -> Path:
    """The head on spans; its threshold is chosen on the validation sets."""
    from safetensors.torch import save

    from tasks.core.targets import POLARITIES
    from tasks.models.encoder import Branch, MiniLmEncoder, load_encoder_whole
    from tasks.models.int8 import packed, unpacked
    from tasks.models.targets import BRANCH, WEIGHTS, target_reader

    stored = packed({"head.weight": made.model.target_head.weight, "head.bias": made.model.target_head.bias})
    back = unpacked(stored)
    reader = target_reader(back["head.weight"], back["head.bias"])
    held_out = [item for examples in made.sets.target_validation.values() for item in examples]
    encoded = MiniLmEncoder(branches=[Branch(*made.layers, (reader,))]).encode(
        [item.text for item in held_out], [item.spans for item in held_out]
    )
    logits, classes = [], []
    for item, readings in zip(held_out, encoded.readings[BRANCH], strict=True):
        seen = {span: row for found, rows in readings for span, row in zip(found, rows, strict=True)}
        kept = [(seen[span], label) for span, label in zip(item.spans, item.labels, strict=True) if span in seen]
        logits += [row for row, _ in kept]
        classes += [POLARITIES.index(label) for _, label in kept]
    fitted = train_targets.with_decision(
        "en",
        {WEIGHTS: save(stored), **made.named},
        {"kind": "branch", **made.told},
        np.array(logits),
        np.array(classes),
    )
    load_encoder_whole.cache_clear()
    return train_targets.install("en", fitted, made.sets.targets, made.data, training=made.sets.target_training)
