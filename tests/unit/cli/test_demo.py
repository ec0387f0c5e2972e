"""`firewatch demo`: what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.cli import firewatch

if TYPE_CHECKING:
    from pathlib import Path


def test_half_a_demo_is_refused(tmp_path: Path) -> None:
    done = firewatch("demo", "--posts", tmp_path / "posts.jsonl", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert b"posts and config go together" in done.stderr
