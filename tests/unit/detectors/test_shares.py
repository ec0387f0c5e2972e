"""Usual shares: pulled to the prior where little was seen, and not by one day of crisis."""

from __future__ import annotations

import pytest

from detectors.shares import Shares


def test_before_any_mention_a_share_is_its_prior() -> None:
    assert Shares((0.3, 0.1)).usual == [0.3, 0.1]


def test_with_many_mentions_a_share_is_what_was_seen() -> None:
    shares = Shares((0.3,))
    for _ in range(500):
        shares.learn(20, (2,), 20.0, 1.0)
    assert shares.usual == pytest.approx([0.1], abs=0.01)


def test_without_mentions_a_share_returns_to_its_prior() -> None:
    shares = Shares((0.3,))
    for _ in range(100):
        shares.learn(20, (20,), 20.0, 1.0)
    for _ in range(20):
        shares.learn(0, (0,), 0.0, 168.0)
    assert shares.usual == pytest.approx([0.3], abs=0.01)


def test_a_storm_weighs_as_much_as_twice_the_usual_mentions() -> None:
    storm, capped = Shares((0.3,)), Shares((0.3,))
    storm.learn(10_000, (9_000,), 9.0, 1.0)
    capped.learn(20, (18,), None, 1.0)
    assert storm.usual == pytest.approx(capped.usual)


def test_a_restored_one_continues() -> None:
    shares, restored = Shares((0.3, 0.1)), Shares((0.3, 0.1))
    shares.learn(10, (3, 2), None, 1.0)
    restored.load(iter(shares.dump()))
    assert (restored.dump(), restored.usual) == (shares.dump(), shares.usual)
