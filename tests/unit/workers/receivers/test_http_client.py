"""Requests to receivers: which answers are refusals, which are retried, and no secrets in errors."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from streams.errors import ConfigError, DeliveryDenied, DeliveryError, DeliveryFailed, DeliveryRefused
from streams.workers.receivers.http_client import check_url, http_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def server(answer: web.Response) -> AsyncIterator[str]:
    """Run a server that gives one answer to each post; yield the address."""

    async def post(_: web.Request) -> web.Response:
        return answer

    app = web.Application()
    app.router.add_post("/hunter2", post)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hunter2"
    finally:
        await runner.cleanup()


async def failure(answer: web.Response) -> DeliveryError:
    async with server(answer) as url, http_client(5) as http:
        with pytest.raises(DeliveryError) as caught:
            await http.post(url, b"{}", {})
    return caught.value


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, DeliveryRefused) for status in (400, 410, 422)),
        *((status, DeliveryDenied) for status in (401, 403, 404)),
        *((status, DeliveryFailed) for status in (302, 408, 429, 500)),
    ],
)
async def test_an_answer_is_about_the_alert_the_access_or_the_moment(
    status: int, expected: type[DeliveryError]
) -> None:
    error = await failure(web.Response(status=status, text="no \x1b[31mthanks"))
    assert type(error) is expected
    assert error.reason == f"http_{status}"
    assert error.detail.endswith("no \ufffd[31mthanks")
    assert "hunter2" not in str(error)


async def test_a_post_that_is_accepted_raises_nothing() -> None:
    async with server(web.Response(status=204)) as url, http_client(5) as http:
        await http.post(url, b"{}", {})


async def test_the_pause_that_a_receiver_asks_for_is_kept() -> None:
    error = await failure(web.Response(status=429, headers={"Retry-After": "7"}))
    assert isinstance(error, DeliveryFailed)
    assert error.retry_after_seconds == 7


async def test_a_receiver_that_cannot_be_reached_is_retried() -> None:
    async with server(web.Response()) as url:
        pass
    async with http_client(5) as http:
        with pytest.raises(DeliveryFailed) as caught:
            await http.post(url, b"{}", {})
    assert caught.value.reason == "unreachable"
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["hooks.example/hunter2", "ftp://hooks.example/hunter2", "https://:hunter2", "https://h:x/hunter2"]
)
def test_an_invalid_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_url(url, "bridge.slack.url_file")
    assert "hunter2" not in str(caught.value)
