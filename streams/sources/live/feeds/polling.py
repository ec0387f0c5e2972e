"""One request to a feed: what is sent, what its answer means, and when the feed is asked for next."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

import structlog

from streams.config.sources.feeds import LEAST_POLL_SECONDS
from streams.config.sources.networks import is_own
from streams.errors import SourceError, SourceRefused, SourceUnavailable
from streams.sources.live.backoff import Backoff
from streams.sources.live.feeds.comparison import FeedNames, compare
from streams.sources.live.feeds.document import NoFeed, read_document
from streams.sources.live.feeds.entry import host_name
from streams.sources.live.feeds.place import name_of
from streams.sources.live.feeds.rhythm import LARGEST_HINT_SECONDS, PollRhythm, max_age_seconds
from streams.sources.live.feeds.state import MAX_ADDRESS_CHARS, validator

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from streams.config.sources.feeds import FeedsSettings
    from streams.sources.live.base import Item, Surroundings
    from streams.sources.live.feeds.dates import EntryTimes
    from streams.sources.live.feeds.state import FeedState
    from streams.sources.live.http import Followed, SourceHttp

log = structlog.get_logger()

ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)

UNCONDITIONAL_MS: Final = 86_400_000
"""Time after which a document is asked for without validators. Some servers answer 304 for ever otherwise."""

RETURN_AFTER: Final = 3
"""Failures at the address to which a feed has moved, after which the address before is tried too."""

_REFUSALS_ALONE: Final = frozenset({"http_401", "http_403", "http_451", "private_address", "bad_address"})


class PolledFeed:
    """A feed of the config.

    Parameters
    ----------
    source
        Id of its source.
    url
        Its address.

    Attributes
    ----------
    name
        Host and path, by which it is shown and remembered.
    is_own
        Whether it is in the own network, so that nobody else is bothered.
    """

    def __init__(self, source: str, url: str) -> None:
        self.source = source
        self.url = url
        self.name = name_of(url)
        self.is_own = is_own(urlsplit(url).hostname or "")

    def address(self, state: FeedState) -> str:
        """Return the address to ask: that to which it has moved, unless this fails time and again."""
        has_failed = state.failures >= RETURN_AFTER and state.failures % 2 == 1
        return state.moved_to if state.moved_to and not has_failed else self.url

    def host_of_address(self, state: FeedState) -> str:
        """Return the host of the address to ask."""
        return urlsplit(self.address(state)).hostname or ""

    def names(self, followed: Followed, moved_to: str) -> FeedNames:
        """Return what the feed is called."""
        links = frozenset(link for link in (self.url, followed.url, moved_to) if link)
        return FeedNames(self.source, self.name, host_name(self.url), links)


class Polled(NamedTuple):
    """The outcome of a request to a feed.

    Parameters
    ----------
    state
        The feed after it.
    items
        What is new.
    problem
        Why it could not be read, completing ``news.example/feed ...``; empty if it could.
    is_refused
        Whether somebody has to change something.
    is_answered
        Whether anything was received.
    """

    state: FeedState
    items: list[Item]
    problem: str = ""
    is_refused: bool = False
    is_answered: bool = True


class Polling:
    """Asks feeds.

    Parameters
    ----------
    settings
        Settings of the source.
    surroundings
        Clock and chance.
    client
        HTTP client.
    pool
        Thread that reads documents, so that a large one does not hold up other sources.
    times
        Reads dates; used in that thread alone.
    limit
        Largest number of entries of a feed that is remembered.
    """

    def __init__(
        self,
        settings: FeedsSettings,
        surroundings: Surroundings,
        client: SourceHttp,
        pool: ThreadPoolExecutor,
        times: EntryTimes,
        limit: int,
    ) -> None:
        self._settings = settings
        self._surroundings = surroundings
        self._client = client
        self._pool = pool
        self._times = times
        self._limit = limit

    async def poll(self, feed: PolledFeed, state: FeedState) -> Polled:
        """Ask a feed, and return what is new and when it is due again."""
        now_ms = self._surroundings.now_ms()
        is_conditional = now_ms - state.whole_ms < UNCONDITIONAL_MS
        headers = {"Accept": ACCEPT}
        if is_conditional and state.etag:
            headers["If-None-Match"] = state.etag
        if is_conditional and state.modified:
            headers["If-Modified-Since"] = state.modified
        try:
            followed = await self._client.follow(feed.address(state), headers=headers)
            if followed.answer.status == 304 and (state.etag or state.modified):
                whole_ms = state.whole_ms if is_conditional else now_ms
                kept = replace(state, moved_to=self._moved_to(feed, state, followed), whole_ms=whole_ms)
                return self._unchanged(feed, kept, followed)
            if followed.answer.status >= 300:
                detail = f"is answered by {followed.answer.status}, which does not fit the request"
                return self._failed(feed, state, detail)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._read, feed, state, followed)
        except SourceUnavailable as error:
            is_answered = error.reason not in {"timeout", "unreachable"}
            return self._failed(feed, state, _described(error), error.retry_after_seconds, is_answered=is_answered)
        except SourceRefused as error:
            if error.reason == "http_410":
                ended = replace(state, has_ended=True)
                return Polled(ended, [], "has been ended by its operator (410 Gone)", is_refused=True)
            is_refused = error.reason in _REFUSALS_ALONE
            is_answered = error.reason.startswith("http_")
            return self._failed(feed, state, _described(error), is_refused=is_refused, is_answered=is_answered)
        except NoFeed as error:
            return self._failed(feed, state, str(error), is_refused=True)
        except Exception as error:
            log.exception("feed can't be read", source=feed.source, feed=feed.name)
            return self._failed(feed, state, f"can't be read: {type(error).__name__}", is_refused=True)

    def _read(self, feed: PolledFeed, state: FeedState, followed: Followed) -> Polled:
        """Read a document and compare it with the one before; runs in the thread."""
        now_ms = self._surroundings.now_ms()
        answer = followed.answer
        body = blake2b(answer.body, digest_size=8).hexdigest()
        moved_to = self._moved_to(feed, state, followed)
        kept = replace(
            state,
            etag=validator(answer.headers.get("etag", "")),
            modified=validator(answer.headers.get("last-modified", "")),
            whole_ms=now_ms,
            body=body,
            moved_to=moved_to,
        )
        if body == state.body and state.answered_ms:
            return self._unchanged(feed, kept, followed)
        document = read_document(answer.body, answer.headers, followed.url)
        compared = compare(
            document,
            kept,
            feed.names(followed, moved_to),
            self._times,
            now_ms=now_ms,
            first_fetch_ms=now_ms - int(self._settings.first_fetch_hours * 3_600_000),
            limit=self._limit,
        )
        rhythm = self._rhythm(feed)
        interval = rhythm.interval(
            state.interval_seconds or None,
            entries=compared.entries,
            fresh=compared.fresh if state.answered_ms else 0,
            has_gap=compared.has_gap,
        )
        following = replace(compared.state, asked_seconds=document.least_seconds)
        return Polled(self._due(following, rhythm, interval, followed, now_ms), compared.items)

    def _unchanged(self, feed: PolledFeed, state: FeedState, followed: Followed) -> Polled:
        now_ms = self._surroundings.now_ms()
        rhythm = self._rhythm(feed)
        interval = rhythm.interval(state.interval_seconds or None, entries=0, fresh=0, has_gap=False)
        return Polled(self._due(replace(state, answered_ms=now_ms), rhythm, interval, followed, now_ms), [])

    def _due(self, state: FeedState, rhythm: PollRhythm, interval: float, followed: Followed, now_ms: int) -> FeedState:
        hint = max(state.asked_seconds, max_age_seconds(followed.answer.headers))
        due_ms = now_ms + int(rhythm.wait_seconds(interval, hint) * 1000)
        return replace(state, due_ms=due_ms, interval_seconds=round(interval, 3), failures=0)

    def _failed(
        self,
        feed: PolledFeed,
        state: FeedState,
        problem: str,
        retry_after_seconds: float | None = None,
        *,
        is_refused: bool = False,
        is_answered: bool = True,
    ) -> Polled:
        """Return the feed after a failure: each doubles the time until the next request, up to a day."""
        least = self._least_seconds(feed)
        delay = Backoff(self._surroundings.chance, 2 * least, LARGEST_HINT_SECONDS, failures=state.failures).delay(
            retry_after_seconds
        )
        due_ms = self._surroundings.now_ms() + int(delay * 1000)
        return Polled(replace(state, due_ms=due_ms, failures=state.failures + 1), [], problem, is_refused, is_answered)

    def _moved_to(self, feed: PolledFeed, state: FeedState, followed: Followed) -> str:
        """Return the address to ask from now on; empty for that of the config."""
        asked = feed.address(state)
        target = followed.moved_to or asked
        return target if target != feed.url and len(target) <= MAX_ADDRESS_CHARS else ""

    def _least_seconds(self, feed: PolledFeed) -> float:
        usual = self._settings.poll_seconds
        return min(usual, LEAST_POLL_SECONDS) if feed.is_own else LEAST_POLL_SECONDS

    def _rhythm(self, feed: PolledFeed) -> PollRhythm:
        return PollRhythm(self._settings.poll_seconds, self._least_seconds(feed), self._surroundings.chance)


def _described(error: SourceError) -> str:
    return f"can't be read: {error.detail}"
