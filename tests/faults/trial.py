"""One fault test from its topics to its verdict.

A test starts a fleet and an ingest, does its worst, and asks for the verdict, which waits until all is done, ends
everything by SIGTERM, and compares what the topics hold with a replay in one process::

    async def test_something(trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder) -> None:
        async with trial(seconds=60) as stage:      # the load takes about as long
            for round in range(3):
                await asyncio.sleep(stage.random.uniform(2, 5))
                member = stage.random.choice(stage.fleet.members)
                await stage.kill(member)            # kill -9, restart, and measure the recovery in the background
            record(await stage.verdict("what was done", rounds=3))

What the tests do to the fleet is in `tests.faults.disturbances`, which `tests/integration/pipeline/test_faults.py` uses
too.
`Trial.fleet` has the workers as `Member`s (`tests.faults.fleet`): ``kill``, ``restart`` (SIGTERM), ``signal``,
``condemn`` (its end is meant, with some exit code), ``leave``. `Row` (`tests.faults.table`) is the line of the table;
whatever breaks the promise stands in its ``problems``, and `record` fails the test if there are any. Tests may add
problems of their own.
"""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from aiokafka import TopicPartition

from streams.errors import KafkaError
from streams.kafka.admin import ensure_topics
from streams.kafka.clients import consumer
from streams.kafka.names import MODEL_DEAD_LETTERS, group_of
from streams.kafka.offsets import GroupOffset, group_offsets
from streams.kafka.topics import Topic, Topics
from streams.records import window_from_bytes
from tests.faults.evidence import compare
from tests.faults.fleet import Fleet
from tests.faults.table import Row
from tests.support.broker import until
from tests.support.labelling import labels, published, say, uninterrupted
from tests.support.oracle import replayed
from tests.support.worker import write_config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from streams.config import Config
    from streams.records import Label
    from tests.faults.fleet import Member
    from tests.faults.load import Load

WORKERS: Final = {"score": 2, "detect": 2}

LABELS: Final = 4
LABEL_SECONDS: Final = 0.5
"""So many labels are said in so many seconds, by one annotator after the other."""

ANNOTATORS: Final = 6
UNPUBLISHED_LABELS: Final = 60
"""Labels that may wait for the next model at the end: above `publish_labels`."""

LAST: Final = {"run": "detect"}
"""Of a member that runs several workers, the one that is done last."""

RECOVERY_SECONDS: Final = 90.0
"""A recovery that takes longer has failed."""

FINISH_SECONDS: Final = 180.0
"""How long the rest of the work may take once the faults are over and the ingest is done."""

LAG_SECONDS: Final = 20.0
"""How long the commit of what stands in a topic at the end may take; scorers that idle go on telling so."""

END_OF_STREAM_SECONDS: Final = 20
"""Longer than an ingest is ever away, so that its absence is not taken for the end of the archive."""


def settings(load: Load) -> dict[str, Any]:
    """Sections of a config with which the oracle can be held against workers: learning goes on, but scorers keep to the
    weights. Six annotators say more in half an hour than people do."""
    learn = {"publish_labels": 40, "publish_seconds": 2, "keep_versions": 3, "max_labels_per_hour": 100_000}
    return {
        "brands": load.brands,
        "sentiment": {"pin": 0, "learn": learn},
        "windows": {"end_of_stream_seconds": END_OF_STREAM_SECONDS},
    }


class Trial:
    """The stage of one fault test.

    Parameters
    ----------
    config
        With topics of its own.
    load
        What is sent.
    folder
        For config, cursor and the like.
    seed
        Of everything the test draws.
    module
        Has the commands of the workers.

    Attributes
    ----------
    foreign
        Topic, partition and offset of what others than firewatch wrote into its topics.
    cursor
        File of the ingest.
    """

    def __init__(self, config: Config, load: Load, folder: Path, seed: int, module: str = "streams.cli") -> None:
        self.config = config
        self.load = load
        self.random = random.Random(seed)
        self.folder = folder
        self.oracle, self.summary = replayed(config, load.posts)
        self.fleet = Fleet(write_config(config, folder / "config.yaml"), module)
        self.foreign: set[tuple[str, int, int]] = set()
        self.cursor = folder / "cursor"
        self._topics = Topics(config.topics)
        self._groups: dict[str, tuple[str, Topic]] = {
            "score": (group_of("score", config.topics), self._topics.posts),
            "detect": (self._topics.detect_app, self._topics.mentions),
            "train": (group_of("train", config.topics), self._topics.labels),
            "letters": (group_of(MODEL_DEAD_LETTERS, config.topics), self._topics.models),
        }
        self._recovering: list[asyncio.Task[None]] = []
        self._recoveries: list[float] = []
        self._problems: list[str] = []
        self._said: list[Label] = []
        self._teaching: asyncio.Task[None] | None = None

    async def start(self, workers: Mapping[str, int]) -> None:
        """Make the topics and start workers, so many of each name; return when they have their partitions."""
        await ensure_topics(self.config, create=True)
        for name, count in workers.items():
            for _ in range(count):
                self.fleet.start(name)
        await asyncio.gather(*[self.ready(member) for member in self.fleet.members])

    async def ready(self, member: Member, seconds: float = 120) -> None:
        """Wait until a worker has been told its partitions."""
        await self.heard(member, '"assigned"', seconds)

    async def heard(self, member: Member, words: str, seconds: float = 120) -> None:
        """Wait until the process of now has logged some words."""

        async def logged() -> bool:
            return member.worker is not None and words in member.worker.log

        await until(logged, seconds)

    def ingest(self, seconds: float | None = None, **options: Any) -> Member:
        """Start the ingest of the load, such that it takes about so long; as fast as it can if None.

        The load is in order of arrival, and what comes late is part of it.
        """
        speed = () if seconds is None else ("--speed", str(self.load.span_seconds / seconds))
        return self.fleet.start(
            "ingest", str(self.load.posts), "--cursor", str(self.cursor), "--keep-order", *speed, **options
        )

    def teach(self, seconds: float) -> None:
        """Say labels for so long; how many of them were learned becomes part of the verdict."""
        self._teaching = asyncio.create_task(self._teach(seconds))

    async def _teach(self, seconds: float) -> None:
        for number in range(round(seconds / LABEL_SECONDS)):
            said = labels(LABELS, seed=number, by=f"annotator-{number % ANNOTATORS}", first=number * LABELS)
            await say(self.config, said)
            self._said += said
            await asyncio.sleep(LABEL_SECONDS)

    # groups

    async def offsets(self, name: str) -> dict[int, GroupOffset]:
        """Where the group of a worker stands, by partition of what it reads."""
        group, topic = self._groups[name]
        async with consumer(self.config.kafka, group) as observer:
            return await group_offsets(observer, self.config.kafka, topic.name, range(topic.partitions))

    async def lag(self, name: str) -> int:
        """Records that the group of a worker has not done with."""
        return sum(offset.lag for offset in (await self.offsets(name)).values())

    async def arrived(self) -> int:
        """Records in `social.posts`."""
        return sum(offset.end for offset in (await self.offsets("score")).values())

    # faults

    async def kill(self, member: Member) -> None:
        """Kill -9; returns when the next process runs, and measures its recovery in the background."""
        with self.recovery(member):
            await member.kill()

    def recovery(self, member: Member) -> _Recovery:
        """A ``with`` block around a fault: from its beginning the time is taken until what waited then is done."""
        return _Recovery(self, member)

    def measure(self, member: Member, since: float) -> None:
        """Measure the recovery of a worker from a fault at a moment (monotonic seconds)."""
        self._recovering.append(asyncio.create_task(self._recover(member, since)))

    async def recovered(self) -> None:
        """Wait for the recoveries that are being measured."""
        await asyncio.gather(*self._recovering)

    async def _recover(self, member: Member, since: float) -> None:
        try:
            if member.name == "ingest":
                await until(await self._more_posts(member), RECOVERY_SECONDS)
            else:
                await until(await self._backlog_done(LAST.get(member.name, member.name)), RECOVERY_SECONDS)
        except TimeoutError:
            self._problems.append(f"{member.name} has not recovered within {RECOVERY_SECONDS:g} s")
        else:
            self._recoveries.append(time.monotonic() - since)

    async def _backlog_done(self, name: str) -> Callable[[], Any]:
        ends = {partition: offset.end for partition, offset in (await self._patiently(name)).items()}

        async def done() -> bool:
            offsets = await self._patiently(name)
            return all(offsets[partition].next >= end for partition, end in ends.items())

        return done

    async def _more_posts(self, member: Member) -> Callable[[], Any]:
        before = sum(offset.end for offset in (await self._patiently("score")).values())

        async def done() -> bool:
            return member.done or sum(offset.end for offset in (await self._patiently("score")).values()) > before

        return done

    async def _patiently(self, name: str) -> dict[int, GroupOffset]:
        """Offsets as soon as the broker answers."""
        while True:
            try:
                return await self.offsets(name)
            except KafkaError:
                await asyncio.sleep(0.2)

    # verdict

    async def finish(self, seconds: float = FINISH_SECONDS) -> None:
        """Wait until everything that was sent has been read, scored and counted; what is missing becomes a problem."""
        ingests = self.fleet.named("ingest")
        try:
            async with asyncio.timeout(seconds + RECOVERY_SECONDS):
                while not all(member.done for member in ingests):  # noqa: ASYNC110  it sets no event
                    await asyncio.sleep(0.1)
        except TimeoutError:
            self._problems.append("the ingest did not come to its end")
        if not await self._all_windows(seconds):
            self._problems.append(f"not all windows came within {seconds:g} s")
        for name in ("score", "detect"):
            try:
                await until(await self._backlog_done(name), LAG_SECONDS)
            except TimeoutError:
                self._problems.append(f"{name} has a lag of {await self.lag(name)}")

    async def _all_windows(self, seconds: float) -> bool:
        """Whether all windows that the oracle has came in time."""
        windows = self._topics.windows
        missing = set(self.oracle.windows)
        deadline = time.monotonic() + seconds
        async with consumer(self.config.kafka, None) as reader:
            reader.assign([TopicPartition(windows.name, partition) for partition in range(windows.partitions)])
            await reader.seek_to_beginning()
            while missing and time.monotonic() < deadline:
                for records in (await reader.getmany(timeout_ms=500)).values():
                    for record in records:
                        window = window_from_bytes(record.value)
                        missing.discard((window.brand, window.start_ms))
        return not missing

    async def verdict(self, fault: str, rounds: int, seconds: float = FINISH_SECONDS) -> Row:
        """Let everything finish within some time, end the fleet by SIGTERM, and compare with the oracle."""
        await self.finish(seconds)
        await self.recovered()
        if self._teaching is not None:
            await self._teaching
            await self._check_labels()
        await self.fleet.leave()
        row = Row(fault, rounds, len(self.load.ids), recovery_seconds=self._recoveries)
        if self.fleet.starved:
            row.fault += f" (and {self.fleet.starved} workers starved by the machine)"
        row.problems = [*self._problems, *self.fleet.deaths, *self.fleet.hangs]
        await compare(self.config, self.load, self.oracle, row, self.foreign)
        return row

    async def _check_labels(self) -> None:
        """What the newest model says it learned is what one learns whom nobody disturbs."""

        async def nearly_all() -> bool:
            models = await published(self.config)
            return bool(models) and models[max(models)].header.offset > len(self._said) - UNPUBLISHED_LABELS

        try:
            await until(nearly_all, RECOVERY_SECONDS)
        except TimeoutError:
            self._problems.append("the labels were not learned to the end")
            return
        models = await published(self.config)
        newest = models[max(models)].header
        expected = await uninterrupted(self.config, self._said[: newest.offset])
        if newest.labels != expected:
            self._problems.append(f"{newest.labels} labels learned where {expected} were to be learned")


class _Recovery:
    def __init__(self, trial: Trial, member: Member) -> None:
        self._trial = trial
        self._member = member
        self._since = 0.0

    def __enter__(self) -> None:
        self._since = time.monotonic()

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if error is None:
            self._trial.measure(self._member, self._since)


@asynccontextmanager
async def staged(
    config: Config,
    load: Load,
    folder: Path,
    seed: int,
    *,
    workers: Mapping[str, int] = WORKERS,
    seconds: float | None = None,
    module: str = "streams.cli",
) -> AsyncIterator[Trial]:
    """A trial whose workers run; with `seconds`, its ingest runs too and takes about so long."""
    trial = Trial(config, load, folder, seed, module)
    try:
        with trial.fleet.starvation:
            await trial.start(workers)
            if seconds is not None:
                trial.ingest(seconds)
            yield trial
    finally:
        await trial.fleet.vanish()
        (folder / "workers.log").write_text("".join(f"--- {name}\n{text}" for name, text in trial.fleet.logs))
