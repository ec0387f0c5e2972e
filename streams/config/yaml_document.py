"""Read YAML safely: whatever a file holds is either plain values as they are written, or a problem with its place.

YAML 1.1 reads ``22:00`` as 1,320, ``0700`` as 448 and ``2026-02-30`` as a date, for which PyYAML raises no `YAMLError`
where there is no such day. Here dates, times and numbers that begin with 0 stay text, as in YAML 1.2, and the fields of
the config read them. ``yes``, ``no``, ``on`` and ``off`` stay truth values, as in YAML 1.1, because files rely on it.
What is not text here is not text in YAML 1.1 either, so that PyYAML writes values that are read here as they were.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml
from yaml.constructor import ConstructorError

from streams.config.text_files import decoded, read_file
from streams.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

MAX_VALUES: Final = 1_000_000
"""Largest number of values with all aliases replaced by what they stand for."""

LARGEST_INTEGER: Final = 2**53
"""Integers up to this one are the same as floats."""

_LONGEST_NUMBER: Final = 100
"""Python refuses to read far longer ones, since that takes quadratic time."""

_TAG: Final = "tag:yaml.org,2002:"

_TRUTH: Final = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}

_UNREADABLE: Final = object()
"""Stands for a value that can't be read until the whole tree has been built."""

_OPEN_END: Final = re.compile("end of stream|stream end|document end")
"""What PyYAML says where the file ends, or seems to end, within quotes or brackets."""

_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Document(NamedTuple):
    """A YAML document.

    Parameters
    ----------
    tree
        Its value: mappings with text as keys, lists, text, numbers, truth values and None.
    root
        The node of `tree`, which knows its place; None for an empty document.
    """

    tree: Any
    root: yaml.Node | None

    def line(self, path: Sequence[str | int]) -> int | None:
        """Return the line of the value at a path, or of the nearest value above it that is there.

        >>> document = parse(b"a:\\n  - b: 1\\n    c: 2\\n", None)
        >>> document.line(["a", 0, "c"]), document.line(["a", 0, "d"]), document.line(["x"])
        (3, 2, None)
        """
        node, line = self.root, None
        for step in path:
            below = _below(node, step)
            if below is None:
                break
            line, node = below
        return line


class YamlReading(NamedTuple):
    """A YAML document of which some values may be wrong.

    Parameters
    ----------
    document
        The document; wrong values are None.
    problems
        What is wrong, with its line.
    unreadable
        Paths of the wrong values.
    """

    document: Document
    problems: list[Problem]
    unreadable: frozenset[tuple[str | int, ...]]


def read_document(path: Path) -> Document:
    """Read a file of one YAML document.

    Raises
    ------
    ConfigError
        If it can't be read, or is not YAML of plain values; each problem names its line.
    """
    return parse(read_file(path), path)


def parse(content: bytes | str, path: Path | None) -> Document:
    """Parse one YAML document.

    Parameters
    ----------
    content
        UTF-8, or text.
    path
        File that it comes from, for messages.

    Raises
    ------
    ConfigError
        If it is not YAML of plain values; each problem names its line.
    """
    reading = read_values(content, path)
    if reading.problems:
        raise ConfigError(reading.problems, path)
    return reading.document


def read_values(content: bytes | str, path: Path | None) -> YamlReading:
    """Parse one YAML document, and list all values that are wrong; parameters as of `parse`.

    Raises
    ------
    ConfigError
        If its structure is not that of YAML; the problem names the line.
    """
    text = decoded(content, path) if isinstance(content, bytes) and path else content
    if isinstance(text, bytes):
        text = text.decode()
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problem = Problem(f"is not valid YAML: the character {_shown(error.character)}", line=line)
        raise ConfigError([problem], path) from None
    try:
        root = loader.get_single_node()
        if root is not None:
            _Shape(loader.refused).check(root)
        tree = None if root is None else loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        raise ConfigError([_problem(error)], path) from error
    except RecursionError:
        raise ConfigError(["is nested too deeply"], path) from None
    except (yaml.YAMLError, ValueError, LookupError, OverflowError) as error:  # of escapes and directives in PyYAML
        line = loader.get_mark().line + 1
        raise ConfigError([Problem(f"is not valid YAML: {error}", line=line)], path) from error
    finally:
        loader.dispose()
    unreadable: set[tuple[str | int, ...]] = set()
    if loader.problems:
        tree = _without_unreadable(tree, (), unreadable)
    return YamlReading(Document(tree, root), loader.problems, frozenset(unreadable))


def _without_unreadable(value: Any, path: tuple[str | int, ...], found: set[tuple[str | int, ...]]) -> Any:
    """Return a value with None in the place of what could not be read, and add the paths of that to `found`."""
    if value is _UNREADABLE:
        found.add(path)
        return None
    if isinstance(value, dict):
        named = {key: each for key, each in value.items() if isinstance(key, str)}
        return {key: _without_unreadable(each, (*path, key), found) for key, each in named.items()}
    if isinstance(value, list):
        return [_without_unreadable(each, (*path, place), found) for place, each in enumerate(value)]
    return value


def unprintable(text: str) -> str | None:
    """Return the first character that no setting can hold, as an escape; None if there is none.

    >>> unprintable("a\\x1bb"), unprintable("Müller\\t& Söhne")
    ("'\\\\x1b'", None)
    """
    found = _UNPRINTABLE.search(text)
    return _shown(found[0]) if found else None


def _shown(character: object) -> str:
    return ascii(chr(character) if isinstance(character, int) else character)


def _problem(error: yaml.MarkedYAMLError) -> Problem:
    mark, problem = error.problem_mark or error.context_mark, error.problem or error.context or "unknown error"
    if error.context_mark is not None and _OPEN_END.search(problem):
        mark, problem = error.context_mark, "the quote or bracket that begins here has no end"
    message = f"is not valid YAML: {problem}"
    return Problem(message, line=mark.line + 1, column=mark.column + 1) if mark else Problem(message)


def _below(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in reversed(node.value):
            if key.value == str(step):
                return key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


class _Shape:
    """Checks what the values of a document are made of, before any of them is built.

    It has to come first: YAML keeps the last of repeated keys, and short text with aliases can stand for billions of
    values, or for a value that contains itself.

    Parameters
    ----------
    refuse
        Notes a problem of a node that does not keep the others from being built.
    """

    def __init__(self, refuse: Callable[[yaml.Node, str], object]) -> None:
        self._refuse = refuse
        self._sizes: dict[int, int] = {}
        self._open: set[int] = set()

    def check(self, node: yaml.Node) -> int:
        """Return the number of values in a node with all aliases replaced.

        Raises
        ------
        ConstructorError
            If the node contains itself, or has too many values.
        """
        known = self._sizes.get(id(node))
        if known is not None:
            return known
        if id(node) in self._open:
            raise ConstructorError(None, None, "a value contains itself by an alias", node.start_mark)
        self._open.add(id(node))
        size = 1
        if isinstance(node, yaml.MappingNode):
            self._check_keys(node)
            size += sum(self.check(value) for _, value in node.value)
        elif isinstance(node, yaml.SequenceNode):
            size += sum(map(self.check, node.value))
        if size > MAX_VALUES:
            raise ConstructorError(None, None, f"there are more than {MAX_VALUES:,} values", node.start_mark)
        self._open.remove(id(node))
        self._sizes[id(node)] = size
        return size

    def _check_keys(self, node: yaml.MappingNode) -> None:
        first: dict[str, yaml.Node] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._refuse(key, "a key must be text")
                continue
            earlier = first.setdefault(key.value, key)
            if earlier is not key:
                line = earlier.start_mark.line + 1
                self._refuse(key, f"the key {key.value!r} appears twice, the first time in line {line}")
            if key.tag != f"{_TAG}merge":
                key.tag = f"{_TAG}str"
        node.value = [pair for pair in node.value if isinstance(pair[0], yaml.ScalarNode)]


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = {}  # noqa: RUF012  not those of YAML 1.1; declared in the base class
    yaml_constructors = {}  # noqa: RUF012

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.problems: list[Problem] = []

    def refused(self, node: yaml.Node, problem: str) -> Any:
        """Note a problem of a value, and return what stands for a value that can't be read."""
        mark = node.start_mark
        self.problems.append(Problem(f"is not valid YAML: {problem}", line=mark.line + 1, column=mark.column + 1))
        return _UNREADABLE

    def written(self, node: yaml.Node) -> str:
        """Return a scalar as it is written."""
        text: str = yaml.constructor.BaseConstructor.construct_scalar(self, node)  # type: ignore[arg-type]  # checks it
        return text

    def text(self, node: yaml.Node) -> Any:
        """Return the text of a scalar."""
        text = self.written(node)
        if (character := unprintable(text)) is not None:
            return self.refused(node, f"the character {character} is not allowed")
        return text

    def null(self, node: yaml.Node) -> None:
        """Check that a null is a scalar."""
        self.written(node)

    def truth(self, node: yaml.Node) -> Any:
        """Return a truth value."""
        text = self.written(node)
        value = _TRUTH.get(text.lower())
        if value is None:
            return self.refused(node, f"{text!r} is neither true nor false")
        return value

    def integer(self, node: yaml.Node) -> Any:
        """Return an integer."""
        text = self.written(node)
        digits = text.replace("_", "").lower()
        base = {"0x": 16, "0b": 2}.get(digits.lstrip("+-")[:2], 10)
        try:
            value = int(digits[:_LONGEST_NUMBER], base)
        except ValueError:
            return self.refused(node, f"{text[:40]!r} is not an integer")
        if abs(value) > LARGEST_INTEGER or len(digits) > _LONGEST_NUMBER:
            return self.refused(node, f"the number {text[:40]} is too large")
        return value

    def real(self, node: yaml.Node) -> Any:
        """Return a finite number."""
        text = self.written(node)
        digits = text.replace("_", "").lower()
        try:
            value = float(re.sub(r"\.(?=inf|nan)", "", digits))
        except ValueError:
            return self.refused(node, f"{text[:40]!r} is not a number")
        if not math.isfinite(value):
            return self.refused(node, f"{text[:40]} is not a finite number")
        return value

    def unknown(self, node: yaml.Node) -> Any:
        """Refuse a tag."""
        return self.refused(node, f"the tag {node.tag!r} is not allowed")


for _tag, _form, _first in (
    ("bool", "|".join(f"{word}|{word.title()}|{word.upper()}" for word in _TRUTH), "yYnNtTfFoO"),
    ("int", r"[-+]?(?:0|[1-9][0-9_]*|0b[01_]+|0x[0-9a-fA-F_]+)", "-+0123456789"),
    (
        "float",
        r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("merge", "<<", "<"),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(f"{_TAG}{_tag}", re.compile(rf"^(?:{_form})$"), list(_first))

for _tag, _construct in (
    ("null", _Loader.null),
    ("bool", _Loader.truth),
    ("int", _Loader.integer),
    ("float", _Loader.real),
    ("str", _Loader.text),
    ("timestamp", _Loader.text),
    ("seq", yaml.SafeLoader.construct_yaml_seq),
    ("map", yaml.SafeLoader.construct_yaml_map),
):
    _Loader.add_constructor(f"{_TAG}{_tag}", _construct)
_Loader.add_constructor(None, _Loader.unknown)
