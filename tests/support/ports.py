"""Ports of 127.0.0.1 for the servers of tests."""

from __future__ import annotations

import socket
from typing import Final

from streams.config.sections import MetricsSettings

ANY_PORTS: Final = dict.fromkeys((name for name in MetricsSettings.model_fields if name.endswith("_port")), 0)
"""The section `metrics` of a config in which every worker takes a port that is free.

On the default ports, workers of other tests and other programs of the machine may listen.
"""


def reserved_port() -> int:
    """Return a free port that nobody else is given until this process ends, for a server that must be told its port.

    A port that was free a moment ago can be gone when the server listens on it: the kernel gives it to the next client
    or server that asks for any. It does not while a socket is bound to the port. That socket does not listen, so a
    server that sets SO_REUSEADDR, as all of ours do, may listen on the port, and again after a restart.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port = int(holder.getsockname()[1])
        holder.detach()  # stays open until the process ends
    return port
