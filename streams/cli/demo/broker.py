"""The Kafka broker of the demo: one that is there already, or one that is started for it and wiped afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streams.cli.deploy_files import deploy_folder, is_checkout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

INSTANCE: Final = "demo"

IN_ONE_PROCESS: Final = "The same pipeline runs in one process, without Kafka:"


@contextmanager
def broker(console: Console) -> Iterator[str | None]:
    """Yield the address of a broker: that of KAFKA_BOOTSTRAP, or of one started for the demo; None without one."""
    if address := os.environ.get("KAFKA_BOOTSTRAP"):
        yield address
        return
    if not _script().exists():
        console.print(f"[bold red]NO KAFKA[/]: {_script()} is missing; set KAFKA_BOOTSTRAP. {IN_ONE_PROCESS}")
        yield None
        return
    console.print("starting Kafka ...")
    try:
        started = subprocess.run(_command("start"), stdout=subprocess.PIPE, text=True, check=False)
        if started.returncode == 0:
            console.print(f"Kafka at {started.stdout.strip()}")
            yield started.stdout.strip()
        else:
            console.print(f"[bold red]NO KAFKA CAN BE STARTED HERE (see above).[/] {IN_ONE_PROCESS}")
            yield None
    finally:
        subprocess.run(_command("wipe"), capture_output=True, check=False)


def _script() -> Path:
    return deploy_folder() / "local" / "kafka.py"


def _command(command: str) -> list[str]:
    """Return the arguments of the script of deploy/local; an installed firewatch keeps Kafka in the user's cache."""
    home = [] if is_checkout() else ["--home", str(_cache() / "firewatch" / "kafka")]
    return [sys.executable, str(_script()), command, "--name", INSTANCE, "--docker", *home]


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
