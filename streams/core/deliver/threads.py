"""Threads of a chat, one for each incident: which messages they have, as far as that is known.

The chat itself holds the truth: each message carries the ids of its incident and of its step. What is known of a thread
is read from there when a partition is assigned and whenever a message may or may not have arrived, so that no crash,
rebalance or lost answer leads to a second thread or to a repeated message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from detectors.units import DAY_MS, HOUR_MS
from streams.core.deliver.verdict_queue import VerdictQueue
from streams.records import epoch_ms

if TYPE_CHECKING:
    from streams.core.deliver.step import DeliveryStep
    from streams.core.deliver.suppression import Suppression

MAX_THREADS: Final = 2_000
"""First messages, and threads with their replies, that are remembered for a partition."""

CLOCK_MARGIN_MS: Final = HOUR_MS
"""By how much the clocks of the broker, of the bridge and of the chat may differ."""

LOOK_BACK_MS: Final = 30 * DAY_MS
"""How far back a thread is looked for at most: as long as social.alerts keeps steps by default."""


class FirstMessage(NamedTuple):
    """The first message of a thread.

    Parameters
    ----------
    ts
        Timestamp by which the chat identifies the message.
    step
        Id of the step that it was posted for.
    """

    ts: str
    step: str


@dataclass(slots=True)
class Thread:
    """A thread whose replies are known.

    Parameters
    ----------
    first
        The first message.
    sent
        Ids of the steps and verdicts that the thread holds.
    shows
        Ids of the step and of the verdict that the first message shows; None if that is not known.
    """

    first: FirstMessage
    sent: set[str]
    shows: tuple[str, str] | None = None


class Threads:
    """What is known of the threads of one partition's incidents."""

    def __init__(self) -> None:
        self._first: dict[str, FirstMessage] = {}
        self._threads: dict[str, Thread] = {}
        self._read_from = self._read_until = -1

    def get(self, incident: str) -> Thread | None:
        """Return the thread of an incident if its replies are known."""
        return self._threads.get(incident)

    def first(self, incident: str) -> FirstMessage | None:
        """Return the first message of an incident's thread if it is known."""
        return self._first.get(incident)

    def found(self, incident: str, message: FirstMessage) -> None:
        """Record the first message of a thread; of two the later one, since an incident goes on in a new thread only
        where the earlier one is closed or deleted."""
        known = self._first.get(incident)
        if known is None or message.ts > known.ts:
            _put(self._first, incident, message)

    def put(self, incident: str, thread: Thread) -> None:
        """Record a thread with its replies."""
        _put(self._first, incident, thread.first)
        _put(self._threads, incident, thread)

    def doubt(self, incident: str) -> None:
        """Forget the replies of a thread, since a message may or may not have arrived."""
        self._threads.pop(incident, None)

    def lost(self, incident: str) -> None:
        """Forget a thread that the chat does not have any more."""
        self._threads.pop(incident, None)
        self._first.pop(incident, None)

    def to_read_from(self, since_ms: int) -> int:
        """Return from when messages have to be read to find every first message that was posted since a time."""
        if 0 <= self._read_from <= since_ms:
            return max(since_ms, self._read_until - CLOCK_MARGIN_MS)
        return since_ms

    def read(self, from_ms: int, until_ms: int) -> None:
        """Record that all messages of a span have been read."""
        is_continued = self._read_from >= 0 and from_ms <= self._read_until
        self._read_from = min(self._read_from, from_ms) if is_continued else from_ms
        self._read_until = until_ms


class ThreadQueue(VerdictQueue):
    """The steps and verdicts that wait for a chat with threads.

    Attributes
    ----------
    threads
        What is known of the threads.
    """

    def __init__(self, suppression: Suppression, forget_after_ms: int, past_ms: int) -> None:
        super().__init__(suppression, forget_after_ms, past_ms)
        self.threads = Threads()


def posted_since(step: DeliveryStep) -> int:
    """Return from when on the thread of a step's incident may have been opened, in milliseconds since the epoch."""
    began_ms = epoch_ms(step.alert.starts_at)
    return max(min(began_ms, step.broker_ms), step.broker_ms - LOOK_BACK_MS) - CLOCK_MARGIN_MS


_Value = TypeVar("_Value")


def _put(known: dict[str, _Value], incident: str, value: _Value) -> None:
    known.pop(incident, None)
    known[incident] = value
    if len(known) > MAX_THREADS:
        del known[next(iter(known))]
