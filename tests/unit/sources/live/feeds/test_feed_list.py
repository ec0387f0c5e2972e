"""Lists of feeds are read as OPML, however it is nested, or line by line, and what is wrong is told with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.errors import ConfigError
from streams.sources.live.feeds.feed_list import read_feed_list

if TYPE_CHECKING:
    from pathlib import Path

OPML = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Unsere</title></head><body>
  <outline text="Netze"><outline text="Tief">
    <outline type="rss" text="A" title="A" xmlUrl="https://a.example/rss?x=1&amp;y=2" htmlUrl="https://a.example/"/>
  </outline></outline>
  <outline text="B" XMLURL='https://b.example/atom'></outline>
  <outline text="ohne Adresse"/>
  <outline text="noch einmal" xmlUrl="https://b.example/atom"/>
</body></opml>
"""


def read(tmp_path: Path, content: str | bytes) -> list[str]:
    file = tmp_path / "feeds.opml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_feed_list(file)


def test_outlines_are_found_in_any_depth_and_each_once(tmp_path: Path) -> None:
    assert read(tmp_path, OPML) == ["https://a.example/rss?x=1&y=2", "https://b.example/atom"]


def test_opml_that_is_not_well_formed_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, OPML.replace("</outline>", "").replace("</opml>", "")) == read(tmp_path, OPML)
    assert read(tmp_path, "\ufeff" + OPML.replace("Unsere", "A & B")) == read(tmp_path, OPML)


def test_outlines_in_comments_are_left_out_and_damage_is_no_error(tmp_path: Path) -> None:
    assert read(tmp_path, OPML.replace("<body>", "<body><![<!-- <outline xmlUrl='https://c.example/'/> -->")) == read(
        tmp_path, OPML
    )


def test_lines_are_read_without_comments(tmp_path: Path) -> None:
    lines = "# unsere\n\nhttps://a.example/rss\n  https://b.example/atom  \r\nhttps://a.example/rss\n"
    assert read(tmp_path, lines) == ["https://a.example/rss", "https://b.example/atom"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("# nothing", "names no feed: write OPML, or one address a line"),
        ("<opml><body><outline text='A'/></body></opml>", "names no feed"),
        ("https://a.example/\nftp://b.example/x", r"line 2: must be a URL that begins with http"),
        ("https://ina:geheim@a.example/", r"line 1: must hold no credentials"),
        ("feeds.example", "line 1: must be a URL"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        read(tmp_path, content)
    assert "geheim" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.opml"):
        read_feed_list(tmp_path / "none.opml")


def test_entities_of_the_file_are_not_defined(tmp_path: Path) -> None:
    bomb = "<!DOCTYPE o [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]>" + OPML.replace("Unsere", "&b;")
    assert read(tmp_path, bomb) == read(tmp_path, OPML)
