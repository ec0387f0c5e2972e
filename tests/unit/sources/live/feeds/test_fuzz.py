"""Ten thousand odd entries: each becomes a post, is skipped, or is a dead letter with its reason."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import orjson
import pytest

from streams.config import IngestSettings
from streams.core.ingest.parsing import Normaliser
from streams.errors import RecordError
from streams.records import Post
from streams.sources.live.base import Bad, Found, Skipped
from streams.sources.live.feeds.comparison import FeedNames, compare
from streams.sources.live.feeds.dates import EntryTimes
from streams.sources.live.feeds.document import NoFeed, read_document
from streams.sources.live.feeds.state import FeedState
from tests.support.feeds import HOUR_MS, NOON_MS, FeedItem, rss

NAMES = FeedNames("news", "news.example/rss", "news.example", frozenset({"https://news.example/rss"}))
DOCUMENTS, ENTRIES = 50, 100

TEXTS = [
    "",
    " ",
    "Kein Netz",
    "<p>Text</p>",
    "<script>x</script>",
    "&lt;b&gt;",
    "&amp;amp;amp;",
    "]]>",
    "<![CDATA[",
    "\u202e",
    "\ufeff",
    "\U0010ffff",
    "e" + "\u0301" * 40,
    "x" * 1_500,
    "<" * 50,
    "&" * 50,
    "<p" * 30,
    "\x85",
    "#nordtel",
    "<a href='x'>",
]
DATES = [
    "",
    "soon",
    "Mon, 30 Nov 2026 11:00:00 GMT",
    "30.11.2026 10:00",
    "2026-11-30",
    "0",
    "9" * 30,
    "-1",
    "1e99",
    "nan",
    "Mon, 30 Nov 0000 11:00:00 GMT",
    "2026-11-30T11:00:00+99:99",
    "32.13.2026 25:61",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00",
    "30 Nov 2026 10:00 " + "(" * 50,
    "T" * 80,
    "2026-W48-1T10:00:00Z",
    "٣٠.١١.٢٠٢٦",
    "Mi, 02 Dez 2026",
]
LINKS = [
    "",
    "/7",
    "http://[",
    "javascript:alert(1)",
    "https://a.example/" + "x" * 5_000,
    "//",
    "https://ä.example/ü",
    "\u202e",
]
ODD: list[Any] = [None, True, 7, -1.5, 1e300, [], {}, [[]], {"name": 7}, [{"name": "Ina"}], "x" * 5_000]


def texts(chance: random.Random) -> str:
    return "".join(chance.choice(TEXTS) for _ in range(chance.randrange(4)))


def xml_document(chance: random.Random) -> bytes:
    items = [
        FeedItem(
            texts(chance).replace("\x85", ""),
            chance.choice(["", f"urn:{number}", f"{number}", f"{texts(chance)[:300]}{number}"]),
            texts(chance),
            chance.choice(DATES),
            chance.choice(LINKS),
        )
        for number in range(ENTRIES)
    ]
    return rss(items)


def json_document(chance: random.Random) -> bytes:
    def value() -> Any:
        return chance.choice(ODD) if chance.random() < 0.3 else texts(chance)

    items: list[Any] = []
    for number in range(ENTRIES):
        item: dict[str, Any] = {
            name: value() for name in ("title", "content_html", "content_text", "authors", "language")
        }
        item |= {"date_published": chance.choice([*DATES, *ODD]), "url": chance.choice([*LINKS, *ODD])}
        item["id"] = chance.choice([number, str(number), f"urn:{number}"])
        items.append(chance.choice(ODD) if chance.random() < 0.05 else item)
    return orjson.dumps({"version": "https://jsonfeed.org/version/1", "items": items})


@pytest.mark.parametrize("kind", ["xml", "json"])
def test_each_odd_entry_has_its_outcome(kind: str) -> None:
    chance = random.Random(17)
    times = EntryTimes(IngestSettings())
    normaliser = Normaliser(IngestSettings(), "news")
    outcomes: Counter[str] = Counter()
    state = FeedState(answered_ms=1)
    for _ in range(DOCUMENTS):
        document = read_document(
            xml_document(chance) if kind == "xml" else json_document(chance), {}, "https://news.example/rss"
        )
        assert len(document.entries) == ENTRIES
        compared = compare(
            document, state, NAMES, times, now_ms=NOON_MS, first_fetch_ms=NOON_MS - 24 * HOUR_MS, limit=500
        )
        for item in compared.items:
            match item:
                case Found():
                    try:
                        record = normaliser.record_of(item.fields, NOON_MS)
                    except RecordError as error:
                        outcomes[error.reason] += 1
                    else:
                        outcomes["post" if isinstance(record, Post) else "skipped"] += 1
                        assert record is None or (isinstance(record, Post) and record.ts_ms <= NOON_MS)
                    orjson.loads(item.raw)
                case Skipped():
                    outcomes["skipped"] += item.records
                case Bad():
                    outcomes[item.error.reason] += 1
                    assert item.raw
        orjson.dumps(compared.state.to_json())
    assert outcomes["post"] > 0.5 * DOCUMENTS * ENTRIES
    assert outcomes["skipped"] > 0
    assert set(outcomes) <= {"post", "skipped", "wrong_type"}
    assert outcomes.total() > 0.85 * DOCUMENTS * ENTRIES  # the others are the same as another one of the document


def test_damaged_documents_have_their_outcome_too() -> None:
    chance = random.Random(17)
    outcomes: Counter[str] = Counter()
    body = rss([FeedItem(f"T{number}", f"urn:{number}", "<p>x</p>", DATES[2], "/7") for number in range(3)])
    for _ in range(500):
        damaged = bytearray(body)
        for _ in range(chance.randrange(1, 9)):
            at = chance.randrange(len(damaged))
            damaged[at : at + chance.randrange(9)] = chance.randbytes(chance.randrange(9))
        try:
            read_document(
                bytes(damaged),
                {"content-type": chance.choice(["", "text/xml", "text/xml; charset=utf-16"])},
                "https://a.example/",
            )
            outcomes["feed"] += 1
        except NoFeed:
            outcomes["no feed"] += 1
    assert outcomes["feed"] > 250
