"""State that an earlier version wrote is gone on from after an upgrade.

`testdata/state` holds, for each version of a brand's state that can be read, what a firewatch of that version wrote in
the middle of the storm of `stream`. When a version is raised, ``python -m`` with the name of this module adds its
file; the others stay as they are.
"""

from __future__ import annotations

import random
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from streams.config import Config
from streams.core.detect import state_versions
from streams.core.detect.brand import STATE_VERSION
from streams.core.detect.partition import PROGRESS_STATE_VERSION, PartitionMonitor
from streams.errors import OutdatedState, UnknownVersion
from streams.records import Alert, Envelope, Mention, Progress, Window
from tests.support.paths import TESTDATA

if TYPE_CHECKING:
    from pathlib import Path

STATES = TESTDATA / "state"
FILES = sorted(STATES.glob("brand-v*.json"))
START = 1_760_000_400_000 - 1_760_000_400_000 % 86_400_000
MINUTE = 60_000
MINUTES = 480
STORM = range(300, 360)
STOPPED_AFTER = 330
PARTITIONS = 2


def config() -> Config:
    brands = [
        {"id": id, "name": id.title(), "match": {"any": [id]}, "usual_posts_per_day": 2_880}
        for id in ("nordtel", "suedmilch")
    ]
    return Config.model_validate({"brands": brands, "topics": {"partitions": PARTITIONS}})


def stream() -> list[list[Envelope | Progress]]:
    """Eight hours of mentions of two brands, a list for each minute; in the sixth hour a storm about one of them."""
    chance = random.Random(1)
    minutes: list[list[Envelope | Progress]] = []
    offsets = [0] * PARTITIONS
    for minute in range(MINUTES):
        now = START + minute * MINUTE
        records: list[Envelope | Progress] = []
        for partition in range(PARTITIONS):
            for brand in ("nordtel", "suedmilch"):
                storm = brand == "nordtel" and minute in STORM
                mentions = []
                for _ in range(chance.randrange(10, 20) if storm else chance.randrange(3)):
                    behind = chance.randrange(400_000) if chance.random() < 0.03 else chance.randrange(5_000)
                    words = ["netz", "ausfall"] if storm else [chance.choice("abcdef") * 4]
                    offset = offsets[partition]
                    mentions.append(
                        Mention(
                            offset, now + MINUTE - 1 - behind, behind, 8_000 if storm else 1_500, 1_000,
                            chance.randrange(1, 400), chance.randrange(1 << 47), 0, 1, "de",
                            chance.choice(["forum", "news"]), f"{partition}-{offset}", words,
                        )
                    )  # fmt: skip
                    offsets[partition] += 1
                if mentions:
                    records.append(Envelope(brand, partition, "topic-1", "m1", now, mentions))
            active = [("forum", [now - now % 300_000]), ("news", [now - now % 300_000])]
            pulse = [(now // MINUTE, [3] * 16)]
            records.append(
                Progress(
                    partition, "topic-1", offsets[partition] - 1, now + MINUTE - 1, now, -1,
                    live=False, active=active, pulse=pulse,
                )
            )  # fmt: skip
        minutes.append(records)
    return minutes


def feed(monitor: PartitionMonitor, minutes: list[list[Envelope | Progress]]) -> tuple[list[Alert], list[Window]]:
    alerts, windows = [], []
    for records in minutes:
        for record in records:
            monitor.absorb(record)
        outcome = monitor.advance()
        alerts += outcome.alerts
        windows += outcome.windows
    return alerts, windows


def counts(windows: list[Window]) -> list[tuple[Any, ...]]:
    parts = ("brand", "start_ms", "count", "late", "negative", "positive", "authors", "reposts", "engagement")
    return sorted(tuple(getattr(window, part) for part in parts) for window in windows)


def main() -> None:
    monitor = PartitionMonitor(config(), 0)
    feed(monitor, stream()[:STOPPED_AFTER])
    state = {b64encode(key).decode(): b64encode(value).decode() for key, value in monitor.dirty()}
    (STATES / f"brand-v{STATE_VERSION}.json").write_bytes(orjson.dumps(state, option=orjson.OPT_INDENT_2) + b"\n")


def test_every_version_that_can_be_read_is_tried() -> None:
    assert [file.stem for file in FILES] == [
        f"brand-v{version}" for version in [*sorted(state_versions.BRAND), STATE_VERSION]
    ]


@pytest.mark.parametrize(
    ("table", "version"), [(state_versions.BRAND, STATE_VERSION), (state_versions.PROGRESS, PROGRESS_STATE_VERSION)]
)
def test_no_step_is_missing(table: state_versions.Upgrades, version: int) -> None:
    assert sorted(table) == list(range(min(table, default=version), version))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_older_state_is_gone_on_from(file: Path) -> None:
    minutes = stream()
    through = PartitionMonitor(config(), 0)
    feed(through, minutes[:STOPPED_AFTER])
    _, expected = feed(through, minutes[STOPPED_AFTER:])

    monitor = PartitionMonitor(config(), 0)
    for key, value in orjson.loads(file.read_bytes()).items():
        monitor.restore(b64decode(key), b64decode(value))
    incident = monitor.incidents()["nordtel"]
    repeated = minutes[STOPPED_AFTER - 20 :]
    alerts, windows = feed(monitor, repeated)
    assert counts(windows) == counts(expected)
    assert ("resolve", incident.fingerprint) in [(alert.kind, alert.fingerprint) for alert in alerts]


def test_steps_follow_one_another() -> None:
    table: state_versions.Upgrades = {
        3: lambda state: {**state, "path": [*state["path"], 3]},
        4: lambda state: {**state, "path": [*state["path"], 4]},
    }
    assert state_versions.upgraded({"v": 3, "path": []}, "it", 5, table) == {"v": 5, "path": [3, 4]}
    assert state_versions.upgraded({"v": 5, "path": []}, "it", 5, table) == {"v": 5, "path": []}
    with pytest.raises(OutdatedState, match="it has version 2, this firewatch reads none before 3"):
        state_versions.upgraded({"v": 2}, "it", 5, table)
    for version in (6, 0, -1, True, "3", None, 3.0):
        with pytest.raises(UnknownVersion, match="upgrade before you continue"):
            state_versions.upgraded({"v": version}, "it", 5, table)


if __name__ == "__main__":
    main()
