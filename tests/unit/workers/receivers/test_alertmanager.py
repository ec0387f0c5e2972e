"""Alerts to a cluster of Alertmanagers: chunks, refusals, and what a cluster accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from streams.config import ALERTMANAGER_TOKEN_VARIABLE, BridgeSettings
from streams.core.deliver.alert_state import PostableAlert
from streams.core.deliver.suppression import Silences, Suppression
from streams.errors import DeliveryError, DeliveryFailed, DeliveryRefused
from streams.workers.receivers.alertmanager import CHUNK, AlertmanagerSender, Cluster, sender
from tests.support.alerts import START_MS, step
from tests.support.receivers import FakeHttp, FakeReceiver, Outcomes, config_with

if TYPE_CHECKING:
    from collections.abc import Mapping

SUPPRESSION = Suppression(Silences(), send_suppressed=False)
TWO = BridgeSettings.model_validate({"alertmanager": {"urls": ["http://a.example/", "http://b.example"]}})


async def test_one_invalid_alert_does_not_hold_up_the_others() -> None:
    refusal = DeliveryRefused("http_400", "")
    cluster, outcomes = FakeReceiver(refusal, None, refusal), Outcomes()
    sender = AlertmanagerSender(BridgeSettings(), cluster)  # type: ignore[arg-type]
    state = sender.new_state(SUPPRESSION)
    for number, incident in enumerate(("i1", "i2", "i3")):
        state.add(step(incident, incident, offset=number), START_MS)
    await sender.deliver(state, outcomes.attempt())
    assert outcomes.dropped == [("i2", "http_400")]
    assert [alert.step.incident for (alert,) in cluster.accepted] == ["i1", "i3"]
    assert outcomes.delivered == 2
    assert state.unsettled_from() is None


async def test_an_alert_that_cannot_be_rendered_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    render = PostableAlert.body

    def brittle(alert: PostableAlert, now_ms: int, resend_ms: int) -> dict[str, Any]:
        if alert.step.incident == "i1":
            raise OverflowError("date value out of range")
        return render(alert, now_ms, resend_ms)

    monkeypatch.setattr(PostableAlert, "body", brittle)
    http, outcomes = FakeHttp(), Outcomes()
    to = sender(config_with(TWO))
    state = to.new_state(SUPPRESSION)
    for number, incident in enumerate(("i1", "i2")):
        state.add(step(incident, incident, offset=number), START_MS)
    await to.deliver(state, outcomes.attempt(http))
    assert outcomes.dropped == [("i1", "not_rendered")]
    assert outcomes.delivered == 1
    assert state.unsettled_from() is None


LINK = "http://grafana.example/d/brand"


async def test_an_alert_that_is_refused_is_sent_again_without_its_link() -> None:
    refusal = DeliveryRefused("http_422", "generatorURL in body must be of type uri")
    cluster, outcomes = FakeReceiver(refusal), Outcomes()
    sender = AlertmanagerSender(BridgeSettings(), cluster)  # type: ignore[arg-type]
    state = sender.new_state(SUPPRESSION)
    state.add(step(generator_url=LINK), START_MS)
    await sender.deliver(state, outcomes.attempt())
    ((accepted,),) = cluster.accepted
    assert accepted.link is None
    assert "generatorURL" not in accepted.body(START_MS, 60_000)
    assert (outcomes.delivered, outcomes.dropped) == (1, [])
    assert outcomes.links_refused == [("a1", "http_422")]
    state.tick(START_MS + 60_000)
    await sender.deliver(state, outcomes.attempt())
    assert [alerts[0].link for alerts in cluster.accepted] == [None, None]  # remembered until the next step
    assert len(outcomes.links_refused) == 1
    state.add(step(id="a2", kind="update", offset=1, generator_url=LINK), START_MS + 60_000)
    await sender.deliver(state, outcomes.attempt())
    assert cluster.accepted[-1][0].link == LINK


async def test_an_alert_that_is_refused_without_its_link_too_is_dropped_for_the_first_reason() -> None:
    cluster = FakeReceiver(DeliveryRefused("http_422", ""), DeliveryRefused("http_400", ""))
    outcomes = Outcomes()
    sender = AlertmanagerSender(BridgeSettings(), cluster)  # type: ignore[arg-type]
    state = sender.new_state(SUPPRESSION)
    state.add(step(generator_url=LINK), START_MS)
    await sender.deliver(state, outcomes.attempt())
    assert (outcomes.delivered, outcomes.dropped, outcomes.links_refused) == (0, [("a1", "http_422")], [])
    assert state.due() == []


async def test_alerts_that_were_accepted_before_a_failure_are_not_due_again() -> None:
    cluster, outcomes = FakeReceiver(None, DeliveryFailed("http_503", "")), Outcomes()
    sender = AlertmanagerSender(BridgeSettings(), cluster)  # type: ignore[arg-type]
    state = sender.new_state(SUPPRESSION)
    for number in range(CHUNK + 1):
        state.add(step(f"i{number}", f"a{number}", offset=number), START_MS)
    with pytest.raises(DeliveryFailed):
        await sender.deliver(state, outcomes.attempt())
    assert outcomes.delivered == CHUNK
    assert [alert.step.incident for alert in state.due()] == [f"i{CHUNK}"]
    assert state.unsettled_from() == 0


async def test_every_member_of_a_cluster_is_sent_each_alert_with_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALERTMANAGER_TOKEN_VARIABLE, "hunter2")
    http, outcomes = FakeHttp(), Outcomes()
    to = sender(config_with(TWO))
    state = to.new_state(SUPPRESSION)
    state.add(step(), START_MS)
    await to.deliver(state, outcomes.attempt(http))
    assert [url for url, _, _ in http.posts] == ["http://a.example/api/v2/alerts", "http://b.example/api/v2/alerts"]
    for _, body, headers in http.posts:
        assert [alert["labels"]["fingerprint"] for alert in orjson.loads(body)] == ["i1"]
        assert headers == {"Authorization": "Bearer hunter2"}


class _Members:
    """Answers for the members of a cluster by their host."""

    def __init__(self, answers: dict[str, DeliveryError | None]) -> None:
        self._answers = answers

    async def post(self, url: str, _body: bytes, _headers: Mapping[str, str]) -> None:
        if (error := self._answers[url[7]]) is not None:
            raise error


DOWN = DeliveryFailed("unreachable", "")
INVALID = DeliveryRefused("http_400", "")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"a": None, "b": DOWN}, None),
        ({"a": INVALID, "b": None}, None),
        ({"a": DOWN, "b": DOWN}, DeliveryFailed),
        ({"a": DOWN, "b": INVALID}, DeliveryRefused),
    ],
)
async def test_a_cluster_accepts_what_one_of_its_members_accepts(
    answers: dict[str, DeliveryError | None], expected: type[DeliveryError] | None
) -> None:
    cluster, http = Cluster(TWO), _Members(answers)
    if expected is None:
        await cluster.send(http, [], START_MS)  # type: ignore[arg-type]
        return
    with pytest.raises(expected):
        await cluster.send(http, [], START_MS)  # type: ignore[arg-type]
