"""The frequencies of words are as their builder writes them."""

from __future__ import annotations

import lzma

from deploy.words.frequencies import content
from streams.core.text.frequencies import FILE


def test_the_frequencies_of_words_are_current() -> None:
    assert lzma.decompress(FILE.read_bytes()) == content(), "run python -m deploy.words.frequencies"


def test_the_file_is_small() -> None:
    assert len(FILE.read_bytes()) < 200_000
