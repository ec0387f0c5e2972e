"""Frames of a real server, replayed byte for byte, become what they are."""

from __future__ import annotations

from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import orjson
import pytest
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from streams.errors import RecordError
from streams.sources.live.jetstream.frames import JetstreamEvent, frame_of
from streams.sources.presets import PRESETS
from tests.support.live_reading import LiveReader
from tests.support.paths import SHARED_SOURCES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from websockets.asyncio.server import ServerConnection

RECORDINGS = SHARED_SOURCES / "recordings"
FIXTURES = SHARED_SOURCES / "fixtures" / "jetstream"

pytestmark = pytest.mark.skipif(not RECORDINGS.exists(), reason=f"{RECORDINGS} is missing")


def lines_of(recording: Path) -> list[bytes]:
    return recording.read_bytes().splitlines()


@asynccontextmanager
async def player(recording: Path) -> AsyncIterator[str]:
    """Play a recording to whoever connects, and yield the address."""
    lines = lines_of(recording)

    async def play(stream: ServerConnection) -> None:
        try:
            for line in lines:
                await stream.send(line, text=True)
            await stream.wait_closed()
        except ConnectionClosed:
            pass

    async with serve(play, "127.0.0.1", 0, compression=None) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


def operations(recording: Path) -> Counter[str]:
    """Return how often a recording creates, changes or deletes posts, and has anything else."""
    counts: Counter[str] = Counter()
    for line in lines_of(recording):
        fields = orjson.loads(line)
        commit = fields.get("commit") or fields.get("payload") or {}
        is_post = commit.get("collection") == "app.bsky.feed.post"
        counts[commit["operation"] if is_post else "notice" if commit.get("name") else "other"] += 1
    return counts


@pytest.mark.parametrize(
    ("name", "path"),
    [("sim_v1", "/subscribe"), ("sim_v2", ""), ("sim_v2_posts_from_old_time_cursor", "")],
)
async def test_each_frame_is_a_post_an_edit_a_deletion_or_nothing(name: str, path: str) -> None:
    recording = RECORDINGS / f"{name}.jsonl"
    expected = operations(recording)
    empty = sum(b'"text":""' in line for line in lines_of(recording))
    async with player(recording) as url:
        reader = LiveReader("jetstream", hosts=[url + path])
        await reader.connection(
            lambda: len(reader.deleted) == expected["delete"] and reader.source.health.behind_ms == 0
        )
    edits = sum(found.edited for found in reader.found)
    assert (len(reader.found) + empty, edits) == (expected["create"] + expected["update"], expected["update"])
    assert reader.skipped("no_post") == expected["other"]
    assert (reader.bad, reader.gaps) == ([], [])
    assert reader.position is not None
    assert reader.position["seq"] == max(event.seq or 0 for event in events(recording))


def events(recording: Path) -> list[JetstreamEvent]:
    frames = map(frame_of, lines_of(recording))
    return [frame for frame in frames if isinstance(frame, JetstreamEvent)]


def test_both_wires_have_the_same_events_with_the_same_digests() -> None:
    first, second = events(RECORDINGS / "sim_v1.jsonl"), events(RECORDINGS / "sim_v2.jsonl")
    assert [(each.seq, each.time_us, each.digest) for each in first] == [
        (each.seq, each.time_us, each.digest) for each in second
    ]
    assert len({each.digest for each in first}) == len(first)


def test_a_file_of_either_wire_holds_the_same_posts() -> None:
    preset = PRESETS["jetstream"]
    posts = []
    for name in ("sim_v1", "sim_v2"):
        records = [orjson.loads(line) for line in (RECORDINGS / f"{name}.jsonl").read_bytes().splitlines()]
        assert all(preset.fits(record) for record in records)
        posts.append([fields for record in records if (fields := preset.convert(record))])
    assert posts[0] == posts[1]
    assert len(posts[0]) == 1850 + 296 + 190


async def test_events_of_a_real_network_are_read() -> None:
    async with player(FIXTURES / "golden_v1.jsonl") as url:
        reader = LiveReader("jetstream", hosts=[f"{url}/subscribe"])
        await reader.connection(lambda: reader.skipped("no_post") == 9)
    (found,) = reader.found
    assert found.fields["lang"] == "en"
    assert found.fields["reply_to"].startswith("at://did:plc:")


def test_compressed_frames_are_refused_with_a_reason() -> None:
    """They are not asked for."""
    with pytest.raises(RecordError) as caught:
        frame_of(b"\x28\xb5\x2f\xfd" + bytes(100))
    assert caught.value.reason == "broken_json"
