"""The list of words is as its builder writes it."""

from __future__ import annotations

import lzma

from deploy.words.build import content
from streams.core.text.dictionary import FILE


def test_the_list_of_words_is_current() -> None:
    assert lzma.decompress(FILE.read_bytes()) == content(), "run python -m deploy.words.build"
