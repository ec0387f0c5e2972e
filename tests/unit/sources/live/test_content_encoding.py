"""Bodies are decompressed block by block, whole, and never beyond their limit."""

from __future__ import annotations

import gzip
import random
import tracemalloc
import zlib
from contextlib import suppress

import pytest

from streams.sources.live.content_encoding import BodyError, BodyInflater, BodyTooLarge
from tests.support.packing import raw_deflate, zstd_packed

BODY = b"<rss>" + bytes(range(256)) * 300 + b"</rss>"


SENT = {
    ("", "plain"): BODY,
    ("identity", "plain"): BODY,
    ("gzip", "one member"): gzip.compress(BODY),
    ("X-GZIP", "the old name"): gzip.compress(BODY),
    ("gzip", "several members"): gzip.compress(BODY[:7]) + gzip.compress(b"") + gzip.compress(BODY[7:]),
    ("gzip", "padding behind it"): gzip.compress(BODY) + b"\0" * 100,
    ("deflate", "with the header of zlib"): zlib.compress(BODY),
    ("deflate", "raw"): raw_deflate(BODY),
    ("deflate", "padding behind it"): zlib.compress(BODY) + b"\r\n",
}


def inflated(encoding: str, sent: bytes, size: int, max_bytes: int = 1_000_000) -> bytes:
    inflater = BodyInflater(encoding, max_bytes)
    for start in range(0, len(sent), size):
        inflater.add(sent[start : start + size])
    return inflater.finish()


@pytest.mark.parametrize("size", [1, 2, 3, 1_000, 10_000_000])
@pytest.mark.parametrize("form", SENT, ids=" ".join)
def test_a_body_comes_out_whole_whatever_its_blocks(form: tuple[str, str], size: int) -> None:
    assert inflated(form[0], SENT[form], size) == BODY


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity"])
def test_an_empty_body_is_empty(encoding: str) -> None:
    assert inflated(encoding, b"", 1) == b""


@pytest.mark.parametrize(("encoding", "sent"), [("gzip", gzip.compress(BODY)), ("deflate", zlib.compress(BODY))])
def test_a_body_that_ends_too_soon_is_an_error(encoding: str, sent: bytes) -> None:
    for end in (1, 2, 15, len(sent) // 2, len(sent) - 1):
        with pytest.raises(BodyError, match="end is missing"):
            inflated(encoding, sent[:end], 100)


def test_a_second_member_that_ends_too_soon_is_an_error() -> None:
    with pytest.raises(BodyError, match="end is missing"):
        inflated("gzip", gzip.compress(BODY) + gzip.compress(BODY)[:-4], 100)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_is_not_compressed_is_an_error(encoding: str) -> None:
    with pytest.raises(BodyError, match="damaged"):
        inflated(encoding, b"<rss version='2.0'/>", 100)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "x" * 1_000])
def test_an_encoding_that_was_not_asked_for_is_an_error(encoding: str) -> None:
    with pytest.raises(BodyError, match="not asked for"):
        BodyInflater(encoding, 100)


@pytest.mark.parametrize("form", SENT, ids=" ".join)
def test_a_body_of_exactly_the_limit_is_accepted_and_one_byte_more_is_not(form: tuple[str, str]) -> None:
    assert inflated(form[0], SENT[form], 100, max_bytes=len(BODY)) == BODY
    with pytest.raises(BodyTooLarge, match="more than"):
        inflated(form[0], SENT[form], 100, max_bytes=len(BODY) - 1)


def test_a_bomb_costs_no_more_memory_than_the_limit() -> None:
    bomb = gzip.compress(b"\0" * 100_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLarge):
            inflated("gzip", bomb, 65_536, max_bytes=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_random_bytes_are_a_body_or_an_error() -> None:
    chance = random.Random(17)
    for _ in range(2_000):
        sent = chance.choice([b"", b"\x1f\x8b\x08", b"\x78\x9c"]) + chance.randbytes(chance.randrange(60))
        with suppress(BodyError):
            assert len(inflated(chance.choice(["gzip", "deflate"]), sent, 7, max_bytes=500)) <= 500


ZSTD = frozenset({"zstd"})


def unzstd(sent: bytes, size: int, max_bytes: int = 1_000_000) -> bytes:
    inflater = BodyInflater("zstd", max_bytes, ZSTD)
    for start in range(0, len(sent), size):
        inflater.add(sent[start : start + size])
    return inflater.finish()


@pytest.mark.parametrize("size", [1, 1_000, 10_000_000])
def test_zstd_is_decompressed_where_it_is_accepted(size: int) -> None:
    assert unzstd(zstd_packed(BODY), size) == BODY
    assert unzstd(zstd_packed(BODY[:7]) + zstd_packed(b"") + zstd_packed(BODY[7:]), size) == BODY
    assert unzstd(b"", size) == b""
    with pytest.raises(BodyError, match="not asked for"):
        BodyInflater("zstd", 1)


def test_damaged_zstd_is_an_error() -> None:
    whole = zstd_packed(BODY)
    for end in (1, 5, len(whole) - 1):
        with pytest.raises(BodyError, match="end is missing"):
            unzstd(whole[:end], 100)
    with pytest.raises(BodyError, match="damaged"):
        unzstd(b"nonsense" + whole, 100)
    with pytest.raises(BodyError, match="damaged"):
        unzstd(whole + b"nonsense", 100)


def test_a_bomb_of_zstd_is_not_held() -> None:
    bomb = zstd_packed(bytes(200_000_000))
    tracemalloc.start()
    with pytest.raises(BodyTooLarge, match="more than 1,000,000 bytes"):
        unzstd(bomb, 100_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_window_of_more_than_eight_mebibytes_is_refused() -> None:
    sent = zstd_packed(bytes(20_000_000), window_log=27)
    with pytest.raises(BodyError, match="a zstd window of more than 8 MiB"):
        unzstd(sent, 100_000, 100_000_000)
