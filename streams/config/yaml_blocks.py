"""Read as much as possible of a YAML file whose structure is broken: the block of each key at the top by itself."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import yaml

from streams.config.text_files import decoded
from streams.config.yaml_document import Document, YamlReading, read_values
from streams.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from streams.errors import Problem

_KEY: Final = re.compile(r"(?P<quote>[\"']?)(?P<key>[A-Za-z_]\w*)(?P=quote)[ \t]*:(?:[ \t]|$)")
"""A key at the beginning of a line."""

_OF_OTHER_BLOCKS: Final = "undefined alias"
"""What PyYAML says of an alias whose anchor is in another block, which is no problem of the file."""


def read_blocks(content: bytes, path: Path) -> YamlReading:
    """Parse a YAML mapping; if that fails, each of its keys that begins a line, with all lines below it.

    Parameters
    ----------
    content
        UTF-8.
    path
        File that it comes from, for messages.

    Raises
    ------
    ConfigError
        If it is not UTF-8, or no such key can be read.
    """
    try:
        return read_values(content, path)
    except ConfigError as error:
        broken = error
    tree: dict[str, Any] = {}
    pairs: list[tuple[yaml.Node, yaml.Node]] = []
    problems: list[Problem] = []
    unreadable: set[tuple[str | int, ...]] = set()
    for key, text in _blocks(decoded(content, path)):
        try:
            reading = read_values(text, None)
        except ConfigError as error:
            problems += [each for each in error.found if _OF_OTHER_BLOCKS not in each.message]
            unreadable.add((key,))
            continue
        if isinstance(reading.document.tree, dict) and isinstance(reading.document.root, yaml.MappingNode):
            tree |= reading.document.tree
            pairs += reading.document.root.value
        problems += reading.problems
        unreadable |= reading.unreadable
    if not tree and not unreadable:
        raise broken
    root = yaml.MappingNode("tag:yaml.org,2002:map", pairs)
    return YamlReading(Document(tree, root), problems or broken.found, frozenset(unreadable))


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield each key that begins a line, and the text of its block behind as many empty lines as are before it."""
    lines = text.split("\n")
    starts = [(number, found["key"]) for number, line in enumerate(lines) if (found := _KEY.match(line))]
    for (start, key), (end, _) in pairwise([*starts, (len(lines), "")]):
        yield key, "\n" * start + "\n".join(lines[start:end])
