"""A client of another author reads the tests' instance, and the source reads records and a server of others.

The client is Mastodon.py. The server is mastodon_mock (``pip install mastodon_mock`` into an environment of its own),
found on the path or by the variable ``MASTODON_MOCK``. The recordings are not part of the project.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import pytest
import yaml

from streams.config import Config
from streams.config.sources.mastodon import MastodonSettings
from streams.core.ingest.parsing import Normaliser
from streams.errors import SourceRefused
from streams.records import Post
from streams.sources.live.base import Deleted, Found, Skipped
from streams.sources.live.lines import ReceivedLine
from streams.sources.live.mastodon.event_lines import server_events
from streams.sources.live.mastodon.instance import previous_id
from streams.sources.live.mastodon.quota import reset_seconds
from streams.sources.live.mastodon.source import MastodonSource
from streams.sources.live.mastodon.statuses import StatusReader
from tests.support.http_faults import Answer
from tests.support.mastodon_reading import SkippingClock, has, reading_of, source_of, surroundings, until_live
from tests.support.mastodon_server import TOKEN, MastodonServer
from tests.support.paths import ROOT
from tests.support.patience import until
from tests.support.ports import reserved_port
from tests.support.source_reading import read_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

FIXTURES = ROOT.parent / "shared" / "sources" / "fixtures" / "mastodon"
MOCK = os.environ.get("MASTODON_MOCK") or shutil.which("mastodon_mock")
MOCK_TOKEN = "mock_token"  # noqa: S105  no secret

recorded = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the recordings are not part of the project")


def recording(name: str, address: str, method: str = "GET") -> list[dict[str, Any]]:
    """Return the answers to the requests of a recording whose address holds a text."""
    text = (FIXTURES / f"{name}.yaml").read_text(encoding="utf-8")
    return [
        each["response"]
        for each in yaml.load(text, yaml.CSafeLoader)["interactions"]
        if address in each["request"]["uri"] and each["request"]["method"] == method
    ]


def body_of(response: dict[str, Any]) -> bytes:
    body = response["body"]["string"]
    return body if isinstance(body, bytes) else body.encode()


def header_of(response: dict[str, Any], name: str) -> str:
    return next(str(values[0]) for each, values in response["headers"].items() if each.lower() == name)


def reader() -> StatusReader:
    entry = {"host": "localhost:3000", "anonymous": True}
    settings = MastodonSettings.model_validate({"id": "fediverse", "kind": "mastodon", "instances": [entry]})
    return StatusReader(settings, "localhost:3000")


def post_of(item: object) -> Post:
    assert isinstance(item, Found)
    brand = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}
    normaliser = Normaliser(Config.model_validate({"brands": [brand]}).ingest, "fediverse")
    post = normaliser.record_of(item.fields, 1_800_000_000_000)
    assert isinstance(post, Post)
    return post


@recorded
@pytest.mark.parametrize(
    ("name", "posts", "skipped", "deleted"),
    [("test_stream_user_local", 1, [], 0), ("test_stream_user_direct", 1, ["no_post", "filtered"], 1)],
)
async def test_a_recorded_stream_is_read(name: str, posts: int, skipped: list[str], deleted: int) -> None:
    """Of the posts of a stream of a user some are direct, which none of a public stream is."""

    async def lines() -> AsyncIterator[ReceivedLine]:
        for line in body_of(recording(name, "/api/v1/streaming/user")[0]).split(b"\n"):
            yield ReceivedLine(line)

    statuses = reader()
    events = [event async for event in server_events(lines(), 1_000_000)]
    assert events[0] is None  # ":)"
    items = [statuses.streamed(event.name, event.data, "")[0] for event in events if event is not None]
    found = [post_of(item) for item in items if isinstance(item, Found) and not item.edited]
    assert len(found) == posts
    assert all(post.author and post.url and post.lang and post.text for post in found)
    assert {item.reason for item in items if isinstance(item, Skipped)} == set(skipped)
    assert sum(isinstance(item, Deleted) for item in items) == deleted


@recorded
def test_a_recorded_page_is_read_with_its_links_and_limits() -> None:
    (page,) = recording("test_timeline_disabled", "localhost:3000/api/v1/timelines/public")
    records = orjson.loads(body_of(page))
    statuses = reader()
    posts = [post_of(statuses.listed(record, b"", "", is_repeat=False)) for record in records]
    assert len({post.key for post in posts}) == len(records) == 20
    assert previous_id(header_of(page, "link")) == records[0]["id"]
    (said,) = recording("test_stream_healthy", "/api/v2/instance")
    headers = {name: header_of(said, name) for name in ("x-ratelimit-reset", "date")}
    assert 0 < (reset_seconds(headers) or 0) <= 300


@recorded
def test_a_recorded_edit_and_quote_are_read() -> None:
    (edited,) = recording("test_status_edit", "/api/v1/statuses/", "PUT")
    item, _ = reader().streamed("status.update", body_of(edited), "")
    assert isinstance(item, Found)
    assert item.edited
    quote = orjson.loads(body_of(recording("test_status_post_with_quote", "/api/v1/statuses", "POST")[1]))
    inner = quote["quote"]["quoted_status"]
    post = post_of(reader().streamed("update", orjson.dumps(quote | {"visibility": "public"}), "")[0])
    assert post.text.endswith("yoooooooo")
    assert post.id.endswith(quote["id"])
    assert orjson.loads(orjson.dumps(inner["content"])) not in post.text


@recorded
async def test_the_largest_instance_is_refused_since_it_has_disabled_its_live_feeds(
    server: MastodonServer, tmp_path: Path
) -> None:
    said = orjson.loads(body_of(recording("test_timeline_disabled", "mastodon.social/api/v2/instance")[0]))
    assert said["configuration"]["urls"]["streaming"] == "wss://streaming.mastodon.social"
    said["configuration"]["urls"]["streaming"] = server.url.replace("http", "ws")
    server.http.script("/api/v2/instance", Answer(200, {"Content-Type": "application/json"}, orjson.dumps(said)))
    with pytest.raises(SourceRefused, match="has disabled the timeline of public"):
        await read_until(source_of(tmp_path, server, instance={"streams": ["public"]}), has(1))
    source = source_of(tmp_path, server, instance={"streams": [], "hashtags": ["nordtel"]})
    async with reading_of(source, has(1)):
        await until_live(source)
        server.publish(tags=("nordtel",))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_client_of_another_author_reads_the_streams_and_the_pages_of_the_tests_instance(
    server: MastodonServer,
) -> None:
    mastodon = pytest.importorskip("mastodon", reason="Mastodon.py is not installed")
    events: list[tuple[str, str]] = []

    class Listener(mastodon.StreamListener):  # type: ignore[misc, name-defined]
        def on_update(self, status: Any) -> None:
            events.append(("update", str(status.id)))

        def on_status_update(self, status: Any) -> None:
            events.append(("edit", str(status.id)))

        def on_delete(self, status_id: Any) -> None:
            events.append(("delete", str(status_id)))

        def on_abort(self, err: Exception) -> None:
            events.append(("end", type(err).__name__))

        def handle_heartbeat(self) -> None:
            events.append(("heartbeat", ""))

    def connect() -> Any:
        client = mastodon.Mastodon(
            access_token=TOKEN, api_base_url=server.url, version_check_mode="none", request_timeout=30
        )
        assert client.stream_healthy()
        return client, client.stream_public(Listener(), local=True, run_async=True, timeout=30)

    client, handle = await asyncio.to_thread(connect)
    try:
        await server.until_streams()
        statuses = [server.publish(f"post {number}", streamed=number < 2) for number in range(90)]
        server.edit(statuses[0]["id"], "edited")
        server.delete(statuses[1]["id"])
        await until(lambda: {"update", "edit", "delete", "heartbeat"} <= {name for name, _ in events})
        expected = [("update", statuses[0]["id"]), ("update", statuses[1]["id"]), ("edit", statuses[0]["id"])]
        seen = [event for event in events if event[0] not in {"heartbeat", "end"}]
        assert seen == [*expected, ("delete", statuses[1]["id"])]
        page = await asyncio.to_thread(client.timeline_public, local=True, min_id=statuses[9]["id"], limit=40)
        assert [str(each.id) for each in page] == [status["id"] for status in reversed(statuses[10:50])]
        page = await asyncio.to_thread(client.fetch_previous, page)
        assert [str(each.id) for each in page] == [status["id"] for status in reversed(statuses[50:90])]
    finally:
        server.cut()  # the client's thread ends by an error
        await until(lambda: not handle.is_alive())


@asynccontextmanager
async def mock(folder: Path) -> AsyncIterator[str]:
    """Run the independent server, and yield its address."""
    if MOCK is None:
        pytest.skip("mastodon_mock is not installed: set MASTODON_MOCK to its command")
    port = reserved_port()
    process = await asyncio.create_subprocess_exec(
        MOCK, "serve", "--in-memory", "--port", str(port), "--log-level", "warning",
        cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60), aiohttp.ClientSession() as session:
            while not await answers(session, port):  # noqa: ASYNC110  another process sets no event
                await asyncio.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def answers(session: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with session.get(f"http://127.0.0.1:{port}/api/v2/instance") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def test_an_instance_of_another_author_is_read_and_its_posts_are_caught_up_with(tmp_path: Path) -> None:
    async with mock(tmp_path) as address, aiohttp.ClientSession() as session:
        (tmp_path / "token").write_text(MOCK_TOKEN)
        headers = {"Authorization": f"Bearer {MOCK_TOKEN}"}

        def source() -> MastodonSource:
            entry = {"host": address, "token_file": tmp_path / "token"}
            settings = {"id": "fediverse", "kind": "mastodon", "instances": [entry], "allow_private": True}
            return MastodonSource(MastodonSettings.model_validate(settings), surroundings(SkippingClock()))

        async def publish(text: str) -> str:
            async with session.post(f"{address}/api/v1/statuses", headers=headers, data={"status": text}) as answer:
                return f"{address.partition('://')[2]}/{(await answer.json())['id']}"

        first = source()
        async with reading_of(first, has(3)) as reading:
            await until_live(first)
            ids = [await publish(f"Nordtel {number}") for number in range(3)]
        assert set(reading.ids) == set(ids)
        ids += [await publish(f"Nordtel {number}") for number in range(100)]
        await read_until(source(), lambda reading: set(reading.ids) >= set(ids), into=reading)
        assert set(reading.ids) == set(ids)
        assert (await source().probe())[address.partition("://")[2]].startswith("version 4.")
