"""Whatever a server does, each post is read, or the span in which it may be missing is reported."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from streams.errors import SourceRefused, SourceUnavailable
from streams.sources.live.jetstream import connection
from tests.support.http_faults import Answer, HttpFaults
from tests.support.jetstream_faults import GARBAGE, Chances, FaultyJetstream
from tests.support.jetstream_reading import BOTH, post, reader_of, texts
from tests.support.live_reading import LiveReader

if TYPE_CHECKING:
    from deploy.local.jetstream_events import Event, Wire
    from deploy.local.jetstream_server import JetstreamServer

MINUTE_US = 60_000_000


def now_us() -> int:
    return FaultyJetstream()._now_us()


def feed(server: JetstreamServer, first: int, last: int, *, minutes_ago: float = 0) -> None:
    """Add posts that the server witnessed some time ago, a second apart."""
    begin = now_us() - round(minutes_ago * MINUTE_US)
    for number in range(first, last + 1):
        server.post(post(number), witnessed_us=begin + (number - last - 1) * 1_000_000)


# Cursors


@pytest.mark.parametrize("options", [{"wires": ("v2",)}, {"wires": ("v1",)}, {"wires": ("v1",), "numbered": False}])
async def test_a_cursor_that_is_too_old_is_a_gap_from_the_last_post_to_the_first_that_is_kept(
    options: dict[str, Any],
) -> None:
    async with FaultyJetstream(**options) as server:
        reader = reader_of(server)
        feed(server, 1, 3, minutes_ago=30)
        await reader.posts(3)
        feed(server, 4, 9, minutes_ago=20)
        server.forget(6)
        reader.restart()
        await reader.posts(6)
    assert reader.texts == texts(1, 3) + texts(7, 9)
    (gap,) = reader.gaps
    assert (gap.cause, gap.source) == ("cursor_too_old", "test")
    assert gap.from_ms == reader.found[2].witnessed_ms
    assert gap.to_ms == reader.found[3].witnessed_ms


@pytest.mark.parametrize("wires", BOTH)
async def test_a_cursor_that_is_just_kept_is_no_gap(wires: tuple[Wire, ...]) -> None:
    async with FaultyJetstream(wires=wires) as server:
        reader = reader_of(server)
        feed(server, 1, 3, minutes_ago=30)
        await reader.posts(3)
        feed(server, 4, 9, minutes_ago=20)
        server.forget(2)
        await reader.posts(9)
    assert (reader.texts, reader.gaps) == (texts(1, 9), [])


@pytest.mark.parametrize("wires", BOTH)
@pytest.mark.parametrize("first_seq", [1, 4, 5_000])
async def test_a_server_that_was_set_up_again_is_a_gap_until_its_first_event(
    wires: tuple[Wire, ...], first_seq: int
) -> None:
    """Its numbers may be lower than the saved one, the same by chance, or higher."""
    async with FaultyJetstream(wires=wires) as server:
        reader = reader_of(server)
        feed(server, 1, 6, minutes_ago=30)
        await reader.posts(6)
        server.reset(first_seq)
        feed(server, 7, 12, minutes_ago=10)
        reader.restart()
        reading = asyncio.create_task(reader.posts(12))
        await server.until_subscriptions(2)
        server.post(post(13))
        await reading
        await reader.posts(13)
    assert reader.texts == texts(1, 13)
    (gap,) = reader.gaps
    assert gap.cause == ("cursor_foreign" if first_seq < 5_000 else "cursor_too_old")
    assert (gap.from_ms, gap.to_ms) == (reader.found[5].witnessed_ms, reader.found[6].witnessed_ms)


@pytest.mark.parametrize("wires", BOTH)
async def test_numbers_of_another_server_are_left_for_the_time_without_a_gap(wires: tuple[Wire, ...]) -> None:
    """Its own past has all that was missed: only its numbers are others."""
    async with FaultyJetstream(wires=wires) as server:
        reader = reader_of(server)
        feed(server, 1, 6, minutes_ago=5)
        await reader.posts(6)
        events = list(server._events)
        server.reset(1_000)
        copy(events, server)
        feed(server, 7, 9)
        await reader.posts(9)
    assert (reader.texts, reader.gaps) == (texts(1, 9), [])


async def test_a_server_that_only_gives_the_present_is_a_gap_until_then() -> None:
    async with FaultyJetstream() as server:
        reader = reader_of(server)
        feed(server, 1, 3, minutes_ago=30)
        await reader.posts(3)
        feed(server, 4, 9, minutes_ago=20)
        server.ignores_cursor = True
        reading = asyncio.create_task(reader.posts(4))
        number = 10
        while not reading.done():
            server.post(post(number))
            number += 1
            await asyncio.sleep(0.02)
    (gap,) = reader.gaps
    assert (gap.from_ms, gap.to_ms) == (reader.found[2].witnessed_ms, reader.found[3].witnessed_ms)


@pytest.mark.parametrize(("wires", "gaps"), [(("v2",), 0), (("v1",), 1)])
async def test_a_quiet_server_that_says_where_it_begins_is_no_gap(wires: tuple[Wire, ...], gaps: int) -> None:
    """Nothing came before the restart, so that no event is known which must come again."""
    async with FaultyJetstream(wires=wires) as server:
        server.post(post(0), witnessed_us=now_us() - 60 * MINUTE_US)
        reader = reader_of(server, backfill_seconds=0)
        await reader.connection(lambda: reader.position is not None)
        server.post(post(1), witnessed_us=now_us() + 5 * MINUTE_US)
        reader.restart()
        reader.ahead_ms += 400_000
        await reader.posts(1)
    assert (reader.texts, len(reader.gaps)) == (["post 1"], gaps)


async def test_a_clock_that_is_ahead_does_not_make_a_gap_of_the_future() -> None:
    async with FaultyJetstream() as server:
        reader = reader_of(server)
        feed(server, 1, 2, minutes_ago=10)
        await reader.posts(2)
        server.reset(500)
        feed(server, 3, 4, minutes_ago=-90)
        await reader.posts(4)
    (gap,) = reader.gaps
    assert gap.from_ms < gap.to_ms <= reader.now_ms()


# Several servers


def copy(events: list[Event], server: JetstreamServer, later_us: int = 0) -> None:
    """Add events that another server has, as this one witnessed them."""
    for event in events:
        server.add(event.kind, event.did, event.body, event.time_us + later_us)


@pytest.mark.parametrize("second_wires", BOTH)
@pytest.mark.parametrize("later_us", [-700_000, 0, 700_000, 20_000_000])
async def test_another_server_continues_by_time_with_an_overlap(second_wires: tuple[Wire, ...], later_us: int) -> None:
    """Even if it has witnessed everything later than the first one had read."""
    async with FaultyJetstream(wires=second_wires, first_seq=900_000) as second:
        async with FaultyJetstream(wires=("v2",)) as first:
            reader = reader_of(first, second)
            feed(first, 1, 5, minutes_ago=2)
            await reader.posts(5)
            feed(first, 6, 8, minutes_ago=1)
            copy(first._events, second, later_us)
        reader.restart()
        await reader.posts(8)
        await reader.connection(lambda: reader.batches > 0 and reader.source.health.behind_ms == 0)
    assert (reader.texts, reader.gaps) == (texts(1, 8), [])
    assert reader.position is not None
    assert reader.position["host"] == second.url.removeprefix("ws://")


@pytest.mark.parametrize("kept", [0, 3])
async def test_another_server_that_has_not_what_was_missed_is_a_gap(kept: int) -> None:
    """It was set up again a moment ago."""
    async with FaultyJetstream() as second:
        async with FaultyJetstream() as first:
            reader = reader_of(first, second)
            feed(first, 1, 5, minutes_ago=2)
            await reader.posts(5)
            feed(second, 8, 8 + kept, minutes_ago=1.6)
        await reader.posts(6 + kept)
        await reader.read(lambda: bool(reader.gaps))
        reader.restart()
        feed(second, 12, 12)
        await reader.posts(7 + kept)
    (gap,) = reader.gaps
    assert (gap.from_ms, gap.to_ms) == (reader.found[4].witnessed_ms, reader.found[5].witnessed_ms)


async def test_servers_that_fail_by_turns_never_go_back_further_than_the_overlap() -> None:
    first, second = FaultyJetstream(), FaultyJetstream(first_seq=70)
    for server in (first, second):
        await server.start()
        await server.stop()
    reader = reader_of(first, second)
    for number in range(1, 30):
        feed(first, number, number, minutes_ago=50 - number / 10)
        feed(second, number, number, minutes_ago=50 - number / 10)
        running = (first, second)[number % 2]
        await running.start()
        reader.restart()
        await reader.posts(number)
        await running.stop()
    assert (reader.texts, reader.gaps) == (texts(1, 29), [])
    times = [found.witnessed_ms or 0 for found in reader.found]
    newest = [max(times[: index + 1]) for index in range(len(times))]
    assert max(most - time for most, time in zip(newest, times, strict=True)) <= 61_000


async def test_a_server_that_stalls_twice_is_left_for_another() -> None:
    async with FaultyJetstream(chances=Chances(stall=1)) as first, FaultyJetstream() as second:
        reader = reader_of(first, second)
        for server in (first, second):
            feed(server, 1, 3)
        reading = asyncio.create_task(reader.posts(3))
        while not reading.done():
            reader.ahead_ms += 20_000
            await asyncio.sleep(0.3)
        await reading
    assert [error.reason for error in reader.errors] == ["stalled", "stalled"]
    assert first.faults["stall"] == 2


async def test_a_clock_that_is_ahead_does_not_lose_posts_on_another_server() -> None:
    async with FaultyJetstream() as first:
        reader = reader_of(first)
        feed(first, 1, 3, minutes_ago=-600)
        await reader.posts(3)
        first.reset()
        feed(first, 1, 3)
        feed(first, 4, 6)
        await reader.posts(6)
    assert (reader.texts, reader.gaps) == (texts(1, 6), [])


# Hostile events


@pytest.mark.parametrize("options", [{"wires": ("v2",)}, {"wires": ("v1",)}, {"wires": ("v1",), "numbered": False}])
async def test_an_event_that_is_too_large_is_passed_and_reported_once(options: dict[str, Any]) -> None:
    async with FaultyJetstream(**options) as server:
        reader = reader_of(server)
        feed(server, 1, 3, minutes_ago=10)
        server.post(post(4, text="x" * 10_000_000), witnessed_us=now_us() - 9 * MINUTE_US)
        feed(server, 5, 7, minutes_ago=8)
        await reader.posts(6)
        server.post(post(8, text="y" * 2_000_000), witnessed_us=now_us() - 7 * MINUTE_US)
        feed(server, 9, 11, minutes_ago=5)
        await reader.posts(9)
    assert reader.texts == texts(1, 3) + texts(5, 7) + texts(9, 11)
    assert [bad.error.reason for bad in reader.bad] == ["too_large", "too_large"]
    assert [gap.cause for gap in reader.gaps] == ["oversized", "oversized"]
    times = {found.fields["text"]: found.witnessed_ms for found in reader.found}
    assert [(gap.from_ms, gap.to_ms) for gap in reader.gaps] == [
        (times["post 3"], times["post 5"]), (times["post 7"], times["post 9"]),
    ]  # fmt: skip
    assert server.subscriptions < 10


@pytest.mark.parametrize("options", [{"wires": ("v2",)}, {"wires": ("v1",), "numbered": False}])
async def test_a_server_that_does_not_leave_large_events_out_is_asked_for_what_comes_behind(
    options: dict[str, Any],
) -> None:
    async with FaultyJetstream(**options) as server:
        server.ignores_size = True
        reader = reader_of(server)
        feed(server, 1, 3, minutes_ago=10)
        server.post(post(4, text="x" * 2_000_000), witnessed_us=now_us() - 10 * MINUTE_US)
        feed(server, 5, 40, minutes_ago=9)
        await reader.read(lambda: "post 40" in reader.texts)
        assert server.subscriptions < 30
    (bad,), (gap,) = reader.bad, reader.gaps
    assert (bad.error.reason, gap.cause) == ("too_large", "oversized")
    assert gap.from_ms == reader.found[2].witnessed_ms
    first_behind = next(found for found in reader.found if (found.witnessed_ms or 0) > gap.from_ms)
    assert gap.to_ms == first_behind.witnessed_ms
    number = int(first_behind.fields["text"].split()[1])
    assert reader.texts == texts(1, 3) + texts(number, 40)
    assert number < 40


async def test_an_event_that_is_too_large_and_the_last_one_does_not_end_reading() -> None:
    async with FaultyJetstream() as server:
        reader = reader_of(server)
        feed(server, 1, 2)
        await reader.posts(2)
        server.post(post(3, text="x" * 2_000_000))
        await reader.read(lambda: bool(reader.bad))
        reading = asyncio.create_task(reader.posts(3))
        await server.until_subscriptions(3)
        server.post(post(4))
        await reading
    assert reader.texts == [*texts(1, 2), "post 4"]


async def test_messages_that_are_no_events_are_defects_and_end_nothing() -> None:
    async with FaultyJetstream(chances=Chances(garbage=1)) as server:
        reader = reader_of(server)
        feed(server, 1, 60)
        await reader.posts(60)
    assert reader.errors == []
    assert len(reader.bad) >= 60
    assert {bad.error.reason for bad in reader.bad} == {"broken_json", "wrong_type", "missing_field", "too_deep"}


async def test_a_server_that_sends_no_events_at_all_is_left() -> None:
    async with FaultyJetstream() as server:
        reader = reader_of(server)
        server.frame = lambda *_: GARBAGE[2]  # type: ignore[method-assign]
        feed(server, 1, 200)
        with pytest.raises(SourceUnavailable, match="no events"):
            await reader.connection()
    assert len(reader.bad) == 100


# Ends of connections


@pytest.mark.parametrize("options", [{"wires": ("v2",)}, {"wires": ("v1",)}, {"wires": ("v1",), "numbered": False}])
@pytest.mark.parametrize("seed", range(3))
async def test_each_post_is_read_however_often_connections_end(options: dict[str, Any], seed: int) -> None:
    chances = Chances(cut=0.03, close=0.03, repeat=0.05, garbage=0.05)
    async with FaultyJetstream(seed, chances, **options) as server:
        reader = reader_of(server, overlap_seconds=3)
        for first in range(1, 300, 30):
            feed(server, first, first + 29, minutes_ago=(300 - first) / 60)
            await reader.posts(first + 20)
            reader.restart()
        await reader.posts(300)
        assert server.faults["cut"] + server.faults["close"] > 0
    assert sorted(reader.texts, key=lambda text: int(text.split()[1])) == texts(1, 300)
    assert reader.gaps == []


@pytest.mark.parametrize("seed", range(3))
async def test_a_server_that_swaps_events_loses_none_where_it_does_not_number(seed: int) -> None:
    async with FaultyJetstream(seed, Chances(swap=0.2, cut=0.05), wires=("v1",), numbered=False) as server:
        reader = reader_of(server, overlap_seconds=3)
        feed(server, 1, 301)
        await reader.posts(300)
        assert server.faults["swap"] > 10
    assert set(texts(1, 300)) <= set(reader.texts) | {"post 301"}
    assert reader.gaps == []


async def test_a_reader_that_is_too_slow_is_told_so_and_resumes() -> None:
    async with FaultyJetstream() as server:
        server.farewell = b'{"$type":"error","error":"ConsumerTooSlow","message":"100,000 events behind"}'
        reader = reader_of(server)
        feed(server, 1, 3)
        await reader.posts(3)
    (error,) = reader.errors
    assert error.reason == "consumer_too_slow"
    assert "100,000 events behind" in error.detail
    assert reader.gaps == []


async def test_patience_that_is_asked_for_is_passed_on_and_another_server_is_read_meanwhile() -> None:
    async with FaultyJetstream() as first, FaultyJetstream() as second:
        first.refusals = [(503, {"Retry-After": "20"})] * 9
        second.refusals = [(429, {"Retry-After": "7"})]
        reader = reader_of(first, second)
        feed(second, 1, 3)
        with pytest.raises(SourceUnavailable) as caught:
            await reader.connection()
        assert 6 < (caught.value.retry_after_seconds or 0) <= 7
        with pytest.raises(SourceUnavailable):
            await reader.connection()
        assert (len(first.requests), len(second.requests)) == (1, 1)
        reader.ahead_ms += 8_000
        await reader.posts(3)
        assert (len(first.requests), len(second.requests)) == (1, 2)


async def test_a_request_that_a_server_does_not_accept_is_not_repeated_at_once() -> None:
    async with FaultyJetstream() as first, FaultyJetstream() as second:
        first.refusals = [(400, {})] * 9
        second.refusals = [(403, {})] * 9
        reader = reader_of(first, second)
        for _ in range(3):
            with pytest.raises(SourceRefused, match=r"does not accept.*denies access"):
                await reader.connection()
        assert len(first.requests) + len(second.requests) == 2


async def test_headers_that_do_not_come_end_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "OPEN_SECONDS", 0.3)
    async with HttpFaults() as server:
        for path in ("/subscribe", "/xrpc/network.bsky.jetstream.subscribeEvents"):
            server.script(path, Answer(stall_before=True))
        with pytest.raises(SourceUnavailable, match=r"within 0.3 s"):
            await LiveReader("jetstream", hosts=[server.url("").replace("http", "ws", 1)]).connection()


async def test_a_cursor_of_another_kind_is_refused_with_the_way_out() -> None:
    reader = LiveReader("jetstream", hosts=["ws://127.0.0.1:9"])
    reader.position = {"offsets": {"0": 7}}
    with pytest.raises(SourceRefused, match="another id"):
        await reader.connection()
