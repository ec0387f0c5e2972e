"""One instance: its token, its addresses, what it offers, and requests to it within its limit."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from streams.config.base import secret_in
from streams.core.ingest.parsing import parse
from streams.core.text.clean import printable
from streams.errors import ConfigError, RecordError, SourceRefused, SourceUnavailable
from streams.sources.field_map import value_at
from streams.sources.live.http import SourceHttp, host_of
from streams.sources.live.mastodon.quota import RequestQuota, patience
from streams.sources.live.mastodon.statuses import StatusReader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.config.sources.mastodon import MastodonInstance, MastodonSettings
    from streams.sources.live.base import Surroundings
    from streams.sources.live.http import Received
    from streams.sources.live.mastodon.feed_names import Feed

PAGE: Final = 40
"""Most statuses of a page (documentation of Mastodon, methods/timelines)."""

_OFFER_MS: Final = 300_000
"""How long what an instance offers is kept, for streams that begin together."""

_WAIT_SECONDS: Final = 60.0
"""Wait after a refusal for too many requests that names none."""

_LINK: Final = re.compile(r"<([^<>]*)>([^<]*)")
_PREVIOUS: Final = re.compile(r"\brel\s*=\s*\"?prev\b", re.IGNORECASE)

_NOT_OFFERED: Final = frozenset({"http_400", "http_404", "http_405", "http_406", "http_410", "http_501"})


class Offer(NamedTuple):
    """What an instance says of itself.

    Parameters
    ----------
    streaming
        Address of its streaming API, without a path.
    domain
        Domain of its accounts.
    version
        Version of its software.
    access
        Access to timelines, by ``live_feeds`` or ``hashtag_feeds`` and by ``local`` or ``remote``: public,
        authenticated or disabled. Empty before Mastodon 4.5.
    """

    streaming: str
    domain: str
    version: str
    access: Mapping[str, Any]


class Page(NamedTuple):
    """A page of a timeline.

    Parameters
    ----------
    records
        Its statuses, the newest first; None if the page can't be decoded.
    raw
        The page as it was received.
    next_id
        Id after which the page with the next newer statuses begins; empty if the instance names none.
    """

    records: list[Any] | None
    raw: bytes
    next_id: str


class Instance:
    """An instance.

    Parameters
    ----------
    source
        Id of the source.
    settings, entry
        Settings of the source, and of the instance.
    surroundings
        Clock and chance.

    Attributes
    ----------
    name
        Its host.
    statuses
        Reads its statuses.
    quota
        Requests that it still allows.
    waits
        Whether a request waits for the limit.
    """

    def __init__(
        self, source: str, settings: MastodonSettings, entry: MastodonInstance, surroundings: Surroundings
    ) -> None:
        self._source = source
        self._settings = settings
        self._entry = entry
        self._surroundings = surroundings
        self._offer: Offer | None = None
        self._offer_ms = 0
        self._asking = asyncio.Lock()
        self.name = entry.name
        self.statuses = StatusReader(settings, entry.name)
        self.quota = RequestQuota()
        self.waits = False

    def client(self) -> SourceHttp:
        """Return a client with the token as it is in its file now.

        Raises
        ------
        SourceRefused
            If the token can't be read.
        """
        headers = {}
        if self._entry.token_file is not None:
            try:
                token = secret_in(self._entry.token_file, "token_file", is_line=True).get_secret_value()
            except ConfigError as error:
                raise SourceRefused(self._source, "token", f"{self.name}: {error.problems[0]}") from error
            headers["Authorization"] = f"Bearer {token}"
        return SourceHttp(
            self._source,
            allow_private=self._settings.allow_private,
            headers=headers,
            contact=self._settings.contact,
            patience=patience,
            now_ms=self._surroundings.now_ms,
        )

    async def offer(self, http: SourceHttp) -> Offer:
        """Return what the instance offers, asked for at most once in five minutes."""
        async with self._asking:
            now_ms = self._surroundings.now_ms()
            if self._offer is None or now_ms - self._offer_ms > _OFFER_MS:
                self._offer = await self._ask(http)
                self._offer_ms = now_ms
                self.statuses.domain = self._offer.domain
            return self._offer

    def forget_offer(self) -> None:
        """Ask again the next time, since something has failed."""
        self._offer = None

    async def _ask(self, http: SourceHttp) -> Offer:
        for path in ("/api/v2/instance", "/api/v1/instance"):
            try:
                answer = await self.get(http, path)
            except SourceRefused as error:
                if error.reason in _NOT_OFFERED:
                    continue
                raise
            try:
                found = parse(answer.body)
            except RecordError as error:
                detail = f"{self.name} does not answer as an instance of Mastodon"
                raise SourceUnavailable(self._source, "bad_answer", detail) from error
            access = value_at(found, "configuration.timelines_access")
            return Offer(
                streaming=self._streaming(
                    value_at(found, "configuration.urls.streaming") or value_at(found, "urls.streaming_api")
                ),
                domain=_domain(found) or self.statuses.domain,
                version=printable(str(found.get("version") or ""))[:60],
                access=access if isinstance(access, dict) else {},
            )
        return Offer(self._entry.host, self.statuses.domain, "", {})

    def _streaming(self, address: Any) -> str:
        """Return the address of the streaming API over HTTP; that of the instance if it names none."""
        if not isinstance(address, str) or not address.strip():
            return self._entry.host
        scheme, separator, rest = address.strip().partition("://")
        scheme = {"wss": "https", "ws": "http"}.get(scheme.lower(), scheme.lower())
        if not separator or scheme not in {"http", "https"}:
            detail = f"{self.name} names a streaming address that is none of the web"
            raise SourceUnavailable(self._source, "bad_answer", detail)
        if scheme == "http" and self._entry.host.startswith("https://"):
            detail = f"{self.name} would stream without TLS, so that the token could be read on its way"
            raise SourceRefused(self._source, "no_tls", detail)
        return f"{scheme}://{rest.rstrip('/')}"

    async def check_access(self, http: SourceHttp, feed: Feed) -> None:
        """Check that a stream will deliver something, which one that is disabled does not although it can be opened.

        Raises
        ------
        SourceRefused
            If it will not.
        """
        offered = (await self.offer(http)).access.get(feed.access)
        values = [offered.get(part) if isinstance(offered, dict) else None for part in feed.parts]
        if self._entry.anonymous and all(value in {"authenticated", "disabled"} for value in values):
            detail = f"{self.name} shows {feed.name} to its users alone: set token_file in place of anonymous"
            raise SourceRefused(self._source, "no_token", detail)
        if all(value == "disabled" for value in values) and not await self._is_shown(http, feed):
            detail = (
                f"{self.name} has disabled the timeline of {feed.name} ({feed.access} of timelines_access), so that "
                "the stream would stay empty: read other hashtags or streams of it, or leave it out"
            )
            raise SourceRefused(self._source, "disabled", detail)

    async def _is_shown(self, http: SourceHttp, feed: Feed) -> bool:
        """Return whether a timeline that is disabled is shown to this user all the same, as to moderators."""
        try:
            return bool((await self.page(http, feed, limit=1)).records)
        except SourceRefused:
            return False

    async def page(self, http: SourceHttp, feed: Feed, *, limit: int = PAGE, after: str = "", before: str = "") -> Page:
        """Return a page of a timeline: the statuses next after an id, or next before one, or the newest ones.

        Raises
        ------
        SourceError
            If the instance does not give it.
        """
        bounds = {"limit": str(limit), "min_id": after, "max_id": before}
        query = urlencode({name: value for name, value in bounds.items() if value})
        answer = await self.get(http, f"{feed.timeline}{'&' if '?' in feed.timeline else '?'}{query}")
        try:
            records = parse(b'{"page":%b}' % answer.body)["page"]
        except RecordError:
            records = None
        is_json = "json" in answer.headers.get("content-type", "").lower()
        if not isinstance(records, list) and (records is not None or not is_json):
            detail = f"{self.name} answers with what is no page of a timeline"
            raise SourceUnavailable(self._source, "bad_answer", detail)
        return Page(records, answer.body, previous_id(answer.headers.get("link", "")))

    async def get(self, http: SourceHttp, path: str) -> Received:
        """Make a request to the instance, after its limit allows one.

        Raises
        ------
        SourceError
            If the request fails, or is answered by a redirect, after which a token would be sent elsewhere.
        """
        clock = self._surroundings.now_ms
        while wait := self.quota.wait_seconds(clock()):
            self.waits = True
            try:
                await self._surroundings.sleep(wait + self._surroundings.chance.random())
            finally:
                self.waits = False
        self.quota.sent(clock())
        try:
            answer = await http.request("GET", f"{self._entry.host}{path}")
        except SourceUnavailable as error:
            if error.reason == "http_429":
                self.quota.refused(error.retry_after_seconds or _WAIT_SECONDS, clock())
            raise
        self.quota.learn(answer.headers, clock())
        if answer.status != 200:
            target = host_of(answer.headers.get("location", ""))
            detail = f"{self.name} redirects to {target}: if the API is there, name that host"
            raise SourceRefused(self._source, "redirect", detail)
        return answer

    async def probe(self, feeds: Sequence[Feed]) -> dict[str, str]:
        """Return what the instance says of itself and of its limit, after asking whether its timelines are open.

        Raises
        ------
        SourceError
            If it can't be reached, or a timeline is closed.
        """
        try:
            async with self.client() as http:
                offer = await self.offer(http)
                for feed in feeds:
                    await self.check_access(http, feed)
                    await self.page(http, feed, limit=1)
                state = await self._streaming_state(http, offer)
                scopes = await self._scopes(http)
        except SourceRefused as error:
            raise self.with_remedy(error) from error
        facts = {
            self.name: f"version {offer.version or 'unknown'}, streams at {host_of(offer.streaming)} ({state})",
            f"access at {self.name}": ", ".join(f"{feed.name} {self._shown_access(offer, feed)}" for feed in feeds),
        }
        if scopes:
            facts[f"permissions at {self.name}"] = scopes
        if self.quota.shown:
            facts[f"requests left at {self.name}"] = self.quota.shown
        return facts

    @staticmethod
    async def _streaming_state(http: SourceHttp, offer: Offer) -> str:
        try:
            answer = await http.request("GET", f"{offer.streaming}/api/v1/streaming/health")
        except SourceRefused:
            return "which does not say how it is"
        return printable(answer.body[:60].decode(errors="replace")).strip()

    @staticmethod
    def _shown_access(offer: Offer, feed: Feed) -> str:
        offered = offer.access.get(feed.access)
        values = {str(offered.get(part)) for part in feed.parts if part in offered} if isinstance(offered, dict) else ()
        return printable("/".join(sorted(values)))[:60] or "not stated"

    async def _scopes(self, http: SourceHttp) -> str:
        """Return the scopes of the token, where the instance says them."""
        if self._entry.anonymous:
            return "anonymous"
        try:
            scopes = parse((await self.get(http, "/api/v1/apps/verify_credentials")).body).get("scopes")
        except (SourceRefused, RecordError):
            return ""
        return printable(" ".join(map(str, scopes)))[:200] if isinstance(scopes, list) else ""

    def with_remedy(self, error: SourceRefused) -> SourceRefused:
        """Return an error that says what to do about a refusal."""
        token = f"the token in {self._entry.token_file}"
        if self._entry.anonymous:
            remedies = dict.fromkeys(("http_401", "http_403", "http_422"), "set token_file in place of anonymous")
        else:
            remedies = {
                "http_401": f"{token} has been revoked, or is that of an app and not of a user: make another at "
                f"{self._entry.host}/settings/applications",
                "http_403": f"{token} needs the scope read:statuses",
                "http_422": f"{token} must be that of a user: make another at {self._entry.host}/settings/applications",
            }
        remedy = remedies.get(error.reason)
        return error if remedy is None else SourceRefused(error.source, error.reason, f"{error.detail}; {remedy}")


def _domain(found: Mapping[str, Any]) -> str:
    """Return the domain of the accounts of an instance, which older versions have in ``uri``."""
    named = found.get("domain") or found.get("uri")
    if not isinstance(named, str):
        return ""
    domain = (urlsplit(named).hostname or "") if "://" in named else named.strip()
    return domain.lower() if domain.isprintable() and "@" not in domain and len(domain) <= 253 else ""


def previous_id(link: str) -> str:
    """Return the id after which the page before this one begins, by the header ``Link``; empty if there is none.

    >>> previous_id('<https://example.social/a?max_id=3>; rel="next", <https://example.social/a?min_id=9>; rel="prev"')
    '9'
    """
    for address, parameters in _LINK.findall(link):
        if _PREVIOUS.search(parameters):
            try:
                return str(parse_qs(urlsplit(address).query).get("min_id", [""])[0])
            except ValueError:
                return ""
    return ""
