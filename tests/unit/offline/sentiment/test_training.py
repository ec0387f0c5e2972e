"""Weights are learned from files of labelled posts, with or without initial weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from streams.sources.weights import load_model
from tests.support.sentiment import lines, sentiment

if TYPE_CHECKING:
    from pathlib import Path

    from streams.core.sentiment import LinearModel


def test_trained_weights_know_the_words_and_are_the_same_each_time(gold_file: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one.fwsm", tmp_path / "two.fwsm"
    for out in (one, two):
        result = sentiment("train", gold_file, "--out", out, "--cold")
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
    assert sentiment("train", gold_file, "--out", out).exit_code == 0
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
        assert sentiment("train", file, "--out", out).exit_code == 0
    assert with_links.read_bytes() == plain.read_bytes()
