"""Training weights, measuring a model on a stream, and the commands that do it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from click.testing import CliRunner

from streams.cli import cli
from streams.core.sentiment import LABELS, LinearModel
from streams.core.sentiment.learner import OnlineSentiment
from streams.offline.sentiment.prequential import AtRandom, BySmallestMargin, run
from streams.sources.labelled_posts import read_gold
from streams.sources.weights import load_model

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def firewatch(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["sentiment", *map(str, arguments)])


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_trained_weights_know_the_words_and_are_the_same_each_time(gold_file: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one.fwsm", tmp_path / "two.fwsm"
    for out in (one, two):
        result = firewatch("train", gold_file, "--out", out, "--cold")
        assert result.exit_code == 0, result.output
        assert "learned from 120 posts" in result.output
    assert one.read_bytes() == two.read_bytes()
    model = load_model(one)
    for label, word in enumerate(("flimmert", "knarzt", "leuchtet")):
        chances = model.predict(f"das {word}", "de")
        assert chances.index(max(chances)) == label
    assert model.predict("terrible", "en")[0] < 0.5  # nothing English was seen


def test_training_goes_on_from_what_ships(gold_file: Path, tmp_path: Path, shipped: LinearModel) -> None:
    out = tmp_path / "own.fwsm"
    assert firewatch("train", gold_file, "--out", out).exit_code == 0
    own = load_model(out)
    assert own.predict("das flimmert", "de")[0] > shipped.predict("das flimmert", "de")[0] + 0.1
    assert own.predict("worst service ever", "en")[0] > 0.6


def test_files_teach_nothing_about_links(gold_file: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked.jsonl"
    rows = [
        row | {"text": row["text"] + " https://a.example" * (row["label"] == "positive")} for row in lines(gold_file)
    ]
    linked.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    plain, with_links = tmp_path / "plain.fwsm", tmp_path / "links.fwsm"
    for file, out in ((gold_file, plain), (linked, with_links)):
        assert firewatch("train", file, "--out", out).exit_code == 0
    assert with_links.read_bytes() == plain.read_bytes()


def test_evaluate_learns_what_is_revealed_and_says_so_first(gold_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    result = firewatch("evaluate", gold_file, "--labels", 1, "--predictions", out, "--cold")
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
        firewatch("evaluate", file, "--labels", 0.5, "--seed", 4, "--predictions", out)
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


def test_mistakes_end_in_a_message(gold_file: Path, tmp_path: Path) -> None:
    missing, broken = tmp_path / "none.jsonl", tmp_path / "broken.fwsm"
    broken.write_bytes(b"fwsm")
    for arguments, complaint in (
        (("train", missing, "--out", tmp_path / "w"), "none.jsonl: No such file"),
        (("evaluate", missing), "none.jsonl: No such file"),
        (("evaluate", gold_file, "--weights", broken), "broken.fwsm: broken_snapshot"),
        (("train", gold_file, "--weights", broken, "--out", tmp_path / "w"), "broken.fwsm: broken_snapshot"),
        (("train", gold_file, "--out", tmp_path / "no" / "w"), "can't be written"),
        (("evaluate", gold_file, "--predictions", tmp_path / "no" / "p"), "can't be written"),
    ):
        result = firewatch(*arguments)
        assert result.exit_code in {1, 3}
        assert complaint in result.output
        assert not isinstance(result.exception, AssertionError)
    assert firewatch("evaluate", gold_file, "--labels", 1.5).exit_code == 2
    assert set(LABELS) == {line["label"] for line in lines(gold_file)}
