"""The OpenAPI document of the HTTP interface."""

from __future__ import annotations

from typing import Any, Final

import orjson

from streams import __version__
from streams.sources.live.webhook.problems import JSON, PROBLEM

POSTS_PATH: Final = "/v1/posts"
HEALTH_PATH: Final = "/v1/health"
OPENAPI_PATH: Final = "/v1/openapi.json"

OPENAPI_VERSION: Final = "3.1.0"

MAX_ID_CHARS: Final = 256
"""Longest ``webhook-id`` or ``Idempotency-Key``."""

_LINES: Final = "application/x-ndjson"

_ANY: Final[dict[str, Any]] = {}
_ID: Final[dict[str, Any]] = {
    "type": ["string", "integer"],
    "description": "Names the post within the source. Another version of a post has the same id.",
}

_POST: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A post. Optional fields in another shape are converted or left out; others are ignored, and so "
    "is `source`: the source of all posts is the id of the entry in `sources`.",
    "required": ["id", "created_at", "text"],
    "properties": {
        "id": _ID,
        "created_at": {
            "type": ["string", "number"],
            "description": "When the post was written: ISO 8601, RFC 2822, or seconds since 1970.",
        },
        "text": {"type": "string", "description": "What was written; may be HTML. Without text the post is skipped."},
        "author": {**_ANY, "description": "Who wrote it: a string or an integer."},
        "lang": {**_ANY, "description": "Language, such as de or en-GB."},
        "url": {**_ANY, "description": "Link to the post, http or https."},
        "brand": {**_ANY, "description": "What the sender says the post is about."},
        "repost_of": {**_ANY, "description": "Id of the post that is reposted."},
        "reply_to": {**_ANY, "description": "Id of the post that is answered."},
        "likes": {**_ANY, "description": "Number of likes."},
        "reposts": {**_ANY, "description": "Number of reposts."},
        "replies": {**_ANY, "description": "Number of replies."},
    },
    "examples": [
        {"id": "17", "created_at": "2026-03-02T10:15:00Z", "text": "Nordtel is down again", "author": "kim"},
    ],
}

_DELETION: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Takes a post back, or all posts of an author.",
    "required": ["delete"],
    "properties": {"delete": {"const": True}, "id": _ID, "author": {"type": ["string", "integer"]}},
    "anyOf": [{"required": ["id"]}, {"required": ["author"]}],
    "examples": [{"delete": True, "id": "17"}],
}

_ITEM_ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Why one record was not taken; it is kept as a dead letter.",
    "required": ["index", "reason", "detail"],
    "properties": {
        "index": {"type": "integer", "minimum": 0, "description": "Position of the record in the request, from 0."},
        "field": {"type": "string", "description": "Field that it is about; absent for the whole record."},
        "reason": {"type": "string", "description": "A short, stable word, such as missing_field."},
        "detail": {"type": "string", "description": "Description for people."},
    },
}


def _counts() -> dict[str, Any]:
    described = {
        "received": "Records in the request.",
        "accepted": "Posts that Kafka has, repeats included.",
        "repeated": "Of these, posts that had come before.",
        "deleted": "Deletions that Kafka has.",
        "skipped": "Records without text, or that hold no post.",
        "rejected": "Records that are no posts; they are dead letters.",
    }
    return {name: {"type": "integer", "minimum": 0, "description": text} for name, text in described.items()}


_ACCEPTED: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What became of the records of a request, now that Kafka has them.",
    "required": [*_counts(), "errors"],
    "properties": {**_counts(), "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ItemError"}}},
}

_PROBLEM_DETAILS: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Problem details (RFC 9457). With status 422 it also has the members of `Accepted`.",
    "required": ["type", "title", "status", "detail", "reason"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "Description for people, with the way out."},
        "reason": {"type": "string", "description": "A short, stable word, such as wrong_token."},
        **_counts(),
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ItemError"}},
    },
}

_PROBLEMS: Final = {
    "400": "The body is no JSON or damaged, or the request is no HTTP.",
    "401": "There is no valid token or signature, or the signature is older than five minutes.",
    "403": "The sender is switched off; or, without senders in the config, the request comes from a web page or "
    "another machine.",
    "408": "The body did not arrive in time.",
    "411": "The request has no body.",
    "413": "The body is too large, before or after decompression, or has too many posts.",
    "415": "The body is neither JSON nor in UTF-8, or in an unknown encoding.",
    "417": "Expect has something else than 100-continue.",
    "422": "No record is a post, or another body has been sent under this id.",
    "429": "The quota of the sender is used up.",
    "503": "Kafka does not take posts, or too many wait for it.",
}
"""Statuses of refusals of posts, beside 404 and 405."""

_WITH_RETRY: Final = frozenset({"429", "503"})


def _problem(description: str, *, retry: bool = False) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": description,
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if retry:
        answer["headers"] = {
            "Retry-After": {
                "required": True,
                "description": "Seconds after which to send the request again.",
                "schema": {"type": "integer", "minimum": 1},
            }
        }
    return answer


def _header(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


def openapi() -> bytes:
    """Return the document as JSON."""
    item = {"anyOf": [{"$ref": "#/components/schemas/Post"}, {"$ref": "#/components/schemas/Deletion"}]}
    accepted = {
        "description": "Kafka has the posts; the status is `success_status` of the config, 202 by default. Records in "
        "`errors` were not taken.",
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/Accepted"}}},
    }
    push = {
        "operationId": "pushPosts",
        "summary": "Push posts",
        "description": "A post or a deletion, an array of them, or one a line. The answer comes once Kafka has "
        "acknowledged them. A request that was not answered may be sent again: posts are counted once.",
        "security": [{"bearer": []}, {"signature": []}, {}],
        "parameters": [
            _header(
                "Idempotency-Key",
                "Id of the request; a repeat with the same body gets the same answer.",
                type="string",
                maxLength=MAX_ID_CHARS,
            ),
            _header(
                "webhook-id", "As Idempotency-Key, and part of the signature.", type="string", maxLength=MAX_ID_CHARS
            ),
            _header("webhook-timestamp", "Seconds since 1970 at which the request was signed.", type="string"),
        ],
        "requestBody": {
            "required": True,
            "description": "In UTF-8; the Content-Encoding may be gzip, deflate or zstd.",
            "content": {
                JSON: {"schema": {"anyOf": [item, {"type": "array", "items": item}]}},
                _LINES: {"schema": {"type": "string", "description": "One post or deletion a line."}},
            },
        },
        "responses": {
            "2XX": accepted,
            **{status: _problem(text, retry=status in _WITH_RETRY) for status, text in _PROBLEMS.items()},
        },
    }
    document = {
        "openapi": OPENAPI_VERSION,
        "info": {
            "title": "firewatch: pushing posts",
            "version": __version__,
            "description": "The HTTP interface of a source of the kind webhook.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": {
            POSTS_PATH: {"post": push},
            HEALTH_PATH: {
                "get": {
                    "operationId": "health",
                    "summary": "Whether posts are taken",
                    "security": [],
                    "responses": {
                        "200": {
                            "description": "They are.",
                            "content": {
                                JSON: {
                                    "schema": {
                                        "type": "object",
                                        "required": ["status"],
                                        "properties": {"status": {"const": "ok"}},
                                    }
                                }
                            },
                        },
                        "503": _problem("They are not, for now.", retry=True),
                    },
                }
            },
            OPENAPI_PATH: {
                "get": {
                    "operationId": "document",
                    "summary": "This document",
                    "security": [],
                    "responses": {"200": {"description": "It.", "content": {JSON: {"schema": {"type": "object"}}}}},
                }
            },
        },
        "components": {
            "schemas": {
                "Post": _POST,
                "Deletion": _DELETION,
                "Accepted": _ACCEPTED,
                "ItemError": _ITEM_ERROR,
                "Problem": _PROBLEM_DETAILS,
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "The token of the sender."},
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "webhook-signature",
                    "description": "Standard Webhooks: v1, and the base64 of HMAC-SHA256 over id.timestamp.body, "
                    "several separated by blanks; needs webhook-id and webhook-timestamp.",
                },
            },
        },
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
