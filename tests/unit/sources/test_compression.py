"""Compressed blocks become the bytes that were compressed, by their first bytes alone."""

from __future__ import annotations

import gzip
import lzma
import random
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import InputError
from streams.sources.compression import COMPRESSIONS, MAX_BLOCK_BYTES, compression_of, decompressed, first_bytes
from tests.support.packing import PACK, zstd_packed

if TYPE_CHECKING:
    from collections.abc import Iterator

_RANDOM: Final = random.Random(7)
LINES: Final = b"".join(b'{"id":%d}\n' % _RANDOM.randrange(10**9) for _ in range(1_000))


def blocks_of(data: bytes, size: int) -> Iterator[bytes]:
    return (data[begin : begin + size] for begin in range(0, len(data), size))


def unpacked(packed: bytes, size: int = 262_144) -> tuple[bytes, list[str]]:
    ends: list[str] = []
    return b"".join(decompressed(blocks_of(packed, size), "posts", ends.append)), ends


def test_every_kind_is_tried_here() -> None:
    assert {kind.name for kind in COMPRESSIONS} == set(PACK)


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("size", [1, 1_000, 262_144])
def test_a_stream_is_unpacked_however_its_blocks_are_cut(kind: str, size: int) -> None:
    packed = PACK[kind](LINES)
    assert compression_of(packed).name == kind  # type: ignore[union-attr]
    assert unpacked(packed, size) == (LINES, [])


@pytest.mark.parametrize("kind", PACK)
@given(st.lists(st.binary(max_size=50), min_size=1, max_size=4), st.integers(1, 40))
def test_streams_may_follow_one_another(kind: str, parts: list[bytes], size: int) -> None:
    assert unpacked(b"".join(map(PACK[kind], parts)) + bytes(5), size) == (b"".join(parts), [])


def test_the_old_form_of_xz_is_unpacked_too() -> None:
    assert unpacked(lzma.compress(LINES, format=lzma.FORMAT_ALONE)) == (LINES, [])


def test_a_frame_of_zstd_without_content_is_passed_over() -> None:
    assert unpacked(b"\x50\x2a\x4d\x18\x03\0\0\0abc" + zstd_packed(LINES)) == (LINES, [])


def test_a_long_window_of_zstd_is_accepted() -> None:
    """Dumps of Pushshift are packed by ``zstd --long=31``; by default such windows are refused."""
    assert unpacked(zstd_packed(LINES, window_log=28)) == (LINES, [])


@pytest.mark.parametrize("kind", PACK)
def test_a_stream_that_is_cut_short_gives_what_stands_before_the_cut(kind: str) -> None:
    noise = random.Random(5).randbytes(1_200_000)
    packed = PACK[kind](noise)
    found, ends = unpacked(packed[: len(packed) * 3 // 4])
    assert noise.startswith(found)
    assert len(found) > 200_000
    assert ends == [f"the {kind} stream is cut short, its rest is missing"]


@pytest.mark.parametrize("kind", PACK)
def test_bytes_of_another_kind_behind_a_stream_are_named(kind: str) -> None:
    found, ends = unpacked(PACK[kind](LINES) + b'{"id":1}\n{"id":2}\n', 50)
    assert found == LINES
    assert ends == [f"bytes after the end of the {kind} stream are not {kind}"]


@pytest.mark.parametrize("kind", PACK)
def test_damage_inside_a_stream_is_named(kind: str) -> None:
    packed = bytearray(PACK[kind](LINES * 40))
    packed[len(packed) // 2 : len(packed) // 2 + 100] = b"\xff" * 100
    with pytest.raises(InputError, match=f"posts: the {kind} stream can't be decompressed"):
        unpacked(bytes(packed))


@pytest.mark.parametrize("kind", sorted(set(PACK) - {"gzip"}))
def test_a_bomb_is_unpacked_in_small_blocks(kind: str) -> None:
    packed = PACK[kind](bytes(5_000_000))
    assert max(map(len, decompressed(iter([packed]), "posts", print))) <= MAX_BLOCK_BYTES


def test_a_bomb_of_gzip_is_unpacked_in_bounded_blocks() -> None:
    assert max(map(len, decompressed(iter([gzip.compress(bytes(50_000_000))]), "posts", print))) < 20_000_000


def test_what_is_not_compressed_and_pauses_are_passed_on() -> None:
    assert list(decompressed(iter([b'{"id":1}\n', b"", b"{}"]), "posts", print)) == [b'{"id":1}\n', b"", b"{}"]
    half = gzip.compress(LINES)
    assert b"" in list(decompressed(iter([half[:1_000], b"", half[1_000:]]), "posts", print))


def test_the_first_bytes_are_as_many_as_are_enough() -> None:
    beginning = first_bytes(iter([b"ab", b"", b"cd", b"ef"]), 4)
    assert next(beginning) == b""
    with pytest.raises(StopIteration) as end:
        next(beginning)
    assert end.value.value == b"abcd"
