"""A live source that does what a file says, for tests of the worker; it takes the place of the kind `files`.

Each line of the script, `paths[0]` of its settings, is a post as `streams.core.ingest.parsing` documents it, or one of
these steps:

==================================  ============================================================================
line                                what happens
==================================  ============================================================================
``{"deleted": "7"}``                post 7 is deleted
``{"author_deleted": "anna"}``      all posts of an author are deleted
``{"skipped": "repost"}``           a record is skipped
``{"bad": "broken_json"}``          a record is a defect
``{"gap": [from_ms, to_ms]}``       a gap
``{"unavailable": "why"}``          the connection fails, once in each process
``{"refused": "why"}``              access is denied, each time
``{"bug": "why"}``                  an unexpected exception, once in each process
``{"stalls": true}``                nothing comes any more, not even an empty batch, once in each process
``{"waits": seconds}``              empty batches for so long
==================================  ============================================================================

The position is the number of lines that are done. After the last line, more lines may be appended.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from streams.errors import RecordError, SourceRefused, SourceUnavailable
from streams.records import Gap
from streams.sources.live.base import AuthorDeleted, Bad, Batch, Deleted, Found, Item, LiveSource, Skipped

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from streams.config.sources.files import FilesSourceSettings
    from streams.sources.live.base import Position, Surroundings

IDLE_SECONDS: Final = 0.05

_done: set[tuple[str, int]] = set()
"""Steps that happen once in each process, by source and line."""


def posts(count: int, first: int = 0, **fields: Any) -> list[dict[str, Any]]:
    """Return posts that name a brand, with consecutive ids."""
    return [
        {"id": number, "created_at": "2026-06-01T12:00:00Z", "text": f"Nordtel Nummer {number}"} | fields
        for number in range(first, first + count)
    ]


def write_script(path: Path, lines: Sequence[dict[str, Any]], *, append: bool = False) -> Path:
    """Write a script, or append to it."""
    with path.open("ab" if append else "wb") as file:
        file.write(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    return path


class ScriptedSource(LiveSource):
    """Follows its script."""

    claims_language = True

    def __init__(self, settings: FilesSourceSettings, surroundings: Surroundings) -> None:
        super().__init__(settings, surroundings)
        self._path = Path(settings.paths[0])

    async def batches(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        """Yield what the script says after a position."""
        at = position["line"] if position else 0
        self.health.state = "live"
        while True:
            lines = self._path.read_bytes().splitlines()[at : at + 100]
            items: list[Item] = []
            for line in lines:
                step = orjson.loads(line)
                item = self._item(step, line)
                if item is None:
                    if items:
                        break  # they come first
                    await self._act(step, at)
                    if "waits" in step:
                        for _ in range(round(step["waits"] / IDLE_SECONDS)):
                            await asyncio.sleep(IDLE_SECONDS)
                            yield Batch([])
                else:
                    items.append(item)
                at += 1
            if items:
                self.health.post_ms = self.health.heard_ms = self.surroundings.now_ms()
            yield Batch(items, {"line": at} if lines else None)
            await asyncio.sleep(IDLE_SECONDS if not lines else 0.002)

    def _item(self, step: dict[str, Any], line: bytes) -> Item | None:
        match step:
            case {"id": _}:
                return Found(step, line, edited=bool(step.get("edited")))
            case {"deleted": identity}:
                return Deleted(identity)
            case {"author_deleted": author}:
                return AuthorDeleted(author)
            case {"skipped": reason}:
                return Skipped(reason)
            case {"bad": reason}:
                return Bad(RecordError(reason, "as scripted"), line, "line 1")
            case {"gap": [from_ms, to_ms]}:
                return Gap(self.id, from_ms, to_ms, "no_backfill", "as scripted")
        return None

    async def _act(self, step: dict[str, Any], at: int) -> None:
        if "refused" in step:
            raise SourceRefused(self.id, "http_403", step["refused"])
        if (self.id, at) in _done:
            return
        _done.add((self.id, at))
        match step:
            case {"unavailable": why}:
                raise SourceUnavailable(self.id, "lost", why)
            case {"bug": why}:
                raise ZeroDivisionError(why)
            case {"stalls": _}:
                await asyncio.sleep(3600)
