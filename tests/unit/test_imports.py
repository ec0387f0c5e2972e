"""What runs without Kafka loads no Kafka client, metrics, logs or terminal: asked of a fresh process.

The import rules of ``make lint`` look at what a module names; this looks at what a process really loads.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

SHELLS: Final = {"aiokafka", "aiohttp", "click", "faust", "prometheus_client", "rich", "structlog"}


@pytest.mark.parametrize(
    "module",
    [
        "detectors.registry",
        "streams.config",
        "streams.records",
        "streams.core.incidents.lifecycle",
        "streams.core.ingest.parsing",
        "streams.core.learn.trainer",
        "streams.core.rollup.tally",
        "streams.core.score.scorer",
        "streams.core.sentiment.learner",
        "streams.kafka.topics",
    ],
)
def test_what_needs_no_shell_loads_none(module: str) -> None:
    asked = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True).stdout.split()
    assert module.partition(".")[0] in loaded
    assert not SHELLS.intersection(loaded)
