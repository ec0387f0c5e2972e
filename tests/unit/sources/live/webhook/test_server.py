"""Connections are limited in number and time, and what is no HTTP is answered as a problem, without a word in a log."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import pytest
import trustme

from streams.errors import ConfigError
from tests.support.patience import PATIENCE_SECONDS, until
from tests.support.pushing import post, pushing

if TYPE_CHECKING:
    from pathlib import Path

GET = b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"nonsense\r\n\r\n",
        b"GET /v1/health HTTP/9.9.9\r\n\r\n",
        b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nBroken header\r\n\r\n",
        b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"POST /v1/posts HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/posts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /v1/posts HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_no_http_is_a_bad_request_and_is_not_logged(
    sent: bytes, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    secret = b"Authorization: Bearer of-a-sender\r\n"
    async with pushing() as push:
        answer = await push.raw(sent.replace(b"\r\n\r\n", b"\r\n" + secret + b"\r\n", 1), until=b"}", hold=True)
        assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
        assert b"application/problem+json" in answer
        assert b"of-a-sender" not in answer
        assert (await push.push(post())).status == 202
    shown = "".join(capsys.readouterr()) + caplog.text
    assert "of-a-sender" not in shown
    assert "Traceback" not in shown


async def test_a_path_in_bytes_that_are_no_text_is_not_found() -> None:
    async with pushing() as push:
        answer = await push.raw(b"GET /v1/\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n", until=b"}", hold=True)
        assert answer.split(b" ")[1] in {b"400", b"404"}


async def test_of_too_many_connections_the_one_that_has_been_idle_for_longest_is_closed() -> None:
    async with pushing({"max_connections": 3}) as push:
        opened = [await asyncio.open_connection("127.0.0.1", push.port) for _ in range(3)]
        for reader, writer in reversed(opened):  # the last one opened is idle for longest
            writer.write(GET)
            await reader.readuntil(b"}")
        further = await asyncio.open_connection("127.0.0.1", push.port)
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await opened[2][0].readexactly(1)
        for reader, writer in (opened[0], opened[1], further):
            writer.write(GET)
            assert b"200 OK" in await reader.readuntil(b"}")
        for _, writer in (*opened, further):
            writer.close()


async def test_connections_in_use_are_not_closed_for_new_ones() -> None:
    async with pushing({"max_connections": 2}) as push:
        push.stored.is_slow = True
        waiting = [asyncio.create_task(push.push(post(str(number)))) for number in range(2)]
        await until(lambda: push.stored.unsettled == 2)
        assert await push.raw(GET, hold=True) == b""
        push.stored.settle_all()
        assert [(await answer).status for answer in waiting] == [202, 202]


async def test_a_head_that_does_not_arrive_in_time_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.sources.live.webhook.server.HEAD_SECONDS", 0.2)
    async with pushing() as push:
        assert await push.raw(b"POST /v1/posts HTTP/1.1\r\nHost: local", hold=True) == b""
        assert await push.raw(b"", hold=True) == b""
        reader, writer = await asyncio.open_connection("127.0.0.1", push.port)
        for _ in range(3):
            writer.write(GET)
            assert b"200 OK" in await reader.readuntil(b"}")
            await asyncio.sleep(0.15)
        writer.close()


async def test_requests_that_follow_one_another_on_a_connection_are_answered_in_order() -> None:
    async with pushing() as push:
        reader, writer = await asyncio.open_connection("127.0.0.1", push.port)
        writer.write(GET * 50)
        for _ in range(50):
            assert b"200 OK" in await reader.readuntil(b"}")
        writer.close()


async def test_it_speaks_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    files = {"certificate_file": str(tmp_path / "cert.pem"), "key_file": str(tmp_path / "key.pem")}
    async with pushing(files) as push:
        assert push.url.startswith("https://")
        async with push.session.post(f"https://localhost:{push.port}/v1/posts", json=post(), ssl=trusting) as answer:
            assert answer.status == 202
        assert (await push.source.probe())["TLS"] == "yes"
        assert await push.raw(GET, hold=False) == b""


async def test_an_unusable_certificate_is_named_at_the_start(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("nonsense")
    files = {"certificate_file": str(tmp_path / "cert.pem"), "key_file": str(tmp_path / "key.pem")}
    with pytest.raises(ConfigError, match=r"^certificate_file .*cert\.pem and key_file .* can't be used"):
        async with pushing(files):
            pass
