"""What Alertmanager is told, from the steps alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from streams.core.deliver.alert_state import Notice, Standing, identity
from streams.core.deliver.suppression import Holding, Silences
from tests.support.alerts import START_MS, step

if TYPE_CHECKING:
    from streams.core.deliver.step import Step

MINUTE = 60_000
NOW_MS = START_MS + 60 * MINUTE


def standing(*, send_suppressed: bool = False) -> Standing:
    return Standing(Holding(Silences(), send_suppressed=send_suppressed), MINUTE, 24 * 60 * MINUTE)


def told(ledger: Standing) -> list[tuple[str, str, bool]]:
    """Deliver all that is due; gives incident, severity and whether it fires."""
    due = ledger.due()
    for notice in due:
        ledger.delivered(notice)
    ledger.settle()
    return [(notice.step.incident, dict(notice.labels)["severity"], notice.firing) for notice in due]


def test_an_incident_is_told_again_before_its_time_is_up() -> None:
    ledger = standing()
    ledger.take(step(), NOW_MS)
    (notice,) = ledger.due()
    body = notice.body(NOW_MS, ledger.resend_ms)
    assert body["startsAt"] == "2026-03-02T00:00:00+00:00"
    assert body["endsAt"] == "2026-03-02T01:04:00+00:00"
    assert told(ledger) == [("i1", "warning", True)]
    ledger.tick(NOW_MS + MINUTE - 1)
    assert told(ledger) == []
    ledger.tick(NOW_MS + MINUTE)
    assert told(ledger) == [("i1", "warning", True)]


def test_a_new_severity_ends_the_alert_of_the_old_one() -> None:
    ledger = standing()
    ledger.take(step(), NOW_MS)
    told(ledger)
    ledger.take(step(id="a2", kind="update", severity="critical", offset=1), NOW_MS)
    assert told(ledger) == [("i1", "warning", False), ("i1", "critical", True)]
    ledger.take(step(id="a3", kind="resolve", severity="critical", offset=2), NOW_MS)
    (notice,) = ledger.due()
    assert notice.body(NOW_MS, MINUTE)["endsAt"] == "2026-03-02T00:10:00+00:00"
    assert told(ledger) == [("i1", "critical", False)]
    assert ledger.counts() == (0, 0)


def test_what_turns_out_to_be_spam_is_over_for_alertmanager() -> None:
    ledger = standing()
    ledger.take(step(), NOW_MS)
    told(ledger)
    ledger.take(step(id="a2", kind="update", suppressed="spam"), NOW_MS)
    assert told(ledger) == [("i1", "warning", False)]
    ledger.take(step(id="a3", kind="resolve", suppressed="spam"), NOW_MS)
    assert told(ledger) == []


def test_suppressed_incidents_carry_the_reason_as_a_label_where_they_are_wanted() -> None:
    ledger = standing(send_suppressed=True)
    ledger.take(step(suppressed="cold_start"), NOW_MS)
    (notice,) = ledger.due()
    assert dict(notice.labels)["suppressed"] == "cold_start"


def test_an_incident_that_nothing_is_heard_of_is_over() -> None:
    ledger = standing()
    ledger.take(step(), NOW_MS)
    told(ledger)
    ledger.tick(START_MS + 24 * 60 * MINUTE)
    assert told(ledger) == [("i1", "warning", False)]


def test_what_is_refused_is_told_again_only_when_something_changes() -> None:
    ledger = standing()
    ledger.take(step(), NOW_MS)
    ledger.refused(ledger.due()[0])
    ledger.settle()
    ledger.tick(NOW_MS + 10 * MINUTE)
    assert told(ledger) == []
    ledger.take(step(id="a2", kind="update"), NOW_MS)
    assert told(ledger) == [("i1", "warning", True)]


def test_nothing_is_settled_before_it_is_delivered() -> None:
    ledger = standing()
    ledger.take(step(offset=7), NOW_MS)
    ledger.take(step("i2", "b1", offset=8), NOW_MS)
    assert ledger.unsettled_from() == 7
    told(ledger)
    assert ledger.unsettled_from() is None


incidents = st.sampled_from(["i1", "i2", "i3"])
changes = st.tuples(
    incidents,
    st.sampled_from(["open", "update", "resolve"]),
    st.sampled_from(["watch", "critical"]),
    st.sampled_from([None, "spam"]),
)


@given(st.lists(changes, max_size=25), st.integers(0, 25), st.sets(st.integers(0, 25)))
def test_whatever_happens_alertmanager_ends_with_what_fires(
    history: list[tuple[str, str, str, Any]], restart: int, outages: set[int]
) -> None:
    """Restarts and outages at any place leave nothing out and nothing stuck."""
    steps: list[Step] = [
        step(incident, f"s{number}", kind, severity=severity, suppressed=suppressed, offset=number)
        for number, (incident, kind, severity, suppressed) in enumerate(history)
    ]
    server: set[tuple[tuple[str, str], ...]] = set()

    def deliver(ledger: Standing) -> None:
        for notice in ledger.due():
            _apply(server, notice)
            ledger.delivered(notice)
        ledger.settle()

    ledger, settled = standing(), 0
    for number, each in enumerate(steps):
        if number == restart:
            ledger = standing()
            for old in steps[:settled]:
                ledger.recall(old)
            for again in steps[settled:number]:
                ledger.take(again, NOW_MS)
        ledger.take(each, NOW_MS)
        if number not in outages:
            deliver(ledger)
            settled = number + 1
    deliver(ledger)
    firing: dict[str, Step] = {}
    for each in steps:
        firing.pop(each.incident, None)
        if each.alert.status == "firing" and each.alert.suppressed is None:
            firing[each.incident] = each
    assert server == {identity(each) for each in firing.values()}


def _apply(server: set[tuple[tuple[str, str], ...]], notice: Notice) -> None:
    if notice.firing:
        server.add(notice.labels)
    else:
        server.discard(notice.labels)
