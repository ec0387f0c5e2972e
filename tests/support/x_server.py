"""The endpoints of X that the filtered stream needs, as they are documented, with faults on demand."""

from __future__ import annotations

import asyncio
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
    """The server; posts that are published reach whoever is connected, and those that match are found by search.

    Attributes
    ----------
    rules
        Rules of the project by id.
    published
        All posts, in order.
    open_streams
        Streams that X counts as open.
    lines
        Bytes that the stream sends besides posts, such as garbage; taken once.
    stop_after
        Lines after which a stream ends without a word; None for never.
    pages
        Queries of search.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rules: dict[str, dict[str, str]] = {}
        self.published: list[dict[str, Any]] = []
        self.open_streams = 0
        self.lines: list[bytes] = []
        self.stop_after: int | None = None
        self.pages: list[dict[str, str]] = []
        self.stale_connection = False
        self.keeps_connections = False
        self._ended = 0
        self.refuses_rule: Callable[[str], bool] = lambda _: False
        self._next = 1
        self._news = asyncio.Condition()
        self.handle("/2/tweets/search/stream/rules", self._rules)
        self.handle("/2/tweets/search/stream", self._stream)
        self.handle("/2/tweets/search/recent", self._search)
        self.handle("/2/connections/filtered_stream", self._connections)

    def add_rule(self, value: str, tag: str) -> str:
        """Add a rule, as somebody may who shares the project."""
        id = str(self._next)
        self._next += 1
        self.rules[id] = {"id": id, "value": value, "tag": tag}
        return id

    async def publish(self, *posts: dict[str, Any]) -> None:
        """Publish posts."""
        self.published += posts
        async with self._news:
            self._news.notify_all()

    async def send(self, line: bytes) -> None:
        """Send a line to whoever is connected."""
        self.lines.append(line)
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
        sent, count, ended = len(self.published), 0, self._ended
        try:
            yield b"\r\n"
            while ended == self._ended and (self.stop_after is None or count < self.stop_after):
                if self.lines:
                    yield self.lines.pop(0) + b"\r\n"
                    count += 1
                elif sent < len(self.published):
                    yield orjson.dumps({"data": self.published[sent], "matching_rules": []}) + b"\r\n"
                    sent += 1
                    count += 1
                else:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(0.2), self._news:
                            await self._news.wait()
                    yield b"\r\n"
        finally:
            self.open_streams -= 1
            async with self._news:
                self._news.notify_all()

    def _search(self, request: SeenRequest) -> Answer:
        if refused := self._refused(request):
            return refused
        query = request.query
        self.pages.append(query)
        since = int(query.get("since_id", 0))
        if "start_time" in query:
            start = datetime.fromisoformat(query["start_time"])
            since = int(tweet_id(int(start.timestamp() * 1000))) - 1
        found = sorted((each for each in self.published if int(each["id"]) > since), key=lambda each: -int(each["id"]))
        begin, size = int(query.get("next_token") or 0), int(query["max_results"])
        page = found[begin : begin + size]
        meta = {"result_count": len(page)}
        more = {"next_token": str(begin + size)} if begin + size < len(found) else {}
        return _json({"data": page, "meta": meta | more} if page else {"meta": meta})


def _json(body: dict[str, Any], status: int = 200) -> Answer:
    return Answer(status, {"Content-Type": "application/json", "x-rate-limit-limit": "450"}, orjson.dumps(body))
