"""The config file followed while a worker runs.

The worker asks for `config` between two batches. What can't be used is logged and counted, and the last good config
stays.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

import structlog

from streams.config.changes import check_live, differences
from streams.config.loader import load_config
from streams.errors import ConfigError
from streams.runtime import metrics

if TYPE_CHECKING:
    from pathlib import Path

    from streams.config import Config

POLL_SECONDS: Final = 2.0
"""Time between two looks at the file. It is read when two of them saw the same, so never half written."""

SHOWN_CHANGES: Final = 50

log = structlog.get_logger()


class LiveConfig:
    """The last good config.

    Contents are compared, not times or inodes: an editor's rename, a rewrite in place, and the symlink that Kubernetes
    swaps for a ConfigMap are all seen.

    Parameters
    ----------
    config
        To begin with.
    path
        The file to follow; None for a config that never changes.

    Attributes
    ----------
    config
        To be used from the next batch on.
    """

    def __init__(self, config: Config, path: Path | None = None, digest: bytes | None = None) -> None:
        self.config = config
        self._path = path
        self._taken = self._seen = digest
        self._asked = asyncio.Event()
        self._show(successful=True)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file.

        Raises
        ------
        ConfigError
            If it can't be used.
        """
        digest = _digest(path)
        return cls(load_config(path), path, digest)

    def ask(self) -> None:
        """Have the file read at once, as SIGHUP does."""
        self._asked.set()

    async def follow(self) -> None:
        """Look at the file again and again until cancelled."""
        while self._path is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), POLL_SECONDS)
            await self.look()
        await asyncio.Event().wait()

    async def look(self) -> None:
        """Take over what the file holds, if it is new and two looks saw it, or if that was asked for."""
        if self._path is None:
            return
        digest = await asyncio.to_thread(_digest, self._path)
        settled, self._seen = digest == self._seen, digest
        asked = self._asked.is_set()
        self._asked.clear()
        if asked or (settled and digest != self._taken):
            self._taken = digest
            await self._reload(self._path)

    async def _reload(self, path: Path) -> None:
        old = self.config
        try:
            new = await asyncio.to_thread(load_config, path)
        except ConfigError as error:
            self._refuse("invalid", error)
            return
        try:
            await asyncio.to_thread(check_live, old, new)
        except ConfigError as error:
            self._refuse("refused", error)
            return
        metrics.CONFIG_RELOADS.labels("success").inc()
        self._show(successful=True)
        if new == old:
            log.info("config read again, nothing differs", file=str(path), version=old.version)
            return
        self.config = new
        changes = await asyncio.to_thread(differences, old, new)
        log.info(
            "config reloaded",
            file=str(path),
            version=new.version,
            changes=changes[:SHOWN_CHANGES],
            more=max(0, len(changes) - SHOWN_CHANGES),
        )

    def _refuse(self, outcome: str, error: ConfigError) -> None:
        metrics.CONFIG_RELOADS.labels(outcome).inc()
        self._show(successful=False)
        log.error("config not reloaded, the last good one stays", outcome=outcome, problems=error.problems)

    def _show(self, *, successful: bool) -> None:
        metrics.CONFIG_RELOAD_SUCCESSFUL.set(successful)
        if successful:
            metrics.CONFIG_RELOAD_SUCCESS_TIME.set(time.time())


def _digest(path: Path) -> bytes | None:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return None
