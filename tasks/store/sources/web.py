"""Fetching feeds and pages, with care: http and https only, sizes and times bounded, no private addresses.

A host's name is resolved once, every address is checked, and the connection goes to the checked address, so that a
name can't lead elsewhere between check and use. Redirects are followed one by one, each checked in the same way.
Environment proxies are not used, since behind one nothing could be checked. Hosts in fetch.allow_hosts may be private.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

import httpx

from tasks.config import Fetch
from tasks.errors import SourceError

MAX_REDIRECTS = 5
_TOTAL_TIME_FACTOR = 10
_HEADERS = {
    "User-Agent": "MarketBrief/0.1 (weekly reader)",
    "Accept": "application/rss+xml, application/atom+xml, application/xml, text/html, */*;q=0.5",
}


class TemporaryFetchError(SourceError):
    """The network or the server failed in a way that another try may mend."""


class RefusedAddressError(SourceError):
    """The address is none that may be fetched."""


@dataclass(frozen=True, slots=True)
class Response:
    """What an address gave. url: where the last redirect led. fetched_at: UTC without tzinfo."""

    url: str
    content: bytes
    content_type: str
    fetched_at: datetime


def fetch(url: str, *, limits: Fetch) -> Response:
    """Fetch an address.

    Raises:
        TemporaryFetchError: no connection, a time-out, or an answer of 429 or 5xx.
        RefusedAddressError: not http(s), or a private address that is not allowed by name.
        SourceError: another answer than success, too many redirects, or more bytes than allowed.
    """
    deadline = time.monotonic() + limits.timeout_seconds * _TOTAL_TIME_FACTOR
    address = url
    # verify and HTTP/1.1 are the defaults; trust_env=False keeps proxies and .netrc out.
    with httpx.Client(timeout=limits.timeout_seconds, trust_env=False, follow_redirects=False) as client:
        for _ in range(MAX_REDIRECTS + 1):
            answer = _ask(client, _checked(address, limits), limits=limits, deadline=deadline)
            if isinstance(answer, Response):
                return answer
            address = urljoin(address, answer)
    raise SourceError(f"{shown(url)} redirects more than {MAX_REDIRECTS} times", fix="correct the source's url")


def is_temporary(error: BaseException | None) -> bool:
    """True where another try may succeed."""
    return isinstance(error, TemporaryFetchError)


def shown(url: str) -> str:
    """An address without user name, password and query, as it may be stored and logged."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the address"
    host = f"[{host}]" if ":" in host else host
    return urlunsplit(SplitResult(parts.scheme, host + port, parts.path, "", ""))


@dataclass(frozen=True, slots=True)
class _Target:
    """A request whose addresses have been checked: each of `urls` holds a number in place of the host's name."""

    urls: tuple[str, ...]
    host: str
    host_header: str
    credentials: tuple[str, str] | None
    original: str  # without credentials and fragment


def _checked(url: str, limits: Fetch) -> _Target:
    """Resolve and check an address. Raises as `fetch` does."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        host, port, parts = "", None, SplitResult("", "", "", "", "")
    if parts.scheme not in ("http", "https") or not host:
        raise RefusedAddressError(f"{shown(url)} is no http or https address", fix="correct the source's url")
    port = port or (443 if parts.scheme == "https" else 80)
    try:
        name = host.encode("idna").decode("ascii") if not host.isascii() else host
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TemporaryFetchError(
            f"Can't resolve {host}: {error}", why="the network may be down, or the name wrong", fix="run again later"
        ) from error
    numbers = [str(item[4][0]).partition("%")[0] for item in found]
    is_allowed = host.lower() in {allowed.lower() for allowed in limits.allow_hosts}
    private = [number for number in numbers if not is_public(number)]
    if private and not is_allowed:
        raise RefusedAddressError(
            f"{shown(url)} leads to {private[0]}, which is not a public address",
            why="a page or redirect could otherwise reach machines inside your network",
            fix=f'if you trust it, add "{host}" to allow_hosts in [fetch]',
        )
    is_default_port = port == (443 if parts.scheme == "https" else 80)
    bracketed = f"[{name}]" if ":" in name else name
    places = [f"[{number}]:{port}" if ":" in number else f"{number}:{port}" for number in dict.fromkeys(numbers)]
    return _Target(
        urls=tuple(urlunsplit(SplitResult(parts.scheme, at, parts.path or "/", parts.query, "")) for at in places),
        host=name,
        host_header=bracketed if is_default_port else f"{bracketed}:{port}",
        credentials=(parts.username or "", parts.password or "") if parts.username else None,
        original=urlunsplit(
            parts._replace(netloc=bracketed if is_default_port else f"{bracketed}:{port}", fragment="")
        ),
    )


def is_public(number: str) -> bool:
    """True for an IP address that anyone on the Internet can reach, also inside the forms of IPv6 that wrap IPv4."""
    try:
        address = ipaddress.ip_address(number)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = [address.ipv4_mapped, address.sixtofour, address.teredo[1] if address.teredo else None]
        if address in ipaddress.ip_network("64:ff9b::/96"):
            wrapped.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if any(inner is not None and not is_public(str(inner)) for inner in wrapped):
            return False
        if address.ipv4_mapped is not None:
            return True
    return address.is_global and not address.is_multicast


def _ask(client: httpx.Client, target: _Target, *, limits: Fetch, deadline: float) -> Response | str:
    """Ask the checked addresses of a host in turn, until one can be connected to. Raises as `fetch` does."""
    for position, url in enumerate(target.urls, start=1):
        try:
            return _request(client, url, target, limits=limits, deadline=deadline)
        except (httpx.TransportError, httpx.DecodingError) as error:
            if isinstance(error, httpx.ConnectError) and position < len(target.urls):
                continue
            raise TemporaryFetchError(
                f"Can't fetch {shown(target.original)}: {str(error) or type(error).__name__}",
                why="the network or the server may be down",
                fix="run again later",
            ) from error
    raise TemporaryFetchError(f"{target.host} has no address", fix="run again later")


def _request(client: httpx.Client, url: str, target: _Target, *, limits: Fetch, deadline: float) -> Response | str:
    """One request to a checked address: the response, or where it redirects to."""
    request = client.build_request(
        "GET",
        url,
        headers={**_HEADERS, "Host": target.host_header},
        extensions={"sni_hostname": target.host},
    )
    response = client.send(request, stream=True, auth=target.credentials)
    try:
        if response.is_redirect:
            return response.headers["location"]
        if response.status_code == 429 or response.status_code >= 500:
            raise TemporaryFetchError(f"{shown(target.original)} answers {response.status_code}", fix="run again later")
        if response.status_code != 200:
            raise SourceError(
                f"{shown(target.original)} answers {response.status_code}", fix="correct the source's url"
            )
        content = bytearray()
        for chunk in response.iter_bytes(1 << 16):
            content += chunk
            if len(content) > limits.max_bytes:
                raise SourceError(
                    f"{shown(target.original)} sends more than {limits.max_bytes:,} bytes",
                    fix="raise fetch.max_bytes if that is right",
                )
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("it sends too slowly")
        fetched_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        return Response(target.original, bytes(content), response.headers.get("content-type", ""), fetched_at)
    finally:
        response.close()
