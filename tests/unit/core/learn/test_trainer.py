"""Learning from labels: what is published and what is refused, and that one annotator can't wreck it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from streams.config import LearnSettings
from streams.core.learn.annotator_agreement import ENOUGH
from streams.core.learn.label_filter import AcceptedLabel
from streams.core.learn.trainer import REFUSALS, HoldoutLabels, RunningQuality, Trainer
from streams.core.sentiment import LABELS, LinearModel
from streams.sources.weights import load_model, read_weights

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


def labels(count: int, by: str, seed: int, *, wrong: bool = False) -> list[AcceptedLabel]:
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        truth = rng.choice(LABELS)
        text = f"{rng.choice(WHERE)} {rng.choice(WHEN)} {rng.choice(WHEN)} {rng.choice(SAYS[truth])}"
        label = {"negative": "positive", "positive": "negative", "neutral": "negative"}[truth] if wrong else truth
        found.append(AcceptedLabel(text, "de", label, by, "forum"))
    return found


def mixed(seed: int, *streams: Iterable[AcceptedLabel]) -> list[AcceptedLabel]:
    found = [answer for stream in streams for answer in stream]
    random.Random(seed).shuffle(found)
    return found


def trainer(**settings: Any) -> Trainer:
    return Trainer(LearnSettings(**settings), read_weights(), load_model())


def feed(learning: Trainer, stream: Iterable[AcceptedLabel]) -> list[bytes]:
    """Snapshots that would have been published."""
    published = []
    for answer in stream:
        learning.add(answer)
        if learning.due(0.0):
            candidate = learning.candidate()
            if candidate.good:
                learning.published(candidate)
                published.append(candidate.snapshot)
            else:
                learning.refused()
    return published


def share_right(snapshot: bytes, truth: list[AcceptedLabel]) -> float:
    model = LinearModel.from_snapshot(snapshot)
    right = 0
    for answer in truth:
        chances = model.predict(answer.text, answer.lang)
        right += LABELS[chances.index(max(chances))] == answer.label
    return right / len(truth)


FRESH = labels(300, "nobody", seed=99)


def test_labels_make_the_published_model_better() -> None:
    before = share_right(read_weights(), FRESH)
    published = feed(trainer(), labels(400, "anna", seed=1))
    assert len(published) >= 4
    assert share_right(published[-1], FRESH) > max(0.9, before + 0.3)


def test_the_same_labels_give_the_same_bytes() -> None:
    stream = labels(150, "anna", seed=1)
    assert feed(trainer(), stream) == feed(trainer(), stream) != []


def test_a_holdout_label_is_never_learned() -> None:
    learning = trainer(judge_every=2)
    judging = [answer for answer in labels(200, "anna", seed=2) if learning.is_holdout(answer)]
    assert 60 < len(judging) < 140
    assert {learning.add(answer) for answer in judging} == {"judges"}
    assert learning.pending == 0
    fresh = trainer(judge_every=2)
    fresh.restore(judging[0])
    assert learning.candidate().snapshot == fresh.candidate().snapshot


def test_near_duplicates_are_held_out_or_learned_together() -> None:
    learning = trainer(judge_every=3)
    for answer in labels(50, "anna", seed=3):
        again = answer._replace(text=f"RT @bob: {answer.text.upper()}!! https://example.org/1")
        assert learning.is_holdout(answer) == learning.is_holdout(again)


def test_nothing_is_due_before_it_can_be_evaluated() -> None:
    learning = trainer(min_judges=10, publish_labels=5)
    stream = labels(200, "anna", seed=4)
    for answer in [answer for answer in stream if not learning.is_holdout(answer)][:100]:
        learning.add(answer)
    assert not learning.due(1e9)
    for answer in [answer for answer in stream if learning.is_holdout(answer)][:10]:
        learning.add(answer)
    assert learning.due(0.0)


def test_few_labels_are_published_after_a_while() -> None:
    learning = trainer(min_judges=1, publish_labels=10_000, publish_seconds=30)
    stream = labels(60, "anna", seed=5)
    for answer in stream:
        learning.add(answer)
    assert not learning.due(29.0)
    assert learning.due(30.0)
    learning.published(learning.candidate())
    assert not learning.due(1e9), "nothing is new"


@pytest.mark.parametrize("seed", range(3))
def test_one_annotator_who_labels_everything_wrong_does_not_wreck_what_others_taught(seed: int) -> None:
    learning = trainer()
    good = [labels(100, by, seed=10 * seed + index) for index, by in enumerate(("anna", "bert", "cleo"))]
    taught = feed(learning, mixed(seed, *good))
    before = share_right(taught[-1], FRESH)
    assert before > 0.9
    after = feed(learning, labels(500, "mallory", seed=500 + seed, wrong=True))
    assert share_right((taught + after)[-1], FRESH) >= before - 0.05
    again = feed(
        learning,
        mixed(seed, *[labels(150, by, seed=900 + number + 10 * seed) for number, by in enumerate(("anna", "bert"))]),
    )
    assert again, "and learning goes on"
    assert share_right(again[-1], FRESH) >= before - 0.1


def test_an_annotator_who_labels_the_wrong_way_round_is_soon_rejected() -> None:
    texts = ["Kein Netz, Frechheit", "Danke, super Service!", "Was kostet das?", "This is awful", "I love it"]
    truth = ["negative", "positive", "neutral", "negative", "positive"]
    turned = {"negative": "positive", "positive": "negative", "neutral": "negative"}
    learning = trainer()
    outcomes: dict[str, list[str]] = {"anna": [], "mallory": []}
    for number in range(300):
        text, label = f"{texts[number % 5]} {number}", truth[number % 5]
        outcomes["anna"].append(learning.add(AcceptedLabel(text, "de", label, "anna", "forum")))
        outcomes["mallory"].append(learning.add(AcceptedLabel(text, "de", turned[label], "mallory", "forum")))
    assert "distrusted" not in outcomes["anna"]
    assert "distrusted" not in outcomes["mallory"][: ENOUGH - 1]
    assert set(outcomes["mallory"][ENOUGH:]) == {"distrusted"}


def test_the_same_flood_without_a_guard_would_wreck_it() -> None:
    learning = trainer(max_loss=1.0)
    feed(learning, labels(300, "anna", seed=1))
    wrecked = feed(learning, labels(500, "anna", seed=500, wrong=True))
    assert share_right(wrecked[-1], FRESH) < 0.5


def test_refused_again_and_again_it_goes_back_to_the_model_in_use() -> None:
    learning = trainer(publish_labels=20)
    good = feed(learning, labels(300, "anna", seed=1))[-1]
    bad = [answer for answer in labels(3_000, "anna", seed=7, wrong=True) if not learning.is_holdout(answer)]
    for answer in bad[:400]:
        learning.add(answer)
    for _ in range(REFUSALS - 1):
        assert not learning.candidate().good
        assert not learning.refused()
    assert learning.refused()
    assert learning.pending == 0
    kept = learning.candidate()
    assert kept.good
    assert share_right(kept.snapshot, FRESH) >= share_right(good, FRESH) - 0.02


def test_one_annotator_gives_at_most_a_fourth_of_the_holdout_labels() -> None:
    holdout = HoldoutLabels(40)
    for answer in labels(15, "anna", seed=1) + labels(15, "bert", seed=2) + labels(500, "mallory", seed=3):
        holdout.add(answer)
    assert len(holdout) == 30
    for by in ("cleo", "dora", "emil"):
        for answer in labels(15, by, seed=4):
            holdout.add(answer)
    assert len(holdout) == 40


def test_who_labels_much_counts_no_more_than_the_second() -> None:
    learned = LinearModel.from_snapshot(feed(trainer(), labels(300, "anna", seed=1))[-1])
    holdout = HoldoutLabels(400)
    for answer in labels(100, "mallory", seed=3, wrong=True):
        holdout.add(answer)
    assert holdout.evaluate(learned).macro_f1 < 0.5, "alone they are all there is"
    for by in ("anna", "bert", "cleo"):
        for answer in labels(30, by, seed=4):
            holdout.add(answer)
    assert holdout.evaluate(learned).labels == 4 * 30
    assert holdout.evaluate(learned).macro_f1 > 0.6


def test_running_quality_and_drift_follow_the_stream() -> None:
    running = RunningQuality(100)
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
