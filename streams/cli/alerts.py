"""Commands about incidents: watch them, and record what operators decide about them."""

from __future__ import annotations

import asyncio
import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.groups import SuggestingGroup
from streams.cli.options import (
    FILE,
    Duration,
    Moment,
    check_brands,
    config_for_operators,
    config_option,
    severity_choice,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from detectors.base import Severity
    from streams.config import Config
    from streams.records import Verdict, VerdictValue

LONGEST_SILENCE_SECONDS = 30 * 86_400.0


@click.group(cls=SuggestingGroup)
def alerts() -> None:
    """Watch, acknowledge and review incidents.

    \b
    Example:
      firewatch alerts tail -c firewatch.yaml
    """


@alerts.command("tail")
@config_option
@click.option("--brand", "brands", multiple=True, help="Id of a brand to show; may be given several times.")
@click.option("--severity", type=severity_choice, help="Lowest severity to show.")
@click.option("--since", type=Duration(), default="24h", show_default=True, help="How far back to start: 90s, 30m, 7d.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line, as in social.alerts.")
@click.option("--no-follow", is_flag=True, help="Exit after the incidents so far instead of waiting for new ones.")
def tail(
    config_path: Path,
    brands: tuple[str, ...],
    severity: Severity | None,
    since: float,
    *,
    as_json: bool,
    no_follow: bool,
) -> None:
    """Show incidents as they are raised.

    Also shows what operators have recorded about them. Ctrl-C ends.

    \b
    Example:
      firewatch alerts tail -c firewatch.yaml --severity warning
      firewatch alerts tail -c firewatch.yaml --since 7d --json --no-follow
    """
    from rich.console import Console

    from streams.cli.workers import until_stopped
    from streams.operate import tail as view

    config, error = config_for_operators(config_path)
    if error is None:
        check_brands(config, brands)
    shown = view.Tail(config, brands, severity, None if as_json else Console())
    until_stopped(lambda stop: view.tail(config, shown, since, stop, follow=not no_follow))
    if not shown.shown and not as_json:
        click.echo("no incidents in this time", err=True)


def _verdict_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--note", help="Reason, for those who read it later."),
        click.option("--by", default=getpass.getuser, show_default="your user name", help="Name of the operator."),
        config_option,
        click.argument("id"),
    ):
        command = option(command)
    return command


@alerts.command()
@_verdict_options
def ack(id: str, config_path: Path, by: str, note: str | None) -> None:
    """Acknowledge an incident.

    ID is the fingerprint of the incident, the id of one of its alerts, or the beginning of either.

    \b
    Example:
      firewatch alerts ack 3f9c2a -c firewatch.yaml --note "call at 10"
    """
    _record(config_path, id, "ack", by, note)


@alerts.command()
@_verdict_options
def confirm(id: str, config_path: Path, by: str, note: str | None) -> None:
    """Confirm an incident; end a silence.

    ID is the fingerprint of the incident, the id of one of its alerts, or the beginning of either. A silence of the
    brand ends.

    \b
    Example:
      firewatch alerts confirm 3f9c2a -c firewatch.yaml
    """
    _record(config_path, id, "confirmed", by, note)


@alerts.command("false-alarm")
@_verdict_options
@click.option(
    "--silence",
    type=Duration(),
    help="Mute incidents of this brand up to this severity for a duration (30m, 4h, 7d; at most 30d).",
)
def false_alarm(id: str, config_path: Path, by: str, note: str | None, silence: float | None) -> None:
    """Mark an incident as a false alarm.

    ID is the fingerprint of the incident, the id of one of its alerts, or the beginning of either. With --silence the
    brand is also muted for a while.

    \b
    Example:
      firewatch alerts false-alarm 3f9c2a -c firewatch.yaml --silence 4h
    """
    if silence is not None and silence > LONGEST_SILENCE_SECONDS:
        raise click.BadParameter("a silence lasts 30 days at most", param_hint="--silence")
    _record(config_path, id, "false_alarm", by, note, silence)


@alerts.command("export")
@config_option
@click.option(
    "--labels",
    "labels_path",
    type=FILE,
    is_flag=False,
    flag_value=Path("-"),
    metavar="[FILE]",
    help="Write labels for backtest and tune; without FILE to standard output.",
)
@click.option("--brand", "brands", multiple=True, help="Id of a brand to export; may be given several times.")
@click.option("--since", type=Duration(), help="How far back to read: 30m, 7d. Default: all that Kafka still has.")
@click.option(
    "--from", "from_ms", type=Moment(), help="Event time from which incidents begin, as for backtest --topic."
)
@click.option(
    "--to", "to_ms", type=Moment(), help="Event time before which incidents begin; UTC unless it names a zone."
)
def export(
    config_path: Path,
    labels_path: Path | None,
    brands: tuple[str, ...],
    since: float | None,
    from_ms: int | None,
    to_ms: int | None,
) -> None:
    """Write incidents with the verdicts on them as labels.

    What was confirmed becomes an incident that must be raised, a false alarm one that must not. Incidents that nobody
    has confirmed or marked as a false alarm are undecided, which backtest and tune count neither as right nor as false.
    Kafka keeps alerts for 30 days: export regularly.

    \b
    Example:
      firewatch alerts export --labels labels.yaml -c firewatch.yaml
      firewatch alerts export --labels --since 7d -c firewatch.yaml
    """
    from streams.config.loader import load_config
    from streams.operate.verdict_labels import export_labels
    from streams.runtime import clock
    from streams.runtime.files import ensure_distinct_paths, open_output

    if labels_path is None:
        raise click.UsageError("name what to export: --labels, or --labels FILE")
    if from_ms is not None and to_ms is not None and to_ms <= from_ms:
        raise click.UsageError("--to must be after --from")
    to_stdout = labels_path == Path("-")
    ensure_distinct_paths([config_path], [] if to_stdout else [labels_path])
    config = load_config(config_path)
    check_brands(config, brands)
    since_ms = 0 if since is None else clock.now_ms() - round(since * 1000)
    labels = asyncio.run(export_labels(config, brands, since_ms, from_ms, to_ms))
    if to_stdout:
        click.echo(labels.to_yaml(), nl=False)
    else:
        with open_output(labels_path) as out:
            out.write(labels.to_yaml().encode())
    for remark in labels.remarks():
        click.echo(remark if to_stdout else f"{labels_path}: {remark}", err=True)


def _record(
    config_path: Path, id: str, value: VerdictValue, by: str, note: str | None, silence: float | None = None
) -> None:
    """Find the incident, record the verdict on it, and print both."""
    from streams.records import utc

    config = config_for_operators(config_path).config
    said, name = asyncio.run(_append_verdict(config, id, value, by, note, silence))
    done = {"ack": "acknowledged", "false_alarm": "marked as a false alarm", "confirmed": "confirmed"}[value]
    text = f"{name} {said.incident} ({said.severity}, raised by {', '.join(said.detectors)}): {done}"
    if said.silence_until_ms is not None:
        until = f"{utc(said.silence_until_ms):%a %d %b %H:%M} UTC"
        text += f"; incidents of {said.brand} up to {said.severity} are muted until {until}"
    click.echo(text)


async def _append_verdict(
    config: Config, id: str, value: VerdictValue, by: str, note: str | None, silence_seconds: float | None
) -> tuple[Verdict, str]:
    from streams.kafka.clients import consumer
    from streams.operate.incident_log import read_incidents, write_verdict

    async with consumer(config.kafka, None) as reader:
        incident = (await read_incidents(config, reader)).find(id).newest
    names = {brand.id: brand.name for brand in config.brands}
    said = await write_verdict(config, incident, value, by, note, silence_seconds)
    return said, names.get(incident.brand, incident.brand)
