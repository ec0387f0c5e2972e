"""Posts and comments as Reddit's listings hold them, and what has become of one since it was read before."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from streams.errors import RecordError
from streams.sources.live.as_received import as_received
from streams.sources.live.base import Bad, Deleted, Found, Skipped
from streams.sources.plain_text import as_html
from streams.sources.presets import Reddit

if TYPE_CHECKING:
    from streams.sources.live.base import Item

REMOVED: Final = frozenset({"[removed]", "[deleted]", "[deleted by user]"})
"""Texts in place of those that a moderator, Reddit or the author has taken away."""

MAX_RAW_BYTES: Final = 65_536
"""Longest part of an entry that is kept for a dead letter."""

_NO_AUTHOR: Final = frozenset({"[deleted]", "[removed]"})
_NAME: Final = re.compile(r"t[13]_[0-9a-z]{1,13}")
_LAST_SECOND: Final = 253_402_300_799
_FORMAT: Final = Reddit()

ThingState = Literal["there", "anonymous", "removed"]
"""Whether a post is there with its author, has no author any more, or has lost its text."""


class Known(NamedTuple):
    """What is remembered of a post that was read.

    Parameters
    ----------
    created_ms
        When it was written, milliseconds since the epoch; 0 if that is not known.
    edited_ms
        When its newest known version was written; 0 for the first.
    state
        Its state then.
    absences
        How often in a row Reddit did not know it.
    """

    created_ms: int = 0
    edited_ms: int = 0
    state: ThingState = "there"
    absences: int = 0


class Thing(NamedTuple):
    """A post or comment.

    Parameters
    ----------
    name
        Its full name, such as ``t3_hozvuc``.
    known
        What is to be remembered of it.
    item
        What it is for the reader of the source if it was not read before.
    """

    name: str
    known: Known
    item: Item


class Odd(NamedTuple):
    """An entry of a listing that is no post: a defect, or of another kind.

    Parameters
    ----------
    key
        By which it is known again while it stays in the listing.
    item
        What it is for the reader of the source.
    """

    key: str
    item: Bad | Skipped


def read_thing(child: Any, *, include_reposts: bool) -> Thing | Odd:
    """Return an entry of a listing.

    Parameters
    ----------
    child
        The entry, decoded.
    include_reposts
        Whether crossposts are posts, with the text of their original.
    """
    data = child.get("data") if isinstance(child, dict) else None
    if not isinstance(data, dict):
        return _bad(child, "wrong_type", "an entry of a listing of Reddit needs an object 'data'")
    kind, name = child.get("kind"), data.get("name")
    if kind not in ("t1", "t3"):
        return Odd(_key(child), Skipped("no_post"))
    if not _FORMAT.fits(data) or (kind == "t1") != ("body" in data):
        needed = "'body'" if kind == "t1" else "'title'"
        return _bad(child, "missing_field", f"a post of Reddit needs 'created_utc' and {needed}")
    name = f"{kind}_{data.get('id')}" if name is None else name
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name[:2] != kind:
        return _bad(child, "bad_id", f"'name' must be such as {kind}_abc123")
    found = _FORMAT.convert(data) or {}
    fields = {key: value for key, value in found.items() if key != "source" and value is not None} | {"id": name}
    state = _state(data)
    if fields.get("author") in tuple(_NO_AUTHOR):
        fields.pop("author")
    known = Known(_ms(data["created_utc"]), _ms(data.get("edited")), state)
    if state == "removed":
        return Thing(name, known, Skipped("no_text"))
    if fields.get("repost_of"):
        if not include_reposts:
            return Thing(name, known, Skipped("repost"))
        fields["text"] = as_html(_with_original(data))
    return Thing(name, known, Found(fields, _raw(child), known.created_ms or None))


def change(thing: Thing, known: Known | None) -> Item | None:
    """Return what is new of a thing: itself, another version, its deletion, or nothing.

    Parameters
    ----------
    thing
        The thing as it is now.
    known
        What is remembered of it; None if it was not read before.
    """
    if known is None:
        return thing.item
    now = thing.known
    if now.state == "removed":
        return Deleted(thing.name) if known.state != "removed" else None
    if now.state == "anonymous" and known.state == "there":
        return Deleted(thing.name)  # the author has deleted the account, and wants to be forgotten
    if known.state == "removed" or now.edited_ms > known.edited_ms:
        return thing.item._replace(edited=True, witnessed_ms=None) if isinstance(thing.item, Found) else None
    return None


def _state(data: dict[str, Any]) -> ThingState:
    text = data["body"] if "body" in data else data.get("selftext")
    is_removed = data.get("removed_by_category") is not None or data.get("title") in tuple(REMOVED)
    if is_removed or (isinstance(text, str) and text.strip() in REMOVED):
        return "removed"
    return "anonymous" if data.get("author") in (None, *_NO_AUTHOR) else "there"


def _with_original(data: dict[str, Any]) -> Any:
    """Return the title of a crosspost with the text of its original, which it has not itself."""
    parents = data.get("crosspost_parent_list")
    original = parents[0] if isinstance(parents, list) and parents else None
    text = original.get("selftext") if isinstance(original, dict) else None
    title = data.get("title")
    if not isinstance(title, str) or not isinstance(text, str) or not text or text.strip() in REMOVED:
        return title
    return f"{title}\n{text}"


def _ms(seconds: Any) -> int:
    """Return a moment that Reddit gives in seconds as milliseconds; 0 for ``false`` and for what is no moment."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= _LAST_SECOND:
        return int(seconds is True)  # an edit of the first years, of which Reddit has no time
    return round(seconds * 1000)


def _bad(child: Any, reason: str, detail: str) -> Odd:
    return Odd(_key(child), Bad(RecordError(reason, detail), _raw(child)))


def _key(child: Any) -> str:
    """Return by what an entry is known again: its name or id, or else its bytes; scores change while it is there."""
    data = child.get("data") if isinstance(child, dict) else None
    names = (data.get("name"), data.get("id")) if isinstance(data, dict) else ()
    name = next((each for each in names if isinstance(each, str) and each), None)
    return name[:100] if name else hashlib.blake2b(_raw(child), digest_size=8).hexdigest()


def _raw(child: Any) -> bytes:
    """Return an entry as it was received, for a dead letter; cut if it is long."""
    return as_received(child)[:MAX_RAW_BYTES]
