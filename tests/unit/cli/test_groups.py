"""A mistyped command gets a suggestion, and an error for the user ends in its message and exit code."""

from __future__ import annotations

import errno
import os

import click
import pytest
from click.testing import CliRunner, Result

from streams.cli import cli
from streams.cli.groups import LazyCommand, LazyGroup
from streams.errors import PortTaken


def firewatch(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (["chekc-config"], "Did you mean check-config?"),
        (["check_config"], "Did you mean check-config?"),
        (["Score"], "Did you mean score"),
        (["alerts", "false_alarm"], "Did you mean false-alarm?"),
        (["sentiment", "trian"], "Did you mean train?"),
        (["score", "--confg", "c.yaml"], "Did you mean --config?"),
    ],
)
def test_a_mistyped_word_gets_a_suggestion(arguments: list[str], suggestion: str) -> None:
    done = firewatch(*arguments)
    assert (done.exit_code, suggestion in done.stderr) == (2, True), done.stderr


def test_a_word_that_resembles_nothing_gets_none() -> None:
    done = firewatch("zzzzzz")
    assert (done.exit_code, "Did you mean" in done.stderr) == (2, False)
    assert "No such command 'zzzzzz'." in done.stderr


def test_an_unknown_option_of_the_top_is_no_command() -> None:
    assert "No such option: --nonsense" in firewatch("--nonsense").stderr


@click.command()
@click.argument("error")
def failing(error: str) -> None:
    raise {
        "taken": PortTaken("127.0.0.1", 9402, "metrics.score_port"),
        "pipe": BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)),
        "read-only": OSError(errno.EROFS, os.strerror(errno.EROFS), "out.jsonl"),
        "defect": FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "own.file"),
    }[error]


TOP = LazyGroup(sections={"All": [LazyCommand("fail", "", f"{__name__}:failing")]})


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        ("taken", PortTaken.exit_code, "firewatch: 127.0.0.1:9402 is used by another process"),
        ("pipe", 0, ""),
    ],
)
def test_an_error_for_the_user_ends_in_its_message_and_exit_code(error: str, code: int, message: str) -> None:
    done = CliRunner().invoke(TOP, ["fail", error])
    assert (done.exit_code, done.stderr.startswith(message)) == (code, True)


def test_a_defect_keeps_its_traceback() -> None:
    assert isinstance(CliRunner().invoke(TOP, ["fail", "defect"]).exception, FileNotFoundError)
