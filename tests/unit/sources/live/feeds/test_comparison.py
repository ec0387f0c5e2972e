"""What a feed has that it did not have before, whatever its operator does to ids, dates and lengths."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from streams.config import IngestSettings
from streams.errors import RecordError
from streams.sources.live.base import Bad, Found, Skipped
from streams.sources.live.feeds.comparison import Compared, FeedNames, compare
from streams.sources.live.feeds.dates import EntryTimes, StatedDate
from streams.sources.live.feeds.entry import BadEntry, FeedDocument, FeedEntry
from streams.sources.live.feeds.state import FeedState
from tests.support.feeds import HOUR_MS, NOON_MS, gaps, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = FeedNames("news", "news.example/rss", "news.example", frozenset({"https://news.example/rss"}))


def entry(number: int, hours_ago: float | None = 1, *, guid: str = "", text: str = "", link: str = "") -> FeedEntry:
    date = "" if hours_ago is None else formatdate(NOON_MS / 1000 - hours_ago * 3_600, usegmt=True)
    return FeedEntry(
        guid=guid or f"urn:{number}",
        link=link or f"https://news.example/{number}",
        title=f"Titel {number}",
        text=text or f"Text {number}",
        dates=(StatedDate(date),) if date else (),
    )


class FeedOverTime:
    """A feed whose documents are compared one after another, an hour apart."""

    def __init__(self, limit: int = 50) -> None:
        self.state = FeedState()
        self.now_ms = NOON_MS
        self.limit = limit
        self._times = EntryTimes(IngestSettings())

    def shows(self, *entries: FeedEntry | BadEntry, language: str = "de") -> Compared:
        compared = compare(
            FeedDocument(list(entries), language=language),
            self.state,
            NAMES,
            self._times,
            now_ms=self.now_ms,
            first_fetch_ms=self.now_ms - 24 * HOUR_MS,
            limit=self.limit,
        )
        self.state = FeedState.from_json(compared.state.to_json())
        self.now_ms += HOUR_MS
        return compared


def numbers(compared: Compared) -> list[int]:
    return [int(text.split()[1].rstrip(".")) for text in texts(compared.items)]


@pytest.fixture
def feed() -> FeedOverTime:
    feed = FeedOverTime()
    feed.shows(entry(2, 1), entry(1, 2))
    return feed


def test_new_entries_come_in_order_of_time_and_once(feed: FeedOverTime) -> None:
    assert numbers(feed.shows(entry(4, -0.2), entry(3, -0.1), entry(2, 1))) == [3, 4]
    assert feed.shows(entry(4, -0.2), entry(3, -0.1), entry(2, 1)).items == []


def test_the_order_of_a_feed_does_not_matter(feed: FeedOverTime) -> None:
    assert numbers(feed.shows(entry(1, 2), entry(2, 1), entry(3, -0.1))) == [3]


def test_an_entry_that_leaves_and_returns_is_no_new_one(feed: FeedOverTime) -> None:
    feed.shows(entry(2, 1))
    assert feed.shows(entry(2, 1), entry(1, 2)).items == []


def test_rewritten_guids_make_no_new_entries(feed: FeedOverTime) -> None:
    moved = [entry(number, 3 - number, guid=f"https://neu.example/{number}", link="x:") for number in (2, 1)]
    compared = feed.shows(*moved)
    assert compared.items == []
    assert not compared.has_gap


def test_guids_that_become_https_make_no_new_entries() -> None:
    feed = FeedOverTime()
    feed.shows(entry(1, None, guid="http://news.example/1"))
    assert feed.shows(entry(1, None, guid="https://news.example/1", text="Text 1")).items == []


def test_entries_with_one_guid_in_a_document_are_told_apart() -> None:
    feed = FeedOverTime()
    assert numbers(feed.shows(entry(1, 1, guid="x"), entry(2, 2, guid="x"))) == [2, 1]
    assert feed.shows(entry(1, 1, guid="x"), entry(2, 2, guid="x")).items == []


def test_an_entry_that_is_listed_twice_is_one_post() -> None:
    assert numbers(FeedOverTime().shows(entry(1), entry(1))) == [1]


def test_an_edit_is_one_whatever_else_changes(feed: FeedOverTime) -> None:
    [item] = feed.shows(entry(2, 0, text="anders"), entry(1, 2)).items
    assert isinstance(item, Found)
    assert item.edited
    assert feed.shows(entry(2, 0, text="anders"), entry(1, 2)).items == []


def test_markup_and_dates_that_change_are_no_edit(feed: FeedOverTime) -> None:
    assert feed.shows(entry(2, 0, text="<p class='ad17'>Text  2</p>"), entry(1, 1.5)).items == []


def test_an_entry_without_a_date_is_dated_by_the_moment_of_first_sight(feed: FeedOverTime) -> None:
    now_ms = feed.now_ms
    [item] = feed.shows(entry(3, None), entry(2, 1)).items
    assert isinstance(item, Found)
    assert item.fields["created_at"] == now_ms


def test_entries_without_text_are_skipped_once(feed: FeedOverTime) -> None:
    empty = FeedEntry(guid="urn:audio", link="https://news.example/a.mp3")
    assert feed.shows(empty, entry(2, 1)).items == [Skipped("no_text", 1)]
    assert feed.shows(empty, entry(2, 1)).items == []


def test_what_is_no_entry_is_a_dead_letter_once(feed: FeedOverTime) -> None:
    bad = BadEntry(RecordError("wrong_type", "an item must be a JSON object, got int"), b"7")
    assert feed.shows(bad, entry(2, 1)).items == [Bad(bad.error, b"7", "news.example/rss")]
    assert feed.shows(bad, entry(2, 1)).items == []


def test_the_first_document_gives_the_entries_of_a_day(feed: FeedOverTime) -> None:
    compared = FeedOverTime().shows(entry(1, 1), entry(2, 23), entry(3, 25), entry(4, None))
    assert numbers(compared) == [2, 1]
    assert Skipped("backdated", 2) in compared.items
    assert not compared.has_gap


def test_a_gap_lies_between_the_newest_before_and_the_oldest_now(feed: FeedOverTime) -> None:
    [gap] = gaps(feed.shows(entry(9, -0.5), entry(8, -0.2)).items)
    assert (gap.from_ms, gap.to_ms) == (NOON_MS - HOUR_MS, NOON_MS + HOUR_MS // 5)
    assert (gap.source, gap.part, gap.cause) == ("news", "news.example/rss", "no_overlap")
    assert "60 minutes" in gap.detail


def test_a_gap_without_dates_lies_between_the_requests() -> None:
    feed = FeedOverTime()
    feed.shows(entry(1, None))
    [gap] = gaps(feed.shows(entry(2, None)).items)
    assert (gap.from_ms, gap.to_ms) == (NOON_MS, NOON_MS + HOUR_MS)


def test_a_gap_with_dates_that_say_nothing_lies_between_the_requests(feed: FeedOverTime) -> None:
    [gap] = gaps(feed.shows(entry(9, 500)).items)
    assert (gap.from_ms, gap.to_ms) == (NOON_MS, NOON_MS + HOUR_MS)


@pytest.mark.parametrize("edited", ["", "anders"])
def test_one_common_entry_is_no_gap(feed: FeedOverTime, edited: str) -> None:
    assert not feed.shows(entry(9, -0.5), entry(2, 1, text=edited)).has_gap


def test_an_entry_of_an_earlier_document_is_no_overlap_with_the_last(feed: FeedOverTime) -> None:
    feed.shows(entry(3, -0.1), entry(2, 1))
    assert feed.shows(entry(5, -1.5), entry(1, 2)).has_gap


def test_an_empty_document_is_no_gap_and_neither_is_the_next(feed: FeedOverTime) -> None:
    assert not feed.shows().has_gap
    assert not feed.shows(entry(9, -0.5)).has_gap


def long_feed(newest: int, length: int = 40, *, dated: bool = True) -> Sequence[FeedEntry]:
    return [entry(number, (100 - number) / 10 if dated else None) for number in range(newest, newest - length, -1)]


def test_of_a_long_document_the_entries_beyond_the_memory_are_known_by_their_dates() -> None:
    feed = FeedOverTime(limit=10)
    assert len(numbers(feed.shows(*long_feed(80)))) == 40
    assert feed.shows(*long_feed(80)).items == []
    assert numbers(feed.shows(*long_feed(100))) == list(range(81, 101))
    assert feed.shows(*long_feed(100)).items == []
    assert len(feed.state.seen) == 10 * 16


def test_of_a_long_document_without_dates_the_first_entries_are_read() -> None:
    feed = FeedOverTime(limit=10)
    feed.shows(*long_feed(80, dated=False))
    assert numbers(feed.shows(*long_feed(85, dated=False))) == [85, 84, 83, 82, 81]


def test_the_author_is_told_apart_by_the_publisher() -> None:
    own = FeedEntry(guid="urn:1", title="A", author="Redaktion", dates=entry(1).dates)
    taken = own._replace(guid="urn:2", title="B", publisher="https://www.zeitung.example/rss")
    nameless = own._replace(guid="urn:3", title="C", author="")
    found = [item for item in FeedOverTime().shows(own, taken, nameless).items if isinstance(item, Found)]
    authors = [item.fields["author"] for item in found]
    assert authors == ["Redaktion (news.example)", "Redaktion (zeitung.example)", "news.example"]


def test_the_language_of_the_entry_counts_before_that_of_the_feed() -> None:
    [first, second] = FeedOverTime().shows(entry(1, 2), entry(2)._replace(language="en")).items
    assert isinstance(first, Found)
    assert isinstance(second, Found)
    assert (first.fields["lang"], second.fields["lang"]) == ("de", "en")
