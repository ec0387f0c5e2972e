"""Feeds are asked in their turn, and what is new in them becomes posts: each once, over restarts and failures."""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from structlog.testing import capture_logs

from streams.config.sources.feeds import FeedsSettings
from streams.core.ingest.parsing import Normaliser
from streams.errors import ConfigError
from streams.records import Post
from streams.sources.live.base import MAX_POSITION_BYTES, Skipped, Surroundings
from streams.sources.live.feeds.source import Feeds
from streams.sources.live.feeds.state import FeedState
from streams.sources.live.registry import make_source
from tests.support.feed_day import feed_day
from tests.support.feeds import CONFIG, HOUR_MS, NOON_MS, FeedItem, FeedSession, atom, gaps, item, rss, texts
from tests.support.http_faults import Answer, HttpFaults, busy, gzip_bomb, redirect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.http_faults import SeenRequest


@pytest.fixture
async def server() -> AsyncIterator[HttpFaults]:
    async with HttpFaults() as server:
        yield server


def session(server: HttpFaults, *paths: str, **settings: Any) -> FeedSession:
    return FeedSession(*(server.url(path) for path in paths or ["/feed"]), **settings)


def has_read(feeds: FeedSession) -> bool:
    return feeds.state().whole_ms > 0


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


async def test_of_a_host_one_feed_is_asked_at_a_time(server: HttpFaults) -> None:
    paths = [f"/feed{number}" for number in range(8)]
    for path in paths:
        server.script(path, Answer(body=rss([item(1)]), drip=(200, 0.001)))
    feeds = session(server, *paths)
    await feeds.until(lambda: len(feeds.source._saved) == len(paths))
    assert server.most_connections == 1


@pytest.mark.parametrize(("allowed", "most"), [(1, 1), (8, 2)])
async def test_several_hosts_are_asked_at_once_but_not_more_than_allowed(
    server: HttpFaults, allowed: int, most: int
) -> None:
    running: list[int] = []
    both = asyncio.Event()

    async def answered(_: SeenRequest) -> Answer:
        running.append(running[-1] + 1 if running else 1)
        if max(running) == 2:
            both.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(0.3 if allowed == 1 else 30):
                await both.wait()
        running.append(running[-1] - 1)
        return Answer(body=rss([item(1)]))

    server.handle("/", answered)
    urls = [server.url(f"/{host}/{number}", host=host) for number in range(3) for host in ("127.0.0.1", "localhost")]
    feeds = FeedSession(*urls, requests_at_once=allowed)
    await feeds.until(lambda: len(feeds.source._saved) == len(urls))
    assert max(running) == most


def test_a_thousand_new_feeds_do_not_start_together() -> None:
    feeds = FeedSession(*(f"https://site{number}.example/feed" for number in range(1_000)))
    feeds.source._restore(None)
    due = sorted((state.due_ms - NOON_MS) / 1000 for state in feeds.source._states.values())
    assert 400 < due[-1] <= 500
    assert max(sum(second <= each < second + 10 for each in due) for second in range(0, 500, 10)) < 60


def test_the_position_of_a_thousand_feeds_has_room_in_a_cursor() -> None:
    urls = [f"https://site{number}.example/{'x' * 200}/feed" for number in range(1_000)]
    feeds = FeedSession(*urls)
    marks = base64.b64encode(bytes(12 * feeds.source._limit)).decode()
    full = FeedState(
        due_ms=NOON_MS, interval_seconds=3_599.999, etag="e" * 500, modified="m" * 500, whole_ms=NOON_MS, body="b" * 16,
        answered_ms=NOON_MS, newest_ms=NOON_MS, floor_ms=NOON_MS, asked_seconds=86_400.0, seen=marks, last=20,
        moved_to="https://" + "x" * 1_900, failures=12,
    )  # fmt: skip
    feeds.source._restore({"v": 1, "feeds": {name: full.to_json() for name in feeds.source._feeds}})
    assert 700_000 < len(orjson.dumps(feeds.source._position())) <= MAX_POSITION_BYTES


def test_the_memory_of_a_feed_is_larger_where_there_are_few() -> None:
    limits = [FeedSession(*(f"https://s{n}.example/" for n in range(count))).source._limit for count in (1, 100, 1_000)]
    assert limits == [500, 200, 20]


async def test_feeds_that_were_taken_off_the_list_are_forgotten(server: HttpFaults) -> None:
    server.script("/a", Answer(body=rss([item(1)])))
    server.script("/b", Answer(body=rss([item(2)])))
    feeds = session(server, "/a", "/b")
    await feeds.until(lambda: len(feeds.source._saved) == 2)
    feeds.position = feeds.source._position()
    feeds.settings = feeds.settings.model_copy(update={"urls": [server.url("/b")]})
    await feeds.polls(server, "/b")
    assert feeds.position is not None
    assert list(feeds.position["feeds"]) == [f"127.0.0.1:{server.port}/b"]


async def test_an_article_in_two_feeds_is_one_post(server: HttpFaults) -> None:
    server.script("/all", Answer(body=rss([item(1)])))
    server.script("/netze", Answer(body=atom([FeedItem("Meldung 1", item(1).guid, "x", "2026-11-30T12:00:00Z")])))
    feeds = session(server, "/all", "/netze")
    await feeds.until(lambda: len(feeds.found) == 2)
    assert len({each.fields["id"] for each in feeds.found}) == 1


async def test_an_empty_batch_comes_while_nothing_else_does(server: HttpFaults) -> None:
    server.script("/feed", Answer(body=rss([])))
    feeds = session(server)
    feeds.clock.source = None
    await feeds.until(lambda: len(feeds.batches) > 50)
    assert all(not batch.items for batch in feeds.batches)


def test_feeds_come_from_the_list_and_from_the_file_each_once(tmp_path: Path) -> None:
    file = tmp_path / "feeds.txt"
    file.write_text("https://a.example/rss\nhttp://b.example/rss\n")
    feeds = FeedSession("https://b.example/rss", "https://c.example/rss", urls_file=file)
    assert sorted(feeds.source._feeds) == ["a.example/rss", "b.example/rss", "c.example/rss"]


def test_too_many_feeds_are_an_error(tmp_path: Path) -> None:
    file = tmp_path / "feeds.txt"
    file.write_text("\n".join(f"https://s{number}.example/" for number in range(1_001)))
    with pytest.raises(ConfigError, match="urls_file: 1,001 feeds, 1,000 are possible"):
        FeedSession(urls_file=file)


async def test_a_source_of_which_no_feed_can_be_read_says_why(server: HttpFaults) -> None:
    server.script("/feed", busy(503, 60))
    feeds = session(server)
    await feeds.until(lambda: feeds.state().failures == 1)
    health = feeds.source.health
    assert health.state == "waiting"
    assert health.why == (
        f"none of 1 feeds is read; 127.0.0.1:{server.port}/feed can't be read: 127.0.0.1:{server.port} answers 503 "
        "Service Unavailable"
    )


async def test_a_feed_that_fails_for_long_is_named_although_others_are_read(server: HttpFaults) -> None:
    server.script("/feed", *[Answer(body=rss([item(1)]))] * 60)
    server.script("/gone", Answer(410))
    server.script("/none", *[Answer(404)] * 60)
    feeds = session(server, "/feed", "/gone", "/none")
    with capture_logs() as logs:
        await feeds.until(lambda: feeds.state(1).has_ended and feeds.state(2).failures == 2 and has_read(feeds))
    host = f"127.0.0.1:{server.port}"
    assert feeds.source.health.why == f"1 of 3 feeds are not read: {host}/gone has ended"
    told = sorted(each["feed"] for each in logs if each["event"] == "feed can't be read")
    assert told == [f"{host}/gone", f"{host}/none"], "a failure is logged once while it repeats"
    await feeds.until(lambda: feeds.state(2).failures == 3)
    assert feeds.source.health.state == "live"
    assert feeds.source.health.why.startswith(f"2 of 3 feeds are not read: {host}/gone has ended; {host}/none can't be")


async def test_a_source_whose_feeds_have_ended_says_so(server: HttpFaults) -> None:
    server.script("/feed", Answer(410))
    feeds = session(server)
    await feeds.until(lambda: feeds.state().has_ended)
    assert (feeds.source.health.state, feeds.source.health.why) == ("refused", "all feeds have ended")


async def test_health_says_when_something_was_heard_and_when_a_post_came(server: HttpFaults) -> None:
    server.script("/feed", Answer(headers={"ETag": '"v"'}, body=rss([item(1)])), Answer(304))
    feeds = session(server)
    await feeds.polls(server, "/feed", 2)
    health = feeds.source.health
    assert health.state == "live"
    assert health.heard_ms is not None
    assert health.heard_ms > NOON_MS + 0.8 * HOUR_MS
    assert health.post_ms is not None
    assert health.post_ms < health.heard_ms


async def test_after_a_day_nothing_has_grown_and_each_entry_came_once() -> None:
    await feed_day(feeds=20)
