"""Tags are found in whatever is sent, and hostile text costs no more time than other text."""

from __future__ import annotations

import random
import time

import pytest

from streams.sources.live.feeds.tags import FoundTag, tags_of


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("<link>", {}),
        ("<link/>", {}),
        ("<LINK Rel=alternate HREF=/rss>", {"rel": "alternate", "href": "/rss"}),
        ("<link\n  rel = 'a'\n  href=\"b\"/>", {"rel": "a", "href": "b"}),
        ("<link title='A > B &amp; C' href=''>", {"title": "A > B & C", "href": ""}),
        ("<link data-x:y.z=1 href>", {"data-x:y.z": "1"}),
    ],
)
def test_attributes_are_read_in_every_spelling(text: str, attributes: dict[str, str]) -> None:
    [tag] = tags_of(text, "link")
    assert tag.attributes == attributes


@pytest.mark.parametrize(
    "text", ["<linked href=a>", "</link>", "<!-- <link href=a> -->", "<link", "<link href='a>", "link"]
)
def test_what_is_no_such_tag_is_none(text: str) -> None:
    assert list(tags_of(text, "link")) == []


def test_lines_are_counted_within_comments_too() -> None:
    text = "<a x=1>\n<!-- \n <a> --> <a x=2>\n\n<a x=3>"
    assert list(tags_of(text, "a")) == [FoundTag(1, {"x": "1"}), FoundTag(3, {"x": "2"}), FoundTag(5, {"x": "3"})]


PIECES = [
    "<a",
    "<!--",
    "-->",
    "</",
    "<![",
    "<?",
    "&",
    "<a b='",
    '"',
    "<a b=c ",
    "<!",
    ">",
    "x" * 50,
    "=",
    " ",
    "\n",
    "<a b",
]


@pytest.mark.parametrize("piece", PIECES)
def test_the_time_is_linear(piece: str) -> None:
    started = time.monotonic()
    for _ in tags_of(piece * (1_000_000 // len(piece)), "a"):
        pass
    assert time.monotonic() - started < 20  # quadratic time would be hours


def test_random_text_is_no_error() -> None:
    chance = random.Random(17)
    for _ in range(2_000):
        list(tags_of("".join(chance.choice(PIECES) for _ in range(20)), "a"))
