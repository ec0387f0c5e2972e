"""A model predicts each post before its label is revealed, and labels are revealed to the share that was asked for."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import orjson
import pytest

from streams.core.sentiment.learner import OnlineSentiment
from streams.offline.sentiment.prequential import AtRandom, BySmallestMargin, run
from streams.sources.labelled_posts import read_gold
from tests.support.sentiment import lines, sentiment

if TYPE_CHECKING:
    from pathlib import Path

    from streams.core.sentiment import LinearModel


def test_evaluate_learns_what_is_revealed_and_says_so_first(gold_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    result = sentiment("evaluate", gold_file, "--labels", 1, "--predictions", out, "--cold")
    assert result.exit_code == 0, result.output
    assert "macro-F1             1.000" in result.output
    written = lines(out)
    assert [line["id"] for line in written] == [line["id"] for line in lines(gold_file)]
    assert list(written[0]) == ["id", "p_negative", "p_neutral", "p_positive", "label_revealed"]
    assert written[0]["p_negative"] == pytest.approx(1 / 3)  # before the first label is seen
    assert all(line["label_revealed"] for line in written)
    assert written[-3]["p_negative"] > 0.5


def test_predictions_do_not_depend_on_labels_still_to_come(gold_file: Path, tmp_path: Path) -> None:
    swapped, one, two = tmp_path / "swapped.jsonl", tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    changed = [line | {"label": "neutral"} if n >= 60 else line for n, line in enumerate(lines(gold_file))]
    swapped.write_bytes(b"\n".join(map(orjson.dumps, changed)))
    for file, out in ((gold_file, one), (swapped, two)):
        sentiment("evaluate", file, "--labels", 0.5, "--seed", 4, "--predictions", out)
    assert lines(one)[:61] == lines(two)[:61]
    assert lines(one)[61:] != lines(two)[61:]


def test_no_label_teaches_nothing(gold_file: Path, shipped: LinearModel) -> None:
    posts = read_gold(gold_file)
    model = OnlineSentiment()
    assert run(model, posts, AtRandom(0.0, 1)).revealed == 0
    assert model.snapshot() == OnlineSentiment().snapshot()


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_shares_of_labels_are_kept(share: float) -> None:
    draw = random.Random(5)
    chances = [(p, 0.9 - p, 0.1) for p in (draw.uniform(0, 0.9) for _ in range(4000))]
    for chooser in (AtRandom(share, 1), BySmallestMargin(share)):
        assert sum(map(chooser.reveals, chances)) / 4000 == pytest.approx(share, abs=0.02)


def test_small_margins_are_asked_about() -> None:
    draw = random.Random(5)
    chooser = BySmallestMargin(0.1)
    chances = [(p, 0.9 - p, 0.1) for p in (draw.uniform(0, 0.9) for _ in range(4000))]
    asked = [abs(2 * p[0] - 0.9) for p in chances if chooser.reveals(p)]
    assert sum(asked) / len(asked) < 0.1  # 0.45 at random
