"""A storm about one of two brands, as records of `social.mentions`, and what a monitor makes of it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from streams.config import Config
from streams.records import Alert, Envelope, Mention, Progress, Window

if TYPE_CHECKING:
    from streams.core.detect.partition import PartitionMonitor

START = 1_760_000_400_000 - 1_760_000_400_000 % 86_400_000
MINUTE = 60_000
MINUTES = 480
STORM = range(300, 360)
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
