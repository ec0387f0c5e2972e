"""Rejected records in a file of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from streams.errors import RecordError
from streams.offline.rejects import RejectsFile
from streams.runtime.files import open_output
from streams.sources.base import Line

if TYPE_CHECKING:
    from pathlib import Path


def test_each_rejected_record_is_written_with_its_place_its_reason_and_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    path.write_bytes(b"of an earlier run")
    path.chmod(0o644)
    with open_output(path) as file:
        rejects = RejectsFile(file, "posts.csv")
        rejects.write(Line(b"\xff{", 3, number=1), RecordError("broken_json", "not JSON"))
        rejects.write(Line(b"{}", 9, number=2, item=7, original=b"a;b"), RecordError("missing_field", "no id"))
    assert [orjson.loads(line) for line in path.read_bytes().splitlines()] == [
        {"file": "posts.csv", "line": 1, "reason": "broken_json", "detail": "not JSON", "record": "\ufffd{"},
        {
            "file": "posts.csv",
            "line": 2,
            "item": 7,
            "reason": "missing_field",
            "detail": "no id",
            "record": "a;b",
        },
    ]
    assert path.stat().st_mode & 0o777 == 0o600
