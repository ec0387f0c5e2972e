"""The demo on the real world: the config of the brands, and what is said where there is no network or no Kafka."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from deploy.local.jetstream_server import JetstreamServer
from streams.cli import cli
from streams.cli.demo import listen
from streams.cli.demo.listen import config_tree
from streams.config import Config
from streams.core.text.matching import Matcher
from streams.errors import SourceUnavailable
from tests.support.ports import reserved_port

if TYPE_CHECKING:
    from pathlib import Path


def config_of(*names: str, hosts: tuple[str, ...] = ()) -> Config:
    return Config.model_validate(config_tree(names, hosts))


@pytest.mark.parametrize(
    ("text", "brands"),
    [
        ("Die Deutsche Bahn ist zu spät", ["deutsche-bahn"]),
        ("#DeutscheBahn schon wieder", ["deutsche-bahn"]),
        ("Müller statt dm", ["m-ller"]),
        ("AT&T is down", ["at-t"]),
        ("nothing of it", []),
    ],
)
def test_the_names_of_the_brands_are_the_terms(text: str, brands: list[str]) -> None:
    config = config_of("Deutsche Bahn", "Müller", "AT&T", "Deutsche Bahn")
    assert list(Matcher.of(config).match(text, None)) == brands


def test_a_name_without_latin_letters_has_an_id_too() -> None:
    assert [brand.id for brand in config_of("東京電力", "ソニー").brands] == ["brand-1", "brand-2"]


async def test_a_server_that_delivers_is_reachable() -> None:
    async with JetstreamServer() as server:
        checking = asyncio.create_task(listen._check_reachable(config_of("Nordtel", hosts=(server.url,))))
        await server.subscribed.wait()
        for number in count():
            server.post({"id": str(number), "author": "kim", "text": "hallo", "created_at": "2026-03-02T10:15:00Z"})
            done, _ = await asyncio.wait({checking}, timeout=0.05)
            if done:
                break
        await checking


async def test_without_a_network_it_says_so_and_names_the_demo() -> None:
    config = config_of("Nordtel", hosts=(f"ws://127.0.0.1:{reserved_port()}",))
    with pytest.raises(SourceUnavailable, match=r"NO NETWORK: .*`make demo`"):
        await listen._check_reachable(config)


async def test_silence_is_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "REACH_SECONDS", 0.2)
    async with JetstreamServer() as server:
        with pytest.raises(SourceUnavailable, match=r"no event came within .*`make demo`"):
            await listen._check_reachable(config_of("Nordtel", hosts=(server.url,)))


def test_the_command_ends_with_the_code_of_a_source_that_can_not_be_read(tmp_path: Path) -> None:
    host = f"ws://127.0.0.1:{reserved_port()}"
    arguments: list[Any] = ["live", "Nordtel", "--host", host, "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == SourceUnavailable.exit_code
    assert "NO NETWORK" in done.output
    tree = yaml.safe_load((tmp_path / "out" / "latest" / "brands.yaml").read_text())
    assert tree["sources"] == [{"id": "bluesky", "kind": "jetstream", "hosts": [host]}]
