"""Posts with labels of annotators, from which models learn and on which they are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from streams.core.sentiment.model import LABELS
from streams.core.text.clean import normalise
from streams.core.text.language import detect
from streams.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

MAX_CHARS: Final = 10_000
"""Characters of a text that are read; the default of ``ingest.max_text_chars``."""


class GoldPost(NamedTuple):
    """A labelled post.

    Parameters
    ----------
    id
        ID of the record, or the number of its line if it has none.
    text
        Normalised text.
    lang
        ``de``, ``en`` or ``und``; detected by `streams.core.text.language.detect` if the record has none.
    label
        One of `streams.core.sentiment.model.LABELS`.
    """

    id: str
    text: str
    lang: str
    label: str


def read_gold(path: Path) -> list[GoldPost]:
    """Read JSON lines with ``text``, ``label``, and if present ``id`` and ``lang``.

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
            text, label = normalise(record["text"], MAX_CHARS), record["label"]
            LABELS.index(label)
            posts.append(GoldPost(str(record.get("id") or number), text, detect(text, record.get("lang")), label))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"{path}:{number}: expected a JSON object with text and a label of {', '.join(LABELS)}"
            ) from error
    if not posts:
        raise InputError(f"{path}: holds no labelled posts")
    return posts
