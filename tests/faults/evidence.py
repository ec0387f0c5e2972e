"""What the topics hold after a fault, held against the oracle."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

import orjson

from streams.core.detect.state_keys import parsed
from streams.kafka.topics import Topics
from streams.records import Envelope, Window, mentions_record_from_bytes, post_from_bytes, window_from_bytes
from tests.support.broker import headers, read_topic

if TYPE_CHECKING:
    from collections.abc import Collection

    from aiokafka.structs import ConsumerRecord

    from streams.config import Config
    from tests.faults.load import Load
    from tests.faults.table import Row
    from tests.support.oracle import Outcome


FIELDS: Final = ("count", "late", "negative", "positive", "authors", "reposts", "engagement")
"""Of a window, what no fault may change."""


def sums(window: Window) -> tuple[int, ...]:
    """What a window counts."""
    return tuple(getattr(window, field) for field in FIELDS)


Place = tuple[str, int, int]
"""Topic, partition, offset."""


async def compare(
    config: Config, load: Load, oracle: Outcome, row: Row, foreign: Collection[Place] = frozenset()
) -> None:
    """Read all topics, but for what is foreign in them, and fill in the row."""
    windows = await _windows(config, row)
    await _compare_windows(oracle, windows, row)
    await _compare_alerts(config, oracle, row)
    await _compare_posts(config, load, row, foreign)
    await _compare_mentions(config, windows, row, foreign)
    await _check_marks(config, row)


async def _windows(config: Config, row: Row) -> dict[tuple[str, int], Window]:
    windows: dict[tuple[str, int], Window] = {}
    for record in await read_topic(config, Topics(config.topics).windows.name):
        window = window_from_bytes(record.value)
        known = windows.setdefault((window.brand, window.start_ms), window)
        if sums(known) != sums(window):
            row.problems.append(f"a window was sent twice and differs: {known} {window}")
    return windows


async def _compare_windows(oracle: Outcome, windows: dict[tuple[str, int], Window], row: Row) -> None:
    expected, actual = oracle.counted(), Counter[str]()
    for window in windows.values():
        actual[window.brand] += window.count + window.late
    row.lost, row.doubled = (expected - actual).total(), (actual - expected).total()
    differing = [
        key
        for key in oracle.windows.keys() | windows.keys()
        if key not in windows or key not in oracle.windows or sums(windows[key]) != sums(oracle.windows[key])
    ]
    row.windows = len(differing)
    if row.lost or row.doubled:
        row.problems.append(f"counted {actual}, the oracle {expected}")
    row.problems += [
        f"window {key}: {windows.get(key)}, the oracle has {oracle.windows.get(key)}" for key in sorted(differing)[:5]
    ]


async def _compare_alerts(config: Config, oracle: Outcome, row: Row) -> None:
    records = await read_topic(config, Topics(config.topics).alerts.name)
    alerts = {orjson.loads(record.value)["id"] for record in records}
    only = alerts ^ oracle.alerts.keys()
    row.alerts = len(only)
    if only:
        row.problems.append(f"alerts that only one side has: {sorted(only)}")


async def _own(config: Config, topic: str, foreign: Collection[Place]) -> list[ConsumerRecord]:
    records = await read_topic(config, topic)
    return [record for record in records if (record.topic, record.partition, record.offset) not in foreign]


async def _compare_posts(config: Config, load: Load, row: Row, foreign: Collection[Place]) -> None:
    """Every post has arrived, or is a dead letter."""
    topics = Topics(config.topics)
    arrived = {post_from_bytes(record.value).id for record in await _own(config, topics.posts.name, foreign)}
    if arrived != load.ids:
        row.problems.append(f"posts missing {sorted(load.ids - arrived)[:5]}, unknown {sorted(arrived - load.ids)[:5]}")
    letters = await read_topic(config, topics.dlq.name)
    diverted = {letter.value for letter in letters if headers(letter)["topic"] == str(load.posts)}
    if diverted != load.broken:
        row.problems.append(f"{len(diverted)} dead letters of {len(load.broken)} broken lines")


async def _compare_mentions(
    config: Config, windows: dict[tuple[str, int], Window], row: Row, foreign: Collection[Place]
) -> None:
    """However often a mention was sent: its place is told apart, and no id has two places."""
    places: dict[str, dict[str, set[tuple[int, int]]]] = defaultdict(lambda: defaultdict(set))
    for record in await _own(config, Topics(config.topics).mentions.name, foreign):
        envelope = mentions_record_from_bytes(record.value)
        if isinstance(envelope, Envelope):
            for mention in envelope.mentions:
                places[envelope.brand][mention.id].add((envelope.partition, mention.offset))
    counted = Counter[str]()
    for window in windows.values():
        counted[window.brand] += window.count + window.late
    for brand, of_brand in places.items():
        twice = [id for id, of_id in of_brand.items() if len(of_id) > 1]
        if twice:
            row.problems.append(f"{brand}: {len(twice)} posts were taken for two, such as {twice[0]}")
        if len(of_brand) != counted[brand]:
            row.problems.append(f"{brand}: {len(of_brand)} posts name it, {counted[brand]} were counted")


async def _check_marks(config: Config, row: Row) -> None:
    """In the order in which the state was written, no high-water mark goes back."""
    marks: dict[tuple[bytes, int, str], int] = {}
    for record in await read_topic(config, Topics(config.topics).changelog.name):
        entry = parsed(record.key)
        state = orjson.loads(record.value or b"{}")
        if entry is not None and entry.kind == "progress":
            told = [(number, *mark[:2]) for number, mark, *_ in state.get("partitions", [])]
        else:
            told = [(number, incarnation, offset) for number, incarnation, offset, _ in state.get("marks", [])]
        for number, incarnation, offset in told:
            place = record.key, number, incarnation
            if offset < marks.get(place, -1):
                row.problems.append(f"the mark of {place} went back from {marks[place]} to {offset}")
            marks[place] = offset
