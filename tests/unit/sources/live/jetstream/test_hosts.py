"""The server that was read last is preferred until it has failed twice; one that asks for patience is left alone."""

from __future__ import annotations

from streams.errors import SourceRefused, SourceUnavailable
from streams.sources.live.backoff import LONGEST_SECONDS
from streams.sources.live.jetstream.hosts import HEALTHY_MS, REFUSED_MS, JetstreamHost, failure_of, in_order


def hosts() -> list[JetstreamHost]:
    return [JetstreamHost("wss://a.example"), JetstreamHost("wss://b.example/subscribe")]


def unavailable(seconds: float | None = None) -> SourceUnavailable:
    return SourceUnavailable("bluesky", "http_503", "busy", seconds)


def test_the_server_that_was_read_last_comes_first_until_it_fails_twice() -> None:
    first, second = hosts()
    assert in_order([first, second], "") == [first, second]
    assert in_order([first, second], "b.example") == [second, first]
    second.failed(unavailable(), 0)
    assert in_order([first, second], "b.example") == [second, first]
    second.failed(unavailable(), 0)
    assert in_order([first, second], "b.example") == [first, second]
    second.read_for(HEALTHY_MS)
    assert in_order([first, second], "b.example") == [second, first]


def test_all_servers_are_refused_only_if_each_refuses() -> None:
    first, second = hosts()
    first.failed(SourceRefused("bluesky", "http_403", "a denies"), 0)
    second.failed(unavailable(30), 1_000)
    failure = failure_of("bluesky", [first, second], 1_000)
    assert isinstance(failure, SourceUnavailable)
    assert failure.retry_after_seconds == 30
    assert failure.detail == "a denies; busy"
    second.failed(SourceRefused("bluesky", "http_403", "b denies"), 0)
    assert isinstance(failure_of("bluesky", [first, second], 0), SourceRefused)


def test_a_server_that_asks_for_years_is_tried_again_after_a_day() -> None:
    first, _ = hosts()
    first.failed(unavailable(10.0**11), 0)
    assert first.not_before_ms == LONGEST_SECONDS * 1000


def test_a_server_that_refuses_is_tried_again_however_long_another_one_is_to_be_left_alone() -> None:
    first, second = hosts()
    first.failed(unavailable(LONGEST_SECONDS), 0)
    second.failed(SourceRefused("bluesky", "http_403", "b denies"), 0)
    failure = failure_of("bluesky", [first, second], 0)
    assert isinstance(failure, SourceUnavailable)
    assert failure.retry_after_seconds == REFUSED_MS / 1000
