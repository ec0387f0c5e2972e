"""Posts of Mastodon instances: the streams of all instances become one source, whose position has a mark for each."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar, Final

from streams.errors import SourceError
from streams.sources.live.base import LiveSource
from streams.sources.live.inbox import Inbox
from streams.sources.live.mastodon.backfill import Mark
from streams.sources.live.mastodon.feed import FeedReader
from streams.sources.live.mastodon.feed_names import feeds_of
from streams.sources.live.mastodon.instance import Instance

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from streams.config.sources.mastodon import MastodonSettings
    from streams.sources.live.base import Batch, Position, Surroundings

_WAITING_BATCHES: Final = 1_000
"""Events that wait to be taken over; then the streams are read no further."""


class MastodonSource(LiveSource):
    """Streams of Mastodon instances.

    Each stream connects, catches up and fails by itself. The source is refused once all of them are.
    """

    claims_language: ClassVar[bool] = True

    def __init__(self, settings: MastodonSettings, surroundings: Surroundings) -> None:
        super().__init__(settings, surroundings)
        self._settings = settings
        self._instances = [Instance(self.id, settings, entry, surroundings) for entry in settings.instances]
        self._readers: list[FeedReader] = []

    async def batches(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        """Read all streams, and yield what arrives by any of them.

        Raises
        ------
        SourceRefused
            If every stream is refused.
        """
        marks = marks_of(position)
        read: dict[str, Mark] = {}
        async with Inbox(_WAITING_BATCHES) as inbox, aclosing(inbox.batches()) as batches:
            self._readers = [
                FeedReader(self.id, self._settings, instance, feed, inbox, self.health, self.surroundings)
                for instance, entry in zip(self._instances, self._settings.instances, strict=True)
                for feed in feeds_of(entry)
            ]
            for reader in self._readers:
                mark = marks.get(reader.key)
                if mark is not None:
                    read[reader.key] = mark
                inbox.start(reader.run(mark))
            async for batch in batches:
                self._describe()
                if batch.position is None:
                    self._raise_if_all_are_refused()
                    yield batch
                else:
                    read |= batch.position
                    yield batch._replace(position={"streams": {key: list(mark) for key, mark in read.items()}})

    def _raise_if_all_are_refused(self) -> None:
        refusals = [reader.refusal for reader in self._readers if reader.refusal is not None]
        if len(refusals) == len(self._readers):
            raise refusals[0]

    def _describe(self) -> None:
        """Bring the health up to date with the streams."""
        states = {reader.state for reader in self._readers}
        waits = [instance.name for instance in self._instances if instance.waits]
        for state in ("live", "catching_up", "connecting", "waiting", "refused"):
            if state in states:
                self.health.state = state
                break
        troubles = [f"{reader.key}: {reader.why}" for reader in self._readers if reader.why]
        if waits:
            troubles += [f"the limit of requests of {name} is used up, and its reset is awaited" for name in waits]
            if self.health.state == "catching_up":
                self.health.state = "limited"
        live = sum(reader.state == "live" for reader in self._readers)
        self.health.why = "; ".join(troubles)
        self.health.facts["streams"] = f"{live} of {len(self._readers)} live"
        for instance in self._instances:
            if instance.quota.shown:
                self.health.facts[f"requests left at {instance.name}"] = instance.quota.shown

    async def probe(self) -> Mapping[str, str]:
        """Return what each instance says of itself, and whether the streams of it are open to the token.

        Raises
        ------
        SourceError
            If no instance can be read.
        """
        facts: dict[str, str] = {}
        errors: list[SourceError] = []
        for instance, entry in zip(self._instances, self._settings.instances, strict=True):
            try:
                facts |= await instance.probe(feeds_of(entry))
            except SourceError as error:
                errors.append(error)
                facts[instance.name] = error.detail
        if len(errors) == len(self._instances):
            raise errors[0]
        return facts


def marks_of(position: Position | None) -> dict[str, Mark]:
    """Return the marks of a position; a part that can't be read is left out, so that its stream begins as a new one.

    >>> marks_of({"streams": {"example.social public": ["17", 2, 3], "example.social public:local": 17}})
    {'example.social public': Mark(id='17', at_ms=2, alive_ms=3)}
    """
    streams: Any = (position or {}).get("streams")
    return {
        str(key): Mark(*values)
        for key, values in (streams.items() if isinstance(streams, dict) else ())
        if isinstance(values, list) and [type(value) for value in values] == [str, int, int]
    }
