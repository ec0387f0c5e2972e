"""Posts of Bluesky are read from Jetstream servers, on both wires, resumed without loss, and gaps are reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.local.jetstream_server import JetstreamServer
from streams.errors import SourceRefused, SourceUnavailable
from tests.support.jetstream_reading import BOTH, post, reader_of, texts

if TYPE_CHECKING:
    from deploy.local.jetstream_events import Wire


@pytest.mark.parametrize("wires", BOTH)
async def test_posts_edits_and_deletions_are_read_on_either_wire(wires: tuple[Wire, ...]) -> None:
    async with JetstreamServer(wires=wires) as server:
        reader = reader_of(server)
        server.post(post(1, langs=["de", "en"], reply_to="p0"))
        server.post(post(1, text="better", edited=True))
        server.delete("p1")
        server.account("kim", active=False, status="deleted")
        server.account("lee", active=False, status="takendown")
        server.post(post(2, text=""))
        await reader.read(lambda: reader.skipped("no_text") > 0)
    first, second = reader.found
    assert first.fields["text"] == "post 1"
    assert first.fields["lang"] == "de"
    assert first.fields["reply_to"].endswith("/p0")
    assert (first.edited, second.edited) == (False, True)
    assert first.fields["id"] == second.fields["id"] == reader.deleted[0]
    assert reader.deleted[1] == first.fields["author"]
    assert len(reader.deleted) == 2
    assert reader.skipped("no_post") == 1
    assert reader.source.health.facts["wire"] == wires[0]


@pytest.mark.parametrize("wires", BOTH)
async def test_reading_begins_with_the_present_and_resumes_without_loss_or_gap(wires: tuple[Wire, ...]) -> None:
    async with JetstreamServer(wires=wires) as server:
        server.post(post(1))
        reader = reader_of(server, backfill_seconds=0)
        await reader.connection(lambda: reader.position is not None)
        for number in range(2, 6):
            server.post(post(number))
        reader.restart()
        await reader.posts(4)
        server.post(post(6))
        reader.restart()
        await reader.posts(5)
    assert reader.texts[-5:] == texts(2, 6)
    assert reader.gaps == []


async def test_an_event_that_was_read_is_not_read_again() -> None:
    async with JetstreamServer(wires=("v2",)) as server:
        reader = reader_of(server)
        server.post(post(1))
        await reader.posts(1)
        server.post(post(2))
        await reader.posts(2)
    assert [item.fields["text"] for item in reader.found] == texts(1, 2)


async def test_no_server_is_unavailable_and_names_all() -> None:
    async with JetstreamServer() as server:
        pass
    with pytest.raises(SourceUnavailable, match="can't be reached"):
        await reader_of(server).connection()


async def test_a_server_of_something_else_is_refused() -> None:
    async with JetstreamServer(wires=()) as server:
        with pytest.raises(SourceRefused, match="no Jetstream"):
            await reader_of(server).connection()
