"""What the events of Jetstream are: posts, edits, deletions, or nothing that is counted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from streams.core.ingest.timestamps import stated_time
from streams.core.recent import RecentSet
from streams.errors import RecordError
from streams.sources import bluesky_posts
from streams.sources.live.base import AuthorDeleted, Bad, Deleted, Found, Skipped

if TYPE_CHECKING:
    from streams.config.sources.jetstream import JetstreamSettings
    from streams.sources.live.base import Item, SkipReason
    from streams.sources.live.jetstream.frames import JetstreamEvent

_OF_BRIDGES: Final = ("bridgyOriginalText", "bridgyOriginalUrl")
"""Fields that Bridgy Fed adds to the records of the posts that it brings."""

_BRIDGE_HANDLES: Final = (".brid.gy",)
"""Ends of the handles of bridged accounts."""

BRIDGED_ACCOUNTS: Final = 100_000
"""So many accounts are remembered as bridged, the latest ones."""


class EventItems:
    """Turns events into items of a batch.

    Parameters
    ----------
    settings
        What is left out.
    """

    def __init__(self, settings: JetstreamSettings) -> None:
        self._languages = frozenset(settings.languages)
        self._skip_bridged = settings.skip_bridged
        self._bridged: RecentSet[str] = RecentSet(BRIDGED_ACCOUNTS)
        self._skipped: Counter[SkipReason] = Counter()

    def skipped(self) -> list[Skipped]:
        """Return what was skipped since the last call, an item for each reason."""
        items = [Skipped(reason, count) for reason, count in self._skipped.items()]
        self._skipped.clear()
        return items

    def add(self, event: JetstreamEvent, raw: bytes, items: list[Item]) -> None:
        """Append what an event is; what is skipped is counted instead.

        Parameters
        ----------
        event, raw
            The event, decoded and as it was received.
        items
            Items of the batch so far.
        """
        if event.kind == "commit":
            if event.body.get("collection") == bluesky_posts.COLLECTION:
                self._add_commit(event, raw, items)
                return
        elif event.kind == "account":
            # Other states, such as a suspension, are reversible and end no post.
            if event.body.get("active") is False and event.body.get("status") == "deleted":
                items.append(AuthorDeleted(bluesky_posts.short(event.did)))
                return
        elif event.kind == "identity" and self._skip_bridged:
            handle = event.body.get("handle")
            if isinstance(handle, str) and handle.endswith(_BRIDGE_HANDLES):
                self._bridged.add_new(event.did)
        self._skipped["no_post"] += 1

    def _add_commit(self, event: JetstreamEvent, raw: bytes, items: list[Item]) -> None:
        commit = event.body
        operation, rkey = commit.get("operation"), commit.get("rkey")
        if not isinstance(rkey, str) or not rkey:
            items.append(Bad(RecordError("missing_field", "a commit needs text as 'rkey'", field="rkey"), raw))
        elif operation == "delete":
            items.append(Deleted(bluesky_posts.short(bluesky_posts.uri_of(event.did, rkey))))
        elif operation in ("create", "update"):
            self._add_post(event, rkey, raw, items)
        else:
            self._skipped["no_post"] += 1

    def _add_post(self, event: JetstreamEvent, rkey: str, raw: bytes, items: list[Item]) -> None:
        record = event.body.get("record")
        if not isinstance(record, dict):
            reason = "missing_field" if record is None else "wrong_type"
            items.append(
                Bad(RecordError(reason, "a commit of a post needs an object as 'record'", field="record"), raw)
            )
            return
        left_out = self._reason_to_skip(event, record)
        if left_out:
            self._skipped[left_out] += 1
            return
        fields = bluesky_posts.fields_of(event.did, rkey, record)
        text = fields["text"]
        if text is None or (isinstance(text, str) and not text.strip()):
            self._skipped["repost" if bluesky_posts.quotes(record) else "no_text"] += 1
            return
        witnessed_ms = event.time_us // 1000
        if not _is_time(fields["created_at"]):
            fields["created_at"] = witnessed_ms
        items.append(Found(fields, raw, witnessed_ms, edited=event.body["operation"] == "update"))

    def _reason_to_skip(self, event: JetstreamEvent, record: dict[str, Any]) -> SkipReason | None:
        if self._skip_bridged and (event.did in self._bridged or any(name in record for name in _OF_BRIDGES)):
            return "bridged"
        claimed = record.get("langs")
        if self._languages and isinstance(claimed, list) and claimed:
            languages = {tag.partition("-")[0].lower() for tag in claimed if isinstance(tag, str)}
            if languages and not languages & self._languages:
                return "filtered"
        return None


def _is_time(claimed: Any) -> bool:
    """Return whether a program claims a time at all: the network lets through any value."""
    try:
        return stated_time(claimed) is not None
    except RecordError:
        return False
