"""A day of two brands in two sources, one of which is away for some time, with the moments at which posts arrive."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.score.partitioning import partition_of
from streams.records import Gap, Post
from tests.support.two_brands import PARTITIONS, START

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.drawn_run import Lines

MINUTE: Final = 60_000

AWAY: Final = range(300, 345)
"""Minutes in which one of the sources is away."""

STORM: Final = range(305, 325)
NOWHERE: Final = range(0)


class OutageDay(NamedTuple):
    """Posts with the times at which they arrive.

    Parameters
    ----------
    storm
        Minutes of a storm about Nordtel.
    away
        Minutes in which it is.
    seconds
        How long it takes to catch up.
    is_delayed
        Whether its posts are known to have been on their way for so long.
    is_lost
        Whether they never arrive.
    storm_source
        Source of the storm; ``bluesky`` is the one that is away.
    gap_minutes
        Every how many minutes a gap is reported while it is away; 0 for none.
    """

    storm: range = STORM
    away: range = AWAY
    seconds: int = 20
    is_delayed: bool = True
    is_lost: bool = False
    gap_minutes: int = 0
    storm_source: str = "bluesky"

    def arrivals(self) -> list[tuple[int, Post]]:
        chance = random.Random(7)
        arrivals: list[tuple[int, Post]] = []
        back_ms = START + self.away.stop * MINUTE
        for minute in range(520):
            for source in ("bluesky", "forum"):
                is_storm = source == self.storm_source and minute in self.storm
                for brand, count in (("Nordtel", 12 if is_storm else 1), ("Südmilch", 1)):
                    for _ in range(count):
                        ts_ms = START + minute * MINUTE + chance.randrange(MINUTE)
                        tone = "schlecht" if is_storm and brand == "Nordtel" else "so so"
                        text = f"{brand} ist {tone} {chance.randrange(10**9)}"
                        post = Post(str(len(arrivals)), source, ts_ms, text, author=f"a{chance.randrange(900)}")
                        at_ms = ts_ms + 500
                        if source == "bluesky" and minute in self.away:
                            if self.is_lost:
                                continue
                            done = (ts_ms - START - self.away.start * MINUTE) / (len(self.away) * MINUTE)
                            at_ms = back_ms + round(done * self.seconds * 1000)
                            post = post._replace(delayed=self.is_delayed)
                        arrivals.append((at_ms, post))
        return sorted(arrivals)

    def lines(self) -> Lines:
        lines: Lines = {partition: [] for partition in range(PARTITIONS)}
        for at_ms, post in self.arrivals():
            mine = lines[partition_of(post.key, PARTITIONS)]
            mine.append((len(mine), at_ms, post.to_bytes()))
        if self.gap_minutes:
            self._add_gaps(lines)
        return lines

    def _add_gaps(self, lines: Lines) -> None:
        spans = [
            (START + minute * MINUTE, START + (minute + self.gap_minutes) * MINUTE)
            for minute in self.away
            if (minute - self.away.start) % self.gap_minutes == 0
        ]
        gaps = [Gap("bluesky", from_ms, to_ms, "paused") for from_ms, to_ms in spans]
        mine = lines[partition_of(gaps[0].key, PARTITIONS)]
        records = sorted(
            [*((at_ms, value) for _, at_ms, value in mine), *((gap.to_ms, gap.to_bytes()) for gap in gaps)]
        )
        mine[:] = [(offset, at_ms, value) for offset, (at_ms, value) in enumerate(records)]


def minute(moment: datetime) -> float:
    return (moment.timestamp() * 1000 - START) / MINUTE
