"""A detector raises in the middle of a day: the worker dies of it a few times, then the brand goes on without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.request import urlopen

import orjson

from streams.config import IngestSettings
from streams.core.ingest.parsing import Normaliser
from streams.errors import DetectorFailed
from tests.support import brittle

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    import pytest

    from tests.faults.conftest import Recorder
    from tests.faults.load import Load
    from tests.faults.trial import Trial
    from tests.support.worker import Worker

AFTER: Final = 3
LOAD_SECONDS: Final = 20.0
DETECTORS: Final = [{"name": name, "kind": kind} for name, kind in (("volume", "volume"), ("tone", "sentiment_shift"))]


def noon_ms(load: Load) -> int:
    """Event time in the middle of the load."""
    first = Normaliser(IngestSettings(), "file").post(load.posts.read_bytes().splitlines()[0], 2**53)
    return first.ts_ms + round(load.span_seconds * 500)


def events(log: str) -> list[dict[str, Any]]:
    """Lines of a log that are events."""
    return [orjson.loads(line) for line in log.splitlines() if line.startswith("{")]


def out_of_use(worker: Worker) -> list[str]:
    """What the worker's metrics say is in quarantine."""
    (url,) = (event["metrics"] for event in events(worker.log) if event["event"] == "starting")
    with urlopen(url) as response:  # noqa: S310  its own, on loopback
        lines = response.read().decode().splitlines()
    return [line for line in lines if line.startswith("firewatch_brand_quarantined{")]


async def test_a_detector_that_raises_is_put_out_of_use(
    trial: Callable[..., AbstractAsyncContextManager[Trial]],
    record: Recorder,
    load: Load,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    brittle.make_known(monkeypatch)
    hurt = load.brands[0]["id"]
    brands = [
        {name: value for name, value in brand.items() if name != "usual_posts_per_day"}
        | ({"usual_posts_per_day": 2_000} if brand["id"] == hurt else {})
        for brand in load.brands
    ]
    glass = {"name": "glass", "kind": "brittle", "from_ms": noon_ms(load)}
    config = {"brands": brands, "detectors": [*DETECTORS, glass], "detect": {"quarantine_after": AFTER}}
    async with trial(config=config, module="tests.support.brittle", seconds=LOAD_SECONDS) as stage:
        await stage.finish()
        wanted = f"detect ended with {DetectorFailed.exit_code}:"
        deaths = [death for death in stage.fleet.deaths if death.startswith(wanted)]
        stage.fleet.deaths[:] = [death for death in stage.fleet.deaths if not death.startswith(wanted)]
        shown = [line for member in stage.fleet.named("detect") if member.worker for line in out_of_use(member.worker)]
        running = [member.worker.log for member in stage.fleet.named("detect") if member.worker]
        told = [event for log in running for event in events(log) if event["event"] == "detector quarantined"]
        row = await stage.verdict(f"a detector raises ({AFTER} times the same: quarantine)", AFTER)
    if len(deaths) != AFTER:
        row.problems.append(f"{len(deaths)} workers ended with {DetectorFailed.exit_code}: {deaths}")
    if shown != [f'firewatch_brand_quarantined{{brand="{hurt}",detector="glass"}} 1.0']:
        row.problems.append(f"the metric shows {shown}")
    if [(event["brand"], event["detector"], event["level"]) for event in told] != [(hurt, "glass", "error")]:
        row.problems.append(f"the log says {told}")
    if not any("glass" in window.scores for window in stage.oracle.windows.values() if window.brand == hurt):
        row.problems.append("the detector was never in use")
    record(row)
