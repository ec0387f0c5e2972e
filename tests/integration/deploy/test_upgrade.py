"""Workers of an earlier commit write state in the middle of an incident, and those of this one resume from it."""

from __future__ import annotations

import asyncio
import subprocess
from collections import Counter
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
import yaml

from streams.config import WEBHOOK_KEY_VARIABLE
from streams.kafka.admin import ensure_topics
from streams.kafka.topics import Topics
from streams.offline.simulate import SimulationSettings, write
from tests.support.broker import lag, read_topic, until
from tests.support.labelling import labels, published, say, uninterrupted
from tests.support.oracle import replayed
from tests.support.paths import ROOT
from tests.support.ports import ANY_PORTS
from tests.support.worker import Worker, write_config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from streams.config import Config
    from tests.support.alertmanager import Receiver

EARLIER: Final = "7201f7a"
"""The last commit with all modules in one folder: other places and names of nearly every class that has a state."""

WORKERS: Final = {"score": (), "detect": (), "train": (), "bridge": ("webhook",)}

DECIDED: Final = (
    "kind", "step", "status", "severity", "label", "suppressed", "brand", "starts_at", "reopened", "earlier_mentions",
    "late_mentions", "ends_at", "at", "sentiment", "duplicate_share", "sources", "languages",
)  # fmt: skip
"""Fields of an alert that are the same whichever of the two commits wrote it. Its ID and fingerprint are made from the
version of the config, which names all keys that a version of firewatch has; words, terms and what is said of authors
have changed since."""

COUNTED: Final = ("start", "end", "mentions", "reposts", "engagement")
SCORED: Final = ("kind", "score", "observed", "expected", "lower", "upper", "unit", "suppressed")

CHANGED_IN_WINDOWS: Final = frozenset({"config_version", "authors", "authors_estimated"})
"""Of windows: the earlier commit estimated authors from 64 on."""

BREAK_SECONDS: Final = 120
"""More than passes between the two halves of the posts: a longer break would count as the end of the archive."""


ANY_PORTS_BEFORE: Final = {name: port for name, port in ANY_PORTS.items() if name != "sources_port"}
"""Ports of the workers that the earlier commit has."""


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree of the earlier commit."""
    folder = tmp_path_factory.mktemp("earlier")
    git = ["git", "-C", str(ROOT), "archive", "--format=tar", EARLIER, "streams", "detectors"]
    try:
        archive = subprocess.run(git, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no git history with commit {EARLIER}: {error}")
    subprocess.run(["tar", "--extract", "--directory", str(folder)], input=archive, check=True)
    return folder


class Workers:
    """All workers of a tree as processes."""

    def __init__(self, workers: dict[str, Worker]) -> None:
        self._workers = workers

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait for something that they do; fail if one of them ends."""

        async def alive_and_done() -> bool:
            assert [name for name, worker in self._workers.items() if worker.process.returncode is not None] == []
            return await condition()

        await until(alive_and_done)

    async def end(self) -> None:
        assert set(await asyncio.gather(*[worker.end() for worker in self._workers.values()])) == {0}

    async def kill(self) -> None:
        for name, worker in self._workers.items():
            if worker.process.returncode is None:
                worker.process.kill()
                await worker.ended()
            print(name, worker.log, sep="\n")


@asynccontextmanager
async def working(config: Config, config_path: Path, tree: Path) -> AsyncIterator[Workers]:
    """The workers of a tree; they end by SIGTERM when they have committed all that they read."""
    topics = Topics(config.topics)
    reads = {"score": topics.posts.name, "train": topics.labels.name, "bridge-webhook": topics.alerts.name}
    workers = Workers(
        {name: await Worker.start(name, config_path, more, folder=tree) for name, more in WORKERS.items()}
    )
    try:
        yield workers

        async def caught_up() -> bool:
            return not sum([await lag(config, group, topic) for group, topic in reads.items()])

        await workers.until(caught_up)
        await workers.end()
    finally:
        await workers.kill()


async def ingest(tree: Path, config_path: Path, posts: Path) -> None:
    """Send what a file has gained since the last call."""
    arguments = [str(posts), "--cursor", str(posts.with_suffix(".cursor"))]
    if (tree / "streams" / "sources" / "ordered_file.py").exists():  # before it, no posts were sorted
        arguments.append("--keep-order")
    worker = await Worker.start("ingest", config_path, arguments, folder=tree)
    assert await worker.ended() == 0, worker.log


def at(alert: bytes) -> datetime:
    return datetime.fromisoformat(orjson.loads(alert)["at"])


def written_at(line: bytes) -> datetime:
    return datetime.fromisoformat(orjson.loads(line)["created_at"])


def with_later_posts(lines: list[bytes]) -> list[bytes]:
    """Add posts about nothing four hours later: enough that event time passes without the end of the archive."""
    later = (written_at(lines[-1]) + timedelta(hours=4)).isoformat()
    return lines + [
        orjson.dumps({"id": f"later{number}", "created_at": later, "source": "forum", "text": "nichts"})
        for number in range(500)
    ]


def with_late_posts(lines: list[bytes], place: int) -> list[bytes]:
    """Add copies of the first posts at a place: whoever has forgotten the event time there takes them for new ones."""
    late = [orjson.dumps(orjson.loads(line) | {"id": f"late{number}"}) for number, line in enumerate(lines[:40])]
    return [*lines[:place], *late, *lines[place:]]


AlertKey = tuple[str, str, str]
WindowKey = tuple[str, int]


def alert_key(alert: bytes) -> AlertKey:
    tree = orjson.loads(alert)
    return tree["brand"], tree["kind"], tree["at"]


def decided(record: bytes) -> dict[str, Any]:
    """Return what an alert says whichever commit wrote it: the step, and the counts and scores that led to it."""
    tree = orjson.loads(record)
    return {name: tree[name] for name in DECIDED} | {
        "window": {name: tree["window"][name] for name in COUNTED},
        "detectors": {
            detector: {name: score[name] for name in SCORED} for detector, score in tree["detectors"].items()
        },
    }


def counted(record: bytes) -> dict[str, Any]:
    """Return what a window says whichever commit wrote it."""
    return {name: value for name, value in orjson.loads(record).items() if name not in CHANGED_IN_WINDOWS}


class Expected:
    """The alerts and windows of a replay of all posts, by what identifies them; `due` are those up to a moment."""

    def __init__(self, config: Config, posts: Path, end: datetime) -> None:
        outcome, _ = replayed(config, posts)
        self.alerts = {alert_key(alert): decided(alert) for alert in outcome.alerts.values()}
        self.windows = {key: counted(window.to_bytes()) for key, window in outcome.windows.items()}
        self.due_alerts = {alert_key(alert) for alert in outcome.alerts.values() if at(alert) <= end}
        self.due_windows = {key for key in self.windows if key[1] < end.timestamp() * 1000}


async def alerts_of(config: Config) -> dict[AlertKey, bytes]:
    """Return the alerts, each of which must be there once."""
    records = await read_topic(config, Topics(config.topics).alerts.name)
    alerts = {alert_key(record.value): record.value for record in records}
    assert len(alerts) == len(records), "an alert is there twice"
    return alerts


async def windows_of(config: Config) -> dict[WindowKey, bytes]:
    """Return the windows by brand and beginning, each of which must be there once."""
    records = await read_topic(config, Topics(config.topics).windows.name)
    windows = {}
    for record in records:
        window = orjson.loads(record.value)
        windows[window["brand"], window["start_ms"]] = record.value
    assert len(windows) == len(records), "a window is there twice"
    return windows


async def test_what_earlier_workers_have_written_is_resumed(
    earlier: Path,
    kafka_config: Callable[..., Config],
    receiver: Receiver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(WEBHOOK_KEY_VARIABLE, "whsec_" + "c2VjcmV0" * 4)
    whole, posts, brands = tmp_path / "whole.jsonl", tmp_path / "posts.jsonl", tmp_path / "brands.yaml"
    truth = write(SimulationSettings(brands=3, scenario="firestorm"), whole, tmp_path / "truth.json", brands)
    (event,) = truth["events"]
    simulated = sorted(whole.read_bytes().splitlines(), key=written_at)  # the earlier commit judges lateness otherwise
    middle = datetime.fromisoformat(event["peak"]) + timedelta(hours=1)
    half = next(number for number, line in enumerate(simulated) if written_at(line) >= middle)
    lines = with_later_posts(with_late_posts(simulated, half))
    whole.write_bytes(b"\n".join(lines) + b"\n")
    learn = {"publish_labels": 30, "publish_seconds": 1, "min_judges": 5, "max_loss": 1, "keep_versions": 20}
    config = kafka_config(
        **yaml.safe_load(brands.read_text(encoding="utf-8")),
        topics={"partitions": 2},
        windows={"end_of_stream_seconds": BREAK_SECONDS},
        sentiment={"pin": 0, "learn": learn},  # scorers keep the weights that the replay has
        bridge={"webhook": {"url": receiver.url}},
        metrics=ANY_PORTS_BEFORE,
    )
    config_path = write_config(config, tmp_path / "config.yaml")
    topics = Topics(config.topics)
    await ensure_topics(config, create=True)
    expected = Expected(config, whole, end=written_at(simulated[-1]))
    said = labels(60)
    contrary = [label.model_copy(update={"label": "neutral"}) for label in said[:20] if label.label != "neutral"]
    fresh = labels(40, seed=2, first=1_000)

    posts.write_bytes(b"\n".join(lines[:half]) + b"\n")
    async with working(config, config_path, earlier) as workers:
        await ingest(earlier, config_path, posts)
        await say(config, said)

        async def raised() -> bool:
            return bool(await alerts_of(config))

        await workers.until(raised)
    before = await published(config)
    steps = [orjson.loads(alert) for alert in (await alerts_of(config)).values()]
    assert {step["brand"] for step in steps} == {event["brand"]}
    assert "resolve" not in {step["kind"] for step in steps}, "no incident is open any more"
    assert before

    with posts.open("ab") as file:
        file.write(b"\n".join(lines[half:]) + b"\n")
    async with working(config, config_path, ROOT) as workers:
        await ingest(ROOT, config_path, posts)
        await say(config, [*said[20:40], *contrary, *fresh])

        async def all_there() -> bool:
            alerts, windows = await alerts_of(config), await windows_of(config)
            return alerts.keys() >= expected.due_alerts and windows.keys() >= expected.due_windows

        await workers.until(all_there)

    alerts, windows = await alerts_of(config), await windows_of(config)
    assert expected.alerts | {key: decided(alert) for key, alert in alerts.items()} == expected.alerts
    assert expected.windows | {key: counted(window) for key, window in windows.items()} == expected.windows
    after = await published(config)
    assert min(after.keys() - before.keys()) == max(before) + 1
    assert after[max(before) + 1].header.parent == max(before)
    assert after[max(after)].header.labels == await uninterrupted(config, [*said, *fresh])
    reasons = Counter(dict(record.headers)["reason"] for record in await read_topic(config, topics.dlq.name))
    assert reasons == {b"contradiction": len(contrary)}
    notified = Counter(headers["webhook-id"] for headers, _ in receiver.requests)
    assert set(notified.values()) == {1}
    sent = [orjson.loads(alert) for key, alert in alerts.items() if key in expected.due_alerts]
    assert notified.keys() >= {alert["id"] for alert in sent if not alert["suppressed"]}
