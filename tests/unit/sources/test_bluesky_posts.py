"""Posts of Bluesky have whole links, short ids, and the descriptions of images that stand alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.text.clean import normalise
from streams.records import MAX_ID_CHARS
from streams.sources.bluesky_posts import fields_of, short, text_of, uri_of

MENTION = {
    "index": {"byteStart": 0, "byteEnd": 4},
    "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:kim"}],
}


def link(first: int, last: int, uri: str = "https://nordtel.example/outage?region=north") -> dict[str, Any]:
    features = [{"$type": "app.bsky.richtext.facet#link", "uri": uri}]
    return {"index": {"byteStart": first, "byteEnd": last}, "features": features}


@pytest.mark.parametrize(
    ("text", "facets", "whole"),
    [
        ("Störung: nordtel.example/out...", [link(10, 32)], "Störung: https://nordtel.example/outage?region=north"),
        ("nordtel.example/out… weg", [link(0, 22)], "https://nordtel.example/outage?region=north weg"),
        ("look here now", [link(5, 9, "https://a.example")], "look here https://a.example now"),
        ("a.example b.example", [link(10, 19, "https://b.example"), link(0, 9, "https://a.example")],
         "https://a.example https://b.example"),
        ("a.example", [link(0, 9, "https://a.example"), link(2, 5, "https://a.example")], "https://a.example"),
        ("bounds", [link(3, 99), link(-1, 2), link(4, 4)], "bounds"),
        ("@kim hello", [MENTION], "@kim hello"),
        ("weg 🔥🔥 a.example", [link(5, 9), link(4, 11), link(13, 22, "https://a.example")], "weg 🔥🔥 https://a.example"),
    ],
)  # fmt: skip
def test_links_are_whole(text: str, facets: list[Any], whole: str) -> None:
    assert text_of({"text": text, "facets": facets}) == whole


def test_images_are_described_only_where_there_is_no_text() -> None:
    images = {"$type": "app.bsky.embed.images", "images": [{"alt": "Mail of Nordtel"}, {"alt": ""}, {}]}
    assert text_of({"text": "", "embed": images}) == "Mail of Nordtel"
    assert text_of({"text": "Hallo", "embed": images}) == "Hallo"
    assert text_of({"text": "", "embed": {"$type": "app.bsky.embed.video", "alt": "A mast"}}) == "A mast"
    with_quote = {"$type": "app.bsky.embed.recordWithMedia", "media": images, "record": {}}
    assert text_of({"text": "", "embed": with_quote}) == "Mail of Nordtel"
    assert text_of({"text": "", "embed": {"images": []}}) == ""


def test_images_are_described_where_a_blank_text_has_facets() -> None:
    images = {"images": [{"alt": "Mail of Nordtel"}]}
    assert text_of({"text": " ", "facets": [MENTION], "embed": images}) == "Mail of Nordtel"


@pytest.mark.parametrize("text", ["<script>Nordtel</script>", "a<b and b>c", "<!-- Nordtel -->", "Nordtel <p>"])
def test_a_text_is_no_html(text: str) -> None:
    read = normalise(fields_of("did:plc:kim", "3kabc", {"text": text})["text"], 100)
    assert read == text


def test_a_long_did_has_a_short_id_that_deletions_have_too() -> None:
    did = "did:web:" + "a" * 2_000 + ".example"
    fields = fields_of(did, "3kabc", {"text": "x"})
    assert len(fields["id"]) == len(fields["author"]) == MAX_ID_CHARS
    assert fields["id"] == short(uri_of(did, "3kabc")) != short(uri_of(did, "3kabd"))
    assert short(None) is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["index", "byteStart", "byteEnd", "features", "$type", "uri", "images", "alt", "media", "record"]), inner),
    max_leaves=12,
)  # fmt: skip


@given(anything, anything, anything)
def test_no_record_raises(text: Any, facets: Any, embed: Any) -> None:
    fields_of("did:plc:kim", "3kabc", {"text": text, "facets": facets, "embed": embed, "langs": facets, "reply": embed})
    fields_of("did:plc:kim", "3kabc", facets)
