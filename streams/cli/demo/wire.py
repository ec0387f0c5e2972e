"""The posts of a demo come over a wire: from local Jetstream servers, one for each source of the posts."""

from __future__ import annotations

import asyncio
import re
import sys
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import orjson

from streams.cli.deploy_files import deploy_folder
from streams.core.ingest.parsing import parse
from streams.core.ingest.timestamps import EventTimes
from streams.errors import InputError, RecordError, WorkerFailed
from streams.runtime import clock
from streams.sources.pacing import Paced, Pacing
from streams.workers.sources.tasks import until_all_end, until_one_ends

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from types import TracebackType

    from streams.cli.demo.show import Show
    from streams.sources.base import Source

MAX_SOURCES: Final = 20
"""Sources of the posts for which there is a server each."""

START_SECONDS: Final = 60.0
"""Time for a server to listen."""

_ID_SIGNS: Final = re.compile(r"[^a-z0-9_-]+")


class WireServer(NamedTuple):
    """A server of the posts of one source.

    Parameters
    ----------
    id
        Id of the source in the config.
    url
        Address of the server.
    process
        Its process, which reads posts from its standard input.
    """

    id: str
    url: str
    process: Process


class Wire:
    """Local Jetstream servers; an async context manager.

    Parameters
    ----------
    sources
        Names of the sources of the posts.
    """

    def __init__(self, sources: list[str]) -> None:
        self._sources = sources
        self._servers: dict[str, WireServer] = {}

    async def __aenter__(self) -> Self:
        """Start the servers.

        Raises
        ------
        WorkerFailed
            If one does not listen in time.
        """
        try:
            for number, source in enumerate(self._sources, 1):
                id = _ID_SIGNS.sub("-", source.lower()).strip("-_")[:60] or "posts"
                taken = id in {server.id for server in self._servers.values()}
                self._servers[source] = await _started(f"{id}-{number}" if taken else id)
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the servers."""
        await self._end()

    @property
    def settings(self) -> list[dict[str, Any]]:
        """Return the section `sources` of a config that reads the servers."""
        return [{"id": server.id, "kind": "jetstream", "hosts": [server.url]} for server in self._servers.values()]

    async def feed(self, show: Show, stop: asyncio.Event) -> int:
        """Give the servers the posts when they are due, once each is read; return the number of posts.

        Deletions, and records that are no posts, are left out.
        """
        subscribed = until_all_end(*[_until_subscribed(server) for server in self._servers.values()])
        await until_one_ends(subscribed, stop.wait())
        if stop.is_set():
            return 0
        times = EventTimes(show.config.ingest.timezone)
        pacing = Pacing(speed=show.speed(), redate=False, span=None, now_ms=clock.now_ms)
        sent = 0
        with show.open_posts() as posts:
            paced = Paced(posts, pacing, show.config.ingest.timezone)
            async with aclosing(paced.incoming()) as chunks:
                async for chunk in chunks:
                    for line in chunk:
                        with suppress(RecordError):
                            post = parse(line.data)
                            at_ms = times.event_time_ms(post)
                            if post.get("text"):
                                self._send(post | {"witnessed_ms": at_ms}, posts)
                                sent += 1
                    for server in self._servers.values():
                        await _input_of(server).drain()
                    if stop.is_set():
                        break
        return sent

    def _send(self, post: dict[str, Any], posts: Source) -> None:
        server = self._servers[str(post.get("source") or posts.source_name)]
        _input_of(server).write(orjson.dumps(post) + b"\n")

    async def _end(self) -> None:
        for server in self._servers.values():
            with suppress(ProcessLookupError):
                server.process.terminate()
            await server.process.wait()


def sources_of(posts: Source) -> list[str]:
    """Return the names of the sources of posts.

    Raises
    ------
    InputError
        If there are more than `MAX_SOURCES`.
    """
    names: dict[str, None] = {}
    for chunk in posts.chunks():
        for line in chunk:
            with suppress(RecordError):
                names[str(parse(line.data).get("source") or posts.source_name)] = None
        if len(names) > MAX_SOURCES:
            raise InputError(f"{posts.name}: has more than {MAX_SOURCES} sources, too many for a server each")
    return list(names)


async def _started(id: str) -> WireServer:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(deploy_folder() / "local" / "jetstream_server.py"),
        "--end-with-input",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    url = (await _line_of(process)).decode().strip()
    if not url:
        raise WorkerFailed(f"the local Jetstream server of source {id} did not start")
    return WireServer(id, url, process)


async def _until_subscribed(server: WireServer) -> None:
    if not await _line_of(server.process, timeout_seconds=None):
        raise WorkerFailed(f"the local Jetstream server of source {server.id} has ended")


async def _line_of(process: Process, timeout_seconds: float | None = START_SECONDS) -> bytes:
    """Return the next line that a server prints; empty if it has ended or is too slow."""
    if process.stdout is None:
        return b""
    try:
        async with asyncio.timeout(timeout_seconds):
            return await process.stdout.readline()
    except TimeoutError:
        return b""


def _input_of(server: WireServer) -> asyncio.StreamWriter:
    if server.process.stdin is None:
        raise WorkerFailed(f"the local Jetstream server of source {server.id} takes no posts")
    return server.process.stdin
