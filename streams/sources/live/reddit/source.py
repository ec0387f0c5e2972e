"""Reads subreddits again and again: what is new in their listings, and what has become of posts that were read."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from streams.errors import SourceRefused
from streams.records import Gap
from streams.sources.live.base import Batch, LiveSource
from streams.sources.live.inbox import Inbox
from streams.sources.live.reddit.api import RedditApi, no_access
from streams.sources.live.reddit.listing import read_back
from streams.sources.live.reddit.progress import RedditProgress
from streams.sources.live.reddit.rereading import Rereading
from streams.sources.live.reddit.subreddits import SubredditAccess

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from streams.config.sources.reddit import RedditSettings
    from streams.sources.live.base import Item, Position, Surroundings
    from streams.sources.live.reddit.listing import Listing
    from streams.sources.live.reddit.progress import ListingProgress

BATCH_ITEMS: Final = 200
"""Posts that are handed over together."""


class RedditSource(LiveSource):
    """Posts and comments of subreddits.

    Parameters
    ----------
    settings
        Its entry in the section `sources`.
    surroundings
        Clock, and sleep between two readings.

    Raises
    ------
    ConfigError
        If there are no credentials.
    """

    def __init__(self, settings: RedditSettings, surroundings: Surroundings) -> None:
        super().__init__(settings, surroundings)
        self._settings = settings
        self._api = RedditApi(settings, surroundings, self.health)
        self._subreddits = SubredditAccess(self.id, settings.subreddits)
        self._rereading = self._fresh_rereading()

    async def batches(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        """Yield what is new in the listings, edits and deletions of what was read, and gaps, until a request fails."""
        progress = RedditProgress(self._settings, position)
        self._rereading = self._fresh_rereading()
        async with self._api, Inbox() as inbox, aclosing(inbox.batches()) as batches:
            inbox.start(self._read(progress, inbox))
            async for batch in batches:
                yield batch

    async def probe(self) -> Mapping[str, str]:
        """Return which subreddits can be read, and how many requests are left."""
        async with self._api as api:
            await self._subreddits.check(api, self._now())
        facts = {
            "subreddits": f"{len(self._subreddits.open):,} of {len(self._settings.subreddits):,} can be read",
            "requests left": api.quota.shown or "unknown",
        }
        return facts | ({"not readable": self._subreddits.shown} if self._subreddits.closed else {})

    async def _read(self, progress: RedditProgress, inbox: Inbox) -> None:
        """Read all listings again and again."""
        while True:
            items = await self._news(progress)
            for start in range(BATCH_ITEMS, len(items), BATCH_ITEMS):
                await inbox.put(Batch(items[start - BATCH_ITEMS : start]))
            rest = len(items) % BATCH_ITEMS or min(len(items), BATCH_ITEMS)
            await inbox.put(Batch(items[len(items) - rest :], progress.as_position()))
            self._show_live()
            if changes := await self._rereading.look(self._api, progress.listings, self._now()):
                await inbox.put(Batch(changes, progress.as_position()))
            self._show_live()
            pace = (len(progress.listings) + 1) * self._api.quota.pace_seconds(self._now())
            await self.surroundings.sleep(max(self._settings.poll_seconds, pace))

    async def _news(self, progress: RedditProgress) -> list[Item]:
        """Return what is new in all listings, in order of time, and the gaps."""
        closed = dict(progress.unreadable)
        if self._subreddits.is_due(self._now()):
            await self._check(progress)
        read = [(each, await self._listing(each, progress, closed)) for each in progress.listings]
        now_ms, reopened = self._now(), self._reopened(closed)
        odd: list[Item | None] = []
        dated: list[tuple[int, Item]] = []
        for each, listing in read:
            odd += [*self._gaps(each, listing, reopened), *map(each.take_odd, listing.others)]
            if not each.newest_ms:
                each.begin(listing.things, now_ms)
            for thing in reversed(listing.things):
                item = each.take(thing, now_ms, any_age=bool(reopened))
                dated += [(thing.known.created_ms, item)] if item is not None else []
            each.forget(now_ms)
        for name in reopened:
            progress.unreadable.pop(name, None)
        if dated:
            self.health.post_ms = now_ms
        self.health.behind_ms = 0
        dated.sort(key=lambda entry: entry[0])
        return [*(item for item in odd if item is not None), *(item for _, item in dated)]

    async def _listing(self, each: ListingProgress, progress: RedditProgress, closed: dict[str, int]) -> Listing:
        """Read a listing back to what was read before; if Reddit refuses it, by a subreddit, without that one."""
        for is_again in (False, True):
            reopened = self._reopened(closed)
            since_ms = min([each.newest_ms, *reopened.values()]) if each.newest_ms else None
            path = f"/r/{'+'.join(self._subreddits.open)}/{each.part.name}"
            try:
                return await read_back(self._api, path, since_ms, include_reposts=self._settings.include_reposts)
            except SourceRefused as error:
                if error.reason not in {"http_403", "http_404"}:
                    raise
                if is_again:
                    raise no_access(self.id, error.detail) from None
                await self._check(progress)
        raise AssertionError("unreachable")

    def _gaps(self, each: ListingProgress, listing: Listing, reopened: dict[str, int]) -> list[Item]:
        """Return the spans of which posts may be missing."""
        if not each.newest_ms:
            return []
        detail = {
            "no_overlap": f"the listing of Reddit ends after {len(listing.things):,} entries, before the last one read",
            "oversized": "an entry of the listing can't be read, and hides those before it",
        }.get(listing.cause, "")
        spans = [(each.part.name, each.newest_ms)] + [
            (f"{each.part.name} of r/{name}", since_ms) for name, since_ms in reopened.items()
        ]
        return [
            Gap(self.id, *span, listing.cause, detail, part)
            for part, since_ms in spans
            if (span := listing.missing(since_ms)) is not None
        ]

    # subreddits

    async def _check(self, progress: RedditProgress) -> None:
        """Look which subreddits can be read, and note since when others can't."""
        begun_ms = [each.newest_ms for each in progress.listings if each.newest_ms]
        before_ms = self._subreddits.checked_ms or min(begun_ms, default=self._now())
        await self._subreddits.check(self._api, self._now())
        for name in self._subreddits.closed:
            progress.unreadable.setdefault(name, before_ms)

    def _reopened(self, closed: dict[str, int]) -> dict[str, int]:
        """Return the subreddits that can be read again, with the moment up to which they have been read."""
        return {name: since_ms for name, since_ms in closed.items() if name in self._subreddits.open}

    # health

    def _show_live(self) -> None:
        self.health.state, self.health.why = "live", self._subreddits.shown
        self.health.facts["subreddits"] = f"{len(self._subreddits.open):,} of {len(self._settings.subreddits):,}"
        if self._rereading.refusal:
            self.health.facts["edits and deletions"] = f"unknown: {self._rereading.refusal}"
        else:
            self.health.facts.pop("edits and deletions", None)

    def _fresh_rereading(self) -> Rereading:
        return Rereading(self._settings.reread_hours, include_reposts=self._settings.include_reposts)

    def _now(self) -> int:
        return self.surroundings.now_ms()
