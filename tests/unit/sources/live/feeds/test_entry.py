"""An entry becomes the fields of a post, and a dead letter that can be read."""

from __future__ import annotations

import orjson
import pytest

from streams.core.text.clean import normalise
from streams.sources.live.feeds.dates import EntryTime, StatedDate
from streams.sources.live.feeds.entry import FeedEntry, host_name, post_of, text_of
from tests.support.feeds import NOON_MS


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("", "", ""),
        ("Nur Titel", "", "Nur Titel"),
        ("", "Nur Text", "Nur Text"),
        ("Frage?", "Antwort", "Frage? Antwort"),
        ("„Zitat“", "Text", "„Zitat“. Text"),
        ("Gleich", "Gleich", "Gleich"),
        ("<b>Titel</b>", "<script>x</script>", "Titel"),
    ],
)
def test_title_and_text_are_joined(title: str, text: str, expected: str) -> None:
    assert text_of(FeedEntry(title=title, text=text)) == expected


def test_markup_that_was_shown_as_text_stays_text() -> None:
    entry = FeedEntry(title="Das Element &lt;p&gt; und 5 &lt; 7")
    fields = post_of(entry, "urn:1", text_of(entry), EntryTime(NOON_MS, False), feed_host="a.example", language="")
    assert normalise(fields["text"], 100) == "Das Element <p> und 5 < 7"


def test_a_dead_letter_has_the_parts_of_the_entry() -> None:
    entry = FeedEntry(guid="urn:\ud83d", title="T", dates=(StatedDate("soon"),))
    assert orjson.loads(entry.raw()) == {"guid": "urn:?", "title": "T", "dates": ["soon"]}


@pytest.mark.parametrize("url", ["", "news", "http://[", "/feed", "mailto:ina@a.example"])
def test_what_is_no_address_has_no_host(url: str) -> None:
    assert host_name(url) == ""
