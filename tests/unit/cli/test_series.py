"""`firewatch detect-series` and `firewatch evaluate-series` as a user runs them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import BRANDS, firewatch
from tests.support.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

HEADER = b"timestamp,value,anomaly_score,expected,lower,upper\n"


def test_a_file_and_standard_input_give_the_same(labelled_folder: Path) -> None:
    path = labelled_folder / "brand0.csv"
    done = firewatch("detect-series", path)
    assert done.returncode == 0
    assert done.stdout.startswith(HEADER)
    assert done.stdout.count(b"\n") == path.read_bytes().count(b"\n")
    for arguments in ([], ["-"]):
        assert firewatch("detect-series", *arguments, stdin=path.read_bytes()).stdout == done.stdout


def test_a_picture_of_a_series_without_labels_marks_its_alarms(labelled_folder: Path, tmp_path: Path) -> None:
    series, picture = labelled_folder / "brand0.csv", tmp_path / "out.svg"
    done = firewatch("detect-series", series, "--plot", picture)
    assert done.stdout == firewatch("detect-series", series).stdout
    assert "<!-- alarm -->" in picture.read_text()
    assert "<!-- false alarm -->" not in picture.read_text()


def test_each_row_is_answered_before_the_next_is_sent() -> None:
    command = [sys.executable, "-m", "streams.cli", "detect-series"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(b"timestamp,value\n")
        for number in range(5):
            running.stdin.write(b"%d,7\n" % (number * 300))
            running.stdin.flush()
            if number == 0:
                assert running.stdout.readline() == HEADER
            assert running.stdout.readline().startswith(b"%d,7," % (number * 300))
        running.stdin.close()
        assert running.wait(timeout=PATIENCE_SECONDS) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["detect-series", "none.csv"], 3, b"none.csv: no such file"),
        (["detect-series"], 3, b"standard input:3: timestamp 0 repeats 0"),
        (["detect-series", "--detector", "magic"], 2, b"--detector magic: no such detector (kinds are volume, "),
        (["detect-series", "--detector", "sentiment_shift"], 2, b"scores tone, and a series of counts has none"),
        (["detect-series", "--config", "none.yaml"], 2, b"none.yaml: no such file"),
        (["evaluate-series", ".", "--labels", "none.json"], 3, b"none.json: no such file"),
    ],
)
def test_a_mistake_is_named(arguments: list[str], code: int, message: bytes) -> None:
    done = firewatch(*arguments, stdin=b"timestamp,value\n0,1\n0,1\n")
    assert done.returncode == code
    assert message in done.stderr


def test_a_reader_that_leaves_early_is_no_error(labelled_folder: Path) -> None:
    command = [sys.executable, "-m", "streams.cli", "detect-series", str(labelled_folder / "brand0.csv")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline() == HEADER
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(timeout=PATIENCE_SECONDS) == 0


def test_a_detector_by_its_name_in_a_config(labelled_folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "brands.yaml"
    config.write_text(f"{BRANDS}detectors:\n  - {{name: rare, kind: volume, once_in_days: 3650}}\n")
    series = labelled_folder / "brand1.csv"
    rare = firewatch("detect-series", series, "--detector", "rare", "--config", config)
    assert rare.returncode == 0
    default = firewatch("detect-series", series, "--config", config)
    assert default.stdout == firewatch("detect-series", series).stdout
    assert rare.stdout != default.stdout
    done = firewatch("detect-series", series, "--detector", "magic", "--config", config)
    assert f"names in {config} are rare".encode() in done.stderr


def test_every_table_and_the_picture(labelled_folder: Path, tmp_path: Path) -> None:
    picture = tmp_path / "out.png"
    done = firewatch(
        "evaluate-series", labelled_folder, "--labels", labelled_folder / "labels.json",
        "--marks", labelled_folder / "marks.json", "--sensitivity", "--leave-one-out", "--plot", picture,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"|:---") == 3
    assert b"| all" in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
