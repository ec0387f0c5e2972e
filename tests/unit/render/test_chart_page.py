"""The page of the charts escapes all text that comes from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.render.charts import draw
from tests.support.charts import alert, window

if TYPE_CHECKING:
    from pathlib import Path


def test_texts_from_outside_are_escaped(tmp_path: Path) -> None:
    *_, index = draw([window(0)], [alert(0, 15, summary="<script>", suppressed="<b>")], tmp_path)
    text = index.read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "<b>" not in text
    assert "&lt;script&gt;" in text
