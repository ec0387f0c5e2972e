"""The interface of a live source: all that the ingest worker, `firewatch sources` and the status know of it.

A live source connects, resumes after a position, and yields what it receives in batches. It neither writes to Kafka nor
reconnects: when its connection ends it raises `SourceUnavailable` or `SourceRefused`, and whoever reads it waits as
`streams.sources.live.backoff` says and begins again at the last position that was saved.
"""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, NamedTuple

from streams.records import Gap
from streams.runtime import clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence

    from streams.config import Config
    from streams.config.sources.base import SourceSettings
    from streams.errors import RecordError

PAUSE_SECONDS: Final = 1.0
"""Time without a batch after which a source yields an empty one."""

Position = dict[str, Any]
"""How far a source has been read, as values of JSON; only the source itself knows what they mean."""

MAX_POSITION_BYTES: Final = 900_000
"""Largest position, as JSON; a source that could have a larger one forgets what it can do without. With the rest of the
cursor it fits into a record of Kafka, which has little more than a million bytes."""


class Found(NamedTuple):
    """A post, or another version of one.

    Parameters
    ----------
    fields
        Fields of the post as `streams.core.ingest.parsing` documents them, without ``source``.
    raw
        The record as it was received, for a dead letter.
    witnessed_ms
        When the platform received the post, milliseconds since the epoch; None for the moment of its arrival here. The
        post is not dated later, and is no import if it is dated hardly earlier.
    edited
        Whether an earlier version has been published.
    place
        Where the record is in what was received, such as ``item 3`` of a request.
    """

    fields: dict[str, Any]
    raw: bytes
    witnessed_ms: int | None = None
    edited: bool = False
    place: str = ""


class Deleted(NamedTuple):
    """A deletion of one post.

    Parameters
    ----------
    id
        Id of the post, as in `Found.fields`.
    """

    id: str


class AuthorDeleted(NamedTuple):
    """A deletion of all posts of an author.

    Parameters
    ----------
    author
        The author, as in `Found.fields`.
    """

    author: str


SkipReason = Literal["no_text", "repost", "filtered", "bridged", "no_post", "backdated"]
"""Why a record is left out that is no defect: it has no text, repeats another post, is not asked for by the settings,
was brought by a bridge from another source, is no post at all, or is an import of old posts."""


class Skipped(NamedTuple):
    """A record that is left out and is no defect.

    Parameters
    ----------
    reason
        Why it is left out.
    records
        Number of such records.
    """

    reason: SkipReason
    records: int = 1


class Bad(NamedTuple):
    """A record that is a defect; it becomes a dead letter.

    Parameters
    ----------
    error
        Reason and detail.
    raw
        The record as it was received.
    place
        Where it is in what was received.
    """

    error: RecordError
    raw: bytes
    place: str = ""


Item = Found | Deleted | AuthorDeleted | Skipped | Bad | Gap


class ItemOutcome(NamedTuple):
    """What became of an item of a batch.

    Parameters
    ----------
    kind
        ``ingested`` (the broker has it), ``repeated``, ``skipped`` or ``rejected``.
    error
        Why it was rejected.
    """

    kind: Literal["ingested", "repeated", "skipped", "rejected"]
    error: RecordError | None = None


class Batch(NamedTuple):
    """Items that were received together.

    Parameters
    ----------
    items
        Items in the order of the source; none if nothing came for a while.
    position
        Position after the last item, which is saved once the broker has acknowledged all of them; None if it is as
        before.
    settled
        Called once the broker has acknowledged all items, with one outcome an item; or with None if it could not.
    """

    items: Sequence[Item]
    position: Position | None = None
    settled: Callable[[Sequence[ItemOutcome] | None], None] | None = None


@dataclass(slots=True)
class SourceHealth:
    """The condition of a source; the source keeps it up to date, others read it.

    Attributes
    ----------
    state
        ``connecting``; ``live`` (it receives what is published now); ``catching_up`` (it receives what it has missed);
        ``waiting`` (it failed and will be tried again); ``refused`` (somebody has to change something); ``limited`` (a
        limit of the config or of the platform holds it back).
    why
        Why it is not live, or which part of it can't be read although the others can, as a sentence without the
        source's name; empty if all of it is read.
    heard_ms
        When anything was received, signs of life included; milliseconds since the epoch, None if never.
    post_ms
        When the newest post was received.
    behind_ms
        By how much what is read lies behind the present; None if unknown.
    facts
        Further facts for `firewatch sources check`, such as ``requests left``: ``297 of 300``.
    """

    state: Literal["connecting", "live", "catching_up", "waiting", "refused", "limited"] = "connecting"
    why: str = ""
    heard_ms: int | None = None
    post_ms: int | None = None
    behind_ms: int | None = None
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Surroundings:
    """What a source needs of its surroundings; tests hand in clocks of their own.

    Parameters
    ----------
    config
        The whole config: limits of `ingest`, brands, connection to Kafka.
    now_ms
        The clock, milliseconds since the epoch.
    sleep
        Waits for a number of seconds.
    chance
        Random numbers, for jitter.
    """

    config: Config
    now_ms: Callable[[], int] = clock.now_ms
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: random.Random = field(default_factory=random.Random)


class LiveSource(ABC):
    """A source that is read for as long as the service runs.

    Parameters
    ----------
    settings
        Its entry in the section `sources`, of the type that belongs to its kind.
    surroundings
        Config, clock and chance.

    Attributes
    ----------
    id
        Id of the source, which is `Post.source` of its posts and the key of its cursor.
    health
        Its condition.
    claims_language
        Whether the language of a post is what its author's program claims, which is often wrong, and not detected by
        the platform.
    ends
        Whether it ends by itself, as files do that are read once.
    why_not_tried
        Why `firewatch sources check` only asks (`probe`) and does not read it, as a sentence without the source's name;
        empty for those whose reading has no effects.
    is_billed
        Whether it is not read because each post is paid for, so that `firewatch sources check --billed` reads `sample`.
    """

    claims_language: ClassVar[bool] = False
    why_not_tried: ClassVar[str] = ""
    is_billed: ClassVar[bool] = False
    ends: bool = False

    def __init__(self, settings: SourceSettings, surroundings: Surroundings) -> None:
        self.id = settings.id
        self.surroundings = surroundings
        self.health = SourceHealth()

    @abstractmethod
    def batches(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        """Connect, and yield batches after a position until the connection ends.

        An empty batch comes after `PAUSE_SECONDS` if nothing else does, so that the reader can finish what it has.

        Parameters
        ----------
        position
            A position that an earlier batch had, in this process or another; None to begin with what is published now
            (or, for kinds that keep posts, as their settings say).

        Raises
        ------
        SourceUnavailable
            If the other side can't be reached, ends the connection, stalls, or asks for patience.
        SourceRefused
            If it denies access, or does not offer what is asked for.
        """

    def sample(self) -> AsyncGenerator[Batch, None]:
        """Yield some posts for `firewatch sources check`, the newest last; by default all that comes.

        Raises
        ------
        SourceError
            As `batches`.
        """
        return self.batches(None)

    async def probe(self) -> Mapping[str, str]:
        """Return facts that need a request of their own, for `firewatch sources check`; by default none.

        Raises
        ------
        SourceError
            If the other side can't be reached or refuses.
        """
        return {}
