"""Commands about alerts once they are raised: who is told, what people say of them, and how the service does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from streams import commands
from streams.options import config_option, plainly

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("target", type=click.Choice(["alertmanager", "webhook", "slack"]))
@config_option
@plainly
def bridge(target: str, config_path: Path) -> None:
    """Worker: pass alerts on to TARGET (social.alerts to the receiver in the config's section `bridge`).

    Suppressed and silenced incidents are held back. What is firing is told again to Alertmanager before it takes it for
    over; webhooks and Slack get each step once, in order, retried while they fail. What a receiver refuses goes to
    social.alerts.dlq with the reason.
    """
    commands.bridge(config_path, target)
