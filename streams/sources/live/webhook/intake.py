"""Makes items of the records of a request, and the answer to it of what became of them."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import orjson

from streams.core.ingest.parsing import parse, post_id
from streams.errors import RecordError
from streams.records import is_deletion
from streams.sources.live.base import AuthorDeleted, Bad, Deleted, Found, Skipped
from streams.sources.live.content_encoding import BodyError, BodyTooLarge
from streams.sources.live.webhook.payload import records_of
from streams.sources.live.webhook.problems import HttpAnswer, RequestRefused
from streams.sources.live.webhook.room import Room
from streams.sources.live.webhook.waiting import PushedItems
from streams.sources.recognition import LONGER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.config.sources.webhook import WebhookSourceSettings
    from streams.sources.live.base import Item, ItemOutcome, SourceHealth, Surroundings
    from streams.sources.live.content_encoding import BodyInflater
    from streams.sources.live.webhook.payload import Form
    from streams.sources.live.webhook.senders import KnownSender
    from streams.sources.live.webhook.waiting import WaitingItems

RETRY_SECONDS: Final = 5
"""When to send a request again that could not be taken."""

_STEP_BYTES: Final = 16_384
_STEP_RECORDS: Final = 200
"""Compressed bytes that are decompressed at once, and records that are converted at once, before others have a turn."""

_IN_THREAD_BYTES: Final = 262_144
"""Larger bodies are taken apart in a thread, so that other senders need not wait."""


class PostsIntake:
    """Takes the posts of requests whose sender is known.

    Parameters
    ----------
    settings
        Entry of the section `sources`.
    surroundings
        Config and clock.
    waiting
        Where the posts go.
    health
        Condition of the source, which is kept up to date.

    Attributes
    ----------
    room
        What may be held in memory.
    is_stopping
        Whether nothing is taken any more.
    """

    def __init__(
        self,
        settings: WebhookSourceSettings,
        surroundings: Surroundings,
        waiting: WaitingItems,
        health: SourceHealth,
    ) -> None:
        self._settings = settings
        self._max_record_bytes = surroundings.config.ingest.max_record_bytes
        self._now_ms = surroundings.now_ms
        self._waiting = waiting
        self._health = health
        self.room = Room(settings.queue_posts, settings.queue_bytes, settings.share)
        self.is_stopping = False

    @property
    def closed(self) -> str:
        """Return why no posts are taken, nothing if they are."""
        return "it is stopping" if self.is_stopping else "too many posts wait for Kafka" if self.room.is_full else ""

    def refused(self) -> RequestRefused:
        """Return the refusal of a request for which there is no room."""
        detail = f"{self.closed or 'too many posts of this sender wait for Kafka'}: send the request again later"
        return RequestRefused(503, "not_ready", detail, retry_after_seconds=RETRY_SECONDS)

    def check_quota(self, sender: KnownSender, posts: int) -> None:
        """Refuse more posts than a sender may push.

        Raises
        ------
        RequestRefused
            With status 429.
        """
        wait = sender.quota.wait_seconds(posts, self._now_ms())
        if wait > 0:
            raise RequestRefused(
                429,
                "over_quota",
                f"the quota of {sender.id} is used up for now; {posts:,} more posts fit in {math.ceil(wait):,} s",
                retry_after_seconds=wait,
            )

    async def process(self, sender: KnownSender, body: bytes, form: Form, inflater: BodyInflater) -> HttpAnswer:
        """Return the answer to a request, once Kafka has its posts.

        Parameters
        ----------
        sender
            Who sent it.
        body, form, inflater
            The body as it was sent, what its media type says, and what decompresses it.

        Raises
        ------
        RequestRefused
            If the body can't be used, none of its records is a post, there is no room, or Kafka does not take them.
        """
        async with sender.turn:
            records = await self._records(sender, await self._decompressed(body, inflater), form)
            items = await self._items(sender, records)
        if not items:
            return _summary(sender.success_status, items, [])
        size = sum(map(len, records))
        self.check_quota(sender, len(items))
        if not self.room.take(sender.id, posts=len(items), size=size):
            raise self.refused()
        sender.quota.take(len(items), self._now_ms())
        pushed = PushedItems(items)
        pushed.outcomes.add_done_callback(lambda _: self.room.give_back(sender.id, posts=len(items), size=size))
        self._waiting.add(pushed)
        outcomes = await self._outcomes(pushed)
        if outcomes is None:
            sender.quota.give_back(len(items))
            raise RequestRefused(
                503,
                "not_stored",
                "Kafka has not acknowledged the posts; send the request again, posts that it has are not counted twice",
                retry_after_seconds=RETRY_SECONDS,
            )
        if any(outcome.kind == "ingested" for outcome in outcomes):
            self._health.post_ms = self._now_ms()
        return _summary(sender.success_status, items, outcomes)

    async def _decompressed(self, body: bytes, inflater: BodyInflater) -> bytes:
        try:
            for start in range(0, len(body), _STEP_BYTES):
                inflater.add(body[start : start + _STEP_BYTES])
                await asyncio.sleep(0)
            return inflater.finish()
        except BodyTooLarge as error:
            raise RequestRefused(
                413, "too_large", f"the body has {error} after decompression: send its posts in several requests"
            ) from error
        except BodyError as error:
            raise RequestRefused(400, "damaged_body", f"the request has {error}") from error

    async def _records(self, sender: KnownSender, text: bytes, form: Form) -> list[bytes]:
        asked = (text, form, sender.conversion, LONGER * self._max_record_bytes, self._settings.max_posts)
        if len(text) <= _IN_THREAD_BYTES:
            return records_of(*asked)
        return await asyncio.to_thread(records_of, *asked)

    async def _items(self, sender: KnownSender, records: Sequence[bytes]) -> list[Item]:
        items: list[Item] = []
        for index, record in enumerate(records):
            items.append(self._item(sender, record, index))
            if index % _STEP_RECORDS == _STEP_RECORDS - 1:
                await asyncio.sleep(0)
        return items

    def _item(self, sender: KnownSender, raw: bytes, index: int) -> Item:
        place = f"item {index} by {sender.id}" if sender.id else f"item {index}"
        try:
            fields = self._fields(sender, raw)
            if fields is None:
                return Skipped("no_post")
            if not is_deletion(fields):
                return Found(fields, raw, place=place)
            if fields.get("id") is None and isinstance(fields.get("author"), str | int) and fields["author"] != "":
                return AuthorDeleted(str(fields["author"]))
            return Deleted(post_id(fields))
        except RecordError as error:
            return Bad(error, raw, place)

    def _fields(self, sender: KnownSender, raw: bytes) -> dict[str, Any] | None:
        limit = self._max_record_bytes
        if len(raw) > LONGER * limit:
            raise RecordError("too_large", f"longer than {LONGER} times ingest.max_record_bytes={limit}")
        record = parse(raw)
        if len(raw) > limit and not sender.is_mapped and not sender.conversion.name_of(record):
            raise RecordError("too_large", f"longer than ingest.max_record_bytes={limit}")
        return sender.conversion.fields(record)

    async def _outcomes(self, pushed: PushedItems) -> Sequence[ItemOutcome] | None:
        try:
            async with asyncio.timeout(self._settings.answer_seconds):
                return await asyncio.shield(pushed.outcomes)
        except TimeoutError:
            pushed.is_given_up = True
            return None


def _summary(success_status: int, items: Sequence[Item], outcomes: Sequence[ItemOutcome]) -> HttpAnswer:
    """Return the answer to a request whose items Kafka has."""
    kinds = Counter(outcome.kind for outcome in outcomes)
    deleted = sum(
        isinstance(item, Deleted | AuthorDeleted) and outcome.kind != "rejected"
        for item, outcome in zip(items, outcomes, strict=True)
    )
    members: dict[str, Any] = {
        "received": len(items),
        "accepted": kinds["ingested"] + kinds["repeated"] - deleted,
        "repeated": kinds["repeated"],
        "deleted": deleted,
        "skipped": kinds["skipped"],
        "rejected": kinds["rejected"],
        "errors": [
            _error(index, outcome.error)
            for index, outcome in enumerate(outcomes)
            if outcome.kind == "rejected" and outcome.error is not None
        ],
    }
    if items and kinds["rejected"] == len(items):
        detail = "no record is a post" if len(items) > 1 else f"the record is no post: {members['errors'][0]['detail']}"
        return RequestRefused(422, "no_post", detail, members=members).answer()
    return HttpAnswer(success_status, orjson.dumps(members))


def _error(index: int, error: RecordError) -> dict[str, Any]:
    field = {"field": error.field} if error.field else {}
    return {"index": index, **field, "reason": error.reason, "detail": error.detail}
