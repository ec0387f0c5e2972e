"""Reads a live source as its worker does, without Kafka behind it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from streams.config import Config
from streams.records import Gap
from streams.sources.live.base import Bad, Deleted, Found, Skipped, Surroundings
from streams.sources.live.registry import make_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.sources.live.base import Batch, Item, LiveSource, Position


@dataclass
class Read:
    """What a source has delivered."""

    items: list[Item] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    position: Position | None = None

    def add(self, batch: Batch) -> None:
        """Take a batch, and acknowledge it."""
        self.batches.append(batch)
        self.items += batch.items
        self.position = batch.position if batch.position is not None else self.position
        if batch.settled is not None:
            batch.settled([])

    def of(self, kind: type) -> list[Any]:
        """Return the items of a kind."""
        return [item for item in self.items if isinstance(item, kind)]

    def latest(self, items: int = 400) -> set[str]:
        """Return the ids of the posts among the last items."""
        return {item.fields["id"] for item in self.items[-items:] if isinstance(item, Found)}

    @property
    def posts(self) -> list[dict[str, Any]]:
        """Return the fields of the posts."""
        return [item.fields for item in self.of(Found)]

    @property
    def ids(self) -> list[str]:
        """Return the ids of the posts."""
        return [str(fields.get("id")) for fields in self.posts]

    @property
    def deleted(self) -> list[str]:
        """Return the ids of the posts that were deleted."""
        return [item.id for item in self.of(Deleted)]

    @property
    def bad(self) -> list[str]:
        """Return the reasons of the defects."""
        return [item.error.reason for item in self.of(Bad)]

    @property
    def skipped(self) -> list[str]:
        """Return why records were skipped."""
        return [item.reason for item in self.of(Skipped)]

    @property
    def gaps(self) -> list[Gap]:
        """Return the gaps."""
        return self.of(Gap)


def source_of(entry: dict[str, Any], config: Config | None = None, **surroundings: Any) -> LiveSource:
    """Return the source of an entry of `sources`."""
    tree = (config or Config.model_validate({"brands": [NORDTEL]})).model_dump(mode="json", exclude_defaults=True)
    made = Config.model_validate(tree | {"brands": [NORDTEL], "sources": [entry]})
    return make_source(made.sources[0], Surroundings(made, **surroundings))


NORDTEL: dict[str, Any] = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}


async def read_until(
    source: LiveSource,
    enough: Callable[[Read], object],
    position: Position | None = None,
    seconds: float = 60,
    into: Read | None = None,
) -> Read:
    """Read a source until `enough` returns true, from a position or else from that of what was read before (`into`)."""
    read = Read(position=position) if into is None else into
    async with asyncio.timeout(seconds), aclosing(source.batches(position or read.position)) as batches:
        async for batch in batches:
            read.add(batch)
            if enough(read):
                break
    return read
