"""From a websocket to an alert: posts come from local Jetstream servers through Kafka and the workers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import yaml

from tests.support.cli import firewatch
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import reserved_port

if TYPE_CHECKING:
    from pathlib import Path

START_MS = 1_772_409_600_000
MINUTES = 360
STORM_FROM = 300


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    """Six hours of posts of two sources, of which the last has a storm around one brand, and their config."""
    lines = []
    for minute in range(MINUTES):
        in_storm = minute >= STORM_FROM
        for number in range(20 if in_storm else 1):
            text = "Nordtel ist eine Frechheit, nie wieder!" if in_storm else "Nordtel ist heute ganz ok"
            lines.append(
                {
                    "id": f"{minute}-{number}",
                    "created_at": START_MS + minute * 60_000 + number * 2_000,
                    "text": f"{text} #{minute} {number}",
                    "author": f"author-{minute}-{number}",
                    "source": ("microblog", "Forum.de")[number % 2] if in_storm else "microblog",
                    "lang": "de",
                }
            )
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    brand = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}, "usual_posts_per_day": 1440}
    (tmp_path / "brands.yaml").write_text(yaml.safe_dump({"brands": [brand]}))
    return path


def test_every_post_of_a_wire_is_counted_once_and_a_storm_raises_an_alert(
    kafka: str, posts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    config = posts.with_name("brands.yaml")
    ports: dict[str, Any] = {
        f"FIREWATCH__METRICS__{worker}_PORT": str(reserved_port()) for worker in ("SOURCES", "SCORE", "DETECT")
    }
    done = firewatch(
        "demo", "--wire", "--posts", posts, "--config", config, "--seconds", "10", "--out", out,
        patience_seconds=5 * PATIENCE_SECONDS, KAFKA_BOOTSTRAP=kafka, **ports,
    )  # fmt: skip
    printed = done.stdout.decode()
    assert done.returncode == 0, printed + done.stderr.decode()
    count = len(posts.read_bytes().splitlines())
    assert "posts come from 2 local Jetstream servers, by websocket" in printed
    assert re.search(rf"posts {count:,}  mentions matched {count:,}  counted {count:,}  alerts [1-9]", printed), printed
    alerts = [orjson.loads(line) for line in (out / "latest" / "alerts.jsonl").read_bytes().splitlines()]
    assert alerts[0]["brand"] == "nordtel"
    samples = [sample for alert in alerts for sample in alert["samples"]]
    assert samples
    assert {sample["source"] for sample in samples} <= {"microblog", "forum-de"}
