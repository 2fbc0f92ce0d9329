"""The global options: how they are declared once, and accepted before and after every command's name.

`GlobalGroup` and `GlobalCommand` add them to their own parameters, so that each help page lists them, and take them out
again before the command's function is called. What they say is collected in one `Invocation`, which the function
finds as `ctx.obj`. A value after the command's name wins over one before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from tasks.config import Settings

_PANEL = "Global options"


@dataclass
class Invocation:
    """What the global options say. arguments: the whole command line; is_answered: the JSON object has been written."""

    arguments: list[str] = field(default_factory=list)
    config: Path = Path("market.toml")
    is_json: bool = False
    is_quiet: bool = False
    is_verbose: bool = False
    is_colourless: bool = False
    is_debug: bool = False
    is_answered: bool = False

    def settings(self) -> Settings:
        """The project's settings, read from the configuration that the command line names."""
        from tasks.config import load_settings

        return load_settings(self.config)

    @property
    def command(self) -> str:
        """The command line as a person would type it."""
        import shlex

        return shlex.join(["marketbrief", *self.arguments])


def _declared(
    config: Annotated[
        Path, typer.Option("--config", metavar="FILE", help="The project's configuration.", rich_help_panel=_PANEL)
    ] = Path("market.toml"),
    is_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="One JSON object on standard output; messages on standard error.",
            rich_help_panel=_PANEL,
            metavar="",
        ),
    ] = False,
    is_quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say only what went wrong.", rich_help_panel=_PANEL, metavar="")
    ] = False,
    is_verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Say more: one log line per task.", rich_help_panel=_PANEL, metavar=""),
    ] = False,
    is_colourless: Annotated[
        bool, typer.Option("--no-color", help="No colours and no moving bars.", rich_help_panel=_PANEL, metavar="")
    ] = False,
    is_debug: Annotated[
        bool, typer.Option("--debug", help="Log everything; show tracebacks.", rich_help_panel=_PANEL, metavar="")
    ] = False,
) -> None:
    """Only the signature counts: the parameters are read from it."""


@cache
def _global_names() -> tuple[str, ...]:
    return tuple(name for name in _declared.__annotations__ if name != "return")


def _global_params() -> list[Any]:
    declaring = typer.Typer(add_completion=False)
    declaring.command()(_declared)
    return list(typer.main.get_command(declaring).params)


def _take(ctx: typer.Context) -> None:
    """Move the global options from the context into the invocation; what was not given leaves it as it was."""
    invocation = ctx.ensure_object(Invocation)
    for name in _global_names():
        value = ctx.params.pop(name)
        source = ctx.get_parameter_source(name)
        if source is not None and source.name != "DEFAULT":
            setattr(invocation, name, value)


def _plain(option: Any) -> Any:
    """The help option, listed without a type: it takes no value."""
    if option is not None:
        option.metavar = ""
    return option


class GlobalCommand(TyperCommand):
    """A command that accepts the global options after its name."""

    def get_help_option(self, ctx: Any) -> Any:
        return _plain(super().get_help_option(ctx))

    def __init__(self, *args: Any, params: list[Any] | None = None, help: str | None = None, **kwargs: Any) -> None:
        paragraphs = (" ".join(paragraph.split()) for paragraph in (help or "").split("\n\n"))
        super().__init__(*args, params=[*(params or []), *_global_params()], help="\n\n".join(paragraphs), **kwargs)

    def invoke(self, ctx: Any) -> Any:
        _take(ctx)
        return super().invoke(ctx)


class GlobalGroup(TyperGroup):
    """The program itself: it accepts the global options before the command's name."""

    def get_help_option(self, ctx: Any) -> Any:
        return _plain(super().get_help_option(ctx))

    def __init__(self, *, params: list[Any] | None = None, **kwargs: Any) -> None:
        super().__init__(params=[*(params or []), *_global_params()], **kwargs)

    def invoke(self, ctx: Any) -> Any:
        _take(ctx)
        return super().invoke(ctx)
