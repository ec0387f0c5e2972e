"""Read what can be read of a broken config, so that operators can look at incidents and record verdicts meanwhile.

Which Kafka is meant is never guessed: unless it is certain from the file or the environment, the config is refused.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.config.loader import examine
from streams.config.rounds import check
from streams.config.suggestions import did_you_mean
from streams.config.text_files import decoded, read_file
from streams.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from streams.config.loader import Examined
    from streams.config.model import Config

_DECIDING: Final = ("kafka", "topics")
"""Sections that say which Kafka is meant, and which topics there."""

_NECESSARY: Final = frozenset({*_DECIDING, "brands", "metrics", "sentiment"})

_HARMLESS: Final = re.compile(r"topics\.(?:\w+_retention_hours|replication_factor)")
"""Settings of these sections that nothing is read or written by."""

_NO_BRAND: Final = {"id": "none", "name": "none", "match": {"tagged": ["none"]}}


class ReadableConfig(NamedTuple):
    """A config as far as it can be read.

    Parameters
    ----------
    config
        The config, with defaults in the place of what is wrong, and without brands that can't be read.
    error
        The problems of the file; None if there are none.
    """

    config: Config
    error: ConfigError | None

    @property
    def problem(self) -> str | None:
        """Return the first problem and the number of the others on one line; None if there are none."""
        if self.error is None:
            return None
        first, *others = self.error.found
        file = self.error.file or "the config"
        more = f" (and {len(others)} more)" if others else ""
        return f"{first.located(file)}{more}; `firewatch check-config {file}` lists all"


def readable_config(path: Path, environment: Mapping[str, str] | None = None) -> ReadableConfig:
    """Read a config file of which parts may be wrong.

    Parameters
    ----------
    path
        The YAML file.
    environment
        Variables that override settings; the process's environment by default.

    Raises
    ------
    ConfigError
        If the file can't be read, or it is not certain which Kafka and which topics it means.
    """
    environment = os.environ if environment is None else environment
    content = read_file(path)
    try:
        examined = examine(content, path, environment)
    except ConfigError as error:
        without_file = examine(b"{}", path, environment)
        if not all((section,) in without_file.variables for section in _DECIDING):
            raise _uncertain(path, error.found, list(_DECIDING)) from error
        return ReadableConfig(_necessary(without_file), error)
    if not examined.problems and examined.config is not None:
        return ReadableConfig(examined.config, None)
    uncertain = [name for name in _DECIDING if not _is_certain(name, examined, decoded(content, path))]
    if uncertain:
        raise _uncertain(path, examined.problems, uncertain)
    config = examined.config or _necessary(examined)
    return ReadableConfig(config, ConfigError(examined.problems, path))


def _is_certain(section: str, examined: Examined, text: str) -> bool:
    """Return whether a section is known as it is meant: as a whole from the environment, or without a problem."""
    if (section,) in examined.variables:
        return True
    tree, from_environment = examined.document.tree, {path[0] for path in examined.variables if len(path) == 2}
    first, last = _lines(section, text)
    for problem in examined.problems:
        name = re.split(r"[.\[]", problem.field)[0]
        if name == section and not _HARMLESS.fullmatch(problem.field):
            return False
        if not problem.field and problem.line is not None and first <= problem.line <= last:
            return section == "kafka" and _names_brokers(examined) and (section,) not in examined.unreadable
        if problem.message.startswith("unknown key") and section not in tree and did_you_mean(name, [section]):
            return False
    if section in tree:
        return True
    written_elsewhere = re.search(rf"^[ \t]+[\"']?{section}[\"']?[ \t]*:", text, re.MULTILINE)
    lost = any(len(path) == 1 for path in examined.unreadable)
    return section in from_environment or not (lost and (written_elsewhere or (section,) in examined.unreadable))


def _names_brokers(examined: Examined) -> bool:
    return ("kafka", "bootstrap_servers") in examined.variables


def _lines(section: str, text: str) -> tuple[int, int]:
    """Return the first and the last line of a section at the top of the file; no lines if it is not there."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines, 1) if re.match(r"[\"']?\w+[\"']?[ \t]*:", line)]
    here = [number for number in starts if re.match(rf"[\"']?{section}[\"']?[ \t]*:", lines[number - 1])]
    if not here:
        return 1, 0
    return here[0], next((number - 1 for number in starts if number > here[-1]), len(lines))


def _necessary(examined: Examined) -> Config:
    """Return a config of the sections that tools of operators need, without brands if none can be read."""
    tree = {name: each for name, each in examined.document.tree.items() if name in _NECESSARY}
    config = check(tree, examined.unreadable).config
    if config is not None:
        return config
    unreadable = [path for path in examined.unreadable if path[0] != "brands"]
    config = check(tree | {"brands": [_NO_BRAND]}, unreadable).config
    if config is None:
        raise ConfigError(examined.problems)
    return config.model_copy(update={"brands": []})


def _uncertain(path: Path, problems: list[Problem], sections: list[str]) -> ConfigError:
    named = " and ".join(f"`{section}`" for section in sections)
    place = "environment" if any(problem.variable for problem in problems) else "file"
    values = {"kafka": "'{bootstrap_servers: HOST:PORT}'", "topics": "'{prefix: \"\"}'"}
    settings = " ".join(f"FIREWATCH__{section.upper()}={values[section]}" for section in sections)
    remedy = Problem(
        f"because of {'this' if len(problems) == 1 else 'these'} it is not certain which Kafka and which topics are "
        f"meant: repair {named} in the {place} first, or set all of it by {settings}"
    )
    error = ConfigError([*problems, remedy], path)
    error.found.sort(key=lambda each: each is remedy)
    error.args = ("\n".join(each.located(path) for each in error.found),)
    return error
