"""How the events of a stream and the statuses of a timeline become posts, deletions and what is left out.

A post is named after its instance and its id there (``example.social/115000000000000001``), which deletions name too.
If the same post can come from several instances, which give it different ids, it is named by its URI instead; which URI
a deletion is about is then known for the latest posts alone.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from streams.core.ingest.parsing import parse
from streams.core.ingest.timestamps import exact_time_ms
from streams.core.recent import RecentMap
from streams.errors import RecordError
from streams.records import MAX_ID_CHARS
from streams.sources.live.base import Deleted, Found, Skipped
from streams.sources.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.config.sources.mastodon import MastodonSettings

BRIDGE: Final = "brid.gy"
"""Domain of Bridgy Fed, with a subdomain for each network that it copies posts from."""

_REMEMBERED: Final = 200_000
"""Posts whose URI is kept for deletions, over all instances."""

_LEAST_REMEMBERED: Final = 2_000
_EDITS_REMEMBERED: Final = 2_000

_CONVERTER: Final = PRESETS["mastodon"]


class StatusReader:
    """Reads the statuses and the deletions of one instance, whichever of its streams they come by.

    Parameters
    ----------
    settings
        Settings of the source.
    host
        Host of the instance, as the settings name it.

    Attributes
    ----------
    domain
        Domain of the instance's own accounts, which their names lack.
    """

    def __init__(self, settings: MastodonSettings, host: str) -> None:
        self._bots = settings.bots
        self._bridged = settings.bridged
        self._host = host
        self._named_by_uri = settings.shares_posts
        share = max(_LEAST_REMEMBERED, _REMEMBERED // len(settings.instances)) if self._named_by_uri else 0
        self._names: RecentMap[str, str] = RecentMap(share)
        self._edits: RecentMap[str, str] = RecentMap(_EDITS_REMEMBERED)
        self.domain = host.partition(":")[0]

    @property
    def remembered(self) -> int:
        """Return the number of entries that are kept in memory."""
        return len(self._names) + len(self._edits)

    def streamed(self, event: str, data: bytes, place: str) -> tuple[Found | Deleted | Skipped, MastodonStatus | None]:
        """Return the item of an event, and its status if it is new, after which a timeline would be read again.

        Raises
        ------
        RecordError
            If the data of an event of a status is none.
        """
        if event == "delete":
            return self._deletion(data), None
        if event not in {"update", "status.update"}:
            return Skipped("no_post"), None
        record = parse(data)
        status = MastodonStatus(record)
        if event == "status.update":
            return self._edit(record, status, data, place), None
        if status.edited_at:
            self._edits.put_new(status.id, status.edited_at)
        return self._post(record, status, data, place, is_edited=False), status

    def listed(self, record: Mapping[str, Any], raw: bytes, place: str, *, is_repeat: bool) -> Found | Skipped:
        """Return the item of a status of a timeline.

        Parameters
        ----------
        record, raw
            The status.
        place
            Where it is.
        is_repeat
            Whether it has been received before, perhaps in another version.

        Raises
        ------
        RecordError
            If it lacks what every status has.
        """
        status = MastodonStatus(record)
        if status.edited_at:
            self._edits.put_new(status.id, status.edited_at)
        item = self._post(record, status, raw, place, is_edited=is_repeat and bool(status.edited_at))
        if isinstance(item, Found) and not is_repeat:  # ids are in order of time: it was published after the last read
            return item._replace(witnessed_ms=status.claimed_ms)
        return item

    def _edit(self, record: Mapping[str, Any], status: MastodonStatus, raw: bytes, place: str) -> Found | Skipped:
        """Return the item of a status that has changed: its text, or only the counts of a poll."""
        if "edited_at" in record:
            if not status.edited_at or self._edits.get(status.id) == status.edited_at:
                return Skipped("no_post")
            self._edits.put_new(status.id, status.edited_at)
        return self._post(record, status, raw, place, is_edited=True)

    def _deletion(self, data: bytes) -> Deleted | Skipped:
        id = data.decode(errors="replace").strip().strip('"')
        if not id or len(id) > MAX_ID_CHARS or not id.isprintable():
            raise RecordError("bad_id", "the event 'delete' names no status")
        if not self._named_by_uri:
            return Deleted(f"{self._host}/{id}")
        name = self._names.get(id)
        return Skipped("no_post") if name is None else Deleted(name)

    def _post(
        self, record: Mapping[str, Any], status: MastodonStatus, raw: bytes, place: str, *, is_edited: bool
    ) -> Found | Skipped:
        for name in ("content", "created_at"):
            if name not in record:
                raise RecordError("missing_field", f"a status needs {name!r}")
        if isinstance(record.get("reblog"), dict):
            return Skipped("repost")
        if record.get("visibility") not in ("public", None):
            return Skipped("filtered")
        account = record.get("account")
        author = self._author(account) if isinstance(account, dict) else None
        if isinstance(account, dict) and account.get("bot") is True and not self._bots:
            return Skipped("filtered")
        if author is not None and not self._bridged and is_bridged(author):
            return Skipped("bridged")
        fields = _CONVERTER.convert(dict(record)) or {}
        del fields["source"]
        fields["id"] = self._name(record, status.id)
        fields["author"] = author if author is not None else fields["author"]
        fields["reply_to"] = self._referenced(record.get("in_reply_to_id"))
        return Found(fields, raw, edited=is_edited, place=place)

    def _name(self, record: Mapping[str, Any], id: str) -> str:
        if not self._named_by_uri:
            return f"{self._host}/{id}"
        uri = record.get("uri")
        if not isinstance(uri, str) or not uri.strip():
            raise RecordError("missing_field", "a status needs 'uri'")
        name = uri.strip()
        if len(name) > MAX_ID_CHARS:
            name = f"sha256:{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()}"
        self._names.put_new(id, name)
        return name

    def _referenced(self, id: Any) -> str | None:
        if not isinstance(id, str | int) or isinstance(id, bool) or id == "":
            return None
        return self._names.get(str(id)) if self._named_by_uri else f"{self._host}/{id}"

    def _author(self, account: Mapping[str, Any]) -> str | None:
        """Return the name of an account with its domain, which those of the instance itself lack."""
        name = account.get("acct")
        if not isinstance(name, str) or not name:
            return None
        return name if "@" in name else f"{name}@{self.domain}"


class MastodonStatus:
    """Of a status what its place in a timeline depends on.

    Attributes
    ----------
    id
        Its id on the instance.
    claimed_ms
        When it was written, as it says; milliseconds since the epoch, None if it does not.
    edited_at
        When it was edited last, as it says; empty if it was not.

    Raises
    ------
    RecordError
        If the record is none, or has no id.
    """

    __slots__ = ("claimed_ms", "edited_at", "id")

    def __init__(self, record: Any) -> None:
        if not isinstance(record, dict):
            raise RecordError("wrong_type", f"a status must be a JSON object, got {type(record).__name__}")
        id = record.get("id")
        if isinstance(id, int) and not isinstance(id, bool):
            id = str(id)
        if not isinstance(id, str) or not id.strip() or len(id) > MAX_ID_CHARS:
            raise RecordError("missing_field" if id is None else "bad_id", "a status needs 'id', a string")
        edited_at = record.get("edited_at")
        self.id = id.strip()
        self.claimed_ms = exact_time_ms(record.get("created_at"))
        self.edited_at = edited_at if isinstance(edited_at, str) else ""


def is_bridged(author: str) -> bool:
    """Return whether an account is a copy by Bridgy Fed.

    >>> is_bridged("kim.bsky.social@bsky.brid.gy"), is_bridged("kim@example.social")
    (True, False)
    """
    domain = author.rpartition("@")[2].lower().rstrip(".")
    return domain == BRIDGE or domain.endswith(f".{BRIDGE}")
