"""Fetches by recent search the posts of a time without the stream, and reports what can't be fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from detectors.units import DAY_MS, MINUTE_MS
from streams.errors import SourceError, SourceUnavailable
from streams.records import Gap, utc
from streams.sources.live.as_received import as_received
from streams.sources.live.base import Batch
from streams.sources.live.x.api import dicts_in, patient
from streams.sources.live.x.messages import included, item_of, ms_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from streams.config.sources.x import XSettings
    from streams.records.gaps import GapCause
    from streams.sources.live.base import Item, Surroundings
    from streams.sources.live.x.api import XApi
    from streams.sources.live.x.rules import Rule

REACH_MS: Final = 7 * DAY_MS - 5 * MINUTE_MS
"""How far back recent search reaches, less a margin for the clocks."""

SETTLE_SECONDS: Final = 20.0
"""Time after which a search has the posts from before the stream was connected: it takes none that are younger than ten
seconds."""

OVERLAP_MS: Final = 10_000
"""Time before the span that is searched too: the stream delivers posts in any order, and late. X charges a post once in
a day of UTC."""

MARGIN_MS: Final = 5_000
"""Time after the span that is searched too, for its clock and ours differ."""

PAGE: Final = 100
SMALLEST_PAGE: Final = 10
"""Bounds of the number of posts that recent search can be asked for."""

_ATTEMPTS: Final = 6
_FIRST_SECONDS: Final = 5.0
"""Attempts at a page, and the wait after the first; each further wait is twice as long."""


class Missed(NamedTuple):
    """The span that the stream did not deliver.

    Parameters
    ----------
    from_ms, to_ms
        Bounds, milliseconds since the epoch.
    """

    from_ms: int
    to_ms: int


async def recovered(
    api: XApi, rules: Sequence[Rule], missed: Missed, settings: XSettings, surroundings: Surroundings, budget: int
) -> AsyncGenerator[Batch, None]:
    """Yield the posts of a span, and at the end the gaps that remain; positions have the number of ``posts`` read.

    Parameters
    ----------
    api
        The API.
    rules
        Rules of the source; each is a query.
    missed
        The span.
    settings
        Settings of the source.
    surroundings
        Clock.
    budget
        Number of posts that may be paid for.
    """
    begin = max(missed.from_ms, missed.to_ms - REACH_MS)
    overlap_ms = min(OVERLAP_MS, begin - (missed.to_ms - REACH_MS))
    reposts = settings.include_reposts
    gaps: list[Item] = []
    if begin > missed.from_ms:
        detail = "recent search reaches back seven days"
        gaps.append(Gap(settings.id, missed.from_ms, begin, "cursor_too_old", detail))
    left = min(budget, settings.max_recovered_posts)
    for rule in rules:
        brand = rule.tag.rpartition("/")[2]
        covered_from = missed.to_ms
        token = ""
        try:
            while True:
                if left <= 0:
                    detail = f"only {min(budget, settings.max_recovered_posts):,} posts could be fetched"
                    gaps += _gap(settings.id, begin, covered_from, "backfill_limit", detail, brand)
                    break
                query = _query(rule, begin - overlap_ms, missed.to_ms, min(left, PAGE), token)
                page = await _page(api, query, surroundings, include_reposts=reposts)
                found = dicts_in(page, "data")
                items = [item_of(each, as_received(each), page, include_reposts=reposts) for each in found]
                posts = len(found) + included(page)
                left -= posts
                covered_from = min([covered_from, *filter(None, (ms_of(each.get("id")) for each in found))])
                yield Batch(items, {"posts": posts})
                meta = page.get("meta")
                token = str(meta.get("next_token") or "") if isinstance(meta, dict) else ""
                if not token:
                    break
        except SourceError as error:
            gaps += _gap(settings.id, begin, covered_from, "no_backfill", error.detail, brand)
    yield Batch(gaps, {"recovered": True})


def _gap(source: str, from_ms: int, to_ms: int, cause: GapCause, detail: str, brand: str) -> list[Gap]:
    """Return the gap of a brand; none if all of the span, or more, has been fetched."""
    return [Gap(source, from_ms, to_ms, cause, detail, brand)] if to_ms > from_ms else []


async def _page(
    api: XApi, query: dict[str, str], surroundings: Surroundings, *, include_reposts: bool
) -> dict[str, Any]:
    """Return a page of search, after some attempts if X fails or asks for patience."""
    for attempt in range(_ATTEMPTS - 1):
        try:
            return await api.search(query, include_reposts=include_reposts)
        except SourceUnavailable as error:
            asked = patient(error).retry_after_seconds
            await surroundings.sleep(_FIRST_SECONDS * 2**attempt if asked is None else asked)
    return await api.search(query, include_reposts=include_reposts)


def _query(rule: Rule, begin_ms: int, end_ms: int, size: int, token: str) -> dict[str, str]:
    span = {"start_time": _shown(begin_ms), "end_time": _shown(end_ms + MARGIN_MS)}
    query = {"query": rule.value, "max_results": str(max(SMALLEST_PAGE, size))} | span
    return query | ({"next_token": token} if token else {})


def _shown(ms: int) -> str:
    return f"{utc(ms):%Y-%m-%dT%H:%M:%SZ}"
