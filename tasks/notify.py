"""Tell people that a run ended: what the newest report found and where it lies, or that the run failed and why.

Who is told stands in the environment variable that `[notify] urls_env` names (addresses as apprise writes them:
slack://…, mailto://…, msteams://…) and in a Prefect notification block. Nothing is sent unless `[notify] on` asks for
it. A message that can't be delivered is a warning and never the failure of a run; addresses are secrets, so neither
they nor what a service answers is ever printed or logged.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tasks.config import Settings
from tasks.core.report_model import WeeklyReport
from tasks.core.wording import Wording, clip
from tasks.errors import MarketBriefError
from tasks.report import published_reports
from tasks.store.messages import load_messages
from tasks.store.outgoing import report_address
from tasks.store.render import names_of

logger = logging.getLogger(__name__)

MAX_FINDINGS = 6
REASON_LIMIT = 300
_NOISY = ("apprise", "requests", "urllib3", "httpx", "httpcore")

Send = Callable[[str, str], bool]


@dataclass(frozen=True)
class Message:
    """What is sent: plain text of a title and a few lines."""

    title: str
    body: str


@dataclass(frozen=True)
class Delivery:
    """How many were told, of how many; warnings name no address."""

    sent: int
    failed: int
    warnings: tuple[str, ...]


def notify_success(settings: Settings, weeks: Sequence[str], *, senders: Sequence[Send] | None = None) -> Delivery:
    """Tell of the newest of the reported ISO weeks, if `[notify] on` holds success.

    Args:
        senders: functions that deliver a title and a body; by default those that the configuration names.
    """
    if "success" not in settings.market.notify.on or not weeks:
        return Delivery(0, 0, ())
    try:
        newest = max(
            (report for report in published_reports(settings) if report.iso_week == max(weeks)),
            key=lambda report: report.revision,
            default=None,
        )
    except MarketBriefError as error:
        return Delivery(0, 0, (f"nobody was told of the report: {error.fact}",))
    if newest is None:
        return Delivery(0, 0, ())
    return _deliver(settings, success_message(newest, settings.market.project.languages[0]), senders)


def notify_failure(
    settings: Settings, error: BaseException, run_id: str, *, senders: Sequence[Send] | None = None
) -> Delivery:
    """Tell that a run failed, if `[notify] on` holds failure."""
    if "failure" not in settings.market.notify.on:
        return Delivery(0, 0, ())
    language = settings.market.project.languages[0]
    return _deliver(settings, failure_message(settings.market.project.name, error, run_id, language), senders)


def success_message(report: WeeklyReport, language: str) -> Message:
    """The key findings and the link."""
    w = Wording(language, load_messages(language))
    is_chinese = language == "zh"
    name = report.iso_week if report.revision == 1 else f"{report.iso_week} r{report.revision}"
    findings = [item.text_zh if is_chinese else item.text_en for item in report.findings[:MAX_FINDINGS]]
    address = report_address(report, names_of(report, "html", [language])[0])
    link = address if report.provenance.link_base else w.say("email.file", name=address)
    lines = [report.summary_zh if is_chinese else report.summary_en, *(f"- {text}" for text in findings), link]
    return Message(w.say("header.title", project=clip(report.project, 80), iso_week=name), "\n".join(lines))


def failure_message(project: str, error: BaseException, run_id: str, language: str) -> Message:
    """That a run failed, and the fact that its error states; an unforeseen error only by its kind."""
    w = Wording(language, load_messages(language))
    reason = clip(error.fact, REASON_LIMIT) if isinstance(error, MarketBriefError) else type(error).__name__
    fix = clip(error.fix, REASON_LIMIT) if isinstance(error, MarketBriefError) and error.fix else ""
    lines = [w.say("notify.failed", run=run_id), reason, fix, w.say("notify.kept")]
    return Message(w.say("notify.failure_title", project=clip(project, 80)), "\n".join(line for line in lines if line))


def _deliver(settings: Settings, message: Message, senders: Sequence[Send] | None) -> Delivery:
    started = time.monotonic()
    known = list(senders) if senders is not None else _senders(settings)
    if not known:
        return Delivery(0, 0, (_nobody(settings),))
    failed = 0
    with _quiet():
        for send in known:
            try:
                is_sent = send(message.title, message.body)
            except Exception:  # whatever a service does, the run goes on; its words may hold the address
                is_sent = False
            failed += not is_sent
    logger.info("notify sent=%d failed=%d seconds=%.1f", len(known) - failed, failed, time.monotonic() - started)
    warnings = (
        (f"{failed} of {len(known)} notifications could not be delivered: check the addresses in the environment",)
        if failed
        else ()
    )
    return Delivery(len(known) - failed, failed, warnings)


def _nobody(settings: Settings) -> str:
    return f"[notify] is on, and {settings.market.notify.urls_env} names nobody to tell"


def _senders(settings: Settings) -> list[Send]:
    senders: list[Send] = [_by_apprise(url) for url in settings.notify_urls]
    if settings.market.notify.prefect_block:
        senders.append(_by_block(settings.market.notify.prefect_block))
    return senders


def _by_apprise(url: str) -> Send:
    def send(title: str, body: str) -> bool:
        import apprise

        target = apprise.Apprise()
        return bool(target.add(url)) and bool(
            target.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT)
        )

    return send


def _by_block(name: str) -> Send:
    def send(title: str, body: str) -> bool:
        from prefect.blocks.abstract import NotificationBlock
        from prefect.blocks.core import Block

        load: Any = Block.load
        block = load(name, _sync=True)
        if not isinstance(block, NotificationBlock):
            return False
        made: Any = block
        made.notify(body, subject=title, _sync=True)
        return True

    return send


@contextmanager
def _quiet() -> Iterator[None]:
    """No word of the libraries that deliver: their messages hold addresses."""
    loggers = [logging.getLogger(name) for name in _NOISY]
    before = [item.disabled for item in loggers]
    children = [
        item
        for name, item in logging.root.manager.loggerDict.items()
        if isinstance(item, logging.Logger) and name.split(".")[0] in _NOISY
    ]
    before += [item.disabled for item in children]
    for item in (*loggers, *children):
        item.disabled = True
    try:
        yield
    finally:
        for item, was_disabled in zip((*loggers, *children), before, strict=True):
            item.disabled = was_disabled
