"""The endpoints of X that the filtered stream needs, as they are documented, with faults on demand."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from tests.support.http_faults import Answer, HttpFaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.support.http_faults import SeenRequest

EPOCH_MS: Final = 1_288_834_974_657

TOKEN: Final = "the-bearer"  # noqa: S105  of a server of the tests

REACH_MS: Final = 7 * 86_400_000
"""How far back recent search reaches."""

SEARCH_LAG_MS: Final = 10_000
"""Age that a post must have for recent search to be asked for it."""


def tweet_id(at_ms: int, number: int = 0) -> str:
    """Return an id that has a time in it."""
    return str((at_ms - EPOCH_MS << 22) + number)


def tweet(at_ms: int, text: str, number: int = 0, **fields: Any) -> dict[str, Any]:
    """Return a post as the API gives it."""
    id = tweet_id(at_ms, number)
    at = datetime.fromtimestamp(at_ms / 1000).astimezone().isoformat()
    own = {"id": id, "text": text, "created_at": at, "author_id": "7", "lang": "de", "edit_history_tweet_ids": [id]}
    return own | fields


class XServer(HttpFaults):
    """The server; posts that match a rule reach whoever is connected, and those that match a query are found by search.

    Parameters
    ----------
    now_ms
        The clock, by which recent search refuses what is too young or too old.
    heartbeat_seconds
        Seconds between two blank lines; X has 20.

    Attributes
    ----------
    rules
        Rules of the project by id.
    published
        All posts that search finds, in the order in which they were published.
    delivered
        Ids of the posts that the stream has sent, with those that were sent twice.
    searched
        Ids of the posts that recent search has given.
    open_streams
        Streams that X counts as open.
    lines
        Bytes that the stream sends besides posts, such as garbage; taken once.
    pages
        Queries of search.
    stale_connection
        Whether X counts a connection as open that nobody has.
    keeps_connections
        Whether it does not end one when it is asked to.
    """

    def __init__(
        self, now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000, heartbeat_seconds: float = 0.2
    ) -> None:
        super().__init__()
        self.rules: dict[str, dict[str, str]] = {}
        self.published: list[dict[str, Any]] = []
        self.delivered: list[str] = []
        self.searched: set[str] = set()
        self.open_streams = 0
        self.lines: list[bytes] = []
        self.pages: list[dict[str, str]] = []
        self.stale_connection = False
        self.keeps_connections = False
        self.refuses_rule: Callable[[str], bool] = lambda _: False
        self._now_ms = now_ms
        self._heartbeat = heartbeat_seconds
        self._streamed: list[dict[str, Any]] = []
        self._ended = 0
        self._cut: bytes | None = None
        self._stalls = False
        self._next = 1
        self._news = asyncio.Condition()
        self.handle("/2/tweets/search/stream/rules", self._rules)
        self.handle("/2/tweets/search/stream", self._stream)
        self.handle("/2/tweets/search/recent", self._search)
        self.handle("/2/connections/filtered_stream", self._connections)

    def settings(self, **options: Any) -> dict[str, Any]:
        """Return the entry of a source that reads this server."""
        own = {"id": "x", "kind": "x", "spend_limit_usd_per_day": 100, "api_url": self.url(""), "allow_private": True}
        return own | options

    def add_rule(self, value: str, tag: str) -> str:
        """Add a rule, as somebody may who shares the project."""
        id = str(self._next)
        self._next += 1
        self.rules[id] = {"id": id, "value": value, "tag": tag}
        return id

    async def publish(self, *posts: dict[str, Any], streamed: bool = True) -> None:
        """Publish posts, and stream them unless the stream misses them."""
        self.published += posts
        self._streamed += posts if streamed else ()
        await self._tell()

    async def stream(self, *posts: dict[str, Any]) -> None:
        """Stream posts that were published, again or late."""
        self._streamed += posts
        await self._tell()

    async def send(self, line: bytes) -> None:
        """Send a line to whoever is connected."""
        self.lines.append(line)
        await self._tell()

    async def cut(self, part: bytes = b"") -> None:
        """End the stream amid a line, of which a part is sent."""
        self._cut = part
        await self._tell()

    async def stall(self) -> None:
        """Keep the stream open, and send nothing by it any more, until the client asks for its end."""
        self._stalls = True
        await self._tell()

    async def until(self, condition: Callable[[], bool], timeout_seconds: float = 60.0) -> None:
        """Wait until something holds that changes with a stream or what it sends, such as that one is open."""
        async with asyncio.timeout(timeout_seconds), self._news:
            await self._news.wait_for(condition)

    async def until_streams(self) -> None:
        """Wait until a stream is open that sends what is published."""
        await self.until(lambda: self.open_streams > 0 and not self._stalls and self._cut is None)

    def _behave(self) -> None:
        self._stalls, self._cut = False, None

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    def _refused(self, request: SeenRequest) -> Answer | None:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _json({"title": "Unauthorized", "status": 401}, 401)
        return None

    def _rules(self, request: SeenRequest) -> Answer:
        if refused := self._refused(request):
            return refused
        if request.method == "GET":
            return _json({"data": list(self.rules.values()), "meta": {}} if self.rules else {"meta": {}})
        body = orjson.loads(request.body)
        for id in body.get("delete", {}).get("ids", ()):
            self.rules.pop(id, None)
        errors = []
        for rule in body.get("add", ()):
            if self.refuses_rule(rule["value"]):
                errors.append({"title": "UnprocessableEntity", "value": rule["value"], "details": ["no such operator"]})
            elif any(rule["value"] == each["value"] for each in self.rules.values()):
                errors.append({"title": "DuplicateRule", "value": rule["value"]})
            else:
                self.add_rule(rule["value"], rule["tag"])
        return _json({"meta": {}} | ({"errors": errors} if errors else {}), 201)

    async def _connections(self, request: SeenRequest) -> Answer:
        if refused := self._refused(request):
            return refused
        if not self.keeps_connections:
            self.stale_connection = False
            self._ended += 1
            async with self._news:
                self._news.notify_all()
                await self._news.wait_for(lambda: not self.open_streams)
        return _json({"data": {"successful_kills": 1, "failed_kills": 0}})

    def _stream(self, request: SeenRequest) -> Answer:
        if refused := self._refused(request):
            return refused
        if not self.rules:
            return _json({"title": "RuleConfigurationIssue"}, 409)
        if self.stale_connection or self.open_streams:
            problem = {"title": "ConnectionException", "connection_issue": "TooManyConnections"}
            return _json(problem, 429)
        return Answer(body=self._feed)

    async def _feed(self, _request: SeenRequest) -> AsyncIterator[bytes]:
        self.open_streams += 1
        self._behave()
        sent, ended = len(self._streamed), self._ended
        try:
            yield b"\r\n"
            await self._tell()
            while ended == self._ended:
                if self._stalls:
                    async with self._news:
                        await self._news.wait_for(lambda: ended != self._ended)
                elif self._cut is not None:
                    yield self._cut
                    raise ConnectionResetError
                elif self.lines:
                    yield self.lines.pop(0) + b"\r\n"
                    await self._tell()
                elif sent < len(self._streamed):
                    post = self._streamed[sent]
                    sent += 1
                    if matching := [each for each in self.rules.values() if matches(each["value"], post)]:
                        ids = [{"id": each["id"], "tag": each["tag"]} for each in matching]
                        yield orjson.dumps({"data": post, "matching_rules": ids}) + b"\r\n"
                        self.delivered.append(post["id"])
                        await self._tell()
                else:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._heartbeat), self._news:
                            await self._news.wait()
                    yield b"\r\n"
        finally:
            self.open_streams -= 1
            async with self._news:
                self._news.notify_all()

    def _search(self, request: SeenRequest) -> Answer:
        if refused := self._refused(request):
            return refused
        query, now_ms = request.query, self._now_ms()
        self.pages.append(query)
        begin_ms, end_ms = now_ms - REACH_MS, now_ms - 3 * SEARCH_LAG_MS
        if "start_time" in query:
            if _ms(query["start_time"]) < begin_ms:
                return _json({"title": "Invalid Request", "detail": "'start_time' is too old"}, 400)
            begin_ms = _ms(query["start_time"])
        if "end_time" in query:
            end_ms = _ms(query["end_time"])
            if end_ms > now_ms - SEARCH_LAG_MS:
                return _json({"title": "Invalid Request", "detail": "'end_time' is too young"}, 400)
        start, size = int(query.get("next_token") or 0), int(query["max_results"])
        if not 10 <= size <= 100:
            return _json({"title": "Invalid Request", "detail": "'max_results' is not within 10 and 100"}, 400)
        found = [each for each in self.published if begin_ms <= ms_of(each) < end_ms and matches(query["query"], each)]
        found.sort(key=lambda each: -int(each["id"]))
        page = found[start : start + size]
        self.searched |= {each["id"] for each in page}
        meta = {"result_count": len(page)}
        more = {"next_token": str(start + size)} if start + size < len(found) else {}
        return _json({"data": page, "meta": meta | more} if page else {"meta": meta})


def matches(rule: str, post: dict[str, Any]) -> bool:
    """Return whether a rule or query of X lets a post through: one of its terms is there, and the sample has it."""
    sample = re.search(r" sample:(\d+)", rule)
    terms = re.findall(r'"([^"]*)"', rule) or [rule]
    is_drawn = sample is None or int(post["id"]) * 2_654_435_761 % 100 < int(sample[1])
    return is_drawn and any(term.lower() in post["text"].lower() for term in terms)


def ms_of(post: dict[str, Any]) -> int:
    """Return when a post was written, by its id."""
    return (int(post["id"]) >> 22) + EPOCH_MS


def _ms(time: str) -> int:
    return round(datetime.fromisoformat(time).timestamp() * 1000)


def _json(body: dict[str, Any], status: int = 200) -> Answer:
    limit = {"x-rate-limit-limit": "450", "x-rate-limit-remaining": "449"}
    return Answer(status, {"Content-Type": "application/json", **limit}, orjson.dumps(body))
