"""Addresses in a config: URLs of HTTP, brokers as host:port, hosts to listen on, and which of them is loopback."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.addresses import host, host_ports, hosts_of, http_url, is_loopback


@pytest.mark.parametrize(
    "url",
    [
        "http://a",
        "https://a.example:8443/x?y=1#z",
        "http://127.0.0.1:9093",
        "http://[::1]:9093/",
        "http://my_host/",
        "HTTP://A/",
    ],
)
def test_urls_of_http_are_valid(url: str) -> None:
    assert http_url(url) == url


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("pager.example/x", "begins with http:// or https://"),
        ("javascript:alert(1)", "begins with http:// or https://"),
        ("ftp://pager.example", "begins with http:// or https://"),
        ("//pager.example", "begins with http:// or https://"),
        ("http:///x", "names a host"),
        ("", "begins with http"),
        ("http://a b/", "no white space"),
        ("http://a/\n", "no white space"),
        ("http://a/\u202e", "no invisible characters"),
        ("http://anna:hunter2@a/", "no credentials"),
        ("http://@a/", "no credentials"),
        ("http://a:99999/", "a port from 1 to 65535"),
        ("http://a:0/", "a port from 1 to 65535"),
        ("http://a:x/", "a port from 1 to 65535"),
        ("http://[::1/", "a URL with a host"),
        ("http://a\\b/", "a URL with a host"),
        ("http://999.1.1.1/", "a URL with a host"),
    ],
)
def test_other_urls_are_refused_without_being_shown(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as caught:
        http_url(url)
    assert "hunter2" not in str(caught.value)


def test_brokers_are_hosts_with_ports() -> None:
    assert host_ports(" kafka_1.example:9092 , [2001:db8::1]:9093,10.0.0.1:1 ") == (
        "kafka_1.example:9092,[2001:db8::1]:9093,10.0.0.1:1"
    )
    assert hosts_of("kafka:9092,[::1]:9093") == ["kafka", "::1"]
    assert host_ports("kafka") == "kafka"  # Kafka's port is 9092 where none is named


@pytest.mark.parametrize(
    "servers",
    [
        "", " ", ",", "a:1,", "a:1,,b:2", "a:", ":9092", "127.0.0.1:99999", "a:65536", "a:0", "a:-1", "a:x", "a:1.5",
        "a:٣", "a:1:2", "::1:9092", "::1", "[::1", "[::1]x", "[a]:1", "http://a:9092", "SASL_SSL://a:9092", "a b:1",
        "1.2.3.4.5:1", "999.0.0.1:9092", "a/b:1", "-a:1", f"{'a' * 300}:1",
    ],
)  # fmt: skip
def test_what_is_no_broker_is_refused(servers: str) -> None:
    with pytest.raises(ValueError, match="must be host:port, separated by commas"):
        host_ports(servers)


def test_a_host_has_no_port() -> None:
    for name in ("127.0.0.1", "10.0.0.1", "::", "localhost", "my-host.example"):
        assert host(name) == name
    for name in ("", " ", "127.0.0.1:9401", "http://a", "*", "256.1.1.1", "a b", "[::1]"):
        with pytest.raises(ValueError, match="IP address or the name of a host"):
            host(name)


def test_only_addresses_that_no_other_machine_reaches_are_loopback() -> None:
    inside = ("127.0.0.1", "127.8.9.1", "::1", "localhost", "LOCALHOST.", "kafka.localhost", "::ffff:127.0.0.1")
    outside = ("::", "10.0.0.1", "kafka", "localhost.example", "127.0.0.1.example", "fe80::1", "128.0.0.1")
    assert [name for name in inside if not is_loopback(name)] == []
    assert [name for name in outside if is_loopback(name)] == []


@given(st.text() | st.text("ab:[]/.@%0123\\ #?-"))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for check in (http_url, host_ports, host):
        with suppress(ValueError):
            check(text)
            check(f"http://{text}")
