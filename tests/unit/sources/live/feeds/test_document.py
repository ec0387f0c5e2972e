"""Feeds of every dialect are read, and hostile documents cost neither much time nor the reader."""

from __future__ import annotations

import random
import tarfile
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from streams.sources.live.feeds.document import NoFeed, in_utf8, read_document
from streams.sources.live.feeds.entry import FeedDocument, FeedEntry, text_of
from tests.support.feeds import FeedItem, atom, rss
from tests.support.paths import SHARED_SOURCES

if TYPE_CHECKING:
    from collections.abc import Mapping

URL = "https://news.example/feed.xml"
FIXTURES = SHARED_SOURCES / "fixtures" / "feeds-illformed-wellformed.tar.gz"


def read(body: bytes, headers: Mapping[str, str] | None = None) -> FeedDocument:
    return read_document(body, headers or {"content-type": "application/xml"}, URL)


def only(body: bytes, headers: Mapping[str, str] | None = None) -> FeedEntry:
    [entry] = read(body, headers).entries
    assert isinstance(entry, FeedEntry)
    return entry


def channel(item: str, root: str = 'rss version="2.0"') -> bytes:
    return f"<{root}><channel><item>{item}</item></channel></{root.partition(' ')[0]}>".encode()


def declared(encoding: str) -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?>'.encode()


LATIN_1 = channel("<title>Störung</title>").decode().encode("latin-1")


def test_rss_has_its_parts() -> None:
    item = FeedItem("Kein Netz", "urn:7", "<p>Seit <b>heute</b></p>", "Mon, 30 Nov 2026 11:00:00 GMT", "/7")
    entry = only(rss([item], head="<language>de-de</language><ttl>120</ttl>"))
    assert (entry.guid, entry.link) == ("urn:7", "https://news.example/7")
    assert text_of(entry) == "Kein Netz. Seit heute"
    assert entry.dates[0].text == "Mon, 30 Nov 2026 11:00:00 GMT"
    document = read(rss([item], head="<language>de-de</language><ttl>120</ttl>"))
    assert (document.language, document.least_seconds, document.link) == ("de-de", 7_200, "https://news.example/")


def test_atom_has_its_parts() -> None:
    entry = only(
        atom([FeedItem("Kein Netz", "urn:7", "<p>Seit heute</p>", "2026-11-30T11:00:00Z", "https://a.example/7")])
    )
    assert (entry.guid, entry.link, entry.language) == ("urn:7", "https://a.example/7", "de")
    assert text_of(entry) == "Kein Netz. Seit heute"
    assert entry.dates[0].text == "2026-11-30T11:00:00Z"


def test_rdf_has_its_parts() -> None:
    body = (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">'
        b'<channel rdf:about="https://a.example/"><title>A</title><sy:updatePeriod>daily</sy:updatePeriod>'
        b"<sy:updateFrequency>4</sy:updateFrequency></channel>"
        b'<item rdf:about="https://a.example/7"><title>Kein Netz</title><link>https://a.example/7</link>'
        b"<dc:date>2026-11-30T11:00:00Z</dc:date><dc:creator>Ina</dc:creator></item></rdf:RDF>"
    )
    entry = only(body)
    assert (entry.guid, entry.author) == ("https://a.example/7", "Ina")
    assert entry.dates[0].text == "2026-11-30T11:00:00Z"
    assert read(body).least_seconds == 21_600


def test_the_date_of_publication_counts_before_that_of_a_change() -> None:
    body = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:7</id><updated>2026-11-30T11:00:00Z</updated>'
        b"<published>2026-11-29T11:00:00Z</published></entry></feed>"
    )
    assert [date.text for date in only(body).dates] == ["2026-11-29T11:00:00Z", "2026-11-30T11:00:00Z"]


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("<title>A &amp;amp; B &amp;lt;3</title>", "A & B <3"),
        ("<title>Nur 5 &lt; 7</title>", "Nur 5 < 7"),
        ("<title><![CDATA[Kein <em>Netz</em>]]></title>", "Kein Netz"),
        ("<description>&lt;p&gt;Ein&lt;/p&gt;&lt;p&gt;Zwei&lt;/p&gt;</description>", "Ein Zwei"),
        ("<title>T</title><description>kurz</description><content:encoded>lang</content:encoded>", "T. lang"),
        ("<title>Kein Netz in Mün…</title><description>Kein Netz in München</description>", "Kein Netz in München"),
        ("<title>Kein Netz!</title><description>Seit heute</description>", "Kein Netz! Seit heute"),
        ("<description>&lt;script&gt;alert(1)&lt;/script&gt;Text</description>", "Text"),
        ("<enclosure url='https://a.example/a.mp3' type='audio/mpeg' length='1'/>", ""),
        ("<title></title><description>  </description>", ""),
    ],
)
def test_the_text_is_the_title_and_the_content_without_markup(item: str, text: str) -> None:
    root = 'rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    assert text_of(only(channel(item, root=root))) == text


@pytest.mark.parametrize(
    ("item", "author"),
    [
        ("<author>ina@news.example (Ina Beispiel)</author>", "Ina Beispiel"),
        ("<author>ina@news.example</author>", "ina"),
        ("<author>Ina Beispiel</author>", "Ina Beispiel"),
        ("<author>()</author>", ""),
        (f"<author>{'a' * 1_000_000}</author>", "a" * 300),
        ("", ""),
    ],
)
def test_the_author_is_a_name(item: str, author: str) -> None:
    assert only(channel(f"<title>T</title>{item}")).author == author


def test_an_entry_of_an_aggregator_names_its_publisher() -> None:
    entry = only(channel("<title>T</title><source url='https://zeitung.example/rss'>Zeitung</source>"))
    assert entry.publisher == "https://zeitung.example/rss"


def test_a_guid_with_attributes_alone_is_none() -> None:
    assert only(channel("<title>T</title><guid isPermaLink='false'/>")).guid == ""


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (channel("<title>Störung</title>"), "text/xml; charset=iso-8859-1", "Störung"),
        (channel("<title>Störung</title>"), "text/plain", "Störung"),
        (declared("us-ascii") + channel("<title>Störung</title>"), "text/xml", "Störung"),
        (LATIN_1, "text/xml; charset=utf-8", "Störung"),
        (declared("iso-8859-1") + LATIN_1, "application/xml", "Störung"),
        (channel("<title>ü X</title>").replace(b"X", b"\x96 \xfc"), "text/xml; charset=utf-8", "ü – ü"),
        (channel("<title>Störung</title>").decode().encode("utf-16"), "application/xml", "Störung"),
        (channel("<title>Störung</title>").decode().encode("utf-16-le"), "application/xml", "Störung"),
        (b"\xef\xbb\xbf" + channel("<title>Störung</title>"), "application/xml; charset=windows-1252", "Störung"),
    ],
)  # fmt: skip
def test_an_encoding_that_lies_does_not_spoil_the_text(body: bytes, content_type: str, text: str) -> None:
    assert text_of(only(body, {"content-type": content_type})) == text


def test_bytes_of_another_encoding_amid_utf8_become_letters() -> None:
    assert in_utf8(b"<?xml version='1.0' encoding='UTF-8'?>\xc3\xbc\xfc", "").endswith("üü".encode())
    assert in_utf8(b"\xfc", "text/xml; charset=koi8-r") == b"\xfc"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "is empty"),
        (b"   \n", "is empty"),
        (b"<!DOCTYPE html><html><head></head></html>", "is a page for browsers, not a feed, and names no feed"),
        (b"<opml version='2.0'><body/></opml>", "OPML"),
        (b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>", "sitemap"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is XML, but no RSS, Atom or RDF"),
        (b'{"items": []}', "is JSON, but no JSON Feed"),
        (b"[1, 2]", "is JSON, but no JSON Feed"),
        (b"{", "can't be read: not JSON"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is no feed"),
        (b"Service temporarily unavailable", "is no feed"),
    ],
)
def test_what_is_no_feed_is_told(body: bytes, why: str) -> None:
    with pytest.raises(NoFeed, match=why):
        read(body)


def test_a_page_names_its_feeds() -> None:
    page = (
        b"<html><head><link rel='alternate' type='application/rss+xml' href='/rss?key=secret'>"
        b"<link rel=stylesheet href=a.css><LINK REL='home alternate' TYPE='application/atom+xml' HREF='https://b.example/a'>"
    )
    with pytest.raises(
        NoFeed, match=r"names the feeds https://news\.example/rss\?… and https://b\.example/a"
    ) as caught:
        read(page)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("piece", [b"<a", b"<!--", b"<![", b"<link href='", b"&", b"<link rel=alternate "])
def test_a_hostile_page_is_described_soon(piece: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(NoFeed, match="is a page for browsers"):
        read(b"<html><head>" + piece * 200_000)
    assert time.monotonic() - started < 20


def test_an_empty_feed_is_a_feed() -> None:
    assert read(rss([])).entries == []


def test_external_entities_are_not_read_and_bombs_are_defused() -> None:
    entity = b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>" + channel("<title>[&a;]</title>")
    assert text_of(only(entity)) in {"[]", "[&a;]"}
    levels = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    bomb = f"<!DOCTYPE x [<!ENTITY l0 'lollollol'>{levels}]>".encode() + channel("<title>&l9;</title>")
    started = time.monotonic()
    with suppress(NoFeed):
        assert len(text_of(only(bomb))) < 100_000
    assert time.monotonic() - started < 60


HOSTILE = {
    "open tags": b"<rss><channel>" + b"<a" * 500_000,
    "deep": b"<rss><channel>" + b"<b>" * 300_000,
    "deep and closed": b"<rss><channel>" + b"<b>" * 9_000 + b"</b>" * 9_000 + b"</channel></rss>",
    "many entries": b"<rss><channel>" + b"<item/>" * 100_000 + b"</channel></rss>",
    "many elements": b"<rss><channel><item>" + b"<category>x</category>" * 200_000,
    "many attributes": b"<rss><channel>" + b"<item a='<b'>" * 150_000,
    "smaller than": b"<" * 1_000_000,
    "brackets": b"<!DOCTYPE " + b"[" * 1_000_000,
    "nested json": b'{"version":"https://jsonfeed.org/version/1","items":' + b"[" * 500_000,
    "many items": b'{"version":"https://jsonfeed.org/version/1","items":[' + b"{}," * 100_000 + b"{}]}",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_document_that_would_take_too_long_is_refused_soon(kind: str) -> None:
    started = time.monotonic()
    with pytest.raises(NoFeed):
        read(HOSTILE[kind])
    assert time.monotonic() - started < 30  # without the limits it is minutes


def test_texts_with_much_html_are_no_hostile_document() -> None:
    page = "<p><br><img src=x>" * 100_000
    assert len(only(channel(f"<title>T</title><description><![CDATA[{page}]]></description>")).text) > 1_000_000


def test_random_damage_gives_entries_or_an_explanation() -> None:
    chance = random.Random(17)
    bodies = [
        rss([FeedItem("Ä", "urn:1", "<p>x</p>", "Mon, 30 Nov 2026 11:00:00 GMT", "/1")]),
        atom([FeedItem("B", "urn:2")]),
    ]
    for _ in range(1_000):
        body = bytearray(chance.choice(bodies))
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(body))
            if chance.random() < 0.5:
                body[at : at + chance.randrange(20)] = chance.randbytes(chance.randrange(8))
            else:
                body[at:at] = chance.choice(
                    [b"<", b"]]>", b"<![CDATA[", b"&", b"&#x110000;", b"\0", b"<!DOCTYPE a>", b"<?"]
                )
        try:
            read(bytes(body))
        except NoFeed:
            continue


def test_two_thousand_odd_feeds_are_read() -> None:
    if not FIXTURES.exists():
        pytest.skip(f"no fixtures of odd feeds at {FIXTURES}")
    feeds = entries = refused = 0
    with tarfile.open(FIXTURES) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".xml") else None
            if file is None:
                continue
            body = file.read()
            feeds += 1
            try:
                document = read(body, _headers(body))
            except NoFeed:
                refused += 1
                continue
            for entry in document.entries:
                entries += 1
                assert isinstance(entry, FeedEntry), entry
                text_of(entry)
    assert feeds > 1_700
    assert entries > 1_000
    assert refused < feeds / 10


def _headers(body: bytes) -> dict[str, str]:
    """Return the headers that a fixture asks for in its comment."""
    head = body[:1_000].decode("latin-1")
    lines = [line.partition(":") for line in head.splitlines() if line.startswith(("Content-", "Header:"))]
    return {name.lower(): value.strip() for name, _, value in lines if name != "Header"} or {"content-type": "text/xml"}
