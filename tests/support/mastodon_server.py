"""An instance of Mastodon on the loopback interface: its streams, timelines, tokens and limits, and how they fail.

It is what the documentation of Mastodon says of methods/streaming, methods/timelines, methods/instance, api/rate-limits
and entities/Status. Statuses are published, edited and deleted by the test.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self

import orjson

from tests.support.http_faults import Answer, HttpFaults, SeenRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from types import TracebackType

TOKEN: Final = "token-of-a-user"  # noqa: S105  no secret
APP_TOKEN: Final = "token-of-an-app"  # noqa: S105  no secret
OPEN_ACCESS: Final = {"local": "public", "remote": "public"}


@dataclass
class Kept:
    """A status that the instance keeps, and where it is shown."""

    status: dict[str, Any]
    is_local: bool
    tags: list[str]


@dataclass(eq=False)
class OpenStream:
    """A connection of a client to a stream."""

    path: str
    tag: str
    waiting: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    stalls: bool = False


class MastodonServer:
    """The instance; an async context manager.

    Parameters
    ----------
    domain
        Domain of its accounts.
    heartbeat_seconds
        Seconds between two signs of life; Mastodon has 15.
    now_ms
        The clock.

    Attributes
    ----------
    http
        The server, for whatever else can go wrong with HTTP: ``http.rescript(path, answer)``.
    access
        What the instance says of access to timelines; None says nothing, as before 4.5.
    limit
        Requests that are still allowed, None for no limit.
    """

    def __init__(
        self,
        domain: str = "social.example",
        *,
        heartbeat_seconds: float = 0.05,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.domain = domain
        self.http = HttpFaults()
        self.access: dict[str, Any] | None = {"live_feeds": OPEN_ACCESS, "hashtag_feeds": OPEN_ACCESS}
        self.tokens = {TOKEN: True, APP_TOKEN: False}
        self.greeting = b":)\n"
        self.limit: int | None = None
        self.reset_ms = 0
        self.links = True
        self.kept: list[Kept] = []
        self.streams: list[OpenStream] = []
        self.streaming_base = ""
        self._heartbeat = heartbeat_seconds
        self._now_ms = now_ms
        self._numbers = itertools.count(1)
        self._opened = asyncio.Event()
        for path, handler in (
            ("/api/v2/instance", self._instance),
            ("/api/v1/timelines/", self._timeline),
            ("/api/v1/streaming/", self._stream),
            ("/api/v1/apps/verify_credentials", self._app),
        ):
            self.http.handle(path, handler)

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        await self.http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all connections."""
        await self.http.__aexit__(kind, error, trace)

    @property
    def url(self) -> str:
        """Return the address of the instance."""
        return self.http.url("")

    # What happens on the instance

    def status(self, text: str, *, is_local: bool = True, **changes: Any) -> dict[str, Any]:
        """Return a new status, which nobody sees yet."""
        now_ms = changes.pop("at_ms", self._now_ms())
        id = str((now_ms << 16) + next(self._numbers) % 65_536)
        account = "kim" if is_local else "noa@elsewhere.example"
        return {
            "id": id,
            "created_at": _iso(now_ms),
            "in_reply_to_id": None,
            "in_reply_to_account_id": None,
            "sensitive": False,
            "spoiler_text": "",
            "visibility": "public",
            "language": "de",
            "uri": f"https://{self.domain if is_local else 'elsewhere.example'}/users/kim/statuses/{id}",
            "url": f"https://{self.domain}/@{account}/{id}",
            "replies_count": 0,
            "reblogs_count": 0,
            "favourites_count": 0,
            "edited_at": None,
            "content": f"<p>{text}</p>",
            "reblog": None,
            "account": {"id": "1", "username": "kim", "acct": account, "bot": False, "url": "https://x.example/@kim"},
            "media_attachments": [],
            "mentions": [],
            "tags": [],
            "emojis": [],
            "card": None,
            "poll": None,
        } | changes

    def publish(
        self,
        text: str = "Nordtel ist weg",
        *,
        is_local: bool = True,
        tags: tuple[str, ...] = (),
        streamed: bool = True,
        **changes: Any,
    ) -> dict[str, Any]:
        """Publish a status, and stream it unless the streams miss it; fields are changed as said."""
        status = self.status(text, is_local=is_local, **changes)
        kept = Kept(status, is_local, list(tags))
        self.kept.append(kept)
        if streamed:
            self._send("update", orjson.dumps(status), kept)
        return status

    def edit(self, id: str, text: str | None = None, *, edited_at: str | None = "now", **changes: Any) -> None:
        """Change a status; without a text only what is counted changes, such as the votes of a poll."""
        kept = next(each for each in self.kept if each.status["id"] == id)
        if text is not None:
            kept.status = kept.status | {"content": f"<p>{text}</p>"}
            kept.status["edited_at"] = _iso(self._now_ms()) if edited_at == "now" else edited_at
        kept.status = kept.status | changes
        self._send("status.update", orjson.dumps(kept.status), kept)

    def delete(self, id: str) -> None:
        """Delete a status."""
        kept = next((each for each in self.kept if each.status["id"] == id), None)
        if kept is not None:
            self.kept.remove(kept)
        self._send("delete", id.encode(), kept)

    def send(self, block: bytes) -> None:
        """Send bytes by all streams."""
        for stream in self.streams:
            stream.waiting.put_nowait(block)

    def cut(self) -> None:
        """End all streams amid whatever they send."""
        for stream in self.streams:
            stream.waiting.put_nowait(None)
        self.streams.clear()

    def stall(self) -> None:
        """Keep all streams open, and send nothing by them any more, not even a sign of life."""
        for stream in self.streams:
            stream.stalls = True
        self.streams.clear()

    async def until_streams(self, count: int = 1, timeout_seconds: float = 30.0) -> None:
        """Wait until so many streams are open."""
        async with asyncio.timeout(timeout_seconds):
            while len(self.streams) < count:
                self._opened.clear()
                await self._opened.wait()

    # The API

    def _instance(self, request: SeenRequest) -> Answer:
        configuration: dict[str, Any] = {
            "urls": {"streaming": (self.streaming_base or self.url).replace("http", "ws", 1)}
        }
        if self.access is not None:
            configuration["timelines_access"] = self.access
        found = {"domain": self.domain, "version": "4.6.4", "configuration": configuration}
        return self._limited(request, orjson.dumps(found), needs_token=False)

    def _app(self, request: SeenRequest) -> Answer:
        return self._limited(request, orjson.dumps({"name": "firewatch", "scopes": ["read:statuses"]}))

    def _timeline(self, request: SeenRequest) -> Answer:
        query = request.query
        is_hashtag = "/tag/" in request.path
        parts = [part for part in ("local", "remote") if query.get(part) == "true"] or ["local", "remote"]
        access = (self.access or {}).get("hashtag_feeds" if is_hashtag else "live_feeds", OPEN_ACCESS)
        tag = request.path.rpartition("/")[2] if is_hashtag else ""
        shown = sorted(
            (
                each.status
                for each in self.kept
                if ("local" if each.is_local else "remote") in parts
                and access["local" if each.is_local else "remote"] != "disabled"
                and (not tag or tag in each.tags)
            ),
            key=lambda status: int(status["id"]),
        )
        limit = min(int(query.get("limit", "20")), 40)
        if "min_id" in query:
            page = [status for status in shown if int(status["id"]) > int(query["min_id"])][:limit]
        else:
            newer = [status for status in shown if int(status["id"]) > int(query.get("since_id", "0"))]
            page = [status for status in newer if int(status["id"]) < int(query.get("max_id", str(2**80)))][-limit:]
        page = page[::-1]
        headers = {}
        if page and self.links:
            base = self.http.url(request.path)
            next_page = f'<{base}?limit={limit}&max_id={page[-1]["id"]}>; rel="next"'
            headers["Link"] = f'{next_page}, <{base}?limit={limit}&min_id={page[0]["id"]}>; rel="prev"'
        return self._limited(request, orjson.dumps(page), headers)

    def _limited(
        self, request: SeenRequest, body: bytes, headers: dict[str, str] | None = None, *, needs_token: bool = True
    ) -> Answer:
        headers = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        if needs_token and _token(request) not in self.tokens:
            return Answer(401, headers, b'{"error":"The access token is invalid"}')
        if self.limit is not None:
            if self._now_ms() >= self.reset_ms:
                self.limit, self.reset_ms = 300, self._now_ms() + 300_000
            headers |= {
                "Date": datetime.fromtimestamp(self._now_ms() / 1000, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
                "X-RateLimit-Limit": "300",
                "X-RateLimit-Remaining": str(max(0, self.limit - 1)),
                "X-RateLimit-Reset": _iso(self.reset_ms),
            }
            if self.limit <= 0:
                return Answer(429, headers, b'{"error":"Too many requests"}')
            self.limit -= 1
        return Answer(200, headers, body)

    def _stream(self, request: SeenRequest) -> Answer:
        path = request.path.removeprefix("/api/v1/streaming/")
        if path == "health":
            return Answer(200, {"Content-Type": "text/plain"}, b"OK")
        if not self.tokens.get(_token(request)):
            return Answer(401, {"Content-Type": "application/json"}, b'{"error":"Invalid access token"}')
        if path not in {"public", "public/local", "public/remote", "hashtag", "hashtag/local"}:
            return Answer(404, {"Content-Type": "application/json"}, b'{"error":"Not found"}')
        stream = OpenStream(path, request.query.get("tag", ""))
        return Answer(200, {"Content-Type": "text/event-stream"}, lambda _request: self._events(stream))

    async def _events(self, stream: OpenStream) -> AsyncIterator[bytes]:
        self.streams.append(stream)
        self._opened.set()
        try:
            yield self.greeting
            while True:
                try:
                    block = await asyncio.wait_for(stream.waiting.get(), self._heartbeat)
                except TimeoutError:
                    block = b"" if stream.stalls else b":thump\n"
                if block is None:
                    raise ConnectionResetError
                yield block
        finally:
            if stream in self.streams:
                self.streams.remove(stream)

    def _send(self, event: str, payload: bytes, kept: Kept | None) -> None:
        for stream in self.streams:
            if kept is None or self._is_shown(stream, event, kept):
                stream.waiting.put_nowait(event_bytes(event, payload))

    def _is_shown(self, stream: OpenStream, event: str, kept: Kept) -> bool:
        access = (self.access or {}).get("hashtag_feeds" if stream.tag else "live_feeds", OPEN_ACCESS)
        if event != "delete" and access["local" if kept.is_local else "remote"] == "disabled":
            return False
        if stream.tag and stream.tag not in kept.tags:
            return False
        return not stream.path.endswith("local" if not kept.is_local else "remote")


def event_bytes(event: str, payload: bytes) -> bytes:
    """Return an event as it is streamed."""
    return b"event: %b\ndata: %b\n\n" % (event.encode(), payload)


def _token(request: SeenRequest) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
