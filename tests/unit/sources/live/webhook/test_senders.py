"""Senders are recognised by their tokens and signatures; standardwebhooks, the reference implementation, signs."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook

from streams.errors import ConfigError
from streams.sources.live.webhook.api import RENEW_MS
from tests.support.pushing import NOW_MS, ManualClock, post, pushing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pushing import Answered, Pushing

OLD, NEW, FOREIGN = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"o", b"n", b"f"))
BODY = json.dumps(post()).encode()


def sender(folder: Path, id: str, *, bearer: str = "", key: str = "", **settings: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": id} | settings
    for name, secret in (("token_file", bearer), ("signing_key_file", key)):
        if secret:
            file = folder / f"{id}.{name}"
            file.write_text(secret)
            entry[name] = str(file)
    return entry


def signed(key: str, id: str = "msg_1", at_ms: int = NOW_MS, body: bytes = BODY) -> dict[str, str]:
    at = dt.datetime.fromtimestamp(at_ms / 1000, tz=dt.UTC)
    signature = Webhook(key).sign(id, at, body.decode())
    return {"webhook-id": id, "webhook-timestamp": str(at_ms // 1000), "webhook-signature": signature}


async def pushed(push: Pushing, headers: dict[str, str], body: bytes = BODY) -> Answered:
    return await push.request("POST", "/v1/posts", body, {"Content-Type": "application/json"} | headers)


async def test_a_sender_with_its_token_is_taken_and_no_other(tmp_path: Path) -> None:
    senders = [sender(tmp_path, "crm", bearer="alpha"), sender(tmp_path, "shop", bearer="beta", success_status=200)]
    async with pushing({"senders": senders}) as push:
        assert (await push.push(post(), Authorization="Bearer alpha")).status == 202
        assert (await push.push(post(), authorization="bearer  beta ")).status == 200
        for headers in ({}, {"Authorization": "Bearer gamma"}, {"Authorization": "Basic alpha"},
                        {"Authorization": "Bearer"}, {"Authorization": "Bearer alpha beta"},
                        {"Authorization": "Bearer \u00e4"}):  # fmt: skip
            answer = await push.push(post(), **headers)
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="firewatch"'
            assert answer.body["reason"] == ("wrong_token" if headers else "no_credentials")
        assert "5 times 401 wrong_token" in push.source.health.facts["refused requests"]


async def test_while_a_token_is_replaced_both_are_valid(tmp_path: Path) -> None:
    async with pushing({"senders": [sender(tmp_path, "crm", bearer="old\nnew\n")]}) as push:
        for token in ("old", "new"):
            assert (await push.push(post(), Authorization=f"Bearer {token}")).status == 202
        assert (await push.push(post(), Authorization="Bearer old\tnew")).status == 401


async def test_requests_signed_by_the_reference_implementation_are_taken(tmp_path: Path) -> None:
    senders = [sender(tmp_path, "crm", key=f"{OLD} {NEW}"), sender(tmp_path, "shop", bearer="beta")]
    async with pushing({"senders": senders}) as push:
        assert (await pushed(push, signed(OLD))).status == 202
        assert (await pushed(push, signed(NEW, "msg_2"))).status == 202
        several = signed(FOREIGN, "msg_3") | {
            "webhook-signature": f"v1a,AAAA {signed(FOREIGN)['webhook-signature']} "
            f"{signed(NEW, 'msg_3')['webhook-signature']}"
        }
        assert (await pushed(push, several)).status == 202


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"webhook-signature": "v1,AAAA"}, "bad_signature"),
        ({"webhook-signature": ""}, "bad_signature"),
        ({"webhook-signature": "\u00ff"}, "bad_signature"),
        ({"webhook-id": "msg_2"}, "bad_signature"),
        ({"webhook-id": ""}, "bad_signature"),
        ({"webhook-timestamp": str(NOW_MS // 1000 + 1)}, "bad_signature"),
        ({"webhook-timestamp": "noon"}, "bad_signature"),
        ({"webhook-timestamp": "9" * 30}, "bad_signature"),
    ],
)
async def test_a_signature_that_is_not_of_this_request_is_refused(
    tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    async with pushing({"senders": [sender(tmp_path, "crm", key=OLD)]}) as push:
        answer = await pushed(push, signed(OLD) | change)
        assert (answer.status, answer.body["reason"]) == (401, reason)
        assert push.stored.posts == []


async def test_a_signature_of_another_body_or_key_is_refused(tmp_path: Path) -> None:
    async with pushing({"senders": [sender(tmp_path, "crm", key=OLD)]}) as push:
        assert (await pushed(push, signed(OLD), BODY + b" ")).status == 401
        assert (await pushed(push, signed(NEW))).status == 401


async def test_a_signature_is_valid_for_five_minutes_of_either_clock(tmp_path: Path) -> None:
    async with pushing({"senders": [sender(tmp_path, "crm", key=OLD)]}) as push:
        for number, seconds in enumerate((-300, 300)):
            assert (await pushed(push, signed(OLD, f"msg_{number}", NOW_MS + seconds * 1000))).status == 202
        for seconds in (-301, 301):
            answer = await pushed(push, signed(OLD, "msg_9", NOW_MS + seconds * 1000))
            assert (answer.status, answer.body["reason"]) == (401, "old_signature")
            assert "sign each attempt by itself" in answer.body["detail"]


async def test_a_recorded_request_that_is_sent_again_stores_nothing_more(tmp_path: Path) -> None:
    async with pushing({"senders": [sender(tmp_path, "crm", key=OLD)]}) as push:
        first = await pushed(push, signed(OLD))
        assert (await pushed(push, signed(OLD))).body == first.body
        push.clock.pass_seconds(301)
        assert (await pushed(push, signed(OLD))).status == 401
        assert len(push.stored.posts) == 1


async def test_a_large_body_is_verified_too(tmp_path: Path) -> None:
    body = json.dumps([post(f"p{number}", text="x" * 1_000) for number in range(600)]).encode()
    async with pushing({"senders": [sender(tmp_path, "crm", key=OLD)]}) as push:
        assert (await pushed(push, signed(OLD, body=body), body)).status == 202
        assert (await pushed(push, signed(OLD, body=body), body + b" ")).status == 401


async def test_a_sender_that_is_switched_off_is_refused_by_name(tmp_path: Path) -> None:
    entry = sender(tmp_path, "crm", bearer="alpha", key=OLD, enabled=False)
    async with pushing({"senders": [entry]}) as push:
        for answer in (await push.push(post(), Authorization="Bearer alpha"), await pushed(push, signed(OLD))):
            assert (answer.status, answer.body["reason"]) == (403, "sender_disabled")


async def test_a_sender_may_have_both_a_token_and_a_key(tmp_path: Path) -> None:
    async with pushing({"senders": [sender(tmp_path, "crm", bearer="alpha", key=OLD)]}) as push:
        assert (await push.push(post(), Authorization="Bearer alpha")).status == 202
        assert (await pushed(push, signed(OLD))).status == 202
        assert (await pushed(push, signed(OLD) | {"Authorization": "Bearer of-a-gateway"})).status == 202


async def test_new_tokens_are_read_while_it_runs_and_unusable_ones_change_nothing(tmp_path: Path) -> None:
    entry = sender(tmp_path, "crm", bearer="alpha")
    async with pushing({"senders": [entry]}) as push:
        file = tmp_path / "crm.token_file"
        file.write_text("alpha beta-of-another-length")
        assert (await push.push(post(), Authorization="Bearer beta-of-another-length")).status == 401
        push.clock.pass_seconds(RENEW_MS / 1000)
        assert (await push.push(post(), Authorization="Bearer beta-of-another-length")).status == 202
        file.write_text("")
        push.clock.pass_seconds(RENEW_MS / 1000)
        assert (await push.push(post(), Authorization="Bearer alpha")).status == 202
        assert "is empty" in push.source.health.facts["credentials"]
        file.write_text("gamma")
        os.utime(file, ns=(1, 1))
        push.clock.pass_seconds(RENEW_MS / 1000)
        assert (await push.push(post(), Authorization="Bearer alpha")).status == 401
        assert "credentials" not in push.source.health.facts


@pytest.mark.parametrize(
    ("secrets", "message"),
    [
        ({"bearer": "a b c"}, "token_file of sender crm: holds 3 tokens"),
        ({"bearer": "passw\u00f6rd"}, "token_file of sender crm: a token must be made of ASCII characters"),
        ({"key": "hunter2"}, "signing_key_file of sender crm: a key must be whsec_"),
        ({"key": f"{OLD} {NEW} {FOREIGN}"}, "signing_key_file of sender crm: holds 3 keys"),
    ],
)
async def test_unusable_secrets_are_refused_at_the_start_and_not_shown(
    tmp_path: Path, secrets: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match="of sender crm: ") as refused:
        async with pushing({"senders": [sender(tmp_path, "crm", **secrets)]}):
            pass
    assert message in str(refused.value)
    assert not any(word in str(refused.value) for word in ("hunter2", "passw", OLD))


async def test_two_senders_with_one_token_are_refused(tmp_path: Path) -> None:
    senders = [sender(tmp_path, "crm", bearer="alpha"), sender(tmp_path, "shop", bearer="alpha")]
    with pytest.raises(ConfigError, match="token_file of sender shop: holds a token of sender crm too"):
        async with pushing({"senders": senders}):
            pass


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"token_file of sender crm: .*missing"):
        async with pushing({"senders": [{"id": "crm", "token_file": str(tmp_path / "missing")}]}):
            pass


async def test_each_sender_has_its_own_map(tmp_path: Path) -> None:
    senders = [
        sender(tmp_path, "crm", bearer="alpha", map={"id": "uid", "text": "note.body", "created_at": "at"}),
        sender(tmp_path, "shop", bearer="beta"),
    ]
    record = {"uid": 5, "note": {"body": "Nordtel"}, "at": "2026-03-02T10:10:00Z"}
    async with pushing({"senders": senders}, clock=ManualClock()) as push:
        assert (await push.push(record, Authorization="Bearer alpha")).status == 202
        refused = await push.push(record, Authorization="Bearer beta")
        assert (refused.status, refused.body["errors"][0]["field"]) == (422, "id")
        assert [stored.id for stored in push.stored.posts] == ["5"]
        assert push.stored.dead_letters == [("missing_field", json.dumps(record).encode(), "item 0 by shop")]
