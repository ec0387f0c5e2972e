"""Refusals are problem details of RFC 9457."""

from __future__ import annotations

import json

import pytest

from streams.sources.live.webhook.problems import PROBLEM, RequestRefused


def test_a_problem_has_the_members_of_the_standard_and_its_own() -> None:
    answer = RequestRefused(422, "no_post", "no record is a post", members={"rejected": 1}).answer()
    assert (answer.status, answer.content_type) == (422, PROBLEM)
    body = json.loads(answer.body)
    assert body.pop("title").startswith("Unprocessable")
    assert body == {
        "type": "about:blank", "status": 422, "detail": "no record is a post", "reason": "no_post", "rejected": 1,
    }  # fmt: skip


@pytest.mark.parametrize(("seconds", "header"), [(0, "1"), (0.2, "1"), (5, "5"), (5.01, "6")])
def test_the_time_to_wait_is_in_whole_seconds_and_never_zero(seconds: float, header: str) -> None:
    response = RequestRefused(503, "not_ready", "later", retry_after_seconds=seconds).response()
    assert response.headers["Retry-After"] == header
    assert response.headers["Cache-Control"] == "no-store"
