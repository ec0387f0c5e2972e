"""How far a Jetstream server has been read, and whether a stream continues there.

Numbers of events are local to a server, and a number or a time that a server has not reached gives what is published
now, without any error. So the first event of a stream is compared with what was asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

if TYPE_CHECKING:
    from streams.records.gaps import GapCause
    from streams.sources.live.base import Position
    from streams.sources.live.jetstream.frames import JetstreamEvent


class JetstreamPosition(NamedTuple):
    """How far has been read.

    Parameters
    ----------
    host
        Server that was read last.
    seq
        Number of the last event there; None if the server does not number, or nothing came yet.
    time_us
        Newest time at which any server witnessed an event that was read, microseconds since the epoch.
    event
        Digest of the last event; empty if none came yet.
    """

    host: str
    seq: int | None
    time_us: int
    event: str = ""

    @classmethod
    def of(cls, saved: Position) -> Self:
        """Return the position that was saved.

        Raises
        ------
        ValueError
            If it is none of a source of this kind.
        """
        host, seq, time_us, event = (saved.get(name) for name in ("host", "seq", "time_us", "event"))
        if not isinstance(host, str) or type(time_us) is not int or not (seq is None or type(seq) is int):
            raise ValueError("host, seq and time_us are needed")
        return cls(host, seq, time_us, event if isinstance(event, str) else "")

    def saved(self) -> Position:
        """Return the position as values of JSON; the inverse of `of`.

        >>> position = JetstreamPosition("jetstream.example.org", 7, 1_772_446_500_000_000, "0f")
        >>> JetstreamPosition.of(position.saved()) == position
        True
        """
        fields: dict[str, Any] = self._asdict()
        return {name: value for name, value in fields.items() if value not in (None, "")}

    def after(self, host: str, event: JetstreamEvent, newest_us: int, now_us: int) -> JetstreamPosition:
        """Return the position after another event.

        Parameters
        ----------
        host
            Server that sent it.
        event
            The last event.
        newest_us
            The latest time of the events since this position.
        now_us
            The clock: a server whose clock is ahead must not move the time beyond it, for what is asked for in the
            future is never replayed.
        """
        return JetstreamPosition(host, event.seq, max(self.time_us, min(newest_us, now_us)), event.digest)


class StreamRequest(NamedTuple):
    """What a server is asked for.

    Parameters
    ----------
    mode
        What `cursor` is: the number of an event (``seq``), a time in microseconds (``time``), or nothing, so that the
        server begins with what is published now (``live``).
    cursor
        Where the stream begins, inclusive.
    skipped
        How many numbers (or milliseconds) are left out on purpose, to get past an event that is too large.
    """

    mode: Literal["seq", "time", "live"]
    cursor: int | None = None
    skipped: int = 0


Beginning = Literal["continues", "repeats", "elsewhere", "later"]
"""How a stream begins: after the position; with the event at the position itself; on other numbers than the position
has; or only after a span that is missing."""


def beginning_of(
    request: StreamRequest, position: JetstreamPosition, first: JetstreamEvent, tolerance_us: int
) -> Beginning:
    """Return how a stream begins.

    Parameters
    ----------
    request
        What was asked for.
    position
        How far had been read.
    first
        First event of the stream.
    tolerance_us
        How much later than the position the first event may be if no event is known that must come again,
        microseconds.
    """
    repeats = bool(position.event) and first.digest == position.event
    if request.mode == "seq" and position.seq is not None:
        if request.skipped:
            return "continues" if first.seq is not None and first.seq > position.seq else "elsewhere"
        return "repeats" if repeats and first.seq == position.seq else "elsewhere"
    if request.mode == "time" and not request.skipped:
        latest = position.time_us + (0 if position.event else tolerance_us)
        return "repeats" if repeats else "continues" if first.time_us <= latest else "later"
    return "continues"


def cause_of(position: JetstreamPosition, first: JetstreamEvent) -> GapCause:
    """Return why the event of a number that was asked for did not come, given the first event that did.

    Higher numbers follow where the server no longer keeps the event; lower ones, or another event under the same
    number, are those of another server or of one that was set up again.
    """
    is_higher = first.seq is not None and position.seq is not None and first.seq > position.seq
    return "cursor_too_old" if is_higher else "cursor_foreign"
