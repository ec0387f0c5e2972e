"""Which steps a webhook is sent, from the steps alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.units import DAY_MS
from streams.core.deliver.step_queue import StepQueue
from streams.core.deliver.suppression import Silences, Suppression
from streams.records import Verdict, alert_from_bytes
from tests.support.alerts import START_MS, step

if TYPE_CHECKING:
    from streams.core.deliver.step import DeliveryStep

MINUTE = 60_000


def queue(silences: Silences | None = None) -> StepQueue:
    return StepQueue(Suppression(silences or Silences(), send_suppressed=False), DAY_MS)


def queued(state: StepQueue, *steps: DeliveryStep) -> list[str]:
    for each in steps:
        state.add(each, each.broker_ms)
    return sent(state)


def sent(state: StepQueue) -> list[str]:
    ids = [each.alert.id for each in state.steps]
    state.steps.clear()
    return ids


def test_an_incident_is_delivered_to_its_end_once_its_opening_was() -> None:
    spam = step(id="a2", kind="update", suppressed="spam")
    end = step(id="a3", kind="resolve", suppressed="spam")
    assert queued(queue(), step(), spam, end) == ["a1", "a2", "a3"]
    assert queued(queue(), step(suppressed="spam"), end) == []
    assert queued(queue(), step(suppressed="cold_start"), step(id="a2", kind="update")) == ["a2"]


def test_a_correction_after_the_end_is_sent_only_if_the_incident_was() -> None:
    known, late = step(id="a2", kind="resolve"), step(id="a3", kind="resolve", step="correct")
    assert queued(queue(), step(), known, late) == ["a1", "a2", "a3"]
    assert queued(queue(), step(suppressed="spam"), known, late) == []
    again = step(id="a4", kind="update", step="reopen")
    assert queued(queue(), step(), known, again, step(id="a5", kind="resolve")) == ["a1", "a2", "a4", "a5"]


def test_a_silenced_incident_that_still_fires_is_sent_when_the_silence_expires() -> None:
    silences = Silences()
    silences.add(
        Verdict(
            incident="i0",
            brand="nordtel",
            verdict="false_alarm",
            severity="warning",
            detectors=[],
            by="anna",
            at_ms=START_MS,
            silence_until_ms=START_MS + 10 * MINUTE,
        ),
        START_MS,
    )
    state = queue(silences)
    over = step("i2", "b2", "resolve")
    assert queued(state, step(), step(id="a2", kind="update"), step("i2", "b1"), over) == []
    state.tick(START_MS + 9 * MINUTE)
    assert sent(state) == []
    state.tick(START_MS + 10 * MINUTE)
    assert sent(state) == ["a2"]


def test_after_a_restart_resolutions_are_sent_for_the_incidents_that_were_delivered() -> None:
    state = queue()
    for each in (step(), step("i2", "b1", suppressed="spam")):
        state.restore(each)
    assert sent(state) == []
    assert queued(state, step(id="a2", kind="resolve"), step("i2", "b2", "resolve")) == ["a2"]


def test_an_incident_without_news_for_too_long_is_resolved_with_a_valid_step() -> None:
    state = queue()
    state.restore(step())
    state.tick(START_MS + DAY_MS)
    (end,) = state.steps
    alert = alert_from_bytes(end.value)
    assert (alert.kind, alert.status, alert.id) == ("resolve", "resolved", "a1-forgotten")
    assert sent(state) == ["a1-forgotten"]
    state.tick(START_MS + 2 * DAY_MS)
    assert sent(state) == []
    assert state.counts() == (0, 0)
