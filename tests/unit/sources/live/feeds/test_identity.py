"""An entry has one id for as long as its feed shows it, and two entries never share one."""

from __future__ import annotations

import pytest

from streams.records import MAX_ID_CHARS
from streams.sources.live.feeds.entry import FeedEntry, text_of
from streams.sources.live.feeds.identity import canonical, ids_of, marks_of


def ids(*entries: FeedEntry, feed: str = "news.example/rss", links: tuple[str, ...] = ()) -> list[str]:
    return ids_of(entries, [text_of(entry) for entry in entries], feed, frozenset(links))


def test_a_guid_that_is_a_uri_is_the_id_whatever_feed_it_is_in() -> None:
    for guid in ("tag:news.example,2026:7", "urn:uuid:6a0e", "https://news.example/7#c2"):
        assert ids(FeedEntry(guid=guid)) == ids(FeedEntry(guid=guid), feed="other.example/all") == [guid]


def test_any_other_guid_counts_within_its_feed() -> None:
    assert ids(FeedEntry(guid="7")) == ["news.example/rss#7"]
    assert ids(FeedEntry(guid="7"), feed="other.example/rss") == ["other.example/rss#7"]


def test_without_a_guid_the_link_names_an_entry_without_its_tracking() -> None:
    entry = FeedEntry(link="http://www.news.example/7?utm_source=rss&page=2&utm_medium=feed")
    assert ids(entry) == ["https://www.news.example/7?page=2"]


def test_without_both_the_title_names_it_and_without_a_title_the_text() -> None:
    first, again = ids(FeedEntry(title="A", text="1")), ids(FeedEntry(title="A", text="2"))
    assert first == again
    assert first[0].startswith("news.example/rss#")
    assert ids(FeedEntry(text="A")) != ids(FeedEntry(text="B"))


@pytest.mark.parametrize("link", ["", "https://news.example/status", "https://news.example/"])
def test_a_link_and_a_title_of_several_entries_name_none_of_them(link: str) -> None:
    entries = [FeedEntry(link=link, title=title, text=text) for title, text in (("A", "1"), ("A", "2"), ("B", "1"))]
    assert len(set(ids(*entries, *entries))) == 3


def test_the_address_of_the_feed_is_no_link_of_an_entry() -> None:
    first, second = (FeedEntry(link="https://news.example/", title=title) for title in "AB")
    assert ids(first, links=("http://news.example",)) != ids(second, links=("http://news.example",))


def test_a_guid_of_several_entries_names_none_of_them() -> None:
    entries = [FeedEntry(guid="x", link=f"https://news.example/{number}", title=f"T{number}") for number in range(3)]
    assert len(set(ids(*entries))) == 3
    linked = [FeedEntry(guid="x", link="https://news.example/", title=f"T{number}") for number in range(3)]
    assert len(set(ids(*linked))) == 3


def test_an_entry_that_is_listed_twice_has_one_id() -> None:
    entry = FeedEntry(guid="urn:x", link="https://news.example/7", title="T")
    assert ids(entry, entry) == ["urn:x", "urn:x"]


def test_the_address_of_the_feed_is_no_guid() -> None:
    entry = FeedEntry(guid="http://news.example", link="https://news.example/7", title="T")
    assert ids(entry, links=("https://news.example/",))[0].startswith("https://news.example/7#")


def test_a_long_id_is_shortened_and_stays_unique() -> None:
    first, second = ids(FeedEntry(guid="urn:" + "x" * 500 + "1"), FeedEntry(guid="urn:" + "x" * 500 + "2"))
    assert first != second
    assert len(first) == len(second) == MAX_ID_CHARS


def test_an_id_with_characters_that_can_not_be_seen_stays_unique_without_them() -> None:
    first, second = ids(FeedEntry(guid="7\u202e"), FeedEntry(guid="7\ufeff"))
    assert first != second
    assert first.isprintable()
    assert len(ids(FeedEntry(guid="\u202e" * 300))[0]) <= MAX_ID_CHARS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://news.example/a", "https://news.example/a"),
        ("HTTPS://NEWS.example:443/a", "https://news.example/a"),
        ("https://news.example", "https://news.example/"),
        ("https://news.example/a?fbclid=1", "https://news.example/a"),
    ],
)
def test_spellings_of_one_address_are_compared_as_one(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize("text", ["", "7", "urn:uuid:6a0e", "http://[", "http://a:99999/", "mailto:a@b.example"])
def test_what_is_no_address_stays_as_it_is(text: str) -> None:
    assert canonical(text) == text


def test_marks_tell_edits_and_other_ids_apart() -> None:
    marks = marks_of("urn:1", "Text", "Mon", "https://news.example/1")
    assert marks_of("urn:1", "Text", "Mon", "https://news.example/2") == marks
    assert marks_of("urn:2", "Text", "Mon", "")[1:] == marks[1:]
    edited = marks_of("urn:1", "Text!", "Mon", "")
    assert edited.id == marks.id
    assert edited.content != marks.content
    undated = [marks_of("urn:1", "Text", "", f"{scheme}://news.example/1") for scheme in ("http", "https")]
    assert undated[0] == undated[1] != marks
