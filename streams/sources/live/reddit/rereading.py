"""Looks at posts again that were read before: Reddit announces neither edits nor deletions."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from detectors.units import HOUR_MS
from streams.errors import SourceRefused, SourceUnavailable
from streams.sources.live.base import Deleted
from streams.sources.live.reddit.listing import entries_of
from streams.sources.live.reddit.things import Thing, read_thing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.sources.live.base import Item
    from streams.sources.live.reddit.api import RedditApi
    from streams.sources.live.reddit.progress import ListingProgress

NAMES_A_REQUEST: Final = 100
"""Names that ``/api/info`` takes."""

_ABSENCES: Final = 2
"""Looks in a row that must not find a post for it to be deleted: an answer may be incomplete."""

_REFUSED_MS: Final = HOUR_MS


class Rereading:
    """Goes round the posts of a source, a hundred at each look.

    Parameters
    ----------
    hours
        Age up to which posts are looked at.
    include_reposts
        Whether crossposts are posts.

    Attributes
    ----------
    refusal
        Why Reddit refused the last look; empty if it did not.
    """

    def __init__(self, hours: float, *, include_reposts: bool) -> None:
        self._age_ms = round(hours * HOUR_MS)
        self._include_reposts = include_reposts
        self._due: deque[tuple[ListingProgress, str]] = deque()
        self._resumes_ms = 0
        self.refusal = ""

    async def look(self, api: RedditApi, listings: Sequence[ListingProgress], now_ms: int) -> list[Item]:
        """Look at the posts that are next, and return their edits and deletions.

        Raises
        ------
        SourceError
            If Reddit can't be reached, asks for patience, or gives the app no access at all.
        """
        if not self._age_ms or now_ms < self._resumes_ms or not api.quota.has_spare(now_ms):
            return []
        names = self._next(listings, now_ms)
        if not names:
            return []
        try:
            children, _ = entries_of(await api.get("/api/info", {"id": ",".join(names)}), api.source)
        except SourceRefused as error:
            if error.reason not in {"http_403", "http_404"}:
                raise
            self._resumes_ms, self.refusal = now_ms + _REFUSED_MS, error.detail
            return []
        except SourceUnavailable as error:
            if error.reason not in {"bad_body", "too_large"}:
                raise
            return []  # one of them spoils the answer; the round goes on with the others
        self.refusal = ""
        read = [read_thing(child, include_reposts=self._include_reposts) for child in children]
        found = {each.name: each for each in read if isinstance(each, Thing)}
        items = [names[name].take(thing, now_ms) if name in names else None for name, thing in found.items()]
        if found or len(names) == 1:
            items += [_absent(listing, name) for name, listing in names.items() if name not in found]
        return [item for item in items if item is not None]

    def _next(self, listings: Sequence[ListingProgress], now_ms: int) -> dict[str, ListingProgress]:
        """Return the names of the posts to look at, each with its listing."""
        if not self._due:
            self._due.extend((each, name) for each in listings for name in each.known)
        chosen: dict[str, ListingProgress] = {}
        while self._due and len(chosen) < NAMES_A_REQUEST:
            listing, name = self._due.popleft()
            known = listing.known.get(name)
            is_young = known is not None and (not known.created_ms or known.created_ms >= now_ms - self._age_ms)
            if known is not None and is_young and known.state != "removed":
                chosen[name] = listing
        return chosen


def _absent(listing: ListingProgress, name: str) -> Item | None:
    """Note that Reddit does not know a post, and return its deletion once that is certain."""
    known = listing.known[name]
    if known.absences + 1 < _ABSENCES:
        listing.known[name] = known._replace(absences=known.absences + 1)
        return None
    listing.known[name] = known._replace(state="removed", absences=0)
    return Deleted(name)
