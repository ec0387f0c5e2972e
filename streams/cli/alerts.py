"""Commands about alerts once they are raised: who is told, what people say of them, and how the service does."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Any

import click

from streams.cli import commands
from streams.cli.options import Duration, config_option, plainly
from streams.kafka.names import BRIDGED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from detectors.base import Severity
    from streams.records import VerdictValue

LONGEST_SILENCE_SECONDS = 30 * 86_400.0


@click.command()
@click.argument("target", type=click.Choice(BRIDGED))
@config_option
@plainly
def bridge(target: str, config_path: Path) -> None:
    """Worker: pass alerts on to TARGET (social.alerts to the receiver in the config's section `bridge`).

    Suppressed and silenced incidents are held back. What is firing is told again to Alertmanager before it takes it for
    over; webhooks and Slack get each step once, in order, retried while they fail. What a receiver refuses goes to
    social.alerts.dlq with the reason.
    """
    commands.bridge(config_path, target)


@click.group()
def alerts() -> None:
    """Watch incidents, and say what they were."""


@alerts.command("tail")
@config_option
@click.option("--brand", "brands", multiple=True, help="Id of a brand; may be given several times.")
@click.option("--severity", type=click.Choice(["watch", "warning", "critical"]), help="Nothing below it.")
@click.option("--since", type=Duration(), default="24h", show_default=True, help="How far back: 90s, 30m, 4h, 7d.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as social.alerts carries it.")
@click.option("--no-follow", is_flag=True, help="End with what there is by now.")
@plainly
def tail(
    config_path: Path,
    brands: tuple[str, ...],
    severity: Severity | None,
    since: float,
    *,
    as_json: bool,
    no_follow: bool,
) -> None:
    """Show incidents as they are told, and what people say of them; Ctrl-C ends."""
    from streams.cli import commands_alerts

    commands_alerts.tail(config_path, brands, severity, since, as_json=as_json, follow=not no_follow)


def _verdict_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--note", help="Why, for those who read it later."),
        click.option("--by", default=getpass.getuser, show_default="your user name", help="Who says so."),
        config_option,
        click.argument("id"),
    ):
        command = option(command)
    return command


@alerts.command()
@_verdict_options
@plainly
def ack(id: str, config_path: Path, by: str, note: str | None) -> None:
    """Say that you look after incident ID: its fingerprint, the id of a step, or how either begins."""
    _say(config_path, id, "ack", by, note)


@alerts.command()
@_verdict_options
@plainly
def confirm(id: str, config_path: Path, by: str, note: str | None) -> None:
    """Say that incident ID was one; ends a silence of its brand."""
    _say(config_path, id, "confirmed", by, note)


@alerts.command("false-alarm")
@_verdict_options
@click.option(
    "--silence",
    type=Duration(),
    help="For so long (30m, 4h, 7d; 30 days at most) incidents of the brand up to this severity are not passed on.",
)
@plainly
def false_alarm(id: str, config_path: Path, by: str, note: str | None, silence: float | None) -> None:
    """Say that incident ID was none, and silence its brand for a while if you like."""
    if silence is not None and silence > LONGEST_SILENCE_SECONDS:
        raise click.BadParameter("a silence lasts 30 days at most", param_hint="--silence")
    _say(config_path, id, "false_alarm", by, note, silence)


def _say(config_path: Path, id: str, judgement: VerdictValue, by: str, note: str | None, silence: Any = None) -> None:
    from streams.cli import commands_alerts

    click.echo(commands_alerts.verdict(config_path, id, judgement, by, note, silence))


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
@click.option(
    "--max-lag",
    type=click.IntRange(min=0),
    default=10_000,
    show_default=True,
    help="Records that a worker may be behind.",
)
@click.option("--stale-after", type=Duration(), default="1h", show_default=True, help="How long no post may come.")
@plainly
def status(config_path: Path, *, as_json: bool, max_lag: int, stale_after: float) -> None:
    """What runs, how far behind, how fresh, what fires: one screen; exits with 1 if something is wrong."""
    from streams.cli import commands_alerts

    if not commands_alerts.status(config_path, max_lag=max_lag, stale_seconds=stale_after, as_json=as_json):
        sys.exit(1)
