"""The position of a scorer in a partition of `social.posts`: where it resumes and what it knows of the records before.

Both are committed together. The metadata of the committed offset holds the clock of the partition, the ID of the topic
that the offset counts in, and the state of the minute that is not over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from detectors.reference import GROUPS
from streams.core.score.clock import RECENT, RecentPosts
from streams.errors import KafkaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.rollup.minute_counts import Minute


class Position(NamedTuple):
    """A place between two records of a partition.

    Parameters
    ----------
    topic_id
        ID of the topic that `offset` counts in; empty if it is not known.
    offset
        Offset of the next record.
    watermark_ms
        Clock of the partition (`streams.core.score.clock`), which is the newest event time among the records before; -1
        if there are none or it is not known.
    live
        Whether the partition was live, rather than an archive.
    minute
        Mentions of the minute that is not over (`streams.core.rollup.minute_counts`), None if there are none or they
        are not known.
    minute_offset
        Offset of the first record of that minute, -1 if it is not known. The quota counts again from there.
    recent
        What the clock remembers of the last posts, None if it is not known.
    times
        What is known of the times of the sources (`streams.core.score.resolution`).
    """

    topic_id: str
    offset: int = 0
    watermark_ms: int = -1
    live: bool = False
    minute: Minute | None = None
    minute_offset: int = -1
    recent: RecentPosts | None = None
    times: Sequence[Sequence[int]] = ()

    def known_from(self, recent: int) -> int:
        """Return the offset of the first record that the scorer has to read again.

        These are the `recent` records before the position, and the records of the minute that is not over together with
        the `recent` records before them, by which its repeats are recognised.

        >>> Position("", 17, -1, minute_offset=12).known_from(10)
        2
        """
        return (self.offset if self.minute_offset < 0 else min(self.offset, self.minute_offset)) - recent

    def metadata(self) -> str:
        """Return the metadata to commit with the offset.

        >>> Position("sGSl10KTR6ek7OrYMaAWew", 17, 1_700_000_000_000).metadata()
        '{"watermark_ms":1700000000000,"incarnation":"sGSl10KTR6ek7OrYMaAWew","live":false,"pulse":null,"minute_offset":-1}'
        """
        known: dict[str, Any] = {
            "watermark_ms": self.watermark_ms,
            "incarnation": self.topic_id,
            "live": self.live,
            "pulse": self.minute,
            "minute_offset": self.minute_offset,
        }
        if self.recent is not None:
            known["recent"] = list(self.recent)
        if self.times:
            known["times"] = self.times
        return orjson.dumps(known).decode()


def committed_position(offset: int, metadata: str | None) -> Position | None:
    """Read a committed offset and its metadata; return None if nothing is committed (`offset` -1).

    Metadata of another tool, such as ``kafka-consumer-groups.sh --reset-offsets``, leaves everything but the offset
    unknown.
    """
    if offset < 0:
        return None
    try:
        saved = orjson.loads(metadata or "")
        start_ms, counts = saved.get("pulse") or (-1, [])
        minute = (int(start_ms), list(map(int, counts))) if len(counts) == GROUPS else None
        return Position(
            str(saved["incarnation"]),
            offset,
            int(saved["watermark_ms"]),
            bool(saved["live"]),
            minute,
            int(saved.get("minute_offset", -1)),
            _recent(saved.get("recent")),
            [list(map(int, times)) for times in saved.get("times", ())] or (),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return Position("", offset, -1)


def _recent(values: list[Any] | None) -> RecentPosts | None:
    if values is None:  # committed by a firewatch that knew no clock
        return None
    watermark_ms, turns, since_turn, behind_ms, delays = values
    if len(behind_ms) != len(delays) or len(delays) > RECENT:
        raise ValueError("the last posts of a position do not fit together")
    return RecentPosts(
        int(watermark_ms), int(turns), int(since_turn), list(map(int, behind_ms)), list(map(int, delays))
    )


class StartPosition(NamedTuple):
    """Where a scorer starts in a partition.

    Parameters
    ----------
    position
        Position of the first record to score.
    begin
        Offset of the first record that is still in the partition.
    lost
        Number of records before `position` that retention deleted before they were scored.
    recreated
        Whether the topic was deleted and created again since the commit.
    """

    position: Position
    begin: int
    lost: int = 0
    recreated: bool = False


def choose_start(committed: Position | None, topic_id: str, begin: int, end: int) -> StartPosition:
    """Decide where to start, such that no record is skipped and none is counted twice.

    Parameters
    ----------
    committed
        Position that the group committed, None if it has not committed any.
    topic_id
        ID of the topic as it is now.
    begin, end
        Offset of the first record that is still in the partition, and the one after the last.

    Raises
    ------
    KafkaError
        If the broker has lost records that were scored.
    """
    if committed is None:
        return StartPosition(Position(topic_id, begin), begin)
    if committed.topic_id not in {topic_id, ""}:
        return StartPosition(Position(topic_id, begin), begin, recreated=True)
    if committed.offset > end:
        raise KafkaError(
            f"offset {committed.offset} is committed, but the partition ends at {end}: the broker has lost records. "
            "New posts would get offsets that were counted already: delete the posts topic and run `firewatch topics`"
        )
    if committed.offset < begin:
        return StartPosition(committed._replace(topic_id=topic_id, offset=begin), begin, lost=begin - committed.offset)
    return StartPosition(committed._replace(topic_id=topic_id), begin)
