"""Where a scorer resumes in a partition."""

from __future__ import annotations

import pytest

from streams.core.score.position import Position, StartPosition, choose_start, committed_position
from streams.errors import KafkaError


def test_what_is_committed_comes_back() -> None:
    position = Position("id", 17, 1_700_000_000_000)
    assert committed_position(17, position.metadata()) == position


@pytest.mark.parametrize(
    "metadata", [None, "", "free text", "[]", '{"incarnation":"id"}', '{"incarnation":"id","watermark_ms":"x"}']
)
def test_metadata_of_other_tools_leaves_the_rest_unknown(metadata: str | None) -> None:
    assert committed_position(17, metadata) == Position("", 17, -1)


def test_without_a_commit_there_is_no_position() -> None:
    assert committed_position(-1, "") is None


def test_a_new_group_starts_at_the_beginning() -> None:
    assert choose_start(None, "id", 5, 9) == StartPosition(Position("id", 5, -1), 5)


def test_it_resumes_where_it_was() -> None:
    assert choose_start(Position("id", 7, 99), "id", 5, 9) == StartPosition(Position("id", 7, 99), 5)
    assert choose_start(Position("", 7, -1), "id", 5, 9) == StartPosition(Position("id", 7, -1), 5)


def test_a_topic_created_again_is_read_from_its_beginning() -> None:
    assert choose_start(Position("old", 7, 99), "new", 0, 9) == StartPosition(Position("new", 0, -1), 0, recreated=True)


def test_what_retention_deleted_is_counted() -> None:
    assert choose_start(Position("id", 7, 99), "id", 10, 12) == StartPosition(Position("id", 10, 99), 10, lost=3)


def test_a_broker_that_lost_records_is_not_trusted() -> None:
    with pytest.raises(KafkaError, match="lost records"):
        choose_start(Position("id", 7, 99), "id", 0, 6)
