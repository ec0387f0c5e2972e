"""The HTTP interface: takes posts, and answers once Kafka has them (``deploy/contract/posts.openapi.json``)."""

from __future__ import annotations

import asyncio
from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import orjson
from aiohttp.web import RequestPayloadError

from streams.config.addresses import is_loopback
from streams.sources.live.content_encoding import ENCODINGS, BodyError, BodyInflater
from streams.sources.live.webhook.openapi import HEALTH_PATH, MAX_ID_CHARS, OPENAPI_PATH, POSTS_PATH, openapi
from streams.sources.live.webhook.payload import form_of
from streams.sources.live.webhook.problems import HttpAnswer, RequestRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from streams.config.sources.webhook import WebhookSourceSettings
    from streams.sources.live.base import SourceHealth
    from streams.sources.live.webhook.intake import PostsIntake
    from streams.sources.live.webhook.payload import Form
    from streams.sources.live.webhook.senders import KnownSender, Senders

METHODS: Final = {POSTS_PATH: ("POST",), HEALTH_PATH: ("GET", "HEAD"), OPENAPI_PATH: ("GET", "HEAD")}

RENEW_MS: Final = 5_000
"""Time between two looks at the files with tokens and keys."""

_UNVERIFIED: Final = "?"
"""Who holds the bodies of requests that are signed, until the signature shows who sent them; no id of a sender."""


class PostsApi:
    """Answers requests.

    Parameters
    ----------
    settings
        Entry of the section `sources`.
    senders
        Who may push posts.
    intake
        What takes the posts.
    health
        Condition of the source, which is kept up to date.
    now_ms
        The clock, milliseconds since the epoch.
    """

    def __init__(
        self,
        settings: WebhookSourceSettings,
        senders: Senders,
        intake: PostsIntake,
        health: SourceHealth,
        now_ms: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._senders = senders
        self._intake = intake
        self._health = health
        self._now_ms = now_ms
        self._refused: Counter[str] = Counter()
        self._reported: Counter[str] = Counter()
        self._renewed_ms = now_ms()
        self._document = openapi()

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Return the response to a request."""
        try:
            return await self._response(request)
        except RequestRefused as refused:
            self._count(refused)
            response = refused.response()
            if not request.content.is_eof():
                response.force_close()
            return response

    def newly_refused(self) -> str:
        """Return how often requests have been refused since the last call, by status and reason; nothing if never."""
        new, self._reported = self._refused - self._reported, self._refused.copy()
        return _listed(new)

    async def _response(self, request: web.BaseRequest) -> web.Response:
        methods = METHODS.get(request.path)
        if methods is None:
            raise RequestRefused(404, "no_such_path", f"there is no such path; posts go to {POSTS_PATH}")
        if request.method not in methods:
            allowed = ", ".join(methods)
            raise RequestRefused(
                405, "method", f"{request.path} takes {allowed} requests only", headers={"Allow": allowed}
            )
        if request.path == OPENAPI_PATH:
            return HttpAnswer(200, self._document).response()
        if request.path == HEALTH_PATH:
            return self._health_answer().response()
        return (await self._push(request)).response()

    def _health_answer(self) -> HttpAnswer:
        if self._intake.closed:
            raise self._intake.refused()
        return HttpAnswer(200, orjson.dumps({"status": "ok"}))

    async def _push(self, request: web.BaseRequest) -> HttpAnswer:
        self._renew()
        sender = self._senders.by_token(request.headers)
        if sender is not None and self._senders.anonymous is not None:
            _refuse_browsers(request)
        form = form_of(request.headers.get("Content-Type", ""))
        inflater = self._inflater(request)
        self._check_length(request)
        id = _request_id(request)
        holder = _UNVERIFIED if sender is None else sender.id
        if self._intake.is_stopping or not self._intake.room.has(holder, posts=1, size=1):
            raise self._intake.refused()
        if sender is not None and not sender.answers.knows(id):
            self._intake.check_quota(sender, 1)
        body = await self._body(request, holder)
        try:
            if sender is None:
                sender = await self._senders.by_signature(request.headers, body)
            return await self._answered_once(sender, id, body, form, inflater)
        finally:
            self._intake.room.give_back(holder, size=len(body))

    def _renew(self) -> None:
        if self._now_ms() - self._renewed_ms >= RENEW_MS:
            self._renewed_ms = self._now_ms()
            if problem := self._senders.renew():
                self._health.facts["credentials"] = f"{problem}; the former ones stay valid"
            else:
                self._health.facts.pop("credentials", None)

    def _inflater(self, request: web.BaseRequest) -> BodyInflater:
        encoding = request.headers.get("Content-Encoding", "")
        try:
            return BodyInflater(encoding, self._settings.max_decompressed_bytes, ENCODINGS)
        except BodyError as error:
            accepted = ", ".join(sorted(ENCODINGS))
            raise RequestRefused(
                415,
                "content_encoding",
                f"the Content-Encoding must be one of {accepted}, or none",
                headers={"Accept-Encoding": accepted},
            ) from error

    def _check_length(self, request: web.BaseRequest) -> None:
        if "Content-Length" not in request.headers and "Transfer-Encoding" not in request.headers:
            raise RequestRefused(411, "no_length", "a body with a Content-Length, or in chunks, is needed")
        if (request.content_length or 0) > self._settings.max_body_bytes:
            raise self._too_large()

    async def _body(self, request: web.BaseRequest, holder: str) -> bytes:
        """Return the body as it was sent, for which room has been taken."""
        expectation = request.headers.get("Expect", "").lower()
        if expectation not in {"", "100-continue"}:
            raise RequestRefused(417, "expectation", "the only expectation that is met is 100-continue")
        if expectation:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        body = bytearray()
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                while block := await request.content.readany():
                    self._take(block, holder, len(body))
                    body += block
        except BaseException as error:
            self._intake.room.give_back(holder, size=len(body))
            if isinstance(error, TimeoutError):
                seconds = f"{self._settings.body_seconds:g}"
                raise RequestRefused(408, "slow_body", f"the body did not arrive within {seconds} s") from error
            if isinstance(error, ConnectionError):
                raise RequestRefused(400, "connection_lost", "the connection ended before the body did") from error
            if isinstance(error, RequestPayloadError):
                raise RequestRefused(400, "broken_body", "the body is not framed as HTTP/1.1 says") from error
            raise
        return bytes(body)

    def _take(self, block: bytes, holder: str, before: int) -> None:
        if before + len(block) > self._settings.max_body_bytes:
            raise self._too_large()
        if not self._intake.room.take(holder, size=len(block)):
            raise self._intake.refused()

    async def _answered_once(
        self, sender: KnownSender, id: str, body: bytes, form: Form, inflater: BodyInflater
    ) -> HttpAnswer:
        self._health.heard_ms = self._now_ms()

        async def process() -> HttpAnswer:
            return await self._intake.process(sender, body, form, inflater)

        if not id:
            return await process()
        return await sender.answers.answer(id, blake2b(body, digest_size=16).digest(), process)

    def _too_large(self) -> RequestRefused:
        return RequestRefused(
            413,
            "too_large",
            f"the body has more than {self._settings.max_body_bytes:,} bytes: send its posts in several requests",
        )

    def _count(self, refused: RequestRefused) -> None:
        self._refused[f"{refused.status} {refused.reason}"] += 1
        self._health.facts["refused requests"] = _listed(self._refused)


def _listed(refused: Counter[str]) -> str:
    return ", ".join(f"{count:,} times {answer}" for answer, count in sorted(refused.items()))


def _request_id(request: web.BaseRequest) -> str:
    """Return the id that a sender has given a request, empty if it gave none."""
    id = request.headers.get("webhook-id", "") or request.headers.get("Idempotency-Key", "")
    if len(id) > MAX_ID_CHARS:
        raise RequestRefused(
            400, "bad_id", f"the webhook-id or Idempotency-Key has more than {MAX_ID_CHARS} characters"
        )
    return id


def _refuse_browsers(request: web.BaseRequest) -> None:
    """Refuse what a page in a browser on this machine may send where no sender has to show who it is.

    A page of any site can post to a loopback address, and a name that leads there can be anybody's (DNS rebinding).
    """
    try:
        host = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        host = ""
    if "Origin" in request.headers or "Sec-Fetch-Site" in request.headers or not is_loopback(host):
        raise RequestRefused(
            403,
            "browser",
            "without `senders` in the config, only programs of this machine may push posts, no web pages, and the host "
            "must be a loopback address",
        )
