"""Feeds are asked in their turn, and what is new in them becomes posts: each once, over restarts and failures."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from streams.config.sources.feeds import FeedsSettings
from streams.core.ingest.parsing import Normaliser
from streams.records import Post
from streams.sources.live.base import Skipped, Surroundings
from streams.sources.live.feeds.source import Feeds
from streams.sources.live.registry import make_source
from tests.support.feeds import CONFIG, HOUR_MS, NOON_MS, FeedSession, gaps, item, rss, texts
from tests.support.http_faults import Answer, HttpFaults, busy, gzip_bomb, redirect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def server() -> AsyncIterator[HttpFaults]:
    async with HttpFaults() as server:
        yield server


def session(server: HttpFaults, *paths: str, **settings: Any) -> FeedSession:
    return FeedSession(*(server.url(path) for path in paths or ["/feed"]), **settings)


def has_failed(feeds: FeedSession, failures: int) -> bool:
    return feeds.state().failures == failures


async def test_the_entries_of_the_last_day_become_posts_in_order_of_time(server: HttpFaults) -> None:
    items = [item(1, hours_ago=1), item(2, hours_ago=5), item(3, hours_ago=30), item(4, hours_ago=None)]
    server.script("/feed", Answer(body=rss(items)))
    feeds = session(server)
    await feeds.polls(server, "/feed")
    assert texts(feeds.items) == ["Meldung 2. Text der Meldung 2", "Meldung 1. Text der Meldung 1"]
    assert Skipped("backdated", 2) in feeds.items
    post = Normaliser(CONFIG.ingest, "news").record_of(feeds.found[1].fields, NOON_MS)
    assert isinstance(post, Post)
    assert post == Post(
        id="tag:news.example,2026:1",
        source="news",
        ts_ms=NOON_MS - HOUR_MS,
        text="Meldung 1. Text der Meldung 1",
        author="127.0.0.1",
        url="https://news.example/1",
    )


async def test_the_kind_is_made_from_its_settings() -> None:
    settings = FeedsSettings(id="news", kind="feeds", urls=["https://news.example/rss"])
    source = make_source(settings, Surroundings(CONFIG))
    assert isinstance(source, Feeds)
    assert source.claims_language


async def test_an_entry_is_yielded_once_and_a_new_one_at_the_next_poll(server: HttpFaults) -> None:
    first, second = [item(1, hours_ago=2)], [item(2, hours_ago=-0.5), item(1, hours_ago=2)]
    server.script("/feed", Answer(body=rss(first)), Answer(body=rss(second)))
    feeds = session(server)
    assert len(texts(await feeds.polls(server, "/feed"))) == 1
    assert texts(await feeds.polls(server, "/feed", 3)) == ["Meldung 2. Text der Meldung 2"]
    assert not gaps(feeds.items)
    assert not any(isinstance(each, Skipped) for each in feeds.items)


async def test_an_edit_keeps_the_id_and_is_marked(server: HttpFaults) -> None:
    server.script("/feed", Answer(body=rss([item(1)])), Answer(body=rss([item(1, text="Nun mit Ursache")])))
    feeds = session(server)
    await feeds.polls(server, "/feed", 3)
    before, after = feeds.found
    assert (before.edited, after.edited) == (False, True)
    assert before.fields["id"] == after.fields["id"]
    assert after.fields["text"].endswith("Nun mit Ursache")


async def test_validators_are_sent_exactly_as_they_came_with_the_last_document(server: HttpFaults) -> None:
    server.script(
        "/feed",
        Answer(headers={"ETag": 'W/"a, b"', "Last-Modified": "Monday, whenever"}, body=rss([item(1)])),
        Answer(304, {"ETag": '"other"'}),
        Answer(headers={"ETag": '"c"'}, body=rss([item(2), item(1)])),
        Answer(304),
    )
    feeds = session(server)
    await feeds.polls(server, "/feed", 4)
    sent = [(each.headers.get("if-none-match"), each.headers.get("if-modified-since")) for each in server.requests]
    assert sent == [(None, None), ('W/"a, b"', "Monday, whenever"), ('W/"a, b"', "Monday, whenever"), ('"c"', None)]
    assert len(feeds.found) == 2


async def test_a_server_that_answers_304_for_ever_is_asked_without_validators_once_a_day(server: HttpFaults) -> None:
    server.script("/feed", Answer(headers={"ETag": '"Tue, 01 Jan 2041"'}, body=rss([item(1)])), *[Answer(304)] * 40)
    feeds = session(server)
    await feeds.until(lambda: feeds.clock.ms > NOON_MS + 26 * HOUR_MS)
    unconditional = [each for each in server.requests if "if-none-match" not in each.headers]
    assert len(unconditional) == 2
    assert len(server.requests) > 20


async def test_the_schedule_and_the_entries_survive_a_restart(server: HttpFaults) -> None:
    server.script("/feed", Answer(headers={"ETag": '"v"'}, body=rss([item(1)])), Answer(304))
    feeds = session(server)
    await feeds.polls(server, "/feed")
    feeds.position = orjson.loads(orjson.dumps(feeds.position))
    started = feeds.clock.ms
    await feeds.polls(server, "/feed")
    assert feeds.clock.ms - started >= 0.85 * HOUR_MS
    assert server.requests[1].headers["if-none-match"] == '"v"'
    assert len(feeds.found) == 1


async def test_restarts_without_end_do_not_ask_again(server: HttpFaults) -> None:
    server.script("/feed", Answer(body=rss([item(1)])))
    feeds = session(server)
    await feeds.polls(server, "/feed")
    feeds.clock.source = None  # it does not leap
    for _ in range(20):
        count = len(feeds.batches)
        source = feeds.made()
        feeds.clock.source = None
        async for batch in source.batches(feeds.position):
            feeds.batches.append(batch)
            if len(feeds.batches) > count + 3:
                break
    assert len(server.requests) == 1


async def test_entries_that_were_not_saved_come_again_after_a_crash(server: HttpFaults) -> None:
    server.script("/feed", Answer(headers={"ETag": '"v"'}, body=rss([item(1)])))
    feeds = session(server)
    await feeds.polls(server, "/feed")
    feeds.position = None
    assert len(texts(await feeds.polls(server, "/feed"))) == 1
    assert "if-none-match" not in server.requests[1].headers


@pytest.mark.parametrize(
    "position",
    [{}, {"v": 2, "feeds": {}}, {"v": 1, "feeds": []}, {"v": 1}, {"v": 1, "feeds": {"127.0.0.1": 7}}, {"seq": 9}],
)
async def test_a_foreign_position_counts_as_none(server: HttpFaults, position: dict[str, object]) -> None:
    server.script("/feed", Answer(body=rss([item(1)])))
    feeds = session(server)
    feeds.position = position
    assert len(texts(await feeds.polls(server, "/feed"))) == 1


async def test_a_gap_is_told_with_its_bounds_and_the_feed_is_asked_more_often(server: HttpFaults) -> None:
    server.script(
        "/feed",
        Answer(body=rss([item(2, hours_ago=2), item(1, hours_ago=3)])),
        Answer(body=rss([item(9, hours_ago=-0.9), item(8, hours_ago=-0.5)])),
        Answer(body=rss([item(10, hours_ago=-1.2), item(9, hours_ago=-0.9)])),
    )
    feeds = session(server)
    items = await feeds.polls(server, "/feed", 2)
    [gap] = gaps(items)
    assert (gap.source, gap.cause, gap.part) == ("news", "no_overlap", f"127.0.0.1:{server.port}/feed")
    assert (gap.from_ms, gap.to_ms) == (NOON_MS - 2 * HOUR_MS, NOON_MS + HOUR_MS // 2)
    asked = feeds.clock.ms
    assert not gaps(await feeds.polls(server, "/feed"))
    assert 900_000 <= feeds.clock.ms - asked <= 1_800_000 + 2_000


async def test_a_feed_that_loses_entries_is_never_asked_more_often_than_the_least(server: HttpFaults) -> None:
    answers = [Answer(body=rss([item(number, hours_ago=-number / 10)])) for number in range(30)]
    server.script("/feed", *answers)
    feeds = session(server)
    times = []
    for _ in range(12):
        await feeds.polls(server, "/feed")
        times.append(feeds.clock.ms)
    waits = [after - before for before, after in pairwise(times)]
    assert min(waits) >= 900_000
    assert max(waits[-3:]) <= 902_000
    assert len(gaps(feeds.items)) == 11


async def test_an_address_that_has_moved_for_good_is_remembered(server: HttpFaults) -> None:
    server.script("/feed", redirect("/new", 301))
    server.script("/new", Answer(body=rss([item(1)])))
    feeds = session(server)
    await feeds.polls(server, "/feed")
    await feeds.polls(server, "/new", 2)
    assert len(server.seen("/feed")) == 1
    assert feeds.source.health.facts["moved"] == f"127.0.0.1:{server.port}/feed to 127.0.0.1:{server.port}/new"


@pytest.mark.parametrize("status", [302, 307])
async def test_an_address_that_has_moved_for_now_is_asked_again(server: HttpFaults, status: int) -> None:
    server.script("/feed", redirect("/new", status))
    server.script("/new", Answer(body=rss([item(1)])))
    await session(server).polls(server, "/feed", 3)
    assert len(server.seen("/feed")) == 3


async def test_an_address_does_not_move_to_what_is_no_feed(server: HttpFaults) -> None:
    server.script("/feed", redirect("/parked", 301), Answer(body=rss([item(1)])))
    server.script("/parked", Answer(body=b"<!DOCTYPE html><title>For sale</title>"))
    feeds = session(server)
    await feeds.polls(server, "/feed", 2)
    assert len(feeds.found) == 1
    assert "moved" not in feeds.source.health.facts


async def test_a_feed_that_moved_back_is_found_again(server: HttpFaults) -> None:
    server.script("/feed", redirect("/new", 301), Answer(body=rss([item(2), item(1)])))
    server.script("/new", Answer(body=rss([item(1)])), Answer(404))
    feeds = session(server)
    await feeds.polls(server, "/feed", 2)
    assert [each.fields["id"][-1] for each in feeds.found] == ["1", "2"]
    assert len(server.seen("/new")) == 1 + 3
    assert "moved" not in feeds.source.health.facts


async def test_a_feed_that_is_gone_is_not_asked_again_and_told(server: HttpFaults) -> None:
    server.script("/feed", Answer(410))
    server.script("/other", Answer(body=rss([item(1)])))
    feeds = session(server, "/feed", "/other")
    await feeds.polls(server, "/other", 5)
    assert len(server.seen("/feed")) == 1
    assert feeds.source.health.facts["ended"] == f"127.0.0.1:{server.port}/feed"
    assert feeds.source.health.state == "live"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404),
        Answer(500),
        busy(503),
        Answer(stall_before=True),
        Answer(cut_after=30),
        Answer(body=rss([item(1)]), cut_after=200),
        Answer(raw=b"\x00garbage\r\n\r\n"),
        Answer(body=b""),
        Answer(body=b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
        Answer(304),
        Answer(302),
        gzip_bomb(20_000_000),
        redirect("/feed"),
        redirect("ftp://news.example/"),
        Answer(headers={"Content-Encoding": "br"}, body=b"x"),
        Answer(headers={"Content-Type": "text/html"}, body=b"<html><body>Wartung</body></html>"),
    ],
    ids=[
        "404", "500", "503", "stall", "cut head", "cut body", "garbage", "empty", "image", "304 unasked", "302 nowhere",
        "bomb", "loop", "ftp", "brotli", "page",
    ],
)  # fmt: skip
async def test_a_feed_that_fails_is_asked_less_and_less_and_stops_no_other(server: HttpFaults, answer: Answer) -> None:
    server.script("/feed", answer)
    server.script("/other", Answer(body=rss([item(2)])))
    feeds = session(server, "/feed", "/other")
    times = []
    for failures in (1, 2, 3):
        await feeds.until(partial(has_failed, feeds, failures))
        times.append(feeds.clock.ms)
        assert f"127.0.0.1:{server.port}/feed" in feeds.source.health.facts["failing"]
        feeds.position = feeds.source._position()
    assert times[1] - times[0] >= 900_000
    assert times[2] - times[1] >= 1_800_000
    server.rescript("/feed", Answer(body=rss([item(1)])))
    await feeds.until(lambda: len(feeds.found) == 2)
    assert "failing" not in feeds.source.health.facts
    assert feeds.source.health.state == "live"
