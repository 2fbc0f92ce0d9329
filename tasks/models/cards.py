"""Where trained models lie, and the cards that say what they are.

A model is a folder `<root>/<name>/<revision>/` with weight files and card.json. The revision is the first 12
characters of a SHA-256 over the weight files, so other weights never go by the same name. The card names the
training sets with commit and SHA-256, the licence, metrics with n, limits, how to rebuild, and the SHA-256 of each
weight file, which is checked whenever the model is loaded.

The offline bundle lists its models in data/models/bundle.json: {"sentiment-en": {"name": …, "revision": …}, …}.
Models that a project trained itself lie in its own model folder and are chosen in market.toml as "name@revision".
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from tasks.config import OFFLINE_BUNDLE_ROOT
from tasks.core.contracts import ModelVersion
from tasks.errors import ConfigError, ModelUnavailableError

CARD = "card.json"
BUNDLE = "bundle.json"
RESEARCH_ONLY = "research-only"
REVISION_LENGTH = 12
_CHOICE = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9_.-]*)@(?P<revision>[0-9a-f]{6,64})$")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_sha256(files: Mapping[str, str]) -> str:
    """SHA-256 over a model's files, given as {name: SHA-256}; the order of the names does not matter."""
    lines = "".join(f"{name}\0{digest}\n" for name, digest in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def install(files: Mapping[str, bytes], card: dict, *, root: Path) -> Path:
    """Write a model and its card to <root>/<card's name>/<revision>/, as a whole or not at all.

    Args:
        files: the weight files' names and bytes.
        card: what the card says; `revision`, `content_sha256` and `files` are added here.

    Returns:
        The model's folder. If it is there already, its card is written anew.
    """
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    content = content_sha256(digests)
    revision = content[:REVISION_LENGTH]
    folder = root / card["name"] / revision
    staged = folder.with_name(f".{revision}.{os.getpid()}")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    for name, data in files.items():
        (staged / name).write_bytes(data)
    whole = {**card, "revision": revision, "content_sha256": content, "files": digests}
    (staged / CARD).write_text(json.dumps(whole, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if folder.exists():
        os.replace(staged / CARD, folder / CARD)
        shutil.rmtree(staged)
    else:
        os.replace(staged, folder)
    return folder


def remove_others(folder: Path) -> None:
    """Delete the other revisions of a model."""
    for other in folder.parent.iterdir():
        if other.is_dir() and other != folder:
            shutil.rmtree(other)


def load_card(folder: Path) -> dict:
    """Read a model's card and check that its files are the ones that the card names.

    Raises:
        ModelUnavailableError: the card or a file is missing, or a file is not the one expected.
    """
    path = folder / CARD
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelUnavailableError(
            f"No model at {folder}", why=f"{CARD} is missing", fix="`marketbrief models` lists what is installed"
        ) from error
    except ValueError as error:
        raise ModelUnavailableError(f"{path} can't be read: {error}", fix="install or train the model again") from error
    for name, digest in card.get("files", {}).items():
        if not (folder / name).is_file() or file_sha256(folder / name) != digest:
            raise ModelUnavailableError(
                f"{folder / name} is missing, or is not the file that its card names",
                why="the checkout or the copy is incomplete, or the file was changed",
                fix="check the folder out again, or rebuild the model as its card says",
            )
    if not card.get("files") or content_sha256(card["files"])[:REVISION_LENGTH] != card.get("revision"):
        raise ModelUnavailableError(f"{path} does not fit its files", fix="install or train the model again")
    return card


def version_of(card: dict, *, precision: str) -> ModelVersion:
    """The row of ops.model_version that a card stands for."""
    return ModelVersion(
        task=card["task"],
        language=card["language"],
        name=card["name"],
        revision=card["revision"],
        precision=precision,
        licence=card["licence"],
        content_sha256=card["content_sha256"],
        card=card,
    )


def bundle(root: Path = OFFLINE_BUNDLE_ROOT) -> dict[str, dict[str, str]]:
    """What the offline bundle holds: {"sentiment-en": {"name": …, "revision": …}, …}.

    Raises:
        ModelUnavailableError: there is no readable list.
    """
    try:
        return json.loads((root / BUNDLE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise ModelUnavailableError(
            f"{root / BUNDLE} is missing or can't be read", fix="check data/models out again, or run `make models`"
        ) from error


def set_bundle_entry(key: str, *, name: str, revision: str, root: Path = OFFLINE_BUNDLE_ROOT) -> None:
    """List a model in the offline bundle under a key such as "sentiment-en", in place of the one before."""
    path = root / BUNDLE
    entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    entries[key] = {"name": name, "revision": revision}
    staged = path.with_suffix(f".{os.getpid()}")
    staged.write_text(json.dumps(dict(sorted(entries.items())), indent=2) + "\n", encoding="utf-8")
    os.replace(staged, path)


def bundle_folder(key: str, *, root: Path = OFFLINE_BUNDLE_ROOT) -> Path:
    """Folder of the bundle's model for a key such as "sentiment-zh".

    Raises:
        ModelUnavailableError: the bundle lists none.
    """
    entry = bundle(root).get(key)
    if entry is None:
        raise ModelUnavailableError(f"The offline bundle has no model {key!r}", fix="run `make models`")
    return root / entry["name"] / entry["revision"]


def chosen_folder(choice: str, *, model_dir: Path) -> Path:
    """Folder of the model that market.toml names as "name@revision"; a beginning of the revision is enough.

    Raises:
        ConfigError: the choice is not of that form, or fits more than one revision.
        ModelUnavailableError: no such model is installed.
    """
    match = _CHOICE.match(choice)
    if match is None:
        raise ConfigError(f"{choice!r} names no model", fix='write "name@revision", as `marketbrief train` printed it')
    found = [
        folder
        for root in (model_dir, OFFLINE_BUNDLE_ROOT)
        for folder in sorted((root / match["name"]).glob(f"{match['revision']}*"))
        if (folder / CARD).is_file()
    ]
    if not found:
        raise ModelUnavailableError(
            f"No model {choice!r} in {model_dir}", fix="train it with `marketbrief train`, or mend [models]"
        )
    if len({folder.name for folder in found}) > 1:
        raise ConfigError(f"{choice!r} fits {len(found)} models", fix="write the whole revision")
    return found[0]
