"""Groups of commands that import a command only when it is needed, and suggest a name for a mistyped one."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from streams.errors import FirewatchError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from click.shell_completion import CompletionItem

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"""Errors of the operating system about a full or read-only disk, which are no defects of firewatch."""


class SuggestingGroup(click.Group):
    """A group whose error for an unknown command names the one that is spelled most alike."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that `args` start with, as `click.Group` does.

        Raises
        ------
        click.UsageError
            If there is none; the message names the most similar one.
        """
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            similar = get_close_matches(args[0].lower().replace("_", "-"), known, n=1)
            question = f" Did you mean {similar[0]}?" if similar else ""
            ctx.fail(f"No such command {args[0]!r}.{question}")
        return super().resolve_command(ctx, args)


class LazyCommand(NamedTuple):
    """A command as the list of commands shows it, without importing it.

    Parameters
    ----------
    name
        The word on the command line.
    summary
        The line in the list of commands, equal to the start of the command's own help.
    target
        Where the command is defined, as ``module:attribute``.
    """

    name: str
    summary: str
    target: str


class LazyGroup(SuggestingGroup):
    """The top of the command line: lists its commands by section and imports one only to run it or to show its help.

    An error that is meant for the user ends the process with its message and its exit code, without a traceback.

    Parameters
    ----------
    sections
        Headings of the help, and the commands below each.
    """

    def __init__(self, *args: Any, sections: Mapping[str, Sequence[LazyCommand]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.sections = sections
        self._lazy = {command.name: command for commands in sections.values() for command in commands}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands in the order of the help."""
        del ctx
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; return None if there is none of this name."""
        del ctx
        if cmd_name not in self._lazy:
            return None
        module, attribute = self._lazy[cmd_name].target.split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, a section for each heading."""
        del ctx
        longest = max(map(len, self._lazy))
        for heading, commands in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl([(command.name.ljust(longest), command.summary) for command in commands])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and options that begin with `incomplete`, without importing any command."""
        from click.shell_completion import CompletionItem

        commands = [each for each in self._lazy.values() if each.name.startswith(incomplete)]
        return [
            *(CompletionItem(command.name, help=command.summary) for command in commands),
            *click.Command.shell_complete(self, ctx, incomplete),
        ]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        with _exit_with_message():
            return super().invoke(ctx)


@contextmanager
def _exit_with_message() -> Iterator[None]:
    """End the process on an error that is meant for the user: its message on stderr, its exit code, no traceback."""
    try:
        yield
    except FirewatchError as error:
        _report(str(error), error.exit_code)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        _report(str(OutputError(error.filename or "an output", error)), OutputError.exit_code)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python complains of standard output again as it ends
        sys.exit(OutputError.exit_code)


def _report(message: str, exit_code: int) -> None:
    """Print the message with which a command ends, or log it where stderr has to be JSON throughout."""
    import structlog

    from streams.runtime import logs

    if logs.only_json() and structlog.is_configured():
        structlog.get_logger().critical(message, exit_code=exit_code)
    else:
        click.echo(f"firewatch: {message}", err=True)
