"""Models of the hub: named in market.toml, pinned to a revision, found on this machine, never fetched by a run.

A reference is `name@revision` (a repository on the Hugging Face hub, which must lie in the local cache),
`spacy:name@version` (an installed spaCy pipeline), or the path of a folder that holds a saved model. A run reads what
is there and says which command gets what is missing: nothing is downloaded behind anyone's back, and a report can be
made again with the same weights.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from tasks.core.contracts import SENTIMENTS, ModelVersion
from tasks.core.sentiment import label_of
from tasks.errors import ConfigError, ModelUnavailableError
from tasks.models import cards

SPACY = "spacy:"
_REFERENCE = re.compile(r"^(?:spacy:)?[A-Za-z0-9][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.-]+)?@[A-Za-z0-9_.-]+$")
_STARS = re.compile(r"^([1-5])(?:\s*stars?|\s*星)?$")
_WEIGHTS = ("*.safetensors", "*.bin", "**/model", "config.json", "meta.json")


@dataclass(frozen=True)
class HubModel:
    """A model on this machine. folder: its files; None for an installed spaCy pipeline, which is loaded by name."""

    name: str
    revision: str
    content_sha256: str
    licence: str
    folder: Path | None

    def version(self, *, task: str, language: str, precision: str) -> ModelVersion:
        """The row of ops.model_version that it stands for in one task and language."""
        card = {"name": self.name, "revision": self.revision, "licence": self.licence, "bundle": "hub"}
        return ModelVersion(
            task, language, self.name.replace("/", "--"), self.revision, precision, self.licence,
            self.content_sha256, card,
        )  # fmt: skip


def is_path(reference: str) -> bool:
    """Whether a reference names a folder rather than a repository or a package."""
    return reference.startswith(("/", ".", "~"))


def find(reference: str, *, base: Path) -> HubModel:
    """The model that a reference names.

    Args:
        base: folder that relative paths start from: the one of market.toml.

    Raises:
        ConfigError: the reference is of no known form, or pins no revision.
        ModelUnavailableError: the model is not on this machine; the fix is the command that gets it.
    """
    if is_path(reference):
        return _in_folder((base / Path(reference).expanduser()).resolve())
    if not _REFERENCE.match(reference):
        raise ConfigError(
            f"{reference!r} names no model of the hub",
            why="a model is pinned to a revision, so that the same run can be made again",
            fix='write "name@revision", "spacy:name@version", or the path of a folder',
        )
    name, _, revision = reference.removeprefix(SPACY).rpartition("@")
    return _pipeline(name, revision) if reference.startswith(SPACY) else _repository(name, revision)


def pools_first_token(model: HubModel) -> bool:
    """Whether a sentence-transformers model takes its first token's vector instead of the mean of all."""
    path = (model.folder or Path()) / "1_Pooling" / "config.json"
    return path.is_file() and bool(json.loads(path.read_text(encoding="utf-8")).get("pooling_mode_cls_token"))


def star_or_label(name: str) -> str | int | None:
    """A model's own name of a class: a sentiment, a number of stars, or None where it means neither."""
    stars = _STARS.match(name.strip().casefold())
    return int(stars[1]) if stars else label_of(name)


def class_map(names: Mapping[int, str], given: Sequence[str], *, model: str) -> list[tuple[int, ...]]:
    """For negative, neutral and positive: the model's classes that mean it.

    Stars: 1 and 2 are negative, 3 is neutral, 4 and 5 positive. A binary model has no neutral class.

    Args:
        names: the model's class names by number.
        given: what market.toml says each class means, in order; empty: the names speak for themselves.

    Raises:
        ConfigError: a class is not understood, or there is no negative or no positive one.
    """
    told = dict(enumerate(given)) if given else dict(names)
    fix = f'say what its {len(names)} classes mean, in order: [models.hub] sentiment_labels = ["negative", …]'
    if len(told) != len(names):
        raise ConfigError(f"{model} has {len(names)} classes, and sentiment_labels names {len(told)}", fix=fix)
    found: dict[str, list[int]] = {label: [] for label in SENTIMENTS[:3]}
    for number, name in sorted(told.items()):
        meaning = star_or_label(name)
        if isinstance(meaning, int):
            meaning = "negative" if meaning < 3 else "neutral" if meaning == 3 else "positive"
        if meaning not in found:
            raise ConfigError(f"{model} calls a class {name!r}, which is no sentiment and no number of stars", fix=fix)
        found[meaning].append(number)
    if not found["negative"] or not found["positive"]:
        raise ConfigError(f"{model} has no class for {'negative' if found['positive'] else 'positive'}", fix=fix)
    return [tuple(found[label]) for label in SENTIMENTS[:3]]


@lru_cache(maxsize=16)
def _in_folder(folder: Path) -> HubModel:
    if not folder.is_dir():
        raise ModelUnavailableError(
            f"No model at {folder}", why="the folder does not exist", fix="mend the path in [models.hub]"
        )
    content = _content(folder)
    return HubModel(folder.name, content[: cards.REVISION_LENGTH], content, _licence(folder), folder)


@lru_cache(maxsize=16)
def _repository(name: str, revision: str) -> HubModel:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(name, revision=revision, local_files_only=True))
    except (LocalEntryNotFoundError, HfHubHTTPError, FileNotFoundError) as error:
        raise ModelUnavailableError(
            f"The model {name}@{revision} is not on this machine",
            why="a run never downloads models",
            fix=f"hf download {name} --revision {revision}",
        ) from error
    return HubModel(name, revision, _content(folder), _licence(folder), folder)


def _pipeline(name: str, version: str) -> HubModel:
    try:
        package = metadata.distribution(name)
    except metadata.PackageNotFoundError as error:
        raise ModelUnavailableError(
            f"The spaCy pipeline {name} is not installed", fix=f"python -m spacy download {name}-{version} --direct"
        ) from error
    if package.version != version:
        raise ModelUnavailableError(
            f"The spaCy pipeline {name} is installed as {package.version}, not as {version}",
            fix=f"python -m spacy download {name}-{version} --direct, or name {package.version} in [models.hub]",
        )
    record = package.read_text("RECORD") or f"{name} {version}"
    digest = hashlib.sha256(record.encode()).hexdigest()
    return HubModel(name, version, digest, str(package.metadata.json.get("license") or "unknown"), None)


def _content(folder: Path) -> str:
    """SHA-256 over the files that make a model what it is.

    Raises:
        ModelUnavailableError: the folder holds no such file.
    """
    files = sorted({path for pattern in _WEIGHTS for path in folder.rglob(pattern) if path.is_file()})
    if not files:
        raise ModelUnavailableError(
            f"{folder} holds no model", why="no config.json or weights are in it", fix="name the model's own folder"
        )
    return cards.content_sha256({str(path.relative_to(folder)): cards.file_sha256(path) for path in files})


def _licence(folder: Path) -> str:
    """The licence that the model's README states in its head; "unknown" where it states none."""
    import yaml

    try:
        text = (folder / "README.md").read_text(encoding="utf-8")
        head = yaml.safe_load(text.split("---", 2)[1]) if text.startswith("---") else None
    except (OSError, UnicodeDecodeError, IndexError, yaml.YAMLError):
        head = None
    return str(head["license"]) if isinstance(head, dict) and head.get("license") else "unknown"
