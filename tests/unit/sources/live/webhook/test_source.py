"""The source as a whole: posts come in, and the answer comes once they are stored."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from streams.errors import SourceRefused, SourceUnavailable
from streams.sources.live.base import Surroundings
from streams.sources.live.registry import make_source
from tests.support.pushing import config_with, lines, post, posts, pushing, until

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_post_is_answered_once_it_is_stored() -> None:
    async with pushing() as push:
        push.stored.is_slow = True
        answering = asyncio.create_task(push.push(post()))
        await until(lambda: push.stored.unsettled)
        assert not answering.done()
        push.stored.settle_all()
        answer = await answering
        assert answer.status == 202
        assert answer.body == {
            "received": 1, "accepted": 1, "repeated": 0, "deleted": 0, "skipped": 0, "rejected": 0, "errors": [],
        }  # fmt: skip
        assert [(stored.id, stored.source, stored.text) for stored in push.stored.posts] == [
            ("17", "push", "Nordtel is down again")
        ]


@pytest.mark.parametrize("body", [posts(3), lines(posts(3))], ids=["array", "lines"])
async def test_several_posts_come_in_one_request(body: object) -> None:
    async with pushing() as push:
        assert (await push.push(body)).body["accepted"] == 3
        assert [stored.id for stored in push.stored.posts] == ["p0", "p1", "p2"]


async def test_a_batch_comes_every_second_though_nothing_is_pushed() -> None:
    async with pushing() as push:
        await until(lambda: push.stored.batches >= 2)
        assert push.stored.posts == []


async def test_a_port_that_is_taken_is_named_with_its_setting() -> None:
    async with pushing() as push:
        taken = f"127.0.0.1:{push.port}"
        with pytest.raises(SourceUnavailable, match=f"source push: {taken} is used by another process.*`listen`"):
            async with pushing({"listen": taken}):
                pass


async def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    (tmp_path / "crm").write_text("alpha")
    config = config_with({"listen": "192.0.2.1:0", "senders": [{"id": "crm", "token_file": str(tmp_path / "crm")}]})
    source = make_source(config.sources[0], Surroundings(config))
    with pytest.raises(SourceRefused, match=r"can't listen on 192\.0\.2\.1:0"):
        await anext(source.batches(None))
