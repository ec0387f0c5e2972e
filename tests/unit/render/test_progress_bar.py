"""Progress: bars on a terminal, lines elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.render.progress_bar import bar, progress_bar
from streams.sources.registry import open_posts
from tests.support.lines import MAX_BYTES, lines_of, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("unit", "amount"), [("bytes", "3/5 bytes"), ("records", "3/5")])
def test_a_bar_shows_its_name_and_amounts(unit: str, amount: str, capsys: pytest.CaptureFixture[str]) -> None:
    with bar("posts.jsonl", unit, shown=True) as show:  # type: ignore[arg-type]
        show(3, 5)
    shown = capsys.readouterr()
    assert not shown.out
    assert "posts.jsonl" in shown.err
    assert amount in shown.err


def test_the_amounts_stay_in_one_line_at_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bar kept its width, and "MB" went on in a second line."""
    monkeypatch.setenv("COLUMNS", "80")
    with bar("posts-of-march.jsonl: checking the order of time", "bytes", shown=True) as show:
        show(10_200_000, 11_900_000)
    assert "10.2/11.9 MB" in capsys.readouterr().err


def test_no_bar_is_shown_where_stderr_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("posts.jsonl", "bytes") as show:
        show(3, 5)
    assert capsys.readouterr() == ("", "")


def test_long_work_writes_lines_where_stderr_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.render.progress_bar.FIRST_LINE_SECONDS", 0)
    with bar("posts.jsonl", "bytes") as show:
        show(3_000_000, 4_000_000, "posts.jsonl: sorting")
        show(4_000_000, 4_000_000)
    shown = capsys.readouterr()
    assert not shown.out
    assert shown.err.startswith("posts.jsonl: sorting: 3.0 of 4.0 MB, 75 %, about ")
    assert shown.err.count("\n") == 1


def test_the_bar_of_a_source_shows_how_much_was_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "posts.jsonl", b'{"id":1}\n' * 3)
    monkeypatch.chdir(tmp_path)  # a long path would leave no room for the amounts
    with open_posts("posts.jsonl", MAX_BYTES) as source, progress_bar(source, shown=True) as show:
        lines_of(source)
        show()
    assert "27/27 bytes" in capsys.readouterr().err
