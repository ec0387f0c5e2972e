"""The sketch of the authors of a brand: it forgets, and knows when it is too full."""

from __future__ import annotations

import random

import pytest

from streams.core.rollup.known_authors import GENERATION_MS, KnownAuthors


def test_authors_are_forgotten_after_one_to_two_generations() -> None:
    authors = KnownAuthors()
    assert authors.newcomers([1]) is None
    authors.learn(0, [1])
    authors.learn(GENERATION_MS, [2])
    assert authors.newcomers([1, 2]) == 0
    authors.learn(2 * GENERATION_MS, [3])
    assert authors.newcomers([1, 2, 3]) == pytest.approx(1, abs=0.01)
    authors.learn(9 * GENERATION_MS, [])
    assert authors.newcomers([1, 2, 3]) is None
    other = KnownAuthors()
    other.load(authors.dump())
    assert other.dump() == authors.dump()


def test_more_authors_than_the_sketch_can_hold_say_nothing() -> None:
    authors = KnownAuthors()
    chance = random.Random(1)
    authors.learn(0, (chance.getrandbits(48) for _ in range(20_000)))
    assert authors.newcomers([1, 2, 3]) is None
