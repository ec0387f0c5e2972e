"""A day of many feeds, compressed by a clock that leaps: some fail now and then, and each publishes every few hours."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

import orjson

from streams.sources.live.feeds.memory import SeenEntries
from tests.support.feeds import HOUR_MS, NOON_MS, FeedSession, item, rss
from tests.support.http_faults import Answer, HttpFaults

if TYPE_CHECKING:
    from tests.support.http_faults import SeenRequest

_SHOWN = 5
_FAILURES = (Answer(503), Answer(404), Answer(cut_after=100), Answer(body=b"<rss"))


async def feed_day(feeds: int, timeout_seconds: float = 250.0) -> int:
    """Read feeds for a day, with two restarts; check that nothing grows and that each entry comes once.

    Parameters
    ----------
    feeds
        Number of feeds, all of one host.
    timeout_seconds
        Real time for each third of the day.

    Returns
    -------
        Number of posts.
    """
    chance = random.Random(17)
    async with HttpFaults() as server:
        reading = FeedSession(*(server.url(f"/f/{number}") for number in range(feeds)))
        clock = reading.clock
        shown: set[str] = set()

        def answered(request: SeenRequest) -> Answer:
            number = int(request.path.rpartition("/")[2])
            every_ms = (2 + number % 5) * HOUR_MS
            newest = (clock.ms - NOON_MS) // every_ms
            tag = f'"{newest}"'
            if chance.random() < 0.05:
                return chance.choice(_FAILURES)
            if request.headers.get("if-none-match") == tag:
                return Answer(304, {"ETag": tag})
            counts = range(newest, max(newest - _SHOWN, -7), -1)
            entries = [item(10_000 + 1_000 * number + each, hours_ago=-each * every_ms / HOUR_MS) for each in counts]
            shown.update(each.guid for each in entries)
            return Answer(headers={"ETag": tag}, body=rss(entries))

        server.handle("/f/", answered)
        sizes = []
        for hours in (8, 16, 24):
            await reading.until(partial(_is_past, reading, NOON_MS + hours * HOUR_MS), timeout_seconds)
            source = reading.source
            reading.position = source._position()
            sizes.append([len(source._states), len(source._saved), len(source._troubles) <= feeds])
            limit = source._limit
            assert all(len(SeenEntries.from_text(each.seen, 0)) <= limit for each in source._states.values())
            assert len(source._host_free_ms) <= 1
            assert len(orjson.dumps(reading.position)) < feeds * (limit * 16 + 400)
        assert sizes[0] == sizes[1] == sizes[2] == [feeds, feeds, True]
        ids = [each.fields["id"] for each in reading.found]
        assert len(ids) == len(set(ids)) > 5 * feeds
        skipped = {guid for guid in shown if guid not in set(ids)}
        assert len(skipped) < len(shown) / 2  # older than a day at the first request
        assert len(server.requests) < feeds * 40
        return len(ids)


def _is_past(reading: FeedSession, ms: int) -> bool:
    return reading.clock.ms >= ms
