"""A timeline is read to its end whatever its pages hold, and what is not read of it is a gap with exact bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from streams.records import Gap
from streams.sources.live.base import Bad, Found
from tests.support.http_faults import Answer, gzip_bomb
from tests.support.mastodon_reading import begun, has, id_at, source_of
from tests.support.source_reading import read_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.http_faults import SeenRequest
    from tests.support.mastodon_server import MastodonServer

TIMELINE = "/api/v1/timelines/public"


def written_ms(status: dict[str, Any]) -> int:
    return int(status["id"]) >> 16


@pytest.mark.parametrize(("missed", "has_gap"), [(120, False), (121, True), (200, True)])
async def test_more_than_the_pages_that_are_asked_for_is_a_gap_between_the_posts_that_were_read(
    server: MastodonServer, tmp_path: Path, missed: int, has_gap: bool
) -> None:
    """Two pages from the oldest on and the newest one have 120 posts."""
    reading = await begun(tmp_path, server)
    statuses = [server.publish(f"post {number}", streamed=False) for number in range(missed)]
    source = source_of(tmp_path, server, backfill_pages=2, overlap_seconds=0)
    await read_until(source, has(121), into=reading)
    assert set(reading.ids[1:]) == {id_at(server, status) for status in (*statuses[:80], *statuses[-40:])}
    gaps = reading.of(Gap)
    assert len(gaps) == has_gap
    if has_gap:
        gap = gaps[0]
        assert (gap.source, gap.cause) == ("fediverse", "backfill_limit")
        assert gap.part == f"{server.url.partition('://')[2]} public:local"
        assert (gap.from_ms, gap.to_ms) == (written_ms(statuses[79]), written_ms(statuses[-40]))
        assert statuses[79]["id"] in gap.detail
        assert statuses[-40]["id"] in gap.detail


async def test_without_pages_an_interruption_is_a_gap_up_to_the_newest_page(
    server: MastodonServer, tmp_path: Path
) -> None:
    reading = await begun(tmp_path, server)
    statuses = [server.publish(streamed=False) for _ in range(50)]
    await read_until(source_of(tmp_path, server, backfill_pages=0), has(41), into=reading)
    (gap,) = reading.of(Gap)
    assert (gap.from_ms, gap.to_ms) == (written_ms(server.kept[0].status), written_ms(statuses[10]))


async def test_pages_follow_one_another_without_links(server: MastodonServer, tmp_path: Path) -> None:
    server.links = False
    reading = await begun(tmp_path, server)
    missed = [server.publish(streamed=False) for _ in range(90)]
    await read_until(source_of(tmp_path, server, overlap_seconds=0), has(91), into=reading)
    assert reading.ids[1:] == [id_at(server, status) for status in missed]


async def test_an_instance_that_does_not_know_min_id_leaves_a_gap_and_no_loop(
    server: MastodonServer, tmp_path: Path
) -> None:
    reading = await begun(tmp_path, server)
    statuses = [server.publish(streamed=False) for _ in range(60)]

    def newest(request: SeenRequest) -> Answer:
        request.query.pop("min_id", None)
        return server._timeline(request)

    server.http.handle(TIMELINE, newest)
    await read_until(source_of(tmp_path, server, overlap_seconds=0), has(1, Gap), into=reading)
    (gap,) = reading.of(Gap)
    assert set(reading.ids[1:]) == {id_at(server, status) for status in statuses[-40:]}
    assert (gap.cause, gap.from_ms, gap.to_ms) == (
        "no_backfill", written_ms(server.kept[0].status), written_ms(statuses[20])
    )  # fmt: skip


async def test_a_link_that_leads_far_ahead_passes_over_nothing(server: MastodonServer, tmp_path: Path) -> None:
    reading = await begun(tmp_path, server)
    missed = [server.publish(streamed=False) for _ in range(90)]

    def misled(request: SeenRequest) -> Answer:
        answer = server._timeline(request)
        link = f'<https://other.example{TIMELINE}?min_id=999999999999999999999>; rel="prev"'
        return Answer(answer.status, {**answer.headers, "Link": link}, answer.body)

    server.http.handle(TIMELINE, misled)
    await read_until(source_of(tmp_path, server, overlap_seconds=0), has(91), into=reading)
    assert reading.ids[1:] == [id_at(server, status) for status in missed]


async def test_a_status_that_is_no_status_is_bad_and_the_others_of_its_page_are_read(
    server: MastodonServer, tmp_path: Path
) -> None:
    reading = await begun(tmp_path, server)
    missed = [server.publish(streamed=False) for _ in range(5)]

    nested: list[Any] = []
    for _ in range(240):
        nested = [nested]

    def spoilt(request: SeenRequest) -> Answer:
        answer = server._timeline(request)
        assert isinstance(answer.body, bytes)
        page = orjson.loads(answer.body)
        if len(page) > 1:
            page[1:1] = [17, None, {"content": "no id"}, {"id": ["1"]}, {"id": "1", "a": nested}]
        return Answer(answer.status, answer.headers, orjson.dumps(page))

    server.http.handle(TIMELINE, spoilt)
    await read_until(source_of(tmp_path, server, overlap_seconds=0), has(6), into=reading)
    assert reading.ids[1:] == [id_at(server, status) for status in missed]
    assert [bad.error.reason for bad in reading.of(Bad)] == [
        "wrong_type", "wrong_type", "missing_field", "bad_id", "missing_field",
    ]  # fmt: skip


@pytest.mark.parametrize("is_too_large", [False, True])
async def test_a_status_that_spoils_its_page_is_passed_and_none_beside_it_is_lost(
    server: MastodonServer, tmp_path: Path, is_too_large: bool
) -> None:
    """A page as a whole can't be decoded, so its statuses are asked for one by one."""
    reading = await begun(tmp_path, server)
    missed = [server.publish(streamed=False) for _ in range(70)]
    hostile = missed[50]

    def spoilt(request: SeenRequest) -> Answer:
        answer = server._timeline(request)
        assert isinstance(answer.body, bytes)
        if hostile["id"].encode() not in answer.body:
            return answer
        if is_too_large and len(orjson.loads(answer.body)) > 1:
            return gzip_bomb(20_000_000)
        return Answer(answer.status, answer.headers, b"[" * 3_000 + answer.body)

    server.http.handle(TIMELINE, spoilt)
    await read_until(source_of(tmp_path, server, overlap_seconds=0), has(70), into=reading)
    assert reading.ids[1:] == [id_at(server, status) for status in missed if status != hostile]
    assert [bad.error.reason for bad in reading.of(Bad)] == ["broken_json"]
    assert reading.of(Gap) == []


async def test_a_status_too_large_to_be_passed_leaves_a_gap_and_no_loop(server: MastodonServer, tmp_path: Path) -> None:
    reading = await begun(tmp_path, server)
    missed = [server.publish(streamed=False) for _ in range(70)]
    hostile = missed[10]

    def spoilt(request: SeenRequest) -> Answer:
        answer = server._timeline(request)
        assert isinstance(answer.body, bytes)
        return gzip_bomb(20_000_000) if hostile["id"].encode() in answer.body else answer

    server.http.handle(TIMELINE, spoilt)
    await read_until(source_of(tmp_path, server, overlap_seconds=0), has(51), into=reading)
    (gap,) = reading.of(Gap)
    assert (gap.cause, gap.from_ms, gap.to_ms) == ("oversized", written_ms(missed[9]), written_ms(missed[30]))
    assert reading.ids[1:] == [id_at(server, status) for status in (*missed[:10], *missed[30:])]


async def test_an_edit_made_in_between_is_no_second_post(server: MastodonServer, tmp_path: Path) -> None:
    reading = await begun(tmp_path, server)
    first = server.kept[0].status
    missed = server.publish(streamed=False)
    for status in (first, missed):
        server.edit(status["id"], "Nordtel ist wieder da")
    await read_until(source_of(tmp_path, server), has(3), into=reading)
    _, again, new = reading.of(Found)
    assert (again.fields["id"], again.edited) == (id_at(server, first), True)
    assert (new.fields["id"], new.edited) == (id_at(server, missed), False)


async def test_the_overlap_is_bounded_in_posts_and_in_time_and_is_no_part_of_the_limit_of_pages(
    server: MastodonServer, tmp_path: Path
) -> None:
    """A busy instance has more posts in two minutes than are asked for again, a quiet one has old posts on its page."""
    now_ms = server._now_ms()
    for age_ms in (*range(600_000, 200_000, -100_000), *range(90_000, 0, -300)):
        server.publish(streamed=False, at_ms=now_ms - age_ms)
    reading = await begun(tmp_path, server)
    server.http.requests.clear()
    await read_until(source_of(tmp_path, server, backfill_pages=1), has(201), into=reading)
    assert reading.of(Gap) == []
    assert len(reading.ids) == 201
    assert len(server.http.seen(TIMELINE)) <= 7

    quiet = source_of(tmp_path, server, overlap_seconds=1)
    again = await read_until(quiet, has(1), position=reading.position)
    assert len(again.ids) < 10
