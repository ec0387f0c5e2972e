"""The model that learns: from single labels, within bounds, and the same every time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.sentiment import LABELS
from streams.core.sentiment.learner import OnlineSentiment
from streams.core.sentiment.snapshot import CLIP
from streams.errors import InputError
from streams.records import MAX_SNAPSHOT_BYTES
from streams.sources.weights import read_weights

if TYPE_CHECKING:
    from collections.abc import Hashable

Stream = list[tuple[str, str, str]]

STREAM = st.lists(st.tuples(st.text(max_size=60), st.sampled_from(["de", "en", "und"]), st.sampled_from(LABELS)))


def post(text: str, lang: str = "de") -> dict[Hashable, Any]:
    return {"text": text, "lang": lang}


def negative(model: OnlineSentiment, text: str, lang: str = "de") -> float:
    return model.predict_proba_one(post(text, lang))["negative"]


def test_corrections_change_its_mind_on_posts_of_the_same_kind(learner: OnlineSentiment) -> None:
    new = "Mein Kübelgreifer ist schon wieder da"
    before = negative(learner, new)
    for number in range(30):
        learner.learn_one(post(f"der Kübelgreifer von {number} Leuten"), "negative")
    assert negative(learner, new) > max(0.5, before + 0.2)


def test_what_it_learns_carries_over_to_compounds_and_spellings(learner: OnlineSentiment) -> None:
    compounds = ("Grümpfelausfall", "gruempfelei", "Obergrümpfel")
    before = [negative(learner, word) for word in compounds]
    for number in range(30):
        learner.learn_one(post(f"Grümpfel {number}"), "negative")
    assert all(negative(learner, word) > old + 0.1 for word, old in zip(compounds, before, strict=True))


def test_a_handle_teaches_nothing(learner: OnlineSentiment) -> None:
    before = negative(learner, "@kuebelgreifer"), negative(learner, "kuebelgreifer")
    learner.learn_one(post("@kuebelgreifer https://kuebelgreifer.example"), "neutral")
    after = negative(learner, "@kuebelgreifer"), negative(learner, "kuebelgreifer")
    assert after[0] - before[0] == pytest.approx(after[1] - before[1], abs=0.01)  # the bias alone has moved


def test_a_post_without_language_is_known_from_words_of_either(learner: OnlineSentiment) -> None:
    assert learner.predict_one({"text": "schrecklich"}) == learner.predict_one({"text": "terrible"}) == "negative"


@settings(max_examples=25, deadline=None)
@given(STREAM)
def test_the_same_labels_in_the_same_order_give_the_same_bytes(stream: Stream) -> None:
    def learned() -> bytes:
        model = OnlineSentiment()
        for text, lang, label in stream:
            model.learn_one(post(text, lang), label)
        return model.snapshot()

    assert learned() == learned()


@settings(max_examples=25, deadline=None)
@given(STREAM)
def test_any_stream_leaves_probabilities_and_weights_within_bounds(stream: Stream) -> None:
    model = OnlineSentiment()
    for text, lang, label in stream:
        chances = model.predict_proba_one(post(text, lang))
        assert list(chances) == list(LABELS)
        assert sum(chances.values()) == pytest.approx(1)
        model.learn_one(post(text, lang), label)
    assert np.abs(model._rows[:, :2]).max() <= CLIP
    assert np.isfinite(model._rows).all()


def test_a_flood_of_one_label_moves_no_weight_past_the_clip_and_can_be_unlearned() -> None:
    model = OnlineSentiment.from_snapshot(read_weights(), rate=5.0)
    for _ in range(500):
        model.learn_one(post("danke danke danke super"), "negative")
    assert np.abs(model._rows[:, :2]).max() <= CLIP
    for _ in range(500):
        model.learn_one(post("danke danke danke super"), "positive")
    assert model.predict_one(post("danke danke danke super")) == "positive"


def test_its_size_does_not_grow() -> None:
    model = OnlineSentiment()
    for number in range(300):
        model.learn_one(post("".join(chr(ord("a") + (number * k) % 26) for k in range(3000))), LABELS[number % 3])
    assert model._rows.nbytes < 4 << 20
    assert len(model.snapshot()) <= MAX_SNAPSHOT_BYTES


@pytest.mark.parametrize("label", ["angry", "", 1, None])
def test_a_wrong_label_is_refused_and_changes_nothing(learner: OnlineSentiment, label: Any) -> None:
    before = learner.snapshot()
    with pytest.raises(InputError, match="there are negative, neutral, positive"):
        learner.learn_one(post("gut"), label)
    assert learner.snapshot() == before


def test_river_can_copy_it() -> None:
    copy = OnlineSentiment(rate=0.5).clone()
    assert copy.rate == 0.5
    assert copy.predict_proba_one(post("gut"))["positive"] == pytest.approx(1 / 3)
