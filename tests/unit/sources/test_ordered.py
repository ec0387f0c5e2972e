"""Archives in order of time: what is sorted, what stands apart, and what is left as it is."""

from __future__ import annotations

import gzip
import json
import random
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.units import DAY_MS
from streams.config import IngestSettings
from streams.core.ingest.time_order import TimeOrder
from streams.errors import InputError
from streams.sources import ordered
from streams.sources.base import Line, Source
from streams.sources.files import FileSource
from streams.sources.line_sorter import LineSorter
from streams.sources.ordered import OrderedPosts, far_behind, in_order_of_time
from streams.sources.spool import Spool
from tests.support.lines import MAX_BYTES, lines_of, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = 1_770_000_000_000
NOW = START + 1_000 * DAY_MS


def post(ts_ms: int, **fields: Any) -> bytes:
    created_at = datetime.fromtimestamp(ts_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return json.dumps({"id": ts_ms, "created_at": created_at, "text": "Nordtel"} | fields).encode()


def opened(path: Path, content: list[bytes], **settings: Any) -> OrderedPosts:
    source = FileSource(write(path, b"".join(line + b"\n" for line in content)), MAX_BYTES)
    return OrderedPosts(source, IngestSettings(**settings), NOW)


MINUTES = [START + minute * 60_000 for minute in range(2_000)]
INPUTS = {
    "newest first": MINUTES[::-1],
    "one network after another": MINUTES[::3] + MINUTES[1::3] + MINUTES[2::3],
    "overlapping files": MINUTES[:1_200] + MINUTES[1_200:] + MINUTES[900:1_000],
    "a single post too early": [MINUTES[1], MINUTES[0], *MINUTES[2:]],
    "shuffled": random.Random(1).sample(MINUTES, len(MINUTES)),
}


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_posts_in_any_order_come_in_order_of_time(tmp_path: Path, name: str, suffix: str) -> None:
    times = INPUTS[name]
    with opened(tmp_path / f"posts{suffix}", [post(ts_ms) for ts_ms in times]) as source:
        lines = lines_of(source)
        (remark,) = source.remarks
    assert [line.data for line in lines] == [post(ts_ms) for ts_ms in sorted(times)]
    assert [times[line.number - 1] for line in lines] == sorted(times)
    assert not any(line.outlier for line in lines)
    assert remark.startswith("not in order of time, so it was sorted")


def test_the_remark_names_the_first_post_that_comes_after_a_later_one(tmp_path: Path) -> None:
    times = [START, START + 2_000, START + 1_000, START]
    with opened(tmp_path / "posts.jsonl", [post(ts_ms) for ts_ms in times]) as source:
        lines_of(source)
        (remark,) = source.remarks
    assert "2 of 4 posts" in remark
    assert "first line 3 (2026-02-02T02:40:01Z) after line 2 (2026-02-02T02:40:02Z)" in remark
    assert "--keep-order" in remark


def test_posts_in_order_come_as_from_the_source_itself(tmp_path: Path) -> None:
    content = [post(MINUTES[number // 2], id=number) for number in range(4_000)]
    content[5:5] = [b"{", b'{"id": 1, "delete": true}', b'{"id": 1, "text": "no time"}']
    with opened(tmp_path / "posts.jsonl", content) as source:
        found = [chunk for chunk in source.chunks() if chunk]
        assert list(source.remarks) == []
    with FileSource(tmp_path / "posts.jsonl", MAX_BYTES) as plain:
        assert found == [chunk for chunk in plain.chunks() if chunk]


def test_equal_times_keep_their_order(tmp_path: Path) -> None:
    content = [post(MINUTES[-number % 5], id=number) for number in range(1_000)]
    with opened(tmp_path / "posts.jsonl", content) as source:
        ids = [json.loads(line.data)["id"] for line in lines_of(source)]
    assert ids == sorted(range(1_000), key=lambda number: -number % 5)


def test_a_line_without_a_time_stays_behind_the_one_before_it(tmp_path: Path) -> None:
    bad = [b"nonsense", b'{"id": 2, "text": "no time"}', post(4_102_444_800_000), b"x" * (MAX_BYTES + 1)]
    with opened(tmp_path / "posts.jsonl", [bad[0], post(START + 9_000), *bad[1:3], post(START), bad[3]]) as source:
        assert [line.number for line in lines_of(source)] == [1, 5, 6, 2, 3, 4]


def test_a_deletion_stays_behind_every_post_before_it(tmp_path: Path) -> None:
    """Otherwise it could take effect before its post was there, which would then be shown."""
    deletion = b'{"delete": true, "id": 1}'
    with opened(tmp_path / "posts.jsonl", [post(START + 9_000), post(START), deletion, post(START + 99_000)]) as source:
        assert [line.number for line in lines_of(source)] == [2, 1, 3, 4]
    with opened(tmp_path / "first.jsonl", [deletion, post(START + 9_000), post(START)]) as source:
        assert [line.number for line in lines_of(source)] == [3, 2, 1]


def test_a_few_dates_far_from_all_others_are_marked_in_any_order(tmp_path: Path) -> None:
    far = [START + 200 * DAY_MS] * 3 + [START - 900 * DAY_MS]
    for place, content in enumerate(([*MINUTES[:500], *far, *MINUTES[500:]], sorted(MINUTES + far))):
        with opened(tmp_path / f"{place}.jsonl", [post(ts_ms) for ts_ms in content]) as source:
            lines = lines_of(source)
        marked = [line for line in lines if line.outlier]
        assert sorted(content[line.number - 1] for line in marked) == sorted(far)
        assert [line.data for line in lines] == [post(ts_ms) for ts_ms in sorted(content)]
        assert "dated 2023-08-17T02:40:00Z, 900 days before the first of all other posts" in marked[0].outlier
        assert "199 days after the last of all other posts" in marked[-1].outlier
        assert "ingest.outlier_share to 0" in marked[0].outlier


def test_a_file_that_is_in_order_but_for_outliers_is_not_called_disordered(tmp_path: Path) -> None:
    content = [*MINUTES[:500], START + 200 * DAY_MS, *MINUTES[500:]]
    with opened(tmp_path / "posts.jsonl", [post(ts_ms) for ts_ms in content]) as source:
        lines_of(source)
        assert list(source.remarks) == []


def test_a_quiet_start_is_kept_and_said_to_be(tmp_path: Path) -> None:
    times = [START - place * 30 * DAY_MS for place in range(20, 0, -1)] + MINUTES
    with opened(tmp_path / "posts.jsonl", [post(ts_ms) for ts_ms in times]) as source:
        assert not any(line.outlier for line in lines_of(source))
        (remark,) = source.remarks
    assert remark.startswith("20 posts up to 2026-01-03T02:40:00Z are 30 days or more before all others, and were kept")


def test_with_a_share_of_zero_nothing_is_marked(tmp_path: Path) -> None:
    times = [*MINUTES, START + 200 * DAY_MS]
    with opened(tmp_path / "posts.jsonl", [post(ts_ms) for ts_ms in times], outlier_share=0) as source:
        assert not any(line.outlier for line in lines_of(source))


def test_posts_that_ingest_refuses_for_their_date_do_not_count_as_the_end(tmp_path: Path) -> None:
    times = [*MINUTES, NOW + 400 * DAY_MS]
    with opened(tmp_path / "posts.jsonl", [post(ts_ms) for ts_ms in times]) as source:
        assert not any(line.outlier for line in lines_of(source))
    path = tmp_path / "next-year.jsonl"
    write(path, b"".join(post(NOW + 400 * DAY_MS + ts_ms - START) + b"\n" for ts_ms in MINUTES[::-1]))
    with FileSource(path, MAX_BYTES) as file, OrderedPosts(file, IngestSettings(), NOW, redate=True) as source:
        assert [line.number for line in lines_of(source)] == list(range(2_000, 0, -1))


def test_it_can_be_read_again(tmp_path: Path) -> None:
    with opened(tmp_path / "posts.jsonl", [post(ts_ms) for ts_ms in MINUTES[::-1]]) as source:
        assert lines_of(source) == lines_of(source)


def test_what_stands_before_the_damage_of_a_file_comes_sorted_before_the_error(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(post(ts_ms, author=str(random.random())) + b"\n" for ts_ms in MINUTES[::-1]))
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    found: list[int] = []
    with (
        FileSource(tmp_path / "cut.jsonl.gz", MAX_BYTES) as file,
        OrderedPosts(file, IngestSettings(), NOW) as source,
        pytest.raises(InputError, match="cut short"),
    ):
        found.extend(line.number for line in chain.from_iterable(source.chunks()))
    assert len(found) > 100
    assert found == sorted(found, reverse=True)


def test_the_caller_is_given_control_while_it_reads_and_sorts(tmp_path: Path) -> None:
    """Otherwise a worker could not be stopped, and the progress bar would stand still."""
    seen = []
    with opened(tmp_path / "posts.jsonl", [post(ts_ms, text="x" * 400) for ts_ms in MINUTES[::-1]]) as source:
        for chunk in source.chunks():
            seen.append((len(chunk) > 0, source.activity, source.consumed_bytes))
            assert len(chunk) <= 1_000
        assert source.total_bytes == source.consumed_bytes > 500_000
    activities = [activity for _, activity, _ in seen]
    assert activities.count("checking the order of time") == activities.count("sorting by time") > 2
    assert [activity for has_lines, activity, _ in seen if has_lines] == ["", ""]


def test_lines_that_are_appended_meanwhile_do_not_disturb(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    with opened(path, [post(ts_ms) for ts_ms in MINUTES[::-1]]) as source:
        chunks = source.chunks()
        next(chunks)
        while source.activity != "sorting by time":
            next(chunks)
        with path.open("ab") as file:
            file.write(post(START) + b"\n")
        assert len(list(chain.from_iterable(chunks))) == 2_000


class Pipe(Source):
    """Yields each line once."""

    name = "standard input"

    def __init__(self, times: list[int]) -> None:
        self._lines = iter([Line(post(ts_ms), place, number=place) for place, ts_ms in enumerate(times, start=1)])

    def chunks(self) -> Iterator[list[Line]]:
        for line in self._lines:
            yield [line]


def test_standard_input_is_sorted_too() -> None:
    with OrderedPosts(Pipe(MINUTES[::-1]), IngestSettings(), NOW) as source:
        assert [line.number for line in lines_of(source)] == list(range(2_000, 0, -1))


def test_what_is_too_long_to_be_kept_comes_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered, "Spool", lambda source: Spool(source, max_bytes=1_000))
    with OrderedPosts(Pipe(MINUTES[::-1]), IngestSettings(), NOW) as source:
        assert [line.number for line in lines_of(source)] == list(range(1, 2_001))
        assert list(source.remarks) == []


def test_to_keep_the_order_gives_the_source_itself() -> None:
    source = Pipe([])
    assert in_order_of_time(source, IngestSettings(), NOW, keep_order=True) is source


@given(st.lists(st.integers(0, 50).map(lambda second: START + second * 1_000), max_size=60), st.booleans())
def test_every_line_comes_once_sorted_and_stable(times: list[int], small: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered, "LineSorter", lambda: LineSorter(1 if small else 10**9))
        with OrderedPosts(Pipe(times), IngestSettings(), NOW) as source:
            numbers = [line.number - 1 for line in lines_of(source)]
    assert numbers == sorted(range(len(times)), key=times.__getitem__)


def order_of(*times: int) -> TimeOrder[Line]:
    order = TimeOrder[Line](lateness_ms=120_000)
    for number, ts_ms in enumerate(times, start=1):
        order.add(ts_ms, Line(b"", 0, number=number))
    return order


def test_posts_far_behind_are_described_by_place_and_times() -> None:
    (remark,) = far_behind(order_of(1_700_000_000_000, 1_600_000_000_000), 120)
    assert "1 of 2 posts" in remark
    assert "line 2 (2020-09-13T12:26:40Z) after line 1 (2023-11-14T22:13:20Z)" in remark
    assert "windows.lateness_seconds=120" in remark


def test_posts_within_the_lateness_and_a_few_beyond_are_not_remarked() -> None:
    assert not list(far_behind(order_of(1_700_000_000_000, 1_700_000_000_000 - 120_000), 120))
    assert not list(far_behind(order_of(*range(10**12, 10**12 + 200), 10**11), 120))
