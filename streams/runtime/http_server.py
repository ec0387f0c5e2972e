"""The HTTP server of a worker: ``/metrics`` and pages of JSON, answered from threads.

Anyone who reaches the port may open connections and send nothing. Each connection has `CONNECTION_SECONDS` in all, and
of more than `MAX_CONNECTIONS` the oldest is closed, so that slow clients neither use up threads and file handles nor
keep a scrape from its answer.
"""

from __future__ import annotations

import errno
import socket
import threading
import time
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import orjson
from prometheus_client import make_wsgi_app

from streams.errors import ConfigError, PortTaken
from streams.runtime.metrics import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Answer = tuple[bool, dict[str, Any]]
"""Whether the status is 200 rather than 503, and the fields of the JSON body."""

CONNECTION_SECONDS: Final = 10.0
"""Time from opening a connection to the end of its answer; a scrape takes some milliseconds."""

MAX_CONNECTIONS: Final = 32


def serve(host: str, port: int, setting: str, pages: Mapping[str, Callable[[], Answer]] | None = None) -> int:
    """Serve ``/metrics`` and other pages from a thread, and return the port.

    Parameters
    ----------
    host, port
        Address to listen on; port 0 picks a free one.
    setting
        Config key of the port, for messages.
    pages
        Functions that return the answer of a page, by its path.

    Raises
    ------
    PortTaken
        If another process listens there.
    ConfigError
        If this machine has no such address, or the port needs privileges.
    """
    try:
        _Server.address_family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        server = make_server(host, port, _application(pages or {}), server_class=_Server, handler_class=_Handler)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host, port, setting) from error
        problem = f"can't listen on {host}:{port} ({error.strerror or error})"
        raise ConfigError([f"metrics.host or {setting}: {problem}"]) from error
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return int(server.server_port)


def _application(pages: Mapping[str, Callable[[], Answer]]) -> WSGIApplication:
    exposition: WSGIApplication = make_wsgi_app(REGISTRY)

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        page = pages.get(environ["PATH_INFO"])
        if page is None:
            return exposition(environ, start_response)
        good, fields = page()
        status = "200 OK" if good else "503 Service Unavailable"
        start_response(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
        return [orjson.dumps(fields)]

    return answer


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 2 * MAX_CONNECTIONS
    _opened: dict[socket.socket, float]

    def server_activate(self) -> None:
        self._opened = {}
        self._lock = threading.Lock()
        super().server_activate()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._opened[request] = time.monotonic()
            for oldest in list(self._opened)[:-MAX_CONNECTIONS]:
                _hang_up(oldest)
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """Close connections whose time is up; `serve_forever` calls this twice a second."""
        overdue = time.monotonic() - CONNECTION_SECONDS
        with self._lock:
            for connection, opened in self._opened.items():
                if opened < overdue:
                    _hang_up(connection)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._opened.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore what a client has caused: it hung up, or was hung up on."""


def _hang_up(connection: socket.socket) -> None:
    """Wake the thread that reads from or writes to a connection; the thread closes it."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the client was faster


class _Handler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing of requests."""
