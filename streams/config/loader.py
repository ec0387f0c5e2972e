"""Read the YAML file, override single settings from the environment, and report errors by their path in the file.

An environment variable named after the path of a setting overrides it, ``FIREWATCH__KAFKA__CLIENT_ID=blue``
for ``kafka.client_id``. ``KAFKA_BOOTSTRAP`` is short for ``FIREWATCH__KAFKA__BOOTSTRAP_SERVERS``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.config.problems import placed
from streams.config.rounds import check
from streams.config.text_files import read_file
from streams.config.yaml_blocks import read_blocks
from streams.config.yaml_document import Document, parse, unprintable
from streams.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from streams.config.model import Config

ENV_PREFIX: Final = "FIREWATCH__"

_BOOTSTRAP: Final = "KAFKA_BOOTSTRAP"

_NO_MAPPING: Final = "must be a mapping with at least the key 'brands'"


class Examined(NamedTuple):
    """A config file with the overrides of the environment.

    Parameters
    ----------
    config
        The config without the parts that are wrong; None if too little of it can be used.
    problems
        All problems, in the order of their lines; empty if `config` is the whole file.
    document
        The file with the overrides.
    unreadable
        Paths of the parts that are not YAML.
    variables
        Environment variables that override settings, by the path of the setting.
    """

    config: Config | None
    problems: list[Problem]
    document: Document
    unreadable: frozenset[tuple[str | int, ...]]
    variables: dict[tuple[str, ...], str]


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
    examined = examine(content, path, environment)
    if examined.config is None or examined.problems:
        raise ConfigError(examined.problems, path)
    return examined.config


def examine(content: bytes, path: Path, environment: Mapping[str, str] | None = None) -> Examined:
    """Return what the content of a file describes as far as it can be used, with all problems.

    Parameters
    ----------
    content, path, environment
        As of `load_config`.

    Raises
    ------
    ConfigError
        If the file is not text, or nothing in it can be read.
    """
    reading = read_blocks(content, path)
    document = reading.document
    if not isinstance(document.tree, dict):
        raise ConfigError([_NO_MAPPING], path)
    overriding, problems = _overriding(os.environ if environment is None else environment)
    unreadable = set(reading.unreadable)
    for place, (variable, value) in overriding.items():
        unreadable = {each for each in unreadable if each[: len(place)] != place and place[: len(each)] != each}
        try:
            _put(document.tree, place, value, variable)
        except ConfigError as error:
            problems += error.found
    checked = check(document.tree, unreadable)
    variables = {place: variable for place, (variable, _) in overriding.items()}
    problems = [*reading.problems, *problems, *placed(checked.found, document, variables)]
    return Examined(checked.config, ConfigError(problems).found, document, frozenset(unreadable), variables)


def config_document(content: bytes, path: Path) -> Document:
    """Parse the content of a config file, which must be a YAML mapping.

    Raises
    ------
    ConfigError
        If it is not valid YAML, or not a mapping.
    """
    document = parse(content, path)
    if not isinstance(document.tree, dict):
        raise ConfigError([_NO_MAPPING], path)
    return document


def overrides(environment: Mapping[str, str]) -> dict[tuple[str, ...], tuple[str, Any]]:
    """Return the environment variable and the value that override each setting, by the path of the setting.

    Raises
    ------
    ConfigError
        If a value is not YAML; the problem names the variable.
    """
    found, problems = _overriding(environment)
    if problems:
        raise ConfigError(problems)
    return found


def _overriding(
    environment: Mapping[str, str],
) -> tuple[dict[tuple[str, ...], tuple[str, Any]], list[Problem]]:
    """Return what overrides each setting, and the problems of the values that are not YAML."""
    names = {name: name for name in environment if name.startswith(ENV_PREFIX)}
    if environment.get(_BOOTSTRAP, "").strip():
        names.setdefault(f"{ENV_PREFIX}KAFKA__BOOTSTRAP_SERVERS", _BOOTSTRAP)
    found: dict[tuple[str, ...], tuple[str, Any]] = {}
    problems: list[Problem] = []
    for name, variable in sorted(names.items()):
        place = tuple(name.removeprefix(ENV_PREFIX).lower().split("__"))
        try:
            found[place] = variable, _value(environment[variable], variable, is_verbatim=place[-1] in _VERBATIM)
        except ConfigError as error:
            problems += error.found
    return found, problems


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
