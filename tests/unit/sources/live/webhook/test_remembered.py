"""A repeat of a request gets the answer of the first, for a bounded time and in bounded memory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from streams.sources.live.webhook.problems import HttpAnswer, RequestRefused
from streams.sources.live.webhook.remembered import ENTRY_BYTES, RememberedAnswers
from tests.support.patience import until
from tests.support.pushing import ManualClock, post, pushing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def answering(body: bytes = b"{}") -> tuple[Callable[[], Awaitable[HttpAnswer]], list[int]]:
    calls: list[int] = []

    async def process() -> HttpAnswer:
        calls.append(1)
        return HttpAnswer(202, body)

    return process, calls


async def test_a_repeat_gets_the_same_answer_and_is_not_processed() -> None:
    answers = RememberedAnswers(60_000, ManualClock())
    process, calls = answering()
    first = await answers.answer("a", b"1", process)
    assert await answers.answer("a", b"1", process) is first
    await answers.answer("b", b"1", process)
    assert len(calls) == 2


async def test_another_body_under_the_same_id_is_refused() -> None:
    answers = RememberedAnswers(60_000, ManualClock())
    process, _ = answering()
    await answers.answer("a", b"1", process)
    with pytest.raises(RequestRefused, match="422 id_used_before"):
        await answers.answer("a", b"2", process)


async def test_a_repeat_waits_for_the_answer_of_the_first() -> None:
    answers = RememberedAnswers(60_000, ManualClock())
    may_answer = asyncio.Event()

    async def process() -> HttpAnswer:
        await may_answer.wait()
        return HttpAnswer(202, b"{}")

    first, second = (asyncio.create_task(answers.answer("a", b"1", process)) for _ in range(2))
    await until(lambda: answers.knows("a"))
    assert not first.done()
    assert not second.done()
    may_answer.set()
    assert await first is await second


async def test_a_failure_is_shared_by_those_who_wait_and_not_remembered() -> None:
    answers = RememberedAnswers(60_000, ManualClock())
    may_fail = asyncio.Event()

    async def fail() -> HttpAnswer:
        await may_fail.wait()
        raise RequestRefused(503, "not_stored", "later")

    waiting = [asyncio.create_task(answers.answer("a", b"1", fail)) for _ in range(2)]
    await until(lambda: answers.knows("a"))
    may_fail.set()
    for each in waiting:
        with pytest.raises(RequestRefused, match="not_stored"):
            await each
    process, calls = answering()
    await answers.answer("a", b"2", process)
    assert len(calls) == 1


async def test_answers_are_forgotten_in_time() -> None:
    clock = ManualClock()
    answers = RememberedAnswers(60_000, clock)
    process, calls = answering()
    await answers.answer("a", b"1", process)
    clock.pass_seconds(59)
    await answers.answer("a", b"1", process)
    clock.pass_seconds(1)
    assert not answers.knows("a")
    await answers.answer("a", b"1", process)
    assert len(calls) == 2


async def test_answers_take_bounded_memory() -> None:
    answers = RememberedAnswers(60_000, ManualClock(), max_bytes=100 * (ENTRY_BYTES + 500))
    process, _ = answering(b"x" * 500)
    for number in range(1_000):
        await answers.answer(f"a{number}", b"1", process)
    assert len(answers) == 100
    assert answers.knows("a999")
    assert not answers.knows("a0")


@pytest.mark.parametrize("header", ["Idempotency_Key", "webhook_id"])
async def test_a_request_that_is_sent_again_after_a_lost_answer_is_stored_once(header: str) -> None:
    async with pushing() as push:
        first = await push.push([post("1"), post("2"), {"id": "3"}], **{header: "batch-1"})
        again = await push.push([post("1"), post("2"), {"id": "3"}], **{header: "batch-1"})
        assert again.body == first.body
        assert again.status == first.status == 202
        assert again.body["repeated"] == 0
        assert len(push.stored.posts) == 2
        assert len(push.stored.dead_letters) == 1
        assert (await push.push([post("9")], **{header: "batch-1"})).body["reason"] == "id_used_before"


async def test_a_request_of_bad_records_alone_is_remembered_too() -> None:
    async with pushing() as push:
        for _ in range(2):
            assert (await push.push({"id": 1}, Idempotency_Key="x")).status == 422
        assert len(push.stored.dead_letters) == 1


async def test_without_an_id_repeats_are_told_apart_by_the_ids_of_their_posts() -> None:
    async with pushing() as push:
        await push.push(post("1"))
        assert (await push.push(post("1"))).body["repeated"] == 1


async def test_a_request_that_failed_may_be_sent_again_under_its_id() -> None:
    async with pushing() as push:
        push.stored.is_up = False
        assert (await push.push(post("1"), Idempotency_Key="x")).status == 503
        push.stored.is_up = True
        assert (await push.push(post("1"), Idempotency_Key="x")).status == 202
