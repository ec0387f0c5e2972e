"""Fetches by recent search the posts of a time without the stream, and reports what can't be fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from detectors.units import DAY_MS, MINUTE_MS
from streams.errors import SourceError, SourceUnavailable
from streams.records import Gap, utc
from streams.sources.live.as_received import as_received
from streams.sources.live.base import Batch
from streams.sources.live.x.api import dicts_in, patient
from streams.sources.live.x.messages import item_of, number_of
from streams.sources.presets import time_of_tweet

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from streams.config.sources.x import XSettings
    from streams.sources.live.base import Item, Surroundings
    from streams.sources.live.x.api import XApi
    from streams.sources.live.x.rules import Rule

REACH_MS: Final = 7 * DAY_MS - 5 * MINUTE_MS
"""How far back recent search reaches, less a margin for the clocks."""

SETTLE_SECONDS: Final = 15.0
"""Time after which a search has the posts from before the stream was connected: it lags by some ten seconds."""

PAGE: Final = 100

_ATTEMPTS: Final = 3


class Missed(NamedTuple):
    """The span that the stream did not deliver.

    Parameters
    ----------
    since_id
        Id of the newest post before it, 0 if there was none.
    from_ms, to_ms
        Bounds, milliseconds since the epoch.
    """

    since_id: int
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
                    gaps.append(Gap(settings.id, begin, covered_from, "backfill_limit", detail, brand))
                    break
                page = await _page(api, _query(rule, missed, begin, min(left, PAGE), token), surroundings)
                found = dicts_in(page, "data")
                left -= len(found)
                items = [
                    item_of(each, as_received(each), page, include_reposts=settings.include_reposts) for each in found
                ]
                oldest = min((number_of(each.get("id")) for each in found), default=0)
                covered_from = min(covered_from, time_of_tweet(oldest) or covered_from) if oldest else covered_from
                yield Batch(items, {"posts": len(found)})
                meta = page.get("meta")
                token = str(meta.get("next_token") or "") if isinstance(meta, dict) else ""
                if not token:
                    break
        except SourceError as error:
            gaps.append(Gap(settings.id, begin, covered_from, "no_backfill", error.detail, brand))
    yield Batch(gaps, {"recovered": True})


async def _page(api: XApi, query: dict[str, str], surroundings: Surroundings) -> dict[str, Any]:
    """Return a page of search, after some attempts if X asks for patience."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return await api.search(query)
        except SourceUnavailable as error:
            await surroundings.sleep(patient(error).retry_after_seconds or 5.0)
    return await api.search(query)


def _query(rule: Rule, missed: Missed, begin_ms: int, size: int, token: str) -> dict[str, str]:
    since_reaches = missed.since_id and (time_of_tweet(missed.since_id) or 0) >= begin_ms
    since = {"since_id": str(missed.since_id)} if since_reaches else {"start_time": _shown(begin_ms)}
    query = {"query": rule.value, "max_results": str(max(10, size)), "end_time": _shown(missed.to_ms)}
    return query | since | ({"next_token": token} if token else {})


def _shown(ms: int) -> str:
    return f"{utc(ms):%Y-%m-%dT%H:%M:%SZ}"
