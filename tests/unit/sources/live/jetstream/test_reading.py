"""What a connection asks for follows from the position and from what has failed before."""

from __future__ import annotations

import pytest

from streams.sources.live.jetstream.position import JetstreamPosition, StreamRequest
from streams.sources.live.jetstream.reading import ResumePlan

T = 1_772_446_500_000_000
AT = JetstreamPosition("a.example", 7, T, "0f")


@pytest.mark.parametrize(
    ("plan", "host", "request_"),
    [
        (ResumePlan(), "a.example", StreamRequest("seq", 7)),
        (ResumePlan(by_time=True), "a.example", StreamRequest("time", T - 60)),
        (ResumePlan(), "b.example", StreamRequest("time", T - 60)),
        (ResumePlan(oversized=1), "a.example", StreamRequest("seq", 7)),
        (ResumePlan(oversized=2), "a.example", StreamRequest("seq", 8, 1)),
        (ResumePlan(oversized=4), "a.example", StreamRequest("seq", 11, 4)),
        (ResumePlan(oversized=4), "b.example", StreamRequest("time", T + 4_000, 4)),
    ],
)
def test_a_number_is_asked_for_only_where_it_belongs(plan: ResumePlan, host: str, request_: StreamRequest) -> None:
    assert plan.request(AT, host, 60) == request_


def test_a_server_leaves_large_events_out_only_to_get_past_one() -> None:
    assert [ResumePlan(oversized=count).max_bytes > 0 for count in range(4)] == [False, True, False, False]
