"""Blocks of bytes become lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.sources.line_splitter import LineSplitter


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
    assert [line.number for line in lines] == [number for number, line in enumerate(kept, 1) if line.strip()]
