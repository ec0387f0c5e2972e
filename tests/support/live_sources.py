"""Live sources on a real Kafka: the worker as a process, and all that it leaves behind.

A test of a kind starts a server of that kind, writes a config whose `sources` point to it, and then::

    async with live_worker(config, tmp_path) as worker:
        await until_posts(config, 100)
        await worker.kill()

`Ingested.of` reads what arrived. Every wait is for a condition, with a generous deadline.
"""

from __future__ import annotations

import signal
from collections import Counter, defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from streams.core.score.admission import PartitionState
from streams.core.score.position import Position
from streams.core.text.matching import Matcher
from streams.kafka.cursor_board import read_cursors
from streams.kafka.topics import Topics
from streams.records import AuthorDeletion, Deletion, Gap, Post, posts_record_from_bytes
from tests.support.broker import headers, read_topic, until
from tests.support.worker import Worker, write_config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from aiokafka.structs import ConsumerRecord

    from streams.config import Config
    from streams.core.score.admission import Row
    from streams.records import Cursor

SECONDS: Final = 60.0
"""Longest wait for a condition: far longer than it takes on a machine with nothing else to do."""


@dataclass
class Ingested:
    """All that the worker has written.

    Attributes
    ----------
    posts
        Posts in the order of each partition, repeats included.
    deletions, gaps
        Deletions and gaps.
    rows
        Offset, broker time and value of each record of a post or deletion, by partition.
    dead_letters
        Dead letters: reason, and value.
    author_deletions
        Deletions of authors, each with its partition.
    """

    posts: list[Post] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)
    rows: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    gaps: list[Gap] = field(default_factory=list)
    dead_letters: list[tuple[str, bytes]] = field(default_factory=list)
    author_deletions: list[tuple[int, AuthorDeletion]] = field(default_factory=list)

    @classmethod
    async def of(cls, config: Config) -> Ingested:
        """Read all of it."""
        topics = Topics(config.topics)
        found = cls()
        for record in await read_topic(config, topics.posts.name):
            found._sort(record)
        found.dead_letters = [
            (headers(record)["reason"], record.value) for record in await read_topic(config, topics.dlq.name)
        ]
        return found

    def _sort(self, record: ConsumerRecord) -> None:
        self.rows[record.partition].append((record.offset, record.timestamp, record.value))
        match posts_record_from_bytes(record.value):
            case Post() as post:
                self.posts.append(post)
            case Deletion() as deletion:
                self.deletions.append(deletion)
            case AuthorDeletion() as deletion:
                self.author_deletions.append((record.partition, deletion))
            case Gap() as gap:
                self.gaps.append(gap)

    def ids(self, source: str | None = None) -> set[str]:
        """Return the ids of the posts, of one source or of all."""
        return {post.id for post in self.posts if source in {None, post.source}}

    def counted(self, config: Config) -> Counter[tuple[str, str]]:
        """Return how often `score` counts each post, by source and id: what it admits of each partition."""
        match = Matcher.of(config).match
        times: Counter[tuple[str, str]] = Counter()
        for rows in self.rows.values():
            state = PartitionState(Position("topic"), config.ingest, config.windows, None)
            times.update((each.post.source, each.post.id) for each in state.admit(rows, match).posts)
        return times

    def repeats(self) -> int:
        """Return how many posts are in the topic more than once with the same text; `score` counts each once."""
        counts = Counter((post.source, post.id, post.text) for post in self.posts)
        return counts.total() - len(counts)


class LiveWorker:
    """``firewatch ingest --source ...`` as a process that may be killed and started again.

    Parameters
    ----------
    config
        The config.
    path
        Where it is written.
    sources
        Ids of the sources to read.
    module
        Module with the command line; another one than the product's may register sources of its own.
    environment
        Further environment variables, such as an armed failpoint.
    """

    def __init__(
        self,
        config: Config,
        path: Path,
        sources: tuple[str, ...] = ("all",),
        *,
        module: str = "streams.cli",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._path = write_config(config, path)
        self._arguments = [word for source in sources for word in ("--source", source)]
        self._module = module
        self.environment = dict(environment or {})
        self._worker: Worker | None = None

    @property
    def process(self) -> Worker:
        """Return the process that was started last."""
        assert self._worker is not None, "not started"
        return self._worker

    @property
    def log(self) -> str:
        """Return what it has logged."""
        return self.process.log

    async def start(self) -> None:
        """Start it; `reads` waits until it reads a source."""
        self._worker = await Worker.start(
            "ingest", self._path, self._arguments, environment=self.environment, module=self._module
        )

    async def reads(self, times: int = 1) -> None:
        """Wait until it reads a source, or so many of them."""
        await self.process.wait_for("reading source", SECONDS, times=times)

    async def says(self, words: str, times: int = 1) -> None:
        """Wait until it has logged some words."""
        await self.process.wait_for(words, SECONDS, times=times)

    async def kill(self) -> None:
        """Kill it, as the machine would by a power cut."""
        await self.process.end(signal.SIGKILL)

    async def stop(self) -> int:
        """End it in order, and return the exit code."""
        return await self.process.end(signal.SIGTERM, 30)


@asynccontextmanager
async def live_worker(
    config: Config,
    folder: Path,
    *sources: str,
    name: str = "worker",
    module: str = "streams.cli",
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[LiveWorker]:
    """Start a worker for sources of a config (all by default), yield it, and kill it at the end.

    Parameters
    ----------
    folder
        Where the config is written.
    name
        Name of the file, to start several.
    """
    worker = LiveWorker(config, folder / f"{name}.yaml", sources or ("all",), module=module, environment=environment)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.kill()


async def until_ingested(config: Config, enough: Callable[[Ingested], bool], seconds: float = SECONDS) -> Ingested:
    """Wait until what arrived fulfils a condition, and return it."""
    found = Ingested()

    async def is_enough() -> bool:
        nonlocal found
        found = await Ingested.of(config)
        return enough(found)

    try:
        await until(is_enough, seconds)
    except TimeoutError:
        raise AssertionError(
            f"still not fulfilled: {len(found.ids())} posts, {len(found.gaps)} gaps, {len(found.deletions)} deletions, "
            f"{len(found.dead_letters)} dead letters"
        ) from None
    return found


async def until_posts(config: Config, count: int, source: str | None = None) -> Ingested:
    """Wait until so many different posts arrived."""
    return await until_ingested(config, lambda found: len(found.ids(source)) >= count)


async def until_cursor(
    config: Config, source: str, enough: Callable[[Cursor], bool], seconds: float = SECONDS
) -> Cursor:
    """Wait until the cursor of a source fulfils a condition, and return it."""
    cursors: dict[str, Any] = {}

    async def is_enough() -> bool:
        cursors.update(await read_cursors(config))
        return source in cursors and enough(cursors[source])

    try:
        await until(is_enough, seconds)
    except TimeoutError:
        raise AssertionError(f"the cursor of {source} is {cursors.get(source)!r}") from None
    cursor: Cursor = cursors[source]
    return cursor
