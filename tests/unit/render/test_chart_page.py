"""The page of the charts escapes all text that comes from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.records import SamplePost
from streams.render.charts import draw
from tests.support.charts import alert, window

if TYPE_CHECKING:
    from pathlib import Path


def test_posts_whose_texts_an_alert_has_are_shown(tmp_path: Path) -> None:
    posts = [
        SamplePost(id="1", source="forum", text="Kein <b>Netz</b>\u202e", negative=1),
        SamplePost(id="2", source="forum", negative=1),
    ]
    *_, index = draw([window(0)], [alert(0, 15, samples=posts)], tmp_path)
    text = index.read_text(encoding="utf-8")
    assert text.count('class="post"') == 1
    assert "“Kein &lt;b&gt;Netz&lt;/b&gt;” – forum" in text


def test_texts_from_outside_are_escaped(tmp_path: Path) -> None:
    *_, index = draw([window(0)], [alert(0, 15, summary="<script>", suppressed="<b>")], tmp_path)
    text = index.read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "<b>" not in text
    assert "&lt;script&gt;" in text
