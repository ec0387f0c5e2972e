"""Counts are exact in any interleaving of partitions, repeats, batches, crashes and takeovers: held against sets."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from streams.config import Config
from streams.core.score.partitioning import partition_of
from streams.kafka.topics import Topics
from streams.records import Envelope, Mention, Progress, Window, window_from_bytes
from streams.workers.detect_partitions import PartitionMonitors
from tests.support.saved_state import save

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiokafka import AIOKafkaProducer

    from streams.kafka.changelog import Changelog

PARTITIONS: Final = 2
BRANDS: Final = ("nordtel", "acme", "zacke")
BUCKET: Final = 60_000
SLOT: Final = 10_000
LATENESS: Final = 20_000
START: Final = 1_760_000_400_000 - 1_760_000_400_000 % 86_400_000
END: Final = START + 86_400_000

CONFIG: Final = Config.model_validate(
    {
        "brands": [{"id": id, "name": id, "match": {"any": [id]}} for id in BRANDS],
        "detectors": [{"name": "tone", "kind": "sentiment_shift"}],
        "topics": {"partitions": PARTITIONS},
        "windows": {
            "bucket_seconds": BUCKET // 1000, "check_seconds": SLOT // 1000, "lateness_seconds": LATENESS // 1000,
        },
    }
)  # fmt: skip
TOPICS: Final = Topics(CONFIG.topics)


AGES: Final = st.sampled_from([0, 1, 9_999, 10_000, 30_000, 60_000, 79_999, 80_000, 90_001, 150_000, 300_000])
"""Of a post when it arrives: on both sides of the ends of slots, buckets and lateness."""

SECONDS: Final = st.sampled_from([0, 1, 9, 10, 25, 61, 90])


class Record(NamedTuple):
    topic: str
    partition: int
    offset: int
    timestamp: float
    value: bytes | None


class Post(NamedTuple):
    """A post with the brand it names, None for one that names nobody."""

    ts_ms: int
    brand: str | None


class Broker:
    """Topics as lists, with a producer and a changelog that write to them at once."""

    def __init__(self) -> None:
        self.mentions: dict[int, list[bytes]] = {partition: [] for partition in range(PARTITIONS)}
        self.changelog: dict[int, dict[bytes, bytes]] = {partition: {} for partition in range(PARTITIONS)}
        self.windows: list[Window] = []
        self.unreached: frozenset[int] = frozenset()

    async def send(
        self,
        topic: str,
        value: bytes,
        key: bytes | None = None,  # noqa: ARG002  as a producer is called
        headers: object = None,  # noqa: ARG002
    ) -> asyncio.Future[None]:
        if topic == TOPICS.windows.name:
            self.windows.append(window_from_bytes(value))
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sent.set_result(None)
        return sent

    async def write(self, changes: Iterable[tuple[int, bytes, bytes | None]]) -> None:
        for partition, key, value in changes:
            if partition not in self.unreached:
                save(self.changelog[partition], [(key, value)])


class Exactness(RuleBasedStateMachine):
    """Posts are written, scored (again and again), and counted by a worker that may die between any two steps."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.broker = Broker()
        self.posts: dict[int, list[Post]] = {partition: [] for partition in range(PARTITIONS)}
        self.committed = dict.fromkeys(range(PARTITIONS), 0)
        self.position = dict(self.committed)
        self.clock = START + 5 * BUCKET

    @initialize()
    def begin(self) -> None:
        for partition in range(PARTITIONS):
            self.write(partition, [(0, None)])
        self.take_over()

    # what may happen

    @rule(
        partition=st.integers(0, PARTITIONS - 1),
        posts=st.lists(st.tuples(AGES, st.sampled_from([*BRANDS, None])), min_size=1, max_size=6),
        seconds=SECONDS,
    )
    def write(self, partition: int, posts: list[tuple[int, str | None]], seconds: int = 0) -> None:
        """Some posts, each so long before the present, are scored in one batch."""
        self.clock += seconds * 1000
        first = len(self.posts[partition])
        self.posts[partition] += [Post(max(START, self.clock - age), brand) for age, brand in posts]
        self.score(partition, first, len(posts))

    @rule(seconds=SECONDS)
    def pass_time(self, seconds: int) -> None:
        """The watermark moves when all partitions have got on."""
        for partition in range(PARTITIONS):
            self.write(partition, [(0, None)], seconds if partition == 0 else 0)

    @rule(size=st.integers(10, 40))
    def count_all(self, size: int) -> None:
        """A batch of every partition."""
        for partition in range(PARTITIONS):
            self.count(partition, size)

    @rule(partition=st.integers(0, PARTITIONS - 1), data=st.data())
    def score_again(self, partition: int, data: st.DataObject) -> None:
        """Resume a scorer that died at some earlier offset, in other batches."""
        position = data.draw(st.integers(0, len(self.posts[partition]) - 1))
        while position < len(self.posts[partition]):
            size = data.draw(st.integers(1, 8))
            self.score(partition, position, size)
            position += size

    @rule(partition=st.integers(0, PARTITIONS - 1), size=st.integers(1, 20))
    def count(self, partition: int, size: int) -> None:
        """A batch, to its end."""
        self.conclude(partition, size)
        self.save()
        self.commit()

    @rule(partition=st.integers(0, PARTITIONS - 1), size=st.integers(1, 20), saved=st.booleans())
    def die_between(self, partition: int, size: int, saved: bool) -> None:
        """The windows are sent, perhaps the state is saved, but the offset is not committed."""
        self.conclude(partition, size)
        if saved:
            self.save()
        self.take_over()

    @rule(
        partition=st.integers(0, PARTITIONS - 1),
        size=st.integers(1, 20),
        lost=st.frozensets(st.integers(0, PARTITIONS - 1)),
    )
    def die_while_saving(self, partition: int, size: int, lost: frozenset[int]) -> None:
        """The state of some partitions has not arrived."""
        self.conclude(partition, size)
        self.broker.unreached = lost
        self.save()
        self.broker.unreached = frozenset()
        self.take_over()

    @rule()
    def take_over(self) -> None:
        """Another worker gets all partitions."""
        sender, changelog = cast("AIOKafkaProducer", self.broker), cast("Changelog", self.broker)
        self.monitors = PartitionMonitors(CONFIG, sender, changelog)
        state = {key: value for entries in self.broker.changelog.values() for key, value in entries.items()}
        self.monitors.restore(range(PARTITIONS), state)
        self.position = dict(self.committed)

    @precondition(lambda self: any(self.broker.mentions.values()))
    @rule(partition=st.integers(0, PARTITIONS - 1), back=st.integers(1, 30))
    def rewind(self, partition: int, back: int) -> None:
        """The committed offset is lost, older mentions are read again."""
        self.committed[partition] = max(0, self.committed[partition] - back)
        self.take_over()

    # how it is done

    def score(self, partition: int, first: int, size: int) -> None:
        watermark = -1
        mentions: dict[str, list[Mention]] = defaultdict(list)
        posts = self.posts[partition][: first + size]
        for offset, post in enumerate(posts):
            watermark = max(watermark, post.ts_ms)
            if offset >= first and post.brand is not None:
                mentions[post.brand].append(
                    Mention(
                        offset, post.ts_ms, watermark - post.ts_ms, 2_000, 1_000, 1 + offset, offset, 0, 1 + offset,
                        "de", "forum", f"{partition}-{offset}", [],
                    )
                )  # fmt: skip
        for brand, of_brand in mentions.items():
            envelope = Envelope(brand, partition, "topic-1", "m", START, of_brand)
            self.broker.mentions[partition_of(brand.encode(), PARTITIONS)].append(envelope.to_bytes())
        self.tell(partition, len(posts) - 1, watermark)

    def tell(self, partition: int, offset: int, watermark: int) -> None:
        active = [("forum", [watermark - watermark % BUCKET])]
        told = Progress(partition, "topic-1", offset, watermark, START, -1, live=False, active=active, pulse=[])
        for log in self.broker.mentions.values():
            log.append(told.to_bytes())

    def conclude(self, partition: int, size: int) -> None:
        begin = self.position[partition]
        values = self.broker.mentions[partition][begin : begin + size]
        self.position[partition] = begin + len(values)
        records = [
            Record(TOPICS.mentions.name, partition, begin + index, END / 1000, value)
            for index, value in enumerate(values)
        ]
        self.loop.run_until_complete(self.monitors.process(records))

    def save(self) -> None:
        self.loop.run_until_complete(self.monitors.save())

    def commit(self) -> None:
        self.committed = dict(self.position)

    # what must come out

    def teardown(self) -> None:
        if not self.posts[0]:
            return
        for partition in range(PARTITIONS):
            self.tell(partition, len(self.posts[partition]), self.clock + 10 * BUCKET)
        for partition, log in self.broker.mentions.items():
            self.count(partition, len(log))
        self.loop.close()
        counted: dict[tuple[str, int], tuple[int, int]] = {}
        late: dict[str, int] = defaultdict(int)
        seen: dict[tuple[str, int], Window] = {}
        for window in self.broker.windows:
            known = seen.setdefault((window.brand, window.start_ms), window)
            assert known == window
            if known is window:
                late[window.brand] += window.late
                if window.count:
                    counted[window.brand, window.start_ms] = window.count, window.engagement
        expected, expected_late = self.expected()
        assert counted == expected
        assert {brand: count for brand, count in late.items() if count} == expected_late

    def expected(self) -> tuple[dict[tuple[str, int], tuple[int, int]], dict[str, int]]:
        """Posts, each once, in the bucket it belongs to unless that had closed when it arrived."""
        buckets: dict[tuple[str, int], set[tuple[int, int]]] = defaultdict(set)
        late: dict[str, set[tuple[int, int]]] = defaultdict(set)
        for partition, posts in self.posts.items():
            newest = -1
            for offset, post in enumerate(posts):
                newest = max(newest, post.ts_ms)
                if post.brand is None:
                    continue
                start = post.ts_ms - post.ts_ms % BUCKET
                closed = start + BUCKET + LATENESS <= newest - newest % SLOT
                (late[post.brand] if closed else buckets[post.brand, start]).add((partition, offset))
        counts = {key: (len(posts), sum(1 + offset for _, offset in posts)) for key, posts in buckets.items()}
        return counts, {brand: len(posts) for brand, posts in late.items()}


TestExactness: Any = Exactness.TestCase
TestExactness.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
