"""Fetching: what is refused, bounded and retried; against a server on this machine."""

import gzip
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tasks.config import Fetch
from tasks.errors import SourceError
from tasks.store.sources import web
from tasks.store.sources.web import RefusedAddressError, TemporaryFetchError, fetch, is_public, is_temporary, shown


@contextmanager
def server(answers):
    """Serve a dictionary: path → (status, headers, body); yields the base address and the requests seen."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, dict(self.headers)))
            status, headers, body = answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}", seen
    finally:
        httpd.shutdown()
        httpd.server_close()


LOCAL = Fetch(allow_hosts=["127.0.0.1"], timeout_seconds=5)


def test_a_response_with_its_type_and_address():
    with server({"/feed?x=1": (200, {"Content-Type": "text/xml; charset=utf-8"}, b"<rss/>")}) as (base, seen):
        response = fetch(f"{base}/feed?x=1#part", limits=LOCAL)
    assert (response.content, response.content_type) == (b"<rss/>", "text/xml; charset=utf-8")
    assert response.url == f"{base}/feed?x=1"
    assert seen[0][1]["Host"] == base.removeprefix("http://")


def test_credentials_are_sent_and_never_kept():
    with server({"/": (200, {}, b"x")}) as (base, seen):
        response = fetch(base.replace("http://", "http://ann:secret@") + "/", limits=LOCAL)
    assert seen[0][1]["Authorization"].startswith("Basic ")
    assert "secret" not in response.url


def test_compressed_answers_are_unpacked_within_the_limit():
    body = gzip.compress(b"x" * 5_000)
    with server({"/": (200, {"Content-Encoding": "gzip"}, body)}) as (base, _):
        assert len(fetch(base, limits=LOCAL).content) == 5_000
        with pytest.raises(SourceError, match="more than 4,000 bytes"):
            fetch(base, limits=LOCAL.model_copy(update={"max_bytes": 4_000}))


def test_redirects_are_followed_and_bounded():
    answers = {
        "/a": (302, {"Location": "/b"}, b""),
        "/b": (200, {}, b"there"),
        "/loop": (301, {"Location": "/loop"}, b""),
    }
    with server(answers) as (base, seen):
        response = fetch(f"{base}/a", limits=LOCAL)
        assert (response.content, response.url) == (b"there", f"{base}/b")
        with pytest.raises(SourceError, match="redirects more than"):
            fetch(f"{base}/loop", limits=LOCAL)
    assert len(seen) == 2 + web.MAX_REDIRECTS + 1


def test_every_redirect_is_checked():
    with server(
        {
            "/to-name": (302, {"Location": "http://localhost:1/"}, b""),
            "/to-file": (302, {"Location": "file:///etc/passwd"}, b""),
        }
    ) as (base, _):
        for path in ("/to-name", "/to-file"):
            with pytest.raises(RefusedAddressError):
                fetch(base + path, limits=LOCAL)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://192.168.1.1/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://x",
        "//example.com",
        "http://",
        "nonsense",
    ],
)
def test_private_addresses_and_other_schemes_are_refused(url, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a connection was made"))
    with pytest.raises(RefusedAddressError):
        fetch(url, limits=Fetch())


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    """A name that resolves to a public address once and to a private one later is asked for once only."""
    answers = iter(["8.8.8.8", "127.0.0.1"])
    connected = []
    monkeypatch.setattr(
        "socket.getaddrinfo",
        lambda host, port, **_: (
            [(2, 1, 6, "", (next(answers), port))] if host == "rebind.example" else [(2, 1, 6, "", (host, port))]
        ),
    )
    monkeypatch.setattr(
        "socket.create_connection",
        lambda place, *_, **__: connected.append(place[0]) or (_ for _ in ()).throw(OSError("no route")),
    )
    with pytest.raises(TemporaryFetchError):
        fetch("http://rebind.example/", limits=Fetch())
    assert connected == ["8.8.8.8"]


@pytest.mark.parametrize(
    ("number", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("::", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("2002:7f00:1::", False),
        ("64:ff9b::a00:1", False),
        ("not an address", False),
    ],
)
def test_public_addresses(number, public):
    assert is_public(number) is public


@pytest.mark.parametrize(
    ("status", "is_worth_retrying"), [(500, True), (503, True), (429, True), (404, False), (403, False)]
)
def test_only_what_may_pass_is_worth_another_try(status, is_worth_retrying):
    with server({"/": (status, {}, b"")}) as (base, _), pytest.raises(SourceError, match=str(status)) as caught:
        fetch(base, limits=LOCAL)
    assert is_temporary(caught.value) is is_worth_retrying


def test_no_connection_is_temporary():
    with server({}) as (base, _):
        pass
    with pytest.raises(TemporaryFetchError, match="Can't fetch"):
        fetch(base, limits=LOCAL)


def test_an_address_is_shown_without_secrets():
    assert shown("https://ann:secret@a.io:8443/feed?token=abc#x") == "https://a.io:8443/feed"
    assert shown("http://[::1") == "the address"
