"""Records of how far live sources have been read."""

from __future__ import annotations

import orjson
import pytest

from streams.errors import RecordError, UnknownVersion
from streams.records import Cursor, Owner, RecentGap, cursor_from_bytes

CURSOR = Cursor(
    source="bluesky",
    kind="jetstream",
    position={"host": "east", "seq": 7, "seen": [1, None, {"a": 0}]},
    position_ms=5,
    saved_ms=6,
    owner=Owner(instance="ab12", host="server", pid=1),
    state="catching_up",
    why="it was away",
    heard_ms=1,
    post_ms=0,
    behind_ms=3,
    gaps=[RecentGap(from_ms=1, to_ms=2, cause="cursor_too_old", part="east")],
)


def test_a_cursor_is_read_as_it_was_written() -> None:
    assert cursor_from_bytes(CURSOR.to_bytes()) == CURSOR
    assert CURSOR.key == b"bluesky"


def test_a_cursor_of_a_source_that_nobody_reads_has_no_owner_and_keeps_its_position() -> None:
    released = CURSOR.model_copy(update={"owner": None, "state": "stopped"})
    assert b"owner" not in released.to_bytes()
    assert cursor_from_bytes(released.to_bytes()).position == CURSOR.position


def test_fields_of_later_versions_of_the_contract_are_ignored() -> None:
    later = orjson.dumps(orjson.loads(CURSOR.to_bytes()) | {"mood": "good"})
    assert cursor_from_bytes(later) == CURSOR


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"source": 7}, "wrong_type"),
        ({"position": []}, "wrong_type"),
        ({"saved_ms": None}, "wrong_type"),
        ({"state": "asleep"}, "wrong_type"),
        ({"v": None}, "missing_field"),
    ],
)
def test_a_damaged_cursor_is_refused_with_a_reason(change: dict[str, object], reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        cursor_from_bytes(orjson.dumps(orjson.loads(CURSOR.to_bytes()) | change))
    assert caught.value.reason == reason


def test_a_cursor_of_a_newer_version_is_refused() -> None:
    with pytest.raises(UnknownVersion):
        cursor_from_bytes(orjson.dumps(orjson.loads(CURSOR.to_bytes()) | {"v": 2}))
