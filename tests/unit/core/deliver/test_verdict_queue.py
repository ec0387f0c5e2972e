"""Verdicts in a queue: which ones a receiver is sent, and which one counts."""

from __future__ import annotations

import pytest

from streams.core.deliver.suppression import Silences, Suppression
from streams.core.deliver.verdict_queue import MAX_INCIDENTS, VerdictQueue
from tests.support.alerts import START_MS, step, verdict

HOUR_MS = 3_600_000
FOREVER_MS = 10**15


def queue(past_ms: int = HOUR_MS) -> VerdictQueue:
    return VerdictQueue(Suppression(Silences(), send_suppressed=False), FOREVER_MS, past_ms)


@pytest.mark.parametrize("kinds", [["open"], ["open", "resolve"]])
def test_a_verdict_on_an_incident_that_the_receiver_knows_is_queued(kinds: list[str]) -> None:
    state = queue()
    for kind in kinds:
        state.add(step(kind=kind, id=kind), START_MS)
    state.add_verdict(verdict(), START_MS, is_new=True)
    assert [each.id for each in state.verdicts] == ["v1"]
    assert state.counts().waiting == len(kinds) + 1
    newest = state.newest("i1")
    assert newest is not None
    assert newest.alert.id == kinds[-1]


def test_a_verdict_on_an_incident_that_was_suppressed_or_is_unknown_is_not_queued() -> None:
    state = queue()
    state.add(step(suppressed="spam"), START_MS)
    state.add_verdict(verdict(), START_MS, is_new=True)
    state.add_verdict(verdict("elsewhere"), START_MS, is_new=True)
    assert not state.verdicts
    assert state.verdict_on("i1") is None


@pytest.mark.parametrize(("past_ms", "queued"), [(0, []), (HOUR_MS, ["young"]), (3 * HOUR_MS, ["old", "young"])])
def test_verdicts_from_before_are_queued_up_to_an_age_and_count_at_any_age(past_ms: int, queued: list[str]) -> None:
    state = queue(past_ms)
    state.restore(step())
    state.add_verdict(verdict(id="old", broker_ms=START_MS - 2 * HOUR_MS), START_MS, is_new=False)
    latest = state.verdict_on("i1")
    assert latest is not None
    assert latest.id == "old"
    state.add_verdict(verdict(id="young", broker_ms=START_MS), START_MS, is_new=False)
    latest = state.verdict_on("i1")
    assert latest is not None
    assert latest.id == "young"
    assert [each.id for each in state.verdicts] == queued


def test_only_so_many_incidents_are_remembered() -> None:
    state = queue()
    for number in range(MAX_INCIDENTS + 1):
        state.restore(step(f"i{number}"))
    assert state.newest("i0") is None
    assert state.newest("i1") is not None
