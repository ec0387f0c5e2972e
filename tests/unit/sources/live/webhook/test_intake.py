"""Records become items, and the answer says what became of each."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from streams.sources.live.webhook import intake, payload
from tests.support.patience import PATIENCE_SECONDS, until
from tests.support.pushing import lines, post, posts, pushing

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_is_good_is_taken_and_the_answer_says_which_items_are_not() -> None:
    records: list[Any] = [post("1"), {"id": "2"}, 7, post("3", created_at="yesterday"), post("4", text=""), post("5")]
    async with pushing() as push:
        answer = await push.push(records)
        assert answer.status == 202
        assert {name: answer.body[name] for name in ("received", "accepted", "skipped", "rejected")} == {
            "received": 6, "accepted": 2, "skipped": 1, "rejected": 3,
        }  # fmt: skip
        errors = [(each["index"], each.get("field"), each["reason"]) for each in answer.body["errors"]]
        assert errors == [
            (1, "created_at", "missing_field"), (2, None, "wrong_type"), (3, "created_at", "bad_timestamp"),
        ]  # fmt: skip
        assert "'created_at' is 'yesterday'" in answer.body["errors"][2]["detail"]
        assert [stored.id for stored in push.stored.posts] == ["1", "5"]
        assert [(reason, place) for reason, _, place in push.stored.dead_letters] == [
            ("missing_field", "item 1"), ("wrong_type", "item 2"), ("bad_timestamp", "item 3"),
        ]  # fmt: skip


async def test_a_line_that_is_broken_costs_no_other() -> None:
    async with pushing() as push:
        answer = await push.push(
            lines([post("1")]) + b'{"id": \n' + lines([post("2")]), Content_Type="application/jsonl"
        )
        assert (answer.body["accepted"], answer.body["errors"][0]["index"]) == (2, 1)
        assert push.stored.dead_letters == [("broken_json", b'{"id": ', "item 1")]


async def test_a_request_without_any_post_is_no_success() -> None:
    async with pushing() as push:
        for body, detail in (({"id": 1}, "the record is no post: a post needs"), ([{}, {}], "no record is a post")):
            answer = await push.push(body)
            assert (answer.status, answer.body["reason"]) == (422, "no_post")
            assert detail in answer.body["detail"]
            assert len(answer.body["errors"]) == answer.body["rejected"] > 0
        assert len(push.stored.dead_letters) == 3


async def test_no_posts_at_all_are_a_success_of_nothing() -> None:
    async with pushing() as push:
        answer = await push.push([])
        assert (answer.status, answer.body["received"]) == (202, 0)


async def test_posts_and_authors_are_deleted() -> None:
    async with pushing() as push:
        answer = await push.push(
            [
                {"delete": True, "id": 17},
                {"delete": True, "author": "kim"},
                {"delete": True},
                {"delete": "yes", "id": "1"},
                {"delete": False} | post("1"),
                {"delete": True, "id": "18", "author": "kim"},
            ]
        )
        assert answer.body["deleted"] == 3
        assert answer.body["accepted"] == 1
        assert [each["field"] for each in answer.body["errors"]] == ["id", "delete"]
        assert (push.stored.deleted, push.stored.deleted_authors) == (["17", "18"], ["kim"])


async def test_the_source_of_posts_is_that_of_the_config() -> None:
    async with pushing() as push:
        await push.push(post("1", source="forum"))
        await push.push({"delete": True, "id": "1", "source": "forum"})
        assert [stored.source for stored in push.stored.posts] == ["push"]


async def test_a_post_that_is_dated_ahead_gets_the_time_of_its_arrival() -> None:
    async with pushing() as push:
        push.clock.pass_seconds(0)
        await push.push(post("1", created_at=push.clock.now_ms + 60_000))
        assert push.stored.posts[0].ts_ms == push.clock.now_ms


async def test_records_of_known_formats_are_recognised() -> None:
    tweet = {
        "id": "1100000000000000001", "text": "Nordtel", "author_id": "5", "created_at": "2026-03-02T10:10:00.000Z",
        "edit_history_tweet_ids": ["1100000000000000001"],
    }  # fmt: skip
    event = {"did": "did:plc:x", "time_us": 1, "kind": "identity"}
    async with pushing() as push:
        answer = await push.push([tweet, event])
        assert (answer.body["accepted"], answer.body["skipped"]) == (1, 1)
        assert (push.stored.posts[0].author, push.stored.posts[0].source) == ("5", "push")


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_the_status_of_success_is_that_of_the_config(status: int) -> None:
    async with pushing({"success_status": status}) as push:
        assert (await push.push(post())).status == status


async def test_a_record_that_is_too_large_is_refused_alone() -> None:
    async with pushing(ingest={"max_record_bytes": 2_000}) as push:
        answer = await push.push([post("1", text="x" * 3_000), post("2"), post("3", text="x" * 100_000)])
        assert [(each["index"], each["reason"]) for each in answer.body["errors"]] == [
            (0, "too_large"),
            (2, "too_large"),
        ]
        assert [stored.id for stored in push.stored.posts] == ["2"]


async def test_bodies_of_one_sender_are_taken_apart_one_after_the_other_beside_those_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on, begun, real = threading.Event(), [], payload.records_of

    def slow(text: bytes, *others: Any) -> list[bytes]:
        if b"slow" in text:
            begun.append(1)
            may_go_on.wait(PATIENCE_SECONDS)
        return real(text, *others)

    monkeypatch.setattr(intake, "records_of", slow)
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"token-{name}")
    senders = [{"id": name, "token_file": str(tmp_path / name)} for name in ("a", "b")]
    large = posts(3, text="slow" + "x" * 60_000) + posts(3, 3, text="y" * 60_000)
    async with pushing({"senders": senders}) as push:
        flood = [asyncio.create_task(push.push(large, Authorization="Bearer token-a")) for _ in range(30)]
        await until(lambda: begun)
        try:
            other = await push.push(posts(6, text="y" * 60_000), Authorization="Bearer token-b")
        finally:
            may_go_on.set()
        assert other.status == 202
        assert len(begun) == 1
        assert {(await answer).status for answer in flood} == {202}


async def test_many_requests_at_once_get_each_its_own_answer() -> None:
    async with pushing() as push:
        answers = await asyncio.gather(*(push.push([*posts(number % 7, 10 * number), {}]) for number in range(200)))
        assert [answer.body["accepted"] for answer in answers] == [number % 7 for number in range(200)]
        assert [answer.body["rejected"] for answer in answers] == [1] * 200
        assert len(push.stored.posts) == sum(number % 7 for number in range(200))
