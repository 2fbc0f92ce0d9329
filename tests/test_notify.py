"""Who is told of a run, and what: messages reach a real local service, fail without harm, and give no secret away."""

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from report_builder import make_report
from warehouse_builder import WarehouseBuilder

from tasks.config import Settings, load_settings
from tasks.errors import ConfigError, SourceError
from tasks.notify import failure_message, notify_failure, notify_success, success_message


class Service(HTTPServer):
    """A web service that remembers what it was sent, and answers with `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = status
        self.received: list[dict] = []


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def service(request) -> Iterator[Service]:
    server = Service(getattr(request, "param", 200))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def settings(tmp_path, notify: str) -> Settings:
    made = WarehouseBuilder(tmp_path).finish()
    path = made.config_path
    path.write_text(path.read_text(encoding="utf-8") + f"\n[notify]\n{notify}\n", encoding="utf-8")
    return load_settings(path)


FAILURE = SourceError("shop can't be read: no file matches inbox/*.csv", fix="put one there")


def test_nothing_is_sent_by_default(tmp_path, service, monkeypatch):
    monkeypatch.setenv("MARKETBRIEF_NOTIFY_URLS", f"json://127.0.0.1:{service.server_port}/")
    plain = WarehouseBuilder(tmp_path).finish()
    assert plain.market.notify.on == []
    told = notify_failure(plain, FAILURE, "run-1")
    assert (told.sent, told.failed, told.warnings, service.received) == (0, 0, (), [])


def test_a_failure_is_told_by_apprise(tmp_path, service, monkeypatch):
    monkeypatch.setenv("MARKETBRIEF_NOTIFY_URLS", f"json://127.0.0.1:{service.server_port}/secret-token")
    told = notify_failure(settings(tmp_path, 'on = ["failure"]'), FAILURE, "run-7")
    assert (told.sent, told.failed, told.warnings) == (1, 0, ())
    (message,) = service.received
    assert "failed" in message["title"]
    assert "run-7" in message["message"]
    assert "no file matches inbox/*.csv" in message["message"]


@pytest.mark.parametrize("service", [500], indirect=True)
def test_an_undelivered_message_is_a_warning_without_the_address(tmp_path, service, monkeypatch, caplog, capfd):
    addresses = f"json://127.0.0.1:{service.server_port}/secret-token slack://not/an/address://secret-token"
    monkeypatch.setenv("OUR_ADDRESSES", addresses)
    caplog.set_level(logging.DEBUG)
    told = notify_failure(settings(tmp_path, 'on = ["failure"]\nurls_env = "OUR_ADDRESSES"'), FAILURE, "run-7")
    assert (told.sent, told.failed) == (0, 2)
    assert told.warnings == ("2 of 2 notifications could not be delivered: check the addresses in the environment",)
    output = capfd.readouterr()
    assert "secret" not in caplog.text + output.out + output.err + "".join(told.warnings)
    assert len(service.received) == 1


def test_a_service_that_raises_harms_nothing(tmp_path):
    def explode(title: str, body: str) -> bool:
        raise ConnectionError("https://secret-token@example.com refused")

    sent: list[tuple[str, str]] = []
    made = settings(tmp_path, 'on = ["failure"]')
    told = notify_failure(made, FAILURE, "run-1", senders=[explode, lambda *message: sent.append(message) or True])
    assert (told.sent, told.failed, len(sent)) == (1, 1, 1)
    assert "secret" not in "".join(told.warnings)


def test_nobody_to_tell_is_said(tmp_path, monkeypatch):
    monkeypatch.delenv("MARKETBRIEF_NOTIFY_URLS", raising=False)
    told = notify_failure(settings(tmp_path, 'on = ["success", "failure"]'), FAILURE, "run-1")
    assert told.warnings == ("[notify] is on, and MARKETBRIEF_NOTIFY_URLS names nobody to tell",)


def test_a_success_without_a_snapshot_is_a_warning_and_no_week_is_silence(tmp_path):
    made = settings(tmp_path, 'on = ["success"]')
    assert notify_success(made, []).warnings == ()
    told = notify_success(made, ["2026-W47"], senders=[lambda *_: True])
    assert told.sent == 0
    assert "nobody was told" in told.warnings[0]


def test_what_a_success_says_in_both_languages():
    report = make_report()
    linked = report.model_copy(
        update={"provenance": report.provenance.model_copy(update={"link_base": "https://example.com/reports/"})}
    )
    english, chinese = success_message(linked, "en"), success_message(report, "zh")
    assert "2026-W47" in english.title
    assert report.findings[0].text_en in english.body
    assert english.body.endswith("https://example.com/reports/2026-W47/report.en.html")
    assert report.findings[0].text_zh in chinese.body
    assert chinese.body.endswith("报告：2026-W47/report.zh.html")


def test_an_unforeseen_error_is_told_by_its_kind_only():
    message = failure_message("Test", ValueError("user@example.com said something private"), "run-1", "en")
    assert "ValueError" in message.body
    assert "private" not in message.body
    assert "失败" in failure_message("测试", ValueError("x"), "run-1", "zh").title


def test_addresses_do_not_belong_into_the_configuration(tmp_path):
    with pytest.raises(ConfigError, match=r"notify\.urls_env"):
        settings(tmp_path, 'on = ["success"]\nurls_env = "slack://token/token/token"')
    with pytest.raises(ConfigError, match="urls"):
        settings(tmp_path, 'urls = ["slack://token"]')


@pytest.mark.parametrize("is_for_notification", [True, False])
def test_a_prefect_block_is_told_as_well(tmp_path, monkeypatch, is_for_notification):
    from prefect.blocks.abstract import NotificationBlock
    from prefect.blocks.core import Block

    told: list[tuple[str, str | None]] = []

    class Team(NotificationBlock):
        _block_type_slug = f"team-{is_for_notification}".lower()

        def notify(self, body: str, subject: str | None = None, **_: object) -> None:
            told.append((body, subject))

    asked: list[str] = []

    def load(name: str, **_: object) -> Block:
        asked.append(name)
        return Team() if is_for_notification else Block()

    monkeypatch.delenv("MARKETBRIEF_NOTIFY_URLS", raising=False)
    monkeypatch.setattr(Block, "load", load)
    made = settings(tmp_path, 'on = ["failure"]\nprefect_block = "slack-webhook/team"')
    delivered = notify_failure(made, FAILURE, "run-1")
    assert asked == ["slack-webhook/team"]
    assert (delivered.sent, len(told)) == ((1, 1) if is_for_notification else (0, 0))
