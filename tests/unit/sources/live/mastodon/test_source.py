"""The streams of several instances are one source, of which none that fails stops the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.errors import SourceRefused
from streams.sources.live.base import Deleted, Found, Skipped
from streams.sources.live.mastodon import statuses
from streams.sources.live.mastodon.source import marks_of
from tests.support.http_faults import Answer
from tests.support.mastodon_reading import SkippingClock, has, id_at, reading_of, source_of, until_live
from tests.support.mastodon_server import OPEN_ACCESS, TOKEN, MastodonServer
from tests.support.patience import until
from tests.support.source_reading import read_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def other() -> AsyncIterator[MastodonServer]:
    async with MastodonServer("elsewhere.example") as server:
        yield server


async def test_the_own_posts_of_each_instance_have_ids_of_their_own(
    server: MastodonServer, other: MastodonServer, tmp_path: Path
) -> None:
    source = source_of(tmp_path, server, other)
    async with reading_of(source, has(2, Found, Deleted)) as reading:
        await until_live(source)
        own = [server.publish(id="17"), other.publish(id="17")]
        server.publish("from elsewhere", is_local=False)
        server.delete("17")
        other.delete("17")
    ids = [id_at(server, own[0]), id_at(other, own[1])]
    assert sorted(reading.ids) == sorted(ids)
    assert {deleted.id for deleted in reading.of(Deleted)} == set(ids)
    assert {found.fields["author"] for found in reading.of(Found)} == {"kim@social.example", "kim@elsewhere.example"}


async def test_a_post_that_several_instances_show_is_one_post(
    server: MastodonServer, other: MastodonServer, tmp_path: Path
) -> None:
    """Each instance has an id of its own for it, by which it is deleted there."""
    uri = "https://social.example/users/kim/statuses/17"
    source = source_of(tmp_path, server, other, instance={"streams": ["public"], "hashtags": ["Nordtel"]})
    async with reading_of(source, has(1, Deleted)) as reading:
        await until_live(source)
        answered = server.publish("a question", uri=f"{uri}0", tags=("nordtel",))
        await until(lambda: len(reading.ids) == 2)
        here = server.publish(uri=uri, tags=("nordtel",), in_reply_to_id=answered["id"])
        there = other.publish(uri=uri, is_local=False, tags=("nordtel",))
        await until(lambda: len(reading.ids) == 6)
        other.delete("1234")
        other.delete(there["id"])
    assert here["id"] != there["id"]
    assert set(reading.ids) == {uri, f"{uri}0"}
    assert {found.fields["reply_to"] for found in reading.of(Found)} == {None, f"{uri}0"}
    assert {deleted.id for deleted in reading.of(Deleted)} == {uri}
    assert Skipped("no_post") in reading.items


async def test_streams_of_one_instance_alone_keep_its_ids_which_deletions_name(
    server: MastodonServer, tmp_path: Path
) -> None:
    source = source_of(tmp_path, server, instance={"streams": ["public", "public:remote"]})
    async with reading_of(source, has(2, Found, Deleted)) as reading:
        await until_live(source)
        status = server.publish(is_local=False)
        server.delete(status["id"])
    assert set(reading.ids) == {id_at(server, status)} == {deleted.id for deleted in reading.of(Deleted)}
    assert {found.fields["author"] for found in reading.of(Found)} == {"noa@elsewhere.example"}


async def test_an_instance_that_fails_stops_no_other_and_is_named(
    server: MastodonServer, other: MastodonServer, tmp_path: Path
) -> None:
    other.access = {"live_feeds": {"local": "disabled", "remote": "disabled"}, "hashtag_feeds": OPEN_ACCESS}
    source = source_of(tmp_path, server, other, overlap_seconds=0)
    async with reading_of(source, has(3)) as reading:
        await until(lambda: source.health.state == "live")
        await until(lambda: "has disabled the timeline of public:local" in source.health.why)
        server.publish()
        other.access = None
        await other.until_streams()
        await until_live(source)
        other.publish()
        other.tokens.clear()
        other.cut()
        await until(lambda: "has been revoked" in source.health.why)
        server.publish()
    assert source.health.state == "live"
    assert source.health.facts["streams"] == "1 of 2 live"
    assert len(set(reading.ids)) == 3


async def test_a_source_is_refused_once_all_its_streams_are(
    server: MastodonServer, other: MastodonServer, tmp_path: Path
) -> None:
    server.tokens.clear()
    other.tokens.clear()
    with pytest.raises(SourceRefused, match="has been revoked"):
        await read_until(source_of(tmp_path, server, other), has(1))


async def test_a_token_that_is_replaced_is_read_again(server: MastodonServer, tmp_path: Path) -> None:
    clock = SkippingClock()
    source = source_of(tmp_path, server, clock=clock, instance={"streams": ["public:local", "public"]})
    server.access = {"live_feeds": {"local": "disabled", "remote": "public"}}
    async with reading_of(source, has(1)):
        await until(lambda: source.health.facts.get("streams") == "1 of 2 live")
        server.access = None
        server.tokens = {"another": True}
        (tmp_path / "token").write_text("another")
        server.cut()
        await until_live(source)
        server.publish()
    assert max(clock.waits) >= 300


async def test_each_stream_resumes_at_its_own_mark(
    server: MastodonServer, other: MastodonServer, tmp_path: Path
) -> None:
    source = source_of(tmp_path, server, other, overlap_seconds=0)
    async with reading_of(source, has(2)) as reading:
        await until_live(source)
        server.publish()
        other.publish()
    missed = [other.publish(streamed=False), server.publish(streamed=False), other.publish(streamed=False)]
    await read_until(source_of(tmp_path, server, other, overlap_seconds=0), has(5), into=reading)
    assert sorted(id.rpartition("/")[2] for id in reading.ids[2:]) == sorted(status["id"] for status in missed)


async def test_a_stream_that_is_added_begins_with_what_is_published_then(
    server: MastodonServer, other: MastodonServer, tmp_path: Path
) -> None:
    source = source_of(tmp_path, server)
    async with reading_of(source, has(1)) as reading:
        await until_live(source)
        server.publish()
    other.publish("before")
    both = source_of(tmp_path, server, other, overlap_seconds=0)
    async with reading_of(both, has(2), reading):
        await until_live(both)
        new = other.publish()
    assert reading.ids[1:] == [id_at(other, new)]


async def test_the_limit_of_requests_is_waited_for_and_shown(server: MastodonServer, tmp_path: Path) -> None:
    clock = SkippingClock()
    source = source_of(tmp_path, server, clock=clock)
    async with reading_of(source, has(1)) as reading:
        await until_live(source)
        server.publish()
    missed = [server.publish(streamed=False) for _ in range(200)]
    server._now_ms = clock.now_ms
    server.limit, server.reset_ms = 3, clock.now_ms() + 240_000
    resumed = source_of(tmp_path, server, clock=clock, overlap_seconds=0)
    clock.waits.clear()
    async with reading_of(resumed, has(201), reading):
        pass
    assert reading.ids[1:] == [id_at(server, status) for status in missed]
    assert [wait for wait in clock.waits if wait > 200] == [pytest.approx(240, abs=5)]
    assert server.limit > 290
    assert resumed.health.facts[f"requests left at {server.url.partition('://')[2]}"].endswith(" of 300")


async def test_a_check_shows_what_an_instance_offers(server: MastodonServer, tmp_path: Path) -> None:
    name = server.url.partition("://")[2]
    facts = await source_of(tmp_path, server, instance={"hashtags": ["nordtel"]}).probe()
    assert facts == {
        name: f"version 4.6.4, streams at {name} (OK)",
        f"access at {name}": "public:local public, hashtag:nordtel public",
        f"permissions at {name}": "read:statuses",
    }


async def test_a_check_names_what_is_refused_of_some_instances_and_fails_for_all(
    server: MastodonServer, other: MastodonServer, tmp_path: Path
) -> None:
    other.http.script("/api/v1/timelines/public", Answer(403))
    source = source_of(tmp_path, server, other)
    facts = await source.probe()
    assert "needs the scope read:statuses" in facts[other.url.partition("://")[2]]
    server.tokens.clear()
    with pytest.raises(SourceRefused) as caught:
        await source.probe()
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "position",
    [None, {}, {"streams": None}, {"streams": ["x"]}, {"streams": {"a": ["1", 2]}}, {"streams": {"a": ["1", "2", 3]}}],
)
def test_a_position_that_cannot_be_read_begins_with_what_is_published_now(position: dict[str, object] | None) -> None:
    assert marks_of(position) == {}


async def test_over_a_day_of_an_injected_clock_nothing_grows_and_the_position_advances(
    server: MastodonServer, other: MastodonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of 96 steps is a quarter of an hour, with posts, edits and deletions; streams end every hour."""
    monkeypatch.setattr(statuses, "_REMEMBERED", 400)
    monkeypatch.setattr(statuses, "_LEAST_REMEMBERED", 200)
    monkeypatch.setattr(statuses, "_EDITS_REMEMBERED", 100)
    clock = SkippingClock()
    begin = clock.now_ms()
    for each in (server, other):
        each._now_ms = clock.now_ms
    source = source_of(tmp_path, server, other, clock=clock, instance={"streams": ["public"]}, overlap_seconds=60)
    sizes: set[tuple[int, int]] = set()
    async with reading_of(source, lambda reading: "https://x.example/last" in reading.latest()) as reading:
        await until_live(source)
        for step in range(96):
            clock.skipped_ms += 900_000
            await server.until_streams()
            published = [(each, each.publish(f"post {step}")) for each in (server, other) for _ in range(5)]
            for each, status in published[::2]:
                each.edit(status["id"], f"edited {step}")
                each.delete(status["id"])
            ids = {status["uri"] for _, status in published}
            await until(lambda ids=ids: ids <= reading.latest())  # type: ignore[misc]
            sizes.add((len(source.health.facts), len((reading.position or {})["streams"])))
            if step % 4 == 3:
                server.cut()
        await server.until_streams()
        server.publish(uri="https://x.example/last")
    assert sum(instance.statuses.remembered for instance in source._instances) <= 2 * (200 + 100)
    assert max(sizes)[0] <= 3
    assert max(sizes)[1] == 2
    marks = (reading.position or {})["streams"].values()
    assert all(mark[2] - begin >= 80_000_000 and int(mark[0]) >> 16 >= begin + 80_000_000 for mark in marks)
    assert len(set(reading.ids)) == 96 * 10 + 1
