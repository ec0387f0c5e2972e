"""Requests that are refused, each with its status and a problem of RFC 9457; limits of bodies and of time."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.packing import raw_deflate, zstd_packed
from tests.support.patience import until
from tests.support.pushing import lines, post, posts, pushing

if TYPE_CHECKING:
    from pathlib import Path

BODY = json.dumps(post()).encode()


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "reason"),
    [
        ("GET", "/", {}, None, 404, "no_such_path"),
        ("POST", "/v1/posts/", {}, BODY, 404, "no_such_path"),
        ("GET", "/v1/posts", {}, None, 405, "method"),
        ("PUT", "/v1/posts", {}, BODY, 405, "method"),
        ("POST", "/v1/health", {}, BODY, 405, "method"),
        ("DELETE", "/v1/openapi.json", {}, None, 405, "method"),
        ("POST", "/v1/posts", {"Content-Type": "application/json"}, b"", 400, "empty_body"),
        ("POST", "/v1/posts", {"Content-Type": "application/json"}, b" \n", 400, "empty_body"),
        ("POST", "/v1/posts", {"Content-Type": "application/x-www-form-urlencoded"}, BODY, 415, "media_type"),
        ("POST", "/v1/posts", {"Content-Type": "text/html"}, BODY, 415, "media_type"),
        ("POST", "/v1/posts", {"Content-Type": "application/json; charset=latin1"}, BODY, 415, "charset"),
        ("POST", "/v1/posts", {"Content-Encoding": "br"}, BODY, 415, "content_encoding"),
        ("POST", "/v1/posts", {"Content-Encoding": "gzip, gzip"}, BODY, 415, "content_encoding"),
        ("POST", "/v1/posts", {"Content-Encoding": "gzip"}, BODY, 400, "damaged_body"),
        ("POST", "/v1/posts", {"Content-Encoding": "zstd"}, BODY, 400, "damaged_body"),
        ("POST", "/v1/posts", {"Content-Encoding": "gzip"}, gzip.compress(BODY)[:-5], 400, "damaged_body"),
        ("POST", "/v1/posts", {"Expect": "a-miracle"}, BODY, 417, "expectation"),
        ("POST", "/v1/posts", {"Idempotency-Key": "x" * 257}, BODY, 400, "bad_id"),
        ("POST", "/v1/posts", {"Origin": "https://evil.example"}, BODY, 403, "browser"),
        ("POST", "/v1/posts", {"Sec-Fetch-Site": "cross-site"}, BODY, 403, "browser"),
        ("POST", "/v1/posts", {"Host": "evil.example"}, BODY, 403, "browser"),
        ("POST", "/v1/posts", {"Host": "[::"}, BODY, 403, "browser"),
    ],
)
async def test_a_request_that_can_not_be_answered_is_refused_with_its_reason(
    method: str, path: str, headers: dict[str, str], body: bytes | None, status: int, reason: str
) -> None:
    async with pushing() as push:
        answer = await push.request(method, path, body, headers)
        assert (answer.status, answer.body["status"], answer.body["reason"]) == (status, status, reason)
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert {"type", "title", "detail"} <= set(answer.body)
        assert answer.headers["Server"] == "firewatch"
        assert push.stored.posts == []


async def test_the_methods_and_types_that_are_taken_are_named() -> None:
    async with pushing() as push:
        assert (await push.request("PUT", "/v1/posts")).headers["Allow"] == "POST"
        assert "application/x-ndjson" in (await push.push(b"<a>", Content_Type="text/xml")).headers["Accept-Post"]
        assert "zstd" in (await push.push(b"{}", Content_Encoding="br")).headers["Accept-Encoding"]


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("zstd", zstd_packed),
        ("identity", bytes),
        ("zstd", lambda body: zstd_packed(body[:50]) + zstd_packed(body[50:])),
        ("gzip", lambda body: gzip.compress(body[:50]) + gzip.compress(body[50:])),
    ],
)
async def test_bodies_may_be_compressed(encoding: str, compress: Any) -> None:
    async with pushing() as push:
        assert (await push.push(compress(lines(posts(300))), Content_Encoding=encoding)).body["accepted"] == 300


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("zstd", zstd_packed)])
async def test_a_bomb_is_refused_and_never_in_memory(encoding: str, compress: Any) -> None:
    bomb = compress(b"[" + b" " * 100_000_000)
    assert len(bomb) < 200_000
    async with pushing({"max_decompressed_bytes": 1_000_000}) as push:
        tracemalloc.start()
        answer = await push.push(bomb, Content_Encoding=encoding)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert (answer.status, answer.body["reason"]) == (413, "too_large")
        assert "1,000,000 bytes after decompression" in answer.body["detail"]
        assert peak < 20_000_000


async def test_a_body_is_limited_whether_or_not_it_states_its_length() -> None:
    async def in_chunks(count: int) -> Any:
        for _ in range(count):
            yield b" " * 1_000

    async with pushing({"max_body_bytes": 10_000}) as push:
        assert (await push.push(b" " * 9_000 + BODY)).status == 202
        assert (await push.push(b" " * 10_000 + BODY)).body["reason"] == "too_large"
        answer = await push.request("POST", "/v1/posts", in_chunks(11))
        assert (answer.status, answer.body["reason"]) == (413, "too_large")
        assert (await push.request("POST", "/v1/posts", in_chunks(9))).body["reason"] == "empty_body"


async def test_a_length_that_is_too_large_is_refused_before_the_body_comes() -> None:
    head = b"POST /v1/posts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000000\r\n\r\n"
    async with pushing() as push:
        assert b"HTTP/1.1 413 " in await push.raw(head, until=b"\r\n\r\n", hold=True)


async def test_a_post_request_without_a_body_needs_a_length() -> None:
    async with pushing() as push:
        head = b"POST /v1/posts HTTP/1.1\r\nHost: localhost\r\n\r\n"
        assert b"HTTP/1.1 411 " in await push.raw(head, until=b"\r\n\r\n", hold=True)


async def test_a_body_that_does_not_arrive_in_time_is_refused() -> None:
    head = b"POST /v1/posts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
    async with pushing({"body_seconds": 0.2}) as push:
        answer = await push.raw(head, until=b"slow_body", hold=True)
        assert b"HTTP/1.1 408 " in answer
        assert b"did not arrive within 0.2 s" in answer


async def test_a_body_that_is_cut_off_stores_nothing_and_is_no_defect(capsys: pytest.CaptureFixture[str]) -> None:
    head = b"POST /v1/posts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" + BODY
    async with pushing() as push:
        await push.raw(head)
        _, writer = await asyncio.open_connection("127.0.0.1", push.port)
        writer.write(head)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
        await until(lambda: "connection_lost" in push.source.health.facts.get("refused requests", ""))
        assert (await push.push(post("later"))).status == 202
        assert [stored.id for stored in push.stored.posts] == ["later"]
    assert "could not be answered" not in "".join(capsys.readouterr())


async def test_the_body_is_awaited_only_where_it_is_wanted() -> None:
    head = b"POST /v1/posts HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: %d\r\n"
    async with pushing({"max_body_bytes": 1_000}) as push:
        wanted = await push.raw(head % len(BODY) + b"\r\n", until=b"\r\n\r\n", hold=True)
        assert wanted.startswith(b"HTTP/1.1 100 Continue\r\n")
        unwanted = await push.raw(head % 1_001 + b"\r\n", until=b"\r\n\r\n", hold=True)
        assert unwanted.startswith(b"HTTP/1.1 413 ")


async def test_too_many_posts_in_a_request_are_refused() -> None:
    async with pushing({"max_posts": 10}) as push:
        assert (await push.push(posts(10))).status == 202
        for body in (posts(11), lines(posts(11))):
            answer = await push.push(body)
            assert (answer.status, answer.body["reason"]) == (413, "too_many_posts")


async def test_the_quota_of_a_sender_is_kept_and_fills_again(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("alpha")
    (tmp_path / "b").write_text("beta")
    senders = [
        {"id": "a", "token_file": str(tmp_path / "a"), "quota_per_minute": 60},
        {"id": "b", "token_file": str(tmp_path / "b")},
    ]
    async with pushing({"senders": senders}) as push:
        alpha, beta = {"Authorization": "Bearer alpha"}, {"Authorization": "Bearer beta"}
        assert (await push.push(posts(50), **alpha)).status == 202
        refused = await push.push(posts(20, 50), **alpha)
        assert (refused.status, refused.body["reason"], refused.headers["Retry-After"]) == (429, "over_quota", "10")
        assert (await push.push(posts(200), **beta)).status == 202
        push.clock.pass_seconds(10)
        assert (await push.push(posts(20, 50), **alpha)).status == 202
        assert (await push.push(b"not even JSON", **alpha)).status == 429


async def test_posts_that_are_not_stored_take_nothing_of_the_quota(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("alpha")
    senders = [{"id": "a", "token_file": str(tmp_path / "a"), "quota_per_minute": 10}]
    async with pushing({"senders": senders}) as push:
        push.stored.is_up = False
        for _ in range(3):
            assert (await push.push(posts(10), Authorization="Bearer alpha")).status == 503
        push.stored.is_up = True
        assert (await push.push(posts(10), Authorization="Bearer alpha")).status == 202


async def test_while_kafka_is_down_nothing_is_accepted() -> None:
    async with pushing() as push:
        push.stored.is_up = False
        answer = await push.push(post())
        assert (answer.status, answer.body["reason"], answer.headers["Retry-After"]) == (503, "not_stored", "5")
        push.stored.is_up = True
        assert (await push.push(post())).status == 202


async def test_an_acknowledgement_that_does_not_come_is_no_success() -> None:
    async with pushing({"answer_seconds": 1}) as push:
        push.stored.is_slow = True
        answer = await push.push(post())
        assert (answer.status, answer.body["reason"]) == (503, "not_stored")
        push.stored.settle_all()
        assert (await push.push(post())).body["repeated"] == 1


async def test_the_queue_is_bounded_and_says_so() -> None:
    async with pushing({"queue_posts": 30}) as push:
        push.stored.is_slow = True
        waiting = [asyncio.create_task(push.push(posts(15, first))) for first in (0, 15)]
        await until(lambda: push.stored.unsettled == 30)
        refused = await push.push(post())
        assert (refused.status, refused.body["reason"], refused.headers["Retry-After"]) == (503, "not_ready", "5")
        assert (await push.request("GET", "/v1/health")).status == 503
        await until(lambda: push.source.health.state == "limited")
        assert "30 posts" in push.source.health.why
        push.stored.settle_all()
        assert [(await answer).status for answer in waiting] == [202, 202]
        assert (await push.push(post())).status == 202
        assert (await push.request("GET", "/v1/health")).body == {"status": "ok"}
        await until(lambda: push.source.health.state == "live")


async def test_the_largest_request_that_is_allowed_fits_beside_other_senders(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"token-{name}")
    senders = [{"id": name, "token_file": str(tmp_path / name)} for name in ("a", "b")]
    limits = {"max_body_bytes": 900_000, "max_decompressed_bytes": 1_000_000, "queue_bytes": 3_800_000}
    largest = lines(posts(13, text="".join(f"{number:x}" for number in range(20_000))))
    assert 900_000 < len(largest) < 1_000_000
    async with pushing({"senders": senders, **limits}, ingest={"max_record_bytes": 200_000}) as push:
        for _ in range(2):
            packed = gzip.compress(largest, 1)
            assert (await push.push(packed, Content_Encoding="gzip", Authorization="Bearer token-a")).status == 202


async def test_one_sender_can_not_fill_the_queue_of_the_others(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"token-{name}")
    senders = [{"id": name, "token_file": str(tmp_path / name)} for name in ("a", "b")]
    async with pushing({"senders": senders, "queue_posts": 40}) as push:
        push.stored.is_slow = True
        flood = [
            asyncio.create_task(push.push(posts(10, first), Authorization="Bearer token-a"))
            for first in range(0, 100, 10)
        ]
        await until(lambda: sum(task.done() for task in flood) == 8)
        other = asyncio.create_task(push.push(posts(10), Authorization="Bearer token-b"))
        await until(lambda: push.stored.unsettled == 30)
        push.stored.settle_all()
        assert (await other).status == 202
        assert sorted([(await answer).status for answer in flood]) == [202] * 2 + [503] * 8


async def test_health_and_document_need_no_token(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("alpha")
    async with pushing({"senders": [{"id": "a", "token_file": str(tmp_path / "a")}]}) as push:
        assert (await push.request("GET", "/v1/health")).body == {"status": "ok"}
        assert (await push.request("HEAD", "/v1/health")).status == 200
        assert (await push.request("GET", "/v1/openapi.json")).body["openapi"] == "3.1.0"


async def test_a_defect_is_answered_by_a_problem_without_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr("streams.sources.live.webhook.intake.records_of", fail)
    async with pushing() as push:
        answer = await push.push(post())
        assert (answer.status, answer.body["reason"]) == (500, "defect")
        assert "secret" not in json.dumps(answer.body)
        assert (await push.request("GET", "/v1/health")).status == 200
