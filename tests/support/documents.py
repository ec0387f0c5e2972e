"""The Markdown files of the repository, and what tests read in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODEL_CARD: Final = ROOT / "streams" / "core" / "sentiment" / "MODEL_CARD.md"

DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md"), MODEL_CARD])

REFERENCE: Final = ROOT / "docs" / "reference"

_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
_INDENTED: Final = re.compile(r"(?:^    .*\n)+", flags=re.MULTILINE)
_SPAN: Final = re.compile(r"`([^`\n]+)`")


def name_of(document: Path) -> str:
    """Return its path in the repository."""
    return str(document.relative_to(ROOT))


class Block(NamedTuple):
    """A block of code.

    Parameters
    ----------
    language
        What follows the fence, such as ``yaml``; empty for an indented block.
    text
        Its lines.
    """

    language: str
    text: str


def blocks(document: Path) -> Iterator[Block]:
    """Yield the fenced and the indented blocks of code."""
    text = document.read_text(encoding="utf-8")
    for language, inside in _BLOCK.findall(text):
        yield Block(language, inside)
    for inside in _INDENTED.findall(_BLOCK.sub("", text)):
        yield Block("", re.sub("^    ", "", inside, flags=re.MULTILINE))


def prose(document: Path) -> str:
    """Return its text without code and without the targets of links."""
    text = _SPAN.sub("", _INDENTED.sub("", _BLOCK.sub("", document.read_text(encoding="utf-8"))))
    return re.sub(r"\]\([^)]*\)", "]", text)


def spans(document: Path) -> list[str]:
    """Return what stands in backticks within a line of prose."""
    return _SPAN.findall(_INDENTED.sub("", _BLOCK.sub("", document.read_text(encoding="utf-8"))))


def lines_of_code(document: Path, *programs: str) -> list[str]:
    """Return the lines of shell that start one of `programs`, without comments; a block of ``text`` is output."""
    shell = [block.text for block in blocks(document) if block.language in {"", "sh"}]
    found = [line.strip() for text in shell for line in text.splitlines()]
    return [re.sub(r"\s+# .*", "", line) for line in found if line.split(" ")[0] in programs]
