"""Whether a stream continues after a position follows from its first event."""

from __future__ import annotations

import pytest

from streams.sources.live.jetstream.frames import JetstreamEvent
from streams.sources.live.jetstream.position import JetstreamPosition, StreamRequest, beginning_of, cause_of

T = 1_772_446_500_000_000


def event(seq: int | None, time_us: int = T, rkey: str = "a") -> JetstreamEvent:
    return JetstreamEvent(seq, time_us, "commit", "did:plc:kim", {"rkey": rkey})


LAST = event(7)
AT = JetstreamPosition("a.example", 7, T, LAST.digest)


@pytest.mark.parametrize(
    ("first", "beginning"),
    [
        (LAST, "repeats"),
        (event(7, T + 1, "b"), "elsewhere"),
        (event(3, T + 1, "b"), "elsewhere"),
        (event(8, T + 1, "b"), "elsewhere"),
        (event(None, T, "b"), "elsewhere"),
    ],
)
def test_a_number_is_continued_only_by_the_event_that_had_it(first: JetstreamEvent, beginning: str) -> None:
    assert beginning_of(StreamRequest("seq", 7), AT, first, 0) == beginning


@pytest.mark.parametrize(
    ("first", "beginning"),
    [
        (event(90, T - 5, "b"), "continues"),
        (event(90, T, "b"), "continues"),
        (event(90, T + 9), "repeats"),
        (event(90, T + 1, "b"), "later"),
    ],
)
def test_a_time_is_continued_by_an_event_at_or_before_it(first: JetstreamEvent, beginning: str) -> None:
    assert beginning_of(StreamRequest("time", T - 60), AT, first, 0) == beginning


def test_a_time_at_which_nothing_is_known_has_a_tolerance() -> None:
    at = JetstreamPosition("a.example", None, T)
    assert beginning_of(StreamRequest("time", T - 60), at, event(1, T + 60), 60) == "continues"
    assert beginning_of(StreamRequest("time", T - 60), at, event(1, T + 61), 60) == "later"


def test_higher_numbers_are_those_of_a_server_that_forgets_and_others_those_of_another() -> None:
    assert cause_of(AT, event(8)) == "cursor_too_old"
    assert cause_of(AT, event(7)) == cause_of(AT, event(3)) == cause_of(AT, event(None)) == "cursor_foreign"


def test_a_server_whose_clock_is_ahead_does_not_move_the_time_beyond_the_present() -> None:
    assert AT.after("a.example", event(8), T + 900, T + 100).time_us == T + 100
    assert AT.after("b.example", event(8), T - 900, T + 100).time_us == T


@pytest.mark.parametrize(
    "saved", [{}, {"host": "a"}, {"host": 1, "time_us": 2}, {"host": "a", "time_us": 2, "seq": "x"}]
)
def test_a_position_of_another_kind_is_refused(saved: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="needed"):
        JetstreamPosition.of(saved)
