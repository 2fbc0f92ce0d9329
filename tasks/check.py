"""Stage check: data tests stand between the marts and everybody who reads them.

A test marked fail that finds a row stops the run; tests marked warn become warnings of the run and of the report.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core.contracts import Progress
from tasks.store.data_tests import Outcome, data_tests, raise_failures, run_tests
from tasks.store.warehouse import Warehouse

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CheckSummary:
    """Tests that were run, and what those marked warn found."""

    test_count: int
    warnings: tuple[str, ...]


def check(settings: Settings, run_id: str, progress: Progress) -> CheckSummary:
    """Run all data tests on the warehouse.

    Raises:
        QualityGateError: a test marked fail found rows.
    """
    progress.start("check", 1)
    outcomes = run_data_tests(settings)
    progress.advance()
    raise_failures(outcomes)
    warnings = tuple(
        f"{outcome.test.sentence} ({', '.join(outcome.examples)}{', …' * (outcome.row_count > len(outcome.examples))})"
        for outcome in outcomes
        if outcome.row_count
    )
    progress.finish(f"{len(outcomes)} data tests passed, {len(warnings)} of them with a warning")
    return CheckSummary(len(outcomes), warnings)


@task(cache_policy=NO_CACHE, task_run_name="data-tests")
def run_data_tests(settings: Settings) -> list[Outcome]:
    """Outcome of every test of sql/checks."""
    started = time.monotonic()
    with Warehouse(settings.warehouse_path) as warehouse:
        outcomes = run_tests(warehouse.rows, data_tests())
    found = [outcome for outcome in outcomes if outcome.row_count]
    for outcome in found:
        logger.info(
            "data_test name=%s severity=%s rows=%d example=%s",
            outcome.test.name,
            outcome.test.severity,
            outcome.row_count,
            outcome.examples[0],
        )
    failed = sum(outcome.test.severity == "fail" for outcome in found)
    logger.info(
        "check tests=%d failed=%d warned=%d seconds=%.1f",
        len(outcomes),
        failed,
        len(found) - failed,
        time.monotonic() - started,
    )
    return outcomes
