"""Which steps a webhook gets, from the steps alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.units import DAY_MS
from streams.core.deliver.step_queue import StepQueue
from streams.core.deliver.suppression import Holding, Silences
from streams.records import Verdict, alert_from_bytes
from tests.support.alerts import START_MS, step

if TYPE_CHECKING:
    from streams.core.deliver.step import Step

MINUTE = 60_000


def queue(silences: Silences | None = None) -> StepQueue:
    return StepQueue(Holding(silences or Silences(), send_suppressed=False), DAY_MS)


def taken(ledger: StepQueue, *steps: Step) -> list[str]:
    for each in steps:
        ledger.take(each, each.broker_ms)
    return sent(ledger)


def sent(ledger: StepQueue) -> list[str]:
    ids = [each.alert.id for each in ledger.steps]
    ledger.steps.clear()
    return ids


def test_an_incident_is_told_to_its_end_once_it_was_begun() -> None:
    spam = step(id="a2", kind="update", suppressed="spam")
    end = step(id="a3", kind="resolve", suppressed="spam")
    assert taken(queue(), step(), spam, end) == ["a1", "a2", "a3"]
    assert taken(queue(), step(suppressed="spam"), end) == []
    assert taken(queue(), step(suppressed="cold_start"), step(id="a2", kind="update")) == ["a2"]


def test_a_correction_after_the_end_reaches_those_who_know_the_incident() -> None:
    known, late = step(id="a2", kind="resolve"), step(id="a3", kind="resolve", step="correct")
    assert taken(queue(), step(), known, late) == ["a1", "a2", "a3"]
    assert taken(queue(), step(suppressed="spam"), known, late) == []
    again = step(id="a4", kind="update", step="reopen")
    assert taken(queue(), step(), known, again, step(id="a5", kind="resolve")) == ["a1", "a2", "a4", "a5"]


def test_what_is_silenced_is_told_when_the_silence_is_over_and_it_still_fires() -> None:
    silences = Silences()
    silences.take(
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
    ledger = queue(silences)
    over = step("i2", "b2", "resolve")
    assert taken(ledger, step(), step(id="a2", kind="update"), step("i2", "b1"), over) == []
    ledger.tick(START_MS + 9 * MINUTE)
    assert sent(ledger) == []
    ledger.tick(START_MS + 10 * MINUTE)
    assert sent(ledger) == ["a2"]


def test_a_restart_knows_whom_the_end_is_owed_to() -> None:
    ledger = queue()
    for each in (step(), step("i2", "b1", suppressed="spam")):
        ledger.recall(each)
    assert sent(ledger) == []
    assert taken(ledger, step(id="a2", kind="resolve"), step("i2", "b2", "resolve")) == ["a2"]


def test_an_incident_that_nothing_is_heard_of_is_ended_with_a_readable_step() -> None:
    ledger = queue()
    ledger.recall(step())
    ledger.tick(START_MS + DAY_MS)
    (end,) = ledger.steps
    alert = alert_from_bytes(end.value)
    assert (alert.kind, alert.status, alert.id) == ("resolve", "resolved", "a1-forgotten")
    assert sent(ledger) == ["a1-forgotten"]
    ledger.tick(START_MS + 2 * DAY_MS)
    assert sent(ledger) == []
    assert ledger.counts() == (0, 0)
