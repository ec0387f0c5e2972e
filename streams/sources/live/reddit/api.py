"""Requests to Reddit's API: tokens, and what is asked for with them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from streams.core.ingest.parsing import parse
from streams.errors import RecordError, SourceRefused, SourceUnavailable
from streams.sources.live.http import REDIRECTS, SourceHttp
from streams.sources.live.reddit.quota import RedditQuota, busy_seconds, patience

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from streams.config.sources.reddit import RedditSettings
    from streams.sources.live.base import SourceHealth, Surroundings
    from streams.sources.live.http import Received

MAX_PAGE_BYTES: Final = 16_000_000
"""Largest page: a hundred entries of the longest text, in both forms, have 8 MB."""

RENEW_MS: Final = 300_000
"""Time before the end of a token at which another one is asked for."""

_TOKEN_SECONDS: Final = 3_600
"""Life of a token that does not say how long it is; Reddit's have a day."""

_LONGEST_TOKEN_SECONDS: Final = 604_800

_REMEDY: Final = (
    "make a new secret in the preferences of the app at Reddit, or ask Reddit for access again "
    "(docs/sources/reddit.md shows how)"
)


class RedditApi:
    """The API with the credentials of one source; an async context manager, which may be entered again.

    The token and the count of requests outlast the connection, so that a failure costs no further token.

    Parameters
    ----------
    settings
        Settings of the source.
    surroundings
        Clock, and sleep while the limit of requests is used up.
    health
        Condition of the source, which is `limited` while it waits.

    Attributes
    ----------
    source
        Id of the source.
    quota
        How many requests are left.
    """

    def __init__(self, settings: RedditSettings, surroundings: Surroundings, health: SourceHealth) -> None:
        self.source = settings.id
        self._settings = settings
        self._surroundings = surroundings
        self._health = health
        self._identity, self._secret, agent = settings.credentials()
        self._headers = {"User-Agent": agent, "Accept": "application/json"}
        self._http: SourceHttp | None = None
        self._token = ""
        self._token_ends_ms = 0
        self.quota = RedditQuota()

    async def __aenter__(self) -> Self:
        """Open the client."""
        settings = self._settings
        self._http = SourceHttp(
            settings.id,
            allow_private=settings.allow_private,
            headers=self._headers,
            max_bytes=MAX_PAGE_BYTES,
            patience=patience,
            now_ms=self._surroundings.now_ms,
        )
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client."""
        if self._http is not None:
            await self._http.__aexit__(kind, error, trace)

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the JSON object at a path.

        Raises
        ------
        SourceRefused
            If the app has no access (``no_access``), or not to this path (``http_403``, ``http_404``).
        SourceUnavailable
            If Reddit can't be reached, fails, asks for patience, or answers with no JSON object (``bad_body``).
        """
        url = f"{self._settings.api_url.rstrip('/')}{path}?{urlencode({**(query or {}), 'raw_json': '1'})}"
        if self._now() >= self._token_ends_ms:
            await self._renew()
        try:
            answer = await self._send("GET", url, {"Authorization": f"Bearer {self._token}"})
        except SourceRefused as error:
            if error.reason != "http_401":
                raise
            await self._renew()  # the token was revoked before its end
            try:
                answer = await self._send("GET", url, {"Authorization": f"Bearer {self._token}"})
            except SourceRefused as again:
                if again.reason != "http_401":
                    raise
                raise no_access(self.source, again.detail) from None
        if answer.status in REDIRECTS:
            raise SourceRefused(self.source, "http_404", f"Reddit has no {path}: it answers {answer.status}")
        return self._decoded(answer)

    async def _renew(self) -> None:
        """Ask for a token by the credentials of the app (RFC 6749, 4.4)."""
        self._token_ends_ms = 0
        credentials = f"{self._identity}:{self._secret.get_secret_value()}".encode()
        headers = {
            "Authorization": f"Basic {base64.b64encode(credentials).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            answer = await self._send("POST", self._settings.token_url, headers, b"grant_type=client_credentials")
        except SourceRefused as error:
            if error.reason in {"http_400", "http_401", "http_403", "http_404"}:
                raise no_access(self.source, error.detail) from None
            raise
        grant = self._decoded(answer)
        token, seconds = grant.get("access_token"), grant.get("expires_in")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            word = str(grant.get("error", "no token"))[:100]
            raise no_access(self.source, f"Reddit grants no token: {word}")
        life = _TOKEN_SECONDS
        if isinstance(seconds, int | float) and not isinstance(seconds, bool):
            life = round(min(max(0, seconds), _LONGEST_TOKEN_SECONDS))
        self._token = token
        self._token_ends_ms = self._now() + max(life * 1000 - RENEW_MS, life * 500)

    async def _send(self, method: str, url: str, headers: dict[str, str], body: bytes | None = None) -> Received:
        if self._http is None:
            raise RuntimeError("the client is not open")
        await self._turn()
        self.quota.sent(self._now())
        try:
            answer = await self._http.request(method, url, headers=headers, body=body)
        except SourceUnavailable as error:
            if error.reason == "http_429":
                error.retry_after_seconds = busy_seconds(error.retry_after_seconds)
                self.quota.refused(error.retry_after_seconds, self._now())
            raise
        self.quota.learn(answer.headers, self._now())
        self._health.heard_ms = self._now()
        if self.quota.shown:
            self._health.facts["requests left"] = self.quota.shown
        return answer

    async def _turn(self) -> None:
        """Wait until the limit allows another request."""
        state, why = self._health.state, self._health.why
        waits = False
        while seconds := self.quota.wait_seconds(self._now()):
            waits = True
            self._health.state = "limited"
            self._health.why = f"the limit of requests is used up, and is reset in {seconds:,.0f} s"
            await self._surroundings.sleep(seconds)
        if waits:
            self._health.state, self._health.why = state, why

    def _decoded(self, answer: Received) -> dict[str, Any]:
        try:
            return parse(answer.body)
        except RecordError as error:
            detail = f"Reddit answers with no JSON object: {error.detail}"
            raise SourceUnavailable(self.source, "bad_body", detail) from None

    def _now(self) -> int:
        return self._surroundings.now_ms()


def no_access(source: str, detail: str) -> SourceRefused:
    """Return the refusal of an app that Reddit does not, or no longer, give access; trying again does not help."""
    return SourceRefused(source, "no_access", f"Reddit does not give this app access ({detail}): {_REMEDY}")
