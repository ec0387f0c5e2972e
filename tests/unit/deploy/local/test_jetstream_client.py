"""A client of somebody else reads the local Jetstream server.

It needs node and, once, ``npm install --prefix .node @skyware/jetstream ws``.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE

import pytest

from deploy.local.jetstream_events import did_of
from deploy.local.jetstream_server import V1_PATH, JetstreamServer
from tests.support.paths import ROOT

FOLDER = ROOT / ".node"

PROGRAM = """
import { Jetstream } from "@skyware/jetstream";
import WebSocket from "ws";

const collection = "app.bsky.feed.post";
const jetstream = new Jetstream({ ws: WebSocket, endpoint: ENDPOINT, wantedCollections: [collection], cursor: 1 });
const show = (kind) => (event) => console.log(JSON.stringify([kind, event.did, event.commit ?? event.account]));
jetstream.onCreate(collection, show("create"));
jetstream.onUpdate(collection, show("update"));
jetstream.onDelete(collection, show("delete"));
jetstream.on("account", show("account"));
jetstream.start();
"""

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (FOLDER / "node_modules" / "@skyware" / "jetstream").exists(),
    reason="npm install --prefix .node @skyware/jetstream ws",
)


async def test_another_client_sees_each_event_once_and_whole() -> None:
    async with JetstreamServer() as server:
        for number in range(100):
            server.post({"id": f"p{number}", "author": "kim", "text": f"post {number}"})
        server.post({"id": "p1", "author": "kim", "text": "better", "edited": True})
        server.commit(did_of("kim"), "create", "app.bsky.feed.like", "3k", {})
        server.delete("p2")
        server.account("kim", active=False, status="deleted")
        program = PROGRAM.replace("ENDPOINT", json.dumps(server.url + V1_PATH))
        node = await asyncio.create_subprocess_exec(
            "node", "--input-type=module", "--eval", program, stdout=PIPE, cwd=FOLDER
        )
        assert node.stdout is not None
        try:
            async with asyncio.timeout(60):
                events = [json.loads(await node.stdout.readline()) for _ in range(103)]
        finally:
            node.kill()
            await node.communicate()
    assert [kind for kind, *_ in events] == ["create"] * 100 + ["update", "delete", "account"]
    assert {did for _, did, _ in events} == {did_of("kim")}
    assert [detail["record"]["text"] for _, _, detail in events[:101]] == [*(f"post {n}" for n in range(100)), "better"]
    assert events[101][2]["rkey"] == "p2"
    assert events[102][2]["status"] == "deleted"
