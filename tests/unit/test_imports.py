"""What runs without Kafka loads no Kafka client, metrics, logs or terminal: asked of a fresh process.

The import rules of ``make lint`` look at what a module names; this looks at what a process really loads.
"""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib import import_module
from typing import Final

import pytest

SHELLS: Final = {"aiokafka", "aiohttp", "click", "faust", "prometheus_client", "rich", "structlog"}
"""What a shell needs: Kafka, HTTP, the command line, metrics, logs and the terminal."""


def loaded_by(*modules: str) -> set[str]:
    """Return the names in `sys.modules` of a fresh process after an import; of other projects only the packages."""
    asked = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    names = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True).stdout.split()
    assert set(modules) <= set(names)
    return {name if name.startswith("streams.") else name.partition(".")[0] for name in names}


def modules_in(package: str) -> list[str]:
    path = import_module(package).__path__
    return [package, *(module.name for module in pkgutil.walk_packages(path, f"{package}."))]


@pytest.mark.parametrize("package", ["detectors", "streams.config", "streams.records", "streams.core"])
def test_the_core_and_what_it_stands_on_load_no_shell(package: str) -> None:
    loaded = loaded_by(*modules_in(package))
    assert not SHELLS & loaded
    assert not [name for name in loaded if name.startswith(("streams.runtime", "streams.kafka", "streams.workers"))]


def test_detection_loads_the_sketch_of_authors_only_once_there_are_thousands() -> None:
    """datasketch loads numpy and scipy: half a second and 75 MB."""
    assert not {"datasketch", "numpy", "scipy"} & loaded_by("streams.core.detect.partition")


@pytest.mark.parametrize(
    "module",
    [
        "streams.contract.asyncapi",
        "streams.kafka.topics",
        "streams.offline.backtest",
        "streams.offline.incident_matching",
        "streams.offline.replay",
        "streams.offline.series",
        "streams.offline.simulate",
        "streams.offline.tuning",
        "streams.sources.registry",
    ],
)
def test_what_needs_no_kafka_loads_no_shell(module: str) -> None:
    assert not SHELLS & loaded_by(module)
