"""A worker of firewatch as a process of the test."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING, Self

import pytest
import yaml

from streams.workers.supervisor import STOP_SECONDS
from tests.support.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from streams.config import Config


def write_config(config: Config, path: Path) -> Path:
    """Write a config as a user would have it."""
    path.write_text(yaml.safe_dump(config.model_dump(mode="json", exclude_unset=True)), encoding="utf-8")
    return path


class Worker:
    """``firewatch NAME`` as a process, with all it has logged so far."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.process = process
        self.log = ""
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(
        cls,
        name: str,
        config_path: Path,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        module: str = "streams.cli",
        folder: Path | None = None,
    ) -> Self:
        """Start it, or a module that has the same commands; `folder` has the code, if it is not this one's."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, name, *arguments, "--config", str(config_path)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **({} if folder is None else {"PYTHONPATH": str(folder)}), **(environment or {})},
            cwd=folder,
        )
        return cls(name, process)

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.log += line.decode()

    async def wait_for(self, words: str, seconds: float = PATIENCE_SECONDS, *, times: int = 1) -> None:
        """Wait until it has logged some words, a number of times; fail if it ends before."""
        try:
            async with asyncio.timeout(seconds):
                while self.log.count(words) < times:
                    assert self.process.returncode is None, self.log
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pytest.fail(f"no {words!r} within {seconds} s in:\n{self.log}")

    async def end(self, number: int = signal.SIGTERM, seconds: float = STOP_SECONDS) -> int:
        """Send a signal that ends it before `firewatch run` would kill it, and return the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.ended(seconds)

    async def ended(self, seconds: float | None = PATIENCE_SECONDS) -> int:
        """Wait until it has ended, and return the exit code."""
        async with asyncio.timeout(seconds):
            code = await self.process.wait()
        await self._reading
        return code
