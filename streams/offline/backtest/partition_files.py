"""Store scored mentions on disk: a file for each partition, with the records that `social.mentions` would carry.

A partition file holds records as JSON lines in the order in which a detect worker reads them; a blank line ends a
batch. Every file has all progress records, so that detection can run over each without the others, as it does over a
partition.
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

    from streams.errors import TruncatedInput
    from streams.records import MentionsContent


@dataclass(slots=True)
class Mentions:
    """Scored mentions in partition files, and their origin.

    Attributes
    ----------
    name
        Name of the source, for messages.
    files
        The partition files.
    posts
        Number of usable posts they came from, repeats included; None where it is unknown.
    mentions
        Number of mentions, by brand.
    seconds
        Time that scoring or reading them took.
    rejected
        Number of records left out, by reason.
    examples
        Place, reason and detail of the first records left out.
    skipped
        Number of posts without text.
    altered
        How often an optional field of a post was converted or left out, by its name and the outcome.
    remarks
        Remarks on the input and on the order of the posts.
    truncated
        Error that says that the end of the input is missing, if it is.
    """

    name: str
    files: list[Path]
    posts: int | None = None
    mentions: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    rejected: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    skipped: int = 0
    altered: dict[tuple[str, str], int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    truncated: TruncatedInput | None = None

    @property
    def total(self) -> int:
        """Return the number of mentions of all brands."""
        return sum(self.mentions.values())


class PartitionFileWriter:
    """A writer of the partition files of `mentions`, which counts the mentions it writes."""

    def __init__(self, mentions: Mentions) -> None:
        self._mentions = mentions
        self._opened = ExitStack()
        self._files = [self._opened.enter_context(open_output(path)) for path in mentions.files]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.__exit__(kind, error, trace)

    def write(self, record: MentionsContent, file: int) -> None:
        """Add a record to the file with some index."""
        if isinstance(record, Envelope):
            self.write_envelope(record.brand, len(record.mentions), record.to_bytes(), file)
        else:
            self._files[file].write(record.to_bytes() + b"\n")

    def write_envelope(self, brand: str, mentions: int, encoded: bytes, file: int | None = None) -> None:
        """Add an encoded envelope to a file, by default to that of its brand."""
        counts = self._mentions.mentions
        counts[brand] = counts.get(brand, 0) + mentions
        index = partition_of(brand.encode(), len(self._files)) if file is None else file
        self._files[index].write(encoded + b"\n")

    def write_to_all(self, encoded: bytes) -> None:
        """Add an encoded record to every file."""
        for file in self._files:
            file.write(encoded + b"\n")

    def end_batch(self) -> None:
        """End a batch in every file."""
        for file in self._files:
            file.write(b"\n")


@contextmanager
def partition_files(name: str, count: int) -> Iterator[Mentions]:
    """Create empty partition files in a temporary directory, which is deleted afterwards.

    Raises
    ------
    OutputError
        If the disk is full.
    """
    with temporary_directory("firewatch-backtest-") as folder:
        yield Mentions(name, [folder / f"{index}.jsonl" for index in range(count)])


@dataclass(slots=True)
class PartitionFileReader:
    """A reader of one partition file, which counts the bytes it has consumed."""

    path: Path
    consumed_bytes: int = 0

    def batches(self) -> Iterator[list[MentionsContent]]:
        """Yield the records, batch by batch."""
        batch: list[MentionsContent] = []
        with self.path.open("rb") as file:
            for line in file:
                self.consumed_bytes += len(line)
                if line != b"\n":
                    batch.append(mentions_record_from_bytes(line))
                    continue
                yield batch
                batch = []
