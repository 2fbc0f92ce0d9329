"""Training on a user's own labelled file: a CSV of text and label in, an installed and registered model out.

It goes on from the project's current sentiment model, or from any model of the hub by name (`--base`), lands in the
project's model folder with a card, and scores documents only once market.toml chooses it. A training that was killed
goes on from its last finished epoch when the same command is given again.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.benchmarks import score
from tasks.config import Settings
from tasks.core.contracts import Progress
from tasks.core.language import detect_language
from tasks.errors import SourceError, UsageError
from tasks.models import cards, hub
from tasks.models.sentiment import sentiment_folder
from tasks.store.model_registry import register
from tasks.store.warehouse import Warehouse
from tasks.train import Split, TrainSummary, fit, split, summary_of
from tasks.training_sets import Example, distinct, golden_path, keys_of, read_csv

if TYPE_CHECKING:
    from tasks.models.training_loop import Checkpoint

METHODS = ("lora", "full", "head")
MIN_PER_LABEL = 10
USER_NAME = "sentiment-{language}-own"
CHECKPOINTS = ".checkpoints"


def train_own(
    settings: Settings,
    progress: Progress,
    *,
    data: Path,
    language: str | None = None,
    out: Path | None = None,
    method: str = "lora",
    epochs: int = 3,
    seed: int = 13,
    base: str | None = None,
) -> TrainSummary:
    """Train a sentiment model on a user's file, install it and register it.

    Args:
        language: of the texts, "en" or "zh"; None takes the one that most texts are in. Others are left out, and
            the summary says how many.
        out: where to install it; None: the project's model folder.
        method: lora (low-rank adapters), full or head.
        base: a model of the hub to fine-tune, "name@revision" or a folder; None goes on from the current model.

    Raises:
        UsageError: an option is off.
        SourceError: the file can't be used, or holds too few texts.
        ModelUnavailableError: the base is not on this machine.
    """
    if method not in METHODS:
        raise UsageError(f"{method!r} is no method", fix=f"choose one of {', '.join(METHODS)}")
    if language not in (None, "en", "zh"):
        raise UsageError(f"No model can be trained for language {language!r}", fix="choose en or zh")
    rows = read_csv(data)
    languages = [detect_language(text, language) for text, _ in rows]
    chosen = language or Counter(item for item in languages if item != "other").most_common(1)[0][0]
    examples = [
        Example(text, label, data.name, data.name)
        for (text, label), found in zip(rows, languages, strict=True)
        if found == chosen and text.strip()
    ]
    warnings: list[str] = []
    if len(examples) < len(rows):
        warnings.append(f"{len(rows) - len(examples)} of {len(rows)} texts are empty or not in {chosen}: left out")
    if chosen == "zh" and method != "lora" and base is None:
        warnings.append("Chinese is trained as character n-grams: the method does not apply")
    root = out or settings.model_dir
    start = sentiment_folder(chosen, settings)
    if base is None and cards.load_card(start)["kind"] == "hub":
        base = str(start)
    model = hub.find(base, base=settings.config_path.parent) if base else None
    usable = distinct(examples, without=keys_of(text for text, _ in read_csv(golden_path(chosen))))
    parts = split(usable, seed=seed)
    _check_enough(parts, path=data)
    card = {
        "name": USER_NAME.format(language=chosen),
        "task": "sentiment",
        "language": chosen,
        "licence": _licence(model),
        "training_sets": [{"name": data.name, "example_count": len(usable), "sha256": cards.file_sha256(data)}],
        "limits": ["Trained on one project's own texts; not measured on others."],
        "split": parts.counts,
        "rebuild": f"marketbrief train sentiment --data {data.name}" + (f" --base {base}" if base else ""),
    }
    fitted = fit(
        parts,
        language=chosen,
        method=method,
        epochs=epochs,
        seed=seed,
        start=start,
        progress=progress,
        base=model,
        checkpoint=_checkpoint(root, card, method=method, epochs=epochs, seed=seed),
    )
    folder = cards.install(fitted.files, card | fitted.card, root=root)
    test = score(folder, [(example.text, example.label) for example in parts.test])
    folder = cards.install(fitted.files, card | fitted.card | {"metrics": {"test": test}}, root=root)
    summary = summary_of(folder, parts, warnings)
    with Warehouse(settings.warehouse_path) as warehouse, warehouse.transaction():
        register(warehouse, [cards.version_of(cards.load_card(folder), precision="any")])
    return summary


def _checkpoint(root: Path, card: dict[str, Any], **options: object) -> Checkpoint:
    from tasks.models.training_loop import Checkpoint

    return Checkpoint(root / CHECKPOINTS, {"card": card, **options})


def _licence(model: hub.HubModel | None) -> str:
    """The licence of what is trained on one's own data: the base model's, where that states one."""
    return "own-data" if model is None else f"own-data on {model.licence}"


def _check_enough(parts: Split, *, path: Path) -> None:
    """Each label needs texts in every part of the split, and there must be two labels."""
    counts = Counter(example.label for part in (parts.training, parts.validation, parts.test) for example in part)
    if len(counts) < 2 or min(counts.values()) < MIN_PER_LABEL:
        told = ", ".join(f"{label} {count}" for label, count in sorted(counts.items())) or "none"
        raise SourceError(
            f"{path} holds too few usable texts: {told}",
            fix=f"give at least two labels, and {MIN_PER_LABEL} distinct texts of each",
        )
