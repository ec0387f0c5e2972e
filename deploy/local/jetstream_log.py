"""The events that a local Jetstream server keeps, made of posts, deletions and accounts."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from deploy.local.jetstream_events import POSTS, RECORD_KEY, URI, Event, cid, created, did_of, digest, iso, tid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOOK_BACK_SECONDS: Final = 36 * 3600.0
"""How long events are kept, as the servers of Bluesky do by default."""

_KNOWN_POSTS: Final = 200_000
"""Authors of so many latest posts are kept, for deletions that name only the post."""


def now_us() -> int:
    """Return the time of this machine, microseconds since 1970."""
    return time.time_ns() // 1000


class EventLog:
    """Events in the order in which they are added, numbered without a hole.

    Parameters
    ----------
    look_back_seconds
        How long events are kept.
    first_seq
        Number of the first event.
    now_us
        The clock, microseconds since 1970.

    Attributes
    ----------
    first_seq
        Number of the oldest event that is kept.
    """

    def __init__(self, look_back_seconds: float, first_seq: int, now_us: Callable[[], int]) -> None:
        self._look_back_us = int(look_back_seconds * 1_000_000)
        self._now_us = now_us
        self.first_seq = first_seq
        self._events: list[Event] = []
        self._authors: OrderedDict[str, str] = OrderedDict()

    def added(self) -> None:
        """Take notice of another event."""

    @property
    def next_seq(self) -> int:
        """Number of the event to come."""
        return self.first_seq + len(self._events)

    def post(self, post: Mapping[str, Any], *, witnessed_us: int | None = None) -> int:
        """Add a post, or its new version if it has ``"edited": true``; return the number of the event.

        Parameters
        ----------
        post
            Fields as in the documentation of `deploy.local.jetstream_server`.
        witnessed_us
            When the server witnessed it, microseconds since 1970; now by default.
        """
        did, collection, key = self._place(str(post["id"]), post.get("author"))
        record = self._record(post)
        operation = "update" if post.get("edited") else "create"
        return self.commit(did, operation, collection, key, record, witnessed_us=witnessed_us)

    def delete(self, id: str, *, witnessed_us: int | None = None) -> int:
        """Add the deletion of a post by the id that it was given with; return the number of the event."""
        did, collection, key = self._place(id, None)
        return self.commit(did, "delete", collection, key, witnessed_us=witnessed_us)

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
        self.added()
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
