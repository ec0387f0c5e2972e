"""Mistakes in the arguments of training and evaluation end in a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.sentiment import LABELS
from tests.support.sentiment import lines, sentiment

if TYPE_CHECKING:
    from pathlib import Path


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
        result = sentiment(*arguments)
        assert result.exit_code in {1, 3}
        assert complaint in result.output
        assert not isinstance(result.exception, AssertionError)
    assert sentiment("evaluate", gold_file, "--labels", 1.5).exit_code == 2
    assert set(LABELS) == {line["label"] for line in lines(gold_file)}
