"""Every line of a file is a post, a deletion, or a defect with its reason; no bytes end the reading."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import orjson
import pytest

from streams.config import IngestSettings
from streams.core.ingest.parsing import Normaliser
from streams.errors import InputError, RecordError
from streams.records import Post
from streams.sources.base import Line
from streams.sources.live.base import Bad, Deleted, Found
from streams.sources.live.files.lines import LineReading
from streams.sources.reader import Reading, RecordReader
from tests.support.platforms import NATIVE, RECORDS

NOW = 1_772_446_800_000


def item(data: bytes, **line: Any) -> Found | Deleted | Bad:
    found = LineReading(IngestSettings()).item(Line(data, 9, 3, **line), "a.jsonl")
    assert isinstance(found, Found | Deleted | Bad)
    return found


def test_a_post_has_the_source_of_its_entry() -> None:
    data = orjson.dumps(NATIVE | {"source": "forum"})
    assert item(data) == Found(NATIVE, data, place="a.jsonl, line 3")


def test_a_line_that_was_converted_is_kept_as_it_was_for_a_dead_letter() -> None:
    assert item(orjson.dumps(NATIVE), original=b"17;Nordtel") == Found(NATIVE, b"17;Nordtel", place="a.jsonl, line 3")


def test_a_deletion_names_its_post() -> None:
    assert item(b'{"delete": true, "id": 7}') == Deleted("7")


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"{", {}, "broken_json"),
        (b"[1]", {}, "wrong_type"),
        (b'{"delete": true}', {}, "missing_field"),
        (b'{"delete": "yes", "id": 7}', {}, "wrong_type"),
        (b"x" * 70_000, {}, "too_large"),
        (b"{}", {"outlier": "years before all others"}, "outlier_date"),
    ],
)
def test_a_defect_has_a_reason_and_its_place(data: bytes, line: dict[str, Any], reason: str) -> None:
    found = item(data, **line)
    assert isinstance(found, Bad)
    assert (found.error.reason, found.place) == (reason, "a.jsonl, line 3")
    assert len(found.raw) <= 65_537


def test_ten_thousand_mutated_records_in_files_of_all_kinds_are_each_something() -> None:
    """Seeded; a file of them is read to its end or refused with its name, and never raises anything else."""
    chance = random.Random(23)
    settings = IngestSettings()
    reading, normaliser = LineReading(settings), Normaliser(settings, "inbox")
    seeds = [orjson.dumps(record) for record in (*RECORDS.values(), NATIVE, {"delete": True, "id": 7})]
    heads = [b"", b"", b"", b"id;created_at;text\n", b"[", b"\xef\xbb\xbf", b'{"data": [']
    maps: list[Any] = [None, None, "reddit", {"id": "uid", "text": ["body", "text"], "created_at": {"path": "ts"}}]
    read, refused = 0, list[str]()
    for _ in range(200):
        lines = [mutated(chance.choice(seeds), chance) for _ in range(50)]
        if chance.random() < 0.2:
            lines = [b'7;2026-03-02T10:15:00Z;"Nord""tel\n ' + line[:30] for line in lines]
        data = chance.choice(heads) + chance.choice([b"\n", b"\r\n", b",\n"]).join(lines)
        reader = RecordReader("fuzz", settings.max_record_bytes, Reading(chance.choice(maps)))
        try:
            for chunk in reader.lines(iter([data[:700], b"", data[700:]])):
                for line in chunk:
                    found = reading.item(line, "fuzz")
                    read += 1
                    if isinstance(found, Found):
                        with suppress(RecordError):  # a defect that the normaliser finds
                            made = normaliser.record_of(found.fields, NOW)
                            assert made is None or isinstance(made, Post)
        except InputError as error:
            refused.append(str(error))
    assert read > 3_000
    assert refused
    assert all(problem.startswith("fuzz: ") for problem in refused)


def mutated(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randrange(3)):
        at = chance.randrange(len(data) + 1)
        data = chance.choice(
            [
                data[:at] + bytes([chance.randrange(256)]) + data[at:],
                data[:at],
                data[:at] + data[at + 1 :],
                data[:at] + chance.choice([b"null", b"{}", b"[]", b"1e400", b"NaN", b"\n", b'"', b"\0"]) + data[at:],
            ]
        )
    return data
