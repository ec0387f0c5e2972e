"""`firewatch replay` and `firewatch simulate`: what they print, and what a mistake ends in."""

from __future__ import annotations

import gzip
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from streams.cli.offline import SIMULATION_SEED
from streams.offline.simulate import SimulationSettings
from tests.support.cli import BRANDS, firewatch, post_line
from tests.support.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "brands.yaml"
    path.write_text(BRANDS)
    return path


def replay(posts: Path | str, config: Path, *options: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    alerts = config.with_name("alerts.jsonl")
    return firewatch("replay", posts, "-c", config, "--alerts", alerts, *options, stdin=stdin)


def test_good_posts_replay_from_a_file_from_gzip_and_from_stdin(config: Path, tmp_path: Path) -> None:
    posts = b"".join(post_line(number) for number in range(50))
    plain, packed = tmp_path / "posts.jsonl", tmp_path / "posts.jsonl.gz"
    plain.write_bytes(posts)
    packed.write_bytes(gzip.compress(posts))
    for done in (replay(plain, config), replay(packed, config), replay("-", config, stdin=posts)):
        assert done.returncode == 0
        assert b"mentions matched 50, counted 50 + late 0" in done.stderr


BAD_LINES = {
    "broken_json": b'{"id": "1", "text": \n',
    "wrong_type": b"[1, 2]\n",
    "missing_field": b'{"id": "1", "created_at": "2026-03-02T00:00:00Z", "body": "Nordtel"}\n',
    "too_large": post_line(1, text="x" * 2_000_000),
    "too_deep": b'{"id":' + b"[" * 10_000 + b"]" * 10_000 + b"}\n",
    "timestamp_too_old": post_line(1, created_at="1970-01-01T00:00:00Z"),
    "timestamp_in_future": post_line(1, created_at="2099-01-01T00:00:00Z"),
    "bad_timestamp": post_line(1, created_at="yesterday"),
}


@pytest.mark.parametrize("reason", BAD_LINES)
def test_a_bad_line_among_good_ones_is_counted_with_its_reason(reason: str, config: Path, tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    posts.write_bytes(b"".join(post_line(number) for number in range(1, 30)) + BAD_LINES[reason] + post_line(31))
    done = replay(posts, config)
    assert done.returncode == 0
    assert f"rejected 1 ({reason} 1)".encode() in done.stderr
    assert f"rejected: line 30: {reason}: ".encode() in done.stderr
    assert b"counted 30 + late 0" in done.stderr


def test_posts_without_text_and_odd_fields_cost_nothing_and_are_counted(config: Path, tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    pictures = [post_line(number, text=text) for number, text in enumerate((None, "", "\x00\x00") * 10, 100)]
    odd = [post_line(number, likes=12.0, url="javascript:alert(1)") for number in range(30)]
    posts.write_bytes(b"".join(pictures + odd))
    done = replay(posts, config)
    assert done.returncode == 0
    assert b"skipped 30 posts without text" in done.stderr
    assert b"fields converted: 30 (likes 30)" in done.stderr
    assert b"fields left out: 30 (url 30)" in done.stderr
    assert b"posts 30, repeated 0, rejected 0;" in done.stderr


def test_a_file_in_which_no_post_has_a_text_is_refused(config: Path, tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    posts.write_bytes(b"".join(post_line(number, text="") for number in range(3)))
    done = replay(posts, config)
    assert done.returncode == 3
    assert b"holds no posts with a text; 3 without one were skipped" in done.stderr


def test_lone_surrogates_and_null_bytes_in_a_text_do_no_harm(config: Path, tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    posts.write_bytes(rb'{"id":1,"created_at":1772409600,"text":"Nordtel \ud83d \u0000 kaputt"}')
    done = replay(posts, config)
    assert done.returncode == 0
    assert b"counted 1 + late 0" in done.stderr


def test_mostly_bad_input_stops_with_the_reasons(config: Path, tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    posts.write_bytes(b"".join([post_line(1), *[b"nonsense\n"] * 9]))
    done = replay(posts, config)
    assert done.returncode == 3
    assert b"9 of 10 records are rejected (broken_json 9): over the limit ingest.max_bad_share" in done.stderr
    assert b"\n  line 2: broken_json: not JSON" in done.stderr


def test_a_file_that_is_cut_short_is_replayed_up_to_the_cut_and_named(config: Path, tmp_path: Path) -> None:
    posts = tmp_path / "cut.jsonl.gz"
    noise = random.Random(1)
    lines = [post_line(number, author=str(noise.random())) for number in range(2_000)]
    posts.write_bytes(gzip.compress(b"".join(lines))[:15_000])
    done = replay(posts, config)
    assert done.returncode == 3
    assert re.search(rb"posts (\d,)?\d\d\d, .* mentions matched (\d,)?\d\d\d, ", done.stderr)
    assert (
        b"cut.jsonl.gz: the gzip stream is cut short, its rest is missing; all before it has been read" in done.stderr
    )


def test_fields_and_the_encoding_can_be_named(config: Path, tmp_path: Path) -> None:
    posts = tmp_path / "export.csv"
    posts.write_text("Nr;Datum;Text\n7;2026-03-02T10:15:00Z;Nordtel – нет связи\n", encoding="cp1251")
    done = replay(posts, config, "--map", "id=Nr,created_at=Datum,text=Text", "--encoding", "cp1251")
    assert done.returncode == 0
    assert b"read as CP1251, a table" in done.stderr
    assert b"counted 1 + late 0" in done.stderr
    refused = replay(posts, config, "--map", "raddit")
    assert refused.returncode == 2
    assert b"there is no format 'raddit'" in refused.stderr


def test_records_of_an_unknown_format_are_refused_with_their_fields_and_the_option(
    config: Path, tmp_path: Path
) -> None:
    posts = tmp_path / "export.jsonl"
    posts.write_bytes(b'{"uid": 7, "message": "Nordtel", "time": 1772446500}\n' * 30)
    done = replay(posts, config)
    assert done.returncode == 3
    assert b"export.jsonl: 30 of 30 records are rejected (missing_field 30)" in done.stderr
    assert b"it has uid, message, time. Name the fields: --map id=...,created_at=...,text=..." in done.stderr


def test_all_rejected_records_are_written_to_a_file_if_one_is_named(config: Path, tmp_path: Path) -> None:
    posts, rejects = tmp_path / "posts.jsonl", tmp_path / "rejects.jsonl"
    posts.write_bytes(b"".join([*map(post_line, range(1, 200)), *[b'{"id":\n'] * 9]))
    done = replay(posts, config, "--rejects", str(rejects))
    assert done.returncode == 0
    written = [orjson.loads(line) for line in rejects.read_bytes().splitlines()]
    assert [record["line"] for record in written] == list(range(200, 209))
    assert {(record["file"], record["reason"], record["record"]) for record in written} == {
        (str(posts), "broken_json", '{"id":')
    }


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.jsonl", None, "none.jsonl"),
        ("empty.jsonl", b"", "empty.jsonl"),
        ("blank.jsonl", b"\n\n", "blank.jsonl"),
        ("plain.jsonl.gz", b"not gzip", "plain.jsonl.gz"),
        ("cut.jsonl.gz", gzip.compress(post_line(1) * 1000)[:-20], "cut.jsonl.gz"),
    ],
)
def test_a_file_that_is_missing_empty_or_damaged_is_named(
    name: str, content: bytes | None, message: str, config: Path, tmp_path: Path
) -> None:
    posts = tmp_path / name
    if content is not None:
        posts.write_bytes(content)
    done = replay(posts, config)
    assert done.returncode == 3
    assert message.encode() in done.stderr


def minute_of(day: int, **fields: object) -> bytes:
    return post_line(day, created_at=f"2026-01-{day:02}T00:00:00Z", **fields)


def test_a_file_that_is_newest_first_is_sorted_and_said_to_be(config: Path, tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    posts.write_bytes(b"".join(minute_of(day) for day in range(20, 0, -1)))
    done = replay(posts, config)
    assert done.returncode == 0
    assert b"counted 20 + late 0" in done.stderr
    assert (
        b"not in order of time, so it was sorted: 19 of 20 posts come after a later one, the first line 2 "
        b"(2026-01-19T00:00:00Z) after line 1 (2026-01-20T00:00:00Z)"
    ) in done.stderr


def test_with_its_order_kept_it_is_warned_of(config: Path, tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    times = [f"2026-01-{day:02}T{hour:02}:11:07Z" for day in range(20, 0, -1) for hour in range(23, -1, -2)]
    posts.write_bytes(b"".join(post_line(number, created_at=time) for number, time in enumerate(times)))
    done = firewatch("replay", posts, "-c", config, "--alerts", tmp_path / "alerts.jsonl", "--keep-order")
    assert done.returncode == 0
    assert b"the first line 2 (2026-01-20T21:11:07Z) after line 1 (2026-01-20T23:11:07Z)" in done.stderr
    warning = re.search(
        rb"WARNING: (\d+) of 240 mentions \((\d\d\.\d) %\) came after their bucket had closed", done.stderr
    )
    assert warning
    assert re.search(rb"counted (\d+) \+ late " + warning[1], done.stderr)


def test_posts_whose_dates_stand_apart_are_set_aside_named_and_written(config: Path, tmp_path: Path) -> None:
    posts, rejects = tmp_path / "posts.jsonl", tmp_path / "rejects.jsonl"
    lines = [post_line(number, id=str(number)) for number in range(600)]
    lines[100:100] = [post_line(0, id="far", created_at="2026-07-01T10:00:00Z")]
    posts.write_bytes(b"".join(sorted(lines[:100]) + lines[100:]))
    done = firewatch("replay", posts, "-c", config, "--alerts", tmp_path / "alerts.jsonl", "--rejects", rejects)
    assert done.returncode == 0
    assert b"rejected: line 101: outlier_date: dated 2026-07-01T10:00:00Z, 121 days after the last" in done.stderr
    assert b"rejected 1 (outlier_date 1)" in done.stderr
    assert b"counted 600 + late 0" in done.stderr
    written = orjson.loads(rejects.read_bytes())
    assert (written["line"], written["reason"]) == (101, "outlier_date")


def open_files(process: int) -> Iterator[str]:
    for each in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since
            yield str(each.readlink())


def is_stopped_with_a_file_in(folder: Path, run: subprocess.Popen[bytes]) -> bool:
    """Stop a process and return whether it has a file of the folder open; let it go on if not."""
    run.send_signal(signal.SIGSTOP)
    while run.poll() is None and Path(f"/proc/{run.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
        time.sleep(0.001)
    if any(str(folder) in target for target in open_files(run.pid)):
        return True
    run.send_signal(signal.SIGCONT)
    time.sleep(0.02)
    return False


def test_an_interrupt_leaves_no_temporary_file(config: Path, tmp_path: Path) -> None:
    """Enough lines for a sort on disk; the interrupt comes when the file is there."""
    posts, folder = tmp_path / "posts.jsonl", tmp_path / "temporary"
    folder.mkdir()
    posts.write_bytes(b"".join(minute_of(day, text="Nordtel " + "x" * 60_000) for day in (2, 1)) * 900)
    command = [
        sys.executable, "-m", "streams.cli", "replay", posts, "-c", config, "--alerts", tmp_path / "alerts.jsonl"
    ]  # fmt: skip
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(folder)}
    with subprocess.Popen(list(map(str, command)), env=environment, stderr=subprocess.PIPE) as run:
        while not is_stopped_with_a_file_in(folder, run):
            assert run.poll() is None
        run.send_signal(signal.SIGINT)
        run.send_signal(signal.SIGCONT)
        assert run.wait(PATIENCE_SECONDS) != 0
    assert list(folder.iterdir()) == []


def test_an_alerts_file_that_cannot_be_written_is_named(config: Path, tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    posts.write_bytes(post_line(1))
    done = firewatch("replay", posts, "-c", config, "--alerts", tmp_path / "no" / "alerts.jsonl")
    assert done.returncode == 1
    assert b"alerts.jsonl can't be written: No such file or directory" in done.stderr


def test_simulated_posts_check_and_replay(tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    assert firewatch("simulate", "--out", posts, "--days", "0.2", "--scenario", "calm").returncode == 0
    config = tmp_path / "posts.yaml"
    assert b"good" in firewatch("check-config", config).stdout
    done = replay(posts, config)
    truth = orjson.loads((tmp_path / "posts.truth.json").read_bytes())
    assert f"mentions matched {sum(truth['mentions'].values()):,}, ".encode() in done.stderr


def test_the_default_seed_is_that_of_the_simulation() -> None:
    assert SimulationSettings().seed == SIMULATION_SEED
