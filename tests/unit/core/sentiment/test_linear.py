"""The scorer's model: what it answers, how alike, and within which bounds."""

from __future__ import annotations

import gc
import math
import sys
import tracemalloc
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.sentiment import LinearModel, linear
from streams.core.sentiment.f1 import quality
from streams.core.sentiment.learner import OnlineSentiment
from streams.core.sentiment.linear import MAX_CACHED_CHARS
from streams.core.sentiment.snapshot import Weights
from streams.sources.labelled_posts import read_gold
from streams.sources.weights import load_model, read_weights

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

SHIPPED = load_model()


def taught() -> bytes:
    """A snapshot to which a link says something: no weight for it ships."""
    learner = OnlineSentiment.from_snapshot(read_weights())
    for _ in range(20):
        learner.learn_one({"text": "https://a.example"}, "neutral")
    return learner.snapshot()


TAUGHT = taught()
LEARNER = OnlineSentiment.from_snapshot(TAUGHT)
SCORER, OTHER = (LinearModel.from_snapshot(TAUGHT) for _ in range(2))
TEXTS = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(["nicht", "gut", "great", "not", "😡", ":(", "Netz", "#KeinNetz", "soooo", "@x", "https://a.b"])
    ),
)
LANGUAGES = st.sampled_from(["de", "en", "und", "fr"])


def likeliest(text: str, lang: str) -> str:
    chances = SHIPPED.predict(text, lang)
    return ("negative", "neutral", "positive")[chances.index(max(chances))]


def test_a_model_that_nobody_uses_any_more_leaves_no_garbage() -> None:
    model = LinearModel.from_snapshot(TAUGHT)
    model.predict("Kein Netz", "de")
    gone = weakref.ref(model)
    table = weakref.ref(model._compiled)
    gc.disable()
    try:
        del model
        assert (gone(), table()) == (None, None)
    finally:
        gc.enable()


@given(st.text(), LANGUAGES)
def test_probabilities_sum_to_one(text: str, lang: str) -> None:
    chances = SHIPPED.predict(text, lang)
    assert sum(chances) == pytest.approx(1)
    assert all(0 <= chance <= 1 for chance in chances)


@pytest.mark.parametrize(
    "text", ["schlecht " * 2000, "great " * 2000, "\ud800" * 10_000, "😡" * 10_000, "xyz" * 4_000, "\x00"]
)
def test_extreme_texts_get_finite_answers(text: str) -> None:
    for lang in ("de", "en", "und"):
        assert sum(SHIPPED.predict(text, lang)) == pytest.approx(1)


@given(TEXTS, st.sampled_from(["de", "en", "und"]))
def test_the_scorer_answers_what_the_learner_does(text: str | list[str], lang: str) -> None:
    text = text if isinstance(text, str) else " ".join(text)
    learned = LEARNER.predict_proba_one({"text": text, "lang": lang})
    assert tuple(learned.values()) == pytest.approx(SCORER.predict(text, lang), abs=1e-5)


def test_the_scorer_follows_what_was_learned_since(learner: OnlineSentiment) -> None:
    for _ in range(100):
        learner.learn_one({"text": "das Gerät flimmert", "lang": "de"}, "negative")
    scorer = LinearModel.from_snapshot(learner.snapshot())
    post: dict[Hashable, Any] = {"text": "es flimmert wieder", "lang": "de"}
    answer = scorer.predict(post["text"], post["lang"])
    assert answer == pytest.approx(tuple(learner.predict_proba_one(post).values()), abs=0.005)
    assert answer[0] > 0.5
    assert answer[0] > SHIPPED.predict(post["text"], post["lang"])[0] + 0.2


@given(TEXTS, LANGUAGES)
def test_two_scorers_agree_to_the_last_bit(text: str | list[str], lang: str) -> None:
    text = text if isinstance(text, str) else " ".join(text)
    assert OTHER.predict(text, lang) == SCORER.predict(text, lang)
    assert OTHER.version == SCORER.version


def test_what_a_link_says_is_learned_and_not_shipped() -> None:
    bare, linked = "Streik bei der Bahn", "Streik bei der Bahn https://a.example/b"
    assert SHIPPED.predict(linked, "de") == SHIPPED.predict(bare, "de")
    assert SCORER.predict(linked, "de")[1] > SCORER.predict(bare, "de")[1] + 0.02


def test_a_full_table_starts_anew_and_answers_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "CACHED_TOKENS", 10)
    small = load_model()
    for number in range(200):
        text = f"x{chr(ord('a') + number % 26)}y{chr(ord('a') + number // 26)} nicht gut"
        assert small.predict(text, "de") == SHIPPED.predict(text, "de")
    assert len(small._compiled._tokens["de"]) <= 10


def test_long_words_are_not_kept() -> None:
    model = load_model()
    model.predict("xyz" * 1000, "en")
    assert not any(len(token) > 100 for token in model._compiled._tokens["en"])


def test_repeated_texts_are_remembered_and_long_ones_are_not() -> None:
    model = load_model()
    model.predict("again", "en")
    model.predict("again", "en")
    model.predict("x" * (MAX_CACHED_CHARS + 1), "en")
    remembered = model._remembered.cache_info()
    assert (remembered.hits, remembered.currsize) == (1, 1)


def test_memory_stays_within_bounds() -> None:
    content, sample = read_weights(), 3000
    tracemalloc.start()
    try:
        model = LinearModel.from_snapshot(content)
        compiled, _ = tracemalloc.get_traced_memory()
        for number in range(sample):
            model._compiled._tokens["de"][f"{number:b}".replace("0", "kno").replace("1", "lm")[:40]]
        with_sample, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    tokens = 3 * linear.CACHED_TOKENS * (with_sample - compiled) / sample
    texts = linear.CACHED_TEXTS * (sys.getsizeof("ä" * linear.MAX_CACHED_CHARS) + 400)
    assert compiled + tokens + texts < 150 << 20


def test_an_unknown_model_has_no_opinion() -> None:
    model = LinearModel(Weights.zeros(), version="nothing")
    assert model.predict("great", "en") == pytest.approx((1 / 3, 1 / 3, 1 / 3))


@pytest.mark.parametrize(
    ("text", "lang", "answer"),
    [
        ("Seit drei Stunden kein Netz, die Hotline ist nicht erreichbar. Frechheit!", "de", "negative"),
        ("Danke für die schnelle Hilfe, super Service!", "de", "positive"),
        ("Morgen fahre ich mit der Bahn nach Hamburg", "de", "neutral"),
        ("worst service ever, stuck on hold for two hours", "en", "negative"),
        ("thank you for the great service", "en", "positive"),
        ("the flight leaves at 9 from gate 4", "en", "neutral"),
        ("not good", "en", "negative"),
        ("das ist nicht gut", "de", "negative"),
        ("der Service ist echt schlecht, total disappointed and angry", "de", "negative"),
        ("#SchlechterService", "de", "negative"),
    ],
)
def test_plain_cases(text: str, lang: str, answer: str) -> None:
    assert likeliest(text, lang) == answer


@pytest.mark.parametrize(
    ("one", "other", "lang"),
    [
        ("Das war schön", "Das war schoen", "de"),
        ("ÜBEL! Unverschämt.", "uebel! Unverschaemt.", "de"),
        ("@great_awesome flight at 9", "flight at 9", "en"),
        ("@schlechter_service Zug um 9", "Zug um 9", "de"),
        ("flight at 9 https://a.example/terrible/bad", "flight at 9", "en"),
        ("soooooo gut", "sooo gut", "de"),
        ("#KeinNetz #SchlechterService", "kein Netz schlechter Service", "de"),
        ("doesn’t work", "doesn't work", "en"),
    ],
)
def test_spellings_that_make_no_difference(one: str, other: str, lang: str) -> None:
    assert SHIPPED.predict(one, lang) == SHIPPED.predict(other, lang)


@pytest.mark.parametrize(
    ("plain", "negated", "lang"),
    [
        ("das ist gut", "das ist nicht gut", "de"),
        ("ein toller Service", "kein toller Service", "de"),
        ("this is good", "this is not good", "en"),
        ("I enjoy it", "I don't enjoy it", "en"),
    ],
)
def test_a_negation_makes_good_worse(plain: str, negated: str, lang: str) -> None:
    assert SHIPPED.predict(negated, lang)[0] > SHIPPED.predict(plain, lang)[0] + 0.2
    assert SHIPPED.predict(negated, lang)[2] < SHIPPED.predict(plain, lang)[2] - 0.2


def test_evidence_of_a_long_text_grows_with_its_root() -> None:
    def odds(repeats: int) -> float:
        negative, neutral, _ = SHIPPED.predict("Der Zug kam pünktlich und das Essen war kalt " * repeats, "de")
        return math.log(negative / neutral)

    assert 0 < odds(43) - odds(11) < 2.2 * (odds(11) - odds(3))


@pytest.mark.parametrize(
    ("file", "macro_f1", "negative_rest_f1"),
    [
        ("airline-2015/airline.jsonl", 0.60, 0.68),
        ("semeval-2013-2016/train.jsonl", 0.53, 0.66),
        ("germeval-2017/dev.jsonl", 0.37, 0.56),
    ],
)
def test_quality_on_posts_it_never_saw(shared_data: Path, file: str, macro_f1: float, negative_rest_f1: float) -> None:
    posts = read_gold(shared_data / file)
    posts = posts[len(posts) // 2 :]
    measured = quality([post.label for post in posts], [SHIPPED.predict(post.text, post.lang) for post in posts])
    assert measured.macro_f1 >= macro_f1
    assert measured.negative_rest_f1 >= negative_rest_f1
