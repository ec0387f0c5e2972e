"""Reading what a timeline has after an id, oldest first, and the gap if that is more than is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.errors import RecordError, SourceUnavailable
from streams.records import Gap, GapCause
from streams.sources.live.as_received import as_received
from streams.sources.live.base import Bad
from streams.sources.live.mastodon.instance import PAGE
from streams.sources.live.mastodon.statuses import MastodonStatus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from streams.sources.live.base import Item
    from streams.sources.live.http import SourceHttp
    from streams.sources.live.mastodon.feed_names import Feed
    from streams.sources.live.mastodon.instance import Instance, Page

MAX_RAW_BYTES: Final = 1_000_000
"""Largest status; of a larger one the beginning becomes a dead letter."""

BEFORE_ALL: Final = "0"
"""An id that lies before those of all statuses."""

MAX_ID_DIGITS: Final = 20
"""Longest id that is a number: those of Mastodon have 64 bits."""

OVERLAP_PAGES: Final = 5
"""Most pages before the newest known status that are read again."""


class Mark(NamedTuple):
    """How far a timeline has been read.

    Parameters
    ----------
    id
        The newest id; empty if the instance has no timeline to begin after.
    at_ms
        When that status was written, milliseconds since the epoch.
    alive_ms
        When the stream was last known to be complete.
    """

    id: str
    at_ms: int
    alive_ms: int


def order(id: str) -> tuple[int, str]:
    """Return a key by which ids are in the order of their making: numbers, and texts of one length.

    >>> sorted(["10", "9", "01HX2"], key=order)
    ['9', '10', '01HX2']
    """
    return len(id), id


def _next(id: str) -> str:
    """Return the id before which the status with an id is shown too, where ids are numbers; else the id itself.

    >>> _next("99"), _next("01HX2")
    ('100', '01HX2')
    """
    return str(int(id) + 1) if id.isascii() and id.isdecimal() and len(id) <= MAX_ID_DIGITS else id


class Backfill:
    """Reads what was missed of one timeline.

    Parameters
    ----------
    source
        Id of the source.
    http
        Client with the token.
    instance, feed
        The instance, and its stream.
    now_ms
        The present, milliseconds since the epoch; no status is dated later.
    """

    def __init__(self, source: str, http: SourceHttp, instance: Instance, feed: Feed, now_ms: int) -> None:
        self._source = source
        self._http = http
        self._instance = instance
        self._feed = feed
        self._now_ms = now_ms

    async def overlap(self, mark: Mark, overlap_ms: int) -> AsyncIterator[Sequence[Item]]:
        """Yield what the latest pages up to a mark hold, where statuses may be by now that reached the instance late.

        Parameters
        ----------
        mark
            How far the timeline has been read.
        overlap_ms
            By how much earlier than the newest status read the statuses may be dated.
        """
        since_ms, before = mark.at_ms - overlap_ms, _next(mark.id)
        for number in range(1, OVERLAP_PAGES + 1):
            page = await self._page(limit=PAGE, before=before)
            known = _times_of(page)
            if page is None or not known:
                return
            late = [record for record in page.records or () if (_known(record) or ("", since_ms))[1] >= since_ms]
            yield self._read(page._replace(records=late), mark, f"overlap {number}")[0]
            oldest = min(known, key=order)
            if order(oldest) >= order(before) or known[oldest] < since_ms:
                return
            before = oldest

    async def pages(self, mark: Mark, max_pages: int) -> AsyncIterator[tuple[Sequence[Item], Mark]]:
        """Yield what each page holds, with how far the timeline has then been read.

        Parameters
        ----------
        mark
            How far it was read before.
        max_pages
            Pages that are asked for at most; then the newest one is, and the gap before it reported.
        """
        start, after, singles = mark, mark.id, 0
        cause: GapCause = "backfill_limit"
        why = f"more than {max_pages} pages of {PAGE} would be needed" if max_pages else "backfill_pages is 0"
        for number in range(1, max_pages + 1):
            limit = 1 if singles else PAGE
            singles = max(0, singles - 1)
            page = await self._page(limit=limit, after=after)
            if page is None:
                if limit > 1:
                    singles = PAGE  # one status at a time, until the one that can't be read is passed
                    continue
                cause, why = "oversized", "a page with one status is too large"
                break
            if page.records == []:
                return
            if page.records is None and limit > 1:
                singles = PAGE
                continue
            items, newest, at_ms = self._read(page, start, f"page {number}")
            following = _following(page.next_id, newest, after)
            if not following:
                cause, why, mark = "no_backfill", "its pages do not advance", start
                break
            after = following
            if order(newest) > order(mark.id):
                mark = Mark(newest, max(mark.at_ms, at_ms), mark.alive_ms)
            yield items, mark
        async for jumped in self._jump(mark, cause, why):
            yield jumped

    async def _page(self, *, limit: int, after: str = "", before: str = "") -> Page | None:
        """Return a page, None if it is too large."""
        try:
            return await self._instance.page(self._http, self._feed, limit=limit, after=after, before=before)
        except SourceUnavailable as error:
            if error.reason == "too_large":
                return None
            raise

    def _read(self, page: Page, start: Mark, place: str) -> tuple[list[Item], str, int]:
        """Return the items of a page in the order of their ids, the newest id, and the newest time."""
        place = f"{self._instance.name} {self._feed.name} {place}"
        if page.records is None:
            error = RecordError("broken_json", "a page of a timeline with one status is no JSON")
            return [Bad(error, page.raw[:MAX_RAW_BYTES], place)], "", 0
        placed: list[tuple[tuple[int, str], Item]] = []
        newest, at_ms = "", 0
        for index, record in enumerate(page.records, 1):
            raw = as_received(record)
            where = f"{place}, status {index}"
            id = ""
            item: Item
            try:
                status = MastodonStatus(record)
                id = status.id
                newest = max(newest, id, key=order)
                at_ms = max(at_ms, min(status.claimed_ms or 0, self._now_ms))
                is_repeat = order(id) <= order(start.id)
                item = self._instance.statuses.listed(record, raw, where, is_repeat=is_repeat)
            except RecordError as error:
                item = Bad(error, raw, where)
            placed.append((order(id), item))
        placed.sort(key=lambda each: each[0])
        return [item for _, item in placed], newest, at_ms

    async def _jump(self, mark: Mark, cause: GapCause, why: str) -> AsyncIterator[tuple[Sequence[Item], Mark]]:
        """Yield the newest page, after the gap between it and what has been read."""
        page = await self._page(limit=PAGE)
        if page is None or page.records is None:
            gap = self._gap(mark, self._now_ms, cause, f"{why}, and the newest page can't be read")
            yield [gap], mark._replace(at_ms=self._now_ms)
            return
        times = _times_of(page)
        if not times:
            return
        oldest = min(times, key=order)
        items, newest, at_ms = self._read(page, mark, "newest page")
        if order(oldest) > order(mark.id) and await self._lies_between(mark.id, oldest):
            until_ms = min(times[oldest] or self._now_ms, self._now_ms)
            items.insert(0, self._gap(mark, until_ms, cause, f"{why}: after {mark.id} and before {oldest}"))
        yield items, Mark(max(newest, mark.id, key=order), max(mark.at_ms, at_ms), mark.alive_ms)

    async def _lies_between(self, id: str, later: str) -> bool:
        """Return whether a status may lie between two others."""
        page = await self._page(limit=1, after=id)
        return list(_times_of(page)) != [later]

    def _gap(self, mark: Mark, until_ms: int, cause: GapCause, detail: str) -> Gap:
        part = f"{self._instance.name} {self._feed.name}"
        return Gap(self._source, mark.at_ms, max(mark.at_ms, until_ms), cause, f"{part}: {detail}", part)


def _following(named: str, newest: str, after: str) -> str:
    """Return the id to read on after: the earlier one of those that lie ahead; empty if none does.

    >>> _following("12", "14", "10"), _following("99", "14", "10"), _following("", "9", "10")
    ('12', '14', '')
    """
    return min((id for id in (named, newest) if order(id) > order(after)), key=order, default="")


def _times_of(page: Page | None) -> dict[str, int]:
    """Return the ids of the statuses of a page, with the times that they claim; none if it can't be read."""
    return dict(filter(None, map(_known, (page.records if page else None) or ())))


def _known(record: Any) -> tuple[str, int] | None:
    try:
        status = MastodonStatus(record)
    except RecordError:
        return None
    return status.id, status.claimed_ms or 0
