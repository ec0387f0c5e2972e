"""What the owner of a source saves."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from detectors.units import DAY_MS
from streams.kafka.clients import MAX_RECORD_BYTES
from streams.records import Cursor, Gap, Owner, RecentGap, cursor_from_bytes
from streams.runtime import clock
from streams.sources.live.base import MAX_POSITION_BYTES, SourceHealth
from streams.workers.sources.ownership import MAX_CURSOR_BYTES, OtherKind, Ownership, check_kind
from tests.support.live_config import source_config

ME = Owner(instance="me", host="here", pid=1)


class Board:
    """The cursors that there are."""

    me = ME

    def __init__(self, cursor: Cursor | None = None) -> None:
        self._cursor = cursor

    def cursor(self, _: str) -> Cursor | None:
        return self._cursor


class Writer:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.cursors: list[Cursor] = []

    async def write(self, partition: int, records: Any) -> None:
        assert partition == 0
        for key, value in records:
            assert key == b"wire"
            self.cursors.append(cursor_from_bytes(value))


def cursor(**fields: Any) -> Cursor:
    return Cursor.model_validate({"source": "wire", "kind": "jetstream", "saved_ms": 1} | fields)


def ownership(before: Cursor | None = None) -> tuple[Ownership, Writer]:
    writer = Writer()
    return Ownership(source_config().sources[0], Board(before), writer), writer  # type: ignore[arg-type]


async def test_a_cursor_says_who_owns_the_source_until_it_is_given_up() -> None:
    owner, writer = ownership()
    health = SourceHealth("live", heard_ms=5, post_ms=4, behind_ms=3)
    await owner.save({"at": 1}, health, "live", ends=False)
    await owner.save({"at": 1}, health, "stopped", ends=True)
    held, released = writer.cursors
    assert (held.owner, held.state, held.position) == (ME, "live", {"at": 1})
    assert (held.heard_ms, held.post_ms, held.behind_ms) == (5, 4, 3)
    assert (released.owner, released.state, released.position) == (None, "stopped", {"at": 1})


async def test_the_position_of_the_owner_before_is_kept_until_it_advances() -> None:
    owner, writer = ownership(cursor(position={"at": 7}, position_ms=3))
    assert owner.position == {"at": 7}
    await owner.save(owner.position, SourceHealth(), "connecting", ends=False)
    await owner.save({"at": 8}, SourceHealth(), "live", ends=False)
    same, further = writer.cursors
    assert (same.position, same.position_ms) == ({"at": 7}, 3)
    assert further.position_ms == further.saved_ms


async def test_a_source_that_has_been_silent_is_so_after_a_restart_too() -> None:
    owner, writer = ownership(cursor(heard_ms=9, post_ms=4))
    health = SourceHealth()
    await owner.save(None, health, "connecting", ends=False)
    assert (health.heard_ms, health.post_ms) == (9, 4)
    await owner.save(None, SourceHealth(why="no token"), "refused", ends=True)
    await owner.save(None, SourceHealth("live", heard_ms=12, post_ms=11), "live", ends=False)
    assert [(each.heard_ms, each.post_ms) for each in writer.cursors] == [(9, 4), (9, 4), (12, 11)]


async def test_gaps_of_the_last_day_are_listed_also_those_of_the_owner_before() -> None:
    now_ms = clock.now_ms()
    gaps = [
        RecentGap(from_ms=1, to_ms=now_ms - 2 * DAY_MS, cause="removed"),
        RecentGap(from_ms=1, to_ms=now_ms - 5, cause="removed"),
    ]
    owner, writer = ownership(cursor(gaps=gaps))
    for number in range(60):
        owner.note(Gap("wire", now_ms - 2, now_ms + number, "no_backfill", "detail", "x" * 999))
        await owner.save(None, SourceHealth(), "live", ends=False)
    assert [gap.cause for gap in writer.cursors[0].gaps] == ["removed", "no_backfill"]
    assert [gap.to_ms - now_ms for gap in writer.cursors[-1].gaps] == list(range(10, 60))


async def test_the_largest_position_is_saved_with_as_many_gaps_and_as_long_sentences_as_there_can_be() -> None:
    owner, writer = ownership()
    now_ms = clock.now_ms()
    for number in range(60):
        owner.note(Gap("wire", now_ms, now_ms + number, "cursor_too_old", "detail", "\x01" * 999))
    position = {"seen": "x" * (MAX_POSITION_BYTES - 11)}
    assert len(orjson.dumps(position)) == MAX_POSITION_BYTES
    await owner.save(position, SourceHealth(why="\x01" * 9_999), "live", ends=False)
    assert writer.cursors[-1].position == position
    assert MAX_CURSOR_BYTES < MAX_RECORD_BYTES


async def test_a_gap_of_days_ago_is_listed_from_when_it_was_found_and_once() -> None:
    now_ms = clock.now_ms()
    owner, writer = ownership()
    for _ in range(2):
        owner.note(Gap("wire", now_ms - 4 * DAY_MS, now_ms - 3 * DAY_MS, "cursor_too_old"))
        await owner.save(None, SourceHealth(), "live", ends=False)
    [gap] = writer.cursors[-1].gaps
    assert gap.to_ms == now_ms - 3 * DAY_MS
    assert gap.since_ms >= now_ms


async def test_a_cursor_that_no_broker_accepts_is_not_sent() -> None:
    owner, writer = ownership()
    await owner.save({"seen": "x" * MAX_CURSOR_BYTES}, SourceHealth(), "live", ends=False)
    assert writer.cursors == []


async def test_a_save_can_be_hurried() -> None:
    owner, _ = ownership()
    owner.hurry()
    await owner.due()


def test_a_cursor_of_another_kind_is_refused_with_the_way_out() -> None:
    settings = source_config().sources[0]
    for fine in (None, cursor(position={"at": 1}), cursor(kind="feeds", position=None)):
        check_kind(settings, Board(fine))  # type: ignore[arg-type]
    with pytest.raises(OtherKind, match="the kind 'feeds', and this one is of the kind 'jetstream': give it another"):
        check_kind(settings, Board(cursor(kind="feeds", position={"at": 1})))  # type: ignore[arg-type]
