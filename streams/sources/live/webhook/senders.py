"""Who may push posts, and how a request shows who sent it."""

from __future__ import annotations

import asyncio
import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.config.base import secret_in
from streams.core.deliver.signature import SignatureVerifier, is_recent
from streams.errors import ConfigError
from streams.sources.conversion import Conversion
from streams.sources.live.webhook.problems import RequestRefused
from streams.sources.live.webhook.quota import PostQuota
from streams.sources.live.webhook.remembered import RememberedAnswers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from streams.config import FieldMapping
    from streams.config.sources.webhook import SenderSettings, WebhookSourceSettings

SIGNATURE_HEADERS: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")

MAX_SECRETS: Final = 2
"""Tokens or keys of one sender at once: the old one and the new one."""

_IN_THREAD_BYTES: Final = 262_144
"""Larger bodies are hashed in a thread, so that other senders need not wait."""

_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="firewatch"'}


class KnownSender(NamedTuple):
    """A sender of posts.

    Parameters
    ----------
    id
        Its id; empty where all programs of this machine may push posts.
    is_enabled
        Whether its posts are taken.
    success_status
        Status of the answer to a request whose posts Kafka has.
    conversion
        What makes posts of its records.
    is_mapped
        Whether its settings say where the fields of posts are.
    quota
        How many posts it may push.
    turn
        Held while a body of it is taken apart, so that several of its bodies leave room for those of others.
    answers
        How its last requests were answered.
    """

    id: str
    is_enabled: bool
    success_status: int
    conversion: Conversion
    is_mapped: bool
    quota: PostQuota
    turn: asyncio.Lock
    answers: RememberedAnswers


class _SenderCredentials(NamedTuple):
    tokens: tuple[bytes, ...]
    verifier: SignatureVerifier | None


class Senders:
    """The senders of a source, with their tokens and keys.

    Parameters
    ----------
    settings
        Entry of the section `sources`.
    now_ms
        The clock, milliseconds since the epoch.

    Raises
    ------
    ConfigError
        If a file with a token or a key can't be used, or two senders have the same token.
    """

    def __init__(self, settings: WebhookSourceSettings, now_ms: Callable[[], int]) -> None:
        self._settings = settings
        self._now_ms = now_ms
        self.anonymous = None if settings.senders else self._sender("", True, None, None, None)
        self._senders = {
            each.id: self._sender(each.id, each.enabled, each.success_status, each.map, each.quota_per_minute)
            for each in settings.senders
        }
        self._files = {file: _changed(file) for file in self._secret_files()}
        self._credentials = self._read()
        self._verifying = asyncio.Lock()

    def renew(self) -> str:
        """Read tokens and keys again if one of their files has changed; return why they can't be used, or nothing.

        Those that were valid remain so until all files can be used.
        """
        changed = {file: _changed(file) for file in self._files}
        if changed == self._files:
            return ""
        try:
            self._credentials = self._read()
        except ConfigError as error:
            return error.in_one_line
        self._files = changed
        return ""

    def by_token(self, headers: Mapping[str, str]) -> KnownSender | None:
        """Return the sender whose token a request has; None if its signature has to show who sent it.

        Raises
        ------
        RequestRefused
            With status 401, if it has neither a valid token nor a signature, or 403, if its sender is not enabled.
        """
        if self.anonymous is not None:
            return self.anonymous
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        found = self._with_token(token.strip()) if scheme.lower() == "bearer" else None
        if found is not None:
            return _enabled(found)
        if "webhook-signature" in headers and any(each.verifier for each in self._credentials.values()):
            return None
        if scheme:
            raise _unauthorised("wrong_token", "the bearer token is none of a sender of this source")
        raise _unauthorised(
            "no_credentials",
            "a bearer token (Authorization: Bearer TOKEN) or a signature (webhook-signature) is needed",
        )

    async def by_signature(self, headers: Mapping[str, str], body: bytes) -> KnownSender:
        """Return the sender whose key has signed a request.

        Parameters
        ----------
        headers
            Headers of the request.
        body
            Body as it was received.

        Raises
        ------
        RequestRefused
            With status 401, if the signature is missing, too old or by none of the keys, or 403, if the sender is not
            enabled.
        """
        id, timestamp, signatures = (headers.get(name, "") for name in SIGNATURE_HEADERS)
        if not id or not timestamp:
            raise _unauthorised("bad_signature", f"a signature needs the headers {', '.join(SIGNATURE_HEADERS)}")
        recent = is_recent(timestamp, self._now_ms() / 1000)
        if recent is None:
            raise _unauthorised("bad_signature", "webhook-timestamp must be in whole seconds since 1970")
        if not recent:
            raise _unauthorised(
                "old_signature",
                "webhook-timestamp is more than five minutes from the clock here: sign each attempt by itself, and "
                "check the clock of the sender",
            )
        signed = (id, timestamp, signatures, body)
        if len(body) > _IN_THREAD_BYTES:
            async with self._verifying:  # one at a time: they may be anybody's
                found = await asyncio.to_thread(self._signed, *signed)
        else:
            found = self._signed(*signed)
        if found is None:
            raise _unauthorised("bad_signature", "the signature is by none of the keys of this source")
        return _enabled(found)

    def _with_token(self, token: str) -> KnownSender | None:
        """Return the sender with a token; all tokens are compared, in constant time."""
        digest = _digest(token)
        found = None
        for id, each in self._credentials.items():
            for known in each.tokens:
                if hmac.compare_digest(digest, known):
                    found = self._senders[id]
        return found

    def _signed(self, id: str, timestamp: str, signatures: str, body: bytes) -> KnownSender | None:
        found = None
        for sender, each in self._credentials.items():
            if each.verifier is not None and each.verifier.verifies(id, timestamp, signatures, body):
                found = self._senders[sender]
        return found

    def _sender(
        self, id: str, enabled: bool, status: int | None, mapping: FieldMapping | None, quota: int | None
    ) -> KnownSender:
        settings = self._settings
        mapping = settings.map if mapping is None else mapping
        return KnownSender(
            id=id,
            is_enabled=enabled,
            success_status=status or settings.success_status,
            conversion=Conversion.of_live(mapping, self._now_ms),
            is_mapped=mapping is not None,
            quota=PostQuota(quota, self._now_ms()),
            turn=asyncio.Lock(),
            answers=RememberedAnswers(round(settings.remember_hours * 3_600_000), self._now_ms),
        )

    def _secret_files(self) -> Iterator[Path]:
        for sender in self._settings.senders:
            yield from (file for file in (sender.token_file, sender.signing_key_file) if file is not None)

    def _read(self) -> dict[str, _SenderCredentials]:
        credentials = {sender.id: self._credentials_of(sender) for sender in self._settings.senders}
        owners: dict[bytes, str] = {}
        for id, each in credentials.items():
            for token in each.tokens:
                if owners.setdefault(token, id) != id:
                    raise ConfigError(
                        [
                            f"{self._place(id, 'token_file')}: holds a token of sender {owners[token]} too: give each "
                            "its own"
                        ]
                    )
        return credentials

    def _credentials_of(self, sender: SenderSettings) -> _SenderCredentials:
        tokens: tuple[bytes, ...] = ()
        verifier = None
        if sender.token_file is not None:
            place = self._place(sender.id, "token_file")
            words = secret_in(sender.token_file, place).get_secret_value().split()
            _refuse_many(len(words), place, "tokens")
            if not all(word.isascii() and word.isprintable() for word in words):
                raise ConfigError([f"{place}: a token must be made of ASCII characters, or no header can hold it"])
            tokens = tuple(map(_digest, words))
        if sender.signing_key_file is not None:
            place = self._place(sender.id, "signing_key_file")
            verifier = SignatureVerifier(secret_in(sender.signing_key_file, place).get_secret_value(), place)
            _refuse_many(len(verifier), place, "keys")
        return _SenderCredentials(tokens, verifier)

    @staticmethod
    def _place(sender: str, setting: str) -> str:
        return f"{setting} of sender {sender}"


def _enabled(sender: KnownSender) -> KnownSender:
    if not sender.is_enabled:
        raise RequestRefused(403, "sender_disabled", f"sender {sender.id} is switched off in the config of this source")
    return sender


def _unauthorised(reason: str, detail: str) -> RequestRefused:
    return RequestRefused(401, reason, detail, headers=_CHALLENGE)


def _digest(token: str) -> bytes:
    """Return a hash of a token; comparing hashes shows nothing of the token's length either."""
    return sha256(token.encode(errors="surrogateescape")).digest()


def _refuse_many(count: int, place: str, what: str) -> None:
    if count > MAX_SECRETS:
        raise ConfigError([f"{place}: holds {count} {what}; {MAX_SECRETS} are enough while one replaces the other"])


def _changed(file: Path) -> tuple[int, int]:
    """Return time and size of a file, by which its versions differ."""
    try:
        status = file.stat()
    except OSError:
        return (0, 0)
    return status.st_mtime_ns, status.st_size
