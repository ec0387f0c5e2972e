"""What the commands about alerts do, once their arguments are parsed."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click
import orjson
from rich.console import Console

from streams.cli.commands import until_stopped
from streams.config.loader import load_config
from streams.kafka.clients import consumer
from streams.operate.incident_log import judge, read_incidents
from streams.records import utc

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from detectors.base import Severity
    from streams.config import Config
    from streams.records import Verdict, VerdictValue


def tail(
    config_path: Path,
    brands: Collection[str],
    severity: Severity | None,
    since_seconds: float,
    *,
    as_json: bool,
    follow: bool,
) -> None:
    """Show incidents as they are told."""
    from streams.operate import tail as view

    config = load_config(config_path)
    unknown = set(brands) - {brand.id for brand in config.brands}
    if unknown:
        raise click.BadParameter(f"no brand of {config_path} has the id {', '.join(sorted(unknown))}")
    console = None if as_json else Console()
    shown = view.Tail(config, brands, severity, console)

    until_stopped(lambda stop: view.tail(config, shown, since_seconds, stop, follow=follow))
    if not shown.shown and not as_json:
        click.echo("no incident was told in this time", err=True)


def verdict(
    config_path: Path, id: str, judgement: VerdictValue, by: str, note: str | None, silence_seconds: float | None
) -> str:
    """Find the incident, write what is said of it, and tell."""
    config = load_config(config_path)
    said, name = asyncio.run(_judge(config, id, judgement, by, note, silence_seconds))
    done = {"ack": "acknowledged", "false_alarm": "a false alarm", "confirmed": "confirmed"}[judgement]
    text = f"{name} {said.incident} ({said.severity}, raised by {', '.join(said.detectors)}): {done}"
    if said.silence_until_ms is not None:
        until = f"{utc(said.silence_until_ms):%a %d %b %H:%M} UTC"
        text += f"; incidents of {said.brand} up to {said.severity} are not passed on until {until}"
    return text


async def _judge(
    config: Config, id: str, judgement: VerdictValue, by: str, note: str | None, silence_seconds: float | None
) -> tuple[Verdict, str]:
    async with consumer(config.kafka, None) as reader:
        incident = (await read_incidents(config, reader)).find(id).newest
    names = {brand.id: brand.name for brand in config.brands}
    said = await judge(config, incident, judgement, by, note, silence_seconds)
    return said, names.get(incident.brand, incident.brand)


def status(config_path: Path, *, max_lag: int, stale_seconds: float, as_json: bool) -> bool:
    """Print how the service does; tells whether all is well."""
    from streams.operate import status as observer
    from streams.operate.status_screen import print_status

    config = load_config(config_path)
    found = asyncio.run(observer.status(config, max_lag=max_lag, stale_seconds=stale_seconds))
    if as_json:
        sys.stdout.write(orjson.dumps(found.as_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode())
    else:
        print_status(Console(), found, {brand.id: brand.name for brand in config.brands})
    return not found.problems
