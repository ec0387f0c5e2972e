"""Each way in which a server misbehaves ends a request in time, with an error that says whether to try again."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import time
from typing import TYPE_CHECKING

import pytest
import trustme

from streams.errors import SourceError, SourceRefused, SourceUnavailable
from streams.sources.live.addresses import check_host
from streams.sources.live.http import SourceHttp, Timeouts, host_of
from tests.support.http_faults import Answer, HttpFaults, busy, gzip_bomb, gzipped, http_date, huge_headers, redirect
from tests.support.plain_server import plain_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.http_faults import SeenRequest

QUICK = Timeouts(connect_seconds=5, header_seconds=0.5, body_seconds=0.5)
PATIENT = Timeouts(connect_seconds=30, header_seconds=60, body_seconds=60)
SECRET = "s3cr3t-t0ken"  # noqa: S105


@pytest.fixture
async def server() -> AsyncIterator[HttpFaults]:
    async with HttpFaults() as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[SourceHttp]:
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with SourceHttp("news", allow_private=True, headers=headers, max_bytes=10_000, timeouts=PATIENT) as client:
        yield client


async def failure_of(server: HttpFaults, answer: Answer, timeouts: Timeouts = PATIENT) -> SourceError:
    server.script("/feed", answer)
    client = SourceHttp("news", allow_private=True, max_bytes=10_000, timeouts=timeouts)
    async with client:
        with pytest.raises(SourceError) as caught:
            await client.request("GET", server.url(f"/feed?token={SECRET}"))
    assert SECRET not in str(caught.value)
    assert "127.0.0.1" in caught.value.detail
    assert caught.value.__cause__ is None
    return caught.value


async def test_an_answer_has_its_status_headers_and_body(server: HttpFaults, client: SourceHttp) -> None:
    server.script("/feed", Answer(headers={"ETag": 'W/"a b"'}, body=b"<rss/>"))
    answer = await client.request("GET", server.url("/feed"))
    assert (answer.status, answer.headers["etag"], answer.body) == (200, 'W/"a b"', b"<rss/>")


async def test_a_request_names_firewatch_and_a_contact(server: HttpFaults) -> None:
    server.script("/", Answer())
    async with SourceHttp("news", allow_private=True, contact="ops@nordtel.example") as client:
        await client.request("GET", server.url())
    agent = server.requests[0].headers["user-agent"]
    assert agent.startswith("firewatch/")
    assert agent.endswith(" (+ops@nordtel.example)")


async def test_headers_of_a_request_add_to_those_of_the_client(server: HttpFaults, client: SourceHttp) -> None:
    server.script("/", Answer())
    await client.request("POST", server.url(), headers={"If-None-Match": "x"}, body=b"{}")
    request = server.requests[0]
    assert (request.method, request.body, request.headers["if-none-match"]) == ("POST", b"{}", "x")
    assert request.headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize(
    "answer",
    [
        gzipped(b"<rss/>"),
        Answer(body=b"<rss/>", chunked=True),
        Answer(body=b"<rss/>", until_close=True),
        Answer(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b"<rs") + gzip.compress(b"s/>"), chunked=True),
        Answer(body=b"<rss/>", drip=(20, 0.001)),
        Answer(headers={"X-Long": "x" * 20_000}, body=b"<rss/>"),
    ],
    ids=["gzip", "chunked", "until the end", "two members", "drip", "long header"],
)
async def test_a_body_is_whole_however_it_is_sent(server: HttpFaults, client: SourceHttp, answer: Answer) -> None:
    server.script("/feed", answer)
    assert (await client.request("GET", server.url("/feed"))).body == b"<rss/>"


async def test_one_connection_serves_several_requests(server: HttpFaults, client: SourceHttp) -> None:
    server.script("/feed", Answer(body=b"1"), Answer(304), redirect("/other"), Answer(body=b"2"))
    for _ in range(4):
        await client.request("GET", server.url("/feed"))
    assert server.connections == 1


async def test_a_connection_that_the_server_has_closed_meanwhile_is_opened_again(
    server: HttpFaults, client: SourceHttp
) -> None:
    server.script("/feed", Answer(body=b"1", cut_after=10_000), Answer(body=b"2"))
    assert (await client.request("GET", server.url("/feed"))).body == b"1"
    assert (await client.request("GET", server.url("/feed"))).body == b"2"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(stall_before=True),
        Answer(stall_after=10),
        Answer(body=b"x" * 100, stall_in_body=0),
        Answer(body=b"x" * 100, stall_in_body=50),
        Answer(body=b"x" * 100, chunked=True, stall_in_body=50),
        Answer(body=b"x" * 1_000, drip=(1, 0.01)),
        Answer(headers={"X": "x" * 5_000}, drip=(1, 0.01)),
        Answer(body=b"x" * 10, length=100),
    ],
    ids=["silent", "in the head", "no body", "in the body", "in a chunk", "drip", "slow head", "short of its length"],
)
async def test_a_server_that_stalls_ends_in_time(server: HttpFaults, answer: Answer) -> None:
    started = time.monotonic()
    error = await failure_of(server, answer, QUICK)
    assert isinstance(error, SourceUnavailable)
    assert error.reason == "timeout"
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    "answer",
    [
        Answer(cut_after=0),
        Answer(cut_after=20),
        Answer(body=b"x" * 100, cut_after=150),
        Answer(body=b"x" * 100, cut_after=150, reset=True),
        Answer(body=b"x" * 2_000, chunked=True, cut_after=1_200),
        Answer(raw=b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        Answer(raw=b"\x16\x03\x01\x00\xff" * 50),
        Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"),
        Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        huge_headers(3, 40_000),
        huge_headers(1_000, 50),
    ],
    ids=[
        "nothing", "head cut", "body cut", "reset", "chunk cut", "ssh", "tls", "negative length", "bad chunk",
        "long header", "many headers",
    ],
)  # fmt: skip
async def test_a_broken_answer_may_be_tried_again(server: HttpFaults, answer: Answer) -> None:
    error = await failure_of(server, answer)
    assert isinstance(error, SourceUnavailable)
    assert error.reason == "broken"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (gzip_bomb(50_000_000), "too_large"),
        (Answer(body=b"x" * 10_001), "too_large"),
        (Answer(body=b"x" * 20_000, chunked=True), "too_large"),
        (Answer(body=b"x" * 50_000, length=2_000_000_000), "too_large"),
        (Answer(headers={"Content-Encoding": "gzip"}, body=b"<rss/>"), "bad_body"),
        (Answer(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b"<rss/>")[:-3]), "bad_body"),
        (Answer(headers={"Content-Encoding": "br"}, body=b"<rss/>"), "bad_body"),
    ],
    ids=["bomb", "too long", "too long in chunks", "two gigabytes", "no gzip", "gzip cut", "another encoding"],
)
async def test_a_body_that_can_not_be_used_is_told(server: HttpFaults, answer: Answer, reason: str) -> None:
    error = await failure_of(server, answer)
    assert isinstance(error, SourceUnavailable)
    assert error.reason == reason


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 451])
async def test_a_denial_is_refused(server: HttpFaults, status: int) -> None:
    error = await failure_of(server, Answer(status))
    assert isinstance(error, SourceRefused)
    assert error.reason == f"http_{status}"
    assert f"answers {status}" in error.detail


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
async def test_a_status_of_the_moment_may_be_tried_again(server: HttpFaults, status: int) -> None:
    error = await failure_of(server, busy(status, 120))
    assert isinstance(error, SourceUnavailable)
    assert error.retry_after_seconds == 120


async def test_patience_is_asked_for_by_a_date_too(server: HttpFaults) -> None:
    answer = Answer(503, {"Date": http_date(1_000_000), "Retry-After": http_date(1_000_090)})
    error = await failure_of(server, answer)
    assert isinstance(error, SourceUnavailable)
    assert error.retry_after_seconds == 90


async def test_a_date_without_the_servers_clock_is_compared_with_ours(server: HttpFaults) -> None:
    head = f"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: {http_date(1_000_090)}\r\n\r\n"
    server.script("/", Answer(raw=head.encode()))
    async with SourceHttp("news", allow_private=True, now_ms=lambda: 1_000_000_000) as client:
        with pytest.raises(SourceUnavailable) as caught:
            await client.request("GET", server.url())
    assert caught.value.retry_after_seconds == 90


async def test_a_platform_may_ask_for_patience_in_headers_of_its_own(server: HttpFaults) -> None:
    server.script("/", Answer(429, {"X-Reset": "17"}))
    async with SourceHttp("news", allow_private=True, patience=lambda headers, _: float(headers["x-reset"])) as client:
        with pytest.raises(SourceUnavailable) as caught:
            await client.request("GET", server.url())
    assert caught.value.retry_after_seconds == 17


async def test_a_stalled_page_of_an_error_does_not_hide_its_status(
    server: HttpFaults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.sources.live.http._EXCERPT_SECONDS", 0.1)
    headers = {"Retry-After": "30", "Content-Type": "text/plain"}
    error = await failure_of(server, Answer(503, headers, b"x" * 99, stall_in_body=3))
    assert isinstance(error, SourceUnavailable)
    assert (error.reason, error.retry_after_seconds) == ("http_503", 30)


@pytest.mark.parametrize("compressed", [False, True])
async def test_the_words_of_a_refusal_are_shown_without_secrets(
    server: HttpFaults, client: SourceHttp, compressed: bool
) -> None:
    words = f'{{"error": "{SECRET} may not read /feed?key=topsecret\x1b[31m"}}'.encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    answer = gzipped(words, headers) if compressed else Answer(headers=headers, body=words)
    server.script("/feed", Answer(403, answer.headers, answer.body))
    with pytest.raises(SourceRefused) as caught:
        await client.request("GET", server.url("/feed?key=topsecret"))
    assert "may not read" in str(caught.value)
    for hidden in (SECRET, "topsecret", "\x1b"):
        assert hidden not in str(caught.value)


async def test_a_page_for_browsers_is_not_shown(server: HttpFaults) -> None:
    error = await failure_of(server, Answer(404, {"Content-Type": "text/html"}, b"<html>gone"))
    assert "html" not in error.detail


async def test_a_port_where_nobody_listens_is_unreachable() -> None:
    async with HttpFaults() as server:
        url = server.url()
    async with SourceHttp("news", allow_private=True) as client:
        with pytest.raises(SourceUnavailable) as caught:
            await client.request("GET", url)
    assert caught.value.reason == "unreachable"


async def test_a_name_that_does_not_exist_is_unreachable() -> None:
    async with SourceHttp("news") as client:
        with pytest.raises(SourceUnavailable) as caught:
            await client.request("GET", "http://nowhere.invalid/")
    assert caught.value.reason == "unreachable"


@pytest.mark.parametrize(
    "url",
    ["", "feed", "//host/feed", "ftp://example.org/", "file:///etc/passwd", "http://", "http:///x", "http://[::1/",
     "http://a:99999/", "http://a:0/", "http://127.1/", "http://2130706433/"],
)  # fmt: skip
async def test_what_is_no_address_is_refused(url: str, client: SourceHttp) -> None:
    for reach in (client.request("GET", url), client.follow(url)):
        with pytest.raises(SourceRefused) as caught:
            await reach
        assert caught.value.reason == "bad_address"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "①②⑦.0.0.1", "0x7f.0.0.1"])
async def test_a_private_address_is_refused_before_a_connection(server: HttpFaults, host: str) -> None:
    async with SourceHttp("news") as client:
        for reach in (client.request("GET", server.url(host=host)), client.follow(server.url(host=host))):
            with pytest.raises(SourceRefused, match="network: it is reached only with allow_private: true") as caught:
                await reach
            assert caught.value.reason == "private_address"
        with pytest.raises(SourceRefused):
            async with client.stream(server.url(host=host), silence_seconds=1):
                pass
    assert server.connections == 0


async def test_a_port_without_tls_is_told_with_the_way_out() -> None:
    async with plain_server() as port, SourceHttp("news", allow_private=True) as client:
        with pytest.raises(SourceUnavailable, match=r"no TLS is spoken at this port: .* or write http://"):
            await client.request("GET", f"https://127.0.0.1:{port}/")


async def test_a_certificate_that_is_not_trusted_is_told() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with HttpFaults(tls=context) as server, SourceHttp("news", allow_private=True) as client:
        with pytest.raises(SourceUnavailable) as caught:
            await client.request("GET", server.url())
    assert caught.value.reason == "certificate"
    assert "certificate" in caught.value.detail


async def test_a_server_without_tls_is_told() -> None:
    async with HttpFaults() as server, SourceHttp("news", allow_private=True) as client:
        with pytest.raises(SourceUnavailable) as caught:
            await client.request("GET", server.url().replace("http:", "https:"))
    assert caught.value.reason in {"unreachable", "broken"}


# Redirects


async def test_a_redirect_is_returned_unless_it_is_to_be_followed(server: HttpFaults, client: SourceHttp) -> None:
    server.script("/old", redirect("/new", 301))
    answer = await client.request("GET", server.url("/old"))
    assert (answer.status, answer.headers["location"]) == (301, "/new")
    assert not server.seen("/new")


@pytest.mark.parametrize(
    ("statuses", "moved_to"),
    [
        ([301], "/1"),
        ([308, 301], "/2"),
        ([302], None),
        ([307], None),
        ([303], None),
        ([301, 302], "/1"),
        ([302, 301], None),
        ([301, 302, 301], "/1"),
    ],
)
async def test_an_address_has_moved_as_far_as_permanent_redirects_lead(
    server: HttpFaults, client: SourceHttp, statuses: list[int], moved_to: str | None
) -> None:
    for number, status in enumerate(statuses):
        server.script(f"/{number}", redirect(f"/{number + 1}", status))
    server.script(f"/{len(statuses)}", Answer(body=b"here"))
    followed = await client.follow(server.url("/0"))
    assert followed.answer.body == b"here"
    assert followed.url == server.url(f"/{len(statuses)}")
    assert followed.moved_to == (server.url(moved_to) if moved_to else None)


async def test_another_host_gets_no_credentials_and_the_same_host_keeps_them(
    server: HttpFaults, client: SourceHttp
) -> None:
    async with HttpFaults() as other:
        server.script("/a", redirect("/b"))
        server.script("/b", redirect(other.url("/c")))
        other.script("/c", redirect(server.url("/d")))
        server.script("/d", Answer())
        sent = {"X-Api-Key": SECRET, "If-None-Match": '"v1"'}
        await client.follow(server.url("/a"), headers=sent)
        for request in server.seen("/a") + server.seen("/b"):
            assert request.headers["authorization"] == f"Bearer {SECRET}"
        for request in other.requests + server.seen("/d"):
            assert SECRET not in str(request.headers)
            assert request.headers["if-none-match"] == '"v1"'


async def test_credentials_in_an_address_are_not_used(server: HttpFaults, client: SourceHttp) -> None:
    server.script("/stream", Answer(body=b"line\n"))
    named = server.url("/stream").replace("//", "//user:word@")
    async with client.stream(named, silence_seconds=60) as answer:
        assert answer.status == 200
    assert server.requests[-1].headers["authorization"] == f"Bearer {SECRET}"


async def test_credentials_in_a_redirect_are_not_used(server: HttpFaults) -> None:
    server.script("/a", redirect(server.url("/b").replace("//", "//user:word@")))
    server.script("/b", Answer())
    async with SourceHttp("news", allow_private=True) as client:
        followed = await client.follow(server.url("/a"))
    assert "authorization" not in server.requests[1].headers
    assert followed.url == server.url("/b")


@pytest.mark.parametrize(
    "target",
    ["ftp://example.org/", "javascript:alert(1)", "http://", "http://[::1", "file:///etc/passwd", "http://a:0/"],
)
async def test_a_redirect_to_what_is_no_address_is_not_followed(
    server: HttpFaults, client: SourceHttp, target: str
) -> None:
    server.script("/a", redirect(target))
    with pytest.raises(SourceUnavailable) as caught:
        await client.follow(server.url("/a"))
    assert caught.value.reason == "redirects"


async def test_a_redirect_to_itself_ends(server: HttpFaults, client: SourceHttp) -> None:
    server.script("/a", redirect("/a", 301))
    with pytest.raises(SourceUnavailable, match="more than 5 times"):
        await client.follow(server.url("/a"))
    assert len(server.requests) == 6


async def test_a_redirect_without_a_target_is_returned(server: HttpFaults, client: SourceHttp) -> None:
    server.script("/a", Answer(302))
    assert (await client.follow(server.url("/a"))).answer.status == 302


async def test_a_redirect_to_a_private_address_is_refused(server: HttpFaults, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first host counts as public for this test, since there is no other than this machine."""
    monkeypatch.setattr(
        "streams.sources.live.http.check_host", lambda host: None if host == "127.0.0.1" else check_host(host)
    )
    async with SourceHttp("news") as client:
        for host in ("127.0.0.2", "[::1]", "localhost", "169.254.169.254"):
            server.rescript("/a", redirect(server.url("/secret", host=host)))
            with pytest.raises(SourceRefused) as caught:
                await client.follow(server.url("/a"))
            assert caught.value.reason == "private_address"
    assert not server.seen("/secret")


# Streams


async def test_a_stream_is_read_as_it_comes_and_a_stall_is_noticed(server: HttpFaults, client: SourceHttp) -> None:
    async def parts(_: SeenRequest) -> AsyncIterator[bytes]:
        yield b"first\n"
        await asyncio.sleep(3_600)

    server.script("/", Answer(body=parts))
    received = []

    async def read() -> None:
        async with client.stream(server.url(), silence_seconds=0.5) as answer:
            async for block in answer.content.iter_any():
                received.append(block)  # noqa: PERF401  kept although an error ends the loop

    with pytest.raises(SourceUnavailable) as caught:
        await read()
    assert received == [b"first\n"]
    assert caught.value.reason == "timeout"


async def test_a_stream_goes_on_for_longer_than_any_timeout_of_a_request(server: HttpFaults) -> None:
    async def parts(_: SeenRequest) -> AsyncIterator[bytes]:
        for _number in range(12):
            await asyncio.sleep(0.1)
            yield b"x"

    server.script("/", Answer(body=parts))
    limits = Timeouts(header_seconds=30, body_seconds=0.3)
    async with (
        SourceHttp("news", allow_private=True, timeouts=limits) as client,
        client.stream(server.url(), silence_seconds=30) as answer,
    ):
        assert await answer.content.read() == b"x" * 12
    assert server.requests[0].headers["accept-encoding"] == "identity"


async def test_a_stream_whose_head_does_not_come_is_given_up(server: HttpFaults) -> None:
    server.script("/", Answer(stall_before=True))
    async with SourceHttp("news", allow_private=True, timeouts=QUICK) as client:
        with pytest.raises(SourceUnavailable) as caught:
            async with client.stream(server.url(), silence_seconds=600):
                pass
    assert caught.value.reason == "timeout"


async def test_a_stream_that_is_cut_is_told(server: HttpFaults, client: SourceHttp) -> None:
    server.script("/", Answer(body=b"x" * 2_000, chunked=True, cut_after=1_200))
    with pytest.raises(SourceUnavailable) as caught:
        async with client.stream(server.url(), silence_seconds=30) as answer:
            await answer.content.read()
    assert caught.value.reason == "broken"


async def test_a_stream_that_is_refused_is_told(server: HttpFaults, client: SourceHttp) -> None:
    server.script("/", Answer(401))
    with pytest.raises(SourceRefused, match="answers 401"):
        async with client.stream(server.url(), silence_seconds=30):
            pass


async def test_leaving_a_stream_ends_its_connection(server: HttpFaults, client: SourceHttp) -> None:
    async def parts(_: SeenRequest) -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.01)

    server.script("/", Answer(body=parts))
    async with client.stream(server.url(), silence_seconds=30) as answer:
        await answer.content.readany()
    await server.until_idle()


# Proxies


async def test_a_proxy_of_the_environment_is_used_only_if_allowed(
    server: HttpFaults, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with HttpFaults() as proxy:
        proxy.handle("/feed", lambda _: Answer(body=b"by the proxy"))
        server.script("/feed", Answer(body=b"directly"))
        monkeypatch.setenv("http_proxy", proxy.url())
        monkeypatch.setenv("no_proxy", "direct.example")
        async with SourceHttp("news", allow_private=True) as client:
            assert (await client.request("GET", server.url("/feed"))).body == b"directly"
        async with SourceHttp("news", environment_proxy=True) as client:
            assert (await client.request("GET", "http://feeds.example/feed")).body == b"by the proxy"
            with pytest.raises(SourceRefused):
                await client.request("GET", server.url("/feed"))  # its address is private, whoever asks it


async def test_an_unopened_client_is_an_error_of_the_program() -> None:
    with pytest.raises(RuntimeError):
        await SourceHttp("news", allow_private=True).request("GET", "http://127.0.0.1:9/")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:word@social.example:8443/api?access_token=x#y", "social.example:8443"),
        ("https://social.example:443/", "social.example:443"),
        ("http://[2001:db8::1]:8080/", "2001:db8::1:8080"),
        ("http://[", "an address without a host"),
        ("http://a:99999/", "an address without a host"),
        ("secret", "an address without a host"),
    ],
)
def test_only_the_host_of_an_address_is_shown(url: str, shown: str) -> None:
    assert host_of(url) == shown
