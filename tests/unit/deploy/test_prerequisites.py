"""Programs that print nothing for minutes are run with a message now and then."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final

from deploy.local import prerequisites
from deploy.local.prerequisites import megabytes, run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


WAITS_FOR_A_REPORT: Final = """
import pathlib, sys, time
print("x" * 300_000)
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
print("no", file=sys.stderr)
sys.exit(3)
"""


def test_a_program_that_takes_long_is_reported_and_its_output_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(prerequisites, "PROGRESS_SECONDS", 0.05)
    reported = tmp_path / "reported"

    def report() -> str:
        reported.touch()
        return "fetched 7 MB"

    done = run([sys.executable, "-c", WAITS_FOR_A_REPORT, str(reported)], report)
    assert (done.returncode, len(done.stdout), done.stderr) == (3, 300_001, "no\n")
    shown = capsys.readouterr()
    assert not shown.out
    assert re.match(r"kafka: fetched 7 MB: \d+ s so far\n", shown.err)


def test_a_program_that_is_done_at_once_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([sys.executable, "-c", "print(1)"], lambda: "").stdout == "1\n"
    assert capsys.readouterr() == ("", "")


def test_the_size_of_a_folder_counts_all_files_below_it(tmp_path: Path) -> None:
    (tmp_path / "m2" / "org").mkdir(parents=True)
    (tmp_path / "m2" / "org" / "kafka.jar").write_bytes(bytes(3_000_000))
    (tmp_path / "broken").symlink_to(tmp_path / "none")
    assert megabytes(tmp_path) == 3
    assert megabytes(tmp_path / "none") == 0
