"""Publish drafts as posts with ids, and deliver them as a collector would receive them: some late, some twice."""

from __future__ import annotations

import heapq
import math
import zlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from detectors.units import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from streams.offline.simulate.scenario import Event
    from streams.offline.simulate.settings import SimulationSettings

Tone = Literal["negative", "neutral", "positive"]

_LATE_SHARE: Final = 0.015
_LATE_MS: Final = (2 * MINUTE_MS, 240 * MINUTE_MS)
_DUPLICATE_SHARE: Final = 0.007
_DUPLICATE_MS: Final = (1_000, 30 * MINUTE_MS)
_AFTER_OUTAGE_MS: Final = 90_000  # within it a source delivers what it held back


class Draft(NamedTuple):
    """A post before it is published.

    Parameters
    ----------
    created_ms
        Time of writing, milliseconds since the epoch.
    source, language, text, author
        Fields of the post.
    tone
        Tone of the post; part of the truth, not of the post.
    brands
        Positions of the brands that the post names.
    event
        Position of the event that the post belongs to, or None.
    repost_of, reply_to
        Ids of other posts.
    reach
        Factor on likes, reposts and replies.
    """

    created_ms: int
    source: str
    language: str
    text: str
    author: str
    tone: Tone
    brands: tuple[int, ...]
    event: int | None = None
    repost_of: str | None = None
    reply_to: str | None = None
    reach: float = 1.0


class Arrival(NamedTuple):
    """A post as a collector receives it, with its draft."""

    post: dict[str, Any]
    draft: Draft
    duplicate: bool


class Platform:
    """A platform that publishes drafts and delivers them in order of arrival.

    A post arrives at the moment it was created, except for 1.5 % that come 2 minutes to 4 hours late; 0.7 % arrive a
    second time, 1 second to 30 minutes after the first (delays are log-uniform). No post of a source arrives during an
    outage of the source, and those created then are lost.

    Parameters
    ----------
    settings, events
        Settings and events of the run.
    rng
        Generator of delays and engagement.
    """

    def __init__(self, settings: SimulationSettings, events: Sequence[Event], rng: Random) -> None:
        self._start_ms = settings.start_ms
        self._end_ms = settings.start_ms + settings.minutes * MINUTE_MS
        self._outages = [
            (event.source, self._start_ms + event.onset * MINUTE_MS, self._start_ms + event.end * MINUTE_MS)
            for event in events
            if event.kind == "outage"
        ]
        self._uniform = rng.random
        # ids of different runs must not meet in one topic
        run = f"{settings.seed} {settings.start_ms} {settings.minutes} {settings.brands} {settings.kinds}"
        self._run = f"{zlib.crc32(run.encode()):08x}"
        self._published = 0
        self._pending: list[tuple[int, int, Arrival]] = []
        self._pushed = 0

    def publish(self, draft: Draft) -> str | None:
        """Publish a draft; return its id, or None if its time lies after the run or in an outage of its source."""
        created_ms = draft.created_ms
        if created_ms >= self._end_ms or self._outage_end_ms(draft.source, created_ms) is not None:
            return None
        self._published += 1
        identity = f"{self._run}-{self._published:07d}"
        arrival = Arrival(self._post(identity, draft), draft, duplicate=False)
        arrival_ms = created_ms
        chance = self._uniform()
        if chance < _LATE_SHARE:
            arrival_ms = self._delayed_ms(draft.source, created_ms, _LATE_MS)
        self._push(arrival_ms, arrival)
        if chance > 1.0 - _DUPLICATE_SHARE:
            self._push(self._delayed_ms(draft.source, arrival_ms, _DUPLICATE_MS), arrival._replace(duplicate=True))
        return identity

    def arrivals(self, until_minute: int | None = None) -> Iterator[Arrival]:
        """Yield the posts that arrive before a minute of the run, or all that are left."""
        until_ms = math.inf if until_minute is None else self._start_ms + until_minute * MINUTE_MS
        pending = self._pending
        while pending and pending[0][0] < until_ms:
            yield heapq.heappop(pending)[2]

    def _push(self, arrival_ms: int, arrival: Arrival) -> None:
        self._pushed += 1
        heapq.heappush(self._pending, (arrival_ms, self._pushed, arrival))

    def _delayed_ms(self, source: str, from_ms: int, bounds: tuple[int, int]) -> int:
        shortest, longest = bounds
        at_ms = from_ms + int(shortest * (longest / shortest) ** self._uniform())
        outage_end_ms = self._outage_end_ms(source, at_ms)
        return at_ms if outage_end_ms is None else outage_end_ms + int(_AFTER_OUTAGE_MS * self._uniform())

    def _outage_end_ms(self, source: str, at_ms: int) -> int | None:
        for out, from_ms, to_ms in self._outages:
            if out == source and from_ms <= at_ms < to_ms:
                return to_ms
        return None

    def _post(self, identity: str, draft: Draft) -> dict[str, Any]:
        minute, ms = divmod(draft.created_ms, MINUTE_MS)
        # a Pareto tail of index 1.25 from 0: most posts get nothing, a few a lot
        likes = min(int(draft.reach * 0.6 * ((1.0 - self._uniform()) ** -0.8 - 1.0)), 50_000)
        source = draft.source
        post: dict[str, Any] = {
            "id": identity,
            "created_at": f"{_minute_text(minute)}:{ms // 1_000:02d}.{ms % 1_000:03d}Z",
            "text": draft.text,
            "author": draft.author,
            "source": source,
            "lang": draft.language,
            "url": f"https://example.org/{source}/{identity}",
            "likes": likes,
            "reposts": int(likes * 0.3 * self._uniform()),
            "replies": int(likes * 0.2 * self._uniform()),
        }
        if draft.repost_of is not None:
            post["repost_of"] = draft.repost_of
        if draft.reply_to is not None:
            post["reply_to"] = draft.reply_to
        return post


@lru_cache(maxsize=1_024)
def _minute_text(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M")
