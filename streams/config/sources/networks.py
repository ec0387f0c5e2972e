"""Which hosts are of the public network, and which of the one in which firewatch runs."""

from __future__ import annotations

import ipaddress
from typing import Final

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""Well-known prefix by which IPv6 reaches IPv4 (RFC 6052)."""

_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
"""IPv4 addresses as the deprecated IPv4-compatible ones (RFC 4291, 2.5.5.1)."""

_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""The only part of IPv6 from which public addresses are given out (RFC 4291, 2.4; IANA)."""

_OF_PROVIDERS: Final = frozenset({ipaddress.IPv4Address("168.63.129.16")})
"""A public address by which machines in Azure reach services of their host."""

_OWN_SUFFIXES: Final = (
    ".localhost", ".local", ".localdomain", ".internal", ".intranet", ".lan", ".home.arpa", ".test",
)  # fmt: skip
"""Ends of names that no public server has (RFC 6761, 6762, 8375, ICANN's .internal, and usual ones)."""


def is_public(address: str) -> bool:
    """Return whether an IP address belongs to the public network.

    >>> is_public("192.168.0.7"), is_public("::ffff:127.0.0.1"), is_public("64:ff9b::a00:1"), is_public("9.9.9.9")
    (False, False, False, True)

    Raises
    ------
    ValueError
        If it is no IP address.
    """
    parsed = ipaddress.ip_address(address.partition("%")[0])
    reached = _embedded(parsed) or parsed
    if isinstance(reached, ipaddress.IPv6Address) and reached not in _GLOBAL_UNICAST:
        return False
    return reached.is_global and not reached.is_multicast and reached not in _OF_PROVIDERS


def _embedded(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a gateway reaches for an IPv6 address, None if it has none in it."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def is_own(host: str) -> bool:
    """Return whether a host is one of the own network by its name or address, so that its operator is the user.

    >>> is_own("localhost"), is_own("10.0.0.7"), is_own("wiki.internal"), is_own("wiki"), is_own("news.example")
    (True, True, True, True, False)
    """
    try:
        return not is_public(host)
    except ValueError:
        name = host.lower().rstrip(".")
        return "." not in name or name.endswith(_OWN_SUFFIXES)
