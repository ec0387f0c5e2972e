"""Which alerts are sent to Alertmanager, from the steps alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from streams.core.deliver.alert_state import AlertState, PostableAlert, identity
from streams.core.deliver.suppression import Silences, Suppression
from tests.support.alerts import START_MS, step

if TYPE_CHECKING:
    from streams.core.deliver.step import DeliveryStep

MINUTE = 60_000
NOW_MS = START_MS + 60 * MINUTE


def alert_state(*, send_suppressed: bool = False) -> AlertState:
    return AlertState(Suppression(Silences(), send_suppressed=send_suppressed), MINUTE, 24 * 60 * MINUTE)


def deliver_due(state: AlertState) -> list[tuple[str, str, bool]]:
    """Deliver every alert that is due; return incident, severity and whether it is firing."""
    due = state.due()
    for each in due:
        state.delivered(each)
    state.settle()
    return [(each.step.incident, dict(each.labels)["severity"], each.firing) for each in due]


def test_an_alert_is_sent_again_before_it_expires() -> None:
    state = alert_state()
    state.add(step(), NOW_MS)
    (each,) = state.due()
    body = each.body(NOW_MS, state.resend_ms)
    assert body["startsAt"] == "2026-03-02T00:00:00+00:00"
    assert body["endsAt"] == "2026-03-02T01:04:00+00:00"
    assert deliver_due(state) == [("i1", "warning", True)]
    state.tick(NOW_MS + MINUTE - 1)
    assert deliver_due(state) == []
    state.tick(NOW_MS + MINUTE)
    assert deliver_due(state) == [("i1", "warning", True)]


def test_a_new_severity_ends_the_alert_of_the_old_one() -> None:
    state = alert_state()
    state.add(step(), NOW_MS)
    deliver_due(state)
    state.add(step(id="a2", kind="update", severity="critical", offset=1), NOW_MS)
    assert deliver_due(state) == [("i1", "warning", False), ("i1", "critical", True)]
    state.add(step(id="a3", kind="resolve", severity="critical", offset=2), NOW_MS)
    (each,) = state.due()
    assert each.body(NOW_MS, MINUTE)["endsAt"] == "2026-03-02T00:10:00+00:00"
    assert deliver_due(state) == [("i1", "critical", False)]
    assert state.counts() == (0, 0)


def test_an_incident_that_turns_out_to_be_spam_is_resolved_in_alertmanager() -> None:
    state = alert_state()
    state.add(step(), NOW_MS)
    deliver_due(state)
    state.add(step(id="a2", kind="update", suppressed="spam"), NOW_MS)
    assert deliver_due(state) == [("i1", "warning", False)]
    state.add(step(id="a3", kind="resolve", suppressed="spam"), NOW_MS)
    assert deliver_due(state) == []


def test_suppressed_incidents_carry_the_reason_as_a_label_where_they_are_wanted() -> None:
    state = alert_state(send_suppressed=True)
    state.add(step(suppressed="cold_start"), NOW_MS)
    (each,) = state.due()
    assert dict(each.labels)["suppressed"] == "cold_start"


def test_an_incident_without_news_for_too_long_is_resolved() -> None:
    state = alert_state()
    state.add(step(), NOW_MS)
    deliver_due(state)
    state.tick(START_MS + 24 * 60 * MINUTE)
    assert deliver_due(state) == [("i1", "warning", False)]


def test_a_refused_alert_is_sent_again_only_with_the_next_step() -> None:
    state = alert_state()
    state.add(step(), NOW_MS)
    state.refused(state.due()[0])
    state.settle()
    state.tick(NOW_MS + 10 * MINUTE)
    assert deliver_due(state) == []
    state.add(step(id="a2", kind="update"), NOW_MS)
    assert deliver_due(state) == [("i1", "warning", True)]


def test_nothing_is_settled_before_it_is_delivered() -> None:
    state = alert_state()
    state.add(step(offset=7), NOW_MS)
    state.add(step("i2", "b1", offset=8), NOW_MS)
    assert state.unsettled_from() == 7
    deliver_due(state)
    assert state.unsettled_from() is None


incidents = st.sampled_from(["i1", "i2", "i3"])
changes = st.tuples(
    incidents,
    st.sampled_from(["open", "update", "resolve"]),
    st.sampled_from(["watch", "critical"]),
    st.sampled_from([None, "spam"]),
)


@given(st.lists(changes, max_size=25), st.integers(0, 25), st.sets(st.integers(0, 25)))
def test_after_any_history_alertmanager_holds_exactly_the_firing_incidents(
    history: list[tuple[str, str, str, Any]], restart: int, outages: set[int]
) -> None:
    """Restarts and outages at any point neither omit an alert nor leave one firing."""
    steps: list[DeliveryStep] = [
        step(incident, f"s{number}", kind, severity=severity, suppressed=suppressed, offset=number)
        for number, (incident, kind, severity, suppressed) in enumerate(history)
    ]
    server: set[tuple[tuple[str, str], ...]] = set()

    def deliver(state: AlertState) -> None:
        for each in state.due():
            _apply(server, each)
            state.delivered(each)
        state.settle()

    state, settled = alert_state(), 0
    for number, each in enumerate(steps):
        if number == restart:
            state = alert_state()
            for old in steps[:settled]:
                state.restore(old)
            for again in steps[settled:number]:
                state.add(again, NOW_MS)
        state.add(each, NOW_MS)
        if number not in outages:
            deliver(state)
            settled = number + 1
    deliver(state)
    firing: dict[str, DeliveryStep] = {}
    for each in steps:
        firing.pop(each.incident, None)
        if each.alert.status == "firing" and each.alert.suppressed is None:
            firing[each.incident] = each
    assert server == {identity(each) for each in firing.values()}


def _apply(server: set[tuple[tuple[str, str], ...]], each: PostableAlert) -> None:
    if each.firing:
        server.add(each.labels)
    else:
        server.discard(each.labels)
