"""Only addresses of the public network are reached, however they are written."""

from __future__ import annotations

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from streams.sources.live.addresses import PrivateAddress, PublicResolver, check_host


@pytest.mark.parametrize("host", ["10.0.0.1", "[::1]", "::1", "[fe80::1%25eth0]"])
def test_a_private_address_as_host_is_refused(host: str) -> None:
    with pytest.raises(PrivateAddress, match="inside of a private network"):
        check_host(host)


@pytest.mark.parametrize("host", ["9.9.9.9", "[2620:fe::fe]", "localhost", "example.org", ""])
def test_a_name_or_a_public_address_is_left_to_the_resolver(host: str) -> None:
    check_host(host)


class Names(AbstractResolver):
    """Resolves every name to the same addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.is_closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.addresses
        ]

    async def close(self) -> None:
        self.is_closed = True


async def test_of_the_addresses_of_a_name_the_public_ones_are_used() -> None:
    resolver = PublicResolver(Names("10.0.0.1", "9.9.9.9", "::1"))
    assert [found["host"] for found in await resolver.resolve("example.org", 443)] == ["9.9.9.9"]


async def test_a_name_with_private_addresses_alone_is_refused() -> None:
    with pytest.raises(PrivateAddress, match=r"intranet\.example"):
        await PublicResolver(Names("10.0.0.1", "::1")).resolve("intranet.example", 443)


async def test_the_resolver_of_the_system_refuses_this_machine() -> None:
    resolver = PublicResolver()
    with pytest.raises(PrivateAddress):
        await resolver.resolve("localhost", 80)
    await resolver.close()


async def test_closing_closes_what_it_resolves_by() -> None:
    names = Names()
    await PublicResolver(names).close()
    assert names.is_closed
