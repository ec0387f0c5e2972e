"""Ten hours with a storm about one brand as files of a backtest: posts, configs, labels and cases."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from click.testing import CliRunner, Result

from detectors.units import HOUR_MS, MINUTE_MS
from streams.cli import cli
from streams.offline.incident_matching import RaisedIncident, Rise
from tests.support.two_brands import START, story

if TYPE_CHECKING:
    from pathlib import Path


STORM_MS = START + 400 * MINUTE_MS

CONFIG = """\
brands:
  - {id: nordtel, name: Nordtel, match: {any: [nordtel]}, usual_posts_per_day: 1440}
  - {id: suedmilch, name: Südmilch, match: {any: [südmilch]}, usual_posts_per_day: 1440}
topics: {partitions: 2}
"""


class Row(NamedTuple):
    """The fields of a record of Kafka that are read."""

    partition: int
    offset: int
    timestamp: int
    value: bytes


def iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def write_files(made: Path) -> None:
    """Write posts with a storm about one brand, configs that see it and that do not, and labels."""
    lines = [
        {"id": each.id, "source": each.source, "author": each.author, "created_at": iso(each.ts_ms), "text": each.text}
        for each in sorted(story(1), key=lambda post: post.ts_ms)
    ]
    (made / "posts.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    (made / "now.yaml").write_text(CONFIG)
    (made / "off.yaml").write_text(CONFIG + "default_detectors: false\ndetectors: [{name: volume, direction: down}]\n")
    storm = (
        f"{{brand: nordtel, from: '{iso(STORM_MS)}', to: '{iso(STORM_MS + HOUR_MS)}', severity: watch, name: storm}}"
    )
    (made / "labels.yaml").write_text(f"incidents:\n  - {storm}\n")
    (made / "cases.yaml").write_text(
        "config: now.yaml\ncases:\n"
        f"  - {{name: the storm, posts: posts.jsonl, severity: watch, expect: [{storm}], quiet: [suedmilch]}}\n"
        "  - {name: silence, posts: posts.jsonl, severity: watch, quiet: [nordtel]}\n"
    )


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [each.replace("@", f"{folder}/") for each in arguments])


def incident(brand: str, *rises: tuple[int, str]) -> RaisedIncident:
    return RaisedIncident(brand, f"{brand}{rises}", [Rise(at, level) for at, level in rises])  # type: ignore[arg-type]
