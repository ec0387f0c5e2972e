"""Where a scorer goes on in a partition of `social.posts`, and what it must know about the records before.

Both are committed together: the offset, and in its metadata the newest event time so far, the incarnation of the topic
that the offset counts in, and what is known of the minute that is not over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from detectors.reference import GROUPS
from streams.errors import KafkaError

if TYPE_CHECKING:
    from streams.core.rollup.minute_counts import Minute


class Position(NamedTuple):
    """A place between two records of a partition.

    Parameters
    ----------
    incarnation
        Of the topic that `offset` counts in.
    offset
        Of the next record.
    watermark_ms
        Newest event time among the records before, -1 if there are none or it is not known.
    live
        Whether the record that has it was live.
    pulse
        The minute that is not over, as `Pulse.current` tells it; None if there is none or it is not known.
    minute_offset
        Of the first record of that minute, -1 if it is not known: what `streams.core.score.quota` has to count anew.
    """

    incarnation: str
    offset: int
    watermark_ms: int
    live: bool = False
    pulse: Minute | None = None
    minute_offset: int = -1

    def known_from(self, recent: int) -> int:
        """Offset of the first record that still matters to what comes: those of the minute are counted anew, but for
        the ones whose id stood among the `recent` records before.

        >>> Position("", 17, -1, minute_offset=12).known_from(10)
        2
        """
        return (self.offset if self.minute_offset < 0 else min(self.offset, self.minute_offset)) - recent

    def metadata(self) -> str:
        """What is committed beside the offset.

        >>> Position("sGSl10KTR6ek7OrYMaAWew", 17, 1_700_000_000_000).metadata()
        '{"watermark_ms":1700000000000,"incarnation":"sGSl10KTR6ek7OrYMaAWew","live":false,"pulse":null,"minute_offset":-1}'
        """
        known = {
            "watermark_ms": self.watermark_ms,
            "incarnation": self.incarnation,
            "live": self.live,
            "pulse": self.pulse,
            "minute_offset": self.minute_offset,
        }
        return orjson.dumps(known).decode()


def committed_position(offset: int, metadata: str | None) -> Position | None:
    """Read what was committed.

    Metadata of another tool, such as ``kafka-consumer-groups.sh --reset-offsets``, leaves incarnation, watermark and
    pulse unknown (empty, -1, None); without a commit (`offset` -1) there is no position.
    """
    if offset < 0:
        return None
    try:
        saved = orjson.loads(metadata or "")
        minute, counts = saved.get("pulse") or (-1, [])
        pulse = (int(minute), list(map(int, counts))) if len(counts) == GROUPS else None
        return Position(
            str(saved["incarnation"]),
            offset,
            int(saved["watermark_ms"]),
            bool(saved["live"]),
            pulse,
            int(saved.get("minute_offset", -1)),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return Position("", offset, -1)


class Start(NamedTuple):
    """Where to go on.

    Parameters
    ----------
    position
        The place.
    begin
        First offset that is still there.
    lost
        Records before it that were never scored, because retention has deleted them.
    renewed
        Whether the topic was deleted and made again since the commit.
    """

    position: Position
    begin: int
    lost: int = 0
    renewed: bool = False


def choose_start(committed: Position | None, incarnation: str, begin: int, end: int) -> Start:
    """Decide where to go on, so that nothing is lost.

    Parameters
    ----------
    committed
        What the group committed, None if nothing.
    incarnation
        Of the topic as it is now.
    begin, end
        First offset that is still there, and the one after the last.

    Raises
    ------
    KafkaError
        If the broker has lost records that were scored.
    """
    if committed is None:
        return Start(Position(incarnation, begin, -1), begin)
    if committed.incarnation not in {incarnation, ""}:
        return Start(Position(incarnation, begin, -1), begin, renewed=True)
    if committed.offset > end:
        raise KafkaError(
            f"offset {committed.offset} is committed, but the partition ends at {end}: the broker has lost records. "
            "New posts would take offsets that were counted already: delete the posts topic and run `firewatch topics`"
        )
    if committed.offset < begin:
        return Start(committed._replace(incarnation=incarnation, offset=begin), begin, lost=begin - committed.offset)
    return Start(committed._replace(incarnation=incarnation), begin)
