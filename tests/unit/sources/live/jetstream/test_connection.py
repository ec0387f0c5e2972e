"""Refusals of a server mean what they say, and its frames are received up to a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.errors import SourceError, SourceRefused, SourceUnavailable
from streams.sources.live.jetstream.connection import CursorTooOld, EndpointMissing, address_of, open_connection
from tests.support.http_faults import Answer, HttpFaults
from tests.support.plain_server import plain_server

if TYPE_CHECKING:
    from streams.sources.live.jetstream.connection import Wire


@pytest.mark.parametrize(
    ("wire", "query"),
    [
        ("v1", "/subscribe?wantedCollections=app.bsky.feed.post"),
        (
            "v2",
            "/xrpc/network.bsky.jetstream.subscribeEvents?collections=app.bsky.feed.post&kinds=commit&kinds=account"
            "&kinds=identity&cursor=7&maxMessageSizeBytes=9",
        ),
    ],
)
def test_only_posts_and_accounts_are_asked_for(wire: Wire, query: str) -> None:
    cursor, size = (7, 9) if wire == "v2" else (None, 0)
    url = "wss://jetstream.example.org/subscribe"
    address = address_of(url, wire, cursor, identities=wire == "v2", max_bytes=size)
    assert address == f"wss://jetstream.example.org{query}"


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (Answer(status=404), EndpointMissing, ""),
        (Answer(status=200, body=b"<html>"), EndpointMissing, ""),
        (Answer(status=400, body=b'{"error":"CursorTooOld","message":"floor 9"}'), CursorTooOld, ""),
        (Answer(status=400, body=b'{"error":"InvalidRequest","message":"kinds"}'), SourceRefused, "http_400"),
        (Answer(status=400, body=b"[]"), SourceRefused, "http_400"),
        (Answer(status=401), SourceRefused, "http_401"),
        (Answer(status=403), SourceRefused, "http_403"),
        (Answer(status=301, headers={"Location": "wss://other.example/subscribe"}), SourceRefused, "http_301"),
        (Answer(status=302, headers={"Location": "http://[::1"}), SourceRefused, "http_302"),
        (Answer(status=429, headers={"Retry-After": "7"}), SourceUnavailable, "http_429"),
        (Answer(status=429, headers={"RETRY-AFTER": "7"}), SourceUnavailable, "http_429"),
        (Answer(status=503), SourceUnavailable, "http_503"),
    ],
)
async def test_a_response_in_place_of_a_stream_says_whether_to_try_again(
    answer: Answer, kind: type[Exception], reason: str
) -> None:
    async with HttpFaults() as server:
        server.script("/subscribe", answer)
        with pytest.raises(kind) as caught:
            await open_connection("bluesky", server.url("/subscribe").replace("http", "ws", 1), "v1")
    if isinstance(caught.value, SourceError):
        assert caught.value.reason == reason
    if isinstance(caught.value, SourceUnavailable):
        assert caught.value.retry_after_seconds == (7 if answer.status == 429 else None)


async def test_a_port_without_tls_is_told_with_the_way_out() -> None:
    async with plain_server() as port:
        with pytest.raises(SourceUnavailable, match=r"no TLS is spoken at this port: .* or write ws://"):
            await open_connection("bluesky", f"wss://127.0.0.1:{port}/subscribe", "v1")


async def test_a_redirect_is_told_without_what_may_be_secret_in_its_address() -> None:
    async with HttpFaults() as server:
        server.script("/subscribe", Answer(status=302, headers={"Location": "wss://kim:word@other.example/?key=word"}))
        with pytest.raises(SourceRefused) as caught:
            await open_connection("bluesky", server.url("/subscribe").replace("http", "ws", 1), "v1")
    assert "redirects to other.example, which is not followed" in str(caught.value)
    assert "word" not in str(caught.value)
