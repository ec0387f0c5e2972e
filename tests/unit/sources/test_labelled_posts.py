"""Files of labelled posts: how they are read, and which are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.errors import InputError
from streams.sources.labelled_posts import read_gold

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "holds no labelled posts"),
        (b"{", ":1: expected a JSON object"),
        (b"[]", ":1: expected"),
        (b'{"text": "a", "lang": "de"}', ":1: expected"),
        (b'{"text": 7, "label": "neutral"}', ":1: expected"),
        (b'{"text": "a", "label": "neutral", "lang": 3}', ":1: expected"),
        (b'{"text": "a", "lang": "de", "label": "angry"}', "negative, neutral, positive"),
    ],
)
def test_bad_gold_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=complaint):
        read_gold(path)


def test_gold_is_cleaned_as_posts_are(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_bytes(
        b'{"id": 7, "text": "<p>Das ist doch nicht&nbsp;gut &amp; teuer</p>", "label": "negative"}\n'
        b'{"text": "fine", "lang": "en-GB", "label": "positive"}'
    )
    assert read_gold(path) == [
        ("7", "Das ist doch nicht gut & teuer", "de", "negative"),
        ("2", "fine", "en", "positive"),
    ]
