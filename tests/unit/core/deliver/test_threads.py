"""Threads: what has to be read again to know them."""

from __future__ import annotations

from streams.core.deliver.threads import CLOCK_MARGIN_MS, LOOK_BACK_MS, MAX_THREADS, FirstMessage, Thread, Threads
from streams.core.deliver.threads import posted_since as since
from streams.records import utc
from tests.support.alerts import START_MS, step

HOUR_MS = 3_600_000


def test_a_doubtful_thread_keeps_its_first_message_and_a_lost_one_keeps_nothing() -> None:
    threads, first = Threads(), FirstMessage("1.0", "a1")
    threads.put("i1", Thread(first, {"a1"}))
    threads.doubt("i1")
    assert (threads.get("i1"), threads.first("i1")) == (None, first)
    threads.lost("i1")
    assert threads.first("i1") is None


def test_of_two_first_messages_the_later_one_counts() -> None:
    threads = Threads()
    for ts in ("2.0", "3.0", "1.0"):
        threads.found("i1", FirstMessage(ts, "a1"))
    assert threads.first("i1") == FirstMessage("3.0", "a1")


def test_what_was_read_is_read_again_only_as_far_back_as_clocks_may_differ() -> None:
    threads = Threads()
    assert threads.to_read_from(5 * HOUR_MS) == 5 * HOUR_MS
    threads.read(5 * HOUR_MS, 10 * HOUR_MS)
    assert threads.to_read_from(6 * HOUR_MS) == 10 * HOUR_MS - CLOCK_MARGIN_MS
    assert threads.to_read_from(4 * HOUR_MS) == 4 * HOUR_MS
    threads.read(10 * HOUR_MS - CLOCK_MARGIN_MS, 11 * HOUR_MS)
    assert threads.to_read_from(5 * HOUR_MS) == 11 * HOUR_MS - CLOCK_MARGIN_MS
    threads.read(20 * HOUR_MS, 21 * HOUR_MS)  # what lies between the two spans is not known
    assert threads.to_read_from(5 * HOUR_MS) == 5 * HOUR_MS


def test_a_thread_is_looked_for_from_the_beginning_of_its_incident_but_not_in_an_archive() -> None:
    assert since(step(broker_ms=START_MS + HOUR_MS)) == START_MS - CLOCK_MARGIN_MS
    assert since(step(starts_at=utc(0))) == START_MS - LOOK_BACK_MS - CLOCK_MARGIN_MS
    assert since(step(starts_at=utc(START_MS + 900 * HOUR_MS))) == START_MS - CLOCK_MARGIN_MS


def test_only_so_many_threads_are_remembered() -> None:
    threads = Threads()
    for number in range(MAX_THREADS + 1):
        threads.put(f"i{number}", Thread(FirstMessage("1.0", "a1"), {"a1"}))
    assert threads.first("i0") is None
    assert threads.get("i1") is not None
