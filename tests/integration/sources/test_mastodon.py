"""Posts of instances of Mastodon on a real Kafka: none is lost and none counts twice, whatever is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.kafka.admin import ensure_topics
from tests.support.live_sources import live_worker, until_cursor, until_ingested, until_posts
from tests.support.mastodon_reading import id_at
from tests.support.mastodon_server import TOKEN, MastodonServer, event_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.config import Config
    from streams.records import Cursor


async def configured(
    kafka_config: Callable[..., Config], folder: Path, *servers: MastodonServer, **settings: Any
) -> Config:
    (folder / "token").write_text(TOKEN)
    instances = [{"host": server.url, "token_file": str(folder / "token")} for server in servers]
    source = {"id": "fediverse", "kind": "mastodon", "instances": instances, "allow_private": True} | settings
    config = kafka_config(sources=[source])
    await ensure_topics(config, create=True)
    return config


def saved(*published: tuple[MastodonServer, dict[str, Any]]) -> Callable[[Cursor], bool]:
    """Return the condition that a cursor lies at these statuses."""
    ids = {status["id"] for _, status in published}
    return lambda cursor: ids <= {mark[0] for mark in (cursor.position or {}).get("streams", {}).values()}


async def test_each_event_becomes_what_it_is(kafka_config: Callable[..., Config], tmp_path: Path) -> None:
    async with MastodonServer() as server:
        config = await configured(kafka_config, tmp_path, server)
        async with live_worker(config, tmp_path):
            await server.until_streams()
            first, second = server.publish("Nordtel ist weg"), server.publish("Nordtel ist da", spoiler_text="Netz")
            await until_posts(config, 2)
            server.edit(first["id"], "Nordtel ist wieder da")
            server.publish(reblog=server.status("the original"))
            server.publish("", content="")
            server.send(event_bytes("update", b'{"id":'))
            server.delete(second["id"])
            found = await until_ingested(config, lambda found: bool(found.deletions and found.dead_letters))
    texts = [post.text for post in found.posts if post.id == id_at(server, first)]
    assert set(texts) == {"Nordtel ist weg", "Nordtel ist wieder da"}
    assert found.ids("fediverse") == {id_at(server, first), id_at(server, second)}
    assert [deletion.id for deletion in found.deletions] == [id_at(server, second)]
    assert [reason for reason, _ in found.dead_letters] == ["broken_json"]
    assert found.gaps == []


async def test_a_killed_worker_catches_up_with_each_instance(
    kafka_config: Callable[..., Config], tmp_path: Path
) -> None:
    async with MastodonServer() as server, MastodonServer("elsewhere.example") as other:
        config = await configured(kafka_config, tmp_path, server, other)
        async with live_worker(config, tmp_path) as worker:
            await server.until_streams()
            await other.until_streams()
            published = [(each, each.publish()) for each in (server, other)]
            await until_posts(config, 2)
            await until_cursor(config, "fediverse", saved(*published))
            await worker.kill()
            published += [(each, each.publish(streamed=False)) for each in (server, other) for _ in range(60)]
            await worker.start()
            found = await until_posts(config, 122)
            server.cut()
            published.append((server, server.publish(streamed=False)))
            found = await until_posts(config, 123)
            await until_cursor(config, "fediverse", lambda cursor: cursor.state == "live")
    assert found.ids("fediverse") == {id_at(server, status) for server, status in published}
    assert (found.gaps, found.dead_letters) == ([], [])


async def test_what_is_not_caught_up_with_is_a_gap_and_a_stream_that_is_disabled_is_refused(
    kafka_config: Callable[..., Config], tmp_path: Path
) -> None:
    async with MastodonServer() as server, MastodonServer("elsewhere.example") as other:
        other.access = {"live_feeds": {"local": "disabled", "remote": "disabled"}}
        config = await configured(kafka_config, tmp_path, server, other, backfill_pages=1, overlap_seconds=0)
        async with live_worker(config, tmp_path) as worker:
            await server.until_streams()
            await until_cursor(config, "fediverse", saved((server, server.publish())))
            await worker.kill()
            missed = [server.publish(streamed=False) for _ in range(200)]
            await worker.start()
            found = await until_ingested(config, lambda found: bool(found.gaps))
            await until_posts(config, 81)
            await worker.says("has disabled the timeline of public:local")
            await until_cursor(
                config, "fediverse", lambda cursor: "has disabled" in cursor.why and cursor.state == "live"
            )
    (gap,) = found.gaps
    assert (gap.from_ms, gap.to_ms) == tuple(int(status["id"]) >> 16 for status in (missed[39], missed[160]))
    assert gap.cause == "backfill_limit"
    assert TOKEN not in worker.log
