"""Messages through an incoming webhook of Slack, or of a service with the same API (Mattermost, Discord's ``/slack``).

An incoming webhook does not return which message it has posted, so there are no threads: each message is complete by
itself. Nor can it be asked what it has posted, so verdicts from the time before are not posted.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import orjson

from streams.core.deliver.verdict_queue import VerdictQueue
from streams.errors import DeliveryDenied, DeliveryRefused
from streams.workers.receivers.base import rendering
from streams.workers.receivers.slack.reduced import send_or_reduce
from streams.workers.receivers.steps import VerdictSender

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.config import Config
    from streams.core.deliver.step import DeliveryStep, DeliveryVerdict
    from streams.core.deliver.suppression import Suppression
    from streams.workers.receivers.base import Attempt
    from streams.workers.receivers.slack.blocks import Json
    from streams.workers.receivers.slack.message import MessageFormat, SlackMessage

CLOSED: Final = "http_410"
"""Slack's answer for an archived channel: the webhook works again once the channel does, or once it has another one."""


class IncomingWebhookSender(VerdictSender[VerdictQueue]):
    """Posts each step, and each verdict on an incident that was posted.

    Parameters
    ----------
    config
        The whole configuration.
    url
        The secret address.
    form
        Builds the messages.
    clock
        Monotonic time, in seconds.
    """

    def __init__(
        self, config: Config, url: str, form: MessageFormat, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__("slack", config.bridge, clock)
        self._language = config.alerts.language
        self._url = url
        self._form = form

    def new_state(self, suppression: Suppression) -> VerdictQueue:
        """Return an empty queue."""
        return VerdictQueue(suppression, self._forget_after_ms, past_ms=0)

    async def send(self, state: VerdictQueue, step: DeliveryStep, attempt: Attempt) -> None:
        """Post a step."""
        with rendering():
            verdict = state.verdict_on(step.incident)
            message = self._form.step(step.alert, verdict and verdict.verdict)
        await self._post(message, step.incident, attempt)

    async def send_verdict(self, state: VerdictQueue, verdict: DeliveryVerdict, attempt: Attempt) -> None:
        """Post a verdict."""
        newest = state.newest(verdict.incident)
        with rendering():
            message = self._form.verdict(verdict.verdict, newest and newest.alert, self._language)
        await self._post(message, verdict.incident, attempt)

    async def _post(self, message: SlackMessage, incident: str, attempt: Attempt) -> None:
        await send_or_reduce(message, incident, attempt, lambda body: self._request(body, attempt))

    async def _request(self, body: Json, attempt: Attempt) -> None:
        try:
            await attempt.http.post(self._url, orjson.dumps(body), {})
        except DeliveryRefused as refusal:
            if refusal.reason == CLOSED:
                raise DeliveryDenied(refusal.reason, refusal.detail) from refusal
            raise
