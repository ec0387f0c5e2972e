"""The trainer on real posts and labels of people, where they are at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.config import LearnSettings
from streams.core.learn.label_filter import AcceptedLabel
from streams.core.learn.trainer import Trainer
from streams.core.sentiment.f1 import quality
from streams.sources.labelled_posts import read_gold
from streams.sources.weights import load_model, read_weights

if TYPE_CHECKING:
    from pathlib import Path

    from streams.core.sentiment import LinearModel
    from streams.sources.labelled_posts import GoldPost

LEARNED, TESTED = 2_500, 1_500
TURNED = {"negative": "positive", "positive": "negative", "neutral": "negative"}


@pytest.fixture(scope="module")
def airline(shared_data: Path) -> list[GoldPost]:
    return read_gold(shared_data / "airline-2015" / "airline.jsonl")[: LEARNED + TESTED]


def macro_f1(model: LinearModel, posts: list[GoldPost]) -> float:
    chances = [model.predict(post.text, post.lang) for post in posts]
    return quality([post.label for post in posts], chances).macro_f1


def taught(posts: list[GoldPost], *, wrong: str = "") -> LinearModel:
    """The model in use after the labels of six annotators, of whom one may answer the wrong way round."""
    in_use = load_model()
    learning = Trainer(LearnSettings(), read_weights(), in_use)
    for number, post in enumerate(posts):
        by = f"annotator {number * 7919 % 6}"
        label = TURNED[post.label] if by == wrong else post.label
        learning.add(AcceptedLabel(post.text, post.lang, label, by, "microblog"))
        if learning.due(0.0):
            candidate = learning.candidate()
            if candidate.good:
                learning.published(candidate)
                in_use = candidate.model
            else:
                learning.refused()
    return in_use


def test_people_teach_it_and_one_of_six_who_answers_wrong_hardly_matters(airline: list[GoldPost]) -> None:
    learned, tested = airline[:LEARNED], airline[LEARNED:]
    before = macro_f1(load_model(), tested)
    honest = macro_f1(taught(learned), tested)
    poisoned = macro_f1(taught(learned, wrong="annotator 3"), tested)
    assert honest > before + 0.04
    assert poisoned > honest - 0.03
