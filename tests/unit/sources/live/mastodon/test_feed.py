"""The posts of a stream arrive, each that the instance has, whatever interrupts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
from structlog.testing import capture_logs

from streams.errors import SourceRefused
from streams.records import Gap
from streams.sources.live.base import Bad, Deleted, Found, Skipped
from tests.support.http_faults import Answer, redirect
from tests.support.mastodon_reading import SkippingClock, begun, has, id_at, reading_of, source_of, until_live
from tests.support.mastodon_server import APP_TOKEN, TOKEN, event_bytes
from tests.support.patience import until
from tests.support.source_reading import Read, read_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mastodon_server import MastodonServer

MEGABYTE = 1_000_000
TIMELINE = "/api/v1/timelines/public"
STREAM = "/api/v1/streaming/public/local"


async def test_posts_are_read_from_when_the_source_starts(server: MastodonServer, tmp_path: Path) -> None:
    server.publish("before")
    source = source_of(tmp_path, server)
    async with reading_of(source, has(2)) as reading:
        await until_live(source)
        published = [server.publish("Nordtel ist weg"), server.publish("wieder da")]
    assert reading.ids == [id_at(server, status) for status in published]


async def test_what_was_published_while_nobody_read_is_asked_for_oldest_first(
    server: MastodonServer, tmp_path: Path
) -> None:
    reading = await begun(tmp_path, server, overlap_seconds=0)
    missed = [server.publish(f"post {number}", streamed=False) for number in range(130)]
    await read_until(source_of(tmp_path, server, overlap_seconds=0), has(131), into=reading)
    assert reading.ids[1:] == [id_at(server, status) for status in missed]
    assert reading.of(Gap) == []


async def test_posts_at_the_seam_come_again_so_that_none_that_arrived_late_is_missed(
    server: MastodonServer, tmp_path: Path
) -> None:
    reading = await begun(tmp_path, server)
    newest = int(server.kept[0].status["id"]) >> 16
    late = server.publish("federated late", streamed=False, at_ms=newest - 60_000)
    await read_until(source_of(tmp_path, server), has(2), into=reading)
    assert reading.ids[1] == id_at(server, late)


async def test_the_position_does_not_go_back_to_a_post_that_arrived_late(
    server: MastodonServer, tmp_path: Path
) -> None:
    source = source_of(tmp_path, server)
    async with reading_of(source, has(2)) as reading:
        await until_live(source)
        newest = server.publish()
        server.publish("federated late", at_ms=(int(newest["id"]) >> 16) - 60_000)
    assert reading.position is not None
    (mark,) = reading.position["streams"].values()
    assert mark[0] == newest["id"]


async def test_a_stream_that_breaks_is_read_on_without_loss(server: MastodonServer, tmp_path: Path) -> None:
    source = source_of(tmp_path, server)
    async with reading_of(source, lambda reading: len(set(reading.ids)) == 120) as reading:
        published = []
        for _ in range(20):
            await server.until_streams()
            published += [server.publish(f"post {number}") for number in range(3)]
            server.cut()
            published += [server.publish(f"post {number}", streamed=False) for number in range(3)]
    assert set(reading.ids) == {id_at(server, status) for status in published}
    assert reading.of(Gap) == reading.of(Bad) == []


async def test_a_stream_without_a_sign_of_life_is_opened_again(server: MastodonServer, tmp_path: Path) -> None:
    source = source_of(tmp_path, server, stall_seconds=1)
    async with reading_of(source, has(2)):
        await until_live(source)
        server.publish()
        server.stall()
        server.publish(streamed=False)
    assert len(server.http.seen(STREAM)) >= 2


async def test_signs_of_life_move_the_position(server: MastodonServer, tmp_path: Path) -> None:
    clock = SkippingClock()
    source = source_of(tmp_path, server, clock=clock)

    def is_alive(reading: Read) -> bool:
        return reading.position is not None and next(iter(reading.position["streams"].values()))[2] >= begin + 3_600_000

    begin = clock.now_ms()
    async with reading_of(source, is_alive) as reading:
        await until_live(source)
        clock.skipped_ms += 3_600_000
    assert reading.items == []
    assert (source.health.heard_ms or 0) >= begin + 3_600_000


async def test_records_that_cannot_be_read_are_bad_and_end_nothing(server: MastodonServer, tmp_path: Path) -> None:
    broken = [
        event_bytes("update", b'{"id":'),
        event_bytes("update", b"[" * 100_000),
        event_bytes("update", b'{"id":"1","a":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}"),
        event_bytes("update", b"17"),
        event_bytes("update", b'{"content":"no id"}'),
        event_bytes("update", b'{"id":"1","created_at":"2026-03-02T10:15:00Z"}'),
        event_bytes("update", b'{"id":"1","content":"x"}'),
        event_bytes("update", b'{"id":"1","content":"' + b"x" * 10 * MEGABYTE + b'"}'),
        event_bytes("update", b"\xff\xfe\x00"),
        event_bytes("delete", b""),
        event_bytes("delete", b"7" * 10_000),
        event_bytes("delete", b'{"id":"1"}\x00'),
    ]
    ignored = [event_bytes("notification", b"{}"), event_bytes("filters_changed", b""), event_bytes("???", b"\x00")]
    source = source_of(tmp_path, server)
    async with reading_of(source, has(1)) as reading:
        await until_live(source)
        for block in (*broken, *ignored, b"nonsense\n\n", b":\n:\n", b"id: 1\nretry: 0\n\n"):
            server.send(block)
        server.publish()
    assert len(reading.of(Bad)) == len(broken)
    assert all(len(bad.raw) <= MEGABYTE for bad in reading.of(Bad))
    assert reading.of(Skipped) == [Skipped("no_post")] * len(ignored)
    assert len(server.http.seen(STREAM)) == 1


async def test_an_event_that_the_end_of_the_stream_cuts_off_is_read_by_the_timeline(
    server: MastodonServer, tmp_path: Path
) -> None:
    source = source_of(tmp_path, server)
    async with reading_of(source, has(1)) as reading:
        await until_live(source)
        status = server.publish(streamed=False)
        server.send(event_bytes("update", orjson.dumps(status))[:-9])
        server.cut()
    assert reading.ids == [id_at(server, status)]
    assert reading.of(Bad) == []


async def test_a_timeline_that_is_not_offered_leaves_a_gap_for_each_interruption(
    server: MastodonServer, tmp_path: Path
) -> None:
    server.http.script(TIMELINE, Answer(404, {"Content-Type": "application/json"}, b'{"error":"Not found"}'))
    clock = SkippingClock()
    source = source_of(tmp_path, server, clock=clock)
    async with reading_of(source, has(2)) as reading:
        await server.until_streams()
        first = server.publish()
        await until(lambda: bool(reading.ids))
        clock.skipped_ms += 60_000
        server.cut()
        await server.until_streams()
        server.publish()
    (gap,) = reading.of(Gap)
    assert (gap.cause, gap.part) == ("no_backfill", f"{server.url.partition('://')[2]} public:local")
    assert int(first["id"]) >> 16 <= gap.from_ms <= gap.to_ms - 60_000
    assert gap.to_ms <= clock.now_ms()


async def test_a_stream_of_deletions_alone_is_refused_in_a_sentence(server: MastodonServer, tmp_path: Path) -> None:
    server.access = None  # the instance does not say that it has disabled the timeline
    source = source_of(tmp_path, server)

    async def read() -> None:
        async with reading_of(source, has(1)):
            await until_live(source)
            for number in range(30):
                server.delete(str(number))

    with pytest.raises(SourceRefused, match="delivers deletions and no posts, and its timeline is empty"):
        await read()


@pytest.mark.parametrize(
    ("token", "remedy"),
    [
        ("no-such-token", r"has been revoked, or is that of an app and .*/settings/applications"),
        (APP_TOKEN, r"has been revoked, or is that of an app and not of a user"),
        ("", r"token_file: .* is empty"),
        ("two\nlines", r"must hold one line of text"),
    ],
)
async def test_a_token_that_is_not_accepted_is_refused_with_the_remedy(
    server: MastodonServer, tmp_path: Path, token: str, remedy: str
) -> None:
    (tmp_path / "token").write_text(token)
    with capture_logs() as logs, pytest.raises(SourceRefused, match=remedy) as caught:
        await read_until(source_of(tmp_path, server), has(1))
    assert not token or token not in f"{caught.value} {logs}"


async def test_a_token_that_is_revoked_while_posts_are_read_is_refused(server: MastodonServer, tmp_path: Path) -> None:
    async def read() -> None:
        source = source_of(tmp_path, server)
        async with reading_of(source, has(1000)) as reading:
            await until_live(source)
            server.publish()
            await until(lambda: bool(reading.ids))
            server.tokens.clear()
            server.cut()

    with pytest.raises(SourceRefused, match="has been revoked"):
        await read()


async def test_no_token_is_in_an_address_a_log_or_an_error(server: MastodonServer, tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with reading_of(source_of(tmp_path, server), has(2)):
            await server.until_streams()
            server.publish()
            server.cut()
            server.http.script(STREAM, Answer(500, {"Content-Type": "text/plain"}, TOKEN.encode()))
            await server.http.until_seen(STREAM, 4)
            server.http.rescript(STREAM)
            await server.until_streams()
            server.publish()
    assert TOKEN not in repr(logs)
    assert len(logs) >= 3
    assert all(TOKEN not in request.path and TOKEN not in request.query.values() for request in server.http.requests)


@pytest.mark.parametrize("path", ["/api/v2/instance", TIMELINE, STREAM])
async def test_a_storm_of_failures_is_waited_out_longer_and_longer(
    server: MastodonServer, tmp_path: Path, path: str
) -> None:
    reading = await begun(tmp_path, server)
    clock = SkippingClock()
    server.http.script(path, *[Answer(503)] * 6, Answer(502, {"Retry-After": "900"}))
    missed = server.publish(streamed=False)
    source = source_of(tmp_path, server, clock=clock)
    async with reading_of(source, lambda reading: id_at(server, missed) in reading.ids, reading):
        await server.http.until_seen(path, len(server.http.seen(path)) + 7)
        server.http.rescript(path)
    assert [later >= earlier for earlier, later in zip(clock.waits[:6], clock.waits[1:7], strict=True)].count(True) >= 4
    assert sum(clock.waits[:6]) >= 31
    assert max(clock.waits) >= 900


async def test_a_redirect_is_not_followed_with_the_token(server: MastodonServer, tmp_path: Path) -> None:
    server.http.script("/api/v2/instance", redirect("https://other.example/api/v2/instance", 301))
    with pytest.raises(SourceRefused, match=r"redirects to other\.example: if the API is there, name that host"):
        await read_until(source_of(tmp_path, server), has(1))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (redirect("https://other.example/"), "answers 302 in place of a stream"),
        (Answer(404), "answers 404"),
    ],
)
async def test_a_streaming_host_without_the_stream_is_refused(
    server: MastodonServer, tmp_path: Path, answer: Answer, message: str
) -> None:
    server.http.script(STREAM, answer)
    with pytest.raises(SourceRefused, match=message):
        await read_until(source_of(tmp_path, server), has(1))


async def test_a_page_for_browsers_is_no_stream_and_is_tried_again(server: MastodonServer, tmp_path: Path) -> None:
    server.http.script(STREAM, Answer(200, {"Content-Type": "text/html"}, b"<html>maintenance"))
    source = source_of(tmp_path, server)
    async with reading_of(source, has(1)):
        await server.http.until_seen(STREAM, 3)
        assert source.health.state != "live"
        server.http.rescript(STREAM)
        await server.until_streams()
        server.publish()


async def test_edits_deletions_and_everything_else_are_told_apart(server: MastodonServer, tmp_path: Path) -> None:
    source = source_of(tmp_path, server)
    async with reading_of(source, has(1, Deleted)) as reading:
        await until_live(source)
        status = server.publish()
        server.edit(status["id"], poll={"votes_count": 3})
        server.edit(status["id"], "Nordtel ist wieder da")
        server.edit(status["id"], poll={"votes_count": 4})
        server.publish(reblog=server.status("the original"))
        server.publish(visibility="unlisted")
        server.delete(status["id"])
    post, moved, edit, moved_again, boost, unlisted, deletion = reading.items
    assert [type(item) for item in (post, edit, deletion)] == [Found, Found, Deleted]
    assert isinstance(post, Found)
    assert isinstance(edit, Found)
    assert (post.edited, edit.edited, edit.fields["text"]) == (False, True, "<p>Nordtel ist wieder da</p>")
    assert post.fields["id"] == edit.fields["id"] == id_at(server, status)
    assert deletion == Deleted(id_at(server, status))
    assert [moved, moved_again, boost, unlisted] == [
        Skipped("no_post"),
        Skipped("no_post"),
        Skipped("repost"),
        Skipped("filtered"),
    ]
