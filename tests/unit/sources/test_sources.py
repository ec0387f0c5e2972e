"""Files and standard input as sources, cursors, and the pace of a replay."""

from __future__ import annotations

import gzip
import json
import os
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.units import HOUR_MS
from streams.config import IngestSettings
from streams.errors import InputError
from streams.sources.cursor import CursorFile
from streams.sources.files import FileSource, LineSplitter, StdinSource, open_posts
from streams.sources.pacing import NAP_SECONDS, Paced, Pacing, Span, measure_span

if TYPE_CHECKING:
    from pathlib import Path

    from streams.sources.base import Line, Source

MAX_BYTES = 65_536


def lines_of(source: Source) -> list[Line]:
    return list(chain.from_iterable(source.chunks()))


def data_of(source: Source) -> list[bytes]:
    return [line.data for line in lines_of(source)]


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as refused, open_posts(str(path), MAX_BYTES) as source:
        lines_of(source)
    assert str(path) in str(refused.value)
    return str(refused.value)


@given(st.lists(st.binary(max_size=30)), st.integers(0, 12), st.data())
def test_lines_come_out_the_same_however_the_blocks_are_cut(
    parts: list[bytes], max_bytes: int, data: st.DataObject
) -> None:
    whole = b"\n".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)))))
    splitter = LineSplitter(max_bytes)
    lines = [
        line
        for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)
        for line in splitter.feed(whole[begin:end])
    ]
    lines += splitter.rest()
    kept = [line[: max_bytes + 1] for line in whole.split(b"\n")]
    assert [line.data for line in lines] == [line for line in kept if line.strip()]
    ends = [position + 1 for position, byte in enumerate(whole) if byte == ord("\n")] + [len(whole)]
    assert all(line.cursor in ends for line in lines)


@pytest.mark.parametrize("name", ["posts.jsonl", "posts.jsonl.gz"])
def test_a_file_is_read_line_by_line(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, b'{"a":1}\n\n  \n{"b":2}\r\n{"c":3}')
    with open_posts(str(path), MAX_BYTES) as source:
        assert data_of(source) == [b'{"a":1}', b'{"b":2}\r', b'{"c":3}']
        assert source.consumed_bytes == source.total_bytes == path.stat().st_size


@pytest.mark.parametrize("name", ["posts.jsonl", "posts.jsonl.gz"])
def test_every_cursor_leads_to_the_line_after_it(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, b"".join(b'{"id":%d}\n' % number for number in range(50_000)))
    with open_posts(str(path), MAX_BYTES) as source:
        lines = lines_of(source)
    assert len(lines) == 50_000
    for index in (0, 1, 25_000, 49_998):
        with open_posts(str(path), MAX_BYTES) as source:
            assert isinstance(source, FileSource)
            source.resume(lines[index].cursor)
            assert next(chain.from_iterable(source.chunks())) == lines[index + 1]


def test_a_long_line_is_cut_and_the_next_is_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.jsonl", b"x" * 3_000_000 + b"\n{}\n")
    with open_posts(str(path), MAX_BYTES) as source:
        first, second = lines_of(source)
    assert len(first.data) == MAX_BYTES + 1
    assert second.data == b"{}"


def test_files_that_can_not_be_read_say_why(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "missing.jsonl")
    assert "is a directory" in refusal(tmp_path)
    assert "is empty" in refusal(write(tmp_path / "empty.jsonl", b""))
    assert "is empty" in refusal(write(tmp_path / "empty.jsonl.gz", b""))
    (tmp_path / "plain.gz").write_bytes(b'{"id":1}\n')
    assert "can't be decompressed" in refusal(tmp_path / "plain.gz")
    (tmp_path / "packed.jsonl").write_bytes(gzip.compress(b'{"id":1}\n'))
    assert "name that ends in .gz" in refusal(tmp_path / "packed.jsonl")


def test_a_gzip_stream_that_is_cut_short_gives_what_stands_before_the_cut(tmp_path: Path) -> None:
    content = b"".join(b'{"id":%d,"salt":"%s"}\n' % (number, os.urandom(20).hex().encode()) for number in range(20_000))
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(gzip.compress(content)[:300_000])
    seen: list[Line] = []
    with open_posts(str(path), MAX_BYTES) as source, pytest.raises(InputError, match="cut short") as refused:
        seen.extend(line for chunk in source.chunks() for line in chunk)
    assert str(path) in str(refused.value)
    assert len(seen) > 1_000
    assert content.startswith(b"\n".join(line.data for line in seen))


def test_damage_inside_a_gzip_stream_is_named(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"".join(b'{"id":%d}\n' % number for number in range(50_000))))
    packed[len(packed) // 2 : len(packed) // 2 + 50] = bytes(50)
    (tmp_path / "damaged.jsonl.gz").write_bytes(packed)
    assert "can't be decompressed" in refusal(tmp_path / "damaged.jsonl.gz")


def test_standard_input_yields_what_is_there_and_does_not_hang() -> None:
    reading, writing = os.pipe()
    try:
        chunks = StdinSource(MAX_BYTES, reading).chunks()
        os.write(writing, b'{"id":1}\n{"id"')
        assert [line.data for line in next(chunks)] == [b'{"id":1}']
        assert next(chunks) == []
        os.write(writing, b":2}")
        os.close(writing)
        assert [line.data for line in chain.from_iterable(chunks)] == [b'{"id":2}']
    finally:
        os.close(reading)


def test_a_closed_standard_input_is_named() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    with pytest.raises(InputError, match="standard input"):
        lines_of(StdinSource(MAX_BYTES, reading))


def test_a_cursor_file_remembers(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.jsonl", b'{"id":1}\n{"id":2}\n')
    with open_posts(str(path), MAX_BYTES) as source:
        cursor = CursorFile(tmp_path / "cursor", source)
        assert cursor.resume() == 0
        cursor.save(9)
    with path.open("ab") as file:
        file.write(b'{"id":3}\n')
    with open_posts(str(path), MAX_BYTES) as source:
        assert CursorFile(tmp_path / "cursor", source).resume() == 9
        assert data_of(source) == [b'{"id":2}', b'{"id":3}']
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["cursor", "posts.jsonl"]


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"nonsense", b'{"cursor":1}'])
def test_a_damaged_cursor_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path / "posts.jsonl", b'{"id":1}\n')
    (tmp_path / "cursor").write_bytes(content)
    with open_posts(str(path), MAX_BYTES) as source, pytest.raises(InputError, match=r"cursor.*delete it"):
        CursorFile(tmp_path / "cursor", source).resume()


def test_a_cursor_is_not_used_on_other_posts(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.jsonl", b'{"id":1}\n'), write(tmp_path / "b.jsonl", b'{"id":2}\n')
    with open_posts(str(first), MAX_BYTES) as source:
        CursorFile(tmp_path / "cursor", source).save(9)
    with open_posts(str(second), MAX_BYTES) as source, pytest.raises(InputError, match="other posts"):
        CursorFile(tmp_path / "cursor", source).resume()


def test_standard_input_takes_no_cursor_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be resumed"):
        CursorFile(tmp_path / "cursor", StdinSource(MAX_BYTES))


# pacing

NOW_MS = 1_750_000_000_000


def recording(tmp_path: Path, *times: object) -> FileSource:
    content = b"".join(json.dumps({"id": 1, "created_at": time, "text": "x"}).encode() + b"\n" for time in times)
    return FileSource(write(tmp_path / "recording.jsonl", content), MAX_BYTES)


def test_the_span_is_from_the_first_post_to_the_newest(tmp_path: Path) -> None:
    source = recording(tmp_path, 1_500_000_000_000, 1_500_000_900_000, "broken", 1_500_000_600_000)
    assert measure_span(source, IngestSettings(), NOW_MS) == Span(1_500_000_000_000, 1_500_000_900_000)
    assert len(lines_of(source)) == 4
    source.close()


def test_one_post_dated_2099_does_not_stretch_the_span(tmp_path: Path) -> None:
    source = recording(tmp_path, "2099-01-01T00:00:00Z", 1_500_000_000_000, 1_500_000_900_000)
    assert measure_span(source, IngestSettings(), NOW_MS) == Span(1_500_000_000_000, 1_500_000_900_000)
    source.close()


def test_a_recording_of_the_future_has_a_span(tmp_path: Path) -> None:
    source = recording(tmp_path, "2099-01-01T00:00:00Z", "2099-01-01T01:00:00Z")
    span = measure_span(source, IngestSettings(), NOW_MS)
    assert span.last_ms - span.first_ms == HOUR_MS
    source.close()


def test_a_span_needs_times_and_a_second_reading(tmp_path: Path) -> None:
    source = recording(tmp_path, "never")
    with pytest.raises(InputError, match="created_at"):
        measure_span(source, IngestSettings(), NOW_MS)
    source.close()
    with pytest.raises(InputError, match="read twice"):
        measure_span(StdinSource(MAX_BYTES), IngestSettings(), NOW_MS)


class Clock:
    def __init__(self) -> None:
        self.ms = NOW_MS

    def __call__(self) -> int:
        return self.ms


@pytest.mark.parametrize("speed", [0.5, 1, 60, 1440, None])
def test_redated_posts_are_never_ahead_of_the_clock_and_keep_their_gaps(speed: float | None) -> None:
    clock = Clock()
    pacing = Pacing(speed=speed, redate=True, span=Span(0, 24 * HOUR_MS), now_ms=clock)
    times = []
    for hour in range(25):
        event_ms, sent_ms = pacing.redate(hour * HOUR_MS)
        clock.ms += round(pacing.wait_seconds(event_ms) * 1000)
        assert event_ms <= sent_ms == clock.ms
        times.append(event_ms)
    assert {later - earlier for earlier, later in pairwise(times)} == {HOUR_MS}
    if speed != 0.5:
        assert times[-1] == clock.ms
    assert clock.ms - NOW_MS == (round(24 * HOUR_MS / speed) if speed else 0)


def test_without_redating_the_times_stay(tmp_path: Path) -> None:
    clock = Clock()
    pacing = Pacing(speed=10, redate=False, span=None, now_ms=clock)
    assert pacing.redate(5_000) == (5_000, NOW_MS)
    assert pacing.wait_seconds(5_000) == 0
    assert pacing.wait_seconds(25_000) == 2.0
    clock.ms += 1_500
    assert pacing.wait_seconds(25_000) == 0.5
    assert pacing.wait_seconds(4_000) == 0  # a late post does not wait


def test_a_stream_can_be_redated_in_real_time_only() -> None:
    pacing = Pacing(speed=1, redate=True, span=None, now_ms=Clock())
    assert pacing.redate(7_000) == (NOW_MS, NOW_MS)
    assert pacing.redate(9_000) == (NOW_MS + 2_000, NOW_MS + 2_000)
    assert pacing.redate(7_000 + 48 * HOUR_MS) == (NOW_MS + 48 * HOUR_MS, NOW_MS)  # not waited for: refused later
    for speed in (None, 2):
        with pytest.raises(InputError, match="span"):
            Pacing(speed=speed, redate=True, span=None, now_ms=Clock())


def test_a_post_beyond_the_span_is_not_waited_for() -> None:
    pacing = Pacing(speed=60, redate=True, span=Span(0, HOUR_MS), now_ms=Clock())
    assert pacing.redate(HOUR_MS)[1] == NOW_MS + 60_000
    assert pacing.redate(3 * HOUR_MS)[1] == NOW_MS


def test_a_paced_source_holds_lines_back_until_they_are_due(tmp_path: Path) -> None:
    clock = Clock()
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        clock.ms += round(seconds * 1000)

    source = recording(tmp_path, *(NOW_MS + ms for ms in (0, 60_000)), "broken", NOW_MS + 59_000, NOW_MS + 120_000)
    pacing = Pacing(speed=60, redate=False, span=None, now_ms=clock)
    arrived = [(len(chunk), clock.ms - NOW_MS) for chunk in Paced(source, pacing, sleep).chunks() if chunk]
    source.close()
    assert arrived == [(1, 0), (3, 1_000), (1, 2_000)]
    assert max(naps) <= NAP_SECONDS


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan")])
def test_a_speed_must_be_a_positive_number(speed: float) -> None:
    with pytest.raises(InputError, match="speed"):
        Pacing(speed=speed, redate=False, span=None, now_ms=Clock())
