"""What all live sources have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.config import Config
from streams.sources.live.base import Batch, LiveSource, Surroundings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from streams.sources.live.base import Position


class Empty(LiveSource):
    """Yields one empty batch with the position that it is given."""

    async def batches(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        """Yield it."""
        yield Batch([], position)


async def test_a_source_begins_connecting_and_has_its_id_from_the_settings() -> None:
    config = Config.model_validate(
        {
            "brands": [{"id": "a", "name": "A", "match": {"any": ["aa"]}}],
            "sources": [{"id": "bluesky", "kind": "jetstream"}],
        }
    )
    source = Empty(config.sources[0], Surroundings(config))
    assert (source.id, source.health.state, source.health.why) == ("bluesky", "connecting", "")
    assert (source.ends, source.claims_language) == (False, False)
    assert [batch async for batch in source.batches(None)] == [Batch([], None, None)]
    assert await source.probe() == {}
