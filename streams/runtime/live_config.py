"""The config file, followed while a worker runs.

The worker reads `config` between two batches. A file that can't be used is logged and counted, and the last good config
stays in use.
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
"""Time between two checks of the file. It is loaded when two of them saw the same content, so never half written."""

SHOWN_CHANGES: Final = 50

log = structlog.get_logger()


class LiveConfig:
    """The last good config of a file that may change.

    Contents are compared, not times or inodes: an editor's rename, a rewrite in place, and the symlink that Kubernetes
    swaps for a ConfigMap are all seen.

    Parameters
    ----------
    config
        The config as loaded at the start.
    path
        The file to follow; None for a config that never changes.
    digest
        Digest of the content that `config` was loaded from.

    Attributes
    ----------
    config
        The config to use from the next batch on.
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
        """Have the file loaded at once, as SIGHUP does."""
        self._asked.set()

    async def follow(self) -> None:
        """Check the file repeatedly until cancelled."""
        while self._path is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), POLL_SECONDS)
            await self.look()
        await asyncio.Event().wait()

    async def look(self) -> None:
        """Load the file if its content is new and two checks saw the same, or if `ask` was called."""
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
            log.info("config reloaded without changes", file=str(path), version=old.version)
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
        log.error("config not reloaded; the last good one stays in use", outcome=outcome, problems=error.problems)

    def _show(self, *, successful: bool) -> None:
        metrics.CONFIG_RELOAD_SUCCESSFUL.set(successful)
        if successful:
            metrics.CONFIG_RELOAD_SUCCESS_TIME.set(time.time())


def _digest(path: Path) -> bytes | None:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return None
