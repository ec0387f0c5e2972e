"""Read the YAML file, override single settings from the environment, and report errors by their path in the file.

An environment variable named after the path of a setting overrides it, ``FIREWATCH__KAFKA__CLIENT_ID=blue``
for ``kafka.client_id``. ``KAFKA_BOOTSTRAP`` is short for ``FIREWATCH__KAFKA__BOOTSTRAP_SERVERS``.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import BaseModel, ValidationError

from streams.config.model import Config
from streams.config.text_files import read_file
from streams.config.yaml_document import Document, parse, unprintable
from streams.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ENV_PREFIX: Final = "FIREWATCH__"

_BOOTSTRAP: Final = "KAFKA_BOOTSTRAP"


def load_config(path: Path, environment: Mapping[str, str] | None = None) -> Config:
    """Read a config file, override settings from the environment, and validate the result.

    Parameters
    ----------
    path
        The YAML file.
    environment
        Variables that override settings; the process's environment by default.

    Raises
    ------
    ConfigError
        Names the file, and for each problem the path inside it, the line, and what is allowed.
    """
    return config_of(read_file(path), path, environment)


def config_of(content: bytes, path: Path, environment: Mapping[str, str] | None = None) -> Config:
    """Return the config that the content of a file describes; arguments and errors as of `load_config`."""
    document = config_document(content, path)
    overriding = overrides(os.environ if environment is None else environment)
    for place, (variable, value) in overriding.items():
        _put(document.tree, place, value, variable)
    try:
        return Config.model_validate(document.tree)
    except ValidationError as error:
        variables = {place: variable for place, (variable, _) in overriding.items()}
        raise ConfigError(problems(error, document, Config, variables), path) from error


def config_document(content: bytes, path: Path) -> Document:
    """Parse the content of a config file, which must be a YAML mapping.

    Raises
    ------
    ConfigError
        If it is not valid YAML, or not a mapping.
    """
    document = parse(content, path)
    if not isinstance(document.tree, dict):
        raise ConfigError(["must be a mapping with at least the key 'brands'"], path)
    return document


def overrides(environment: Mapping[str, str]) -> dict[tuple[str, ...], tuple[str, Any]]:
    """Return the environment variable and the value that override each setting, by the path of the setting.

    Raises
    ------
    ConfigError
        If a value is not YAML; the problem names the variable.
    """
    names = {name: name for name in environment if name.startswith(ENV_PREFIX)}
    if environment.get(_BOOTSTRAP, "").strip():
        names.setdefault(f"{ENV_PREFIX}KAFKA__BOOTSTRAP_SERVERS", _BOOTSTRAP)
    found = {}
    for name, variable in sorted(names.items()):
        place = tuple(name.removeprefix(ENV_PREFIX).lower().split("__"))
        found[place] = variable, _value(environment[variable], variable, is_verbatim=place[-1] in _VERBATIM)
    return found


def _value(text: str, variable: str, *, is_verbatim: bool) -> Any:
    if (character := unprintable(text)) is not None:
        raise ConfigError([f"environment variable {variable}: the character {character} is not allowed"])
    if is_verbatim:
        return text.strip()
    try:
        return parse(text, None).tree
    except ConfigError as error:
        hint = "write text with special characters in quotes, as in YAML"
        raise ConfigError([f"environment variable {variable}: {error.problems[0]}; {hint}"]) from None


def _put(tree: dict[str, Any], place: tuple[str, ...], value: Any, variable: str) -> None:
    section = tree
    for step in place[:-1]:
        child = section.setdefault(step, {})
        if not isinstance(child, dict):
            raise ConfigError([f"environment variable {variable}: {step!r} is not a section that can be overridden"])
        section = child
    section[place[-1]] = value


_VERBATIM: Final = frozenset({"bootstrap_servers", "client_id", "prefix", "sasl_username", "host"})

_ALTERNATIVE: Final = re.compile(r"(literal|list|term)\[.*|datetime|time")
"""Path elements that pydantic adds where a setting may have several types."""


def problems(
    error: ValidationError,
    document: Document,
    model: type[BaseModel],
    variables: Mapping[tuple[str, ...], str] | None = None,
) -> list[str]:
    """Return one line for each problem: the path inside the file, what is allowed there, and where it is set.

    Parameters
    ----------
    error
        The refusal of the document.
    document
        The document, which knows the lines.
    model
        What the document should be.
    variables
        Environment variables that have overridden settings, by the path of the setting.
    """
    found = dict.fromkeys(_problem(item, model) for item in error.errors(include_url=False))
    return [f"{problem}{_origin(problem, document, variables or {})}" for problem in found]


def _origin(problem: str, document: Document, variables: Mapping[tuple[str, ...], str]) -> str:
    """Return the line or the environment variable that sets what a problem is about, in parentheses."""
    path = [
        int(step) if step.isdecimal() else step for step in re.split(r"[.\[\]]+", problem.partition(": ")[0]) if step
    ]
    for place, variable in variables.items():
        if place == tuple(path[: len(place)]):
            return f" (environment variable {variable})"
    line = document.line(path)
    return "" if line is None else f" (line {line})"


def _problem(item: Any, model: type[BaseModel]) -> str:
    """Return one line about an error of pydantic: the path inside the file, and what is allowed there."""
    path = ""
    for step in item["loc"]:
        if isinstance(step, str) and _ALTERNATIVE.fullmatch(step):
            continue
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    message: str = item["msg"].removeprefix("Value error, ")
    if message.startswith(("[", ".")):
        return path + message
    if item["type"] == "extra_forbidden":
        message = f"unknown key; allowed here: {', '.join(_allowed_keys(item['loc'][:-1], model))}"
    elif item["type"] == "missing":
        message = "is required"
    elif item["type"] == "string_type":
        message = "must be text" + (": write it in quotes" if isinstance(item["input"], int | float) else "")
    return f"{path}: {message}" if path else message


def _allowed_keys(loc: tuple[int | str, ...], root: type[BaseModel]) -> list[str]:
    model = root
    for step in loc:
        if isinstance(step, str) and not _ALTERNATIVE.fullmatch(step):
            model = _model_in(model.model_fields[step].annotation) or model
    return sorted(field.alias or name for name, field in model.model_fields.items())


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the first section in a type such as ``list[SECTION]`` or ``TEXT | SECTION``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner)) is not None), None)
