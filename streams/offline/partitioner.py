"""Assign the posts of a source to partitions as Kafka's clients do.

Offsets, lateness and recent ids are then the same as live.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.ingest.parsing import Normaliser
from streams.core.ingest.rejection_ratio import RejectionRatio
from streams.core.ingest.time_order import TimeOrder
from streams.core.score.partitioning import partition_of
from streams.errors import InputError, RecordError, TruncatedInput
from streams.records import Post
from streams.runtime import clock
from streams.sources.ordered import far_behind

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from streams.config import Config
    from streams.sources.base import Line, Source

PartitionedRecords = dict[int, list[tuple[int, int, bytes]]]
"""Arguments of `Scorer.score` by partition, in the order in which the partitions first occurred."""


class Partitioner:
    """A reader that assigns the posts of a source to partitions.

    Parameters
    ----------
    config
        Config with the sections `ingest` and `topics`.
    source
        Source of the posts.
    on_reject
        Function that is called with each rejected record.

    Attributes
    ----------
    truncated
        Error that says that the end of the input is missing, if it is.
    """

    def __init__(
        self,
        config: Config,
        source: Source,
        on_reject: Callable[[Line, RecordError], None] = lambda _line, _error: None,
    ) -> None:
        self._source = source
        self._on_reject = on_reject
        self._normaliser = Normaliser(config.ingest, source.source_name)
        self._ratio = RejectionRatio(config.ingest, source.name, lambda: source.remarks)
        self._offsets = [0] * config.topics.partitions
        self._lateness_seconds = config.windows.lateness_seconds
        self._order = TimeOrder["Line"](self._lateness_seconds * 1000)
        self.truncated: TruncatedInput | None = None

    @property
    def remarks(self) -> list[str]:
        """Return remarks on the input and on the order of the posts, complete after the last chunk."""
        return [*self._source.remarks, *far_behind(self._order, self._lateness_seconds)]

    @property
    def rejected(self) -> dict[str, int]:
        """Return the number of rejected records, by reason."""
        return self._ratio.reasons

    @property
    def skipped(self) -> int:
        """Return the number of posts without text, which are skipped."""
        return self._ratio.skipped

    @property
    def altered(self) -> Counter[tuple[str, str]]:
        """Return how often an optional field was converted or left out, by its name and the outcome."""
        return self._normaliser.altered

    @property
    def examples(self) -> list[str]:
        """Return place, reason and detail of the first rejected records."""
        return self._ratio.examples

    def chunks(self) -> Iterator[PartitionedRecords]:
        """Yield the posts of each chunk of the source.

        Raises
        ------
        InputError
            If the source can't be read, holds no posts, or too much of it is bad (`RejectionRatioExceeded`).
        """
        for chunk in self._complete_chunks():
            now_ms = clock.now_ms()
            partitioned: PartitionedRecords = {}
            for line in chunk:
                try:
                    line.check_date()
                    post = self._normaliser.record(line.data, now_ms)
                except RecordError as error:
                    self._on_reject(line, error)
                    self._ratio.reject(error, line.place)
                    continue
                if post is None:
                    self._ratio.skip()
                    continue
                self._ratio.accept()
                if isinstance(post, Post):
                    self._order.add(post.ts_ms, line)
                partition = partition_of(post.key, len(self._offsets))
                partitioned.setdefault(partition, []).append((self._offsets[partition], now_ms, post.to_bytes()))
                self._offsets[partition] += 1
            yield partitioned
        if not self._ratio.records:
            textless = f" with a text; {self.skipped:,} without one were skipped" if self.skipped else ""
            raise InputError(f"{self._source.name}: holds no posts{textless}")
        self._ratio.check()

    def _complete_chunks(self) -> Iterator[list[Line]]:
        try:
            yield from self._source.chunks()
        except TruncatedInput as error:
            self.truncated = error
