"""A webhook source that runs in the test, what stands for Kafka behind it, and requests that push posts to it."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import aiohttp

from streams.config import Config
from streams.core.ingest.parsing import Normaliser
from streams.errors import RecordError
from streams.records import Post
from streams.sources.live.base import AuthorDeleted, Bad, Deleted, Found, ItemOutcome, Skipped, Surroundings
from streams.sources.live.registry import make_source
from tests.support.patience import PATIENCE_SECONDS, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from streams.sources.live.base import Batch, Item, LiveSource

NOW_MS: Final = 1_772_446_500_000


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def pass_seconds(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)


@dataclass
class StoredItems:
    """What stands for Kafka: takes the batches of a source, and settles each as it is told.

    Attributes
    ----------
    is_up
        Whether batches are taken; otherwise they are settled as failed.
    is_slow
        Whether batches are kept unsettled until `settle_all`.
    """

    config: Config
    source: str
    posts: list[Post] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    deleted_authors: list[str] = field(default_factory=list)
    dead_letters: list[tuple[str, bytes, str]] = field(default_factory=list)
    skipped: int = 0
    batches: int = 0
    is_up: bool = True
    is_slow: bool = False
    _unsettled: list[Batch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._normaliser = Normaliser(self.config.ingest, self.source)
        self._ids: set[str] = set()

    def take(self, batch: Batch, now_ms: int) -> None:
        self.batches += 1
        if self.is_slow:
            self._unsettled.append(batch)
        elif batch.settled is not None:
            batch.settled([self.outcome(item, now_ms) for item in batch.items] if self.is_up else None)

    @property
    def unsettled(self) -> int:
        return sum(len(batch.items) for batch in self._unsettled)

    def settle_all(self, now_ms: int = NOW_MS) -> None:
        self.is_slow = False
        for batch in self._unsettled:
            self.take(batch, now_ms)
        self._unsettled.clear()

    def outcome(self, item: Item, now_ms: int) -> ItemOutcome:
        match item:
            case Found(fields, raw, _, _, place):
                try:
                    post = self._normaliser.record_of(fields, now_ms)
                except RecordError as error:
                    self.dead_letters.append((error.reason, raw, place))
                    return ItemOutcome("rejected", error)
                if post is None:
                    self.skipped += 1
                    return ItemOutcome("skipped")
                assert isinstance(post, Post)
                if post.id in self._ids:
                    return ItemOutcome("repeated")
                self._ids.add(post.id)
                self.posts.append(post)
            case Deleted(id):
                self.deleted.append(id)
            case AuthorDeleted(author):
                self.deleted_authors.append(author)
            case Skipped():
                self.skipped += 1
                return ItemOutcome("skipped")
            case Bad(error, raw, place):
                self.dead_letters.append((error.reason, raw, place))
                return ItemOutcome("rejected", error)
        return ItemOutcome("ingested")


class Answered(NamedTuple):
    """An answer."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass
class Pushing:
    """A source that listens, and a client that pushes to it."""

    source: LiveSource
    stored: StoredItems
    clock: ManualClock
    url: str
    session: aiohttp.ClientSession

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    async def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Answered:
        async with self.session.request(
            method, self.url + path, data=body, headers=headers, skip_auto_headers={"Content-Type"}, **options
        ) as answer:
            content = await answer.read()
            return Answered(answer.status, json.loads(content) if content else None, answer.headers)

    async def push(self, posts: Any, /, **headers: str) -> Answered:
        """Push bytes as they are, and anything else as JSON; names of headers have _ for -."""
        body = posts if isinstance(posts, bytes) else json.dumps(posts).encode()
        named = {"Content-Type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
        return await self.request("POST", "/v1/posts", body, named)

    async def raw(self, sent: bytes, *, until: bytes = b"", hold: bool = False) -> bytes:
        """Return what comes back for some bytes until the connection ends, or until something has come."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        received = b""
        try:
            writer.write(sent)
            with suppress(ConnectionError):
                await writer.drain()
                if not hold:
                    writer.write_eof()
            async with asyncio.timeout(PATIENCE_SECONDS):
                with suppress(ConnectionError):
                    while (block := await reader.read(65_536)) and not (until and until in received):
                        received += block
                        if until and until in received:
                            break
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        return received


def post(id: object = "17", **fields: Any) -> dict[str, Any]:
    """Return a post as it is pushed."""
    return {"id": id, "created_at": "2026-03-02T10:10:00Z", "text": "Nordtel is down again"} | fields


def posts(count: int, first: int = 0, **fields: Any) -> list[dict[str, Any]]:
    """Return some posts as they are pushed."""
    return [post(f"p{first + number}", **fields) for number in range(count)]


def lines(records: Sequence[Any]) -> bytes:
    """Return records as one JSON object a line."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def config_with(settings: Mapping[str, Any], **sections: Any) -> Config:
    """Return a config with one webhook source, which listens on a free port."""
    source = {"id": "push", "kind": "webhook", "listen": "127.0.0.1:0", **settings}
    brands = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
    return Config.model_validate({"brands": brands, "sources": [source], **sections})


@asynccontextmanager
async def pushing(
    settings: Mapping[str, Any] | None = None, *, clock: ManualClock | None = None, **sections: Any
) -> AsyncIterator[Pushing]:
    """Run a webhook source, whose posts are kept in memory."""
    config = config_with(settings or {}, **sections)
    clock = clock or ManualClock()
    source = make_source(config.sources[0], Surroundings(config, now_ms=clock))
    stored = StoredItems(config, "push")
    listening = asyncio.Event()

    async def read() -> None:
        async with aclosing(source.batches(None)) as batches:
            listening.set()
            async for batch in batches:
                stored.take(batch, clock())

    reading = asyncio.create_task(read())
    try:
        await until(lambda: "listens on" in source.health.facts or reading.done())
        if reading.done():
            await reading
        url = source.health.facts["listens on"].removesuffix("/v1/posts")
        async with aiohttp.ClientSession() as session:
            yield Pushing(source, stored, clock, url, session)
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
