"""Connect to live sources without Kafka and without their cursors, and see what they would deliver."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from streams.core.text.matching import Matcher
from streams.errors import ConfigError, FirewatchError, MissingPackage, RecordError
from streams.operate.source_status import reads
from streams.records import Post
from streams.sources.live.base import AuthorDeleted, Bad, Deleted, Found, Skipped, Surroundings
from streams.sources.live.registry import make_source
from streams.workers.sources.door import Door

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.config import Config
    from streams.config.sources.base import SourceSettings
    from streams.sources.live.base import Item, LiveSource

SHOWN_POSTS: Final = 3

LEAST_SECONDS: Final = 3.0
"""Time for which a source is read at least, so that its rate means something."""

CLOSE_SECONDS: Final = 5.0

Result = Literal["good", "quiet", "not read", "failed"]
"""``good``: posts came. ``quiet``: it is connected, and no post came in the time given. ``not read``: reading it would
have effects, so it was only asked. ``failed``: it can't be read."""

_SKIPS: Final = {
    "no_text": "have no text",
    "repost": "repeat other posts",
    "filtered": "are filtered out by the settings",
    "bridged": "came over a bridge",
    "no_post": "are no posts",
    "backdated": "are imports of old posts",
}
"""What is said of records that are skipped, by the reason."""


@dataclass(frozen=True, slots=True)
class CheckedPost:
    """A post that a source delivered: when it was written, its text, and the brands that it matches."""

    ts_ms: int
    text: str
    brands: list[str]


@dataclass(slots=True)
class SourceCheck:
    """What was found out about one source.

    Parameters
    ----------
    id, kind, reads
        As in `streams.operate.source_status.SourceStatus`.
    result, why
        Whether it can be read, and if not why, with the way out.
    posts
        The first posts.
    counts
        Number of items by what they are: posts, matching, skipped, bad, deletions, gaps.
    seconds
        Time for which it was read; of posts that were searched for, the time since the first of them.
    behind_ms
        By how much the newest post lay behind the present.
    facts
        What else it says: permissions, limits left.
    """

    id: str
    kind: str
    reads: str
    result: Result = "failed"
    why: str = ""
    posts: list[CheckedPost] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    behind_ms: int | None = None
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def per_minute(self) -> float | None:
        """Return the posts a minute, None if it was not read."""
        return 60 * self.counts.get("posts", 0) / self.seconds if self.seconds else None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "per_minute": self.per_minute}


async def check_sources(
    config: Config, sources: Sequence[SourceSettings], seconds: float, *, billed: bool = False
) -> list[SourceCheck]:
    """Check sources at the same time, each for so many seconds at most; one that fails does not disturb the others.

    Parameters
    ----------
    billed
        Whether a few posts are read also where each is paid for.
    """
    matcher = Matcher.of(config)
    checks = [_Checking(config, each, matcher, seconds, billed=billed) for each in sources]
    return list(await asyncio.gather(*[each.run() for each in checks]))


class _Checking:
    """The check of one source."""

    def __init__(
        self, config: Config, settings: SourceSettings, matcher: Matcher, seconds: float, *, billed: bool
    ) -> None:
        self._config = config
        self._settings = settings
        self._matcher = matcher
        self._limit = seconds
        self._reads_billed = billed
        self._oldest_ms: int | None = None
        self._counts: Counter[str] = Counter()
        self._skips: Counter[str] = Counter()
        self._first_bad = ""
        self._found = SourceCheck(settings.id, settings.kind, reads(settings))

    async def run(self) -> SourceCheck:
        found = self._found
        try:
            source = make_source(self._settings, Surroundings(self._config))
        except (ConfigError, MissingPackage) as error:
            found.why = error.in_one_line
            return found
        try:
            await self._ask(source)
        except FirewatchError as error:
            found.why = error.in_one_line
        except OSError as error:  # a port that is taken, a file that can't be read
            found.why = str(error)
        except Exception as error:  # noqa: BLE001  one source must not hide what the others answer
            found.why = f"an unexpected error, please report it: {error!r}"
        found.facts |= source.health.facts
        return found

    async def _ask(self, source: LiveSource) -> None:
        found = self._found
        try:
            async with asyncio.timeout(self._limit):
                found.facts |= await source.probe()
        except TimeoutError:
            found.why = f"it did not answer within {self._limit:g} seconds"
            return
        if source.why_not_tried and not (source.is_billed and self._reads_billed):
            found.result, found.why = "not read", source.why_not_tried
            return
        await self._read(source)
        self._judge(source)

    async def _read(self, source: LiveSource) -> None:
        door = Door(self._config, self._unfiltered(), claims_language=source.claims_language)
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self._limit + CLOSE_SECONDS), aclosing(source.sample()) as batches:
                try:
                    async with asyncio.timeout(self._limit):
                        async for batch in batches:
                            for item in batch.items:
                                self._take(item, door, source)
                            if batch.settled:
                                batch.settled(None)
                            lasted = time.monotonic() - begun
                            if len(self._found.posts) >= SHOWN_POSTS and lasted >= LEAST_SECONDS:
                                break
                except TimeoutError:
                    pass
                self._found.seconds = time.monotonic() - begun
        except TimeoutError:
            self._found.seconds = self._found.seconds or time.monotonic() - begun
        if source.is_billed and self._oldest_ms is not None:  # what was published before has been searched
            self._found.seconds = max(1.0, (source.surroundings.now_ms() - self._oldest_ms) / 1000)
        self._found.counts = dict(self._counts)

    def _unfiltered(self) -> SourceSettings:
        """Return the settings without the filter by brands, for what does not match is shown too."""
        return self._settings.model_copy(update={"brand_filter": False})

    def _take(self, item: Item, door: Door, source: LiveSource) -> None:
        match item:
            case Found():
                self._take_post(item, door, source)
            case Skipped():
                self._skip(item)
            case Bad(error=error):
                self._reject(error)
            case Deleted() | AuthorDeleted():
                self._counts["deletions"] += 1
            case _:
                self._counts["gaps"] += 1

    def _take_post(self, item: Found, door: Door, source: LiveSource) -> None:
        now_ms = source.surroundings.now_ms()
        try:
            post = door.admit(item, now_ms)
        except RecordError as error:
            self._reject(error)
            return
        if not isinstance(post, Post):
            if isinstance(post, Skipped):
                self._skip(post)
            else:
                self._counts["deletions"] += 1
            return
        self._counts["posts"] += 1
        brands = list(self._matcher.match(post.text, post.tag))
        if brands:
            self._counts["matching"] += 1
        self._found.behind_ms = now_ms - post.ts_ms
        self._oldest_ms = min(self._oldest_ms or post.ts_ms, post.ts_ms)
        if len(self._found.posts) < SHOWN_POSTS:
            self._found.posts.append(CheckedPost(post.ts_ms, post.text, brands))

    def _skip(self, skipped: Skipped) -> None:
        self._counts["skipped"] += skipped.records
        self._skips[skipped.reason] += skipped.records

    def _reject(self, error: RecordError) -> None:
        self._counts["bad"] += 1
        self._first_bad = self._first_bad or f"{error.reason}: {error.detail}"

    def _judge(self, source: LiveSource) -> None:
        found, health = self._found, source.health
        if found.posts:
            found.result = "good"
            found.why = f"some records can't be used ({self._first_bad})" if self._counts["bad"] else health.why
        elif self._counts["bad"]:
            found.why = f"none of {self._counts['bad']:,} records is a post: {self._first_bad}"
        elif health.state in {"refused", "waiting"}:
            found.why = health.why
        elif health.state == "connecting" and health.heard_ms is None:
            found.why = health.why or f"it was not connected within {self._limit:g} seconds"
        else:
            found.result = "quiet"
            found.why = health.why or f"no post came within {found.seconds:.0f} seconds{self._left_out()}"

    def _left_out(self) -> str:
        """Return what else came, where no post did."""
        counts = ", ".join(f"{count:,} {_SKIPS[reason]}" for reason, count in self._skips.most_common())
        return f"; of the records that came, {counts}" if counts else ""
