"""Posts are found in what services that monitor media push and export."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from streams.config import IngestSettings
from streams.core.ingest.parsing import Normaliser
from streams.errors import RecordError
from streams.records import Post
from streams.sources.conversion import Conversion
from streams.sources.live.webhook.payload import records_of
from streams.sources.presets import PRESETS
from tests.support.platforms import BRANDWATCH, MELTWATER

if TYPE_CHECKING:
    from streams.config import FormatName

NOW_MS = 1_772_500_000_000

MELTWATER_ROW: dict[str, Any] = {
    "Date": "2026-03-02", "Time": "10:15:00", "Document ID": "m-2", "URL": "https://news.example/2",
    "Input Name": "Nordtel", "Author Name": "Kim Example", "Author Handle": "", "Title": "Nordtel ist weg",
    "Opening Text": "Seit heute Morgen.", "Hit Sentence": "Nordtel ist weg", "Language": "de", "Likes": "1,200",
}  # fmt: skip

BRANDWATCH_ROW: dict[str, Any] = {
    "Query Id": "7", "Query Name": "Nordtel", "Date": "2026-03-02 10:15:00.0", "Title": "Nordtel ist weg",
    "Snippet": "Nordtel ist weg, schon wieder", "Url": "https://forum.example/2", "Language": "de", "Author": "kim",
    "Resource Id": "b-2",
}  # fmt: skip


def post_of(name: FormatName, record: dict[str, Any]) -> Post:
    assert PRESETS[name].fits(record)
    fields = Conversion.of_live(name, lambda: NOW_MS).fields(json.loads(json.dumps(record)))
    assert fields is not None
    post = Normaliser(IngestSettings(), "push").record_of(fields, NOW_MS)
    assert isinstance(post, Post)
    return post


def test_a_document_of_the_api_of_meltwater() -> None:
    assert post_of("meltwater", MELTWATER) == Post(
        id="m-1", source="push", ts_ms=1_772_446_500_000, text="Nordtel ist weg Schon wieder.", author="kim",
        lang="de", url="https://news.example/1", tag="Nordtel", engagement=10,
    )  # fmt: skip


def test_a_row_of_an_export_of_meltwater() -> None:
    post = post_of("meltwater", MELTWATER_ROW)
    assert (post.id, post.ts_ms, post.tag, post.author) == ("m-2", 1_772_446_500_000, "Nordtel", "Kim Example")
    assert (post.text, post.engagement) == ("Nordtel ist weg Seit heute Morgen.", 1_200)


@pytest.mark.parametrize(
    ("stated", "hour"),
    [
        ({"Date": "02-Mar-2026 10:15AM"}, 10),
        ({"Date": "02-Mar-2026 12:15AM"}, 0),
        ({"Date": "2-Mar-2026 10:15 pm"}, 22),
        ({"Date": "02-Mar-2026", "Time": "12:15 PM"}, 12),
    ],
)
def test_an_export_of_meltwater_counts_twelve_hours(stated: dict[str, str], hour: int) -> None:
    post = post_of("meltwater", MELTWATER_ROW | {"Time": ""} | stated)
    assert post.ts_ms == 1_772_446_500_000 + (hour - 10) * 3_600_000


def test_a_time_of_an_export_that_is_none_is_refused() -> None:
    with pytest.raises(RecordError, match="31-Feb-2026 10:15AM"):
        post_of("meltwater", MELTWATER_ROW | {"Date": "31-Feb-2026 10:15AM", "Time": ""})


def test_a_mention_of_the_api_of_brandwatch() -> None:
    assert post_of("brandwatch", BRANDWATCH) == Post(
        id="b-1", source="push", ts_ms=1_772_446_500_000, text="Nordtel ist weg, schon wieder", author="kim",
        lang="de", url="https://forum.example/1", tag="Nordtel", reply_to="https://forum.example/0", engagement=4,
    )  # fmt: skip


def test_a_row_of_an_export_of_brandwatch() -> None:
    post = post_of("brandwatch", BRANDWATCH_ROW)
    assert (post.id, post.ts_ms, post.tag) == ("b-2", 1_772_446_500_000, "Nordtel")
    assert post.text == "Nordtel ist weg, schon wieder"


def test_batches_as_they_are_pushed_are_taken_apart() -> None:
    conversion = Conversion.of_known_formats()
    for batch in ({"documents": [MELTWATER] * 3}, {"resultsTotal": 3, "results": [BRANDWATCH] * 3}):
        assert len(records_of(json.dumps(batch).encode(), "json", conversion, 10_000, 10)) == 3


def test_without_a_text_there_is_none() -> None:
    bare = {"content": {}, "matched": {}, "id": "1", "published_date": "2026-03-02T10:15:00Z"}
    assert PRESETS["meltwater"].convert(bare)["text"] is None  # type: ignore[index]
