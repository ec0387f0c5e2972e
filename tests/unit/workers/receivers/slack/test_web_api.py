"""Slack's Web API over HTTP: what each answer means, and what is read of a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from streams.errors import DeliveryDenied, DeliveryError, DeliveryFailed, DeliveryRefused, MessageGone
from streams.workers.receivers.http_client import http_client
from streams.workers.receivers.slack.web_api import DENIED, GONE, MOMENTARY, REFUSED, PostedMessage, WebApi, error_of
from tests.support.slack import BOT, CHANNEL, START_S, TOKEN, SlackServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from streams.workers.receivers.http_client import HttpClient

BODY = {"text": "kein Netz", "blocks": [{"type": "section", "text": {"type": "plain_text", "text": "kein Netz"}}]}


def of(id: str, incident: str = "i1", group: str = "g1") -> dict[str, str]:
    return {"incident": incident, "id": id, "group": group}


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(lambda: START_S) as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    async with http_client(5) as client:
        yield client


def api(slack: SlackServer, token: str = TOKEN, channel: str = CHANNEL) -> WebApi:
    return WebApi(f"{slack.api_url}/", token, channel)


def test_no_error_has_two_meanings() -> None:
    kinds = (REFUSED, GONE, MOMENTARY, frozenset(DENIED))
    assert len(frozenset().union(*kinds)) == sum(map(len, kinds))


@pytest.mark.parametrize(
    ("code", "expected", "reason"),
    [
        ("ratelimited", DeliveryFailed, "ratelimited"),
        ("internal_error", DeliveryFailed, "internal_error"),
        ("service_unavailable", DeliveryFailed, "service_unavailable"),
        ("an_error_of_next_year", DeliveryFailed, "unknown_answer"),
        ("msg_too_long", DeliveryRefused, "msg_too_long"),
        ("invalid_blocks", DeliveryRefused, "invalid_blocks"),
        ("channel_not_found", DeliveryDenied, "channel_not_found"),
        ("not_in_channel", DeliveryDenied, "not_in_channel"),
        ("invalid_auth", DeliveryDenied, "invalid_auth"),
        ("token_revoked", DeliveryDenied, "token_revoked"),
        ("missing_scope", DeliveryDenied, "missing_scope"),
        ("thread_not_found", MessageGone, "thread_not_found"),
    ],
)
def test_each_error_is_about_the_message_the_moment_a_setting_or_another_message(
    code: str, expected: type[DeliveryError], reason: str
) -> None:
    error = error_of("chat.postMessage", {"ok": False, "error": code})
    assert (type(error), error.reason) == (expected, reason)
    assert f"chat.postMessage: Slack answers {code}" in error.detail


@pytest.mark.parametrize("code", sorted(DENIED))
def test_an_error_that_somebody_has_to_repair_says_how(code: str) -> None:
    detail = error_of("auth.test", {"ok": False, "error": code, "needed": "channels:history"}).detail
    assert detail.startswith(f"auth.test: Slack answers {code} (needed: channels:history); ")
    assert len(detail) > 80


def test_an_answer_can_bring_no_escape_into_a_log() -> None:
    notes: Any = {"messages": ["\x1b[31mred", 7]}
    detail = error_of("m", {"ok": False, "error": "\x9bx", "response_metadata": notes}).detail
    assert detail == "m: Slack answers \ufffdx: \ufffd[31mred; 7"


async def test_a_message_is_posted_answered_and_updated(slack: SlackServer, http: HttpClient) -> None:
    ts = await api(slack).post(http, BODY, of("a1"), None)
    await api(slack).post(http, BODY, of("a2"), ts, broadcast=True)
    await api(slack).update(http, ts, {"text": "es geht wieder"}, of("a1"))
    ((first, reply),) = slack.threads()
    assert (first["text"], first["blocks"]) == ("es geht wieder", [])
    assert (reply["thread_ts"], reply["subtype"]) == (ts, "thread_broadcast")


async def test_what_was_posted_is_found_page_by_page(slack: SlackServer, http: HttpClient) -> None:
    slack.page = 2
    first = await api(slack).post(http, BODY, of("a1"), None)
    reply = await api(slack).post(http, BODY, of("a2"), first, broadcast=True)
    await api(slack).post(http, BODY, of("a3"), first)
    other = await api(slack).post(http, BODY, of("b1", "i2"), None)
    found = [each async for each in api(slack).history(http, START_S * 1_000, "g1", BOT)]
    assert sorted(found) == [
        PostedMessage(first, is_reply=False, incident="i1", id="a1"),
        PostedMessage(reply, is_reply=True, incident="i1", id="a2"),
        PostedMessage(other, is_reply=False, incident="i2", id="b1"),
    ]
    assert [each.id async for each in api(slack).replies(http, first, "g1", BOT)] == ["a1", "a2", "a3"]
    assert [each async for each in api(slack).history(http, (START_S + 1) * 1_000, "g1", BOT)] == []


async def test_messages_of_others_are_not_taken_for_own_ones(slack: SlackServer, http: HttpClient) -> None:
    metadata = {"event_type": "firewatch_incident", "event_payload": of("a1")}
    slack.add({"text": "another app", "metadata": metadata}, bot="B9")
    slack.add({"text": "another event", "metadata": {"event_type": "lunch", "event_payload": of("a1")}})
    slack.add({"text": "another installation", "metadata": {**metadata, "event_payload": of("a1", group="staging")}})
    slack.add({"text": "a person"})
    slack.add({"text": "odd", "metadata": {**metadata, "event_payload": {"incident": 1, "id": None, "group": "g1"}}})
    assert [each async for each in api(slack).history(http, 0, "g1", BOT)] == []


async def test_a_channel_with_too_many_messages_is_not_read_for_ever(slack: SlackServer, http: HttpClient) -> None:
    slack.page = 1
    for _ in range(30):
        slack.add({"text": "chatter"})
    with pytest.raises(DeliveryRefused, match="history_too_long"):
        _ = [each async for each in api(slack).history(http, 0, "g1", BOT)]
    assert slack.calls.count("conversations.history") == 25


@pytest.mark.parametrize(
    ("token", "channel", "reason"), [("xoxb-old", CHANNEL, "invalid_auth"), (TOKEN, "C9", "channel_not_found")]
)
async def test_a_wrong_token_or_channel_is_named_without_the_token(
    slack: SlackServer, http: HttpClient, token: str, channel: str, reason: str
) -> None:
    wrong = api(slack, token, channel)
    with pytest.raises(DeliveryDenied) as caught:
        await wrong.check_channel(http)
    assert caught.value.reason == reason
    assert token not in str(caught.value)


async def test_the_token_of_a_person_is_refused(
    slack: SlackServer, http: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.slack.BOT", None)
    with pytest.raises(DeliveryDenied, match="not that of a bot"):
        await api(slack).bot(http)


async def test_a_pause_that_slack_asks_for_is_kept(slack: SlackServer, http: HttpClient) -> None:
    slack.fail("auth.test", 429)
    with pytest.raises(DeliveryFailed) as caught:
        await api(slack).bot(http)
    assert (caught.value.reason, caught.value.retry_after_seconds) == ("http_429", 3)


async def test_an_answer_that_is_not_of_slack_is_tried_again(slack: SlackServer, http: HttpClient) -> None:
    elsewhere = WebApi(slack.webhook_url.rpartition("/")[0], TOKEN, CHANNEL)
    with pytest.raises(DeliveryFailed):
        await elsewhere.bot(http)
