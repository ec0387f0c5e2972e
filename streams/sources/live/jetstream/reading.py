"""Reads one connection to a Jetstream server: checks where it begins, and turns its frames into batches."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.errors import RecordError, SourceUnavailable
from streams.records import Gap
from streams.sources.live.base import PAUSE_SECONDS, Bad, Batch, Found
from streams.sources.live.jetstream.connection import MAX_FRAME_BYTES, FrameTooLarge
from streams.sources.live.jetstream.frames import JetstreamEvent, Notice, StreamFailure, frame_of
from streams.sources.live.jetstream.position import JetstreamPosition, StreamRequest, beginning_of, cause_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from streams.config.sources.jetstream import JetstreamSettings
    from streams.records.gaps import GapCause
    from streams.sources.live.base import Item, SourceHealth
    from streams.sources.live.jetstream.connection import FrameInbox, Wire
    from streams.sources.live.jetstream.items import EventItems

BEHIND_MS: Final = 30_000
"""Further behind the present than this, a source is catching up."""

FRAMES_OF_OTHERS: Final = 100
"""A server that sends so many frames in a row which are no events is not one of Jetstream."""


class ResumePlan(NamedTuple):
    """How a connection continues after a position.

    Parameters
    ----------
    fresh
        Whether nothing has been read before, so that nothing can be missing.
    by_time
        Whether numbers of events are not to be used, since the server does not continue them.
    cause
        Why posts may be missing, if they are.
    oversized
        How many connections in a row have ended at an event that is too large.
    is_past
        Whether such an event lies just before the position, so that nothing may be read again.
    """

    fresh: bool = False
    by_time: bool = False
    cause: GapCause = "cursor_too_old"
    oversized: int = 0
    is_past: bool = False

    @property
    def max_bytes(self) -> int:
        """Longest event that the server is asked for; 0 for all.

        The server leaves longer ones out without a word, so it is asked only to get past one that is known.
        """
        return MAX_FRAME_BYTES if self.oversized == 1 else 0

    def request(self, at: JetstreamPosition | None, host: str, overlap_us: int) -> StreamRequest:
        """Return what to ask a server for.

        Parameters
        ----------
        at
            Position to continue after; None for the present.
        host
            Name of the server.
        overlap_us
            By how much the time is set back where numbers can't be used, microseconds.

        Examples
        --------
        >>> at = JetstreamPosition("a.example", 7, 1_772_446_500_000_000, "0f")
        >>> ResumePlan().request(at, "a.example", 60_000_000)
        StreamRequest(mode='seq', cursor=7, skipped=0)
        >>> ResumePlan().request(at, "b.example", 60_000_000)
        StreamRequest(mode='time', cursor=1772446440000000, skipped=0)
        """
        if at is None:
            return StreamRequest("live")
        # A server that does not leave large events out is asked for what comes behind, further each time.
        skipped = 2 ** (self.oversized - 2) if self.oversized > 1 else 0
        if at.host == host and at.seq is not None and not self.by_time:
            return StreamRequest("seq", at.seq + skipped, skipped)
        if skipped:
            return StreamRequest("time", at.time_us + skipped * 1000, skipped)
        return StreamRequest("time", max(0, at.time_us - (0 if self.is_past else overlap_us)))


class Reopen(Exception):
    """A connection has to be made again, by another plan."""

    def __init__(self, plan: ResumePlan) -> None:
        self.plan = plan


class StreamReading:
    """One connection, from its first frame to its end.

    Parameters
    ----------
    source
        Id of the source.
    settings
        Its settings.
    converter
        Turns events into items.
    health
        Condition of the source, which is kept up to date.
    now_ms
        The clock, milliseconds since the epoch.
    host, wire
        Name of the server, and the wire that it speaks.
    at
        Position that the connection continues after; None for the present.
    plan, request
        How, and what the server was asked for.

    Attributes
    ----------
    at
        Position after the last batch.
    """

    def __init__(
        self,
        source: str,
        settings: JetstreamSettings,
        converter: EventItems,
        health: SourceHealth,
        now_ms: Callable[[], int],
        *,
        host: str,
        wire: Wire | None,
        at: JetstreamPosition | None,
        plan: ResumePlan,
        request: StreamRequest,
    ) -> None:
        self._source = source
        self._settings = settings
        self._converter = converter
        self._health = health
        self._now_ms = now_ms
        self._host = host
        self._wire = wire
        self._plan = plan
        self._request = request
        self._opened_ms = self._heard_ms = now_ms()
        self._is_begun = False
        """Whether the first event has been checked."""
        self._is_settled = False
        """Whether all events from here on are read as they come."""
        self._is_cut = False
        """Whether the server has said that it does not go back so far."""
        self._ending: Exception | None = None
        self._others = 0
        self._doubtful: Gap | None = None
        """A gap, unless the last event that was read from another server comes yet."""
        self._newest: JetstreamEvent | None = None
        """The last event while a gap is doubtful; the position stays before it."""
        self.at = at or JetstreamPosition(host, None, self._opened_ms * 1000)

    @property
    def milliseconds(self) -> int:
        """Return for how long the connection has delivered."""
        return self._heard_ms - self._opened_ms

    async def batches(self, inbox: FrameInbox) -> AsyncGenerator[Batch, None]:
        """Yield batches until the connection ends.

        Raises
        ------
        Reopen
            If it has to be made again, another way.
        SourceUnavailable
            If it ends, or nothing comes.
        """
        if self._request.mode == "live":
            yield Batch((), self.at.saved())
        while True:
            try:
                frames = await inbox.take(PAUSE_SECONDS)
            except FrameTooLarge:
                if not self._plan.oversized:
                    yield Batch((self._too_large(),))
                raise Reopen(self._plan._replace(oversized=self._plan.oversized + 1)) from None
            now_ms = self._now_ms()
            if frames:
                self._heard_ms = self._health.heard_ms = now_ms
                yield self._read(frames, now_ms)
                if self._ending is not None:
                    raise self._ending
            else:
                self._refuse_stall(now_ms)
                self._health.state, self._health.why, self._health.behind_ms = "live", "", 0
                yield self._without_doubt(now_ms)

    def _refuse_stall(self, now_ms: int) -> None:
        if now_ms - self._heard_ms > self._settings.stall_seconds * 1000:
            detail = f"{self._host} has sent nothing for {self._settings.stall_seconds:g} s"
            raise SourceUnavailable(self._source, "stalled", detail)

    def _read(self, frames: Sequence[bytes], now_ms: int) -> Batch:
        """Return the batch of some frames; `_ending` is set if the connection is to end after it."""
        items: list[Item] = []
        last: JetstreamEvent | None = None
        newest_us = 0
        for data in frames:
            try:
                frame = frame_of(data)
            except RecordError as error:
                self._refuse(Bad(error, data), items)
            else:
                if type(frame) is StreamFailure:
                    self._ending = self._failure(frame)
                elif type(frame) is Notice:
                    self._is_cut |= frame.name == "OutdatedCursor"
                elif type(frame) is JetstreamEvent and (self._is_settled or self._begins_with(frame, items)):
                    self._others = 0
                    if self._doubtful is not None:
                        self._resolve(frame, items)
                    last = frame
                    newest_us = max(newest_us, frame.time_us)
                    self._converter.add(frame, data, items)
            if self._ending is not None:
                break
        if last is None:
            return Batch([*items, *self._converter.skipped()])
        if self._doubtful is None:
            self.at = self.at.after(self._host, last, newest_us, now_ms * 1000)
        else:
            self._newest = last
        behind_ms = max(0, now_ms - last.time_us // 1000)
        self._health.behind_ms, self._health.state = behind_ms, "catching_up" if behind_ms > BEHIND_MS else "live"
        self._health.why = f"it reads what was published {behind_ms / 1000:.0f} s ago" if behind_ms > BEHIND_MS else ""
        if any(type(item) is Found for item in items):
            self._health.post_ms = now_ms
        return Batch([*items, *self._converter.skipped()], self.at.saved() if self._doubtful is None else None)

    def _begins_with(self, event: JetstreamEvent, items: list[Item]) -> bool:
        """Check one of the first events against what was asked for; return whether it has not been read before."""
        if not self._is_begun:
            if not self._starts_with(event, items):
                return False
            self._is_begun = True
        if self._plan.oversized == 1:
            if self._request.mode == "time" and event.time_us <= self.at.time_us:
                return True
            # From here on no event may be left out any more, so the server has to be asked again.
            items.append(self._gap(event, "oversized", "an event before this time is too large to be received"))
            self._ending = Reopen(ResumePlan(is_past=True))
        self._is_settled = True
        return True

    def _starts_with(self, event: JetstreamEvent, items: list[Item]) -> bool:
        """Check the first event; return whether it has not been read before and the stream continues with it."""
        if self._plan.fresh or self._request.mode == "live":
            return True
        if not self.at.event and self._wire == "v2" and not self._is_cut:
            return True  # nothing is known that must come again, and the server would say if it began later
        tolerance_us = round(self._settings.overlap_seconds * 1_000_000)
        beginning = beginning_of(self._request, self.at, event, tolerance_us)
        if beginning == "repeats":
            self._is_begun = True
            self._is_settled = self._plan.oversized != 1
            return False
        if beginning == "elsewhere":
            self._ending = Reopen(self._plan._replace(by_time=True, cause=cause_of(self.at, event)))
            return False
        if beginning == "later":
            gap = self._gap(event, self._plan.cause, "the server no longer has what came before this time")
            if self._host != self.at.host and event.time_us <= self.at.time_us + tolerance_us:
                self._doubtful = gap
            else:
                items.append(gap)
        elif self._request.skipped:
            items.append(self._gap(event, "oversized", "an event before this time is too large to be received"))
        return True

    def _resolve(self, event: JetstreamEvent, items: list[Item]) -> None:
        """Drop a doubtful gap if the last event that was read from another server comes; report it if it is overdue.

        The servers witness events at different times, so that a replay of all may begin later than the last one.
        """
        if event.digest == self.at.event:
            self._doubtful = None
        elif event.time_us > self.at.time_us + round(2_000_000 * self._settings.overlap_seconds):
            items += [self._doubtful] if self._doubtful else []
            self._doubtful = None

    def _without_doubt(self, now_ms: int) -> Batch:
        """Return the batch of a pause, at which a replay has ended, with the gap that it has not refuted."""
        if self._doubtful is None or self._newest is None:
            return Batch(())
        gap, self._doubtful = self._doubtful, None
        self.at = self.at.after(self._host, self._newest, self._newest.time_us, now_ms * 1000)
        return Batch((gap,), self.at.saved())

    def _gap(self, event: JetstreamEvent, cause: GapCause, why: str) -> Gap:
        asked = f"asked for {self._request.mode} {self._request.cursor}"
        after = f"after event {self.at.seq} of {self.at.host}" if self.at.seq is not None else "after a time"
        detail = f"{self._host}: {asked} {after}, and got event {event.seq} of {_time(event.time_us)}; {why}"
        from_ms = self.at.time_us // 1000
        to_ms = min(event.time_us // 1000, self._now_ms())  # a clock that is ahead must not make a gap of the future
        return Gap(self._source, from_ms, max(from_ms, to_ms), cause, detail)

    def _too_large(self) -> Bad:
        detail = f"an event after number {self.at.seq} of {self._host} is longer than {MAX_FRAME_BYTES:,} bytes"
        return Bad(RecordError("too_large", detail), b"", f"after {self.at.seq}")

    def _refuse(self, bad: Bad, items: list[Item]) -> None:
        items.append(bad)
        self._others += 1
        if self._others >= FRAMES_OF_OTHERS:
            detail = f"the last {self._others} messages of {self._host} are no events of Jetstream"
            self._ending = SourceUnavailable(self._source, "no_events", detail)

    def _failure(self, frame: StreamFailure) -> SourceUnavailable:
        name = frame.name or "error"
        reason = "consumer_too_slow" if name == "ConsumerTooSlow" else "stream_error"
        return SourceUnavailable(self._source, reason, f"{self._host} ends the stream: {name} {frame.message}".rstrip())


def _time(time_us: int) -> str:
    try:
        return datetime.fromtimestamp(time_us / 1_000_000, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return f"{time_us} µs"
