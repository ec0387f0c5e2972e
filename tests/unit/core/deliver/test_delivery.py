"""The delivery of a partition: what is restored, what is new, where a restart begins, and when a failure is retried."""

from __future__ import annotations

import pytest

from streams.core.deliver.delivery import FIRST_DELAY_SECONDS, JITTER, LAST_DELAY_SECONDS, PartitionDelivery
from streams.core.deliver.step_queue import StepQueue
from streams.core.deliver.suppression import Silences, Suppression
from streams.errors import RecordError
from tests.support.alerts import START_MS, alert

DAY_MS = 86_400_000


def delivery(*, settled: int | None = 0, end: int = 0) -> PartitionDelivery[StepQueue]:
    suppression = Suppression(Silences(), send_suppressed=False)
    return PartitionDelivery(0, StepQueue(suppression, DAY_MS), suppression, begin=0, settled=settled, end=end)


def add(to: PartitionDelivery[StepQueue], offset: int, incident: str, id: str, kind: str = "open") -> str | None:
    return to.add(alert(incident, id, kind).to_bytes(), offset, START_MS, START_MS)


def waiting(of: PartitionDelivery[StepQueue]) -> list[str]:
    return [step.alert.id for step in of.state.steps]


def test_a_suppressed_step_gives_its_reason_and_the_state_still_records_it() -> None:
    new = delivery()
    assert new.add(alert(suppressed="spam").to_bytes(), 0, START_MS, START_MS) == "spam"
    assert add(new, 1, "i1", "a2", "update") is None
    assert waiting(new) == ["a2"]


def test_records_before_the_committed_offset_are_restored_and_not_delivered() -> None:
    resumed = delivery(settled=2, end=3)
    restored = []
    for offset, (id, kind) in enumerate([("a1", "open"), ("a2", "update")]):
        add(resumed, offset, "i1", id, kind)
        restored.append(resumed.is_restored)
    assert restored == [False, True]
    resumed.start(START_MS)
    assert waiting(resumed) == []
    add(resumed, 2, "i1", "a3", "resolve")
    assert waiting(resumed) == ["a3"]


def test_a_suppressed_step_is_not_counted_again_when_it_is_restored() -> None:
    resumed = delivery(settled=1, end=1)
    assert resumed.add(alert(suppressed="spam").to_bytes(), 0, START_MS, START_MS) is None


def test_a_first_run_delivers_the_incidents_that_are_firing_and_none_that_were_resolved() -> None:
    first = delivery(settled=None, end=4)
    add(first, 0, "over", "o1")
    add(first, 1, "open", "n1")
    add(first, 2, "over", "o2", "resolve")
    add(first, 3, "open", "n2", "update")
    first.start(START_MS)
    assert waiting(first) == ["n2"]
    assert first.position == -1  # a crash now has to repeat the first run
    first.state.steps.clear()
    assert first.position == 4


def test_a_repeated_step_is_dropped() -> None:
    new = delivery()
    for offset in (0, 1):
        add(new, offset, "i1", "a1")
    assert waiting(new) == ["a1"]
    assert new.next == 2


def test_a_restart_begins_at_the_first_step_that_is_still_waiting() -> None:
    new = delivery()
    add(new, 0, "i1", "a1")
    add(new, 1, "i2", "b1")
    assert new.position == 0
    new.state.steps.popleft()
    assert new.position == 1
    new.state.steps.popleft()
    assert new.position == 2


def test_a_record_that_cannot_be_decoded_is_passed_over() -> None:
    new = delivery()
    with pytest.raises(RecordError):
        new.add(b"{", 0, START_MS, START_MS)
    assert new.position == 1


@pytest.mark.parametrize("jitter", [-1.0, 0.0, 0.5, 1.0])
def test_pauses_double_up_to_a_limit_and_are_reset_by_a_success(jitter: float) -> None:
    tried = delivery()
    for number in range(12):
        expected = min(FIRST_DELAY_SECONDS * 2**number, LAST_DELAY_SECONDS)
        assert tried.failed(0.0, None, jitter) == pytest.approx(expected * (1 + JITTER * jitter))
    tried.succeeded()
    assert tried.retry_at == 0.0
    assert tried.failed(7.0, None, 0.0) == FIRST_DELAY_SECONDS
    assert tried.retry_at == 7.0 + FIRST_DELAY_SECONDS


def test_a_receiver_may_ask_for_a_longer_pause_but_not_for_ever() -> None:
    assert delivery().failed(0.0, 7.0, 0.0) == 7.0
    assert delivery().failed(0.0, 1e9, 0.0) == LAST_DELAY_SECONDS
