"""Receivers of alerts outside Kafka, and the registry that finds one by its name.

The name of a receiver is the argument of ``firewatch bridge NAME``, the key of its section in the config's section
`bridge`, a part of its worker's name and consumer group (``bridge-NAME``), and the label `target` of its metrics.

To add a receiver, write one module in this package (the form of its messages, the way to send them, and a factory) and
add one line to `RECEIVERS`. Its settings are a section in `streams.config.bridge`, a subclass of `ReceiverSettings`:
a config is checked and documented without loading any worker, so the config has to know the sections. All other places
that need the names of the receivers (command line, access rights, status) ask `streams.config.bridge.receiver_names`.
Alertmanager divides its receivers in the same way: ``notify/slack`` sends, ``config/notifiers.go`` holds the settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streams.errors import ConfigError
from streams.workers.receivers import alertmanager, slack, webhook

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.config import Config
    from streams.workers.receivers.base import Sender

RECEIVERS: Final[dict[str, Callable[[Config], Sender[Any]]]] = {
    "alertmanager": alertmanager.sender,
    "slack": slack.sender,
    "webhook": webhook.sender,
}
"""The factory of each receiver's sender, by the receiver's name."""


def sender_for(name: str, config: Config) -> Sender[Any]:
    """Return a sender to the receiver of a name.

    Raises
    ------
    ConfigError
        If there is no such receiver, or its settings are incomplete or invalid.
    """
    if name not in RECEIVERS:
        raise ConfigError([f"bridge: unknown receiver {name!r}; known receivers are {', '.join(sorted(RECEIVERS))}"])
    return RECEIVERS[name](config)
