"""What the workers of this machine say of themselves over HTTP, beside what Kafka has of all workers."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from streams.config import Config

TIMEOUT_SECONDS: Final = 1.0
"""A worker of this machine answers within milliseconds."""

_RELOADING: Final = ("score", "detect")
"""Workers that follow the config file."""

_ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  to compare with, not to listen on


def refused_configs(config: Config) -> dict[str, str]:
    """Return why each worker on the ports of a config could not use the config file as it is now.

    Workers that don't answer, or use the file, are left out.
    """
    host = _ANY_ADDRESS.get(config.metrics.host, config.metrics.host)
    found = {}
    for worker in _RELOADING:
        port = getattr(config.metrics, f"{worker}_port")
        problem = _ready_page(host, port).get("config_problem") if port else None
        if isinstance(problem, str):
            found[worker] = problem
    return found


def _ready_page(host: str, port: int) -> dict[str, Any]:
    connection = HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/readyz")
        body = orjson.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return body if isinstance(body, dict) else {}
