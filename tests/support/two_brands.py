"""Ten hours of posts about two brands with a storm about one of them, a config for them and a model of one word."""

from __future__ import annotations

import random
from typing import Any

from streams.config import Config
from streams.core.score.partitioning import partition_of
from streams.records import (
    Post,
)

PARTITIONS = 3
HOUR = 3_600_000
START = 1_760_000_400_000 - 1_760_000_400_000 % (24 * HOUR)


class WordModel:
    """Negative is what says so."""

    version = "words-1"

    def predict(self, text: str, _lang: str) -> tuple[float, float, float]:
        return (0.9, 0.05, 0.05) if "schlecht" in text else (0.1, 0.6, 0.3)


def config(**sections: Any) -> Config:
    brands = [
        {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}, "usual_posts_per_day": 1440},
        {"id": "suedmilch", "name": "Südmilch", "match": {"any": ["südmilch"]}, "usual_posts_per_day": 1440},
    ]
    return Config.model_validate({"brands": brands, "topics": {"partitions": PARTITIONS}} | sections)


def story(seed: int) -> list[Post]:
    """Ten hours of calm talk about two brands; in the seventh a storm about one of them. Some posts are late, some
    twice."""
    chance = random.Random(seed)
    posts: list[Post] = []
    for minute in range(600):
        storm = 400 <= minute < 460
        for brand, count in (("Nordtel", 12 if storm else 1), ("Südmilch", 1)):
            for _ in range(count):
                number = len(posts)
                ts_ms = START + minute * 60_000 + chance.randrange(60_000)
                text = (
                    f"{brand} ist {'schlecht' if storm and brand == 'Nordtel' else 'so so'} {chance.choice('abcdefgh')}"
                )
                posts.append(
                    Post(str(number), chance.choice(["forum", "news"]), ts_ms, text, author=f"a{chance.randrange(90)}")
                )
    arrivals = [(post.ts_ms + (chance.randrange(1_200_000) if chance.random() < 0.02 else 0), post) for post in posts]
    arrivals += [(at + 60_000, post) for at, post in arrivals if chance.random() < 0.02]
    return [post for _, post in sorted(arrivals, key=lambda arrival: arrival[0])]


def partitioned(posts: list[Post]) -> dict[int, list[tuple[int, int, bytes]]]:
    records: dict[int, list[tuple[int, int, bytes]]] = {partition: [] for partition in range(PARTITIONS)}
    for post in posts:
        mine = records[partition_of(post.key, PARTITIONS)]
        mine.append((len(mine), START + 100 * HOUR, post.to_bytes()))
    return records
