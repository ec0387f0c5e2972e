"""Which addresses of the network a source may reach: no private ones, unless its settings allow that.

An address that somebody else chose, as a feed or a redirect does, must not reach services inside of the network in
which firewatch runs (server-side request forgery). Names are checked when they are resolved, and the very addresses
that were checked are connected to, so that a name can't change in between (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Final

from aiohttp.abc import AbstractResolver
from aiohttp.resolver import DefaultResolver

if TYPE_CHECKING:
    from aiohttp.abc import ResolveResult

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""Well-known prefix by which IPv6 reaches IPv4 (RFC 6052)."""

_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
"""IPv4 addresses as the deprecated IPv4-compatible ones (RFC 4291, 2.5.5.1)."""

_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""The only part of IPv6 from which public addresses are given out (RFC 4291, 2.4; IANA)."""

_OF_PROVIDERS: Final = frozenset({ipaddress.IPv4Address("168.63.129.16")})
"""A public address by which machines in Azure reach services of their host."""


class PrivateAddress(OSError):
    """A host is at an address inside of a private network."""


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


def check_host(host: str) -> None:
    """Refuse a host that is written as an IP address which is not public; names are checked when they are resolved.

    Raises
    ------
    PrivateAddress
        If it is one.
    """
    try:
        public = is_public(host.strip("[]"))
    except ValueError:
        return
    if not public:
        raise PrivateAddress(f"{host} is an address inside of a private network")


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses alone.

    Parameters
    ----------
    resolver
        Finds the addresses of a name; by default as the system does.
    """

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        self._resolver = resolver or DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the public addresses of a name.

        Raises
        ------
        OSError
            If it has none; `PrivateAddress` if it has others.
        """
        found = await self._resolver.resolve(host, port, family)
        public = [each for each in found if is_public(each["host"])]
        if found and not public:
            raise PrivateAddress(f"{host} is at an address inside of a private network")
        return public

    async def close(self) -> None:
        """Release the resolver."""
        await self._resolver.close()
