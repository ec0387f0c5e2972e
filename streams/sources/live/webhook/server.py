"""The server: connections that are limited in number, in the size of their heads, and in time."""

from __future__ import annotations

import asyncio
import errno
import ssl
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import structlog
from aiohttp import web

from streams.config.addresses import host_and_port
from streams.errors import ConfigError, SourceRefused, SourceUnavailable
from streams.sources.live.webhook.openapi import HEALTH_PATH
from streams.sources.live.webhook.problems import RequestRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from streams.config.sources.webhook import WebhookSourceSettings

HEAD_SECONDS: Final = 10.0
"""Time from opening a connection to the end of the head of its first request."""

IDLE_SECONDS: Final = 75.0
"""Time between two requests of a connection; load balancers, which keep one for a minute, end it first."""

LINE_BYTES: Final = 8_190
HEADERS: Final = 100
"""Longest line of a head, and number of its headers."""

LINGER_SECONDS: Final = 2.0
"""Time for the rest of a body that is not wanted, so that the sender reads the answer before the connection ends."""

SERVER: Final = "firewatch"
"""The header ``Server``."""

STOP_SECONDS: Final = 5.0
"""Time for answers that are due when the server stops."""

ASK_SECONDS: Final = 3.0

_CONNECTION: Final[dict[str, Any]] = {
    "access_log": None,
    "auto_decompress": False,  # signatures are of what was sent
    "keepalive_timeout": IDLE_SECONDS,
    "lingering_time": LINGER_SECONDS,
    "max_field_size": LINE_BYTES,
    "max_headers": HEADERS,
    "max_line_size": LINE_BYTES,
}

log = structlog.get_logger()


class _PostsConnection(web.RequestHandler):
    """A connection; what is no HTTP is answered by a problem, and not logged, since a head may hold a token."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  may quote the head
    ) -> web.StreamResponse:
        """Return the response to what could not be answered."""
        if status >= 500:
            log.error("a request could not be answered", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun already")
        detail = (
            "the request is no HTTP/1.1, or its head is too long"
            if status == HTTPStatus.BAD_REQUEST
            else "the request could not be answered: a defect of firewatch"
        )
        response = RequestRefused(status, "bad_request" if status < 500 else "defect", detail).response()
        response.force_close()
        return response


class _PostsServer(web.Server):
    def __init__(self, handle: Callable[[web.BaseRequest], Awaitable[web.Response]], max_connections: int) -> None:
        super().__init__(self._handle)
        self._running = asyncio.get_running_loop()
        self._answer = handle
        self._max_connections = max_connections
        self._open: dict[web.RequestHandler, asyncio.Transport] = {}
        self._deadlines: dict[web.RequestHandler, asyncio.TimerHandle] = {}
        self._busy: set[web.RequestHandler] = set()

    def __call__(self) -> web.RequestHandler:
        """Return the protocol of a new connection."""
        return _PostsConnection(self, loop=self._running, **_CONNECTION)

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        connection = request.protocol
        if deadline := self._deadlines.pop(connection, None):
            deadline.cancel()
        self._busy.add(connection)
        try:
            response = await self._answer(request)
            response.headers["Server"] = SERVER
            return response
        finally:
            self._busy.discard(connection)
            if connection in self._open:
                self._open[connection] = self._open.pop(connection)  # behind those that have been idle for longer

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Note a new connection, and close the one that has been idle for longest if there are too many."""
        super().connection_made(handler, transport)
        if len(self._open) >= self._max_connections:
            idle = next((each for each in self._open if each not in self._busy), None)
            (transport if idle is None else self._open.pop(idle)).abort()
        self._open[handler] = transport
        self._deadlines[handler] = self._running.call_later(HEAD_SECONDS, transport.abort)

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        """Forget a connection."""
        self._open.pop(handler, None)
        self._busy.discard(handler)
        if deadline := self._deadlines.pop(handler, None):
            deadline.cancel()
        super().connection_lost(handler, exc)


@asynccontextmanager
async def serving(
    settings: WebhookSourceSettings,
    handle: Callable[[web.BaseRequest], Awaitable[web.Response]],
    tls: ssl.SSLContext | None,
) -> AsyncIterator[str]:
    """Listen, and answer requests.

    Yields
    ------
    str
        The address without a path, such as ``http://127.0.0.1:8480``.

    Raises
    ------
    SourceUnavailable
        If another process listens there.
    SourceRefused
        If this machine has no such address, or the port needs privileges.
    """
    host, port = host_and_port(settings.listen)
    server = _PostsServer(handle, settings.max_connections)
    further: dict[str, Any] = {} if tls is None else {"ssl": tls, "ssl_handshake_timeout": HEAD_SECONDS}
    try:
        listener = await asyncio.get_running_loop().create_server(server, host, port, backlog=128, **further)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SourceUnavailable(
                settings.id,
                "port_taken",
                f"{settings.listen} is used by another process: free it, or set `listen` of this source to another "
                "address",
            ) from error
        raise SourceRefused(
            settings.id,
            "bad_address",
            f"can't listen on {settings.listen} ({error.strerror or error}): set `listen` of this source to an address "
            "of this machine",
        ) from error
    shown = f"[{host}]" if ":" in host else host
    try:
        yield f"http{'' if tls is None else 's'}://{shown}:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()
        server.pre_shutdown()
        await server.shutdown(STOP_SECONDS)


async def is_served_by_firewatch(address: str) -> bool:
    """Return whether a server of this kind answers at an address without a path."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ASK_SECONDS)) as session,
            session.get(f"{address}{HEALTH_PATH}", ssl=False) as answer,  # who it is matters, not whether to trust it
        ):
            return answer.headers.get("Server") == SERVER
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False


def tls_of(settings: WebhookSourceSettings) -> ssl.SSLContext | None:
    """Return the context of TLS with the certificate of the settings, None if they name none.

    Raises
    ------
    ConfigError
        If the certificate or its key can't be used.
    """
    if settings.certificate_file is None or settings.key_file is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.certificate_file, settings.key_file, password=lambda: "")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            [
                f"certificate_file {settings.certificate_file} and key_file {settings.key_file} "
                f"can't be used ({reason}); they must be PEM, belong together, and the key must have no password"
            ]
        ) from error
    return context
