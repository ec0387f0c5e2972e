"""The server of metrics and health pages: what it answers, and how little slow clients can take from it."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request

import pytest

from streams.errors import ConfigError, PortTaken
from streams.runtime import http_server
from streams.runtime.http_server import MAX_CONNECTIONS, serve
from tests.support.patience import PATIENCE_SECONDS, wait_for


def get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_SECONDS) as answer:
        content: bytes = answer.read()
    return content


def half_a_request(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
    connection.sendall(b"GET / HTTP/1.1\r\nX: ")
    return connection


def drip(connection: socket.socket) -> None:
    begin = time.monotonic()
    while time.monotonic() < begin + PATIENCE_SECONDS:
        connection.sendall(b"x")
        time.sleep(0.1)


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_a_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"127.0.0.1:{port} is used .* set metrics\.score_port"):
            serve("127.0.0.1", port, "metrics.score_port")


def test_many_slow_clients_take_few_threads_and_delay_no_scrape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "CONNECTION_SECONDS", 3_600)  # their time is not up while a scrape would wait
    port = serve("127.0.0.1", 0, "metrics.score_port", {"/healthz": lambda: (True, {"alive": True})})
    threads = threading.active_count()
    slow = [half_a_request(port) for _ in range(4 * MAX_CONNECTIONS)]
    assert get(port, "/healthz") == b'{"alive":true}'
    assert b"firewatch_posts_scored_total" in get(port, "/metrics")
    wait_for(lambda: threading.active_count() - threads <= MAX_CONNECTIONS + 4)
    assert is_closed(slow[0])
    for connection in slow:
        connection.close()


def test_a_client_that_sends_a_byte_now_and_then_is_closed_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "CONNECTION_SECONDS", 0.5)
    port = serve("127.0.0.1", 0, "metrics.score_port")
    with half_a_request(port) as connection, pytest.raises(ConnectionError):
        drip(connection)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_this_machine_does_not_have_is_a_problem_of_the_config(host: str) -> None:
    with pytest.raises(ConfigError, match=rf"metrics\.score_port: can't listen on {host}:0"):
        serve(host, 0, "metrics.score_port")
