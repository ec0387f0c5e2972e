"""Who counts as one author, and who as nobody in particular."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config import IngestSettings
from streams.core.score.authors import UNKNOWN, AuthorHash
from streams.records import Post


def hashed(author: str | None, source: str = "forum", unknown: list[str] | None = None) -> int:
    names = IngestSettings().unknown_authors if unknown is None else unknown
    return AuthorHash(b"key", names).of(Post("1", source, 0, "text", author=author))


@pytest.mark.parametrize(
    "author",
    [
        None, "[deleted]", "[removed]", "Anonymous", "ANONYM", "Gast", "guest", "nan", "NaN", "None", "null", "<null>",
        "-", "--", "?", "", "unknown", "user",
        "AutoModerator", "u/[deleted]", "/u/AutoModerator", "@anonymous", "(Unbekannt)",
        "Ein Google-Nutzer", "gelöschter nutzer", "...", "n/a",
    ],
)  # fmt: skip
def test_a_placeholder_or_a_service_is_nobody_in_particular(author: str | None) -> None:
    assert hashed(author) == UNKNOWN


@pytest.mark.parametrize(
    "author", ["anna_k", "Guest4711", "deleted_scenes", "user-17", "nana", "Gasthof", "李雷", "🔥"]
)
def test_anybody_else_is_somebody(author: str) -> None:
    assert hashed(author) not in {UNKNOWN, hashed("anna"), hashed(author, source="news")}


def test_a_colon_in_a_source_does_not_make_two_authors_one() -> None:
    assert hashed("15", source="rss:daily") != hashed("daily:15", source="rss")


def test_the_list_of_the_config_replaces_the_default() -> None:
    assert hashed("Redaktion", unknown=["redaktion"]) == UNKNOWN
    assert hashed("[deleted]", unknown=["redaktion"]) != UNKNOWN
    assert hashed("-", unknown=[]) == UNKNOWN


@given(st.text())
def test_every_author_has_a_number_of_48_bits(author: str) -> None:
    assert 0 <= hashed(author) < 2**48
