"""The records of one answer of a broker up to a batch that can't be read, and where that batch ends.

aiokafka raises for such a batch, and returns none of the records that came with it: neither those before it nor those
of other partitions. It also has no way to get past it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from aiokafka import errors
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.record.memory_records import MemoryRecords

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiokafka import TopicPartition
    from aiokafka.structs import ConsumerRecord


class DamagedBatch(NamedTuple):
    """A batch of records that can't be read.

    Parameters
    ----------
    first
        The first offset that can't be read.
    next
        The offset behind the batch, None if its end is unknown.
    why
        What is wrong with it.
    """

    first: int
    next: int | None
    why: str


class ReadablePart(NamedTuple):
    """What an answer of a broker holds.

    Parameters
    ----------
    records
        Its records up to the damage, those of aborted transactions left out.
    damage
        The batch that can't be read, None if all can.
    """

    records: list[ConsumerRecord]
    damage: DamagedBatch | None = None


def readable_part(
    tp: TopicPartition, data: bytes, offset: int, end: int, aborted: Sequence[tuple[int, int]] | None = None
) -> ReadablePart:
    """Return the records of an answer up to a batch that can't be read.

    Parameters
    ----------
    tp
        The partition.
    data
        Batches as the broker has sent them, the last one maybe in part.
    offset
        The offset that was asked for.
    end
        The first offset of the partition that does not exist yet.
    aborted
        Producers whose transactions were aborted, each with the first offset of one.

    Raises
    ------
    UnsupportedCodecError
        If a package is missing without which the batches can't be decompressed.
    """
    records: list[ConsumerRecord] = []
    try:
        batches = _Watched(MemoryRecords(data))
    except Exception as error:  # noqa: BLE001  what bytes of any content make the decoders raise
        return ReadablePart(records, DamagedBatch(offset, None, _why(error)))
    reading = PartitionRecords(tp, batches, aborted, offset, None, None, True, READ_COMMITTED)
    try:
        records.extend(reading)
    except errors.UnsupportedCodecError:
        raise
    except Exception as error:  # noqa: BLE001
        first: int = reading.next_fetch_offset
        return ReadablePart(records, DamagedBatch(first, batches.next_after(first, end), _why(error)))
    if data and not batches.last:
        return ReadablePart(records, DamagedBatch(offset, None, "its length is not that of what the broker sends"))
    return ReadablePart(records)


class _Watched:
    """Batches of an answer, with the one that was handed out last."""

    def __init__(self, batches: Any) -> None:
        self._batches = batches
        self.last: Any = None

    def has_next(self) -> bool:
        has_next: bool = self._batches.has_next()
        return has_next

    def next_batch(self) -> Any:
        self.last = self._batches.next_batch()
        return self.last

    def next_after(self, first: int, end: int) -> int | None:
        """Return the offset behind the last batch: where the one after it begins, or else what its head says.

        Parameters
        ----------
        first
            The first offset of the batch that is asked for.
        end
            The first offset that does not exist yet: what lies beyond it is damage as well.
        """
        claims: list[int] = []
        with suppress(Exception):  # there is none, or it is damaged too
            claims.append(self._batches.next_batch().base_offset)
        with suppress(Exception):
            claims.append(self.last.next_offset)
        return next((claim for claim in claims if first < claim <= end), None)


def _why(error: Exception) -> str:
    if isinstance(error, errors.CorruptRecordException) and "CRC" in str(error):
        return "its checksum (CRC) is wrong"
    return f"it can't be decoded ({type(error).__name__}: {error})"[:300]
