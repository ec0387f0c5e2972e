"""The kind `feeds`: asks each feed in its turn, several at once but one of a host, and yields what is new."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar, Final

import structlog

from streams.errors import ConfigError
from streams.sources.live.base import MAX_POSITION_BYTES, Batch, Found, LiveSource
from streams.sources.live.feeds.dates import EntryTimes
from streams.sources.live.feeds.feed_list import feed_urls
from streams.sources.live.feeds.place import name_of
from streams.sources.live.feeds.polling import Polled, PolledFeed, Polling
from streams.sources.live.feeds.state import FeedState
from streams.sources.live.http import SourceHttp

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from streams.config.sources.feeds import FeedsSettings
    from streams.sources.live.base import Position, Surroundings

TICK_SECONDS: Final = 1.0
"""Time between two looks for feeds that are due."""

SPREAD_SECONDS: Final = 0.5
"""Time over which a feed without a schedule is spread: a thousand new feeds are asked within eight minutes."""

HOST_PAUSE_MS: Final = 1_000
"""Pause between two requests to a host of others."""

POSITION_MS: Final = 30_000
"""Time between two positions if nothing new was received."""

REMEMBERED_ENTRIES: Final = 20_000
"""Entries of all feeds that are remembered, which take a third of the largest record of Kafka."""

LASTING_FAILURES: Final = 3
"""Failures in a row after which a feed counts as not read although others are: an hour or more."""

log = structlog.get_logger()

_FEWEST, _MOST = 20, 500
"""Bounds of the entries of one feed that are remembered."""

_POSITION_VERSION: Final = 1

_AROUND: Final = 10
"""Bytes of JSON around the name and the state of a feed, with its share of those around all of them."""


class Feeds(LiveSource):
    """Entries of RSS, Atom and JSON feeds."""

    claims_language: ClassVar[bool] = True

    def __init__(self, settings: FeedsSettings, surroundings: Surroundings) -> None:
        super().__init__(settings, surroundings)
        self._settings = settings
        self._feeds = {feed.name: feed for feed in (PolledFeed(self.id, url) for url in _urls(settings))}
        self._limit = min(_MOST, max(_FEWEST, REMEMBERED_ENTRIES // len(self._feeds)))
        self._states: dict[str, FeedState] = {}
        self._saved: dict[str, dict[str, Any]] = {}
        self._running: dict[asyncio.Task[Polled], PolledFeed] = {}
        self._host_free_ms: dict[str, int] = {}
        self._troubles: dict[str, Polled] = {}

    async def batches(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        """Ask the feeds as they fall due, and yield what is new; it goes on whatever they answer.

        Parameters
        ----------
        position
            When each feed is due, its validators and its entries; None to begin with the entries of the last hours.
        """
        self._restore(position)
        self._running = {}
        pool = ThreadPoolExecutor(1, thread_name_prefix="feeds")
        try:
            async with self._client() as client, aclosing(self._batches(self._polling(client, pool))) as batches:
                async for batch in batches:
                    yield batch
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _client(self) -> SourceHttp:
        settings = self._settings
        return SourceHttp(
            self.id,
            allow_private=settings.allow_private,
            max_bytes=settings.max_feed_bytes,
            contact=settings.contact,
            environment_proxy=settings.environment_proxy,
            now_ms=self.surroundings.now_ms,
        )

    def _polling(self, client: SourceHttp, pool: ThreadPoolExecutor) -> Polling:
        times = EntryTimes(self.surroundings.config.ingest)
        return Polling(self._settings, self.surroundings, client, pool, times, self._limit)

    async def _batches(self, polling: Polling) -> AsyncGenerator[Batch, None]:
        surroundings = self.surroundings
        positioned_ms = surroundings.now_ms()
        is_changed = False
        tick = asyncio.ensure_future(surroundings.sleep(0))
        try:
            while True:
                self._start_due(polling)
                await asyncio.wait({tick, *self._running}, return_when=asyncio.FIRST_COMPLETED)
                now_ms = surroundings.now_ms()
                for task in [task for task in self._running if task.done()]:
                    polled = self._finished(task, now_ms)
                    is_changed = True
                    if polled.items:
                        yield Batch(polled.items, self._position())
                        positioned_ms, is_changed = now_ms, False
                if tick.done():
                    tick = asyncio.ensure_future(surroundings.sleep(TICK_SECONDS))
                    is_due = is_changed and now_ms - positioned_ms >= POSITION_MS
                    yield Batch((), self._position() if is_due else None)
                    if is_due:
                        positioned_ms, is_changed = now_ms, False
        finally:
            unfinished = [tick, *self._running]
            for each in unfinished:
                each.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)

    def _start_due(self, polling: Polling) -> None:
        """Start requests to feeds that are due, those first that are for longest."""
        room = self._settings.requests_at_once - len(self._running)
        if room <= 0:
            return
        now_ms = self.surroundings.now_ms()
        busy = {feed.name for feed in self._running.values()}
        hosts = {feed.host_of_address(self._states[feed.name]) for feed in self._running.values()}
        self._host_free_ms = {host: free for host, free in self._host_free_ms.items() if free > now_ms}
        hosts |= self._host_free_ms.keys()
        due = [
            (state.due_ms, name)
            for name, state in self._states.items()
            if state.due_ms <= now_ms and not state.has_ended and name not in busy
        ]
        for _, name in sorted(due):
            feed, state = self._feeds[name], self._states[name]
            host = feed.host_of_address(state)
            if host not in hosts:
                hosts.add(host)
                self._running[asyncio.create_task(polling.poll(feed, state))] = feed
                room -= 1
                if not room:
                    return

    def _finished(self, task: asyncio.Task[Polled], now_ms: int) -> Polled:
        """Take the outcome of a request into the state, the position and the health."""
        feed = self._running.pop(task)
        polled = task.result()
        host = feed.host_of_address(self._states[feed.name])
        if not feed.is_own:
            self._host_free_ms[host] = now_ms + HOST_PAUSE_MS
        self._states[feed.name] = polled.state
        self._saved[feed.name] = self._to_save(feed.name, polled.state)
        self._note(feed.name, polled)
        if polled.is_answered:
            self.health.heard_ms = now_ms
        if any(isinstance(item, Found) for item in polled.items):
            self.health.post_ms = now_ms
        self._describe()
        return polled

    def _note(self, name: str, polled: Polled) -> None:
        """Remember what is wrong with a feed, and log it when it changes."""
        before = self._troubles.pop(name, None)
        if polled.problem:
            self._troubles[name] = polled._replace(items=[])
        if polled.problem != (before.problem if before else ""):
            if polled.problem:
                log.warning("feed can't be read", source=self.id, feed=name, why=polled.problem)
            else:
                log.info("feed is read again", source=self.id, feed=name)

    def _describe(self) -> None:
        """Bring the health up to date."""
        asked, all_feeds = len(self._saved), len(self._feeds)
        readable = sum(not self._states[name].failures and not self._states[name].has_ended for name in self._saved)
        ended = [name for name, state in self._states.items() if state.has_ended]
        moved = [f"{name} to {name_of(state.moved_to)}" for name, state in self._states.items() if state.moved_to]
        failing = {name: polled for name, polled in self._troubles.items() if name not in ended}
        self.health.facts = {"feeds": f"{readable} of {all_feeds} read"}
        for fact, entries in (
            ("failing", [f"{name} {polled.problem}" for name, polled in failing.items()]),
            ("ended", ended),
            ("moved", moved),
        ):
            if entries:
                more = f" and {len(entries) - 3} more" if len(entries) > 3 else ""
                self.health.facts[fact] = "; ".join(entries[:3]) + more
        if readable:
            self.health.state, self.health.why = "live", self._unread()
        elif asked:
            is_refused = all(polled.is_refused for polled in self._troubles.values())
            self.health.state = "refused" if is_refused else "waiting"
            first = next((f"; {name} {polled.problem}" for name, polled in failing.items()), "")
            self.health.why = "all feeds have ended" if len(ended) == asked else f"none of {asked} feeds is read{first}"

    def _unread(self) -> str:
        """Return which feeds have ended or have not been read for long; empty if all are read."""
        found = []
        for name in self._saved:
            state, trouble = self._states[name], self._troubles.get(name)
            if state.has_ended:
                found.append(f"{name} has ended")
            elif state.failures >= LASTING_FAILURES:
                found.append(f"{name} {trouble.problem if trouble else f'has failed {state.failures} times'}")
        if not found:
            return ""
        more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
        return f"{len(found)} of {len(self._feeds)} feeds are not read: {'; '.join(found[:3])}{more}"

    def _restore(self, position: Position | None) -> None:
        values: Mapping[str, Any] = {}
        if position is not None and position.get("v") == _POSITION_VERSION and isinstance(position.get("feeds"), dict):
            values = position["feeds"]
        now_ms = self.surroundings.now_ms()
        chance = self.surroundings.chance
        spread_ms = 1_000 * min(SPREAD_SECONDS * len(self._feeds), self._settings.poll_seconds)
        self._troubles = {}
        self._states = {}
        self._saved = {}
        for name in self._feeds:
            state = FeedState.from_json(values.get(name))
            if name in values and state.due_ms:
                self._saved[name] = self._to_save(name, state)
                self._states[name] = state
            else:
                self._states[name] = FeedState(due_ms=now_ms + int(chance.random() * spread_ms))
        if self._saved:
            self._describe()

    def _to_save(self, name: str, state: FeedState) -> dict[str, Any]:
        return state.to_json(MAX_POSITION_BYTES // len(self._feeds) - len(name) - _AROUND)

    def _position(self) -> Position:
        return {"v": _POSITION_VERSION, "feeds": dict(self._saved)}


def _urls(settings: FeedsSettings) -> list[str]:
    """Return the addresses of the feeds; a problem names the setting of the file that has it."""
    try:
        return feed_urls(settings)
    except ConfigError as error:
        raise ConfigError([f"urls_file: {problem}" for problem in error.problems]) from error
