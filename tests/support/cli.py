"""The command line as its users run it, each time in a new process."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

import orjson

from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import ANY_PORTS

if TYPE_CHECKING:
    from pathlib import Path

BRANDS = "brands:\n  - {id: nordtel, name: Nordtel, match: {any: [nordtel]}, usual_posts_per_day: 100}\n"

FREE_PORTS: Final = {f"FIREWATCH__METRICS__{name.upper()}": str(port) for name, port in ANY_PORTS.items()}
"""Environment in which each worker serves its metrics on a port that is free, whatever the config says."""


def post_line(number: int, **fields: object) -> bytes:
    """Return a post about the brand of `BRANDS` as a JSON line; `fields` replaces and adds fields."""
    post = {"id": str(number), "created_at": f"2026-03-02T00:{number % 60:02}:00Z", "text": "Nordtel ist langsam"}
    return orjson.dumps(post | fields) + b"\n"


def firewatch(
    *arguments: str | Path, stdin: bytes = b"", patience_seconds: float = PATIENCE_SECONDS, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command and check that it prints no traceback.

    Its environment is `environment`, `FREE_PORTS` and a PATH: a worker of another test or user of this machine may
    serve its metrics on the default ports.
    """
    command = [sys.executable, "-m", "streams.cli", *map(str, arguments)]
    variables = {"PATH": "/usr/bin:/bin", **FREE_PORTS, **environment}
    done = subprocess.run(
        command, input=stdin, capture_output=True, check=False, timeout=patience_seconds, env=variables
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done
