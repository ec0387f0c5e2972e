"""An instance is asked where it streams and what it offers, within its limit, and nothing is sent elsewhere."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from streams.config.sources.mastodon import MastodonSettings
from streams.errors import SourceError, SourceRefused, SourceUnavailable
from streams.sources.live.mastodon.feed_names import feeds_of
from streams.sources.live.mastodon.instance import Instance, Offer, previous_id
from tests.support.http_faults import Answer
from tests.support.mastodon_reading import SkippingClock, settings_of, surroundings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.mastodon_server import MastodonServer

INSTANCE = "/api/v2/instance"


def instance_of(settings: MastodonSettings) -> Instance:
    return Instance("fediverse", settings, settings.instances[0], surroundings(SkippingClock()))


async def offer_of(instance: Instance) -> Offer:
    async with instance.client() as http:
        return await instance.offer(http)


def said(**fields: Any) -> Answer:
    return Answer(200, {"Content-Type": "application/json"}, orjson.dumps(fields))


async def test_the_streaming_host_is_the_one_that_the_instance_names(server: MastodonServer, tmp_path: Path) -> None:
    server.streaming_base = "http://streaming.social.example:4000"
    offer = await offer_of(instance_of(settings_of(tmp_path, server)))
    assert (offer.streaming, offer.domain) == ("http://streaming.social.example:4000", "social.example")
    assert (offer.version, offer.access) == ("4.6.4", server.access)


async def test_an_older_instance_names_it_in_the_first_version_of_the_answer(
    server: MastodonServer, tmp_path: Path
) -> None:
    server.http.script(INSTANCE, Answer(404))
    server.http.script(
        "/api/v1/instance", said(uri="https://social.example", urls={"streaming_api": "ws://old.example/"})
    )
    assert await offer_of(instance_of(settings_of(tmp_path, server))) == Offer(
        "http://old.example", "social.example", "", {}
    )


@pytest.mark.parametrize("answer", [Answer(404), said(), said(configuration=[], urls="x", domain=7, version=None)])
async def test_a_server_that_names_none_streams_by_itself(
    server: MastodonServer, tmp_path: Path, answer: Answer
) -> None:
    server.http.script(INSTANCE, answer)
    offer = await offer_of(instance_of(settings_of(tmp_path, server)))
    assert offer == Offer(server.url, "127.0.0.1", "", {})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(200, {}, b"<html>"), SourceUnavailable),
        (Answer(200, {}, b"[1]"), SourceUnavailable),
        (Answer(401), SourceRefused),
        (Answer(500), SourceUnavailable),
        (said(urls={"streaming_api": "javascript:alert(1)"}), SourceUnavailable),
        (said(urls={"streaming_api": "ftp://social.example"}), SourceUnavailable),
    ],
)
async def test_an_answer_that_is_none_of_an_instance_is_an_error(
    server: MastodonServer, tmp_path: Path, answer: Answer, error: type[SourceError]
) -> None:
    server.http.script(INSTANCE, answer)
    with pytest.raises(error):
        await offer_of(instance_of(settings_of(tmp_path, server)))


async def test_a_token_is_not_sent_over_a_stream_without_tls(tmp_path: Path) -> None:
    settings = MastodonSettings.model_validate(
        {"id": "fediverse", "kind": "mastodon", "instances": [{"host": "social.example", "anonymous": True}]}
    )
    with pytest.raises(SourceRefused, match="would stream without TLS"):
        instance_of(settings)._streaming("ws://social.example")


async def test_an_instance_inside_of_a_private_network_is_not_reached_unless_allowed(tmp_path: Path) -> None:
    settings = MastodonSettings.model_validate(
        {"id": "fediverse", "kind": "mastodon", "instances": [{"host": "10.0.0.1:8443", "anonymous": True}]}
    )
    with pytest.raises(SourceRefused, match="inside of a private network"):
        await offer_of(instance_of(settings))


@pytest.mark.parametrize(
    ("access", "is_refused"),
    [
        (None, False),
        ({}, False),
        ({"live_feeds": None}, False),
        ({"live_feeds": {"local": "authenticated", "remote": "authenticated"}}, False),
        ({"live_feeds": {"local": "disabled", "remote": "public"}}, False),
        ({"live_feeds": {"local": "disabled", "remote": "disabled"}}, True),
    ],
)
async def test_a_stream_is_refused_if_all_of_it_is_disabled(
    server: MastodonServer, tmp_path: Path, access: dict[str, Any] | None, is_refused: bool
) -> None:
    server.access = access
    settings = settings_of(tmp_path, server, instance={"streams": ["public"]})
    instance = instance_of(settings)
    server.http.script("/api/v1/timelines/public", Answer(200, {}, b"[]"))
    async with instance.client() as http:
        feed = feeds_of(settings.instances[0])[0]
        with pytest.raises(SourceRefused, match="has disabled") if is_refused else nullcontext():
            await instance.check_access(http, feed)


async def test_a_disabled_timeline_that_is_shown_to_this_user_is_read(server: MastodonServer, tmp_path: Path) -> None:
    """Moderators see timelines that are disabled for others."""
    server.access = {"live_feeds": {"local": "disabled", "remote": "disabled"}}
    settings = settings_of(tmp_path, server)
    server.http.script("/api/v1/timelines/public", Answer(200, {}, b'[{"id":"17"}]'))
    instance = instance_of(settings)
    async with instance.client() as http:
        await instance.check_access(http, feeds_of(settings.instances[0])[0])


async def test_without_a_token_a_timeline_for_users_is_refused(server: MastodonServer, tmp_path: Path) -> None:
    server.access = {"live_feeds": {"local": "authenticated", "remote": "authenticated"}}
    settings = settings_of(tmp_path, server, instance={"token_file": None, "anonymous": True})
    instance = instance_of(settings)
    async with instance.client() as http:
        with pytest.raises(SourceRefused, match="set token_file in place of anonymous"):
            await instance.check_access(http, feeds_of(settings.instances[0])[0])


async def test_streams_that_begin_together_ask_once_what_is_offered(server: MastodonServer, tmp_path: Path) -> None:
    instance = instance_of(settings_of(tmp_path, server))
    async with instance.client() as http:
        for _ in range(3):
            await instance.offer(http)
        instance.forget_offer()
        await instance.offer(http)
    assert len(server.http.seen(INSTANCE)) == 2


async def test_a_refusal_for_too_many_requests_holds_back_the_next_until_the_reset(
    server: MastodonServer, tmp_path: Path
) -> None:
    clock = SkippingClock()
    settings = settings_of(tmp_path, server)
    instance = Instance("fediverse", settings, settings.instances[0], surroundings(clock))
    server._now_ms = clock.now_ms
    server.limit, server.reset_ms = 0, clock.now_ms() + 120_000
    feed = feeds_of(settings.instances[0])[0]
    async with instance.client() as http:
        with pytest.raises(SourceUnavailable) as caught:
            await instance.page(http, feed)
        assert caught.value.retry_after_seconds == pytest.approx(120, abs=2)
        await instance.page(http, feed)
    assert clock.waits == [pytest.approx(120, abs=3)]
    assert not instance.waits


@pytest.mark.parametrize("body", [b'{"error":"x"}', b'"x"', b"7", b"<html>"])
async def test_an_answer_that_is_no_list_is_no_page(server: MastodonServer, tmp_path: Path, body: bytes) -> None:
    settings = settings_of(tmp_path, server)
    server.http.script("/api/v1/timelines/public", Answer(200, {}, body))
    instance = instance_of(settings)
    async with instance.client() as http:
        with pytest.raises(SourceUnavailable, match="no page of a timeline"):
            await instance.page(http, feeds_of(settings.instances[0])[0])


@pytest.mark.parametrize(
    ("link", "id"),
    [
        ("", ""),
        ('<https://x/?max_id=1>; rel="next"', ""),
        ("<https://x/?min_id=1>; rel=prev", "1"),
        ('<https://x/?a=b&min_id=01HX>; title="x"; REL="prev"', "01HX"),
        ('<https://x/>; rel="prev"', ""),
        ('<https://[x/?min_id=1>; rel="prev"', ""),
        ("<" * 30_000, ""),
        ("<>" * 15_000 + ' rel="prev"', ""),
    ],
)
def test_the_header_link_is_read_or_left(link: str, id: str) -> None:
    assert previous_id(link) == id


@pytest.mark.parametrize("change", [lambda text: text, lambda text: text + "\n"])
async def test_the_token_is_in_the_header_of_each_request_and_nowhere_else(
    server: MastodonServer, tmp_path: Path, change: Callable[[str], str]
) -> None:
    settings = settings_of(tmp_path, server)
    (tmp_path / "token").write_text(change("token-of-a-user"))
    instance = instance_of(settings)
    async with instance.client() as http:
        await instance.page(http, feeds_of(settings.instances[0])[0], after="17")
    (request,) = server.http.requests
    assert request.headers["authorization"] == "Bearer token-of-a-user"
    assert request.query == {"local": "true", "limit": "40", "min_id": "17"}
