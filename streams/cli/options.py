"""What the commands of the command line have in common."""

from __future__ import annotations

import errno
import os
import sys
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec

import click

from streams.errors import FirewatchError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")

config_option = click.option(
    "-c",
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    required=True,
    envvar="FIREWATCH_CONFIG",
    help="The YAML file with brands, detectors and everything else.",
)


class Duration(click.ParamType):
    """A number with a unit, such as ``90s``, ``30m``, ``4h`` or ``7d``, in seconds."""

    name = "duration"
    SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """As click wants it."""
        if isinstance(value, float):
            return value
        number, unit = str(value)[:-1], str(value)[-1:]
        if not number.isdecimal() or unit not in self.SECONDS:
            self.fail(f"{value!r} is no length of time: a number and one of s, m, h, d, such as 4h", param, ctx)
        return float(int(number) * self.SECONDS[unit])


class Moment(click.ParamType):
    """A date or a time as in ISO 8601, UTC where it names no zone, in milliseconds since the epoch."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """As click wants it."""
        if isinstance(value, int):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no moment: write it as 2026-03-02 or 2026-03-02T10:00Z", param, ctx)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"""What a disk says for which firewatch can do nothing."""


def plainly(command: Callable[P, None]) -> Callable[P, None]:
    """Let a user's mistake end in its message and exit code, without a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except FirewatchError as error:
            click.echo(f"firewatch: {error}", err=True)
            sys.exit(error.exit_code)
        except BrokenPipeError:
            sys.exit(0)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            click.echo(f"firewatch: {OutputError(error.filename or 'an output', error)}", err=True)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python complains of standard output again as it ends
            sys.exit(OutputError.exit_code)

    return run
