"""The source as a whole: posts come in, and the answer comes once they are stored."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from streams.errors import SourceRefused, SourceUnavailable
from streams.sources.live.base import Surroundings
from streams.sources.live.registry import make_source
from tests.support.patience import until
from tests.support.pushing import config_with, lines, post, posts, pushing

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


async def test_a_day_of_requests_leaves_nothing_behind(tmp_path: Path) -> None:
    """A compressed day: 24 hours of the clock, a request every other minute, each with an id of its own."""
    (tmp_path / "crm").write_text("alpha")
    senders = [{"id": "crm", "token_file": str(tmp_path / "crm"), "quota_per_minute": 100}]
    async with pushing({"senders": senders, "remember_hours": 1}) as push:
        sender = push.source._senders.by_token({"Authorization": "Bearer alpha"})  # type: ignore[attr-defined]
        remembered = []
        for number in range(720):
            push.clock.pass_seconds(120)
            records = [post(f"p{number}-{place}", created_at=push.clock.now_ms) for place in range(5)]
            answer = await push.push(records, Authorization="Bearer alpha", Idempotency_Key=f"request-{number}")
            assert answer.status == 202
            await push.push(post("foreign"), Authorization=f"Bearer {number}")
            remembered.append(len(sender.answers))
        assert len(push.stored.posts) == 3_600
        assert max(remembered) == 30
        assert push.source.health.facts["refused requests"] == "720 times 401 wrong_token"
        assert push.source.health.post_ms == push.clock.now_ms


async def test_a_check_says_whether_the_address_is_free_or_in_use_by_firewatch() -> None:
    busy = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with pushing() as push:
        found = {}
        for port in (0, push.port):
            config = config_with({"listen": f"127.0.0.1:{port}"})
            found[port] = (await make_source(config.sources[0], Surroundings(config)).probe())["listening now"]
        assert found == {0: "no process", push.port: "a running firewatch"}
        config = config_with({"listen": f"127.0.0.1:{busy.sockets[0].getsockname()[1]}"})
        with pytest.raises(SourceUnavailable, match="is used by another process"):
            await make_source(config.sources[0], Surroundings(config)).probe()
    busy.close()


async def test_refused_requests_are_reported_once_a_minute_and_never_what_they_held(tmp_path: Path) -> None:
    (tmp_path / "crm").write_text("alpha")
    with capture_logs() as logs:
        async with pushing({"senders": [{"id": "crm", "token_file": str(tmp_path / "crm")}]}) as push:
            for minute in range(3):
                for _ in range(3 if minute < 2 else 0):
                    await push.push(post(), Authorization="Bearer guessed")
                push.clock.pass_seconds(61)
                await push.push([], Authorization="Bearer alpha")
                batches = push.stored.batches
                await until(lambda batches=batches: push.stored.batches > batches)  # type: ignore[misc]
    reported = [each for each in logs if each["event"] == "requests refused"]
    assert [each["answers"] for each in reported] == ["3 times 401 wrong_token"] * 2
    assert "guessed" not in str(logs)
