"""market.toml: what is accepted, what is refused, and how the refusal reads."""

import pytest

from tasks.config import load_settings
from tasks.errors import ConfigError

SMALLEST = """
[[brands]]
name = "北风"
[[sources]]
name = "shop"
kind = "review"
format = "csv"
path = "inbox/*.csv"
columns = { text = "body", published_at = "at" }
"""


def write(tmp_path, text):
    path = tmp_path / "market.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_one_brand_and_one_source_are_enough(tmp_path):
    settings = load_settings(write(tmp_path, SMALLEST))
    assert settings.home == tmp_path.resolve()
    assert settings.snapshot_path == tmp_path.resolve() / "data" / "published" / "market.duckdb"
    assert settings.market.project.languages == ["en", "zh"]
    assert settings.own_brand is None
    assert settings.source_path(settings.market.sources[0]) == str(tmp_path / "inbox" / "*.csv")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("path =", "pth ="), "sources[0].pth: unknown key; did you mean 'path'?"),
        (("[[brands]]", "[projct]\nname='x'\n[[brands]]"), "projct: unknown key; did you mean 'project'?"),
        (("text = ", "txt = "), "sources[0].columns.txt: unknown key; did you mean 'text'?"),
        (('format = "csv"', 'format = "cvs"'), "sources[0].format"),
        ((', published_at = "at"', ""), "needs columns.published_at"),
        (('path = "inbox/*.csv"', ""), "exactly one of path and url"),
        (('kind = "review"', 'kind = "review"\ntimezone = "Europe/Belrin"'), "did you mean 'Europe/Berlin'"),
        (("[[brands]]\n", "[[brands]]\nname='b'\n[[brands]]\nname='b'\n[[brands]]\n"), "stands more than once"),
    ],
)
def test_a_wrong_key_is_named_with_its_place_and_the_nearest_known_one(tmp_path, change, says):
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, SMALLEST.replace(*change, 1)))
    assert says in str(caught.value)
    assert caught.value.exit_code == 3


def test_a_missing_or_broken_file_says_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match="marketbrief init"):
        load_settings(tmp_path / "market.toml")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_settings(write(tmp_path, "[[brands"))


def test_the_mapping_hash_follows_the_mapping_and_nothing_else(tmp_path):
    one = load_settings(write(tmp_path, SMALLEST)).market.sources[0]
    moved = load_settings(write(tmp_path, SMALLEST.replace("inbox", "outbox"))).market.sources[0]
    remapped = load_settings(write(tmp_path, SMALLEST.replace('"body"', '"content"'))).market.sources[0]
    assert one.mapping_hash == moved.mapping_hash != remapped.mapping_hash


def test_the_salt_is_made_once_and_private(tmp_path, monkeypatch):
    settings = load_settings(write(tmp_path, SMALLEST))
    monkeypatch.delenv("MARKETBRIEF_SALT", raising=False)
    first = settings.salt()
    assert settings.salt() == first
    assert len(first) >= 32
    assert (settings.data_dir / ".salt").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("MARKETBRIEF_SALT", "given")
    assert settings.salt() == b"given"
