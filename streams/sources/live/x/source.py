"""Reads the filtered stream of X: rules, one connection, the spending limit, and recovery of what was missed."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

from streams.errors import RecordError, SourceError, SourceRefused, SourceUnavailable
from streams.records import Gap, utc
from streams.sources.live.as_received import as_received
from streams.sources.live.base import PAUSE_SECONDS, Bad, Batch, LiveSource
from streams.sources.live.http import SourceHttp
from streams.sources.live.inbox import Inbox
from streams.sources.live.lines import received_lines
from streams.sources.live.x.api import XApi, dicts_in, is_taken, patience, patient, with_remedy
from streams.sources.live.x.messages import included, item_of, read_message
from streams.sources.live.x.progress import XProgress
from streams.sources.live.x.recovery import SETTLE_SECONDS, SMALLEST_PAGE, Missed, recovered
from streams.sources.live.x.rules import changes, lacks, marks, sample_query, unreachable_brands, wanted_rules
from streams.sources.live.x.spending import Spending

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from streams.config.sources.x import XSettings
    from streams.sources.live.base import Position, Surroundings
    from streams.sources.live.x.rules import Rule
    from streams.sources.live.x.spending import Pace

RULES_SECONDS: Final = 900.0
"""Time between two looks at the rules of the project, which somebody else may have changed."""

_TAKEN_SECONDS: Final = 5.0
_ATTEMPTS: Final = 3

_LONGEST_RECORDS: Final = 16
"""Longest message as a multiple of the longest record: with a repost comes its original."""


class XSource(LiveSource):
    """Posts of X that name a brand.

    Parameters
    ----------
    settings
        Its entry in the section `sources`.
    surroundings
        Config, whose brands become rules; clock and chance.

    Raises
    ------
    ConfigError
        If there is no bearer token.
    """

    why_not_tried = (
        "each post is billed, and the only connection that is allowed may be in use; --billed searches for ten posts"
    )
    is_billed = True

    def __init__(self, settings: XSettings, surroundings: Surroundings) -> None:
        super().__init__(settings, surroundings)
        self._settings = settings
        self._token = settings.bearer()
        self._progress = XProgress(settings, None)

    async def batches(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        """Yield the posts of the stream, those that were missed before, and gaps, until the connection ends."""
        self._progress = XProgress(self._settings, position)
        while True:
            while self._pace() == "stop":
                yield self._while_stopped()
                await self.surroundings.sleep(PAUSE_SECONDS)
            async with aclosing(self._connected(self._pace())) as batches:
                async for batch in batches:
                    yield batch

    async def probe(self) -> Mapping[str, str]:
        """Return the number of rules, the requests that are left, and what may be spent in a day."""
        async with self._http() as http:
            api = XApi(self.id, http, self._settings.api_url)
            found = changes(await api.rules(), self._wanted("all"), self.id)
        may_read = self._progress.spending.left(self._now())
        facts = {
            "rules": f"{len(self._wanted('all')):,} of this source ({len(found.add):,} to be added), "
            f"{found.others:,} of others, {self._settings.max_rules:,} allowed",
            "requests left": api.requests_left or "unknown",
            "limit a day": f"{self._settings.spend_limit_usd_per_day:,.2f} USD, which are {may_read:,} posts",
        }
        if unreachable := unreachable_brands(self.surroundings.config.brands):
            facts["brands without a rule"] = ", ".join(unreachable)
        return facts

    async def sample(self) -> AsyncGenerator[Batch, None]:
        """Yield the newest posts of the last days by one search, which leaves rules and connection alone.

        Raises
        ------
        SourceRefused
            If the spending limit has no room for them, no brand can be searched for, or X denies access to the search.
        SourceUnavailable
            If X can't be reached or asks for patience.
        """
        query = sample_query(self.surroundings.config.brands, self._settings)
        if not query:
            raise self._without_rules()
        if Spending(self._settings, None).left(self._now()) < SMALLEST_PAGE:
            detail = f"spend_limit_usd_per_day={self._settings.spend_limit_usd_per_day:g} does not allow for ten posts"
            raise SourceRefused(self.id, "limit", detail)
        reposts = self._settings.include_reposts
        async with self._http() as http:
            asked = {"query": query, "max_results": str(SMALLEST_PAGE)}
            page = await XApi(self.id, http, self._settings.api_url).search(asked, include_reposts=reposts)
        found = dicts_in(page, "data")
        posts = len(found) + included(page)
        cost = posts * self._settings.usd_per_post
        self.health.facts["cost"] = f"{posts:,} posts, {cost:,.2f} USD, beside the limit a day"
        self.health.state, self.health.heard_ms = "live", self._now()
        self.health.why = "" if found else "recent search has no post of the last seven days that names a brand"
        yield Batch([item_of(each, as_received(each), page, include_reposts=reposts) for each in reversed(found)])

    # the connection

    def _http(self) -> SourceHttp:
        return SourceHttp(
            self.id,
            allow_private=self._settings.allow_private,
            headers={"Authorization": f"Bearer {self._token.get_secret_value()}"},
            patience=patience,
            now_ms=self.surroundings.now_ms,
        )

    async def _connected(self, pace: Pace) -> AsyncGenerator[Batch, None]:
        """Yield batches until the connection has to be made again, with other rules or after somebody changed them."""
        progress = self._progress
        async with self._http() as http:
            api = XApi(self.id, http, self._settings.api_url)
            rules = await self._synchronise(api, pace)
            gap = self._end_of_reduction(pace)
            progress.begin(self._now())
            yield Batch([gap] if gap else (), progress.as_position())
            async with Inbox() as inbox:
                connected = asyncio.Event()
                inbox.start(self._read(api, inbox, connected))
                inbox.start(self._watch_rules(api, pace, inbox))
                if progress.missed_ms:
                    inbox.start(self._recover(api, rules, inbox, connected))
                async for batch in inbox.batches():
                    yield self._counted(batch, pace)
                    if self._pace() != pace or "rules_changed" in (batch.position or {}):
                        return

    async def _read(self, api: XApi, inbox: Inbox, connected: asyncio.Event) -> None:
        """Read the stream until it ends; a connection that X counts as open is ended first."""
        for attempt in range(_ATTEMPTS):
            try:
                reason = await self._stream(api, inbox, connected)
            except SourceUnavailable as error:
                if not is_taken(error):
                    raise patient(error) from None
                if attempt == _ATTEMPTS - 1:
                    detail = "X counts another connection to the stream as open, although it was asked to end it"
                    raise SourceUnavailable(self.id, "connection_taken", detail, _TAKEN_SECONDS) from None
                await api.end_connections()
                await self.surroundings.sleep(_TAKEN_SECONDS)
            except SourceRefused as error:
                raise with_remedy(error) from None
            else:
                raise SourceUnavailable(self.id, "ended", f"X has ended the stream{reason}")

    async def _stream(self, api: XApi, inbox: Inbox, connected: asyncio.Event) -> str:
        """Put what the stream delivers; return why it has ended, empty if it does not say so."""
        reposts = self._settings.include_reposts
        longest = _LONGEST_RECORDS * self.surroundings.config.ingest.max_record_bytes
        async with api.stream(include_reposts=reposts) as answer:
            self._show_live()
            connected.set()
            async for line in received_lines(answer, longest):
                self.health.heard_ms = self._now()
                if line.is_cut:
                    error = RecordError("too_large", f"a message of the stream is longer than {longest:,} bytes")
                    await inbox.put(Batch([Bad(error, line.data)]))
                elif not line.data:
                    await inbox.put(Batch((), {"alive_ms": self._now()}))
                else:
                    message = read_message(line.data, include_reposts=reposts)
                    step = {"post_ms": message.post_ms, "posts": message.posts, "alive_ms": self._now()}
                    await inbox.put(Batch(message.items, step))
                    if message.ends:
                        return f": {message.ends}"
        return ""

    async def _recover(self, api: XApi, rules: list[Rule], inbox: Inbox, connected: asyncio.Event) -> None:
        await connected.wait()
        progress, until_ms = self._progress, self._now()
        missed = Missed(min(progress.missed_ms, until_ms), until_ms)
        queries = rules if self._settings.recover == "search" else []
        if not queries:
            detail = "recovery is switched off (recover: none)"
            gap = Gap(self.id, missed.from_ms, missed.to_ms, "no_backfill", detail)
            await inbox.put(Batch([gap], {"recovered": True}))
            return
        self.health.state, self.health.why = "catching_up", "posts that were missed are fetched by recent search"
        await self.surroundings.sleep(SETTLE_SECONDS)
        left = progress.spending.left(self._now())
        async for batch in recovered(api, queries, missed, self._settings, self.surroundings, left):
            await inbox.put(batch)
        self._show_live()

    # rules

    def _wanted(self, pace: Pace) -> list[Rule]:
        percent = self._settings.sample_percent if pace == "sample" else None
        return wanted_rules(self.surroundings.config.brands, self._settings, percent)

    async def _synchronise(self, api: XApi, pace: Pace) -> list[Rule]:
        """Make the rules of this source as they are wanted, and return them."""
        wanted = self._wanted(pace)
        if not wanted:
            raise self._without_rules()
        begun_ms, existing = self._now(), await api.rules()
        if lacks(existing, self._progress.rules):
            self._progress.rules_changed()
        found = changes(existing, wanted, self.id)
        if len(wanted) + found.others > self._settings.max_rules:
            detail = (
                f"the brands need {len(wanted):,} rules, others of the project have {found.others:,}, and max_rules is "
                f"{self._settings.max_rules:,}: watch fewer brands, raise max_rule_chars, or ask X for more rules"
            )
            raise SourceRefused(self.id, "too_many_rules", detail)
        if found.delete:
            await api.delete_rules(found.delete)
        problems = await api.add_rules(found.add) if found.add else []
        self.health.facts["rules"] = f"{len(wanted) - len(problems):,} of {len(wanted):,}"
        self.health.facts["requests left"] = api.requests_left or "unknown"
        if problems:
            self.health.facts["rules refused"] = "; ".join(problems)[:1_000]
            if len(problems) >= len(wanted):
                raise SourceRefused(self.id, "rules_refused", f"X refuses the rules: {problems[0]}")
        made = await api.rules() if found.add else existing
        self._progress.rules_seen(marks(made, wanted), begun_ms)
        return wanted

    def _without_rules(self) -> SourceRefused:
        detail = "no brand has a term that X can search for: brands matched by tags alone need another source"
        return SourceRefused(self.id, "no_rules", detail)

    async def _watch_rules(self, api: XApi, pace: Pace, inbox: Inbox) -> None:
        """Look now and then whether somebody has changed the rules; what they did not let through is missed then."""
        wanted, facts = self._wanted(pace), self.health.facts
        while True:
            await self.surroundings.sleep(RULES_SECONDS)
            begun_ms = self._now()
            try:
                existing = await api.rules()
            except SourceError as error:  # the stream goes on; the next look covers the time since the last one
                facts["rules not looked at"] = error.detail
                continue
            facts.pop("rules not looked at", None)
            is_less = lacks(existing, self._progress.rules)
            if is_less or changes(existing, wanted, self.id).delete:
                await inbox.put(Batch((), {"rules_changed": is_less}))
                return
            self._progress.rules_seen(marks(existing, wanted), begun_ms)

    # progress

    def _counted(self, batch: Batch, pace: Pace) -> Batch:
        """Return a batch with the position after it, and with the span of reduced reading if it is to be reported."""
        step: dict[str, Any] = batch.position or {}
        progress = self._progress
        if alive_ms := step.get("alive_ms"):
            progress.heard(alive_ms, step.get("post_ms", 0))
        progress.spending.add(step.get("posts", 0), self._now())
        if step.get("posts"):
            self.health.post_ms = self._now()
        if step.get("recovered"):
            progress.recovered()
        if step.get("rules_changed"):
            progress.rules_changed()
        items = list(batch.items)
        if pace == "sample":
            self._show_limited("only a sample of the posts is read")
            gap = progress.reduced_gap(self._now(), self._limit_detail("a sample"))
            items += [gap] if gap else []
        return Batch(items, progress.as_position())

    def _while_stopped(self) -> Batch:
        progress, now_ms = self._progress, self._now()
        progress.reduce(now_ms)
        self._show_limited(f"nothing is read until {utc(progress.spending.resumes_ms(now_ms)):%Y-%m-%d %H:%M} UTC")
        gap = progress.reduced_gap(now_ms, self._limit_detail("nothing"))
        return Batch([gap] if gap else (), progress.as_position())

    def _end_of_reduction(self, pace: Pace) -> Gap | None:
        if pace == "sample":
            self._progress.reduce(self._now())
            return None
        return self._progress.reduced_gap(self._now(), self._limit_detail("less than all"), ended=True)

    def _limit_detail(self, read: str) -> str:
        return f"{read} was read, for spend_limit_usd_per_day={self._settings.spend_limit_usd_per_day:g}"

    def _show_live(self) -> None:
        self.health.state, self.health.why = "live", ""

    def _show_limited(self, meaning: str) -> None:
        spent, limit = self._progress.spending.usd(self._now()), self._settings.spend_limit_usd_per_day
        self.health.state = "limited"
        self.health.why = f"{spent:,.2f} of {limit:,.2f} USD have been spent today: {meaning}"
        self.health.facts["spent today"] = f"{spent:,.2f} of {limit:,.2f} USD"

    def _pace(self) -> Pace:
        return self._progress.spending.pace(self._now())

    def _now(self) -> int:
        return self.surroundings.now_ms()
