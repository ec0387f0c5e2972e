"""Errors of the config file, environment overrides and secret files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from streams.errors.base import FirewatchError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Problem(NamedTuple):
    """One problem of a config.

    Parameters
    ----------
    message, field
        What is allowed or what to do, and the path inside the file, such as ``brands[2].match.any``; empty for all.
    line, column, variable
        Place in the file, counted from 1, or the environment variable that has set the field; None if unknown.
    value
        The wrong value; None where there is none, or where it may be a secret.
    """

    message: str
    field: str = ""
    line: int | None = None
    column: int | None = None
    variable: str | None = None
    value: object = None

    def __str__(self) -> str:
        """Return the problem with its place in parentheses."""
        place = ""
        if self.variable is not None:
            place = f" (environment variable {self.variable})"
        elif self.line is not None:
            place = f" (line {self.line}{'' if self.column is None else f', column {self.column}'})"
        return f"{self._text}{place}"

    def located(self, file: Path | str) -> str:
        """Return the problem behind its place, such as ``firewatch.yaml:4: brands[0].name: must be text``."""
        if self.variable is not None or self.line is None:
            return f"{file}: {self}"
        column = "" if self.column is None else f":{self.column}"
        return f"{file}:{self.line}{column}: {self._text}"

    @property
    def _text(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class ConfigError(FirewatchError):
    """The configuration, an override by the environment, or a secret file is invalid.

    Parameters
    ----------
    problems, file
        All problems, of which those that are text have no place, and the file that holds the settings, if any.

    Attributes
    ----------
    found
        The problems in the order of their lines.
    """

    exit_code = 2

    def __init__(self, problems: Sequence[Problem | str], file: Path | None = None) -> None:
        every = [problem if isinstance(problem, Problem) else Problem(problem) for problem in problems]
        self.found = sorted(every, key=lambda problem: (problem.line or 0, problem.column or 0))
        self.file = file
        super().__init__("\n".join(str(each) if file is None else each.located(file) for each in self.found))

    @property
    def problems(self) -> list[str]:
        """Return one line for each problem, with its place in the file, which it does not name."""
        return list(map(str, self.found))

    @property
    def in_one_line(self) -> str:
        """Return all problems in one line, for tables and logs."""
        return "; ".join(self.problems)
