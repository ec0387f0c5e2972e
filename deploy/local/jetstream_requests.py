"""What subscribers of a local Jetstream server ask for, by the parameters of each wire."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from deploy.local.jetstream_events import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.local.jetstream_events import Event


class Refusal(Exception):
    """A request for a subscription can't be met."""

    def __init__(self, status: HTTPStatus, error: str, message: str) -> None:
        self.status, self.error, self.message = status, error, message
        super().__init__(message)


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


def _matches(pattern: str, collection: str) -> bool:
    return collection.startswith(pattern[:-1]) if pattern.endswith(".*") else collection == pattern


def cursor_of(asked: Mapping[str, list[str]], *, strict: bool) -> int | None:
    """Return the cursor that is asked for, None for the present; v2 is strict and refuses an empty one."""
    text = asked.get("cursor", [""])[0]
    if not text and not strict:
        return None
    try:
        return int(text) if "cursor" in asked else None
    except ValueError:
        raise Refusal(HTTPStatus.BAD_REQUEST, "InvalidRequest", f"cursor {text!r} is no integer") from None


def filter_of_v2(asked: Mapping[str, list[str]]) -> Filter:
    """Return the filter; what this wire does not know is refused."""
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


def filter_of_v1(asked: Mapping[str, list[str]]) -> Filter:
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
