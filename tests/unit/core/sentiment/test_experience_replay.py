"""Labels that are learned again: the latest ones, at random, and the same each time."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from streams.core.sentiment.experience_replay import MAX_FEATURES, SIZE, Example, ExperienceReplay
from streams.core.sentiment.features import SLOTS
from streams.core.sentiment.learner import OnlineSentiment


def example(number: int, features: int = 3) -> Example:
    return Example((np.full(features, number, np.int32), np.ones(features, np.float32)), number % 3)


def number_of(drawn: Example | None) -> int:
    assert drawn is not None
    return int(drawn.vector[0][0])


def test_nothing_is_drawn_before_the_first_label() -> None:
    assert ExperienceReplay(0).sample() is None


def test_any_of_the_latest_is_drawn_and_no_older_one() -> None:
    replay = ExperienceReplay(0)
    for number in range(SIZE + 700):
        replay.add(example(number))
    drawn = [number_of(replay.sample()) for _ in range(4_000)]
    assert 700 <= min(drawn) < 720
    assert SIZE + 680 <= max(drawn) < SIZE + 700
    assert np.mean(drawn) == pytest.approx(700 + SIZE / 2, rel=0.03)


def test_a_text_too_long_to_keep_is_not_kept() -> None:
    replay = ExperienceReplay(0)
    replay.add(example(1, MAX_FEATURES + 1))
    assert replay.sample() is None
    replay.add(example(2, MAX_FEATURES))
    assert number_of(replay.sample()) == 2


def test_a_copy_goes_on_alike_and_by_itself() -> None:
    replay = ExperienceReplay(0)
    for number in range(50):
        replay.add(example(number))
    replay.sample()
    twin = copy.deepcopy(replay)
    assert [number_of(twin.sample()) for _ in range(20)] == [number_of(replay.sample()) for _ in range(20)]
    for number in range(1_000, 6_000):
        twin.add(example(number))
    assert all(number_of(replay.sample()) < 50 for _ in range(100))


def test_what_was_dropped_with_a_learner_is_not_replayed(learner: OnlineSentiment) -> None:
    """As the trainer does after refusals: it goes back to a copy, and what that learns next is what it would have."""
    kept, other = copy.deepcopy(learner), copy.deepcopy(learner)
    for number in range(50):
        other.learn_one({"text": f"dropped {number}"}, "negative")
    back, straight = copy.deepcopy(kept), copy.deepcopy(kept)
    for model in (back, straight):
        for number in range(20):
            model.learn_one({"text": f"good {number}"}, "positive")
    assert back.snapshot() == straight.snapshot()
    assert back.snapshot() != other.snapshot()


def test_a_label_is_learned_again_beside_others() -> None:
    model = OnlineSentiment()
    model.learn_one({"text": "flimmert"}, "negative")
    slots = np.setdiff1d(model._vectors.of("flimmert", "de")[0], model._vectors.of("knarzt", "de")[0]) % SLOTS
    before = model._rows[slots, 0].copy()
    model.learn_one({"text": "knarzt", "lang": "de"}, "neutral")
    assert (model._rows[slots, 0] > before).all()
