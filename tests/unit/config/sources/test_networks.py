"""Only addresses of the public network are public, however they are written, and hosts of the own one are known."""

from __future__ import annotations

import pytest

from streams.config.sources.networks import is_own, is_public

PRIVATE = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1", "168.63.129.16",  # noqa: S104
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:a00:1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::",
    "2001:0:0:0:0:0:80ff:fffe", "100::1", "5f00::1",
]  # fmt: skip

PUBLIC = ["9.9.9.9", "1.1.1.1", "2620:fe::fe", "::ffff:9.9.9.9", "64:ff9b::909:909", "2002:909:909::"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_inside_of_a_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_world_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "192.168.7.1", "localhost", "wiki", "Wiki.Intranet", "a.lan."])
def test_hosts_of_the_own_network_are_known_by_their_names(host: str) -> None:
    assert is_own(host)


@pytest.mark.parametrize("host", ["news.example", "9.9.9.9", "2620:fe::fe", "localhost.example", "local.example"])
def test_other_hosts_are_not(host: str) -> None:
    assert not is_own(host)
