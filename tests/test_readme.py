"""The README can't drift: its commands, targets, tables, macros and configuration exist."""

import re
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from flows.cli import app
from tasks.config import load_settings
from tasks.store.warehouse import Warehouse

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = get_command(app).commands


def test_every_command_and_option_of_the_readme_exists():
    named = set(re.findall(r"marketbrief ([a-z]+)", README))
    row = re.search(r"\| `marketbrief init`, (.*?) \|", README)
    named |= set(re.findall(r"`([a-z]+)`", row[1]))
    assert named <= set(COMMANDS), named - set(COMMANDS)
    assert set(COMMANDS) <= named, f"not in the README: {set(COMMANDS) - named}"
    for line in re.findall(r"marketbrief [^`\n]+", README):
        command = COMMANDS[line.split()[1]]
        known = {option for parameter in command.params for option in parameter.opts}
        for option in re.findall(r"(--[a-z-]+)", line):
            assert option in known, f"{line}: {option}"


def test_every_make_target_of_the_readme_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"make ([a-z-]+)", README)) - {"python"}:
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_every_table_and_macro_of_the_readme_exists():
    with Warehouse(":memory:") as warehouse:
        tables = {
            f"{r['table_schema']}.{r['table_name']}" for r in warehouse.rows("select * from information_schema.tables")
        }
        macros = {
            r["function_name"]
            for r in warehouse.rows("select function_name from duckdb_functions() where not internal")
        }
        for statement in re.findall(r"```sql\n(.*?)```", README, re.S):
            for query in filter(str.strip, re.sub(r"--.*", "", statement).split(";")):
                warehouse.frame(query)
    named = set(re.findall(r"\b((?:marts|ops|raw|staging|enriched)\.[a-z_]+)", README)) - {"marts.sql"}
    assert named <= tables, named - tables
    assert {
        "wilson_lo",
        "wilson_hi",
        "net_sentiment",
        "weekly",
        "compare",
        "quotes",
        "search_text",
        "lineage",
    } <= macros


def test_the_example_configuration_is_valid(tmp_path):
    example = re.search(r"```toml\n(.*?)```", README, re.S)
    (tmp_path / "market.toml").write_text(example[1], encoding="utf-8")
    settings = load_settings(tmp_path / "market.toml")
    assert [source.format for source in settings.market.sources] == ["csv", "rss", "html"]


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_leads_somewhere(link):
    assert (ROOT / link).exists()


def test_the_project_names_no_machine_path():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.suffix in (".py", ".md", ".sql", ".toml", ".j2", ".txt", ".yaml", "") and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not re.search(r"(^|[^A-Za-z0-9_.])/(work|root|farm)/", text), name
