"""The monitors of a detect worker and the records that it sends for them."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import orjson

from streams.config import Config
from streams.core.score.partitioning import partition_of
from streams.kafka.topics import Topics
from streams.records import Envelope, Mention, Progress
from streams.workers.detect_partitions import PartitionMonitors

NOW = 1_760_000_400_000


class Record:
    def __init__(self, partition: int, value: bytes) -> None:
        self.topic, self.partition, self.offset = "social.mentions", partition, 0
        self.timestamp, self.value = NOW / 1000, value


class Broker:
    """A producer and a changelog that keep what they are given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, dict[str, bytes]]] = []
        self.state: dict[bytes, bytes] = {}

    async def send(
        self,
        topic: str,
        value: bytes,
        key: bytes | None = None,  # noqa: ARG002  as a producer is called
        headers: Any = (),
    ) -> asyncio.Future[None]:
        self.sent.append((topic, value, dict(headers)))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async def write(self, changes: Any) -> None:
        self.state |= {key: value for _, key, value in changes}


def config(kind: str) -> Config:
    brands = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
    detectors = [{"name": "level", "kind": kind}]
    return Config.model_validate({"brands": brands, "detectors": detectors, "topics": {"partitions": 2}})


async def test_a_learned_state_that_is_dropped_goes_to_the_dlq_before_it_is_overwritten() -> None:
    home = partition_of(b"nordtel", 2)
    broker = Broker()

    def worker(kind: str) -> PartitionMonitors:
        monitors = PartitionMonitors(config(kind), cast("Any", broker), cast("Any", broker))
        monitors.restore([home], broker.state)
        return monitors

    mention = Mention(0, NOW - 60_000, 0, 2_000, 1_000, 17, 99, 0, 1, "de", "forum", "p0", [])
    values = [Envelope("nordtel", 0, "t", "m", NOW, [mention]).to_bytes()]
    values += [
        Progress(number, "t", 0, NOW, NOW, -1, live=False, active=[], pulse=[]).to_bytes() for number in range(2)
    ]
    first = worker("volume")
    await first.process([Record(home, value) for value in values])
    await first.save()
    learned = orjson.loads(broker.state[b"nordtel"])["detectors"][0]
    assert learned[:2] == ["level", "volume"]
    broker.sent.clear()

    second = worker("drift")
    await second.process([Record(home, values[1])])
    topics = Topics(config("drift").topics)
    ((topic, _, headers),) = broker.sent
    assert topic == topics.dlq.name
    assert headers["reason"] == b"other_kind"
    assert headers["topic"] == topics.changelog.name.encode()
    assert headers["partition"] == str(home).encode()
    assert (
        headers["detail"] == b"detector 'level' of brand 'nordtel' starts from nothing: of kind 'volume', now 'drift'"
    )
    await second.save()
    assert orjson.loads(broker.state[b"nordtel"])["detectors"][0][:2] == ["level", "drift"]

    broker.sent.clear()
    await worker("drift").process([Record(home, values[1])])
    assert broker.sent == []
