"""Scored mentions on disk: what the partitions of `social.mentions` carry, each in a file of its own, a lane.

A lane holds records as JSON lines in the order in which a detect worker reads them; a blank line ends a batch. Every
lane has all progress, so each can be detected over without the others, as a partition can.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from streams.core.score.partitioning import partition_of
from streams.records import Envelope, mentions_record_from_bytes
from streams.runtime.files import open_output, temporary_directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from streams.records import Deletions, Progress


@dataclass(slots=True)
class Mentions:
    """Scored mentions in lanes, and what they came from.

    Attributes
    ----------
    name
        Of the source, for people.
    lanes
        The files.
    posts
        Usable posts they came from, repeats included; None where nothing tells.
    mentions
        How many, by brand.
    seconds
        That scoring or reading them took.
    rejected
        Records left out, by reason.
    """

    name: str
    lanes: list[Path]
    posts: int | None = None
    mentions: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    rejected: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Mentions of all brands."""
        return sum(self.mentions.values())


class PartitionFileWriter:
    """Writes the lanes of `mentions` and counts what goes into them."""

    def __init__(self, mentions: Mentions) -> None:
        self._mentions = mentions
        self._files = ExitStack()
        self._lanes = [self._files.enter_context(open_output(path)) for path in mentions.lanes]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.__exit__(kind, error, trace)

    def write(self, record: Envelope | Progress | Deletions, lane: int) -> None:
        """Add a record to one lane."""
        if isinstance(record, Envelope):
            self.write_envelope(record.brand, len(record.mentions), record.to_bytes(), lane)
        else:
            self._lanes[lane].write(record.to_bytes() + b"\n")

    def write_envelope(self, brand: str, mentions: int, encoded: bytes, lane: int | None = None) -> None:
        """Add an encoded envelope to one lane; by default to that of its brand."""
        counts = self._mentions.mentions
        counts[brand] = counts.get(brand, 0) + mentions
        home = partition_of(brand.encode(), len(self._lanes)) if lane is None else lane
        self._lanes[home].write(encoded + b"\n")

    def write_to_all(self, encoded: bytes) -> None:
        """Add an encoded record to every lane."""
        for lane in self._lanes:
            lane.write(encoded + b"\n")

    def end_batch(self) -> None:
        """End a batch in every lane."""
        for lane in self._lanes:
            lane.write(b"\n")


@contextmanager
def partition_files(name: str, count: int) -> Iterator[Mentions]:
    """Empty lanes that are gone afterwards.

    Raises
    ------
    OutputError
        If the disk is full.
    """
    with temporary_directory("firewatch-backtest-") as folder:
        yield Mentions(name, [folder / f"{lane}.jsonl" for lane in range(count)])


@dataclass(slots=True)
class PartitionFileReader:
    """Reads one lane; `consumed_bytes` of it so far."""

    path: Path
    consumed_bytes: int = 0

    def batches(self) -> Iterator[list[Envelope | Progress | Deletions]]:
        """Its records, batch by batch."""
        batch: list[Envelope | Progress | Deletions] = []
        with self.path.open("rb") as lane:
            for line in lane:
                self.consumed_bytes += len(line)
                if line != b"\n":
                    batch.append(mentions_record_from_bytes(line))
                    continue
                yield batch
                batch = []
