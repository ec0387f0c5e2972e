"""Which addresses of the network a source may reach: no private ones, unless its settings allow that.

An address that somebody else chose, as a feed or a redirect does, must not reach services inside of the network in
which firewatch runs (server-side request forgery). Names are checked when they are resolved, and the very addresses
that were checked are connected to, so that a name can't change in between (DNS rebinding).
"""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from aiohttp.abc import AbstractResolver
from aiohttp.resolver import DefaultResolver

from streams.config.sources.networks import is_public

if TYPE_CHECKING:
    from aiohttp.abc import ResolveResult


def no_tls(error: OSError, scheme: str) -> str:
    """Return what to do if an attempt at TLS was answered by something else; empty if it was not.

    Parameters
    ----------
    error
        Why there is no connection.
    scheme
        Beginning of addresses without encryption.
    """
    if isinstance(error, ssl.SSLError) and error.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}:
        return f"no TLS is spoken at this port: correct the port, or write {scheme}:// if it is meant without"
    return ""


class PrivateAddress(OSError):
    """A host is at an address inside of a private network."""


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
