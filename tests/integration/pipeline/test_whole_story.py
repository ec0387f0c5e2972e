"""A simulated firestorm from its first posts to the end of its incident, by the commands that people use."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import orjson
import yaml

from streams.offline.simulate import SimulationSettings, write
from tests.support.broker import until
from tests.support.story import firewatch, ports_of_workers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.alertmanager import Alertmanager, Receiver

SPEED: Final = 4_000
"""Times real time: the day takes 22 s, the firestorm two."""


async def run_to_end(*arguments: str) -> bytes:
    """What a command prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streams.cli", *arguments, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed


def told(pager: Receiver, brand: str) -> list[tuple[str, str, str]]:
    """Status, severity and incident of each page about a brand."""
    alerts: list[dict[str, Any]] = [each for _, body in pager.requests for each in orjson.loads(body)["alerts"]]
    return [
        (each["status"], each["labels"]["severity"], each["labels"]["fingerprint"])
        for each in alerts
        if each["labels"]["brand"] == brand
    ]


async def test_a_firestorm_pages_is_acknowledged_and_is_over(
    kafka: str, tmp_path: Path, alertmanager: Alertmanager, receiver: Receiver
) -> None:
    config_path, posts = tmp_path / "brands.yaml", tmp_path / "posts.jsonl"
    truth = write(SimulationSettings(brands=3, scenario="firestorm"), posts, tmp_path / "truth.json", config_path)
    (event,) = truth["events"]
    tree = yaml.safe_load(config_path.read_text(encoding="utf-8")) | {
        "kafka": {"bootstrap_servers": kafka},
        "topics": {"prefix": f"story{os.getpid()}.", "partitions": 2},
        "metrics": {f"{name}_port": port for name, port in ports_of_workers().items()},
        "windows": {"end_of_stream_seconds": 10},
        "bridge": {"alertmanager": {"urls": [alertmanager.url], "resend_seconds": 1}},
    }
    config_path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    config, log = ("-c", str(config_path)), tmp_path / "workers.log"

    async def paged() -> bool:
        return any(page[:2] == ("firing", "critical") for page in told(receiver, event["brand"]))

    async def over() -> bool:
        return any(page[:2] == ("resolved", "critical") for page in told(receiver, event["brand"]))

    try:
        await run_to_end("topics", *config)
        with (
            firewatch(log, "run", *config),
            firewatch(log, "bridge", "alertmanager", *config),
            firewatch(log, "ingest", str(posts), *config, "--speed", str(SPEED)),
        ):
            await until(paged)
            ((incident,),) = {page[2:] for page in told(receiver, event["brand"])}
            await run_to_end("alerts", "ack", incident, *config, "--by", "anna", "--note", "on it")
            await until(over)
            assert {page[2] for page in told(receiver, event["brand"])} == {incident}
            assert await alertmanager.active() == {}
            tail = (await run_to_end("alerts", "tail", *config, "--no-follow", "--brand", event["brand"])).decode()
            status = orjson.loads(await run_to_end("status", *config, "--json"))
    except (AssertionError, TimeoutError) as error:
        error.add_note(log.read_text(encoding="utf-8")[-3000:])
        raise
    assert "anna acknowledged" in tail
    assert "“on it”" in tail
    assert "Over after" in tail
    assert any(tag.lower() in tail.lower() for tag in event["hashtags"])
    (latest,) = (each for each in status["latest"] if each["fingerprint"] == incident)
    assert (latest["status"], latest["verdict"], latest["by"]) == ("resolved", "ack", "anna")
    assert (status["firing"], status["problems"]) == ([], [])
