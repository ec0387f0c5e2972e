"""The config file, followed while a worker runs.

The worker reads `config` between two batches. A file that can't be used, for whatever reason, is logged and counted,
and the last good config stays in use.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

import structlog

from streams.config.changes import check_live, differences
from streams.config.loader import config_of
from streams.config.text_files import read_file
from streams.errors import ConfigError
from streams.runtime import metrics

if TYPE_CHECKING:
    from collections.abc import Callable
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
    check
        Function that raises `ConfigError` for a config that the worker can't apply, beyond what the config itself
        checks.

    Attributes
    ----------
    config
        The config to use from the next batch on.
    refusal
        First problem of the file as it is now and the number of the others; None if the file is in use.
    """

    def __init__(
        self,
        config: Config,
        path: Path | None = None,
        digest: bytes | None = None,
        check: Callable[[Config], object] | None = None,
    ) -> None:
        self.config = config
        self.refusal: str | None = None
        self._path = path
        self._check = check
        self._taken = self._seen = digest
        self._asked = asyncio.Event()
        self._show(successful=True)

    @classmethod
    def load(cls, path: Path, check: Callable[[Config], object] | None = None) -> Self:
        """Read the file.

        Raises
        ------
        ConfigError
            If it can't be used.
        """
        content = read_file(path)
        config = config_of(content, path)
        if check is not None:
            check(config)
        return cls(config, path, _digest(content), check)

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
        content = await asyncio.to_thread(_content, self._path)
        digest = _digest(content)
        settled, self._seen = digest == self._seen, digest
        asked = self._asked.is_set()
        self._asked.clear()
        if asked or (settled and digest != self._taken):
            self._taken = digest
            await self._reload(content, self._path)

    async def _reload(self, content: bytes | ConfigError, path: Path) -> None:
        try:
            new = await asyncio.to_thread(self._load, content, path)
            changes = await asyncio.to_thread(self._changes, new)
        except _Unusable as refusal:
            self._refuse(refusal.outcome, refusal.problems)
            return
        except Exception as error:  # noqa: BLE001  a file must never end a worker, not even by a defect of firewatch
            self._refuse("invalid", [f"{path}: can't be read ({error!r}); please report this"], exc_info=error)
            return
        metrics.CONFIG_RELOADS.labels("success").inc()
        self.refusal = None
        self._show(successful=True)
        if new == self.config:
            log.info("config reloaded without changes", file=str(path), version=new.version)
            return
        self.config = new
        log.info(
            "config reloaded",
            file=str(path),
            version=new.version,
            changes=changes[:SHOWN_CHANGES],
            more=max(0, len(changes) - SHOWN_CHANGES),
        )

    def _load(self, content: bytes | ConfigError, path: Path) -> Config:
        try:
            if isinstance(content, ConfigError):
                raise content
            config = config_of(content, path)
            if self._check is not None:
                self._check(config)
        except ConfigError as error:
            raise _Unusable("invalid", error.problems) from error
        return config

    def _changes(self, new: Config) -> list[str]:
        try:
            check_live(self.config, new)
        except ConfigError as error:
            raise _Unusable("refused", error.problems) from error
        return differences(self.config, new)

    def _refuse(self, outcome: str, problems: list[str], exc_info: Exception | None = None) -> None:
        self.refusal = f"{problems[0]}{f' (and {len(problems) - 1} more)' if len(problems) > 1 else ''}"
        metrics.CONFIG_RELOADS.labels(outcome).inc()
        self._show(successful=False)
        log.error(
            "config not reloaded; the last good one stays in use", outcome=outcome, problems=problems, exc_info=exc_info
        )

    def _show(self, *, successful: bool) -> None:
        metrics.CONFIG_RELOAD_SUCCESSFUL.set(successful)
        if successful:
            metrics.CONFIG_RELOAD_SUCCESS_TIME.set(time.time())


class _Unusable(Exception):
    def __init__(self, outcome: str, problems: list[str]) -> None:
        self.outcome, self.problems = outcome, problems


def _content(path: Path) -> bytes | ConfigError:
    try:
        return read_file(path)
    except ConfigError as error:
        return error


def _digest(content: bytes | ConfigError) -> bytes | None:
    return None if isinstance(content, ConfigError) else hashlib.sha256(content).digest()
