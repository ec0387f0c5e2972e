"""A Jetstream server on this machine, for the demo and the tests: both wires of Bluesky's Jetstream, from posts that it
is given.

It follows the lexicon `network.bsky.jetstream.subscribeEvents` (``/xrpc/...``, called v2 here) and the documentation of
the older ``/subscribe`` (v1): cursors by number and by time, the look-back window, ``#info OutdatedCursor``,
``CursorTooOld``, filters, pings. Compression is not offered.

    python deploy/local/jetstream_server.py [--port 8481]

prints its address, and ``subscribed`` once somebody is, and reads posts from standard input, a JSON object a line:
``id``, ``author``, ``text``, ``created_at``, and optionally ``lang`` or ``langs``, ``reply_to``, ``"edited": true``; or
``"delete": true`` with an ``id``; ``witnessed_ms`` is when the server witnesses it, by default now. It serves until it
is stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import time
from bisect import bisect_left
from collections import OrderedDict
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deploy.local.jetstream_events import (
    KINDS,
    NSID,
    POSTS,
    RECORD_KEY,
    URI,
    Event,
    Wire,
    cid,
    created,
    did_of,
    digest,
    iso,
    outdated,
    tid,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request
    from websockets.typing import Subprotocol

V2_PATH: Final = f"/xrpc/{NSID}"
V1_PATH: Final = "/subscribe"

LOOK_BACK_SECONDS: Final = 36 * 3600.0
"""How long events are kept, as the servers of Bluesky do by default."""

FIRST_TIME_CURSOR: Final = 10**15
"""Cursors from here on are times in microseconds since 1970, lower ones numbers of events."""

WRITE_SECONDS: Final = 5.0
"""A frame that can't be written for so long ends the connection."""

PING_SECONDS: Final = 30.0

_KNOWN_POSTS: Final = 200_000
"""Authors of so many latest posts are kept, for deletions that name only the post."""

_SUBPROTOCOL: Final = "xrpc.v1.json"


class Filter(NamedTuple):
    """What a subscriber asks for; an empty part matches everything."""

    kinds: frozenset[str] = frozenset()
    collections: tuple[str, ...] = ()
    dids: frozenset[str] = frozenset()
    max_bytes: int = 0

    def passes(self, event: Event) -> bool:
        """Return whether a subscriber gets an event, its size apart."""
        if self.kinds and event.kind not in self.kinds:
            return False
        if self.dids and event.did not in self.dids:
            return False
        if event.kind != "commit" or not self.collections:
            return True
        return any(_matches(pattern, event.body["collection"]) for pattern in self.collections)


class Start(NamedTuple):
    """Where a subscription begins.

    Parameters
    ----------
    seq
        Number of its first event.
    info
        Message of an ``OutdatedCursor``, if the cursor was too old.
    """

    seq: int
    info: str = ""


class Refusal(Exception):
    """A request for a subscription can't be met."""

    def __init__(self, status: HTTPStatus, error: str, message: str) -> None:
        self.status, self.error, self.message = status, error, message
        super().__init__(message)


class JetstreamServer:
    """A Jetstream server; an async context manager. All methods belong to the event loop in which it was started.

    Parameters
    ----------
    port
        Port on loopback; 0 for a free one.
    look_back_seconds
        How long events are kept.
    wires
        Which wires it speaks; a server of the old kind has ``v1`` alone.
    numbered
        Whether events of v1 have a ``cursor``, and numbers are accepted as cursors there, as on servers of 2026.
    first_seq
        Number of the first event.
    now_us
        The clock, microseconds since 1970.

    Examples
    --------
    >>> server = JetstreamServer()
    >>> server.post({"id": "1", "author": "kim", "text": "Nordtel ist weg", "created_at": "2026-03-02T10:15:00Z"})
    1
    >>> server.delete("1")
    2
    """

    def __init__(
        self,
        port: int = 0,
        *,
        look_back_seconds: float = LOOK_BACK_SECONDS,
        wires: tuple[Wire, ...] = ("v1", "v2"),
        numbered: bool = True,
        first_seq: int = 1,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._port = port
        self._look_back_us = int(look_back_seconds * 1_000_000)
        self._wires = wires
        self._numbered = numbered
        self._now_us = now_us
        self.first_seq = first_seq
        """Number of the oldest event that is kept."""
        self._events: list[Event] = []
        self._authors: OrderedDict[str, str] = OrderedDict()
        self._grown: set[asyncio.Event] = set()
        self._server: Server | None = None
        self.subscriptions = 0
        """Subscriptions so far."""
        self.subscribed = asyncio.Event()
        """Set once somebody has subscribed."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen for subscribers."""
        self._server = await serve(
            self._subscribed,
            "127.0.0.1",
            self._port,
            process_request=self._process_request,
            select_subprotocol=_select_subprotocol,
            compression=None,
            ping_interval=PING_SECONDS,
            max_size=1_000_000,
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """End all subscriptions; the events stay, and the port is used again after another `start`."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    @property
    def url(self) -> str:
        """Address for the setting `hosts` of a source."""
        return f"ws://127.0.0.1:{self._port}"

    @property
    def next_seq(self) -> int:
        """Number of the event to come."""
        return self.first_seq + len(self._events)

    # What happens on the network

    def post(self, post: Mapping[str, Any], *, witnessed_us: int | None = None) -> int:
        """Add a post, or its new version if it has ``"edited": true``; return the number of the event.

        Parameters
        ----------
        post
            Fields as in the documentation of this module.
        witnessed_us
            When the server witnessed it, microseconds since 1970; now by default.
        """
        did, collection, key = self._place(str(post["id"]), post.get("author"))
        record = self._record(post)
        operation = "update" if post.get("edited") else "create"
        return self.commit(did, operation, collection, key, record, witnessed_us=witnessed_us)

    def delete(self, id: str, *, witnessed_us: int | None = None) -> int:
        """Add the deletion of a post by the id that it was given with; return the number of the event."""
        return self.commit(*self._with_operation("delete", id), witnessed_us=witnessed_us)

    def account(self, author: str, *, active: bool, status: str = "", witnessed_us: int | None = None) -> int:
        """Add a change of an account, such as ``active=False, status="deleted"``; return the number of the event."""
        did, now = did_of(author), self._now_us() if witnessed_us is None else witnessed_us
        account = {"active": active, "did": did, "seq": self.next_seq, "time": iso(now)}
        return self.add("account", did, {"account": account | ({"status": status} if status else {})}, now)

    def identity(self, author: str, handle: str = "") -> int:
        """Add a change of an identity; return the number of the event."""
        did, now = did_of(author), self._now_us()
        identity = {"did": did, "seq": self.next_seq, "time": iso(now)}
        return self.add("identity", did, {"identity": identity | ({"handle": handle} if handle else {})}, now)

    def commit(
        self,
        did: str,
        operation: str,
        collection: str,
        key: str,
        record: Any = None,
        *,
        witnessed_us: int | None = None,
    ) -> int:
        """Add a commit, with any record; return the number of the event."""
        body: dict[str, Any] = {
            "rev": tid(self._now_us(), self.next_seq), "operation": operation, "collection": collection, "rkey": key,
        }  # fmt: skip
        if record is not None:
            body |= {"record": record, "cid": cid(record)}
        return self.add("commit", did, body, witnessed_us)

    def add(self, kind: str, did: str, body: dict[str, Any], witnessed_us: int | None = None) -> int:
        """Add an event; return its number."""
        event = Event(self.next_seq, self._now_us() if witnessed_us is None else witnessed_us, kind, did, body)
        self._events.append(event)
        self._forget(event.time_us)
        for grown in self._grown:
            grown.set()
        return event.seq

    def _forget(self, now_us: int) -> None:
        """Remove events that are older than the look-back window, a tenth of all at a time."""
        old = now_us - self._look_back_us
        some = max(1, len(self._events) // 10)
        if len(self._events) > some and self._events[some - 1].time_us < old:
            del self._events[:some]
            self.first_seq += some

    def _place(self, id: str, author: Any) -> tuple[str, str, str]:
        if found := URI.fullmatch(id):
            return found[1], found[2], found[3]
        key = id if RECORD_KEY.fullmatch(id) and id not in {".", ".."} else digest(id)
        if author is None:
            author = self._authors.get(id, "")
        else:
            self._authors[id] = str(author)
            if len(self._authors) > _KNOWN_POSTS:
                self._authors.popitem(last=False)
        return did_of(str(author)), POSTS, key

    def _with_operation(self, operation: str, id: str) -> tuple[str, str, str, str]:
        did, collection, key = self._place(id, None)
        return did, operation, collection, key

    def _record(self, post: Mapping[str, Any]) -> dict[str, Any]:
        record: dict[str, Any] = {"$type": POSTS, "createdAt": created(post.get("created_at"), self._now_us())}
        languages = post.get("langs") or ([post["lang"]] if post.get("lang") else [])
        if languages:
            record["langs"] = languages
        if parent := post.get("reply_to"):
            did, collection, key = self._place(str(parent), None)
            reference = {"cid": cid(str(parent)), "uri": f"at://{did}/{collection}/{key}"}
            record["reply"] = {"root": reference, "parent": reference}
        extra = {name: post[name] for name in ("facets", "embed", "reply") if name in post}
        return record | extra | {"text": post.get("text") or ""}

    # Subscriptions

    def _process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        try:
            self._plan(request.path)
        except Refusal as refusal:
            body = json.dumps({"error": refusal.error, "message": refusal.message}).encode()
            headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body))})
            return Response(refusal.status, refusal.status.phrase, headers, body)
        return self.answer(connection, request)

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:  # noqa: ARG002
        """Return a response in place of a subscription, None to accept it; for servers that misbehave."""
        return None

    def _plan(self, path: str) -> tuple[Wire, Filter, Start]:
        """Return the wire, filter and start that a request asks for.

        Raises
        ------
        Refusal
            If it can't be met.
        """
        parts = urlsplit(path)
        asked = parse_qs(parts.query, keep_blank_values=True)
        if parts.path == V2_PATH and "v2" in self._wires:
            return "v2", _filter_of_v2(asked), self.start_of("v2", _cursor(asked, strict=True))
        if parts.path == V1_PATH and "v1" in self._wires:
            return "v1", _filter_of_v1(asked), self.start_of("v1", _cursor(asked, strict=False))
        raise Refusal(HTTPStatus.NOT_FOUND, "MethodNotImplemented", "there is no such endpoint")

    def start_of(self, wire: Wire, cursor: int | None) -> Start:
        """Return where a subscription with a cursor begins.

        Raises
        ------
        Refusal
            With ``CursorTooOld``.
        """
        is_time = cursor is not None and (cursor >= FIRST_TIME_CURSOR or (wire == "v1" and not self._numbered))
        if cursor is None or cursor > (self._now_us() if is_time else self.next_seq - 1):
            return Start(self.next_seq)
        if is_time:
            oldest = self._events[0].time_us if self._events else cursor
            seq = self.first_seq + bisect_left(self._events, cursor, key=lambda event: event.time_us)
            note = f"requested timestamp cursor below retention floor; starting at seq {seq}"
            return Start(seq, note if cursor < oldest and wire == "v2" else "")
        if cursor < self.first_seq and wire == "v2":
            raise Refusal(
                HTTPStatus.BAD_REQUEST,
                "CursorTooOld",
                f"cursor {cursor} is below the retention floor; oldest available seq is {self.first_seq}",
            )
        return Start(max(cursor, self.first_seq))

    async def _subscribed(self, connection: ServerConnection) -> None:
        request = connection.request
        if request is None:
            return
        self.subscriptions += 1
        try:
            wire, chosen, start = self._plan(request.path)
        except Refusal:
            return  # it began before the floor moved
        self.subscribed.set()
        sending = asyncio.create_task(self._send_all(connection, wire, chosen, start))
        try:
            await _refuse_frames(connection, wire)  # ends with the connection
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending

    async def _send_all(self, connection: ServerConnection, wire: Wire, chosen: Filter, start: Start) -> None:
        try:
            if start.info:
                await self.send(connection, outdated(start.info))
            await self._send_events(connection, wire, chosen, start.seq)
        except (ConnectionClosed, TimeoutError):
            connection.transport.abort()

    async def _send_events(self, connection: ServerConnection, wire: Wire, chosen: Filter, seq: int) -> None:
        grown = asyncio.Event()
        self._grown.add(grown)
        try:
            while True:
                grown.clear()
                for event in self._from(seq):
                    seq = event.seq + 1
                    frame = self.frame(event, wire) if chosen.passes(event) else b""
                    if frame and not 0 < chosen.max_bytes < len(frame):
                        await self.send(connection, frame)
                if seq >= self.next_seq:
                    await grown.wait()
        finally:
            self._grown.discard(grown)

    def _from(self, seq: int) -> Iterator[Event]:
        """Yield the events from a number on, up to a thousand of them."""
        first = max(0, seq - self.first_seq)
        yield from self._events[first : first + 1000]

    def frame(self, event: Event, wire: Wire) -> bytes:
        """Return the frame of an event; servers that misbehave return others."""
        return event.frame(wire, numbered=self._numbered)

    async def send(self, connection: ServerConnection, frame: bytes) -> None:
        """Send a frame; servers that misbehave do otherwise."""
        async with asyncio.timeout(WRITE_SECONDS):
            await connection.send(frame, text=True)


def _matches(pattern: str, collection: str) -> bool:
    return collection.startswith(pattern[:-1]) if pattern.endswith(".*") else collection == pattern


def _cursor(asked: Mapping[str, list[str]], *, strict: bool) -> int | None:
    text = asked.get("cursor", [""])[0]
    if not text and not strict:
        return None
    try:
        return int(text) if "cursor" in asked else None
    except ValueError:
        raise Refusal(HTTPStatus.BAD_REQUEST, "InvalidRequest", f"cursor {text!r} is no integer") from None


def _filter_of_v2(asked: Mapping[str, list[str]]) -> Filter:
    for name in asked:
        if name not in {"cursor", "kinds", "collections", "dids", "maxMessageSizeBytes"}:
            raise Refusal(HTTPStatus.BAD_REQUEST, "InvalidRequest", f"unknown parameter {name}")
    kinds, collections = frozenset(asked.get("kinds", ())), tuple(asked.get("collections", ()))
    if unknown := kinds - set(KINDS):
        raise Refusal(HTTPStatus.BAD_REQUEST, "InvalidRequest", f"unknown kinds {', '.join(sorted(unknown))}")
    if collections and kinds and "commit" not in kinds:
        raise Refusal(HTTPStatus.BAD_REQUEST, "InvalidRequest", "collections without the kind commit")
    size = asked.get("maxMessageSizeBytes", ["0"])[0]
    if not size.isdecimal():
        raise Refusal(HTTPStatus.BAD_REQUEST, "InvalidRequest", "maxMessageSizeBytes is no size")
    return _within_limits(Filter(kinds, collections, frozenset(asked.get("dids", ())), int(size)))


def _filter_of_v1(asked: Mapping[str, list[str]]) -> Filter:
    """Return the filter; on this wire the kinds besides commits come regardless, and `sync` never comes."""
    size = asked.get("maxMessageSizeBytes", ["0"])[0]
    return _within_limits(
        Filter(
            frozenset(KINDS[:3]),
            tuple(asked.get("wantedCollections", ())),
            frozenset(asked.get("wantedDids", ())),
            int(size) if size.isdecimal() else 0,
        )
    )


def _within_limits(chosen: Filter) -> Filter:
    if len(chosen.collections) > 100 or len(chosen.dids) > 10_000:
        raise Refusal(HTTPStatus.BAD_REQUEST, "InvalidRequest", "too many collections or dids")
    return chosen


def _select_subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return next((each for each in offered if each == _SUBPROTOCOL), None)


async def _refuse_frames(connection: ServerConnection, wire: Wire) -> None:
    """End a connection whose client sends anything: neither wire needs it from ours."""
    with contextlib.suppress(ConnectionClosed):
        async for _ in connection:
            await connection.close(1008 if wire == "v2" else 1007, "no frames are expected")


async def _serve_lines(port: int) -> None:
    """Serve the posts of standard input."""
    async with JetstreamServer(port) as server:
        print(server.url, flush=True)
        telling = asyncio.create_task(_tell_of_subscriber(server))
        while line := await asyncio.to_thread(sys.stdin.buffer.readline):
            post = json.loads(line)
            witnessed_us = int(post["witnessed_ms"]) * 1_000 if "witnessed_ms" in post else None
            if post.get("delete"):
                server.delete(str(post["id"]), witnessed_us=witnessed_us)
            else:
                server.post(post, witnessed_us=witnessed_us)
        await telling
        await asyncio.Event().wait()


async def _tell_of_subscriber(server: JetstreamServer) -> None:
    await server.subscribed.wait()
    print("subscribed", flush=True)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Serve posts of standard input as a Jetstream server on loopback.")
    parser.add_argument("--port", type=int, default=0, help="port; a free one by default")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve_lines(arguments.port))


if __name__ == "__main__":
    main()
