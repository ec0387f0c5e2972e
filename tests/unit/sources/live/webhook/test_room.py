"""What waits in memory is bounded, for all senders and for each."""

from __future__ import annotations

from streams.sources.live.webhook.room import Room


def test_a_request_larger_than_the_room_passes_alone() -> None:
    room = Room(posts=10, size=100, share=1.0)
    assert room.take("a", posts=50, size=5_000)
    assert room.is_full
    assert not room.take("a", posts=1, size=1)
    room.give_back("a", posts=50, size=5_000)
    assert (room.is_full, room.held) == (False, (0, 0))
    assert room.take("a", posts=1, size=1)


def test_all_senders_together_are_bounded_by_one_request_each_beyond_the_limit() -> None:
    room = Room(posts=10, size=1_000, share=0.5)
    taken = sum(room.take(sender, posts=5, size=10) for sender in ("a", "b", "c") for _ in range(10))
    assert taken == 3


def test_bytes_are_bounded_as_posts_are() -> None:
    room = Room(posts=1_000, size=100, share=0.5)
    assert room.take("a", size=50)
    assert not room.take("a", size=1)
    assert room.take("b", size=50)
    assert room.is_full
