"""Check the addresses of a config: URLs, brokers, and hosts to listen on."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator

_HOST: Final = re.compile(r"\w(?:[\w.-]*[\w.])?")
_NUMERIC_END: Final = re.compile(r"(?:.*\.)?[0-9]+\.?")
"""Names that end in a number are IPv4 addresses, of which this one is none."""


def http_url(url: str) -> str:
    """Return a URL, if it is one of HTTP without credentials.

    Raises
    ------
    ValueError
        If it is not; the message does not show it, since the path of a webhook is a secret.
    """
    if any(character.isspace() or not character.isprintable() for character in url):
        raise ValueError("must hold no white space and no invisible characters: write %20 for a blank")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("must be a URL with a host and a port from 1 to 65535") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be a URL that begins with http:// or https:// and names a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must hold no credentials, since this file is no place for secrets")
    if port == 0 or not is_host(parts.hostname):
        raise ValueError("must be a URL with a host and a port from 1 to 65535")
    return url


def host_ports(servers: str) -> str:
    """Return addresses of brokers without white space; an address without a port has Kafka's port 9092.

    Raises
    ------
    ValueError
        If one of them is no ``host:port``.

    Examples
    --------
    >>> host_ports("kafka-1:9092, [::1]:9093"), hosts_of("kafka-1:9092,[::1]:9093")
    ('kafka-1:9092,[::1]:9093', ['kafka-1', '::1'])
    """
    addresses = [address.strip() for address in servers.split(",")]
    for address in addresses:
        host, port = _divided(address)
        is_port = port is None or (port.isascii() and port.isdecimal() and 0 < int(port[:9]) < 65_536)
        if not is_port or not is_host(host) or (":" in host) != address.startswith("["):
            raise ValueError(
                f"must be host:port, separated by commas, with ports from 1 to 65535 and IPv6 addresses in brackets, "
                f"got {address[:100]!r}"
            )
    return ",".join(addresses)


def hosts_of(servers: str) -> list[str]:
    """Return the hosts of addresses as `host_ports` returns them."""
    return [_divided(address)[0] for address in servers.split(",")]


def host(name: str) -> str:
    """Return a host to listen on, if it is an IP address or a name.

    Raises
    ------
    ValueError
        If it is neither.
    """
    if not is_host(name):
        raise ValueError("must be an IP address or the name of a host, without a port")
    return name


def listen_address(address: str) -> str:
    """Return an address to listen on, ``host:port``, if it is one.

    Raises
    ------
    ValueError
        If it is not.

    Examples
    --------
    >>> host_and_port(listen_address("[::1]:8480")), host_and_port(listen_address("127.0.0.1:0"))
    (('::1', 8480), ('127.0.0.1', 0))
    """
    host, port = _divided(address)
    is_port = port is not None and port.isascii() and port.isdecimal() and int(port[:9]) < 65_536
    if not is_port or not is_host(host) or (":" in host) != address.startswith("["):
        raise ValueError(
            f"must be host:port with a port from 0 to 65535 (0 picks a free one) and an IPv6 address in brackets, got "
            f"{address[:100]!r}"
        )
    return address


def host_and_port(address: str) -> tuple[str, int]:
    """Return host and port of an address as `listen_address` returns it."""
    host, port = _divided(address)
    return host, int(port or 0)


def is_loopback(name: str) -> bool:
    """Return whether a host is this machine's loopback interface, which no other machine reaches.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name.lower().rstrip(".").rpartition(".")[2] == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _divided(address: str) -> tuple[str, str | None]:
    """Return host and port of an address; the port is None if it names none."""
    if address.startswith("["):
        name, closed, rest = address[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            return "", None
        return name, rest[1:] if rest else None
    name, colon, port = address.rpartition(":")
    return (name, port) if colon else (address, None)


def is_host(name: str) -> bool:
    """Return whether a text is an IP address or can be the name of a host."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return len(name) <= 253 and _HOST.fullmatch(name) is not None and not _NUMERIC_END.fullmatch(name)
    return True


HttpUrl = Annotated[str, AfterValidator(http_url)]
HostPorts = Annotated[str, AfterValidator(host_ports)]
Host = Annotated[str, AfterValidator(host)]
ListenAddress = Annotated[str, AfterValidator(listen_address)]
