"""Tables of results are Markdown."""

from __future__ import annotations

from streams.offline.series import tables


def test_tables_are_markdown() -> None:
    assert tables.markdown(["a", "score"], [["longer", 1]]).splitlines() == [
        "| a      | score |",
        "|:-------|------:|",
        "| longer |     1 |",
    ]
