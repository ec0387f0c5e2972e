"""Which addresses of the network a source may reach: no private ones, unless its settings allow that.

An address that somebody else chose, as a feed or a redirect does, must not reach services inside of the network in
which firewatch runs (server-side request forgery).
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


class PrivateAddress(OSError):
    """A host is at an address inside of a private network."""


def is_public(address: str) -> bool:
    """Return whether an IP address belongs to the public network.

    >>> is_public("192.168.0.7"), is_public("::ffff:127.0.0.1"), is_public("64:ff9b::a00:1"), is_public("9.9.9.9")
    (False, False, False, True)
    """
    parsed = ipaddress.ip_address(address.partition("%")[0])
    reached = _embedded(parsed) or parsed
    return reached.is_global and not reached.is_multicast


def _embedded(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a gateway reaches for an IPv6 address, None if it has none in it."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
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
    """Resolves names to public addresses alone."""

    def __init__(self) -> None:
        self._resolver = DefaultResolver()

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
