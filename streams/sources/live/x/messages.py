"""What a line of the filtered stream, or an entry of recent search, holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.core.ingest.parsing import parse
from streams.core.ingest.timestamps import exact_time_ms
from streams.errors import RecordError
from streams.sources.live.base import Bad, Found, Skipped
from streams.sources.presets import TwitterV2, time_of_tweet

if TYPE_CHECKING:
    from streams.sources.live.base import Item

FIELDS: Final = (
    "created_at,lang,author_id,referenced_tweets,edit_history_tweet_ids,note_tweet,public_metrics,conversation_id"
)
"""``tweet.fields`` of each request: without ``note_tweet`` texts of more than 280 characters are cut."""

_FORMAT: Final = TwitterV2()


class Message(NamedTuple):
    """A message of the stream.

    Parameters
    ----------
    items
        What it holds for the reader of the source.
    posts
        Number of posts in it that X charges for.
    post_ms
        When the post was written, by its id; 0 if it is none.
    ends
        Why the connection has to be made again, as the message says; empty if it goes on.
    """

    items: list[Item]
    posts: int = 0
    post_ms: int = 0
    ends: str = ""


def read_message(line: bytes, *, include_reposts: bool) -> Message:
    """Return what a line of the stream holds; kinds of messages that are not known hold nothing.

    Parameters
    ----------
    line
        The line, without its end.
    include_reposts
        Whether reposts are posts.
    """
    try:
        fields = parse(line)
    except RecordError as error:
        return Message([Bad(error, line)])
    data = fields.get("data")
    if isinstance(data, dict):
        posts = 1 + included(fields)
        item = item_of(data, line, fields, include_reposts=include_reposts)
        return Message([item], posts, ms_of(data.get("id")))
    if "errors" in fields:
        return Message([], ends=_reason(fields["errors"]))
    return Message([Skipped("no_post")])


def item_of(tweet: dict[str, Any], raw: bytes, whole: dict[str, Any], *, include_reposts: bool) -> Item:
    """Return a post of the API as an item.

    Parameters
    ----------
    tweet
        The post.
    raw
        The message that it came in.
    whole
        The same, decoded, in which ``includes.tweets`` has the originals of reposts.
    include_reposts
        Whether a repost is a post.
    """
    if not _FORMAT.fits(tweet):
        return Bad(RecordError("missing_field", "a post of X needs 'id', 'text' and 'edit_history_tweet_ids'"), raw)
    found = _FORMAT.convert(tweet) or {}
    fields = {name: value for name, value in found.items() if name != "source" and value is not None}
    if fields.get("repost_of"):
        if not include_reposts:
            return Skipped("repost")
        fields["text"] = _original_text(whole, fields["repost_of"]) or fields["text"]
    history = tweet.get("edit_history_tweet_ids")
    first = history[0] if isinstance(history, list) and history and isinstance(history[0], str) else tweet["id"]
    is_edited = str(first) != str(tweet["id"])
    witnessed_ms = None if is_edited else exact_time_ms(fields.get("created_at"))  # X itself dates posts
    return Found(fields | {"id": first}, raw, witnessed_ms, edited=is_edited)


def ms_of(id: Any) -> int:
    """Return when the post with an id was written, milliseconds since the epoch; 0 if it is no id."""
    return (time_of_tweet(id) or 0) if isinstance(id, str) and id.isascii() else 0


def included(fields: dict[str, Any]) -> int:
    """Return the number of originals that a message or page includes, of which each is charged."""
    return len(_included(fields))


def _included(fields: dict[str, Any]) -> list[Any]:
    includes = fields.get("includes")
    tweets = includes.get("tweets") if isinstance(includes, dict) else None
    return tweets if isinstance(tweets, list) else []


def _original_text(whole: dict[str, Any], id: Any) -> Any:
    """Return the whole text of the original of a repost, whose own text is cut after some 140 characters."""
    for tweet in _included(whole):
        if isinstance(tweet, dict) and tweet.get("id") == id:
            note = tweet.get("note_tweet")
            return (note.get("text") if isinstance(note, dict) else None) or tweet.get("text")
    return None


def _reason(errors: Any) -> str:
    """Return the title of the first error in a message."""
    first = errors[0] if isinstance(errors, list) and errors else errors
    title = first.get("title") or first.get("disconnect_type") if isinstance(first, dict) else None
    return str(title or "an error")[:100]
