"""The endpoints of X's API version 2 that the filtered stream needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import orjson

from streams.errors import SourceRefused, SourceUnavailable
from streams.sources.live.http_dates import retry_after
from streams.sources.live.x.messages import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from aiohttp import ClientResponse

    from streams.sources.live.http import Received, SourceHttp
    from streams.sources.live.x.rules import Rule

SILENCE_SECONDS: Final = 30.0
"""Time without a byte after which the stream has stalled. X sends a blank line every 20 seconds; with a limit of 20
seconds a client disconnects all the time."""

RULES_A_REQUEST: Final = 25
"""Rules that are added by one request, so that a refusal names few of them."""

_BUSY_SECONDS: Final = 60.0
"""Wait after a refusal for too many requests that names no time (docs.x.com, *Handling disconnections*)."""

_REMEDIES: Final = {
    "http_401": "make a new bearer token in X's developer console, and put it into `bearer_file`",
    "http_403": "have the app belong to a project that has access to filtered stream and recent search",
}

_RULES: Final = "/2/tweets/search/stream/rules"


class XApi:
    """Requests of one source.

    Parameters
    ----------
    source
        Id of the source.
    http
        An open client with the token in its headers.
    base_url
        Base address of the API.

    Attributes
    ----------
    requests_left
        Requests that X allows within its present window, as the last answer states it; empty if unknown.
    """

    def __init__(self, source: str, http: SourceHttp, base_url: str) -> None:
        self._source = source
        self._http = http
        self._base = base_url.rstrip("/")
        self.requests_left = ""

    async def rules(self) -> list[Any]:
        """Return the rules of the project."""
        found = (await self._call("GET", _RULES)).get("data")
        return found if isinstance(found, list) else []

    async def add_rules(self, rules: Sequence[Rule]) -> list[str]:
        """Add rules, and return a sentence for each that is refused."""
        problems = []
        for start in range(0, len(rules), RULES_A_REQUEST):
            part = [{"value": rule.value, "tag": rule.tag} for rule in rules[start : start + RULES_A_REQUEST]]
            try:
                answer = await self._call("POST", _RULES, {"add": part})
            except SourceRefused as error:
                if error.reason != "http_400":
                    raise
                answer = {"errors": [{"title": error.detail}]}
            for each in dicts_in(answer, "errors"):
                if each.get("title") != "DuplicateRule":
                    details = each.get("details")
                    detail = each.get("detail") or (details[0] if isinstance(details, list) and details else "")
                    problems.append(f"{each.get('title', 'refused')}: {str(detail or each.get('value', ''))[:200]}")
        return problems

    async def delete_rules(self, ids: Sequence[str]) -> None:
        """Delete rules by their ids."""
        await self._call("POST", _RULES, {"delete": {"ids": list(ids)}})

    def stream(self, *, include_reposts: bool) -> AbstractAsyncContextManager[ClientResponse]:
        """Open the filtered stream.

        Only the original of a repost is asked to be included, since each included post and author is charged.
        """
        query = urlencode(_wished(include_reposts))
        return self._http.stream(f"{self._base}/2/tweets/search/stream?{query}", silence_seconds=SILENCE_SECONDS)

    async def search(self, query: Mapping[str, str], *, include_reposts: bool) -> dict[str, Any]:
        """Return a page of recent search, the newest posts first, with the same parts of posts as the stream has."""
        return await self._call("GET", f"/2/tweets/search/recent?{urlencode({**query, **_wished(include_reposts)})}")

    async def end_connections(self) -> None:
        """End the connections to the stream that X counts as open (Connections API)."""
        await self._call("DELETE", "/2/connections/filtered_stream")

    async def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        content = orjson.dumps(body) if body is not None else None
        try:
            answer = await self._http.request(method, self._base + path, headers=headers, body=content)
        except SourceRefused as error:
            raise with_remedy(error) from None
        self.requests_left = _left(answer)
        if answer.status == 204 or not answer.body:
            return {}
        try:
            decoded = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            decoded = None
        if not isinstance(decoded, dict):
            raise SourceUnavailable(self._source, "bad_body", f"{path.partition('?')[0]} answers with no JSON object")
        return decoded


def patience(headers: Mapping[str, str], now_ms: int) -> float | None:
    """Return the seconds until X takes the next request, None if it asks for none; its window resets at a moment."""
    asked = retry_after(headers, now_ms)
    if asked is not None:
        return asked
    if headers.get("x-rate-limit-remaining") == "0":
        reset = headers.get("x-rate-limit-reset", "")
        if reset.isascii() and reset.isdecimal():
            return max(0.0, int(reset[:12]) - now_ms / 1000)
    return None


def patient(error: SourceUnavailable) -> SourceUnavailable:
    """Return an error that asks for a minute's patience, if X refused a request for too many without naming a time."""
    if error.reason == "http_429" and error.retry_after_seconds is None:
        error.retry_after_seconds = _BUSY_SECONDS
    return error


def with_remedy(error: SourceRefused) -> SourceRefused:
    """Return a refusal of the token or of its app with the way out; others as they are."""
    remedy = _REMEDIES.get(error.reason)
    return SourceRefused(error.source, error.reason, f"{error.detail}; {remedy}") if remedy else error


def is_taken(error: SourceUnavailable) -> bool:
    """Return whether X refuses the stream because it counts another connection as open."""
    return error.reason == "http_429" and any(
        word in error.detail for word in ("TooManyConnections", "connection_issue")
    )


def _wished(include_reposts: bool) -> dict[str, str]:
    """Return the parameters that name the parts of posts which are asked for."""
    return {"tweet.fields": FIELDS} | ({"expansions": "referenced_tweets.id"} if include_reposts else {})


def _left(answer: Received) -> str:
    left, limit = answer.headers.get("x-rate-limit-remaining", ""), answer.headers.get("x-rate-limit-limit", "")
    return f"{left} of {limit}" if left and limit else left


def dicts_in(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects of a list in an answer; none if there is no such list."""
    value = answer.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
