"""Files of labels that can't be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.errors import InputError
from tests.support.backtest import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("incidents: [{brand: a}]", "incidents[0].from: is required"),
        ("incidents: [{brand: a, from: 2026-01-02, to: 2026-01-01}]", "incidents[0].to: must be after `from`"),
        ("incident: []", "incident: unknown key; allowed here: incidents"),
        ("[", "is not valid YAML"),
    ],
)
def test_labels_that_can_not_be_used_are_told_by_their_place(folder: Path, text: str, problem: str) -> None:
    (folder / "bad.yaml").write_text(text)
    result = run(folder, "backtest", "--posts", "@posts.jsonl", "-c", "@now.yaml", "--labels", "@bad.yaml")
    assert result.exit_code == InputError.exit_code
    assert problem in result.output
    assert "Traceback" not in result.output
