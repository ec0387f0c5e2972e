"""The servers of a source: which of them is read, and which is left alone for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from streams.config.sources.jetstream import V1_PATH, V2_PATH
from streams.errors import SourceError, SourceRefused, SourceUnavailable
from streams.sources.live.backoff import LONGEST_SECONDS
from streams.sources.live.jetstream.connection import EndpointMissing, address_of, open_connection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from websockets.asyncio.client import ClientConnection

    from streams.sources.live.jetstream.connection import Wire

HEALTHY_MS: Final = 60_000
"""A server that has been read for so long is not distrusted for what it did before."""

REFUSED_MS: Final = 600_000
"""A server that refuses is left alone for so long, if there are others."""


class JetstreamHost:
    """One server.

    Parameters
    ----------
    url
        Its address; with the path of an endpoint only that one is used.

    Attributes
    ----------
    name
        Host and port, as in positions.
    wire
        The wire that it speaks; None until that is known.
    failures
        Connections that failed or ended since it was last read for `HEALTHY_MS`.
    error
        Why the last one did.
    not_before_ms
        When it may be tried again, milliseconds since the epoch.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._url = url
        self._wires: tuple[Wire, ...] = {V1_PATH: ("v1",), V2_PATH: ("v2",)}.get(parts.path, ("v2", "v1"))  # type: ignore[assignment]
        self.name = parts.netloc
        self.wire: Wire | None = None
        self.failures = 0
        self.error: SourceError | None = None
        self.not_before_ms = 0

    async def open(self, source: str, cursor: int | None, *, identities: bool, max_bytes: int) -> ClientConnection:
        """Return a connection on the wire that the server speaks, the newer one first.

        Raises
        ------
        CursorTooOld
            If the server no longer keeps what the cursor names.
        SourceError
            If it can't be reached, or refuses.
        """
        missing = ""
        for wire in (self.wire,) if self.wire else self._wires:
            address = address_of(self._url, wire, cursor, identities=identities, max_bytes=max_bytes)
            try:
                connection = await open_connection(source, address, wire)
            except EndpointMissing as error:
                missing = str(error)
                continue
            self.wire = wire
            return connection
        known, self.wire = self.wire, None
        detail = f"{missing}; it offers no Jetstream stream"
        raise (SourceUnavailable if known else SourceRefused)(source, "no_endpoint", detail)

    def failed(self, error: SourceError, now_ms: int) -> None:
        """Note that a connection failed or ended."""
        self.failures += 1
        self.error = error
        if isinstance(error, SourceRefused):
            self.not_before_ms = now_ms + REFUSED_MS
        elif isinstance(error, SourceUnavailable) and error.retry_after_seconds:
            self.not_before_ms = now_ms + round(min(error.retry_after_seconds, LONGEST_SECONDS) * 1000)

    def read_for(self, milliseconds: int) -> None:
        """Note for how long a connection has delivered."""
        if milliseconds >= HEALTHY_MS:
            self.failures = 0


def in_order(hosts: Sequence[JetstreamHost], last: str) -> list[JetstreamHost]:
    """Return servers in the order in which they are tried.

    One failure is no reason to change to another server, where more has to be read again; a second one is.

    Parameters
    ----------
    hosts
        Servers in the order of the config.
    last
        Name of the one that was read last; empty if none was.
    """
    return sorted(hosts, key=lambda host: (max(0, host.failures - 1), host.name != last))


def failure_of(source: str, hosts: Sequence[JetstreamHost], now_ms: int) -> SourceError:
    """Return the error that no server can be read: a refusal if all of them refuse.

    Parameters
    ----------
    source
        Id of the source.
    hosts
        Servers, each of which has failed.
    now_ms
        The clock, milliseconds since the epoch.
    """
    errors = [host.error for host in hosts if host.error is not None]
    detail = "; ".join(error.detail for error in errors)
    reason = errors[0].reason if errors else "unreachable"
    if errors and all(isinstance(error, SourceRefused) for error in errors):
        return SourceRefused(source, reason, detail)
    waits = [max(0, host.not_before_ms - now_ms) / 1000 for host in hosts]
    return SourceUnavailable(source, reason, detail, min(waits, default=0.0) or None)
