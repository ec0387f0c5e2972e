"""What can be read of an answer is read, whichever byte of a batch is damaged, and the damage has its bounds."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import pytest
from aiokafka import TopicPartition
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder

from streams.kafka.record_batches import DamagedBatch, readable_part

if TYPE_CHECKING:
    from streams.kafka.record_batches import ReadablePart

RAW = TopicPartition("raw", 0)
PLAIN, GZIP = 0, 1
HEAD_BYTES = 61
EPOCH = range(12, 16)
"""Bytes that no checksum covers and nobody reads: the epoch of the leader."""


def batch(first: int, codec: int = PLAIN, *, producer: int = -1) -> bytes:
    """Return a batch of five records as a broker stores it."""
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=codec, is_transactional=int(producer >= 0), producer_id=producer, producer_epoch=0,
        base_sequence=0, batch_size=100_000,
    )  # fmt: skip
    for number in range(5):
        builder.append(number, 1_000 + number, None, b"post %d" % (first + number), [])
    built = builder.build()
    return first.to_bytes(8, "big") + bytes(built[8:])


def changed(data: bytes, at: int, value: int | None = None) -> bytes:
    """Return data with another byte somewhere."""
    return data[:at] + bytes([data[at] ^ 0xFF if value is None else value]) + data[at + 1 :]


def read(data: bytes, offset: int = 0, end: int = 15) -> ReadablePart:
    return readable_part(RAW, data, offset, end)


def offsets(part: ReadablePart) -> list[int]:
    return [record.offset for record in part.records]


@pytest.mark.parametrize("codec", [PLAIN, GZIP])
def test_a_whole_answer_is_read_from_the_offset_that_was_asked_for(codec: int) -> None:
    part = read(b"".join(batch(first, codec) for first in (0, 5, 10)), 2)
    assert offsets(part) == list(range(2, 15))
    assert part.records[0].value == b"post 2"
    assert part.damage is None


def test_a_batch_that_is_there_in_part_is_the_end_of_an_answer_and_no_damage() -> None:
    part = read(batch(0) + batch(5)[:40])
    assert offsets(part) == [0, 1, 2, 3, 4]
    assert part.damage is None


@pytest.mark.parametrize("codec", [PLAIN, GZIP])
def test_whichever_byte_is_damaged_the_records_before_it_are_read_and_the_batch_has_its_bounds(codec: int) -> None:
    before, middle, after = batch(0, codec), batch(5, codec), batch(10, codec)
    for at in range(16, len(middle)):
        if at == 16:  # the version of the format
            continue
        part = read(before + changed(middle, at) + after)
        assert offsets(part) == [0, 1, 2, 3, 4], at
        assert part.damage == DamagedBatch(5, 10, "its checksum (CRC) is wrong"), at


def test_without_a_batch_behind_it_its_own_head_says_where_it_ends_unless_that_can_not_be() -> None:
    whole = batch(5)
    assert read(changed(whole, HEAD_BYTES + 3), 5).damage == DamagedBatch(5, 10, "its checksum (CRC) is wrong")
    assert read(changed(whole, 23), 5).damage == DamagedBatch(5, None, "its checksum (CRC) is wrong")  # its last offset


def test_holes_behind_a_damaged_batch_belong_to_it() -> None:
    part = read(changed(batch(0), HEAD_BYTES + 3) + batch(9))
    assert part.damage == DamagedBatch(0, 9, "its checksum (CRC) is wrong")


def test_a_length_that_is_wrong_is_damage_whose_end_is_unknown() -> None:
    for data in (changed(batch(5), 10), changed(batch(5), 8), batch(5)[:40], b"\0" * 12, b"\xff" * 200):
        part = read(data, 5)
        assert part.records == []
        assert part.damage is not None
        assert (part.damage.first, part.damage.next) == (5, None)
        assert part.damage.why


def test_records_that_can_not_be_decompressed_although_their_checksum_is_right_are_damage() -> None:
    builder = LegacyRecordBatchBuilder(magic=1, compression_type=PLAIN, batch_size=100_000)
    builder.append(7, 1_000, None, gzip.compress(b"no records"))
    data = bytearray(builder.build())
    data[17] = GZIP  # attributes: compressed by gzip
    data[12:16] = zlib.crc32(bytes(data[16:])).to_bytes(4, "big")
    part = read(bytes(data), 7)
    assert part.damage is not None
    assert part.damage.why.startswith("it can't be decoded (")
    assert part.damage.next == 8


def test_records_of_aborted_transactions_are_left_out() -> None:
    data = batch(0, producer=4) + batch(5, producer=9)
    assert offsets(readable_part(RAW, data, 0, 10, [(4, 0)])) == [5, 6, 7, 8, 9]
