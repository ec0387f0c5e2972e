"""Posts of Bluesky, as its records have them (lexicon `app.bsky.feed.post`): their ids, texts and references."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from streams.records import MAX_ID_CHARS
from streams.sources.field_map import value_at
from streams.sources.plain_text import as_html

if TYPE_CHECKING:
    from streams.sources.field_map import Record

COLLECTION: Final = "app.bsky.feed.post"

_LINK: Final = "app.bsky.richtext.facet#link"

_ELLIPSES: Final = ("...", "…")

_DIGEST_CHARS: Final = 32


def uri_of(did: Any, rkey: Any) -> str:
    """Return the address of a post, which is its id.

    >>> uri_of("did:plc:kim", "3kabc")
    'at://did:plc:kim/app.bsky.feed.post/3kabc'
    """
    return f"at://{did}/{COLLECTION}/{rkey}"


def short(name: Any) -> Any:
    """Return an address or a DID as it is, or with a digest at its end where it is longer than ids may be.

    Those of the method ``did:web`` may have 2,048 characters.

    >>> short("did:plc:kim"), len(short("did:web:" + "a" * 2_000))
    ('did:plc:kim', 256)
    """
    if not isinstance(name, str) or len(name) <= MAX_ID_CHARS:
        return name
    digest = sha256(name.encode("utf-8", "replace")).hexdigest()[:_DIGEST_CHARS]
    return f"{name[: MAX_ID_CHARS - 1 - _DIGEST_CHARS]}#{digest}"


def fields_of(did: Any, rkey: Any, record: Any) -> Record:
    """Return the fields of a post, without ``created_at`` where the record has none.

    The text is escaped: records have plain text, and posts are taken for HTML.

    Parameters
    ----------
    did
        The author.
    rkey
        Key of the record in the author's repository.
    record
        The record of the post.
    """
    return {
        "id": short(uri_of(did, rkey)),
        "created_at": value_at(record, "createdAt"),
        "text": as_html(text_of(record)),
        "author": short(did),
        "lang": value_at(record, "langs.0"),
        "url": f"https://bsky.app/profile/{did}/post/{rkey}",
        "reply_to": short(value_at(record, "reply.parent.uri")),
    }


def text_of(record: Any) -> Any:
    """Return the text of a post with its links whole; that of a post of images alone is their descriptions.

    Programs shorten a link in the text and keep the whole one in a facet, whose bounds are bytes of UTF-8.

    Examples
    --------
    >>> link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/outage/map"}
    >>> text_of({"text": "see example.org/out...", "facets": [
    ...     {"index": {"byteStart": 4, "byteEnd": 22}, "features": [link]}]})
    'see https://example.org/outage/map'
    >>> text_of({"text": "", "embed": {"images": [{"alt": "A mast on fire"}, {"alt": ""}]}})
    'A mast on fire'
    """
    text = value_at(record, "text")
    if not isinstance(text, str):
        return text
    if not text.strip():
        return _described(record.get("embed")) or text
    facets = record.get("facets")
    return _with_links(text, facets) if facets and isinstance(facets, list) else text


def quotes(record: Any) -> bool:
    """Return whether a post shows another one inside of it.

    >>> quotes({"embed": {"$type": "app.bsky.embed.record", "record": {"uri": "at://did:plc:kim/app.bsky.feed.post/1"}}})
    True
    """
    kind = value_at(record, "embed.$type")
    return isinstance(kind, str) and kind.startswith("app.bsky.embed.record")


def _with_links(text: str, facets: list[Any]) -> str:
    """Return a text in which each link is the address that its facet has."""
    encoded = text.encode("utf-8", "replace")
    links = sorted(filter(None, map(_link_of, facets)))
    parts, end = [], 0
    for first, last, uri in links:
        if end <= first < last <= len(encoded) and _divides(encoded, first) and _divides(encoded, last):
            parts += [encoded[end:first], _shown(encoded[first:last], uri)]
            end = last
    return b"".join([*parts, encoded[end:]]).decode("utf-8", "replace")


def _divides(encoded: bytes, place: int) -> bool:
    """Return whether a place in a text lies between two characters: some programs count in other units than bytes."""
    return place == len(encoded) or encoded[place] & 0xC0 != 0x80


def _link_of(facet: Any) -> tuple[int, int, str] | None:
    """Return the bounds and the address of a facet that is a link."""
    first, last = value_at(facet, "index.byteStart"), value_at(facet, "index.byteEnd")
    features = value_at(facet, "features")
    if type(first) is not int or type(last) is not int or not isinstance(features, list):
        return None
    uris = (each.get("uri") for each in features if isinstance(each, dict) and each.get("$type") == _LINK)
    uri = next((uri for uri in uris if isinstance(uri, str) and uri), None)
    return None if uri is None else (first, last, uri)


def _shown(label: bytes, uri: str) -> bytes:
    """Return a link as it is to be read: words that are a link keep their wording."""
    text = label.decode("utf-8", "replace")
    start = text.removesuffix(_ELLIPSES[0]).removesuffix(_ELLIPSES[1])
    is_address = bool(start) and start.casefold() in uri.casefold()
    return (uri if is_address else f"{text} {uri}").encode("utf-8", "replace")


def _described(embed: Any) -> str:
    """Return the descriptions that the author gave to images or a video."""
    media = value_at(embed, "media") or embed
    images = value_at(media, "images")
    alts = [value_at(image, "alt") for image in images] if isinstance(images, list) else [value_at(media, "alt")]
    return "\n".join(alt for alt in alts if isinstance(alt, str) and alt.strip())
