"""One thread for each incident: its first message shows the incident as it is, and each step and verdict is a reply.

Slack has no key by which it would recognise a repeated message. So each message carries the ids of its incident and of
its step as metadata, and the channel is searched for them before something is posted whose thread is not known: after a
start, after a partition was assigned, and after a request whose answer did not arrive (`streams.core.deliver.threads`).
"""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, Final

from detectors.units import HOUR_MS
from streams.core.deliver.threads import LOOK_BACK_MS, FirstMessage, Thread, ThreadQueue, posted_since
from streams.errors import DeliveryDenied, DeliveryFailed, DeliveryRefused, MessageGone
from streams.workers.receivers.base import rendering
from streams.workers.receivers.slack.reduced import send_or_reduce
from streams.workers.receivers.steps import VerdictSender

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.config import Config
    from streams.core.deliver.step import DeliveryStep, DeliveryVerdict
    from streams.core.deliver.suppression import Suppression
    from streams.workers.receivers.base import Attempt
    from streams.workers.receivers.slack.message import MessageFormat, SlackMessage
    from streams.workers.receivers.slack.web_api import WebApi

BROADCAST: Final = frozenset({"escalate", "reopen"})
"""Steps that are shown in the channel too: a thread notifies those only who follow it."""

CHECK_SECONDS: Final = 600.0
"""Pause between two checks of the token and the channel."""

NOT_CARRIED_OUT: Final = frozenset({"http_429", "rate_limited", "ratelimited", "unreachable"})
"""Failures after which a message has certainly not been posted."""

NOT_UPDATED: Final = "the first message of a thread could not be updated"
NOT_SEARCHED: Final = "the channel has too many messages to be searched; a thread may be opened twice"


class ThreadSender(VerdictSender[ThreadQueue]):
    """Posts each step and each verdict in the thread of its incident.

    Parameters
    ----------
    config
        The whole configuration.
    api
        Calls Slack.
    form
        Builds the messages.
    group
        Name of the consumer group, which keeps the messages of this installation apart from those of another one whose
        app posts in the same channel.
    clock
        Monotonic time, in seconds.
    """

    def __init__(
        self,
        config: Config,
        api: WebApi,
        form: MessageFormat,
        group: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("slack", config.bridge, clock)
        self._language = config.alerts.language
        self._past_ms = round(config.bridge.retry_hours * HOUR_MS)
        self._api = api
        self._form = form
        self._group = group
        self._bot: str | None = None
        self._checked_at = 0.0

    def new_state(self, suppression: Suppression) -> ThreadQueue:
        """Return an empty queue."""
        return ThreadQueue(suppression, self._forget_after_ms, self._past_ms)

    async def deliver(self, state: ThreadQueue, attempt: Attempt) -> None:
        """Send the queued steps, then the queued verdicts, once the token and the channel are known to be valid."""
        await self._identify(attempt)
        await super().deliver(state, attempt)

    async def send(self, state: ThreadQueue, step: DeliveryStep, attempt: Attempt) -> None:
        """Open the thread of a step's incident with it, or reply with it and update the first message."""
        incident, id = step.incident, step.alert.id
        bot = await self._identify(attempt)
        thread = await self._thread(state, incident, posted_since(step), bot, attempt)
        try:
            if thread is not None and id not in thread.sent:
                try:
                    await self._reply(state, thread, step, attempt)
                except MessageGone:
                    state.threads.lost(incident)
                    thread = None
            if thread is None:
                await self._open(state, step, attempt)
            elif not any(later.incident == incident for later in islice(state.steps, 1, None)):
                await self._show(state, thread, step, attempt)
        except DeliveryFailed as failure:
            if failure.reason not in NOT_CARRIED_OUT:
                state.threads.doubt(incident)
            raise

    async def send_verdict(self, state: ThreadQueue, verdict: DeliveryVerdict, attempt: Attempt) -> None:
        """Reply with a verdict in the thread of its incident, if there is one, and update the first message."""
        bot = await self._identify(attempt)
        incident = verdict.incident
        newest = state.newest(incident)
        since_ms = posted_since(newest) if newest else verdict.broker_ms - LOOK_BACK_MS
        thread = await self._thread(state, incident, since_ms, bot, attempt)
        if thread is None:
            return
        try:
            if verdict.id not in thread.sent:
                with rendering():
                    message = self._form.verdict(verdict.verdict, newest and newest.alert, self._language)
                await self._post(message, incident, verdict.id, attempt, thread)
                thread.sent.add(verdict.id)
            if newest is not None:
                await self._show(state, thread, newest, attempt)
        except MessageGone:
            state.threads.lost(incident)
        except DeliveryFailed as failure:
            if failure.reason not in NOT_CARRIED_OUT:
                state.threads.doubt(incident)
            raise

    async def _identify(self, attempt: Attempt) -> str:
        """Return the id of the app's bot, once it is known that it may read the channel.

        This is repeated now and then: a token that is revoked should be noticed before the next incident is.
        """
        if self._bot is None or self._clock() - self._checked_at >= CHECK_SECONDS:
            try:
                bot = await self._api.bot(attempt.http)
                await self._api.check_channel(attempt.http)
            except DeliveryDenied:
                self._bot = None
                raise
            except DeliveryFailed:
                if self._bot is None:
                    raise
                bot = self._bot
            self._bot, self._checked_at = bot, self._clock()
        return self._bot

    async def _thread(
        self, state: ThreadQueue, incident: str, since_ms: int, bot: str, attempt: Attempt
    ) -> Thread | None:
        """Return the thread of an incident, from the channel if it is not known; None if there is none."""
        threads = state.threads
        if (known := threads.get(incident)) is not None:
            return known
        if threads.first(incident) is None:
            await self._search(state, incident, since_ms, bot, attempt)
        first = threads.first(incident)
        if first is None:
            return None
        sent = {first.step}
        try:
            async for message in self._api.replies(attempt.http, first.ts, self._group, bot):
                sent.add(message.id)
        except MessageGone:
            threads.lost(incident)
            return None
        except DeliveryRefused as refusal:
            attempt.warn(incident, NOT_SEARCHED, refusal)
        thread = Thread(first, sent)
        threads.put(incident, thread)
        return thread

    async def _search(self, state: ThreadQueue, incident: str, since_ms: int, bot: str, attempt: Attempt) -> None:
        from_ms = state.threads.to_read_from(since_ms)
        try:
            async for message in self._api.history(attempt.http, from_ms, self._group, bot):
                if not message.is_reply:
                    state.threads.found(message.incident, FirstMessage(message.ts, message.id))
        except DeliveryRefused as refusal:
            attempt.warn(incident, NOT_SEARCHED, refusal)
        state.threads.read(from_ms, attempt.now_ms)

    async def _open(self, state: ThreadQueue, step: DeliveryStep, attempt: Attempt) -> None:
        id = step.alert.id
        message = self._incident(state, step)
        ts = await self._post(message, step.incident, id, attempt)
        shows = _shown(state, step)
        state.threads.put(step.incident, Thread(FirstMessage(ts, id), {id}, shows))

    async def _reply(self, state: ThreadQueue, thread: Thread, step: DeliveryStep, attempt: Attempt) -> None:
        verdict = state.verdict_on(step.incident)
        with rendering():
            message = self._form.step(step.alert, verdict and verdict.verdict)
        broadcast = step.alert.step in BROADCAST
        await self._post(message, step.incident, step.alert.id, attempt, thread, broadcast=broadcast)
        thread.sent.add(step.alert.id)

    async def _show(self, state: ThreadQueue, thread: Thread, step: DeliveryStep, attempt: Attempt) -> None:
        """Update the first message unless it is up to date.

        It may have been deleted or closed to changes, which loses no step.
        """
        shows = _shown(state, step)
        if thread.shows == shows:
            return
        message = self._incident(state, step)
        metadata = self._metadata(step.incident, thread.first.step)
        try:
            try:
                await self._api.update(attempt.http, thread.first.ts, message.body(), metadata)
            except DeliveryRefused:
                await self._api.update(attempt.http, thread.first.ts, message.plain_body(), metadata)
        except (DeliveryRefused, MessageGone) as error:
            attempt.warn(step.incident, NOT_UPDATED, error)
        thread.shows = shows

    async def _post(
        self,
        message: SlackMessage,
        incident: str,
        id: str,
        attempt: Attempt,
        thread: Thread | None = None,
        *,
        broadcast: bool = False,
    ) -> str:
        """Post a message and return its timestamp."""
        metadata, parent = self._metadata(incident, id), None if thread is None else thread.first.ts
        return await send_or_reduce(
            message,
            incident,
            attempt,
            lambda body: self._api.post(attempt.http, body, metadata, parent, broadcast=broadcast),
        )

    def _incident(self, state: ThreadQueue, step: DeliveryStep) -> SlackMessage:
        verdict = state.verdict_on(step.incident)
        with rendering():
            return self._form.incident(step.alert, verdict and verdict.verdict)

    def _metadata(self, incident: str, id: str) -> dict[str, str]:
        return {"incident": incident, "id": id, "group": self._group}


def _shown(state: ThreadQueue, step: DeliveryStep) -> tuple[str, str]:
    """Return the ids of the step and of the verdict that a first message shows."""
    verdict = state.verdict_on(step.incident)
    return step.alert.id, verdict.id if verdict else ""
