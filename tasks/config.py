"""The project's configuration: market.toml and the environment in, one frozen `Settings` out.

This module is the only reader of market.toml and of the environment. Relative paths are resolved against
the folder of market.toml. Unknown keys are errors that name the nearest known key.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import secrets
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from tasks.errors import ConfigError

PROGRAM_ROOT = Path(__file__).resolve().parent.parent
SQL_ROOT = PROGRAM_ROOT / "sql"
TEMPLATE_ROOT = PROGRAM_ROOT / "reports" / "templates"
OFFLINE_BUNDLE_ROOT = PROGRAM_ROOT / "data" / "models"

Kind = Literal["review", "news", "competitor"]
Format = Literal["csv", "tsv", "jsonl", "rss", "html"]
ColumnName = str | list[str]


class _Section(BaseModel):
    """A table of market.toml: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Constant(_Section):
    """A value that stands in for a column: `{ value = "Northwind" }`."""

    value: str | int | float


class Project(_Section):
    """What the project is called, and how its weeks and reports are made."""

    name: str = "Market Brief"
    timezone: str = "UTC"
    languages: list[Literal["en", "zh"]] = ["en", "zh"]
    home: str = "."

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        return _check_timezone(value)


class Brand(_Section):
    """A tracked brand. Its name is always an alias too."""

    name: str = Field(min_length=1)
    role: Literal["own", "competitor"] = "competitor"
    aliases: list[str] = []
    require_any: list[str] = []
    exclude_any: list[str] = []


class Columns(_Section):
    """Which of their columns holds what (ours = theirs). rss and html need none."""

    id: str | None = None
    text: ColumnName | None = None
    title: str | None = None
    published_at: str | Constant | None = None
    rating: str | None = None
    brand: str | Constant | None = None
    segment: str | Constant | None = None
    language: str | Constant | None = None
    url: str | None = None
    author: str | None = None


class Source(_Section):
    """Where one stream of documents comes from, and how to read it."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    kind: Kind
    format: Format
    path: str | None = None
    url: str | None = None
    timezone: str = "UTC"
    encoding: str | None = None
    date_format: str | None = None
    required: bool = False
    columns: Columns = Columns()
    brand_values: dict[str, str] = {}

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        return _check_timezone(value)

    @model_validator(mode="after")
    def _complete(self) -> Source:
        if (self.path is None) == (self.url is None):
            raise ValueError(f"source {self.name!r} needs exactly one of path and url")
        if self.url is not None and self.format not in ("rss", "html"):
            raise ValueError(f"source {self.name!r}: url works with format rss or html, not {self.format}")
        if self.format in ("csv", "tsv", "jsonl"):
            missing = [key for key in ("text", "published_at") if getattr(self.columns, key) is None]
            if missing:
                raise ValueError(f"source {self.name!r} needs columns.{' and columns.'.join(missing)}")
        return self

    @property
    def mapping_hash(self) -> str:
        """Hash of everything that decides how the bytes become records."""
        parts = self.model_dump(mode="json", exclude={"name", "path", "url", "required"})
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


class Hub(_Section):
    """Models of the hub, each "name@revision", "spacy:name@version" or the path of a folder."""

    encoder: str | None = None
    sentiment: str | None = None
    sentiment_labels: list[str] = []
    min_confidence: float = Field(default=0.5, ge=0, le=1)
    entities_en: str | None = None
    entities_zh: str | None = None
    labels: str | None = None


class Models(_Section):
    """Which models score the documents. sentiment_en and sentiment_zh choose a model of one's own, "name@revision"."""

    bundle: Literal["offline", "hub"] = "offline"
    sentiment_en: str | None = None
    sentiment_zh: str | None = None
    hub: Hub = Hub()

    @model_validator(mode="after")
    def _hub_names_its_models(self) -> Models:
        missing = [key for key in ("encoder", "sentiment") if getattr(self.hub, key) is None]
        if self.bundle == "hub" and missing:
            raise ValueError(f'bundle = "hub" needs {" and ".join(f"hub.{key}" for key in missing)}')
        return self


class Topics(_Section):
    """How many topics to look for, what a new one needs, and when one is dead."""

    count: Annotated[int, Field(ge=2, le=200)] | None = None
    min_documents: int = Field(default=40, ge=10)
    least_documents: int = Field(default=15, ge=3)
    least_authors: int = Field(default=5, ge=1)
    least_sources: int = Field(default=1, ge=1)
    death_weeks: int = Field(default=8, ge=1)
    waiting_weeks: int = Field(default=8, ge=1)


class CustomAspect(_Section):
    """An aspect of one's own, found by its words in any language, and in clauses that say something like them."""

    name: str = Field(min_length=1, pattern=r"^[a-z][a-z0-9_]*$")
    words: list[str] = Field(min_length=1)
    label_en: str | None = None
    label_zh: str | None = None


class Aspects(_Section):
    """What to look for inside documents: the list of a product category, and what this project makes of it."""

    category: Literal[
        "general",
        "app",
        "electronics",
        "appliance",
        "retail",
        "travel",
        "restaurant",
        "car",
        "cosmetics",
        "bank",
        "fashion",
    ] = "general"
    drop: list[str] = []
    words: dict[str, list[str]] = {}
    ignore: list[str] = []
    custom: list[CustomAspect] = []


class Schedule(_Section):
    """When `marketbrief serve` runs the weekly flow, in the project's time zone."""

    cron: str = "0 6 * * 1"


class Notify(_Section):
    """Who is told that a run ended. Addresses never stand here: they come from the environment or a Prefect block."""

    on: list[Literal["success", "failure"]] = []
    urls_env: str = Field(default="MARKETBRIEF_NOTIFY_URLS", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    prefect_block: str | None = Field(default=None, pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")
    link_base: str = Field(default="", pattern=r"^(https?://[^\s]+)?$")


class Fetch(_Section):
    """Limits of what is read from the network and from disk."""

    allow_hosts: list[str] = []
    timeout_seconds: float = Field(default=20, gt=0)
    max_bytes: int = Field(default=50_000_000, gt=0)
    max_unpacked_bytes: int = Field(default=2_000_000_000, gt=0)


class Market(_Section):
    """The whole of market.toml."""

    project: Project = Project()
    brands: list[Brand] = Field(min_length=1)
    sources: list[Source] = Field(min_length=1)
    models: Models = Models()
    topics: Topics = Topics()
    aspects: Aspects = Aspects()
    schedule: Schedule = Schedule()
    notify: Notify = Notify()
    fetch: Fetch = Fetch()

    @model_validator(mode="after")
    def _distinct_names(self) -> Market:
        for kind, names in (("brand", [b.name for b in self.brands]), ("source", [s.name for s in self.sources])):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{kind} names must differ; {', '.join(map(repr, twice))} stands more than once")
        return self


class Settings(BaseModel):
    """Everything a run needs to know, resolved and frozen. Picklable; safe to hand to a task."""

    model_config = ConfigDict(frozen=True)

    market: Market
    config_path: Path
    home: Path
    config_hash: str

    @property
    def data_dir(self) -> Path:
        return self.home / "data"

    @property
    def warehouse_path(self) -> Path:
        return self.data_dir / "warehouse.duckdb"

    @property
    def snapshot_path(self) -> Path:
        return self.data_dir / "published" / "market.duckdb"

    @property
    def parquet_dir(self) -> Path:
        return self.data_dir / "published" / "parquet"

    @property
    def model_dir(self) -> Path:
        """Models that this project trained or fitted itself (topics, fine-tuned heads)."""
        return self.data_dir / "trained"

    @property
    def reports_dir(self) -> Path:
        return self.home / "reports"

    @property
    def prefect_home(self) -> Path:
        return self.data_dir / "prefect"

    @property
    def lock_path(self) -> Path:
        return self.data_dir / ".lock"

    @property
    def own_brand(self) -> str | None:
        """The first brand with role "own"; null when only competitors are tracked."""
        return next((brand.name for brand in self.market.brands if brand.role == "own"), None)

    @property
    def timezone(self) -> ZoneInfo:
        return ZoneInfo(self.market.project.timezone)

    @property
    def notify_urls(self) -> tuple[str, ...]:
        """Addresses of those who are told of a run's end, from the environment; secrets: never to be printed."""
        return tuple(os.environ.get(self.market.notify.urls_env, "").split())

    def source_path(self, source: Source) -> str:
        """The source's path pattern, absolute."""
        return str((self.config_path.parent / Path(source.path or "").expanduser()).absolute())

    def salt(self) -> bytes:
        """The salt of author hashes: MARKETBRIEF_SALT, or a file made at first use (mode 0600)."""
        given = os.environ.get("MARKETBRIEF_SALT")
        if given:
            return given.encode()
        path = self.data_dir / ".salt"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_bytes()
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode())
        return path.read_bytes()


def load_settings(config_path: Path | str = "market.toml") -> Settings:
    """Read market.toml into Settings.

    Raises:
        ConfigError: the file is missing, is not TOML, or breaks the contract; the message names the place.
    """
    path = Path(config_path).expanduser().absolute()
    if not path.is_file():
        raise ConfigError(
            f"No configuration at {path}",
            fix="run `marketbrief init` to make a starter project, or name a file with --config",
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", fix="mend the line it names") from error
    try:
        market = Market.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(
            f"{path} is not a valid configuration:\n" + "\n".join(_explain(item, raw) for item in error.errors()),
            fix="`marketbrief docs config` lists every key with its default",
        ) from error
    digest = hashlib.sha256(
        json.dumps(market.model_dump(mode="json", exclude={"notify"}), sort_keys=True).encode()
    ).hexdigest()
    home = (path.parent / Path(market.project.home).expanduser()).resolve()
    return Settings(market=market, config_path=path, home=home, config_hash=digest)


def prefect_api_url() -> str | None:
    """Address of the Prefect server that the user chose, by PREFECT_API_URL; None where no choice was made."""
    return os.environ.get("PREFECT_API_URL") or None


def _check_timezone(value: str) -> str:
    if value not in available_timezones():
        near = difflib.get_close_matches(value, sorted(available_timezones()), n=1)
        raise ValueError(f"unknown time zone {value!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return value


def _explain(item: Any, raw: dict) -> str:
    """One pydantic error as a line: the key's place, what is wrong, and the nearest known key."""
    place = ""
    for part in item["loc"]:
        place += f"[{part}]" if isinstance(part, int) else (f".{part}" if place else str(part))
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        known = known_keys(item["loc"][:-1])
        near = difflib.get_close_matches(str(item["loc"][-1]), known, n=1)
        message = "unknown key" + (f"; did you mean {near[0]!r}?" if near else f"; known keys: {', '.join(known)}")
    elif item["type"] == "missing":
        message = "is missing"
    return f"  {place or 'file'}: {message}"


def known_keys(place: tuple) -> list[str]:
    """Names that the section at a place of market.toml may hold, such as ("sources", 0, "columns")."""
    section: type[BaseModel] = Market
    tables: dict[str, type[BaseModel]] = {
        "project": Project, "brands": Brand, "sources": Source, "columns": Columns, "models": Models,
        "hub": Hub,
        "topics": Topics, "aspects": Aspects, "custom": CustomAspect, "schedule": Schedule, "fetch": Fetch,
    }  # fmt: skip
    for part in place:
        if part in tables:
            section = tables[part]
    return sorted(section.model_fields)
