"""An incoming webhook of Slack over HTTP: every message complete by itself, and nothing lost or repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from streams.config import BridgeSettings
from streams.core.deliver.suppression import Silences, Suppression
from streams.errors import DeliveryDenied, DeliveryFailed
from streams.workers.receivers.http_client import http_client
from streams.workers.receivers.slack.incoming_webhook import IncomingWebhookSender
from streams.workers.receivers.slack.message import MessageFormat
from tests.support.alerts import START_MS, step, verdict
from tests.support.receivers import Outcomes, config_with
from tests.support.slack import SlackServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from streams.core.deliver.verdict_queue import VerdictQueue

SUPPRESSION = Suppression(Silences(), send_suppressed=False)
FORM = MessageFormat({"nordtel": "Nordtel"}, "UTC", include_texts=False)


class Stage:
    """A sender, its queue and the server."""

    def __init__(self, slack: SlackServer) -> None:
        self.now = 0.0
        config = config_with(BridgeSettings(retry_hours=1))
        self.sender = IncomingWebhookSender(config, slack.webhook_url, FORM, lambda: self.now)
        self.state: VerdictQueue = self.sender.new_state(SUPPRESSION)
        self.outcomes = Outcomes()

    def add(self, id: str, kind: str = "open", **changed: Any) -> None:
        self.state.add(step("i1", id, kind, **changed), START_MS)

    async def deliver(self) -> None:
        async with http_client(5) as http:
            await self.sender.deliver(self.state, self.outcomes.attempt(http))


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


async def test_each_step_and_verdict_is_a_message_that_names_brand_incident_and_beginning(slack: SlackServer) -> None:
    stage = Stage(slack)
    stage.add("a1", step="open")
    stage.add("a2", "update", step="escalate", severity="critical")
    stage.state.add_verdict(verdict(), START_MS, is_new=True)
    await stage.deliver()
    assert [body["text"].splitlines()[0] for body in slack.posted] == [
        "🟠 Nordtel · warning · opened",
        "🔴 Nordtel · critical · escalated",
        "Nordtel: anna is looking into it.",
    ]
    for body in slack.posted:
        assert body["blocks"][-1]["elements"][0]["text"] == "Incident i1, since 2 Mar 2026, 00:00 UTC"
    assert stage.outcomes.delivered == 2
    assert stage.state.counts().waiting == 0


async def test_verdicts_from_before_a_start_and_on_unknown_incidents_are_not_posted(slack: SlackServer) -> None:
    stage = Stage(slack)
    stage.add("a1")
    stage.state.add_verdict(verdict(), START_MS, is_new=False)
    stage.state.add_verdict(verdict("i9"), START_MS, is_new=True)
    await stage.deliver()
    assert len(slack.posted) == 1


async def test_a_message_whose_blocks_are_refused_is_sent_as_plain_lines(slack: SlackServer) -> None:
    stage = Stage(slack)
    stage.add("a1")
    slack.fail("webhook", 400)
    await stage.deliver()
    (body,) = slack.posted
    assert "blocks" not in body
    assert body["text"].splitlines() == [
        "🟠 Nordtel · warning · opened",
        "Nordtel: 412 mentions in 25 minutes, 81% negative",
        "Incident i1, since 2 Mar 2026, 00:00 UTC",
        "Take it: firewatch alerts ack i1 -c firewatch.yaml",
    ]
    assert stage.outcomes.warnings == [("i1", "blocks_refused")]
    assert stage.outcomes.delivered == 1


async def test_what_is_refused_as_plain_lines_too_is_dropped_for_the_first_reason(slack: SlackServer) -> None:
    stage = Stage(slack)
    stage.add("a1")
    stage.add("a2", "update")
    stage.state.add_verdict(verdict(), START_MS, is_new=True)
    slack.fail("webhook", 422, 400, None, 413, 400)
    await stage.deliver()
    assert stage.outcomes.dropped == [("a1", "http_422")]
    assert stage.outcomes.dropped_verdicts == [("v1", "http_413")]
    assert len(slack.posted) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_an_address_or_a_channel_that_is_gone_loses_nothing_however_long_it_is(
    slack: SlackServer, status: int
) -> None:
    stage = Stage(slack)
    stage.add("a1")
    slack.fail("webhook", *[status] * 2)
    for stage.now in (0.0, 360_000.0):
        with pytest.raises(DeliveryDenied, match=f"http_{status}"):
            await stage.deliver()
    await stage.deliver()
    assert len(slack.posted) == 1


async def test_a_failure_holds_up_what_follows_until_it_has_lasted_too_long(slack: SlackServer) -> None:
    stage = Stage(slack)
    stage.add("a1")
    stage.state.add_verdict(verdict(), START_MS, is_new=True)
    slack.fail("webhook", 503, 503, 503)
    with pytest.raises(DeliveryFailed):
        await stage.deliver()
    assert stage.state.counts().waiting == 2
    stage.now = 3_600.0
    with pytest.raises(DeliveryFailed):  # the verdict, for the first time
        await stage.deliver()
    assert stage.outcomes.dropped == [("a1", "gave_up")]
