"""Refusals of requests, as problem details (RFC 9457)."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

PROBLEM: Final = "application/problem+json"
JSON: Final = "application/json"


class HttpAnswer(NamedTuple):
    """An answer to a request, which can be given again.

    Parameters
    ----------
    status
        Status code.
    body
        JSON in UTF-8.
    content_type
        Media type of the body.
    """

    status: int
    body: bytes
    content_type: str = JSON

    def response(self, headers: Mapping[str, str] | None = None) -> web.Response:
        """Return the response of aiohttp."""
        fixed = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return web.Response(
            status=self.status, body=self.body, content_type=self.content_type, headers={**fixed, **(headers or {})}
        )


class RequestRefused(Exception):
    """A request is not answered as asked.

    Parameters
    ----------
    status
        Status code.
    reason
        A short, stable word, such as ``wrong_token``.
    detail
        Description of the problem for people, with the way out; holds no secret.
    retry_after_seconds
        Seconds after which the request may be sent again, if it may.
    headers
        Further headers of the answer.
    members
        Further members of the problem.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        retry_after_seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        self.status, self.reason, self.detail = status, reason, detail
        self.headers = dict(headers or {})
        if retry_after_seconds is not None:
            self.headers["Retry-After"] = str(max(1, math.ceil(retry_after_seconds)))
        self._members = members or {}
        super().__init__(f"{status} {reason}: {detail}")

    def answer(self) -> HttpAnswer:
        """Return the answer without its headers."""
        fields = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "reason": self.reason,
            **self._members,
        }
        return HttpAnswer(self.status, orjson.dumps(fields), PROBLEM)

    def response(self) -> web.Response:
        """Return the response of aiohttp."""
        return self.answer().response(self.headers)
