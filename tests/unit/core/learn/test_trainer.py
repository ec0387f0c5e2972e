"""Learning from people: what is published, what is held back, and that one annotator can't wreck it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config import LearnSettings
from streams.core.learn.label_filter import Answer
from streams.core.learn.trainer import REFUSALS, Judges, Running, Trainer
from streams.core.learn.trust import ENOUGH, WINDOW, Trust
from streams.core.sentiment import LABELS, LinearModel
from streams.core.sentiment.linear import read_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

SAYS = {
    "negative": ["der Tarif knarzt", "das Modem flimmert", "die Leitung rumpelt", "the router wobbles"],
    "neutral": ["der Tarif liegt vor", "das Modem steht im Flur", "die Leitung verläuft dort", "the router has a lid"],
    "positive": ["der Tarif schnurrt", "das Modem flutscht", "die Leitung fluppt", "the router zings"],
}
"""Words that the shipped weights don't know, so that only labels tell what they mean."""

WHERE = ["Hier", "Bei uns", "Drüben", "Im Büro", "Daheim", "Oben", "In Köln", "In Kiel", "Am Markt", "Im Keller"]
WHEN = ["heute", "gestern", "seit Montag", "wieder", "immer", "oft", "morgens", "abends", "neuerdings", "dauernd"]


def answers(count: int, by: str, seed: int, *, wrong: bool = False) -> list[Answer]:
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        truth = rng.choice(LABELS)
        text = f"{rng.choice(WHERE)} {rng.choice(WHEN)} {rng.choice(WHEN)} {rng.choice(SAYS[truth])}"
        label = {"negative": "positive", "positive": "negative", "neutral": "negative"}[truth] if wrong else truth
        found.append(Answer(text, "de", label, by, "forum"))
    return found


def mixed(seed: int, *streams: Iterable[Answer]) -> list[Answer]:
    found = [answer for stream in streams for answer in stream]
    random.Random(seed).shuffle(found)
    return found


def trainer(**settings: Any) -> Trainer:
    return Trainer(LearnSettings(**settings), read_snapshot(), LinearModel.load())


def feed(learning: Trainer, stream: Iterable[Answer]) -> list[bytes]:
    """Snapshots that would have been published."""
    published = []
    for answer in stream:
        learning.take(answer)
        if learning.due(0.0):
            candidate = learning.candidate()
            if candidate.good:
                learning.published(candidate)
                published.append(candidate.snapshot)
            else:
                learning.refused()
    return published


def share_right(snapshot: bytes, truth: list[Answer]) -> float:
    model = LinearModel.from_snapshot(snapshot)
    right = 0
    for answer in truth:
        chances = model.predict(answer.text, answer.lang)
        right += LABELS[chances.index(max(chances))] == answer.label
    return right / len(truth)


FRESH = answers(300, "nobody", seed=99)


def test_labels_make_the_published_model_better() -> None:
    before = share_right(read_snapshot(), FRESH)
    published = feed(trainer(), answers(400, "anna", seed=1))
    assert len(published) >= 4
    assert share_right(published[-1], FRESH) > max(0.9, before + 0.3)


def test_the_same_labels_give_the_same_bytes() -> None:
    stream = answers(150, "anna", seed=1)
    assert feed(trainer(), stream) == feed(trainer(), stream) != []


def test_what_judges_is_never_learned() -> None:
    learning = trainer(judge_every=2)
    judging = [answer for answer in answers(200, "anna", seed=2) if learning.judges(answer)]
    assert 60 < len(judging) < 140
    assert {learning.take(answer) for answer in judging} == {"judges"}
    assert learning.pending == 0
    fresh = trainer(judge_every=2)
    fresh.warm(judging[0])
    assert learning.candidate().snapshot == fresh.candidate().snapshot


def test_near_duplicates_judge_or_are_learned_together() -> None:
    learning = trainer(judge_every=3)
    for answer in answers(50, "anna", seed=3):
        again = answer._replace(text=f"RT @bob: {answer.text.upper()}!! https://example.org/1")
        assert learning.judges(answer) == learning.judges(again)


def test_nothing_is_due_before_it_can_be_judged() -> None:
    learning = trainer(min_judges=10, publish_labels=5)
    stream = answers(200, "anna", seed=4)
    for answer in [answer for answer in stream if not learning.judges(answer)][:100]:
        learning.take(answer)
    assert not learning.due(1e9)
    for answer in [answer for answer in stream if learning.judges(answer)][:10]:
        learning.take(answer)
    assert learning.due(0.0)


def test_few_labels_are_published_after_a_while() -> None:
    learning = trainer(min_judges=1, publish_labels=10_000, publish_seconds=30)
    stream = answers(60, "anna", seed=5)
    for answer in stream:
        learning.take(answer)
    assert not learning.due(29.0)
    assert learning.due(30.0)
    learning.published(learning.candidate())
    assert not learning.due(1e9), "nothing is new"


@pytest.mark.parametrize("seed", range(3))
def test_one_annotator_who_labels_everything_wrong_does_not_wreck_what_others_taught(seed: int) -> None:
    learning = trainer()
    good = [answers(100, by, seed=10 * seed + index) for index, by in enumerate(("anna", "bert", "cleo"))]
    taught = feed(learning, mixed(seed, *good))
    before = share_right(taught[-1], FRESH)
    assert before > 0.9
    after = feed(learning, answers(500, "mallory", seed=500 + seed, wrong=True))
    assert share_right((taught + after)[-1], FRESH) >= before - 0.05
    again = feed(
        learning,
        mixed(seed, *[answers(150, by, seed=900 + number + 10 * seed) for number, by in enumerate(("anna", "bert"))]),
    )
    assert again, "and learning goes on"
    assert share_right(again[-1], FRESH) >= before - 0.1


def test_whoever_answers_the_wrong_way_round_is_soon_not_believed() -> None:
    texts = ["Kein Netz, Frechheit", "Danke, super Service!", "Was kostet das?", "This is awful", "I love it"]
    truth = ["negative", "positive", "neutral", "negative", "positive"]
    turned = {"negative": "positive", "positive": "negative", "neutral": "negative"}
    learning = trainer()
    outcomes: dict[str, list[str]] = {"anna": [], "mallory": []}
    for number in range(300):
        text, label = f"{texts[number % 5]} {number}", truth[number % 5]
        outcomes["anna"].append(learning.take(Answer(text, "de", label, "anna", "forum")))
        outcomes["mallory"].append(learning.take(Answer(text, "de", turned[label], "mallory", "forum")))
    assert "distrusted" not in outcomes["anna"]
    assert "distrusted" not in outcomes["mallory"][: ENOUGH - 1]
    assert set(outcomes["mallory"][ENOUGH:]) == {"distrusted"}


def test_the_same_flood_without_a_guard_would_wreck_it() -> None:
    learning = trainer(max_loss=1.0)
    feed(learning, answers(300, "anna", seed=1))
    wrecked = feed(learning, answers(500, "anna", seed=500, wrong=True))
    assert share_right(wrecked[-1], FRESH) < 0.5


def test_refused_again_and_again_it_goes_back_to_the_model_in_use() -> None:
    learning = trainer(publish_labels=20)
    good = feed(learning, answers(300, "anna", seed=1))[-1]
    bad = [answer for answer in answers(3_000, "anna", seed=7, wrong=True) if not learning.judges(answer)]
    for answer in bad[:400]:
        learning.take(answer)
    for _ in range(REFUSALS - 1):
        assert not learning.candidate().good
        assert not learning.refused()
    assert learning.refused()
    assert learning.pending == 0
    kept = learning.candidate()
    assert kept.good
    assert share_right(kept.snapshot, FRESH) >= share_right(good, FRESH) - 0.02


def test_trust_can_be_won_back_and_needs_others_to_compare_with() -> None:
    trust = Trust()
    for _ in range(500):
        trust.add("mallory", agrees=False)
    assert trust.believes("mallory"), "alone there is nothing to compare with"
    for _ in range(ENOUGH):
        trust.add("anna", agrees=True)
    assert not trust.believes("mallory")
    assert trust.believes("anna")
    for _ in range(WINDOW // 2):
        trust.add("mallory", agrees=True)
    assert trust.believes("mallory")


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=100, max_size=400))
def test_trust_compares_the_latest_answers_of_all(said: list[tuple[int, bool]]) -> None:
    trust, latest = Trust(), dict[int, list[bool]]()
    for by, agrees in said:
        trust.add(str(by), agrees=agrees)
        latest.setdefault(by, []).append(agrees)
    for by, own in latest.items():
        others = [agrees for other, found in latest.items() if other != by for agrees in found[-WINDOW:]]
        recent = own[-WINDOW:]
        enough = len(recent) >= ENOUGH and len(others) >= ENOUGH
        assert trust.believes(str(by)) == (not enough or sum(recent) / len(recent) >= sum(others) / len(others) / 2)


def test_one_annotator_gives_at_most_a_fourth_of_the_judges() -> None:
    judges = Judges(40)
    for answer in answers(15, "anna", seed=1) + answers(15, "bert", seed=2) + answers(500, "mallory", seed=3):
        judges.add(answer)
    assert len(judges) == 30
    for by in ("cleo", "dora", "emil"):
        for answer in answers(15, by, seed=4):
            judges.add(answer)
    assert len(judges) == 40


def test_who_labels_much_counts_no_more_than_the_second() -> None:
    learned = LinearModel.from_snapshot(feed(trainer(), answers(300, "anna", seed=1))[-1])
    judges = Judges(400)
    for answer in answers(100, "mallory", seed=3, wrong=True):
        judges.add(answer)
    assert judges.on(learned).macro_f1 < 0.5, "alone they are all there is"
    for by in ("anna", "bert", "cleo"):
        for answer in answers(30, by, seed=4):
            judges.add(answer)
    assert judges.on(learned).labels == 4 * 30
    assert judges.on(learned).macro_f1 > 0.6


def test_running_quality_and_drift_follow_the_stream() -> None:
    running = Running(100)
    assert running.quality() is None
    for _ in range(400):
        running.add("negative", (0.8, 0.1, 0.1))
    assert (measured := running.quality()) is not None
    assert measured.macro_f1 == 1.0
    assert running.rises == 0
    for _ in range(400):
        running.add("positive", (0.8, 0.1, 0.1))
    assert (measured := running.quality()) is not None
    assert measured.macro_f1 == 0.0
    assert running.rises > 0
    assert running.falls == 0
