"""Files are read once each, whatever happens to them meanwhile."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import json
import lzma
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from backports import zstd

from streams.errors import SourceRefused, SourceUnavailable
from streams.sources.live.files import progress
from tests.support.source_reading import Read, read_until, source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from streams.sources.live.base import LiveSource, Position

NOON = 1_772_452_800
LONG_AGO = 1_700_000_000


def post(number: int) -> dict[str, Any]:
    return {"id": str(number), "created_at": NOON + number, "text": f"Nordtel {number}"}


def lines(numbers: Iterable[int]) -> bytes:
    return b"".join(json.dumps(post(number)).encode() + b"\n" for number in numbers)


class Folder:
    """A folder that is watched."""

    def __init__(self, path: Path) -> None:
        self.path = path / "in"
        self.path.mkdir()
        self.ahead_ms = 0

    def now_ms(self) -> int:
        return (NOON + 100_000) * 1000 + self.ahead_ms

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.ahead_ms += round(seconds * 1000)
        await asyncio.sleep(0.001)

    def write(self, name: str, data: bytes) -> Path:
        path = self.path / name
        path.write_bytes(data)
        return path

    def append(self, name: str, data: bytes) -> None:
        with (self.path / name).open("ab") as file:
            file.write(data)

    def source(self, **entry: Any) -> LiveSource:
        fields = {"id": "drop", "kind": "files", "paths": [str(self.path)]}
        return source_of(fields | entry, now_ms=self.now_ms, sleep=self.sleep)

    async def read(self, enough: Callable[[Read], object], position: Position | None = None, **entry: Any) -> Read:
        return await read_until(self.source(**entry), enough, position)

    async def read_steps(self, *steps: Callable[[], object], **entry: Any) -> Read:
        """Read; whenever all that is there has been read, take the next step, and end after the last one."""
        left = list(steps)
        quiet = [0]

        def on(read: Read) -> bool:
            quiet[0] = 0 if read.batches[-1].items else quiet[0] + 1
            if quiet[0] > 20:
                quiet[0] = 0
                if not left:
                    return True
                left.pop(0)()
            return False

        return await self.read(on, **entry)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def have(count: int) -> Callable[[Read], bool]:
    return lambda read: len(read.ids) >= count


async def test_files_of_a_folder_are_read_in_the_order_in_which_they_were_changed(folder: Folder) -> None:
    for number, name in enumerate(["b.jsonl", "c.jsonl", "a.jsonl"]):
        path = folder.write(name, lines(range(number * 10, number * 10 + 10)))
        os.utime(path, (LONG_AGO + number, LONG_AGO + number))
    folder.write(".hidden.jsonl", lines([99]))
    folder.write("incomplete.jsonl.part", lines([99]))
    (folder.path / "sub").mkdir()
    read = await folder.read(have(30))
    assert read.ids == [str(number) for number in range(30)]


async def test_a_file_that_grows_is_read_line_by_line(folder: Folder) -> None:
    folder.write("log.jsonl", lines([1]))
    read = await folder.read_steps(
        lambda: folder.append("log.jsonl", lines([2, 3])[:-20]),
        lambda: folder.append("log.jsonl", lines([2, 3])[-20:] + lines([4])),
        settle_seconds=86_400,
    )
    assert read.ids == ["1", "2", "3", "4"]
    assert not read.bad


async def test_a_last_line_that_is_not_complete_is_reported_once_and_read_if_it_becomes_complete(
    folder: Folder,
) -> None:
    data = lines([1, 2])
    folder.write("log.jsonl", data[:-20])
    read = await folder.read_steps(lambda: None, lambda: folder.append("log.jsonl", data[-20:]), settle_seconds=5)
    assert read.ids == ["1", "2"]
    assert read.bad == ["broken_json"]


async def test_more_files_than_are_kept_open_grow_and_settle(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.sources.live.files.source._OPEN_FILES", 2)
    for number in range(9):
        folder.write(f"{number}.jsonl", lines([number]))

    def grow() -> None:
        for number in range(9):
            folder.append(f"{number}.jsonl", lines([number + 10]))

    read = await folder.read_steps(grow, settle_seconds=3)
    assert len(read.ids) == len(set(read.ids)) == 18
    assert read.position is not None
    assert all(entry[5] == entry[3] for entry in read.position["files"])  # read to its end


async def test_reading_goes_on_at_a_saved_position(folder: Folder) -> None:
    folder.write("a.jsonl", lines(range(5)))
    first = await folder.read_steps()
    assert first.ids == list("01234")
    folder.append("a.jsonl", lines([5]))
    folder.write("b.jsonl", lines([6]))
    second = await folder.read(have(2), json.loads(json.dumps(first.position)))
    assert sorted(second.ids) == ["5", "6"]
    assert (await folder.read(lambda read: len(read.batches) > 30, second.position)).items == []


async def test_every_position_leads_to_the_rest(folder: Folder) -> None:
    """Whatever batch was the last that was saved, nothing is lost and nothing before it comes again."""
    for name, start in (("a", 0), ("b", 5_000), ("c", 10_000)):
        folder.write(f"{name}.jsonl", lines(range(start, start + 5_000)))
    whole = await folder.read(have(15_000))
    assert len(set(whole.ids)) == 15_000
    passed = 0
    for batch in whole.batches:
        passed += len(batch.items)
        if batch.items and batch.position:
            rest = await folder.read(have(15_000 - passed), json.loads(json.dumps(batch.position)))
            assert rest.ids == whole.ids[passed:]


async def test_a_file_that_is_renamed_is_the_same_file(folder: Folder) -> None:
    """As a log is rotated: a new one takes the name."""
    folder.write("log.jsonl", lines(range(5)))

    def rotate() -> None:
        (folder.path / "log.jsonl").rename(folder.path / "log.jsonl.1")
        folder.append("log.jsonl.1", lines([5]))
        folder.write("log.jsonl", lines([6, 7]))

    read = await folder.read_steps(rotate)
    assert sorted(read.ids) == list("01234567")
    assert not read.gaps


async def test_a_file_that_is_copied_and_emptied_is_read_once(folder: Folder) -> None:
    folder.write("log.jsonl", lines(range(5)))

    def rotate() -> None:
        shutil.copy(folder.path / "log.jsonl", folder.path / "log.jsonl.1")
        folder.write("log.jsonl", lines([6, 7]))

    read = await folder.read_steps(rotate)
    assert sorted(read.ids) == list("0123467")
    assert not read.gaps


async def test_a_file_that_is_replaced_by_rename_is_another(folder: Folder) -> None:
    folder.write("state.jsonl", lines(range(5)))

    def replace() -> None:
        folder.write("state.jsonl.tmp", lines([8, 9]))
        (folder.path / "state.jsonl.tmp").rename(folder.path / "state.jsonl")

    read = await folder.read_steps(replace)
    assert read.ids == ["0", "1", "2", "3", "4", "8", "9"]


async def test_a_file_that_vanishes_before_it_was_read_is_a_gap(folder: Folder) -> None:
    folder.write("a.jsonl", lines(range(5)))
    first = await folder.read_steps()
    folder.append("a.jsonl", b'{"id": "6"')

    second = await folder.read_steps((folder.path / "a.jsonl").unlink, position=first.position, settle_seconds=86_400)
    (gap,) = second.gaps
    assert (gap.from_ms, gap.cause, gap.part) == ((NOON + 4) * 1000, "removed", "a.jsonl")
    assert gap.to_ms >= folder.now_ms() - 60_000


async def test_a_path_that_leads_to_nothing_is_named_although_others_are_read(folder: Folder) -> None:
    folder.write("a.jsonl", lines(range(5)))
    missing = folder.path / "b.jsonl"
    source = folder.source(paths=[str(folder.path / "a.jsonl"), str(missing)])
    seen: list[tuple[str, str]] = []

    def on(read: Read) -> bool:
        seen.append((source.health.state, source.health.why))
        if len(read.ids) == 5 and not missing.exists() and seen[-1][0] == "live":
            missing.write_bytes(lines(range(5, 7)))
        return len(read.ids) == 7

    await read_until(source, on)
    assert ("live", f"there is nothing at {missing}") in seen
    assert source.health.why == ""


async def test_a_folder_that_is_away_for_a_while_is_not_read_again(folder: Folder, tmp_path: Path) -> None:
    folder.write("a.jsonl", lines(range(5)))
    first = await folder.read_steps()
    folder.path.rename(tmp_path / "away")
    with pytest.raises(SourceUnavailable, match=r"source drop: .*no such folder"):
        await folder.read(have(1), first.position, paths=[str(folder.path / "a.jsonl")])
    folder.path.mkdir()
    second = await folder.read_steps(position=first.position)
    shutil.copytree(tmp_path / "away", folder.path, dirs_exist_ok=True)
    third = await folder.read_steps(position=second.position or first.position)
    assert second.items + third.items == []


@pytest.mark.parametrize(
    ("name", "compress"),
    [
        ("gz", lambda data: gzip.compress(data, mtime=0)),
        ("zst", zstd.compress),
        ("bz2", bz2.compress),
        ("xz", lzma.compress),
    ],
)
async def test_compressed_files_are_read_and_one_that_is_cut_short_is_reported_with_its_path(
    folder: Folder, name: str, compress: Callable[[bytes], bytes]
) -> None:
    data = compress(lines(range(2_000))) + compress(lines(range(2_000, 4_000)))
    folder.write(f"whole.jsonl.{name}", data)
    folder.write(f"cut.jsonl.{name}", compress(lines(range(5_000, 9_000)))[:-100])
    read = await folder.read_steps(lambda: folder.write(f"cut.jsonl.{name}", compress(lines(range(5_000, 9_000)))))
    assert len(read.ids) == len(set(read.ids)) == 8_000
    (bad,) = [item for item in read.items if type(item).__name__ == "Bad"]
    assert bad.error.reason == "broken_file"  # type: ignore[union-attr]
    assert "cut short, its rest is missing" in bad.error.detail  # type: ignore[union-attr]
    assert f"cut.jsonl.{name}" in bad.place  # type: ignore[union-attr]


async def test_a_table_with_a_map_and_times_without_a_zone_is_read(folder: Folder) -> None:
    table = (
        'Nr;Datum;Titel;Text\r\n7;02.03.2026 13:00;Nordtel;"ist ""weg""\r\nseit heute"\r\n'
        "8;02.03.2026 13:01;Nordtel;\r\n"
    )
    folder.write("export.csv", b"\xef\xbb\xbf" + table.encode())
    rules = {
        "id": "Nr",
        "text": {"join": ["Titel", "Text"], "separator": " "},
        "created_at": {"path": "Datum", "format": "%d.%m.%Y %H:%M", "timezone": "Europe/Berlin"},
    }
    read = await folder.read(have(2), map=rules)
    assert read.posts == [
        {"id": "7", "text": 'Nordtel ist "weg"\r\nseit heute', "created_at": "2026-03-02T12:00:00Z"},
        {"id": "8", "text": "Nordtel", "created_at": "2026-03-02T12:01:00Z"},
    ]


async def test_a_parquet_file_is_read_when_it_is_complete(folder: Folder) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    pa = pytest.importorskip("pyarrow")
    table = pa.Table.from_pylist([post(number) for number in range(3_000)])
    parquet.write_table(table, folder.path / "x.tmp", row_group_size=3_000)
    data = (folder.path / "x.tmp").read_bytes()
    folder.write("x.parquet", data[:-50])
    read = await folder.read_steps(lambda: folder.append("x.parquet", data[-50:]), lambda: None, settle_seconds=30)
    assert len(read.ids) == 3_000
    assert not read.bad
    rest = await folder.read_steps(position=read.position)
    assert rest.items == []


async def test_what_is_no_file_of_posts_is_reported_once_and_others_are_read(folder: Folder) -> None:
    folder.write("a.zip", b"PK\x03\x04" + bytes(500))
    folder.write("b.parquet", b"PAR1" + bytes(500))
    folder.write("c.jsonl", lines([1]))
    folder.write("empty.jsonl", b"")
    read = await folder.read_steps()
    assert read.ids == ["1"]
    assert read.bad == ["broken_file", "broken_file"]
    again = await folder.read_steps(position=read.position)
    assert again.items == []


async def test_a_map_that_yields_no_id_or_time_is_refused_before_anything_is_read(folder: Folder) -> None:
    folder.write("a.jsonl", b'{"uid": 7, "body": "Nordtel"}\n' * 3)
    with pytest.raises(SourceRefused, match=r"source drop: the map finds no id in any of 3 records.*uid, body: add"):
        await folder.read(have(1), map={"text": "body"})
    with pytest.raises(SourceRefused, match=r"source drop: there is no id in any of 3 records"):
        await folder.read(have(1))


async def test_finished_files_are_moved_or_deleted_once_their_posts_are_acknowledged(
    folder: Folder, tmp_path: Path
) -> None:
    folder.write("a.jsonl", lines([1]))
    folder.write("broken.zip", b"PK\x03\x04")
    moved = tmp_path / "done" / "deep"
    read = await folder.read_steps(
        lambda: folder.write("a.jsonl", lines([2])), done="move", done_folder=str(moved), settle_seconds=3
    )
    assert read.ids == ["1", "2"]
    assert sorted(path.name for path in moved.iterdir()) == ["a.jsonl", "a.jsonl.1"]
    assert [path.name for path in folder.path.iterdir()] == ["broken.zip"]
    folder.write("c.jsonl", lines([3]))
    await folder.read_steps(done="delete")
    assert not (folder.path / "c.jsonl").exists()


async def test_files_are_read_once_in_order_of_time_and_the_source_ends(folder: Folder) -> None:
    folder.write("newest-first.jsonl", lines(range(2_999, 0, -2)))
    folder.write("oldest-first.jsonl.gz", gzip.compress(lines(range(0, 3_000, 2))))
    read = await folder.read(lambda _: False, watch=False)
    assert read.ids == [str(number) for number in range(3_000)]
    passed = 0
    for batch in read.batches:
        passed += len(batch.items)
        if batch.position:
            rest = await folder.read(lambda _: False, json.loads(json.dumps(batch.position)), watch=False)
            assert rest.ids == read.ids[passed:]


async def test_a_file_that_is_missing_is_waited_for_and_the_source_says_so(folder: Folder) -> None:
    path = folder.path / "none.jsonl"
    source = folder.source(paths=[str(path)])
    await read_until(source, lambda read: len(read.batches) > 2)
    assert source.health.state == "waiting"
    assert source.health.why == (
        f"there is no file at {path}: it is read as soon as there is one; else correct `paths`"
    )
    folder.write("none.jsonl", lines([1]))
    await read_until(source, lambda read: read.ids and source.health.state == "live")
    assert source.health.why == ""


async def test_a_file_that_is_to_be_read_once_and_is_missing_is_refused(folder: Folder) -> None:
    with pytest.raises(SourceRefused, match=r"source drop: there is no file at .*none\.jsonl: correct `paths`"):
        await folder.read(have(1), watch=False, paths=[str(folder.path / "none.jsonl")])


async def test_a_day_of_many_files_leaves_nothing_behind(folder: Folder) -> None:
    """A compressed soak: 24 hours, a file a quarter of an hour that is there for an hour."""
    source = folder.source(paths=[str(folder.path / "*.jsonl")])
    numbers = iter(range(10_000))
    counts: list[int] = []

    def on(read: Read) -> bool:
        hour_quarter = folder.ahead_ms // 900_000
        if hour_quarter > len(counts):
            counts.append(len((read.position or {"files": []})["files"]))
            folder.write(f"{next(numbers)}.jsonl", lines([len(counts)]))
            for old in sorted(folder.path.iterdir(), key=lambda path: int(path.stem))[:-4]:
                old.unlink()
        folder.ahead_ms += 90_000
        return folder.ahead_ms > 2 * 86_400_000

    read = await read_until(source, on, seconds=120)
    assert len(set(read.ids)) == len(read.ids) >= 190
    assert max(counts[-50:]) <= 110  # those of a day, and no more
    assert len(source._tails) == 0  # type: ignore[attr-defined]
    assert len(source._settled) <= 4  # type: ignore[attr-defined]


async def test_that_the_cursor_has_no_room_is_said_for_as_long_as_it_is_so(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "MAX_POSITION_BYTES", 300)
    for number in range(5):
        folder.write(f"{number}.jsonl", lines([number]))
    source = folder.source()
    said: list[str] = []

    def on(read: Read) -> bool:
        if len(read.ids) == 5 and not said and "not remembered" in source.health.facts:
            said.append(source.health.facts["not remembered"])
            for number in range(4):
                (folder.path / f"{number}.jsonl").unlink()
            folder.append("4.jsonl", lines([5]))
        return len(read.ids) == 6 and "not remembered" not in source.health.facts

    await read_until(source, on)
    assert "files that were read and stay" in said[0]
