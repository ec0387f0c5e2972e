"""Files that a user names: what is read, and what is refused with a message instead of blocking or filling memory."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from streams.config import text_files
from streams.config.text_files import read_file, read_text
from streams.errors import ConfigError


def problem_of(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_text(path)
    assert caught.value.file == path
    return str(caught.value)


def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe")
    assert read_text(path) == "Grüße"


def test_bytes_that_are_not_utf_8_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes("a\nGrüße".encode("latin-1"))
    assert "is not UTF-8: byte 0xfc (line 2)" in problem_of(path)


def test_a_folder_a_missing_file_and_an_impossible_name_are_refused(tmp_path: Path) -> None:
    assert "it is a folder" in problem_of(tmp_path)
    assert "no such file" in problem_of(tmp_path / "none")
    assert "can't be read" in problem_of(tmp_path / ("a" * 5_000))
    assert "can't be read" in problem_of(tmp_path / "a\0b")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert "can't be read" in problem_of(loop)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.touch(mode=0)
    assert "Permission denied" in problem_of(path)


def test_a_file_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "MAX_BYTES", 2**20)
    assert "it has more than 1 MiB" in problem_of(Path("/dev/zero"))


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    content = b"x" * 200_000  # more than a pipe holds
    writer = threading.Thread(target=path.write_bytes, args=(content,))
    writer.start()
    assert read_file(path) == content
    writer.join()


def test_a_pipe_into_which_nothing_is_written_does_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "PIPE_SECONDS", 0.05)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert "nothing has been written" in problem_of(path)
    descriptor = os.open(path, os.O_RDWR)  # a writer that never writes
    assert "nothing has been written" in problem_of(path)
    os.close(descriptor)
