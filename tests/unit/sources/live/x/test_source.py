"""The source against a server that speaks X's protocol, with its faults; times are those of a clock of the test."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from streams.config import Config
from streams.config.sources.x import X_BEARER_VARIABLE, XSettings
from streams.errors import ConfigError, SourceError, SourceRefused, SourceUnavailable
from streams.operate.source_check import check_sources
from streams.records import Gap
from streams.runtime.clock import now_ms as time_ms
from streams.sources.live.base import Found, Surroundings
from streams.sources.live.x import api as x_api
from streams.sources.live.x.source import RULES_SECONDS, XSource
from tests.support.http_faults import Answer
from tests.support.source_reading import NORDTEL
from tests.support.x_server import TOKEN, XServer, tweet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from streams.operate.source_check import SourceCheck
    from streams.sources.live.base import Batch, Position

START_MS = 1_796_000_000_000
DAY_MS = 86_400_000
STREAM = "/2/tweets/search/stream"
RULES = f"{STREAM}/rules"


class SteppedClock:
    """A clock that moves by what is slept, and by hand."""

    def __init__(self) -> None:
        self.ms = START_MS

    def now_ms(self) -> int:
        return self.ms

    async def sleep(self, seconds: float) -> None:
        if seconds < RULES_SECONDS:
            self.ms += round(seconds * 1000)
            await asyncio.sleep(0)
            return
        until_ms = self.ms + round(seconds * 1000)
        while self.ms < until_ms:  # noqa: ASYNC110  the clock is moved by hand
            await asyncio.sleep(0.01)


@pytest.fixture
async def server(clock: SteppedClock) -> AsyncIterator[XServer]:
    async with XServer(clock.now_ms, heartbeat_seconds=0.05) as server:
        yield server


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def source_of(server: XServer, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch) -> Callable[..., XSource]:
    monkeypatch.setenv(X_BEARER_VARIABLE, TOKEN)

    def make(**options: Any) -> XSource:
        own = {"id": "x", "kind": "x", "spend_limit_usd_per_day": 100, "api_url": server.url(""), "allow_private": True}
        config = Config.model_validate({"brands": [NORDTEL], "sources": [own | options]})
        return XSource(XSettings.model_validate(own | options), Surroundings(config, clock.now_ms, clock.sleep))

    return make


class Reading:
    """Reads a source in a task, and notes what came."""

    def __init__(self, source: XSource, position: Position | None = None, found: list[Found] | None = None) -> None:
        self.source = source
        self.found: list[Found] = [] if found is None else found
        self.gaps: list[Gap] = []
        self.position = position
        self._start = position
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async with aclosing(self.source.batches(self._start)) as batches:
            async for batch in batches:
                self._note(batch)

    def _note(self, batch: Batch) -> None:
        self.found += [item for item in batch.items if isinstance(item, Found)]
        self.gaps += [item for item in batch.items if isinstance(item, Gap)]
        self.position = batch.position if batch.position is not None else self.position

    @property
    def texts(self) -> list[str]:
        return [item.fields["text"] for item in self.found]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(120):
            while not condition():
                if self.task.done():
                    self.task.result()
                await asyncio.sleep(0.01)

    async def error(self) -> SourceError:
        async with asyncio.timeout(120):
            with pytest.raises(SourceError) as caught:
                await self.task
        return caught.value

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_the_rules_are_made_and_posts_arrive(server: XServer, source_of: Callable[..., XSource]) -> None:
    theirs = server.add_rule("cats", "theirs")
    old = server.add_rule("old", "firewatch/x/old")
    reading = Reading(source_of())
    await reading.until(lambda: server.open_streams == 1)
    assert old not in server.rules
    assert theirs in server.rules
    assert {rule["value"] for rule in server.rules.values()} == {"cats", '("nordtel") -is:retweet'}
    await server.publish(tweet(START_MS, "Nordtel A"), tweet(START_MS + 1, "Nordtel B"))
    await reading.until(lambda: reading.texts == ["Nordtel A", "Nordtel B"])
    assert reading.source.health.state == "live"
    assert reading.gaps == []
    await reading.end()


async def test_garbage_and_unknown_messages_do_not_end_the_stream(
    server: XServer, source_of: Callable[..., XSource]
) -> None:
    reading = Reading(source_of())
    await reading.until(lambda: server.open_streams == 1)
    for line in (b"{", b"[" * 100_000, b"x" * 3_000_000, b'{"data": 5}', b"\x00\xff", b'{"data": {"id": "1"}}'):
        await server.send(line)
    await reading.until(lambda: not server.lines)
    await server.publish(tweet(START_MS, "Nordtel danach"))
    await reading.until(lambda: reading.texts == ["Nordtel danach"])
    await reading.end()


async def test_posts_that_were_missed_are_fetched_by_search(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock
) -> None:
    reading = Reading(source_of())
    await reading.until(lambda: server.open_streams == 1)
    await server.publish(tweet(START_MS, "Nordtel before"))
    await reading.until(lambda: reading.texts == ["Nordtel before"])
    await reading.end()
    await server.until_idle()
    clock.ms += 3_600_000
    await server.publish(*[tweet(START_MS + number * 1000, f"Nordtel missed {number}") for number in range(1, 251)])
    again = Reading(source_of(), reading.position)
    await again.until(lambda: len(again.found) == 251)  # one from before the interruption is found again
    assert set(again.texts) == {"Nordtel before"} | {f"Nordtel missed {number}" for number in range(1, 251)}
    assert again.gaps == []
    await again.until(lambda: "missed_ms" not in (again.position or {}))
    await again.end()


async def test_a_post_found_by_search_may_be_nested_more_deeply_than_is_written(
    server: XServer, source_of: Callable[..., XSource]
) -> None:
    post = orjson.dumps(tweet(START_MS, "Nordtel tief"))[:-1] + b',"geo":' + b"[" * 300 + b"]" * 300 + b"}"
    page = Answer(200, {"Content-Type": "application/json"}, b'{"data":[%b],"meta":{}}' % post)
    server.script("/2/tweets/search/recent", page)
    reading = Reading(source_of(), {"alive_ms": START_MS - 60_000})
    await reading.until(lambda: reading.texts == ["Nordtel tief"])
    await reading.end()


async def test_posts_that_the_stream_had_not_delivered_yet_are_searched_for_around_the_time_without_it(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock
) -> None:
    late = tweet(START_MS - 9_000, "Nordtel late")
    at_the_end = tweet(START_MS + 60_900, "Nordtel at the end")
    await server.publish(late, at_the_end, streamed=False)
    clock.ms = START_MS + 60_950
    reading = Reading(source_of(), {"alive_ms": START_MS, "newest_ms": START_MS - 500})
    await reading.until(lambda: {"Nordtel late", "Nordtel at the end"} <= set(reading.texts))
    await reading.until(lambda: "missed_ms" not in (reading.position or {}))
    assert reading.gaps == []
    await reading.end()


async def test_a_search_that_fails_for_a_while_is_repeated(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock
) -> None:
    server.script("/2/tweets/search/recent", *[Answer(503)] * 4, Answer(body=b'{"meta":{}}'))
    clock.ms = START_MS + 60_000
    reading = Reading(source_of(), {"alive_ms": START_MS})
    await reading.until(lambda: len(server.seen("/2/tweets/search/recent")) == 5)
    await reading.until(lambda: "missed_ms" not in (reading.position or {}))
    assert reading.gaps == []
    await reading.end()


async def test_reposts_that_are_searched_for_have_their_originals_which_are_paid_for(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock
) -> None:
    original = tweet(START_MS, "Nordtel, der ganze Text")
    repost = tweet(START_MS + 1, "RT @kim: Nordtel, …", referenced_tweets=[{"type": "retweeted", "id": original["id"]}])
    page = {"data": [repost], "includes": {"tweets": [original]}, "meta": {}}
    server.script("/2/tweets/search/recent", Answer(200, {}, orjson.dumps(page)))
    clock.ms = START_MS + 60_000
    reading = Reading(source_of(include_reposts=True), {"alive_ms": START_MS})
    await reading.until(lambda: reading.texts == ["Nordtel, der ganze Text"])
    assert server.seen("/2/tweets/search/recent")[0].query["expansions"] == "referenced_tweets.id"
    assert (reading.position or {})["spent"]["posts"] == 2
    await reading.end()


@pytest.mark.parametrize("data", [b"7", b"true", b"{}", b"[7]"])
async def test_a_page_of_search_without_a_list_of_posts_holds_none(
    server: XServer, source_of: Callable[..., XSource], data: bytes
) -> None:
    server.script("/2/tweets/search/recent", Answer(200, {"Content-Type": "application/json"}, b'{"data":%b}' % data))
    reading = Reading(source_of(), {"alive_ms": START_MS - 60_000})
    await reading.until(lambda: bool(server.seen("/2/tweets/search/recent")))
    await reading.until(lambda: "missed_ms" not in (reading.position or {}))
    assert (reading.found, reading.gaps) == ([], [])
    await reading.end()


async def test_a_limit_of_recovery_leaves_a_gap_with_its_bounds(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock
) -> None:
    await server.publish(*[tweet(START_MS + number * 60_000, f"Nordtel missed {number}") for number in range(1, 61)])
    clock.ms = START_MS + 3_700_000
    reading = Reading(source_of(max_recovered_posts=20), {"alive_ms": START_MS, "newest_ms": START_MS})
    await reading.until(lambda: bool(reading.gaps))
    [gap] = reading.gaps
    oldest = min(int(item.fields["id"]) for item in reading.found)
    assert len(reading.found) == 20
    assert (gap.cause, gap.from_ms, gap.part) == ("backfill_limit", START_MS, "nordtel")
    assert gap.to_ms == (oldest >> 22) + 1_288_834_974_657
    await reading.end()


@pytest.mark.parametrize("status", [403, 404])
async def test_without_access_to_search_an_interruption_is_a_gap(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock, status: int
) -> None:
    server.script("/2/tweets/search/recent", Answer(status))
    clock.ms = START_MS + 60_000
    reading = Reading(source_of(), {"alive_ms": START_MS, "newest_ms": START_MS})
    await reading.until(lambda: bool(reading.gaps))
    [gap] = reading.gaps
    assert (gap.cause, gap.from_ms, gap.to_ms) == ("no_backfill", START_MS, START_MS + 60_000)
    await reading.end()


async def test_recovery_that_is_switched_off_reports_the_gap(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock
) -> None:
    clock.ms = START_MS + 60_000
    reading = Reading(source_of(recover="none"), {"alive_ms": START_MS, "newest_ms": START_MS})
    await reading.until(lambda: bool(reading.gaps))
    assert [(gap.cause, gap.from_ms, gap.to_ms) for gap in reading.gaps] == [("no_backfill", START_MS, clock.ms)]
    assert server.pages == []
    await reading.end()


async def test_an_interruption_beyond_seven_days_is_a_gap_up_to_the_reach_of_search(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock
) -> None:
    clock.ms = START_MS + 10 * DAY_MS
    reading = Reading(source_of(), {"alive_ms": START_MS, "newest_ms": START_MS})
    await reading.until(lambda: bool(reading.gaps))
    [gap] = reading.gaps
    assert (gap.cause, gap.from_ms) == ("cursor_too_old", START_MS)
    assert gap.to_ms == START_MS + 3 * DAY_MS + 300_000
    assert "start_time" in server.pages[0]
    await reading.end()


async def test_the_limit_first_samples_then_stops_and_both_are_gaps(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock
) -> None:
    midnight_ms = START_MS - START_MS % DAY_MS
    clock.ms = begin_ms = midnight_ms + 3_600_000
    reading = Reading(source_of(spend_limit_usd_per_day=0.05, sample_from=0.5, sample_percent=10))
    await reading.until(lambda: server.open_streams == 1)
    await server.publish(*[tweet(begin_ms + number, f"Nordtel post {number}") for number in range(5)])
    await reading.until(lambda: any("sample:10" in rule["value"] for rule in server.rules.values()))
    await reading.until(lambda: server.open_streams == 1 and "only a sample" in reading.source.health.why)
    assert reading.source.health.state == "limited"
    await server.publish(*[tweet(begin_ms + 1_000 + number, f"Nordtel post {number}") for number in range(5, 105)])
    await reading.until(lambda: clock.ms >= midnight_ms + DAY_MS and server.open_streams == 1)
    await reading.until(lambda: reading.source.health.state == "live")
    assert all("sample" not in rule["value"] for rule in server.rules.values())
    assert "reduced_ms" not in (reading.position or {})
    assert len(reading.found) == 10  # of which the sample has five
    assert {gap.cause for gap in reading.gaps} == {"paused"}
    joined = [(gap.from_ms, gap.to_ms) for gap in reading.gaps]
    assert all(before[1] == after[0] for before, after in pairwise(joined))
    assert joined[0][0] >= begin_ms
    assert joined[-1][1] >= midnight_ms + DAY_MS
    await reading.end()


async def test_a_connection_that_x_counts_as_open_is_ended(server: XServer, source_of: Callable[..., XSource]) -> None:
    server.stale_connection = True
    reading = Reading(source_of())
    await reading.until(lambda: server.open_streams == 1)
    assert not server.stale_connection
    await reading.end()


async def test_a_connection_that_x_does_not_end_is_told(server: XServer, source_of: Callable[..., XSource]) -> None:
    server.stale_connection = server.keeps_connections = True
    error = await Reading(source_of()).error()
    assert isinstance(error, SourceUnavailable)
    assert (error.reason, error.retry_after_seconds) == ("connection_taken", 5.0)


@pytest.mark.parametrize("title", ["operational-disconnect", "ConnectionException"])
async def test_an_error_in_the_stream_is_told_although_the_socket_stays_open(
    server: XServer, source_of: Callable[..., XSource], title: str
) -> None:
    reading = Reading(source_of())
    await reading.until(lambda: server.open_streams == 1)
    await server.send(b'{"errors": [{"title": "%s"}]}' % title.encode())
    assert title in str(await reading.error())


async def test_a_stream_that_stalls_is_noticed(
    server: XServer, source_of: Callable[..., XSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(x_api, "SILENCE_SECONDS", 0.3)
    server.script(STREAM, Answer(chunked=True, body=b"\r\n" * 10, stall_in_body=8))
    error = await Reading(source_of()).error()
    assert error.reason == "timeout"


@pytest.mark.parametrize("sent", [0, 3, 40, 200, 333])
async def test_a_stream_that_is_cut_anywhere_is_unavailable(
    server: XServer, source_of: Callable[..., XSource], sent: int
) -> None:
    server.script(STREAM, Answer(body=b'{"data": {}}\r\n' * 40, cut_after=sent))
    assert isinstance(await Reading(source_of()).error(), SourceUnavailable)


async def test_a_wrong_token_is_a_refusal_that_does_not_show_it(
    source_of: Callable[..., XSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(X_BEARER_VARIABLE, "wr0ng-token")
    error = await Reading(source_of()).error()
    assert isinstance(error, SourceRefused)
    assert "401" in str(error)
    assert "wr0ng" not in str(error)
    assert "`bearer_file`" in str(error)


@pytest.mark.parametrize("path", [STREAM, RULES])
async def test_access_that_the_app_does_not_have_is_a_refusal_with_the_way_out(
    server: XServer, source_of: Callable[..., XSource], path: str
) -> None:
    server.script(path, Answer(403))
    error = await Reading(source_of()).error()
    assert isinstance(error, SourceRefused)
    assert "belong to a project" in str(error)


async def test_a_missing_token_is_named(source_of: Callable[..., XSource], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(X_BEARER_VARIABLE)
    with pytest.raises(ConfigError, match=r"^bearer_file: is required"):
        source_of()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(START_MS // 1000 + 300)}, 300), ({}, 60)],
)
async def test_a_limit_of_requests_is_waited_for(
    server: XServer, source_of: Callable[..., XSource], headers: dict[str, str], seconds: float
) -> None:
    server.script(STREAM, Answer(429, headers))
    error = await Reading(source_of()).error()
    assert isinstance(error, SourceUnavailable)
    assert error.retry_after_seconds == seconds


async def test_rules_that_somebody_changes_are_made_again_and_the_time_without_them_is_searched(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock
) -> None:
    reading = Reading(source_of())
    await reading.until(lambda: server.open_streams == 1)
    server.rules.clear()
    clock.ms += 901_000
    await reading.until(lambda: bool(server.rules) and bool(server.pages))
    assert {rule["value"] for rule in server.rules.values()} == {'("nordtel") -is:retweet'}
    assert "start_time" in server.pages[0]
    await reading.end()


async def test_rules_that_were_changed_before_a_restart_are_noticed_by_the_next_process(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock
) -> None:
    reading = Reading(source_of())
    await reading.until(lambda: server.open_streams == 1 and bool((reading.position or {}).get("rules")))
    server.rules.clear()
    await server.publish(tweet(clock.ms + 100_000, "Nordtel ungesehen"))
    clock.ms += 300_000
    await reading.until(lambda: (reading.position or {})["alive_ms"] == clock.ms)
    await reading.end()
    await server.until_idle()
    again = Reading(source_of(), reading.position)
    await again.until(lambda: again.texts == ["Nordtel ungesehen"])
    await again.end()


async def test_rules_of_a_changed_config_are_no_change_by_somebody_else(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock
) -> None:
    reading = Reading(source_of())
    await reading.until(lambda: server.open_streams == 1 and bool((reading.position or {}).get("rules")))
    clock.ms += 300_000
    await reading.until(lambda: (reading.position or {})["alive_ms"] == clock.ms)
    await reading.end()
    await server.until_idle()
    again = Reading(source_of(languages=["de"]), reading.position)
    await again.until(lambda: bool(server.pages))
    searched_ms = datetime.fromisoformat(server.pages[0]["start_time"]).timestamp() * 1000
    assert searched_ms > START_MS + 200_000
    await again.end()


async def test_the_same_rule_of_somebody_else_serves_and_costs_no_search(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock
) -> None:
    server.add_rule('("nordtel") -is:retweet', "theirs")
    reading = Reading(source_of())
    await reading.until(lambda: server.open_streams == 1)
    while len(server.seen(RULES)) < 3:
        clock.ms += 901_000
        await reading.until(lambda: (reading.position or {})["alive_ms"] == clock.ms)
    await server.publish(tweet(START_MS, "Nordtel"))
    await reading.until(lambda: reading.texts == ["Nordtel"])
    assert len(server.seen(STREAM)) == 1
    assert server.pages == []
    await reading.end()


async def test_a_look_at_the_rules_that_fails_does_not_end_the_stream(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock
) -> None:
    reading = Reading(source_of())
    await reading.until(lambda: server.open_streams == 1)
    server.script(RULES, Answer(503))
    clock.ms += 901_000
    await reading.until(lambda: "rules not looked at" in reading.source.health.facts)
    server.rescript(RULES)
    clock.ms += 901_000
    await reading.until(lambda: "rules not looked at" not in reading.source.health.facts)
    assert len(server.seen(STREAM)) == 1
    await reading.end()


async def test_a_stream_without_rules_is_tried_again_soon(server: XServer, source_of: Callable[..., XSource]) -> None:
    server.script(STREAM, Answer(409))
    error = await Reading(source_of()).error()
    assert isinstance(error, SourceUnavailable)
    assert error.reason == "http_409"


async def test_posts_before_the_stream_is_first_connected_count_as_missed(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock
) -> None:
    server.script(STREAM, Answer(503))
    reading = Reading(source_of())
    assert (await reading.error()).reason == "http_503"
    server.rescript(STREAM)
    await server.publish(tweet(clock.ms + 1_000, "Nordtel zuvor"))
    clock.ms += 2_000
    again = Reading(source_of(), reading.position)
    await again.until(lambda: again.texts == ["Nordtel zuvor"])
    await again.end()


async def test_a_rule_that_x_refuses_is_told(server: XServer, source_of: Callable[..., XSource]) -> None:
    server.refuses_rule = lambda value: "nordtel" in value
    error = await Reading(source_of()).error()
    assert isinstance(error, SourceRefused)
    assert "no such operator" in str(error)


async def test_more_rules_than_the_project_may_have_are_refused_with_the_way_out(
    server: XServer, source_of: Callable[..., XSource]
) -> None:
    server.add_rule("cats", "theirs")
    error = await Reading(source_of(max_rules=1)).error()
    assert isinstance(error, SourceRefused)
    assert "max_rule_chars" in str(error)
    assert len(server.rules) == 1


async def test_the_check_tells_rules_and_money(server: XServer, source_of: Callable[..., XSource]) -> None:
    server.add_rule("cats", "theirs")
    facts = await source_of().probe()
    assert facts["rules"] == "1 of this source (1 to be added), 1 of others, 1,000 allowed"
    assert facts["requests left"] == "449 of 450"
    assert facts["limit a day"] == "100.00 USD, which are 20,000 posts"
    assert len(server.rules) == 1


async def checked(server: XServer, *, billed: bool, **options: Any) -> SourceCheck:
    config = Config.model_validate({"brands": [NORDTEL], "sources": [server.settings(**options)]})
    [found] = await check_sources(config, config.sources, 5, billed=billed)
    return found


async def test_the_check_reads_posts_only_where_their_cost_is_allowed(
    server: XServer, source_of: Callable[..., XSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    server._now_ms = time_ms
    now_ms = time_ms()
    await server.publish(*[tweet(now_ms - number * 6_000, f"Nordtel {number}") for number in range(6, 30)])
    found = await checked(server, billed=False)
    assert (found.result, found.posts) == ("not read", [])
    assert "--billed" in found.why
    assert server.pages == []
    found = await checked(server, billed=True)
    assert (found.result, found.why, len(found.posts), found.counts) == ("good", "", 3, {"posts": 10, "matching": 10})
    assert found.facts["cost"] == "10 posts, 0.05 USD, beside the limit a day"
    assert found.per_minute == pytest.approx(6.6, abs=0.4)
    assert found.behind_ms == pytest.approx(36_000, abs=5_000)
    assert (server.rules, server.seen(STREAM), len(server.pages)) == ({}, [], 1)


@pytest.mark.parametrize(
    ("options", "answer", "result", "why"),
    [
        ({"spend_limit_usd_per_day": 0.04}, None, "failed", "spend_limit_usd_per_day=0.04 does not allow for ten"),
        ({}, Answer(403), "failed", "403"),
        ({}, None, "quiet", "has no post of the last seven days"),
    ],
)
async def test_a_check_without_posts_says_why(
    server: XServer,
    source_of: Callable[..., XSource],
    options: dict[str, Any],
    answer: Answer | None,
    result: str,
    why: str,
) -> None:
    server._now_ms = time_ms
    if answer is not None:
        server.script("/2/tweets/search/recent", answer)
    found = await checked(server, billed=True, **options)
    assert found.result == result
    assert why in found.why


async def test_over_a_day_of_an_injected_clock_nothing_grows_and_the_position_advances(
    server: XServer, source_of: Callable[..., XSource], clock: SteppedClock
) -> None:
    """Each of 96 steps is a quarter of an hour with ten posts; every hour the stream ends, and two posts are missed."""
    reading = Reading(source_of())
    await reading.until(lambda: server.open_streams == 1)
    begun_ms, bytes_saved, facts = clock.ms, set(), set()

    async def until_all(reading: Reading) -> None:
        await reading.until(lambda: len(set(reading.texts)) == len(server.published))

    for step in range(96):
        clock.ms += 900_000
        await server.publish(*[tweet(clock.ms + number, f"Nordtel {step} {number}") for number in range(10)])
        await until_all(reading)
        if step % 4 == 3:
            await server.cut()
            assert (await reading.error()).reason == "broken"
            clock.ms += 60_000
            await server.publish(*[tweet(clock.ms + number, f"Nordtel meanwhile {step} {number}") for number in (1, 2)])
            reading = Reading(reading.source, reading.position, reading.found)
            await until_all(reading)
        position = reading.position or {}
        bytes_saved.add(len(orjson.dumps(position)))
        facts.add(len(reading.source.health.facts))
        assert begun_ms < position["alive_ms"] <= clock.ms
    await reading.until(lambda: "missed_ms" not in (reading.position or {}))
    assert (reading.position or {})["newest_ms"] >= begun_ms + 96 * 900_000
    assert max(bytes_saved) < 300
    assert max(facts) <= 3
    assert reading.gaps == []
    assert len(set(reading.texts)) == 96 * 10 + 24 * 2
    assert server.open_streams == 1
    await reading.end()
