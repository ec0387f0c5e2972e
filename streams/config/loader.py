"""Read the YAML file, override single settings from the environment, and report errors by their path in the file.

An environment variable named after the path of a setting overrides it, ``FIREWATCH__KAFKA__CLIENT_ID=blue``
for ``kafka.client_id``. ``KAFKA_BOOTSTRAP`` is short for ``FIREWATCH__KAFKA__BOOTSTRAP_SERVERS``.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final

import yaml
from pydantic import BaseModel, ValidationError

from streams.config.model import Config
from streams.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ENV_PREFIX: Final = "FIREWATCH__"


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
        Names the file, and for each problem the path inside it and what is allowed.
    """
    tree = yaml_tree(config_text(path), path)
    for place, (variable, value) in overrides(os.environ if environment is None else environment).items():
        _put(tree, place, value, variable)
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        problems = dict.fromkeys(problem(item) for item in error.errors(include_url=False))
        raise ConfigError(list(problems), path) from error


def config_text(path: Path) -> str:
    """Return the text of a file.

    Raises
    ------
    ConfigError
        If the file can't be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(["no such file"], path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"can't be read: {error}"], path) from error


def yaml_tree(text: str, path: Path) -> dict[str, Any]:
    """Parse the text of a config, which must be a YAML mapping.

    Raises
    ------
    ConfigError
        If the text is not valid YAML, or not a mapping.
    """
    try:
        tree = yaml.load(text, Loader=UniqueKeyLoader)  # noqa: S506  a SafeLoader
    except yaml.YAMLError as error:
        raise ConfigError([f"is not valid YAML: {_yaml_problem(error)}"], path) from error
    except RecursionError:
        raise ConfigError(["is nested too deeply"], path) from None
    if not isinstance(tree, dict):
        raise ConfigError(["must be a mapping with at least the key 'brands'"], path)
    return tree


def overrides(environment: Mapping[str, str]) -> dict[tuple[str, ...], tuple[str, Any]]:
    """Return the environment variable and the value that override each setting, by the path of the setting."""
    names = {name: name for name in environment if name.startswith(ENV_PREFIX)}
    if "KAFKA_BOOTSTRAP" in environment:
        names.setdefault(f"{ENV_PREFIX}KAFKA__BOOTSTRAP_SERVERS", "KAFKA_BOOTSTRAP")
    found = {}
    for name, variable in sorted(names.items()):
        place = tuple(name.removeprefix(ENV_PREFIX).lower().split("__"))
        value = environment[variable]
        found[place] = variable, yaml.safe_load(value) if place[-1] not in _VERBATIM else value
    return found


class UniqueKeyLoader(yaml.SafeLoader):
    """Loader that refuses a repeated key, of which YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = str(key_node.value)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} appears twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _put(tree: dict[str, Any], place: tuple[str, ...], value: Any, variable: str) -> None:
    section = tree
    for step in place[:-1]:
        child = section.setdefault(step, {})
        if not isinstance(child, dict):
            raise ConfigError([f"environment variable {variable}: {step!r} is not a section that can be overridden"])
        section = child
    section[place[-1]] = value


_VERBATIM: Final = frozenset({"bootstrap_servers", "client_id", "prefix", "sasl_username", "host"})

_ALTERNATIVE: Final = re.compile(r"(literal|list)\[.*|datetime|time")
"""Path elements that pydantic adds where a setting may have several types."""


def problem(item: Any, model: type[BaseModel] = Config) -> str:
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
    return f"{path}: {message}" if path else message


def _allowed_keys(loc: tuple[int | str, ...], root: type[BaseModel]) -> list[str]:
    model: Any = root
    for step in loc:
        if isinstance(step, int):
            continue
        annotation = model.model_fields[step].annotation
        model = annotation.__args__[0] if getattr(annotation, "__origin__", None) is list else annotation
    return sorted(field.alias or name for name, field in model.model_fields.items())


def _yaml_problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"{problem} (line {mark.line + 1}, column {mark.column + 1})" if mark else problem
