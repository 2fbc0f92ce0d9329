"""The house rules that a machine can check: who may import what, how long a module may be, what may not stand in it."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted([*ROOT.glob("flows/**/*.py"), *ROOT.glob("tasks/**/*.py")])
HEAVY = {"torch", "transformers", "spacy", "bertopic", "sentence_transformers", "sklearn", "altair", "umap", "hdbscan"}


def layer(path: Path) -> str:
    """flows, tasks (the thin stage modules), core, models or store."""
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "tasks" and parts[1] in ("core", "models", "store") else parts[0]


def imports(path: Path, *, only_top_level: bool = False) -> set[str]:
    """Dotted names that a module imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if only_top_level else list(ast.walk(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def roots(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path):
    names = imports(path)
    here = layer(path)
    if path.relative_to(ROOT).as_posix() != "tasks/store/warehouse.py":
        assert "duckdb" not in roots(names), "only tasks/store/warehouse.py imports duckdb"
    if here in ("core", "models", "store"):
        assert "prefect" not in roots(names), "only flows/ and tasks/*.py import prefect"
        assert "flows" not in roots(names)
        stages = {n for n in names if re.match(r"tasks\.\w+", n) and n.split(".")[1] not in _allowed(here)}
        assert not stages, f"{here} must not import {stages}"
    if here == "core":
        assert not roots(names) & (HEAVY | {"duckdb", "prefect", "httpx", "typer", "rich"})
    if here == "tasks":
        assert "flows" not in roots(names)


def _allowed(here: str) -> set[str]:
    below = {"core", "errors"}
    return below if here == "core" else below | {"config", here}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_heavy_libraries_are_imported_late(path):
    if layer(path) != "models":
        assert not roots(imports(path, only_top_level=True)) & HEAVY


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_are_short_documented_and_finished(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 500
    if path.name != "__init__.py":
        assert ast.get_docstring(ast.parse(text)), "a module says what it is for"
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b", text)


def test_core_never_asks_for_the_time():
    for path in MODULES:
        if layer(path) == "core":
            assert not re.search(r"datetime\.(now|today|utcnow)\(|date\.today\(|time\.time\(", path.read_text())


def test_sql_files_state_their_grain():
    selects = [*ROOT.glob("sql/marts/*.sql"), *ROOT.glob("sql/staging/*.sql")]
    assert selects
    for path in selects:
        assert path.read_text(encoding="utf-8").startswith("-- Grain:"), f"{path.name} says its grain in the first line"
