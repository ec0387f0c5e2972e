"""`firewatch --help` is quick, grouped and complete, and every command explains itself by an example that works."""

from __future__ import annotations

import re
import resource
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from streams.cli import SECTIONS, cli

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.cli.groups import LazyCommand

SLOW = {
    "aiohttp", "aiokafka", "faust", "matplotlib", "numpy", "orjson", "prometheus_client", "pydantic", "rich", "river",
    "scipy", "structlog", "yaml",
}  # fmt: skip

LAZY = [command for commands in SECTIONS.values() for command in commands]
MODULES = sorted({command.target.split(":")[0] for command in LAZY})


def below(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """A command and all commands below it, each with its words on the command line."""
    yield path, command
    if isinstance(command, click.Group):
        ctx = click.Context(command, **cli.context_settings)
        for name in command.list_commands(ctx):
            found = command.get_command(ctx, name)
            assert found is not None
            yield from below(found, (*path, name))


COMMANDS = dict(below(cli))

every_command = pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "firewatch")


def help_of(path: Sequence[str], columns: int = 80) -> str:
    done = CliRunner().invoke(cli, [*path, "--help"], prog_name="firewatch", env={"COLUMNS": str(columns)})
    assert done.exit_code == 0, done.output
    return done.output


def loaded_by(program: str, **environment: str) -> set[str]:
    """Names in `sys.modules` of a new process after a program."""
    source = f"import sys\ntry:\n    {program}\nfinally:\n    print(*sys.modules, file=sys.stderr)"
    command = [sys.executable, "-c", source]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment or None)
    assert "Traceback" not in done.stderr
    return set(done.stderr.split())


def test_the_help_imports_no_command_and_nothing_slow() -> None:
    loaded = loaded_by("sys.argv = ['firewatch', '--help']; from streams.cli import main; main()")
    assert "streams.cli.groups" in loaded
    assert loaded.isdisjoint(SLOW)
    assert loaded.isdisjoint(MODULES)


def test_the_help_of_a_command_imports_that_command_and_nothing_slow() -> None:
    loaded = loaded_by("sys.argv = ['firewatch', 'tune', '--help']; from streams.cli import main; main()")
    assert loaded.intersection(MODULES) == {"streams.cli.tuning"}
    loaded = loaded_by(f"import {', '.join(MODULES)}")
    assert loaded.issuperset(MODULES)
    assert loaded.isdisjoint(SLOW)


def test_the_help_costs_at_most_four_times_the_cpu_of_importing_click() -> None:
    def cpu_seconds(*arguments: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    runs = [(cpu_seconds("-c", "import click"), cpu_seconds("-m", "streams.cli", "--help")) for _ in range(7)]
    click_alone, with_help = map(min, zip(*runs, strict=True))
    assert with_help <= 4 * click_alone, runs


@pytest.mark.parametrize(("word", "completed"), [("check", {"check-config"}), ("s", {"score", "status", "schema"})])
def test_completion_of_a_command_imports_none(word: str, completed: set[str]) -> None:
    environment = {"_FIREWATCH_COMPLETE": "bash_complete", "COMP_WORDS": f"firewatch {word}", "COMP_CWORD": "1"}
    loaded = loaded_by("sys.argv = ['firewatch']; from streams.cli import main; main()", **environment)
    assert "click.shell_completion" in loaded
    assert loaded.isdisjoint({*SLOW, *MODULES})
    done = CliRunner().invoke(cli, prog_name="firewatch", env=environment)
    names = {line.removeprefix("plain,") for line in done.output.split()}
    assert names >= completed
    assert all(name.startswith(word) for name in names)


def test_options_and_values_of_a_command_are_completed() -> None:
    def completed(*words: str) -> list[str]:
        environment = {"_FIREWATCH_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(("firewatch", *words))}
        environment["COMP_CWORD"] = str(len(words))
        return CliRunner().invoke(cli, prog_name="firewatch", env=environment).output.split()

    assert completed("alerts", "false-alarm", "--sil") == ["plain,--silence"]
    assert completed("bridge", "sl") == ["plain,slack"]
    assert completed("score", "-c", "fire") == ["file,fire"]
    for words in (["replay", "fire"], ["ingest", "fire"], ["detect-series", "fire"], ["backtest", "--posts", "fire"]):
        assert completed(*words) == ["file,fire"]
    assert completed("--vers") == ["plain,--version"]


@pytest.mark.parametrize("command", LAZY, ids=lambda command: command.name)
def test_a_summary_is_what_the_command_s_own_help_begins_with(command: LazyCommand) -> None:
    name, summary, _ = command
    assert COMMANDS[name,].get_short_help_str(limit=45) == summary
    assert len(summary) <= 45
    assert COMMANDS[name,].name == name


@pytest.mark.parametrize("columns", [80, 110])
def test_no_summary_is_cut_or_wrapped(columns: int) -> None:
    for path, command in COMMANDS.items():
        if not isinstance(command, click.Group):
            continue
        text = help_of(path, columns)
        assert "..." not in text.replace("COMMAND [ARGS]...", "")
        for name in command.list_commands(click.Context(command, **cli.context_settings)):
            summary = COMMANDS[*path, name].get_short_help_str(limit=columns)
            assert re.search(rf"^  {name} +{re.escape(summary)}$", text, re.MULTILINE), (path, name)


@every_command
def test_the_help_fits_into_80_columns(path: tuple[str, ...]) -> None:
    assert [line for line in help_of(path).splitlines() if len(line) > 80] == []


def test_commands_are_grouped() -> None:
    headings = re.findall(r"^(\w+):$", help_of(()), re.MULTILINE)
    assert headings == ["Options", "Workers", "Operate", "Configure", "Offline"]


def test_the_variable_that_names_the_config_is_in_the_help() -> None:
    assert "FIREWATCH_CONFIG" in help_of(())
    for path, command in COMMANDS.items():
        for param in command.params:
            if param.envvar:
                assert f"env var: {param.envvar}" in " ".join(help_of(path).split())


@every_command
def test_an_example_is_a_command_line_that_is_accepted(path: tuple[str, ...]) -> None:
    _, _, example = help_of(path, 110).partition("Example:\n")
    lines = [line.strip() for line in example.splitlines() if line.strip().startswith("firewatch ")]
    assert lines, "no example"
    for line in lines:
        words = shlex.split(re.split(r" [<>|] ", line)[0])[1:]
        depth = next(length for length in range(len(words), 0, -1) if tuple(words[:length]) in COMMANDS)
        command = COMMANDS[tuple(words[:depth])]
        assert path in {(), tuple(words[: len(path)])}, "an example of another command"
        # raises for an option that there is not, or a wrong value
        command.make_context("firewatch", words[depth:], **cli.context_settings)


@every_command
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    for param in COMMANDS[path].params:
        if isinstance(param, click.Option):
            assert param.help, param.name
            assert param.help.endswith((".", "]", ")")), param.help


def test_every_command_that_reads_a_config_takes_it_by_c() -> None:
    without = {
        " ".join(path) for path, command in COMMANDS.items() if not any("-c" in each.opts for each in command.params)
    }
    groups = {"", "alerts", "sentiment", "sources"}
    assert without == groups | {"init", "live", "schema", "sentiment train", "sentiment evaluate"}
