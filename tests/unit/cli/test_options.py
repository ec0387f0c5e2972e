"""Durations, times, and the three ways to name a config."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner, Result

from streams.cli.options import Duration, Moment, config_argument

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1_800), ("4h", 14_400), ("7d", 604_800), ("0s", 0)])
def test_a_duration_is_a_number_with_a_unit(text: str, seconds: float) -> None:
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["36501d", "9" * 400 + "s"])
def test_a_duration_longer_than_a_life_is_a_mistake(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is longer than 36,500d"):
        Duration().convert(text, None, None)


@pytest.mark.parametrize("text", ["", "4", "h", "4y", "-4h", "1.5h", "4 h"])
def test_anything_else_is_not_a_duration(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a duration"):
        Duration().convert(text, None, None)


@pytest.mark.parametrize(
    "text", ["2026-03-02", "2026-03-02T00:00", "2026-03-02T00:00Z", "2026-03-02T01:00+01:00", "2026-03-01T19:00-05:00"]
)
def test_a_time_is_in_utc_unless_it_names_a_zone(text: str) -> None:
    assert Moment().convert(text, None, None) == 1_772_409_600_000


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "22:00", "1772409600", "2026-03-02T25:00"])
def test_anything_else_is_not_a_time(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a time"):
        Moment().convert(text, None, None)


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31T23:59:59-12:00"])
def test_a_time_at_the_ends_of_the_calendar_is_a_mistake(text: str) -> None:
    with pytest.raises(click.BadParameter, match="does not lie between 1970 and 2199"):
        Moment().convert(text, None, None)


@click.command()
@config_argument
def show(config_path: Path) -> None:
    click.echo(config_path)


def shown(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(show, arguments, env={"FIREWATCH_CONFIG": None, **environment})


def test_a_config_is_named_as_argument_by_option_or_by_the_environment() -> None:
    assert shown("a.yaml").output == "a.yaml\n"
    assert shown("-c", "a.yaml").output == "a.yaml\n"
    assert shown(FIREWATCH_CONFIG="a.yaml").output == "a.yaml\n"
    assert shown("a.yaml", FIREWATCH_CONFIG="b.yaml").output == "a.yaml\n"
    assert shown("-c", "a.yaml", FIREWATCH_CONFIG="b.yaml").output == "a.yaml\n"


def test_a_config_that_is_named_twice_or_not_at_all_is_refused() -> None:
    twice, missing = shown("a.yaml", "-c", "b.yaml"), shown()
    assert (twice.exit_code, "named twice" in twice.stderr) == (2, True)
    assert (missing.exit_code, "set FIREWATCH_CONFIG" in missing.stderr) == (2, True)
