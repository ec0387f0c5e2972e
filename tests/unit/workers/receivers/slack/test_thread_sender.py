"""Threads in Slack over HTTP: one for each incident and each message once, whatever fails in between."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.config import BridgeSettings
from streams.core.deliver.suppression import Silences, Suppression
from streams.errors import DeliveryDenied, DeliveryFailed
from streams.workers.receivers.http_client import http_client
from streams.workers.receivers.slack.message import MessageFormat
from streams.workers.receivers.slack.thread_sender import ThreadSender
from streams.workers.receivers.slack.web_api import WebApi
from tests.support.alerts import START_MS, step, verdict
from tests.support.receivers import Outcomes, config_with
from tests.support.slack import CHANNEL, START_S, TOKEN, SlackServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from streams.core.deliver.step import DeliveryVerdict
    from streams.core.deliver.threads import ThreadQueue

SUPPRESSION = Suppression(Silences(), send_suppressed=False)
FORM = MessageFormat({"nordtel": "Nordtel"}, "UTC", include_texts=False)
POST, UPDATE, HISTORY, REPLIES = "chat.postMessage", "chat.update", "conversations.history", "conversations.replies"


class Stage:
    """A sender, a queue and the server; `restart` makes new ones of the first two, as after a crash."""

    def __init__(self, slack: SlackServer, token: str = TOKEN, group: str = "g1") -> None:
        self.slack, self.now = slack, 0.0
        self._token, self._group = token, group
        self.outcomes = Outcomes()
        self.restart()

    def restart(self) -> None:
        api = WebApi(self.slack.api_url, self._token, CHANNEL)
        config = config_with(BridgeSettings(retry_hours=1))
        self.sender = ThreadSender(config, api, FORM, self._group, lambda: self.now)
        self.state: ThreadQueue = self.sender.new_state(SUPPRESSION)

    def add(self, id: str, kind: str = "open", incident: str = "i1", **changed: Any) -> None:
        self.state.add(step(incident, id, kind, **changed), START_MS)

    def settle(self, id: str, kind: str = "open", incident: str = "i1", **changed: Any) -> None:
        """Add a step that was delivered before the restart."""
        self.state.restore(step(incident, id, kind, **changed))

    def judge(self, judged: DeliveryVerdict, *, is_new: bool = True) -> None:
        self.state.add_verdict(judged, START_MS, is_new=is_new)

    async def deliver(self) -> None:
        async with http_client(5) as http:
            await self.sender.deliver(self.state, self.outcomes.attempt(http))

    async def fails(self, error: type[DeliveryFailed] = DeliveryFailed) -> DeliveryFailed:
        with pytest.raises(error) as caught:
            await self.deliver()
        return caught.value

    def headline(self, thread: int = 0, message: int = 0) -> str:
        text: str = self.slack.threads()[thread][message]["blocks"][0]["text"]["text"]
        return text


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(lambda: START_S + 600) as server:
        yield server


@pytest.fixture
def stage(slack: SlackServer) -> Stage:
    return Stage(slack)


async def test_the_steps_of_an_incident_are_one_thread_whose_first_message_shows_the_present_state(
    stage: Stage, slack: SlackServer
) -> None:
    stage.add("a1", step="open")
    stage.add("b1", incident="i2")
    stage.add("a2", "update", step="escalate", severity="critical")
    await stage.deliver()
    assert slack.ids() == [["a1", "a2"], ["b1"]]
    assert stage.headline() == "🔴 Nordtel · critical"
    stage.add("a3", "resolve", step="resolve", severity="critical")
    await stage.deliver()
    assert slack.ids() == [["a1", "a2", "a3"], ["b1"]]
    assert stage.headline() == "✅ Nordtel · resolved · critical"
    assert stage.outcomes.delivered == 4


async def test_what_gets_worse_or_begins_again_is_shown_in_the_channel_too(stage: Stage, slack: SlackServer) -> None:
    for number, name in enumerate(("open", "escalate", "grow", "resolve", "reopen")):
        stage.add(f"a{number}", "open" if name == "open" else "update", step=name)
    await stage.deliver()
    (thread,) = slack.threads()
    assert [each.get("subtype") for each in thread] == [None, "thread_broadcast", None, None, "thread_broadcast"]


async def test_after_a_restart_an_incident_goes_on_in_its_thread(stage: Stage, slack: SlackServer) -> None:
    stage.add("a1")
    await stage.deliver()
    stage.restart()
    stage.settle("a1")
    stage.add("a2", "update")
    await stage.deliver()
    assert slack.ids() == [["a1", "a2"]]


async def test_steps_that_were_posted_but_not_committed_are_not_posted_again(stage: Stage, slack: SlackServer) -> None:
    stage.add("a1")
    stage.add("a2", "update")
    stage.add("b1", incident="i2")
    await stage.deliver()
    stage.restart()
    stage.add("a1")
    stage.add("a2", "update", severity="critical")
    stage.add("b1", incident="i2")
    await stage.deliver()
    assert slack.ids() == [["a1", "a2"], ["b1"]]
    assert stage.headline() == "🔴 Nordtel · critical"  # the crash may have been between the reply and the update


@pytest.mark.parametrize("method", [POST, UPDATE])
@pytest.mark.parametrize("fault", ["lost", "internal_error", "ratelimited", 503, 429])
async def test_no_failure_at_any_request_repeats_or_loses_a_message(
    slack: SlackServer, method: str, fault: Any
) -> None:
    for place in range(3):
        slack.messages.clear()
        stage = Stage(slack)
        stage.add("a1")
        stage.add("a2", "update")
        stage.add("a3", "resolve")
        slack.fail(method, *[None] * place, fault)
        for _ in range(4):
            try:
                await stage.deliver()
                break
            except DeliveryFailed:
                continue
        assert slack.ids() == [["a1", "a2", "a3"]]
        assert stage.headline() == "✅ Nordtel · resolved · warning"
        assert stage.state.counts().waiting == 0
        slack.faults.clear()


@pytest.mark.parametrize("method", ["auth.test", HISTORY, REPLIES])
async def test_a_failed_search_is_repeated_before_anything_is_posted(
    stage: Stage, slack: SlackServer, method: str
) -> None:
    stage.add("a1")
    await stage.deliver()
    stage.restart()
    stage.add("a1")
    slack.fail(method, None if method == HISTORY else 503, 503)
    await stage.fails()
    assert slack.calls.count(POST) == 1
    slack.faults.clear()
    await stage.deliver()
    assert slack.ids() == [["a1"]]


async def test_a_message_that_another_member_posts_meanwhile_is_found(slack: SlackServer) -> None:
    one, other = Stage(slack), Stage(slack)
    one.add("a1", incident="i1")
    await one.deliver()
    other.add("b1", incident="i2")
    await other.deliver()
    one.add("b1", incident="i2")
    one.add("b2", "update", incident="i2")
    await one.deliver()
    assert slack.ids() == [["a1"], ["b1", "b2"]]


async def test_another_installation_in_the_same_channel_has_its_own_threads(slack: SlackServer) -> None:
    one, other = Stage(slack), Stage(slack, group="staging")
    for stage in (one, other):
        stage.add("a1")
        await stage.deliver()
    assert slack.ids() == [["a1"], ["a1"]]


async def test_an_incident_goes_on_in_a_new_thread_if_its_thread_was_deleted(stage: Stage, slack: SlackServer) -> None:
    stage.add("a1")
    await stage.deliver()
    slack.messages.clear()
    stage.add("a2", "update")
    await stage.deliver()
    stage.add("a3", "update")
    await stage.deliver()
    assert slack.ids() == [["a2", "a3"]]


async def test_an_incident_whose_thread_is_locked_goes_on_in_one_new_thread(stage: Stage, slack: SlackServer) -> None:
    stage.add("a1")
    await stage.deliver()
    slack.fail(POST, "thread_locked")
    stage.add("a2", "update")
    await stage.deliver()
    stage.restart()
    stage.add("a3", "update")
    await stage.deliver()
    assert slack.ids() == [["a1"], ["a2", "a3"]]


async def test_a_first_message_that_cannot_be_updated_loses_no_step(stage: Stage, slack: SlackServer) -> None:
    stage.add("a1")
    stage.add("a2", "update")
    slack.fail(UPDATE, "edit_window_closed")
    await stage.deliver()
    assert slack.ids() == [["a1", "a2"]]
    assert stage.outcomes.warnings == [("i1", "edit_window_closed")]
    assert stage.outcomes.delivered == 2


async def test_blocks_that_are_refused_are_sent_as_plain_lines(stage: Stage, slack: SlackServer) -> None:
    stage.add("a1")
    slack.fail(POST, "invalid_blocks")
    await stage.deliver()
    ((message,),) = slack.threads()
    assert "blocks" not in message
    assert message["text"].startswith("🟠 Nordtel · warning\n")
    assert stage.outcomes.warnings == [("i1", "blocks_refused")]


async def test_a_step_that_is_refused_as_plain_lines_too_is_dropped_and_the_next_one_opens_the_thread(
    stage: Stage, slack: SlackServer
) -> None:
    stage.add("a1")
    stage.add("a2", "update")
    slack.fail(POST, "msg_too_long", "no_text")
    await stage.deliver()
    assert stage.outcomes.dropped == [("a1", "msg_too_long")]
    assert slack.ids() == [["a2"]]


async def test_what_is_denied_waits_for_longer_than_anything_else(slack: SlackServer) -> None:
    stage = Stage(slack, token="xoxb-revoked")  # noqa: S106  no secret
    stage.add("a1")
    for stage.now in (0.0, 3_600.0, 360_000.0):
        assert (await stage.fails(DeliveryDenied)).reason == "invalid_auth"
    assert stage.state.counts().waiting == 1
    stage.restart()
    stage.add("a1")
    slack.fail("auth.test", "token_revoked")
    await stage.fails(DeliveryDenied)
    assert stage.outcomes.dropped == []


async def test_a_wrong_token_is_noticed_without_any_alert(slack: SlackServer) -> None:
    await Stage(slack, token="xoxb-revoked").fails(DeliveryDenied)  # noqa: S106  no secret
    slack.fail(HISTORY, "not_in_channel")
    await Stage(slack).fails(DeliveryDenied)
    await Stage(slack).deliver()
    assert slack.calls[-2:] == ["auth.test", HISTORY]


async def test_a_token_that_is_revoked_is_noticed_between_two_incidents(stage: Stage, slack: SlackServer) -> None:
    await stage.deliver()
    slack.fail("auth.test", "token_revoked", 503)
    await stage.deliver()
    assert slack.calls.count("auth.test") == 1
    stage.now = 600.0
    assert (await stage.fails(DeliveryDenied)).reason == "token_revoked"
    await stage.fails()
    await stage.deliver()


async def test_an_outage_of_slack_between_two_incidents_is_no_failure(stage: Stage, slack: SlackServer) -> None:
    await stage.deliver()
    stage.now = 600.0
    slack.fail("auth.test", 503)
    await stage.deliver()
    assert slack.calls.count("auth.test") == 2


async def test_a_backlog_updates_the_first_message_once(stage: Stage, slack: SlackServer) -> None:
    for number in range(5):
        stage.add(f"a{number}", "update")
    await stage.deliver()
    assert slack.calls.count(UPDATE) == 1


@pytest.mark.parametrize("fault", [429, "ratelimited"])
async def test_a_request_that_was_not_carried_out_needs_no_search(stage: Stage, slack: SlackServer, fault: Any) -> None:
    stage.add("a1")
    await stage.deliver()
    searched = slack.calls.count(HISTORY) + slack.calls.count(REPLIES)
    stage.add("a2", "update")
    slack.fail(POST, fault)
    await stage.fails()
    await stage.deliver()
    assert slack.ids() == [["a1", "a2"]]
    assert slack.calls.count(HISTORY) + slack.calls.count(REPLIES) == searched


async def test_a_step_is_given_up_after_its_time(stage: Stage, slack: SlackServer) -> None:
    stage.add("a1")
    slack.fail(POST, *["service_unavailable"] * 2)
    await stage.fails()
    stage.now = 3_600.0
    await stage.deliver()
    assert stage.outcomes.dropped == [("a1", "gave_up")]


async def test_a_verdict_is_a_reply_and_the_first_message_shows_it(stage: Stage, slack: SlackServer) -> None:
    stage.add("a1")
    stage.judge(verdict())
    await stage.deliver()
    assert slack.ids() == [["a1", "v1"]]
    ((first, reply),) = slack.threads()
    assert reply["blocks"][0]["text"]["text"] == "Nordtel: anna is looking into it."
    assert first["blocks"][-2]["elements"][0]["text"] == "2 Mar 2026, 00:00 UTC: anna is looking into it."
    stage.add("a2", "update")
    await stage.deliver()
    assert slack.threads()[0][0]["blocks"][-2]["elements"][0]["text"].endswith("anna is looking into it.")


async def test_verdicts_of_the_time_of_an_outage_are_posted_once(stage: Stage, slack: SlackServer) -> None:
    stage.add("a1")
    stage.judge(verdict())
    await stage.deliver()
    for _ in range(2):
        stage.restart()
        stage.settle("a1")
        stage.judge(verdict(id="old", broker_ms=START_MS - 3_600_001), is_new=False)
        stage.judge(verdict(), is_new=False)
        stage.judge(verdict(id="v2", verdict="confirmed"), is_new=False)
        await stage.deliver()
    assert slack.ids() == [["a1", "v1", "v2"]]


@pytest.mark.parametrize("fault", ["lost", "fatal_error", 503])
async def test_a_verdict_whose_request_fails_is_posted_once(stage: Stage, slack: SlackServer, fault: Any) -> None:
    stage.add("a1")
    stage.judge(verdict())
    slack.fail(POST, None, fault)
    await stage.fails()
    await stage.deliver()
    assert slack.ids() == [["a1", "v1"]]


async def test_a_verdict_without_a_thread_is_not_posted(stage: Stage, slack: SlackServer) -> None:
    stage.settle("a1")
    stage.judge(verdict())
    await stage.deliver()
    stage.judge(verdict("unknown"))
    await stage.deliver()
    assert slack.messages == {}
    assert stage.state.counts().waiting == 0


async def test_a_verdict_that_is_refused_is_dropped(stage: Stage, slack: SlackServer) -> None:
    stage.add("a1")
    stage.judge(verdict())
    slack.fail(POST, None, "invalid_arguments", "invalid_arguments")
    await stage.deliver()
    assert stage.outcomes.dropped_verdicts == [("v1", "invalid_arguments")]


async def test_a_thread_that_is_deleted_before_a_verdict_stays_deleted(stage: Stage, slack: SlackServer) -> None:
    stage.add("a1")
    await stage.deliver()
    slack.messages.clear()
    stage.judge(verdict())
    await stage.deliver()
    assert slack.messages == {}


async def test_a_channel_that_is_too_full_to_be_searched_is_reported(stage: Stage, slack: SlackServer) -> None:
    slack.page = 1
    for _ in range(40):
        slack.add({"text": "chatter"})
    stage.add("a1")
    await stage.deliver()
    assert stage.outcomes.warnings == [("i1", "history_too_long")]
    assert stage.outcomes.delivered == 1


ACTIONS = st.one_of(
    st.tuples(st.just("step"), st.sampled_from(["i1", "i2", "i3"])),
    st.tuples(st.just("verdict"), st.sampled_from(["i1", "i2", "i3"])),
    st.tuples(st.just("crash"), st.integers(min_value=0, max_value=4)),
    st.tuples(
        st.sampled_from([POST, UPDATE, HISTORY, REPLIES, "auth.test"]),
        st.lists(st.sampled_from(["lost", "internal_error", "ratelimited", 503, None]), min_size=1, max_size=3),
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTIONS, max_size=25))
def test_through_any_failures_and_crashes_each_incident_has_one_thread_with_each_message_once(
    actions: list[tuple[str, Any]],
) -> None:
    asyncio.run(_survives(actions))


async def _survives(actions: list[tuple[str, Any]]) -> None:
    async with SlackServer(lambda: START_S + 600) as slack:
        stage, steps, verdicts = Stage(slack), [], []
        for number, (action, value) in enumerate(actions):
            if action == "step":
                steps.append((value, f"s{number}"))
                stage.add(f"s{number}", "update", incident=value)
            elif action == "verdict":
                verdicts.append(verdict(value, f"v{number}"))
                stage.judge(verdicts[-1])
            elif action == "crash":  # and the last steps that were delivered have not been committed
                delivered = len(steps) - len(stage.state.steps)
                stage.restart()
                for place, (incident, id) in enumerate(steps):
                    (stage.settle if place < delivered - value else stage.add)(id, "update", incident=incident)
                for judged in verdicts:
                    stage.judge(judged, is_new=False)
            else:
                slack.fail(action, *value)
            with contextlib.suppress(DeliveryFailed):
                await stage.deliver()
        slack.faults.clear()
        await stage.deliver()
        expected = {incident: [id for each, id in steps if each == incident] for incident, _ in steps}
        for thread in slack.threads():
            ids = [each["metadata"]["event_payload"]["id"] for each in thread]
            incident = thread[0]["metadata"]["event_payload"]["incident"]
            assert [id for id in ids if id[0] == "s"] == expected.pop(incident)
            assert len(ids) == len(set(ids))
        assert expected == {}
