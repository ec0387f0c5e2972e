"""The metrics of a process and other pages over HTTP, from a thread of their own."""

from __future__ import annotations

import errno
import socket
import threading
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import orjson
from prometheus_client import make_wsgi_app

from streams.errors import PortTaken
from streams.runtime.metrics import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Answer = tuple[bool, dict[str, Any]]
"""Whether all is well, and what a page says."""


def serve(host: str, port: int, setting: str, pages: Mapping[str, Callable[[], Answer]] | None = None) -> int:
    """Serve ``/metrics`` from a thread and return the port.

    Parameters
    ----------
    host, port
        Where; port 0 picks a free one.
    setting
        What chooses the port, for messages.
    pages
        By path, what gives its answer: whether the status is 200 rather than 503, and the fields of a JSON body.

    Raises
    ------
    PortTaken
        If another process listens there.
    """
    _Server.address_family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    try:
        server = make_server(host, port, _application(pages or {}), server_class=_Server, handler_class=_Handler)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host, port, setting) from error
        raise
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


class _Handler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""
