"""Turn the errors of pydantic into problems of a file, in the words of its users: path, line, value and the way out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_args

from pydantic import BaseModel

from streams.config.suggestions import did_you_mean
from streams.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from streams.config.yaml_document import Document

Path = tuple[str | int, ...]
"""Keys and list positions that lead to a setting."""

SHOWN_CHARS: Final = 60
"""Largest part of a wrong value that is shown."""

_ALTERNATIVE: Final = re.compile(r"(literal|list|term|function-\w+|constrained-\w+|kind)\[.*|datetime|time|str")
"""Path elements that pydantic adds where a setting may have several types."""

_KIND: Final = re.compile(r"kind\[(\w+)\]")
"""The path element that chooses among sections by their key `kind`."""

_FURTHER_PATH: Final = re.compile(r"((?:\.\w+|\[[0-9]+\])+): ")
"""The beginning of a message that is about a setting inside the one that was checked."""

_PREFIX: Final = "Value error, "
"""What pydantic writes before the message of a validator."""

_OWN: Final = frozenset({"value_error", "misfit"})
"""Types of the errors of validators of firewatch, whose messages say all there is to say."""

_MESSAGES: Final[Mapping[str, str]] = {
    "missing": "is required",
    "greater_than": "must be more than {gt:,g}",
    "greater_than_equal": "must be at least {ge:,g}",
    "less_than": "must be less than {lt:,g}",
    "less_than_equal": "must be at most {le:,g}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "union_tag_not_found": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
    "path_type": "must be the path of a file",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
}
"""Messages by the type of the error, in place of those of pydantic."""

_PATTERNS: Final[Mapping[str, str]] = {
    "^[a-z0-9][a-z0-9_-]{0,63}$": "must be made of a-z, 0-9, _ and -, with a letter or digit first, 64 characters at "
    "most",
    "^[A-Za-z0-9._-]{0,100}$": "must be made of letters, digits, dots, _ and -, 100 characters at most",
    "^[A-Za-z0-9._-]{1,249}$": "must be made of letters, digits, dots, _ and -, 249 characters at most",
    "^[CGD][A-Z0-9]{2,}$": "must be the id of a channel, such as C0123456789, not its name",
    "^[A-Za-z]{2,3}$": "must be the two or three letters of a language, such as de",
    r"^[\x21-\x27\x2a-\x7e]{0,200}$": "must be a web or mail address without white space and parentheses, 200 "
    "characters at most",
    r"^[^\x00]*[^\x00\s][^\x00]*$": "must be the path of a file or folder, or a pattern of such",
}
"""Explanations of the patterns of text."""


class Finding(NamedTuple):
    """A problem, before its line in the file is looked up.

    Parameters
    ----------
    path
        The setting that it is about.
    problem
        The problem without a place.
    """

    path: Path
    problem: Problem


def findings(error: ValidationError, model: type[BaseModel]) -> list[Finding]:
    """Return what is wrong with a tree that `model` does not describe.

    Where a setting may be one of several types, what each of them asks for becomes one problem.
    """
    by_path: dict[Path, list[ErrorDetails]] = {}
    for item in _without_other_types(error.errors(include_url=False)):
        by_path.setdefault(_path(item), []).append(item)
    return [found for path, items in by_path.items() for found in _findings(path, items, model)]


def _without_other_types(items: list[ErrorDetails]) -> list[ErrorDetails]:
    """Return errors without those that a list is no word, where a list is allowed too and an entry of it is wrong."""
    places = [item["loc"] for item in items]
    return [
        item
        for item in items
        if not (
            isinstance(item["input"], list)
            and _is_alternative(item["loc"][-1:])
            and any(
                len(each) > len(item["loc"]) and each[: len(item["loc"]) - 1] == item["loc"][:-1] for each in places
            )
        )
    ]


def _is_alternative(steps: tuple[int | str, ...]) -> bool:
    return any(isinstance(step, str) and _ALTERNATIVE.fullmatch(step) for step in steps)


def placed(
    found: Iterable[Finding], document: Document, variables: Mapping[tuple[str, ...], str] | None = None
) -> list[Problem]:
    """Return problems with the line or the environment variable that sets what they are about.

    Parameters
    ----------
    found
        The problems.
    document
        The document, which knows the lines.
    variables
        Environment variables that have overridden settings, by the path of the setting.
    """
    problems = []
    for path, problem in found:
        names = tuple(map(str, path))
        setting = next((name for place, name in (variables or {}).items() if place == names[: len(place)]), None)
        problems.append(problem._replace(line=document.line(path), variable=setting))
    return problems


def problems(error: ValidationError, document: Document, model: type[BaseModel]) -> list[Problem]:
    """Return the problems of a document that `model` does not describe."""
    return placed(findings(error, model), document)


def text_of(path: Path) -> str:
    """Return a path as it is written in messages.

    >>> text_of(("brands", 0, "match", "any"))
    'brands[0].match.any'
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def path_of(text: str) -> Path:
    """Return the path of a text as of `text_of`."""
    return tuple(int(step) if step.isdecimal() else step for step in re.split(r"[.\[\]]+", text) if step)


def _path(item: ErrorDetails) -> Path:
    """Return the path of an error of pydantic, or of the setting inside it that its message names."""
    path = tuple(step for step in item["loc"] if not _is_alternative((step,)))
    further = _FURTHER_PATH.match(item["msg"].removeprefix(_PREFIX))
    return (*path, *path_of(further[1])) if further else path


def _findings(path: Path, items: list[ErrorDetails], model: type[BaseModel]) -> Iterator[Finding]:
    """Yield the problems at one path: one for all types that it may have, and those of validators."""
    types = [item for item in items if item["type"] not in _OWN]
    for message in dict.fromkeys(_own_message(item) for item in items if item["type"] in _OWN):
        yield Finding(path, Problem(message, text_of(path)))
    if not types:
        return
    kinds, value = {item["type"] for item in types}, types[0]["input"]
    if "extra_forbidden" in kinds:
        allowed = sorted(_allowed_keys(types[0]["loc"][:-1], model))
        message = f"unknown key; allowed here: {', '.join(allowed)}{did_you_mean(path[-1], allowed)}"
        yield Finding(path, Problem(message, text_of(path)))
        return
    first, *others = dict.fromkeys(map(_message, types))
    message = ", or ".join([first, *(each.removeprefix("must be ") for each in others)])
    if isinstance(value, str | int | float | bool) and "missing" not in kinds:
        words = [word for item in types if item["type"] == "literal_error" for word in _words(item)]
        quotes = ": write it in quotes" if kinds == {"string_type"} else ""
        message = f"{message}, got {_shown(value)}{quotes}{did_you_mean(value, words)}"
        yield Finding(path, Problem(message, text_of(path), value=value))
    else:
        yield Finding(path, Problem(message, text_of(path)))


def _own_message(item: ErrorDetails) -> str:
    """Return the message of a validator of firewatch."""
    message = item["msg"].removeprefix(_PREFIX)
    further = _FURTHER_PATH.match(message)
    return message[further.end() :] if further else message


def _message(item: ErrorDetails) -> str:
    """Return the description of an error that pydantic itself has found."""
    kind, context = item["type"], item.get("ctx", {})
    if kind == "literal_error":
        return f"must be {_one_of(_words(item))}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], f"must match {context['pattern']}")
    if kind in _MESSAGES:
        return _MESSAGES[kind].format_map(context).replace(" 1 entries", " one entry")
    return item["msg"]


def _words(item: ErrorDetails) -> list[str]:
    return re.findall("'([^']*)'", item["ctx"]["expected"])


def _one_of(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def _shown(value: object) -> str:
    """Return a value as its user wrote it; of an address only the scheme, since its path may be a secret."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if "://" in value:
            return repr(f"{value.partition('://')[0]}://...")
        return repr(value if len(value) <= SHOWN_CHARS else f"{value[:SHOWN_CHARS]}...")
    return str(value)


def _allowed_keys(path: Path, root: type[BaseModel]) -> Iterator[str]:
    """Yield the keys of the section at a path of pydantic, in which tags choose among the kinds of an entry."""
    model: type[BaseModel] = root
    kinds: tuple[type[BaseModel], ...] = ()
    for step in path:
        if isinstance(step, str) and (tag := _KIND.fullmatch(step)):
            model = next((each for each in kinds if get_args(each.model_fields["kind"].annotation) == (tag[1],)), model)
        elif isinstance(step, str) and (field := model.model_fields.get(step)):
            kinds = tuple(_models_in(field.annotation))
            model = next(iter(kinds), model)
    for name, field in model.model_fields.items():
        yield field.alias or name


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the sections in a type such as ``list[SECTION]`` or ``TEXT | SECTION``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    else:
        for inner in get_args(annotation):
            yield from _models_in(inner)
