"""Check that authors are hashed with a key of one's own, where others can read the hashes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from streams.config.addresses import hosts_of, is_loopback
from streams.config.sections import AUTHOR_KEY_VARIABLE
from streams.errors import ConfigError, Problem

if TYPE_CHECKING:
    from streams.config.model import Config

_PROBLEM: Final = (
    "authors are hashed with the key that ships with firewatch, so that anybody who reads the hashes can find out who "
    "wrote what"
)
_REMEDY: Final = (
    "make a key (`(umask 077; head -c 32 /dev/urandom | base64 > author.key)`) and name its file here, or set "
    f"{AUTHOR_KEY_VARIABLE}"
)


def check_author_key(config: Config) -> str | None:
    """Return a warning if authors are hashed with the key that everybody knows, None if there is another one.

    The file of a key is not read here; `streams.config.named_files` looks whether it is there.

    Raises
    ------
    ConfigError
        If there is no other key and the service is not on this machine alone: its brokers, which keep the hashes, or
        its metrics can be reached by others.
    """
    if config.author_key_file is not None or os.environ.get(AUTHOR_KEY_VARIABLE, "").strip():
        return None
    exposed = _exposed(config)
    if exposed:
        message = f"{_PROBLEM}, and {exposed} is not on this machine alone: {_REMEDY}"
        raise ConfigError([Problem(message, "author_key_file")])
    return f"author_key_file: {_PROBLEM}; beyond this machine that is refused: {_REMEDY}"


def _exposed(config: Config) -> str | None:
    """Return the setting and the host that other machines may reach, None if there is none."""
    hosts = [("kafka.bootstrap_servers", host) for host in hosts_of(config.kafka.bootstrap_servers)]
    hosts.append(("metrics.host", config.metrics.host))
    return next((f"{setting} ({host})" for setting, host in hosts if not is_loopback(host)), None)
