"""Posts that people have labelled: what models learn from and are measured on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from streams.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

LABELS: Final = ("negative", "neutral", "positive")
"""In the order of `streams.sentiment.model.Probabilities`."""


class GoldPost(NamedTuple):
    """A text, its language, and the index of its label in `LABELS`."""

    text: str
    lang: str
    label: int


def read_gold(path: Path) -> list[GoldPost]:
    """Read JSON lines with the fields ``text``, ``lang`` and ``label``.

    Raises
    ------
    InputError
        If the file can't be read, is empty, or a line lacks a field.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    posts = []
    for number, line in enumerate(lines, 1):
        try:
            record = orjson.loads(line)
            posts.append(GoldPost(record["text"], record["lang"], LABELS.index(record["label"])))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}:{number}: expected a JSON object with text, lang and a label of {', '.join(LABELS)}"
            ) from error
    if not posts:
        raise InputError(f"{path}: holds no labelled posts")
    return posts
