"""A Slack of the test's own, over real HTTP: it keeps messages, and refuses what Slack refuses."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Self

import orjson
from aiohttp import web

from tests.support.block_kit import MAX_TEXT_UNITS, block_problems, units

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN: Final = "xoxb-1-2-secret"  # noqa: S105  of a server of the test's own
CHANNEL: Final = "C0123456789"
BOT: Final = "B0000000001"
START_S: Final = 1_772_409_600

Json = dict[str, Any]

ARGUMENTS: Final = {
    "chat.postMessage": {
        "channel", "text", "blocks", "mrkdwn", "unfurl_links", "unfurl_media", "thread_ts", "reply_broadcast",
        "metadata",
    },
    "chat.update": {"channel", "ts", "text", "blocks", "metadata"},
    "auth.test": set(),
    "conversations.history": {"channel", "oldest", "inclusive", "limit", "cursor", "include_all_metadata"},
    "conversations.replies": {"channel", "ts", "limit", "cursor", "include_all_metadata"},
}  # fmt: skip


class SlackServer:
    """Slack with one channel.

    Attributes
    ----------
    messages
        The messages of the channel, by timestamp.
    calls
        The methods that were called, in order; ``webhook`` is the incoming webhook.
    faults
        What `fail` has set.
    posted
        Bodies of messages that the incoming webhook has accepted.
    """

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self.messages: dict[str, Json] = {}
        self.calls: list[str] = []
        self.faults: dict[str, deque[Any]] = {}
        self.posted: list[Json] = []
        self.page = 200
        self._clock = clock or time.time
        self._count = 0
        self.held, self._ended = asyncio.Event(), asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.url = self.api_url = self.webhook_url = ""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1_000_000)
        app.router.add_post("/api/{method}", self._api)
        app.router.add_post("/services/T0/B0/secret", self._webhook)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.api_url, self.webhook_url = f"{self.url}/api", f"{self.url}/services/T0/B0/secret"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended.set()
        if self._runner is not None:
            await self._runner.cleanup()

    def fail(self, method: str, *faults: Any) -> None:
        """Answer the next calls of a method so: an error by its name, a status by its number, or as usual (None).

        After ``"lost"`` the request is carried out and its connection closed, after ``"held"`` it is carried out and
        not answered before the server ends; `held` is set then.
        """
        self.faults.setdefault(method, deque()).extend(faults)

    # what tests look at

    def threads(self) -> list[list[Json]]:
        """Return the messages of each thread, the first one first."""
        firsts = [each for each in self.messages.values() if each.get("thread_ts", each["ts"]) == each["ts"]]
        return [self._thread(first["ts"]) for first in sorted(firsts, key=lambda each: each["ts"])]

    def _thread(self, ts: str) -> list[Json]:
        found = [each for each in self.messages.values() if each.get("thread_ts", each["ts"]) == ts]
        return sorted(found, key=lambda each: each["ts"])

    def ids(self) -> list[list[str]]:
        """Return the ids of the steps and verdicts in each thread."""
        return [[each["metadata"]["event_payload"]["id"] for each in thread] for thread in self.threads()]

    # the incoming webhook

    async def _webhook(self, request: web.Request) -> web.Response:
        self.calls.append("webhook")
        fault = self._fault("webhook")
        if isinstance(fault, int):
            return web.Response(status=fault, text="as configured")
        body = orjson.loads(await request.read())
        known = {"text", "blocks", "mrkdwn", "unfurl_links", "unfurl_media"}
        if not set(body) <= known or not isinstance(body.get("text"), str) or not body["text"]:
            return web.Response(status=400, text="invalid_payload")
        if "blocks" in body and block_problems(body["blocks"]):
            return web.Response(status=400, text="invalid_blocks")
        self.posted.append(body)
        return web.Response(text="ok")

    # the Web API

    async def _api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.calls.append(method)
        fault = self._fault(method)
        if isinstance(fault, int):
            return web.Response(status=fault, headers={"Retry-After": "3"})
        if fault is not None and fault not in {"lost", "held"}:
            return web.json_response({"ok": False, "error": fault})
        answer = await self._answer(method, request)
        if fault == "lost":  # done, but the answer does not arrive
            assert request.transport is not None
            request.transport.close()
            raise ConnectionResetError
        if fault == "held":
            self.held.set()
            await self._ended.wait()
        return web.json_response(answer)

    def _fault(self, method: str) -> Any:
        waiting = self.faults.get(method)
        return waiting.popleft() if waiting else None

    async def _answer(self, method: str, request: web.Request) -> Json:
        if "Authorization" not in request.headers:
            return _error("not_authed")
        if request.headers["Authorization"] != f"Bearer {TOKEN}":
            return _error("invalid_auth")
        if method not in ARGUMENTS:
            return _error("unknown_method")
        writes = method.startswith("chat.")
        if writes != (request.content_type == "application/json"):
            return _error("invalid_post_type")
        arguments: Json = orjson.loads(await request.read()) if writes else dict(await request.post())
        if not set(arguments) <= ARGUMENTS[method]:
            return _error("invalid_arguments", sorted(set(arguments) - ARGUMENTS[method]))
        if method == "auth.test":
            return {"ok": True, "bot_id": BOT, "user_id": "U1", "team": "Nordtel"}
        if arguments.get("channel") != CHANNEL:
            return _error("channel_not_found")
        match method:
            case "chat.postMessage":
                return self._post(arguments)
            case "chat.update":
                return self._update(arguments)
            case "conversations.history":
                return self._history(arguments)
        return self._replies(arguments)

    def _post(self, arguments: Json) -> Json:
        problem = _message_problem(arguments)
        if problem is not None:
            return problem
        thread = arguments.get("thread_ts")
        if thread is not None and thread not in self.messages:
            return _error("thread_not_found")
        if thread is not None and self.messages[thread].get("thread_ts", thread) != thread:
            return _error("cannot_reply_to_message")
        ts = self.add(arguments)
        return {"ok": True, "channel": CHANNEL, "ts": ts, "message": self.messages[ts]}

    def add(self, fields: Json, bot: str = BOT) -> str:
        """Add a message, and return its timestamp."""
        self._count += 1
        ts = f"{self._clock():.0f}.{self._count:06}"
        kept: Json = {name: fields[name] for name in ("text", "blocks", "metadata", "thread_ts") if name in fields}
        broadcast = {"subtype": "thread_broadcast"} if fields.get("reply_broadcast") else {}
        self.messages[ts] = {"type": "message", "bot_id": bot, "ts": ts, **kept, **broadcast}
        if "thread_ts" in kept:
            self.messages[kept["thread_ts"]]["thread_ts"] = kept["thread_ts"]
        return ts

    def _update(self, arguments: Json) -> Json:
        problem = _message_problem(arguments)
        if problem is not None:
            return problem
        message = self.messages.get(arguments["ts"])
        if message is None:
            return _error("message_not_found")
        message |= {name: arguments[name] for name in ("text", "blocks", "metadata") if name in arguments}
        return {"ok": True, "channel": CHANNEL, "ts": arguments["ts"], "text": arguments["text"]}

    def _history(self, arguments: Json) -> Json:
        oldest = float(arguments.get("oldest", 0))
        found = [
            each
            for each in self.messages.values()
            if float(each["ts"]) >= oldest
            and (each.get("thread_ts", each["ts"]) == each["ts"] or each.get("subtype") == "thread_broadcast")
        ]
        return self._page(sorted(found, key=lambda each: each["ts"], reverse=True), arguments)

    def _replies(self, arguments: Json) -> Json:
        if arguments["ts"] not in self.messages:
            return _error("thread_not_found")
        return self._page(self._thread(arguments["ts"]), arguments)

    def _page(self, messages: list[Json], arguments: Json) -> Json:
        limit = int(arguments["limit"])
        if not 1 <= limit <= 999:
            return _error("invalid_limit")
        limit, start = min(limit, self.page), int(arguments.get("cursor", "0"))
        with_metadata = arguments.get("include_all_metadata") == "true"
        page = [
            {name: value for name, value in each.items() if with_metadata or name != "metadata"}
            for each in messages[start : start + limit]
        ]
        more = start + limit < len(messages)
        cursor = {"response_metadata": {"next_cursor": str(start + limit)}} if more else {}
        return {"ok": True, "messages": page, "has_more": more, **cursor}


def _message_problem(arguments: Json) -> Json | None:
    text = arguments.get("text")
    if not isinstance(text, str) or not text.strip():
        return _error("no_text")
    if units(text) > MAX_TEXT_UNITS:
        return _error("msg_too_long")
    if problems := block_problems(arguments.get("blocks", [])):
        return _error("invalid_blocks", problems)
    metadata = arguments.get("metadata", {})
    payload = metadata.get("event_payload")
    if set(metadata) != {"event_type", "event_payload"} or not isinstance(payload, dict):
        return _error("invalid_metadata_format")
    if not all(isinstance(value, str) for value in payload.values()) or len(orjson.dumps(metadata)) > 8_000:
        return _error("invalid_metadata_schema")
    return None


def _error(code: str, messages: list[str] | None = None) -> Json:
    return {"ok": False, "error": code, **({"response_metadata": {"messages": messages}} if messages else {})}
