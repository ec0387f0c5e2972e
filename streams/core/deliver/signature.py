"""Signatures of webhooks by Standard Webhooks 1.0, by which a receiver verifies who sent a body, and when."""

from __future__ import annotations

import base64
import binascii
import hmac
from hashlib import sha256
from typing import Final

from streams.errors import ConfigError

PREFIX: Final = "whsec_"
KEY_BYTES: Final = range(24, 65)


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
        self._keys = [_decoded(key, setting) for key in keys.split()]
        if not self._keys:
            raise ConfigError([f"{setting}: holds no key"])

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
        signed = b".".join((id.encode(), str(at_s).encode(), body))
        signatures = [base64.b64encode(hmac.digest(key, signed, sha256)).decode() for key in self._keys]
        return {
            "webhook-id": id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
        }


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
