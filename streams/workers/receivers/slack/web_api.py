"""Slack's Web API: the methods that threads need, and what each of its errors means for a delivery.

Slack answers errors with the status 200 and ``{"ok": false, "error": "..."}``.

References
----------
Slack, reference of the methods ``auth.test``, ``chat.postMessage``, ``chat.update``, ``conversations.history`` and
``conversations.replies``, each with its list of errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlencode

import orjson

from streams.core.text.clean import printable
from streams.errors import DeliveryDenied, DeliveryError, DeliveryFailed, DeliveryRefused, MessageGone
from streams.workers.receivers.base import SHOWN_CHARS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from streams.workers.receivers.http_client import HttpClient
    from streams.workers.receivers.slack.blocks import Json

EVENT: Final = "firewatch_incident"
"""Type of the metadata by which messages of firewatch are recognised."""

PAGE: Final = 200
"""Messages on a page, the most that Slack recommends."""

MAX_PAGES: Final = 25
"""Pages that are read in a row: Slack allows about fifty a minute."""

REFUSED: Final = frozenset(
    [
        "attachment_payload_limit_exceeded",
        "block_mismatch",
        "invalid_arg_name",
        "invalid_arguments",
        "invalid_array_arg",
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_charset",
        "invalid_json",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "json_not_object",
        "metadata_too_large",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
    ]
)
"""Errors about the message itself."""

GONE: Final = frozenset(
    [
        "cannot_reply_to_message",
        "cant_update_message",
        "edit_window_closed",
        "message_not_found",
        "restricted_action_thread_locked",
        "thread_locked",
        "thread_not_found",
    ]
)
"""Errors about the message that is answered or updated."""

MOMENTARY: Final = frozenset(
    [
        "external_channel_migrating",
        "fatal_error",
        "internal_error",
        "message_limit_exceeded",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
        "update_failed",
    ]
)
"""Errors that pass by themselves."""

_TOKEN: Final = "make a new token for the app and put it where bridge.slack.token_file or its variable points"  # noqa: S105  no secret
_CHANNEL: Final = "set bridge.slack.channel to the id of a channel of the workspace, and invite the app there"
_ALLOW: Final = "ask an administrator of the workspace to let the app post in the channel"
_UPGRADE: Final = "upgrade firewatch"

DENIED: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked", "not_allowed_token_type"),
        _TOKEN,
    ),
    "missing_scope": "grant the app the scopes chat:write and channels:history (private channels: groups:history), and "
    "install it again",
    **dict.fromkeys(("channel_not_found", "team_not_found"), _CHANNEL),
    "not_in_channel": "invite the app to the channel (/invite and its name)",
    "is_archived": "unarchive the channel, or set bridge.slack.channel to another one",
    **dict.fromkeys(
        (
            "access_denied", "accesslimited", "channel_is_limited_access", "ekm_access_denied",
            "enterprise_is_restricted", "messages_tab_disabled", "no_permission", "org_login_required",
            "restricted_action", "restricted_action_non_threadable_channel", "restricted_action_read_only_channel",
            "restricted_action_thread_only_channel", "team_access_not_granted", "two_factor_setup_required",
        ),
        _ALLOW,
    ),
    "metadata_must_be_sent_from_app": _TOKEN,
    **dict.fromkeys(("deprecated_endpoint", "method_deprecated", "unknown_method"), _UPGRADE),
}  # fmt: skip
"""Errors that last until somebody repairs something, with what to repair."""


class PostedMessage(NamedTuple):
    """A message of firewatch in the channel.

    Parameters
    ----------
    ts
        Timestamp that identifies it.
    is_reply
        Whether it belongs to the thread of another message.
    incident, id
        The incident that it is about, and the step or verdict that it was posted for.
    """

    ts: str
    is_reply: bool
    incident: str
    id: str


class WebApi:
    """Calls Slack for one channel.

    Parameters
    ----------
    url
        Base address of the API.
    token
        The app's bot token.
    channel
        Id of the channel.
    """

    def __init__(self, url: str, token: str, channel: str) -> None:
        self._url = url.rstrip("/")
        self._authorization = {"Authorization": f"Bearer {token}"}
        self._channel = channel

    async def bot(self, http: HttpClient) -> str:
        """Return the id of the app's bot in the workspace.

        Raises
        ------
        DeliveryError
            As every method here: `DeliveryRefused`, `DeliveryFailed`, `DeliveryDenied` or `MessageGone`.
        """
        bot = (await self._read(http, "auth.test", {})).get("bot_id")
        if not isinstance(bot, str):
            raise DeliveryDenied("not_allowed_token_type", f"auth.test: the token is not that of a bot; {_TOKEN}")
        return bot

    async def post(
        self, http: HttpClient, body: Json, metadata: Mapping[str, str], thread: str | None, *, broadcast: bool = False
    ) -> str:
        """Post a message, in a thread and beside that in the channel if asked for, and return its timestamp."""
        place: Json = {} if thread is None else {"thread_ts": thread, "reply_broadcast": broadcast}
        answer = await self._write(http, "chat.postMessage", {**body, **place}, metadata)
        ts = answer.get("ts")
        if not isinstance(ts, str):
            raise DeliveryFailed("unknown_answer", "chat.postMessage: Slack names no timestamp of the message")
        return ts

    async def update(self, http: HttpClient, ts: str, body: Json, metadata: Mapping[str, str]) -> None:
        """Replace the text and the blocks of a message."""
        content: Json = {"ts": ts, "text": body["text"], "blocks": body.get("blocks", [])}
        await self._write(http, "chat.update", content, metadata)

    async def check_channel(self, http: HttpClient) -> None:
        """Read one message, to find out whether the channel is there and may be read."""
        await self._read(http, "conversations.history", {"channel": self._channel, "limit": "1"})

    def history(self, http: HttpClient, since_ms: int, event_group: str, bot: str) -> AsyncIterator[PostedMessage]:
        """Yield the messages of the channel that this installation has posted since a time."""
        since = f"{max(0, since_ms) // 1000}.000000"
        arguments = {"channel": self._channel, "oldest": since, "inclusive": "true"}
        return self._pages(http, "conversations.history", arguments, event_group, bot)

    def replies(self, http: HttpClient, ts: str, event_group: str, bot: str) -> AsyncIterator[PostedMessage]:
        """Yield the messages of a thread that this installation has posted, its first one included."""
        arguments = {"channel": self._channel, "ts": ts}
        return self._pages(http, "conversations.replies", arguments, event_group, bot)

    async def _pages(
        self, http: HttpClient, method: str, arguments: Mapping[str, str], group: str, bot: str
    ) -> AsyncIterator[PostedMessage]:
        cursor = ""
        for _ in range(MAX_PAGES):
            page = {"include_all_metadata": "true", "limit": str(PAGE), **({"cursor": cursor} if cursor else {})}
            answer = await self._read(http, method, {**arguments, **page})
            for message in _objects(answer.get("messages")):
                if (posted := _posted(message, group, bot)) is not None:
                    yield posted
            cursor = str(_object(answer.get("response_metadata")).get("next_cursor") or "")
            if not cursor:
                return
        raise DeliveryRefused("history_too_long", f"{method}: more than {MAX_PAGES * PAGE} messages")

    async def _read(self, http: HttpClient, method: str, arguments: Mapping[str, str]) -> Json:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self._call(http, method, urlencode(arguments).encode(), form)

    async def _write(self, http: HttpClient, method: str, body: Json, metadata: Mapping[str, str]) -> Json:
        fields = {"channel": self._channel, **body, "metadata": {"event_type": EVENT, "event_payload": dict(metadata)}}
        return await self._call(http, method, orjson.dumps(fields), {"Content-Type": "application/json; charset=utf-8"})

    async def _call(self, http: HttpClient, method: str, body: bytes, headers: Mapping[str, str]) -> Json:
        content = await http.call(f"{self._url}/{method}", body, {**self._authorization, **headers})
        try:
            answer = orjson.loads(content)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict) or "ok" not in answer:
            raise DeliveryFailed("unknown_answer", f"{method}: the answer is not one of Slack")
        if answer["ok"] is not True:
            raise error_of(method, answer)
        return answer


def error_of(method: str, answer: Json) -> DeliveryError:
    """Return the error that an answer means: about the message, the moment, a setting, or the message it refers to."""
    code = printable(str(answer.get("error", "")))[:SHOWN_CHARS]
    notes = _object(answer.get("response_metadata")).get("messages")
    said = f": {printable('; '.join(map(str, notes)))[:SHOWN_CHARS]}" if isinstance(notes, list) and notes else ""
    needed = f" (needed: {printable(str(answer['needed']))[:SHOWN_CHARS]})" if "needed" in answer else ""
    detail = f"{method}: Slack answers {code or 'an error without a name'}{needed}{said}"
    if code in REFUSED:
        return DeliveryRefused(code, detail)
    if code in GONE:
        return MessageGone(code, detail)
    if code in DENIED:
        return DeliveryDenied(code, f"{detail}; {DENIED[code]}")
    return DeliveryFailed(code if code in MOMENTARY else "unknown_answer", detail)


def _posted(message: Mapping[str, Any], group: str, bot: str) -> PostedMessage | None:
    metadata = _object(message.get("metadata"))
    payload = _object(metadata.get("event_payload"))
    incident, id, ts = payload.get("incident"), payload.get("id"), message.get("ts")
    is_own = metadata.get("event_type") == EVENT and payload.get("group") == group and message.get("bot_id") == bot
    if not is_own or not isinstance(incident, str) or not isinstance(id, str) or not isinstance(ts, str):
        return None
    return PostedMessage(ts, message.get("thread_ts", ts) != ts, incident, id)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
