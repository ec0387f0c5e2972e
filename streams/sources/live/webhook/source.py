"""Posts that other programs push over HTTP, as a live source."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

import structlog

from streams.errors import SourceUnavailable
from streams.sources.live.base import PAUSE_SECONDS, Batch, LiveSource
from streams.sources.live.webhook.api import PostsApi
from streams.sources.live.webhook.intake import PostsIntake
from streams.sources.live.webhook.openapi import POSTS_PATH
from streams.sources.live.webhook.problems import RequestRefused
from streams.sources.live.webhook.senders import Senders
from streams.sources.live.webhook.server import STOP_SECONDS, is_served_by_firewatch, serving, tls_of
from streams.sources.live.webhook.waiting import WaitingItems

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from aiohttp import web

    from streams.config.sources.webhook import WebhookSourceSettings
    from streams.sources.live.base import ItemOutcome, Position, Surroundings
    from streams.sources.live.webhook.waiting import PushedItems

BATCH_ITEMS: Final = 2_000
"""Items of one batch, unless a single request has more."""

REPORT_MS: Final = 60_000
"""Time between two reports of refused requests."""

log = structlog.get_logger()


class WebhookSource(LiveSource):
    """Listens for posts, and answers each request once Kafka has its posts.

    It has no position: what was not answered is sent again by whoever pushes it.
    """

    why_not_tried = "it waits for posts that are pushed to it: send one, and see what is answered"

    def __init__(self, settings: WebhookSourceSettings, surroundings: Surroundings) -> None:
        super().__init__(settings, surroundings)
        self._settings = settings
        self._senders = Senders(settings, surroundings.now_ms)
        self._tls = tls_of(settings)
        self._reported_ms = surroundings.now_ms()

    async def batches(self, position: Position | None) -> AsyncGenerator[Batch, None]:  # noqa: ARG002  it has none
        """Listen, and yield what is pushed, until it is closed."""
        waiting = WaitingItems()
        intake = PostsIntake(self._settings, self.surroundings, waiting, self.health)
        api = PostsApi(self._settings, self._senders, intake, self.health, self.surroundings.now_ms)
        async with serving(self._settings, api.handle, self._tls) as address:
            self.health.facts["listens on"] = f"{address}{POSTS_PATH}"
            try:
                while True:
                    self._refresh_health(intake)
                    self._report(api)
                    yield _batch(await waiting.next(BATCH_ITEMS, PAUSE_SECONDS))
            finally:
                intake.is_stopping = True
                waiting.refuse_waiting()
                await waiting.all_settled(STOP_SECONDS)

    def _report(self, api: PostsApi) -> None:
        """Log the refusals of the last minute: a sender with a wrong token is one that is not heard of."""
        now_ms = self.surroundings.now_ms()
        if now_ms - self._reported_ms >= REPORT_MS:
            self._reported_ms = now_ms
            if refused := api.newly_refused():
                log.warning("requests refused", source=self.id, answers=refused)

    def _refresh_health(self, intake: PostsIntake) -> None:
        is_full = intake.room.is_full
        posts, size = intake.room.held
        waiting = f"{posts:,} posts and {size:,} bytes wait for Kafka, so further ones are answered 503"
        self.health.state, self.health.why = ("limited", waiting) if is_full else ("live", "")

    async def probe(self) -> Mapping[str, str]:
        """Return who may push posts, how it shows who it is, and whether the address is free or in use by firewatch.

        Raises
        ------
        SourceError
            If another program listens there, or this machine has no such address.
        """
        scheme = "http" if self._tls is None else "https"
        address = f"{scheme}://{self._settings.listen}"
        now = "no process"
        try:
            async with serving(self._settings, _closed, self._tls):
                pass
        except SourceUnavailable:
            if not await is_served_by_firewatch(address):
                raise
            now = "a running firewatch"
        senders = {
            sender.id: " or ".join(
                how
                for how, file in (("bearer token", sender.token_file), ("signature", sender.signing_key_file))
                if file is not None
            )
            for sender in self._settings.senders
        }
        listed = ", ".join(f"{id} ({how})" for id, how in senders.items())
        return {
            "listens on": f"{address}{POSTS_PATH}",
            "listening now": now,
            "senders": listed or "every program of this machine",
            "TLS": "no" if self._tls is None else "yes",
        }


async def _closed(_: web.BaseRequest) -> web.Response:
    """Return the response to whoever comes while the address is only tried."""
    return RequestRefused(503, "not_ready", "it is not listening yet", retry_after_seconds=1).response()


def _batch(pushed: Sequence[PushedItems]) -> Batch:
    """Return one batch of the items of several requests."""

    def settled(outcomes: Sequence[ItemOutcome] | None) -> None:
        begin = 0
        for each in pushed:
            end = begin + len(each.items)
            each.settle(None if outcomes is None else outcomes[begin:end])
            begin = end

    return Batch(list(chain.from_iterable(each.items for each in pushed)), None, settled if pushed else None)
