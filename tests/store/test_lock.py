"""The project's lock: one holder, named to the second comer, freed by the kernel when the holder is killed."""

import signal
import subprocess
import sys
import threading

import pytest

from tasks.config import load_settings
from tasks.errors import ConfigError, LockedError
from tasks.store.lock import lock_holder, project_lock

MARKET = """
[[brands]]
name = "Northwind"
[[sources]]
name = "shop"
kind = "review"
format = "csv"
path = "inbox/*.csv"
columns = { text = "text", published_at = "date" }
"""

HOLD = """
import sys, time
from tasks.config import load_settings
from tasks.store.lock import project_lock
with project_lock(load_settings(sys.argv[1]), "marketbrief run --week 2026-W40"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "market.toml").write_text(MARKET)
    return load_settings(tmp_path / "market.toml")


@pytest.fixture
def holder(settings):
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(settings.config_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_second_process_is_refused_and_told_who_holds_it(settings, holder):
    with pytest.raises(LockedError) as caught, project_lock(settings, "marketbrief run", timeout_seconds=0):
        pytest.fail("two holders at once")
    assert caught.value.exit_code == 7
    assert str(holder.pid) in caught.value.fact
    assert "marketbrief run --week 2026-W40" in caught.value.fact
    assert lock_holder(settings).pid == holder.pid
    assert lock_holder(settings).started_at is not None


def test_killed_holder_frees_the_lock(settings, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert lock_holder(settings) is None
    with project_lock(settings, "marketbrief run", timeout_seconds=0):
        assert lock_holder(settings).command == "marketbrief run"


def test_waits_a_moment_for_a_holder_that_is_about_to_end(settings, holder):
    threading.Timer(0.4, holder.kill).start()
    with project_lock(settings, "marketbrief run", timeout_seconds=5):
        assert holder.wait() == -signal.SIGKILL


def test_one_process_may_hold_it_twice_and_lets_go_only_at_the_end(settings):
    with project_lock(settings, "marketbrief serve"):
        with project_lock(settings, "marketbrief run"):
            pass
        assert lock_holder(settings).command == "marketbrief serve"
    assert lock_holder(settings) is None


def test_is_freed_by_an_error_in_the_block(settings):
    with pytest.raises(ValueError, match="boom"), project_lock(settings, "marketbrief run"):
        raise ValueError("boom")
    assert lock_holder(settings) is None


def test_spoilt_note_still_means_locked(settings, holder):
    (settings.data_dir / ".lock.json").write_text("{not json")
    with pytest.raises(LockedError, match="another process"), project_lock(settings, "x", timeout_seconds=0):
        pytest.fail("two holders at once")


def test_home_that_is_a_file_is_a_configuration_error(tmp_path):
    (tmp_path / "market.toml").write_text('[project]\nhome = "taken"\n' + MARKET)
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ConfigError, match="Can't write"), project_lock(load_settings(tmp_path / "market.toml"), "x"):
        pytest.fail("there is nowhere to write")
