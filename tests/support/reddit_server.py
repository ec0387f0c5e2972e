"""The endpoints of Reddit that a source needs, as they behave, with faults on demand."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING, Any, Final

import orjson

from tests.support.http_faults import Answer, HttpFaults, redirect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.support.http_faults import SeenRequest

CLIENT_ID: Final = "an-app"
CLIENT_SECRET: Final = "the-app-secret"  # noqa: S105  of a server of the tests
AGENT: Final = "linux:firewatch-tests:1.0 (by /u/acme_it)"

TOKEN_PATH: Final = "/api/v1/access_token"  # noqa: S105  a path
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number: int) -> str:
    """Return a number as Reddit writes ids."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"


class RedditServer(HttpFaults):
    """The server.

    Attributes
    ----------
    things
        Posts and comments by name, the oldest first; `vanished` ones are in no listing any more.
    depth
        Entries after which a listing ends.
    tokens
        Tokens that are valid.
    grants
        Tokens that were granted so far.
    token_seconds
        Life of a token.
    left
        Requests that are left, as the headers say; None for no headers.
    used, reset_seconds
        Requests that were made, and the seconds until both are reset.
    closed
        Subreddits that can't be read: ``private``, ``banned``, ``quarantined``, ``absent`` or ``denied``.
    hides_closed
        Whether a listing of several subreddits leaves the closed ones out, instead of being refused.
    withdrawn
        Whether the app has no access any more.
    spoils
        Names that spoil the page which holds them, and the bytes in their place.
    """

    def __init__(self) -> None:
        super().__init__()
        self.things: dict[str, dict[str, Any]] = {}
        self.vanished: set[str] = set()
        self.depth = 1_000
        self.tokens: set[str] = set()
        self.grants = 0
        self.token_seconds = 86_400
        self.left: float | None = 996.0
        self.used = 4
        self.reset_seconds = 317
        self.closed: dict[str, str] = {}
        self.hides_closed = True
        self.withdrawn = False
        self.spoils: dict[str, bytes] = {}
        self.on_listing: Callable[[SeenRequest], None] = lambda _: None
        self._next = 46_656
        self.handle(TOKEN_PATH, self._token)
        self.handle("/r/", self._subreddit)
        self.handle("/api/info", self._info)
        self.handle("/api/info/", self._info)

    def settings(self, **options: Any) -> dict[str, Any]:
        """Return the entry of a source that reads this server."""
        own = {
            "id": "reddit", "kind": "reddit", "subreddits": ["nordtel"], "client_id": CLIENT_ID, "user_agent": AGENT,
            "api_url": self.url(""), "token_url": self.url(TOKEN_PATH), "allow_private": True,
        }  # fmt: skip
        return own | options

    def post(self, at_ms: int, text: str, subreddit: str = "nordtel", **fields: Any) -> str:
        """Publish a post, and return its name."""
        return self._publish("t3", at_ms, subreddit, {"title": text, "selftext": "", "num_comments": 0} | fields)

    def comment(self, at_ms: int, text: str, subreddit: str = "nordtel", **fields: Any) -> str:
        """Publish a comment, and return its name."""
        return self._publish(
            "t1", at_ms, subreddit, {"body": text, "parent_id": "t3_abc", "link_id": "t3_abc"} | fields
        )

    def edit(self, name: str, at_ms: int, text: str) -> None:
        """Give a post another text."""
        text_field = "body" if name.startswith("t1") else "title"
        self.things[name] |= {text_field: text, "edited": at_ms / 1000}

    def remove(self, *names: str, by: str = "moderator", vanishes: bool = True) -> None:
        """Take the texts of posts away; they stay in listings if they do not vanish."""
        for name in names:
            text = "[deleted]" if by == "deleted" else "[removed]"
            text_field = "body" if name.startswith("t1") else "selftext"
            self.things[name] |= {text_field: text, "author": "[deleted]", "removed_by_category": by}
            if vanishes:
                self.vanished.add(name)

    def erase(self, *names: str) -> None:
        """Remove posts so that nothing knows them any more."""
        for name in names:
            del self.things[name]

    def texts(self) -> set[str]:
        """Return the texts of all posts that are there."""
        return {
            str(each.get("body", each.get("title"))) for name, each in self.things.items() if name not in self.vanished
        }

    def _publish(self, kind: str, at_ms: int, subreddit: str, fields: dict[str, Any]) -> str:
        self._next += 1
        id = base36(self._next)
        common = {
            "id": id, "name": f"{kind}_{id}", "subreddit": subreddit, "author": f"user{self._next % 97}",
            "created_utc": at_ms // 1000 + 0.0, "edited": False, "score": 1, "removed_by_category": None,
            "permalink": f"/r/{subreddit}/comments/{id}/",
        }  # fmt: skip
        self.things[f"{kind}_{id}"] = common | fields
        return f"{kind}_{id}"

    # requests

    def _token(self, request: SeenRequest) -> Answer:
        sent = request.headers.get("authorization", "")
        right = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if sent != f"Basic {right}" or self.withdrawn:
            return _json({"message": "Unauthorized", "error": 401}, 401)
        if request.method != "POST" or request.body != b"grant_type=client_credentials":
            return _json({"error": "unsupported_grant_type"})
        self.grants += 1
        token = f"token-{self.grants}"
        self.tokens.add(token)
        return _json({"access_token": token, "token_type": "bearer", "expires_in": self.token_seconds, "scope": "*"})

    def _refused(self, request: SeenRequest) -> Answer | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in self.tokens:
            return _json({"message": "Unauthorized", "error": 401}, 401)
        if self.withdrawn:
            return _json({"message": "Forbidden", "error": 403}, 403)
        if self.left is not None and self.left < 1:
            return self._answer({"message": "Too Many Requests", "error": 429}, 429)
        return None

    def _subreddit(self, request: SeenRequest) -> Answer:
        if refused := self._refused(request):
            return refused
        _, _, names, *rest = request.path.rstrip("/").split("/")
        chosen = names.split("+")
        if rest == ["about"]:
            return self._closed(names) or self._answer({"kind": "t5", "data": {"display_name": names}})
        if rest not in (["new"], ["comments"]):
            return self._answer({"message": "Not Found", "error": 404}, 404)
        closed = [name for name in chosen if name in self.closed]
        if closed and (not self.hides_closed or len(closed) == len(chosen)):
            return self._closed(closed[0]) or Answer(500)
        self.on_listing(request)
        kind = "t1" if rest == ["comments"] else "t3"
        there = [
            each for name, each in self.things.items()
            if name.startswith(kind) and name not in self.vanished and each["subreddit"] in chosen
            and each["subreddit"] not in self.closed
        ]  # fmt: skip
        there.sort(key=lambda each: (each.get("listed_utc", each["created_utc"]), each["name"]), reverse=True)
        return self._listing(there[: self.depth], request.query)

    def _listing(self, things: list[dict[str, Any]], query: dict[str, str]) -> Answer:
        limit = max(1, min(100, int(query.get("limit", 25))))
        names = [each["name"] for each in things]
        start, end = 0, len(things)
        if "after" in query:
            start = names.index(query["after"]) + 1 if query["after"] in names else end
        if "before" in query:
            end = names.index(query["before"]) if query["before"] in names else start
        page = things[start:end][:limit]
        after = page[-1]["name"] if page and start + len(page) < end else None
        return self._page(page, query, after)

    def _page(self, page: Iterable[dict[str, Any]], query: dict[str, str], after: str | None = None) -> Answer:
        chosen = list(page)
        if spoilt := next((self.spoils[each["name"]] for each in chosen if each["name"] in self.spoils), None):
            return Answer(200, self._headers(), spoilt)
        children = [{"kind": each["name"][:2], "data": _shown(each, query)} for each in chosen]
        data = {"modhash": None, "dist": len(children), "children": children, "after": after, "before": None}
        return self._answer({"kind": "Listing", "data": data})

    def _info(self, request: SeenRequest) -> Answer:
        if refused := self._refused(request):
            return refused
        names = request.query.get("id", "").split(",")[:100]
        return self._page((self.things[name] for name in names if name in self.things), request.query)

    def _closed(self, name: str) -> Answer | None:
        match self.closed.get(name):
            case None:
                return None
            case "absent":
                return redirect(f"/subreddits/search.json?q={name}")
            case "banned":
                return self._answer({"reason": "banned", "message": "Not Found", "error": 404}, 404)
            case "denied":
                return self._answer({"message": "Forbidden", "error": 403}, 403)
            case reason:
                return self._answer({"reason": reason, "message": "Forbidden", "error": 403}, 403)

    def _answer(self, body: dict[str, Any], status: int = 200) -> Answer:
        return Answer(status, self._headers(), orjson.dumps(body))

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        if self.left is None:
            return headers
        self.left, self.used = max(0.0, self.left - 1), self.used + 1
        return headers | {
            "x-ratelimit-remaining": f"{self.left:.1f}",
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-reset": str(self.reset_seconds),
        }


def _shown(thing: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
    """Return a thing as it is sent: without ``raw_json`` texts are escaped for HTML."""
    if query.get("raw_json") == "1":
        return thing
    return {
        name: html.escape(value, quote=False) if name in {"body", "title", "selftext"} else value
        for name, value in thing.items()
    }


def _json(body: dict[str, Any], status: int = 200) -> Answer:
    return Answer(status, {"Content-Type": "application/json; charset=UTF-8"}, orjson.dumps(body))
