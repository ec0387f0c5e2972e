"""What flows through firewatch, and its bytes.

===========  =================  ==========================  =============================================
record       topic              key                         one record is
===========  =================  ==========================  =============================================
`Post`       social.posts       ``source:id``               one normalised post
`Envelope`   social.mentions    brand id                    1..n scored mentions of one brand
`Progress`   social.mentions    none, to every partition    how far one partition of social.posts is read
`Window`     social.windows     brand id                    one brand's closed bucket with its scores
`Alert`      social.alerts      brand id                    one step in the life of an incident
===========  =================  ==========================  =============================================

Every record carries its version ``v``; a reader refuses a newer one and says so. Times are milliseconds since the
epoch, UTC, unless a name says otherwise; probabilities travel as integers in ten-thousandths, so that sums are exact
whatever the order of addition.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from streams.errors import RecordError, UnknownVersion

POST_VERSION: Final = 1
ENVELOPE_VERSION: Final = 1
PROGRESS_VERSION: Final = 1
WINDOW_VERSION: Final = 1
ALERT_VERSION: Final = 1

SHARE: Final = 10_000
"""Unit of probabilities on the wire: 10,000 is certainty."""

MAX_MENTIONS: Final = 250
"""Mentions in one envelope at most; with the caps of `streams.scoring` on what a mention carries it stays below Kafka's
default of 1 MiB a record."""

MAX_ID_CHARS: Final = 256
"""Of a post's id, and of what names authors and sources."""

REPOST: Final = 1
REPLY: Final = 2


class Post(NamedTuple):
    """One post as `social.posts` carries it.

    Parameters
    ----------
    id
        Identity within the source.
    source
        Where it was collected: ``microblog``, ``forum``, the name of a file source, ...
    ts_ms
        When it was written (event time).
    text
        Plain text, NFC, capped.
    author
        The source's identity of the author, or None.
    lang
        ISO 639-1 code if the source knows it, else None.
    url
        Address of the post, or None.
    tag
        The brand the source says the post is about (the thread or query it was collected by), or None.
    repost_of, reply_to
        Ids of other posts, or None.
    engagement
        Likes, reposts and replies at collection time, summed.
    """

    id: str
    source: str
    ts_ms: int
    text: str
    author: str | None = None
    lang: str | None = None
    url: str | None = None
    tag: str | None = None
    repost_of: str | None = None
    reply_to: str | None = None
    engagement: int = 0

    @property
    def key(self) -> bytes:
        """Record key; repeats of a post meet in one partition."""
        return f"{self.source}:{self.id}".encode()

    def to_bytes(self) -> bytes:
        """Encode; fields without a value are left out.

        >>> Post(id="1", source="forum", ts_ms=1700000000000, text="hallo").to_bytes()
        b'{"v":1,"id":"1","source":"forum","ts_ms":1700000000000,"text":"hallo"}'
        """
        fields: dict[str, Any] = {"v": POST_VERSION}
        fields.update(
            (name, value) for name, value in zip(self._fields, self, strict=True) if value is not None and value != 0
        )
        fields.setdefault("ts_ms", self.ts_ms)
        return orjson.dumps(fields)


_OPTIONAL_TEXT: Final = ("author", "lang", "url", "tag", "repost_of", "reply_to")


def post_from_bytes(value: bytes | None) -> Post:
    """Decode a record of `social.posts`, written by anyone.

    Raises
    ------
    RecordError
        With a reason of ``empty``, ``broken_json``, ``wrong_type``, ``missing_field`` or ``unknown_version``.
    """
    fields = _load(value, "post", POST_VERSION)
    for name in ("id", "source", "text"):
        if name not in fields:
            raise RecordError("missing_field", f"a post needs {name!r}")
        if not isinstance(fields[name], str):
            raise RecordError("wrong_type", f"{name!r} must be a string, got {type(fields[name]).__name__}")
    ts_ms = fields.get("ts_ms")
    if ts_ms is None:
        raise RecordError("missing_field", "a post needs 'ts_ms'")
    if type(ts_ms) is not int:
        raise RecordError("wrong_type", f"'ts_ms' must be an integer, got {type(ts_ms).__name__}")
    optional = {name: fields[name] for name in _OPTIONAL_TEXT if fields.get(name) is not None}
    for name, text in optional.items():
        if not isinstance(text, str):
            raise RecordError("wrong_type", f"{name!r} must be a string, got {type(text).__name__}")
    engagement = fields.get("engagement", 0)
    if type(engagement) is not int or engagement < 0:
        raise RecordError("wrong_type", "'engagement' must be an integer >= 0")
    return Post(fields["id"], fields["source"], ts_ms, fields["text"], engagement=engagement, **optional)


class Mention(NamedTuple):
    """One post that names one brand, scored; a positional list on the wire.

    Parameters
    ----------
    offset
        Offset of the post in its partition of `social.posts`: what exact counting rests on.
    ts_ms
        Event time of the post.
    behind_ms
        How far `ts_ms` lies behind the newest event time of that partition up to this offset, >= 0. With it the moment
        of arrival is a property of the partition alone, and lateness does not depend on how partitions interleave.
    negative, positive
        Probabilities in ten-thousandths; the rest is neutral.
    author
        Keyed hash of the author, 0 if unknown.
    signature
        Near-duplicate signature of the text.
    flags
        `REPOST`, `REPLY`.
    engagement
        As in `Post`.
    lang, source, id
        As in `Post`; language ``und`` if unknown.
    terms
        Words and hashtags worth counting as evidence.
    url
        As in `Post`.
    text
        An excerpt, only where the config lets alerts carry texts.
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
        The partition of `social.posts` all these offsets count in.
    incarnation
        Names the topic those offsets belong to; a topic deleted and made again has another.
    model
        Version of the sentiment model.
    ingested_ms
        Broker time of the batch's newest post: where post-to-alert latency starts.
    mentions
        At most `MAX_MENTIONS`.
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
    """How far a scorer has read one partition of `social.posts`; goes to every partition of `social.mentions`.

    Parameters
    ----------
    partition, incarnation
        As in `Envelope`.
    offset
        Everything up to and including it has been scored and sent before this record.
    watermark_ms
        Newest event time of the partition up to `offset`; -1 while the partition is empty.
    ingested_ms
        Broker time of the post at `offset`; -1 while the partition is empty.
    idle_as_of_ms
        Broker time at which the partition was seen read to its end; -1 if it has not been.
    live
        Whether event time runs with broker time in this partition (not an archive being replayed).
    active
        ``[source, [bucket start, ...]]``: in which buckets which sources delivered since the last progress record.
    """

    partition: int
    incarnation: str
    offset: int
    watermark_ms: int
    ingested_ms: int
    idle_as_of_ms: int
    live: bool
    active: list[tuple[str, list[int]]]

    def to_bytes(self) -> bytes:
        """Encode all fields by name, with ``v``."""
        return orjson.dumps(
            {"v": PROGRESS_VERSION, "progress": True, **{name: getattr(self, name) for name in self.__slots__}}
        )


def mentions_record_from_bytes(value: bytes | None) -> Envelope | Progress:
    """Decode a record of `social.mentions`.

    Raises
    ------
    RecordError
        With a reason of ``empty``, ``broken_json``, ``wrong_type`` or ``unknown_version``.
    """
    fields = _load(value, "mentions record", ENVELOPE_VERSION)
    try:
        if fields.get("progress"):
            progress = Progress(*(fields[name] for name in Progress.__slots__))
            _check_types(progress, _PROGRESS_TYPES)
            progress.active[:] = [(str(source), [int(start) for start in starts]) for source, starts in progress.active]
            return progress
        envelope = Envelope(*(fields[name] for name in Envelope.__slots__))
        _check_types(envelope, _ENVELOPE_TYPES)
        envelope.mentions[:] = [_mention(mention) for mention in fields["mentions"]]
    except (KeyError, TypeError, ValueError) as error:
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
    "live": bool, "active": list,
}  # fmt: skip
_MENTION_TYPES: Final = (int, int, int, int, int, int, int, int, int, str, str, str, list)


def _check_types(record: object, types: dict[str, type]) -> None:
    for name, expected in types.items():
        if type(getattr(record, name)) is not expected:
            raise TypeError(f"{name!r} must be {expected.__name__}")


def _mention(fields: list[Any]) -> Mention:
    mention = Mention(*fields)
    if tuple(map(type, mention[:13])) != _MENTION_TYPES or mention.behind_ms < 0:
        raise TypeError("a mention's fields are of the wrong type")
    if not 0 <= mention.negative + mention.positive <= SHARE or mention.negative < 0 or mention.positive < 0:
        raise ValueError("a mention's probabilities do not add up")
    return mention


def _load(value: bytes | None, what: str, known: int) -> dict[str, Any]:
    if not value:
        raise RecordError("empty", f"a {what} without bytes")
    try:
        fields = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise RecordError("broken_json", f"a {what} that is not JSON ({error})") from error
    if not isinstance(fields, dict):
        raise RecordError("wrong_type", f"a {what} must be a JSON object, got {type(fields).__name__}")
    version = fields.get("v")
    if type(version) is not int or version < 1:
        raise RecordError("missing_field", f"a {what} needs its version 'v', an integer from 1 to {known}")
    if version > known:
        raise UnknownVersion(f"a {what}", version, known)
    return fields


class WindowScore(NamedTuple):
    """One detector's score of a closed bucket; quantities in the detector's own unit."""

    value: float
    observed: float
    expected: float
    lower: float
    upper: float
    suppressed: str | None


@dataclass(frozen=True, slots=True)
class Window:
    """One brand's closed bucket.

    Parameters
    ----------
    start_ms, length_ms
        The span of event time.
    count
        Mentions in it.
    late
        Mentions that arrived since the previous window but whose own bucket had closed. Over all windows of a brand,
        `count` + `late` is every mention, each once.
    negative, positive
        Summed probabilities in ten-thousandths.
    authors, reposts, engagement, coverage
        As in `detectors.base.Bucket`.
    scores
        By detector name.
    config_version
        Of the settings that produced the scores.
    """

    brand: str
    start_ms: int
    length_ms: int
    count: int
    late: int
    negative: int
    positive: int
    authors: int
    reposts: int
    engagement: int
    coverage: float
    scores: dict[str, WindowScore]
    config_version: str

    def to_bytes(self) -> bytes:
        """Encode all fields by name, with ``v``; scores as positional lists."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["scores"] = {name: tuple(score) for name, score in self.scores.items()}
        return orjson.dumps({"v": WINDOW_VERSION, **fields})


def window_from_bytes(value: bytes | None) -> Window:
    """Decode a record of `social.windows`.

    Raises
    ------
    RecordError
        With a reason of ``empty``, ``broken_json``, ``wrong_type`` or ``unknown_version``.
    """
    fields = _load(value, "window", WINDOW_VERSION)
    try:
        scores = {name: WindowScore(*score) for name, score in fields["scores"].items()}
        return Window(**{name: fields[name] for name in Window.__slots__} | {"scores": scores})
    except (KeyError, TypeError, AttributeError) as error:
        raise RecordError("wrong_type", f"a window's field is missing or of the wrong type ({error})") from error


Severity = Literal["watch", "warning", "critical"]
"""``watch``: unusual, look when you have time. ``warning``: unusual and negative, look today. ``critical``: page."""

SEVERITIES: Final[tuple[Severity, ...]] = ("watch", "warning", "critical")

AlertKind = Literal["open", "update", "resolve"]


@dataclass(frozen=True, slots=True)
class Detection:
    """One detector's score of one bucket of one brand, as far as it matters: it reached its threshold.

    `score` >= 1; the quantities are in the detector's `unit`.
    """

    brand: str
    detector: str
    kind: str
    bucket_start_ms: int
    checked_ms: int
    score: float
    observed: float
    expected: float
    lower: float
    upper: float
    unit: str
    reason: str
    suppressed: str | None


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True)


class DetectorScore(_Body):
    """The strongest answer of one detector within the incident."""

    kind: str
    score: float = Field(ge=0, description="Common scale of all detectors: 1 and more is anomalous")
    observed: float
    expected: float
    lower: float
    upper: float
    unit: str = Field(description="Unit of observed, expected and the bounds")
    reason: str
    suppressed: str | None = None


class WindowCounts(_Body):
    """A span of event time: [start, end)."""

    start: datetime
    end: datetime
    mentions: int = Field(ge=0)
    authors: int = Field(ge=0, description="Distinct authors, estimated above a few dozen")
    reposts: int = Field(ge=0)
    engagement: int = Field(ge=0)


class SentimentSplit(_Body):
    """Shares of the incident's mentions, by the model's probabilities; they add up to 1."""

    negative: float = Field(ge=0, le=1)
    neutral: float = Field(ge=0, le=1)
    positive: float = Field(ge=0, le=1)


class TopTerm(_Body):
    """A word or hashtag that stands out."""

    term: str
    mentions: int = Field(ge=1)
    lift: float = Field(ge=0, description="Share in the incident divided by the share in the brand's usual mentions")


class SamplePost(_Body):
    """A post to look at."""

    id: str
    source: str
    url: str | None = None
    text: str | None = Field(default=None, description="Only where alerts.include_texts is set")
    negative: float = Field(ge=0, le=1)


class Alert(_Body):
    """The body of a record of `social.alerts`, and a line of ``--alerts OUT.jsonl``: one step in the life of an
    incident."""

    v: Literal[1] = ALERT_VERSION
    id: str = Field(
        description="Deterministic: the same step of the same incident has the same id, so repeats can be dropped"
    )
    kind: AlertKind
    status: Literal["firing", "resolved"]
    severity: Severity
    suppressed: str | None = Field(description="Why it must not page anyone (cold_start, refractory, ...), or null")
    brand: str
    fingerprint: str = Field(description="One per incident: opening, updates and resolution share it")
    starts_at: datetime
    ends_at: datetime | None = None
    at: datetime = Field(description="Event time at which this step was taken")
    summary: str = Field(description="One sentence for a person")
    detectors: dict[str, DetectorScore]
    window: WindowCounts
    sentiment: SentimentSplit
    top_terms: list[TopTerm]
    top_author_share: float = Field(ge=0, le=1, description="Share of the mentions by the most active author")
    duplicate_share: float = Field(ge=0, le=1)
    sources: dict[str, int]
    languages: dict[str, int]
    samples: list[SamplePost]
    config_version: str
    model_version: str
    labels: dict[str, str] = Field(description="As Alertmanager wants them: identity")
    annotations: dict[str, str] = Field(description="As Alertmanager wants them: for people")
    generator_url: str | None = None

    def to_bytes(self) -> bytes:
        """Encode; the same alert gives the same bytes."""
        return orjson.dumps(self.model_dump(mode="json"))


def alert_from_bytes(value: bytes | None) -> Alert:
    """Decode a record of `social.alerts`.

    Raises
    ------
    RecordError
        With a reason of ``empty``, ``broken_json``, ``wrong_type`` or ``unknown_version``.
    """
    _load(value, "alert", ALERT_VERSION)
    try:
        return Alert.model_validate_json(value or b"")
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise RecordError(
            "wrong_type", f"an alert's field {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        ) from error


def utc(ms: int) -> datetime:
    """Milliseconds since the epoch as an aware datetime.

    >>> utc(0).isoformat()
    '1970-01-01T00:00:00+00:00'
    """
    return datetime.fromtimestamp(ms / 1000, UTC)
