"""Signatures of webhooks by Standard Webhooks 1.0, by which a receiver verifies who sent a body, and when.

firewatch signs the alerts that it sends, and verifies the posts that are pushed to it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from hashlib import sha256
from typing import Final

from streams.errors import ConfigError

PREFIX: Final = "whsec_"
KEY_BYTES: Final = range(24, 65)

TOLERANCE_SECONDS: Final = 300
"""How far the time of a signature may be from the receiver's clock: longer, and a recorded request could be sent again.
Standard Webhooks leaves it to the receiver; its libraries have five minutes."""


class Signer:
    """Signs bodies with HMAC-SHA256.

    Parameters
    ----------
    keys
        ``whsec_`` and the base64 of 24 to 64 random bytes. While one key is being replaced by another there may be
        several, separated by blanks or line ends: every key signs, and a receiver accepts any valid signature.
    setting
        The setting that the keys come from, for error messages.

    Raises
    ------
    ConfigError
        If there is no key or a key is malformed; the message does not show it.
    """

    def __init__(self, keys: str, setting: str) -> None:
        self._keys = _keys(keys, setting)

    def headers(self, id: str, at_s: int, body: bytes) -> dict[str, str]:
        """Return the headers that sign a body.

        Parameters
        ----------
        id
            The message's id, the same for every attempt, so that the receiver can drop repeats.
        at_s
            Time of this attempt, in seconds since the epoch; receivers refuse old ones.
        body
            The bytes that are sent.

        References
        ----------
        Standard Webhooks 1.0.0, "Webhook metadata" and "Signature scheme": HMAC-SHA256 over ``id.timestamp.body``.
        """
        signatures = [_signature(key, id, str(at_s), body) for key in self._keys]
        return {
            "webhook-id": id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": " ".join(signatures),
        }


class SignatureVerifier:
    """Verifies what a `Signer` with one of some keys has signed.

    Parameters
    ----------
    keys, setting
        As of `Signer`: a signature by any of the keys is valid.

    Examples
    --------
    >>> key = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
    >>> signed = Signer(key, "test").headers("msg_1", 1_700_000_000, b"{}")["webhook-signature"]
    >>> verifier = SignatureVerifier(key, "test")
    >>> verifier.verifies("msg_1", "1700000000", signed, b"{}"), verifier.verifies("msg_2", "1700000000", signed, b"{}")
    (True, False)
    """

    def __init__(self, keys: str, setting: str) -> None:
        self._keys = _keys(keys, setting)

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._keys)

    def verifies(self, id: str, timestamp: str, signatures: str, body: bytes) -> bool:
        """Return whether one of the signatures is that of a body; in constant time for each key.

        Parameters
        ----------
        id, timestamp, signatures
            The headers ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature`` as they were received. The time
            is compared with the clock by `is_recent`.
        body
            The bytes that were received, before decompression and parsing.
        """
        given = [each.encode(errors="surrogateescape") for each in signatures.split(" ")]
        valid = False
        for key in self._keys:
            expected = _signature(key, id, timestamp, body).encode()
            for each in given:
                valid |= hmac.compare_digest(each, expected)
        return valid


def is_recent(timestamp: str, now_s: float) -> bool | None:
    """Return whether the time of a signature is near the clock; None if it is no number of seconds.

    >>> is_recent("1700000000", 1_700_000_300), is_recent("1700000000", 1_700_000_301), is_recent("noon", 0)
    (True, False, None)
    """
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        return None
    return abs(now_s - int(timestamp)) <= TOLERANCE_SECONDS


def _keys(keys: str, setting: str) -> list[bytes]:
    decoded = [_decoded(key, setting) for key in keys.split()]
    if not decoded:
        raise ConfigError([f"{setting}: holds no key"])
    return decoded


def _signature(key: bytes, id: str, timestamp: str, body: bytes) -> str:
    signed = b".".join((id.encode(errors="surrogateescape"), timestamp.encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, sha256)).decode()}"


def _decoded(key: str, setting: str) -> bytes:
    try:
        decoded = base64.b64decode(key.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not key.startswith(PREFIX) or len(decoded) not in KEY_BYTES:
        raise ConfigError(
            [
                f"{setting}: a key must be {PREFIX} and the base64 of {KEY_BYTES[0]} to {KEY_BYTES[-1]} random bytes; "
                f"`echo {PREFIX}$(openssl rand -base64 32)` makes one"
            ]
        )
    return decoded
