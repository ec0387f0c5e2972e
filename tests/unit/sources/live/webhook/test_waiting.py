"""Requests are read in their order, and each is settled, whatever happens."""

from __future__ import annotations

from streams.sources.live.base import Item, ItemOutcome, Skipped
from streams.sources.live.webhook.waiting import PushedItems, WaitingItems

INGESTED = ItemOutcome("ingested")


def pushed(count: int) -> PushedItems:
    items: list[Item] = [Skipped("no_post")] * count
    return PushedItems(items)


async def test_requests_are_joined_up_to_a_number_of_items() -> None:
    waiting = WaitingItems()
    requests = [pushed(count) for count in (4, 4, 4, 30, 1)]
    for each in requests:
        waiting.add(each)
    read = [await waiting.next(10, 0) for _ in range(5)]
    assert read == [requests[:2], requests[2:3], requests[3:4], requests[4:], []]


async def test_what_nobody_waits_for_any_more_is_not_read() -> None:
    waiting = WaitingItems()
    given_up, other = pushed(1), pushed(1)
    waiting.add(given_up)
    waiting.add(other)
    given_up.is_given_up = True
    assert await waiting.next(10, 0) == [other]
    assert await given_up.outcomes is None


async def test_at_the_end_all_are_settled_and_none_is_kept() -> None:
    waiting = WaitingItems()
    read, unread, settled = pushed(1), pushed(1), pushed(1)
    waiting.add(settled)
    await waiting.next(10, 0)
    settled.settle([INGESTED])
    waiting.add(read)
    await waiting.next(10, 0)
    waiting.add(unread)
    waiting.refuse_waiting()
    assert await unread.outcomes is None
    await waiting.all_settled(0)
    assert await read.outcomes is None
    assert await settled.outcomes == [INGESTED]


async def test_the_first_outcome_counts() -> None:
    each = pushed(1)
    each.settle(None)
    each.settle([INGESTED])
    assert await each.outcomes is None
