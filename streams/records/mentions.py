"""Records of `social.mentions`: mentions in envelopes, progress of reading the posts, and notices
(`streams.records.notices`)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, NamedTuple

import orjson

from detectors.reference import GROUPS
from streams.errors import RecordError
from streams.records.notices import Notice, notice_of
from streams.records.posts import MAX_ENGAGEMENT
from streams.records.wire import MAX_CHARS, MAX_NUMBER, SHARE, load

ENVELOPE_VERSION: Final = 1
PROGRESS_VERSION: Final = 1

MAX_MENTIONS: Final = 250
"""Mentions in one envelope at most; with the caps of the scorer on what a mention carries it stays below Kafka's
default of 1 MiB a record."""

REPOST: Final = 1
REPLY: Final = 2
IMPORT: Final = 4
COARSE: Final = 8


class Mention(NamedTuple):
    """One scored post that names one brand; a positional list on the wire.

    Parameters
    ----------
    offset
        Offset of the post in its partition of `social.posts`, on which exact counting rests.
    ts_ms
        Event time of the post.
    behind_ms
        Milliseconds by which `ts_ms` lies behind the newest event time of that partition up to this offset, >= 0. With
        it the time of arrival is a property of the partition alone, and lateness does not depend on how partitions
        interleave.
    negative, positive
        Probabilities in ten-thousandths; the rest to 10,000 is neutral.
    author
        Keyed hash of the author, 0 if unknown.
    signature
        Near-duplicate signature of the text.
    flags
        Sum of 1 for a repost, 2 for a reply, 4 for a post that is dated back so far that it says nothing about the
        present, and 8 for a post whose time is stated no finer than a bucket.
    engagement
        Likes, reposts and replies of the post at collection time, summed.
    lang
        ISO 639-1 code of the language, ``und`` if unknown.
    source
        Source of the post.
    id
        Id of the post within its source.
    terms
        Words and hashtags of the text that count as key terms, as they are written, and pairs of words in small
        letters. Earlier scorers wrote all in small letters.
    url
        Address of the post, or null.
    text
        Excerpt of the text, only if the config includes texts in alerts.
    """

    offset: int
    ts_ms: int
    behind_ms: int
    negative: int
    positive: int
    author: int
    signature: int
    flags: int
    engagement: int
    lang: str
    source: str
    id: str
    terms: list[str]
    url: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """Mentions of one brand from one batch of one partition of `social.posts`, ascending by offset.

    Parameters
    ----------
    brand
        Brand id, also the record key.
    partition
        Partition of `social.posts` to which all offsets belong.
    incarnation
        Topic ID of `social.posts`, to which all offsets belong; a topic that is deleted and created again has another.
    model
        Version of the sentiment model.
    ingested_ms
        Broker time of the newest post of the batch, from which the latency from post to alert is measured.
    mentions
        The mentions, at most 250.
    """

    brand: str
    partition: int
    incarnation: str
    model: str
    ingested_ms: int
    mentions: list[Mention]

    def to_bytes(self) -> bytes:
        """Encode as ``{"v", "brand", "partition", "incarnation", "model", "ingested_ms", "mentions": [[...],
        ...]}``."""
        return orjson.dumps(
            {
                "v": ENVELOPE_VERSION,
                "brand": self.brand,
                "partition": self.partition,
                "incarnation": self.incarnation,
                "model": self.model,
                "ingested_ms": self.ingested_ms,
                "mentions": [tuple(mention) for mention in self.mentions],
            }
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """Position of a scorer in one partition of `social.posts`; the record goes to every partition of `social.mentions`.

    Parameters
    ----------
    partition
        Partition of `social.posts`.
    incarnation
        Topic ID of `social.posts`, to which the offset belongs; a topic that is deleted and created again has another.
    offset
        Offset up to and including which everything has been scored and sent before this record.
    watermark_ms
        Event time up to which the posts of the partition have arrived by `offset`: its newest event time, as far as
        enough posts support it; -1 while it is not known.
    ingested_ms
        Broker time of the post at `offset`; -1 while the partition is empty.
    idle_as_of_ms
        Broker time at which the partition had been read to its end; -1 if it has not been.
    live
        Whether event time runs with broker time in this partition (not an archive being replayed).
    active
        ``[source, [bucket start, ...]]``: buckets in which each source has delivered since the last progress record.
    pulse
        ``[minute, [mentions, ...]]``: number of mentions of each group of brands up to `offset`, for each minute of
        the partition's event time that was reached since the last progress record, ascending. Its milliseconds count
        how often event time was moved back before.
    newest_ms
        Newest event time of the partition up to `offset`, supported or not; -1 if the scorer does not report it, which
        means `watermark_ms`.
    delay_ms
        By how much event time usually lies behind broker time in this partition.
    """

    partition: int
    incarnation: str
    offset: int
    watermark_ms: int
    ingested_ms: int
    idle_as_of_ms: int
    live: bool
    active: list[tuple[str, list[int]]]
    pulse: list[tuple[int, list[int]]]
    newest_ms: int = -1
    delay_ms: int = 0

    def to_bytes(self) -> bytes:
        """Encode all fields by name, with ``v``."""
        return orjson.dumps(
            {"v": PROGRESS_VERSION, "progress": True, **{name: getattr(self, name) for name in self.__slots__}}
        )


MentionsContent = Envelope | Progress | Notice
"""A record of `social.mentions`."""


def mentions_record_from_bytes(value: bytes | None) -> MentionsContent:
    """Decode a record of `social.mentions`.

    Raises
    ------
    RecordError
        With a reason of ``empty``, ``broken_json``, ``wrong_type`` or ``unknown_version``.
    """
    fields = load(value, "mentions record", ENVELOPE_VERSION)
    try:
        notice = notice_of(fields)
        if notice is not None:
            return notice
        if fields.get("progress"):
            later = {name: fields.get(name, default) for name, default in _LATER_FIELDS.items()}
            progress = Progress(**{name: fields[name] for name in Progress.__slots__ if name not in later}, **later)
            _check_types(progress, _PROGRESS_TYPES)
            _check_numbers(progress)
            _check_names(progress.incarnation, *(source for source, _ in progress.active))
            progress.active[:] = [
                (str(source), [_whole(start) for start in starts]) for source, starts in progress.active
            ]
            progress.pulse[:] = [(_whole(minute), _group_counts(counts)) for minute, counts in progress.pulse]
            return progress
        envelope = Envelope(*(fields[name] for name in Envelope.__slots__))
        _check_types(envelope, _ENVELOPE_TYPES)
        _check_names(envelope.brand, envelope.incarnation, envelope.model)
        envelope.mentions[:] = [_mention(mention) for mention in fields["mentions"]]
        _check_order(envelope.mentions)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise RecordError("wrong_type", f"a field is missing or of the wrong type ({error})") from error
    return envelope


_ENVELOPE_TYPES: Final = {
    "brand": str,
    "partition": int,
    "incarnation": str,
    "model": str,
    "ingested_ms": int,
    "mentions": list,
}
_PROGRESS_TYPES: Final = {
    "partition": int, "incarnation": str, "offset": int, "watermark_ms": int, "ingested_ms": int, "idle_as_of_ms": int,
    "live": bool, "active": list, "pulse": list, "newest_ms": int, "delay_ms": int,
}  # fmt: skip
_LATER_FIELDS: Final = {"newest_ms": -1, "delay_ms": 0}
"""Fields of a progress record that earlier scorers did not write, with their defaults."""

_MENTION_TYPES: Final = (int, int, int, int, int, int, int, int, int, str, str, str, list)

MAX_TERMS: Final = 64

MAX_GROUP_COUNT: Final = 10**9
"""Largest number of mentions of a group of brands in one minute."""


def _check_types(record: object, types: dict[str, type]) -> None:
    for name, expected in types.items():
        if type(getattr(record, name)) is not expected:
            raise TypeError(f"{name!r} must be {expected.__name__}")


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise ValueError("a time must be a whole number of milliseconds")
    return value


def _group_counts(counts: list[Any]) -> list[int]:
    if len(counts) != GROUPS or not all(type(count) is int and 0 <= count <= MAX_GROUP_COUNT for count in counts):
        raise ValueError(f"the counts of a minute must be {GROUPS} numbers")
    return counts


def _mention(fields: list[Any]) -> Mention:
    mention = Mention(*fields)
    if tuple(map(type, mention[:13])) != _MENTION_TYPES:
        raise TypeError("a mention's fields are of the wrong type")
    if min(mention[:9]) < 0 or max(mention[:8]) > MAX_NUMBER or mention.engagement > MAX_ENGAGEMENT:
        raise ValueError("a mention's number is out of range")
    if mention.negative + mention.positive > SHARE:
        raise ValueError("a mention's probabilities do not add up")
    if len(mention.terms) > MAX_TERMS:
        raise ValueError("a mention has too many terms")
    texts = [mention.lang, mention.source, mention.id, *mention.terms]
    texts += [text for text in (mention.url, mention.text) if text is not None]
    for text in texts:
        if type(text) is not str or len(text) > MAX_CHARS:
            raise TypeError("a mention's text is not a string, or too long")
    return mention


def _check_order(mentions: list[Mention]) -> None:
    if any(later.offset <= earlier.offset for earlier, later in pairwise(mentions)):
        raise ValueError("mentions must ascend by offset")


def _check_numbers(progress: Progress) -> None:
    numbers = (
        progress.offset, progress.watermark_ms, progress.ingested_ms, progress.idle_as_of_ms, progress.newest_ms,
        progress.delay_ms,
    )  # fmt: skip
    if min(numbers) < -1 or max(numbers) > MAX_NUMBER:
        raise ValueError("a number of a progress record is out of range")


def _check_names(*names: str) -> None:
    if max(map(len, names)) > MAX_CHARS:
        raise ValueError("a name is too long")
