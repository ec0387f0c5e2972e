"""Commands about live sources: list those of the config, and check that they can be read."""

from __future__ import annotations

import asyncio
import logging
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from streams.cli.groups import SuggestingGroup
from streams.cli.options import config_option

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from streams.config import Config
    from streams.operate.source_status import SourceStatus


@click.group(cls=SuggestingGroup)
def sources() -> None:
    """List and check live sources.

    \b
    Example:
      firewatch sources list -c firewatch.yaml
      firewatch sources check -c firewatch.yaml
    """


@sources.command("list")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def list_sources(config_path: Path, *, as_json: bool) -> None:
    """List the sources of the config.

    Shows what each source reads, in which state it is, how old its cursor is and which process owns it. Without Kafka
    the config's part is shown.

    \b
    Example:
      firewatch sources list -c firewatch.yaml
    """
    from streams.config.loader import load_config
    from streams.errors import KafkaError
    from streams.operate.source_status import source_statuses
    from streams.runtime import clock, logs

    logs.configure("sources list", level=logging.WARNING)
    config = load_config(config_path)
    now_ms, failed = clock.now_ms(), None
    try:
        found = asyncio.run(_read(config, now_ms))
    except KafkaError as error:
        failed = error
        found = [replace(each, state="unknown") for each in source_statuses(config.sources, {}, now_ms, {})]
    if as_json:
        from dataclasses import asdict

        _print_json({"sources": [asdict(each) for each in found]})
    elif not found:
        click.echo("the config has no sources: add them under `sources`", err=True)
    else:
        from rich.console import Console

        from streams.operate.source_screen import print_sources

        print_sources(Console(), found, now_ms)
    if failed is not None:
        click.echo(f"states, cursors and owners are unknown: {failed}", err=True)
        sys.exit(failed.exit_code)


async def _read(config: Config, now_ms: int) -> list[SourceStatus]:
    from streams.kafka.cursor_board import read_cursors
    from streams.operate.source_status import source_statuses

    cursors = await read_cursors(config) if config.sources else {}
    return source_statuses(config.sources, cursors, now_ms, {})


@sources.command("check")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@config_option
@click.option(
    "--seconds",
    type=click.FloatRange(min=1, max=600),
    default=15.0,
    show_default=True,
    help="Longest time for which each source is read.",
)
@click.option(
    "--billed", is_flag=True, help="Read a few posts also where each is paid for, as at X; the cost is shown."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def check(ids: tuple[str, ...], config_path: Path, *, seconds: float, billed: bool, as_json: bool) -> None:
    """Connect to sources and show what they deliver.

    Reads each source ID (by default all that are enabled) for some seconds, without Kafka and without touching its
    cursor: three posts with the brands that they match, the rate, the lag, permissions and limits. A source whose
    reading has effects, since it listens or is billed, is only asked; `--billed` reads a few posts of the latter. Exits
    with 10 if one can't be read.

    \b
    Example:
      firewatch sources check -c firewatch.yaml
      firewatch sources check bluesky -c firewatch.yaml --seconds 30 --json
      firewatch sources check x -c firewatch.yaml --billed
    """
    from streams.config.loader import load_config
    from streams.config.sources import chosen
    from streams.config.sources.base import ALL_SOURCES
    from streams.errors import SourceError
    from streams.operate.source_check import check_sources
    from streams.runtime import logs

    logs.configure("sources check", level=logging.ERROR)  # what a source warns of is shown with its name
    config = load_config(config_path)
    entries = chosen(config.sources, ids or (ALL_SOURCES,))
    found = asyncio.run(check_sources(config, entries, seconds, billed=billed))
    if as_json:
        _print_json({"sources": [each.as_json() for each in found]})
    else:
        from rich.console import Console

        from streams.operate.source_screen import print_checks

        print_checks(Console(), found)
    if any(each.result == "failed" for each in found):
        sys.exit(SourceError.exit_code)


def _print_json(values: Mapping[str, Any]) -> None:
    import orjson

    sys.stdout.write(orjson.dumps(values, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode())
