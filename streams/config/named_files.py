"""Find the files that a config names and that can't be used on this machine."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from streams.config.bridge import (
    ALERTMANAGER_TOKEN_VARIABLE,
    SLACK_TOKEN_VARIABLE,
    SLACK_URL_VARIABLE,
    WEBHOOK_KEY_VARIABLE,
)
from streams.config.kafka import PASSWORD_VARIABLE
from streams.config.problems import Finding, text_of
from streams.config.sections import AUTHOR_KEY_VARIABLE
from streams.config.sources.reddit import REDDIT_SECRET_VARIABLE
from streams.config.sources.x import X_BEARER_VARIABLE
from streams.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from streams.config.model import Config

_IN_PLACE: Final[Mapping[str, str]] = {
    "kafka.password_file": PASSWORD_VARIABLE,
    "author_key_file": AUTHOR_KEY_VARIABLE,
    "bridge.alertmanager.token_file": ALERTMANAGER_TOKEN_VARIABLE,
    "bridge.webhook.signing_key_file": WEBHOOK_KEY_VARIABLE,
    "bridge.slack.token_file": SLACK_TOKEN_VARIABLE,
    "bridge.slack.url_file": SLACK_URL_VARIABLE,
    "sources[].bearer_file": X_BEARER_VARIABLE,
    "sources[].client_secret_file": REDDIT_SECRET_VARIABLE,
}
"""Environment variables that take the place of a file."""

_POSITION: Final = re.compile(r"\[[0-9]+\]")


def missing_files(config: Config, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a problem for each file that a config names and that is missing, empty, or can't be read.

    A folder that files are moved to may be missing, since it is made then. Relative names are those in the current
    folder, as for the workers.
    """
    for path, file in _named(config, ()):
        setting = text_of(path)
        variable = _IN_PLACE.get(_POSITION.sub("[]", setting))
        if variable is not None and environment.get(variable, "").strip():
            continue
        problem = _problem_of_folder(file) if setting.endswith("_folder") else _problem(file)
        if problem is not None:
            yield Finding(path, Problem(problem, setting, value=str(file)))


def _named(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Path]]:
    """Yield each file below a value, with the path of its setting."""
    if isinstance(value, Path):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _named(getattr(value, name), (*path, name))
    elif isinstance(value, list):
        for position, each in enumerate(value):
            yield from _named(each, (*path, position))
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _named(each, (*path, name))


def _shown(file: Path) -> str:
    return f"{file}" if file.is_absolute() else f"{file} (in {Path.cwd()})"


def _problem_of_folder(folder: Path) -> str | None:
    try:
        if folder.exists() and not folder.is_dir():
            return f"must be a folder, and {_shown(folder)} is a file"
    except (OSError, ValueError) as error:
        return f"can't be used: {_shown(folder)} ({error})"
    return None


def _problem(file: Path) -> str | None:
    shown = _shown(file)
    try:
        if not file.exists():
            return f"no such file: {shown}"
        if file.is_dir():
            return f"must be a file, and {shown} is a folder"
        if not os.access(file, os.R_OK):
            return f"may not be read by this user: {shown}"
        if file.is_file() and file.stat().st_size == 0:
            return f"is empty: {shown}"
    except (OSError, ValueError) as error:
        return f"can't be read: {shown} ({error})"
    return None
