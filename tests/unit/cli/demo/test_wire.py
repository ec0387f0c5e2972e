"""The servers of a demo by wire: one for each source of the posts, with an id that a config accepts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from streams.cli.demo.show import Show
from streams.cli.demo.wire import MAX_SOURCES, Wire, sources_of
from streams.config import Config
from streams.errors import InputError
from streams.sources.registry import open_posts
from tests.support.cli import post_line
from tests.support.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path


def test_the_sources_of_posts_are_found_and_lines_that_are_none_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(post_line(1, source="forum") + b"broken\n" + post_line(2) + post_line(3, source="forum"))
    with open_posts(str(path), 65_536) as posts:
        assert sources_of(posts) == ["forum", posts.source_name]


def test_too_many_sources_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"".join(post_line(number, source=f"s{number}") for number in range(MAX_SOURCES + 1)))
    with open_posts(str(path), 65_536) as posts, pytest.raises(InputError, match="more than 20 sources"):
        sources_of(posts)


async def test_each_source_has_a_server_and_an_entry_of_the_config() -> None:
    brands = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
    async with Wire(["microblog", "Forum.de", "forum-de", "…"]) as wire:
        config = Config.model_validate({"brands": brands, "sources": wire.settings})
    assert [source.id for source in config.sources] == ["microblog", "forum-de", "forum-de-3", "posts"]


async def test_a_demo_that_is_stopped_before_anybody_subscribes_ends(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(post_line(1, source="forum"))
    brands = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
    stop = asyncio.Event()
    async with Wire(["forum"]) as wire:
        show = Show(Console(), Config.model_validate({"brands": brands}), path, seconds=1.0)
        feeding = asyncio.create_task(wire.feed(show, stop))
        await asyncio.sleep(0)
        stop.set()
        assert await asyncio.wait_for(feeding, PATIENCE_SECONDS) == 0
