"""How this project runs Prefect: quiet, offline, with its state in the project's home.

Prefect reads the environment when it is imported, so `apply` comes before that import. A value that the user has set
stays as it is, except PREFECT_HOME.
"""

from __future__ import annotations

import os

from tasks.config import Settings


def environment(settings: Settings) -> dict[str, str]:
    """The environment that Prefect, and the model libraries, are to see."""
    return {
        "PREFECT_HOME": str(settings.prefect_home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "flows,tasks",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
        "PREFECT_CLI_PROMPT": "false",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        # Threads that wait must not spin: with another program on one of two cores, spinning costs a factor of five.
        "OMP_WAIT_POLICY": "PASSIVE",
    }


def apply(settings: Settings) -> None:
    """Set the environment of this process and of those it starts."""
    wanted = environment(settings)
    os.environ["PREFECT_HOME"] = wanted.pop("PREFECT_HOME")
    for name, value in wanted.items():
        os.environ.setdefault(name, value)
    for name in ("NO_PROXY", "no_proxy"):  # the local server is never asked through a proxy
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        os.environ[name] = ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost"]))
    settings.prefect_home.mkdir(parents=True, exist_ok=True)
