"""`marketbrief serve`: the weekly flow on its schedule, with a real local Prefect server, until it is told to end.

The temporary server that Prefect starts for a single run has no scheduler: schedules on it silently never fire. So a
real server is started here, or the one that the user named is used. Each scheduled run is a process of its own, which
takes the project's lock as every run does. A run that was missed while nothing served is made up for by the next one,
which reports all weeks that are due; Prefect may replay missed runs one by one, and those find nothing to do.
"""

from __future__ import annotations

import asyncio
import signal
from datetime import datetime
from typing import TYPE_CHECKING

from rich.markup import escape

from flows.console import Console, set_up_logging
from flows.invocation import Invocation
from flows.prefect_server import Server, end_runs, running_server
from tasks.config import Settings
from tasks.errors import ConfigError

if TYPE_CHECKING:
    from prefect.flows import Flow
    from prefect.runner import Runner

DEPLOYMENT = "weekly"


def serve_command(invocation: Invocation, *, port: int | None) -> None:
    """Serve the weekly flow until ctrl-C or SIGTERM.

    Raises:
        ConfigError: the schedule's cron is malformed.
        LockedError: the project is being served already.
        KeyboardInterrupt: ctrl-C; everything that was started has ended.
    """
    console = Console(invocation)
    set_up_logging(invocation)
    settings = invocation.settings()
    next_run_at(settings, datetime.now(settings.timezone))  # a malformed schedule is told before anything starts
    with running_server(settings, is_scheduling=True, port=port) as server:
        console.say("[dim]starting the Prefect server …[/]")
        from flows.weekly import weekly_flow

        server.wait_until_healthy()
        _announce(console, settings, server)
        serve_flow(weekly_flow, settings, server)


def next_run_at(settings: Settings, now: datetime) -> datetime:
    """The schedule's first time after now, in the project's time zone.

    Raises:
        ConfigError: the cron expression is malformed.
    """
    from cronsim import CronSim, CronSimError

    cron = settings.market.schedule.cron
    try:
        return next(CronSim(cron, now.astimezone(settings.timezone)))
    except (CronSimError, StopIteration) as error:
        raise ConfigError(
            f"{settings.config_path}: schedule.cron {cron!r} is not a schedule: {error}",
            fix='five fields: minute, hour, day of the month, month, day of the week; such as "0 6 * * 1"',
        ) from error


def serve_flow(flow: Flow, settings: Settings, server: Server) -> None:
    """Serve a flow that takes `config_path` on the project's schedule, against a running server, until SIGTERM.

    The run under way is ended then; what it had finished is kept, and the next run goes on from there.

    Raises:
        KeyboardInterrupt: ctrl-C, likewise.
    """
    from prefect.deployments.runner import EntrypointType
    from prefect.runner import Runner
    from prefect.schedules import Cron

    runner = Runner(name=DEPLOYMENT, limit=1, pause_on_shutdown=False)
    runner.add_flow(
        flow,
        name=DEPLOYMENT,
        schedule=Cron(settings.market.schedule.cron, timezone=settings.market.project.timezone),
        parameters={"config_path": str(settings.config_path)},
        description=f"The weekly report of {settings.market.project.name}",
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    if asyncio.run(_until_signal(runner, server)) == signal.SIGINT:
        raise KeyboardInterrupt


async def _until_signal(runner: Runner, server: Server) -> signal.Signals:
    """Run Prefect's runner until SIGINT or SIGTERM comes; end what it runs; return the signal."""
    received: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(runner.start())
    await asyncio.sleep(0)  # the runner begins by taking SIGTERM for itself; its way to end is loud and abrupt
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _note_signal, received, number)
    try:
        either: set[asyncio.Future] = {serving, received}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not received.done():
            serving.result()  # it ended by itself, which it does by an error only
        return await received
    finally:
        end_runs(server)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


def _note_signal(received: asyncio.Future[signal.Signals], number: signal.Signals) -> None:
    if not received.done():
        received.set_result(number)


def _announce(console: Console, settings: Settings, server: Server) -> None:
    next_run = next_run_at(settings, datetime.now(settings.timezone))
    schedule = f"{settings.market.schedule.cron} ({settings.market.project.timezone})"
    console.emit(
        {
            "project": settings.market.project.name,
            "url": server.url,
            "is_own_server": server.process is not None,
            "deployment": f"market-brief-scheduled/{DEPLOYMENT}",
            "schedule": schedule,
            "next_run": next_run.isoformat(),
        }
    )
    if console.invocation.is_quiet:
        return
    console.print(f"[bold green]Serving[/] {escape(settings.market.project.name)}; ctrl-C ends it")
    for label, text in (
        ("schedule", schedule),
        ("next run", f"{next_run:%A, %Y-%m-%d %H:%M %Z}"),
        ("runs", server.url),
        ("by hand", "marketbrief run, in another terminal"),
    ):
        console.fact(label, text)
