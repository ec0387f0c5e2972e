"""Signed webhooks: each step as in social.alerts, in the envelope of Standard Webhooks, posted to any HTTP endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from streams.config import WEBHOOK_KEY_VARIABLE
from streams.core.deliver.signature import Signer
from streams.errors import ConfigError
from streams.workers.receivers.steps import Request, StepSender

if TYPE_CHECKING:
    from streams.config import BridgeSettings, Config
    from streams.core.deliver.step import DeliveryStep


def sender(config: Config) -> StepSender:
    """Return a sender to the endpoint of `bridge.webhook`.

    Raises
    ------
    ConfigError
        If the address or the key is missing, or the key is malformed.
    """
    return StepSender("webhook", config.bridge, Webhook(config.bridge))


class Webhook:
    """An HTTP endpoint that verifies signatures.

    Raises
    ------
    ConfigError
        If the address or the key is missing, or the key is malformed.
    """

    def __init__(self, settings: BridgeSettings) -> None:
        key = settings.webhook.signing_key()
        if settings.webhook.url is None:
            raise ConfigError(["bridge.webhook.url: `firewatch bridge webhook` needs the address to post to"])
        if key is None:
            raise ConfigError(
                [f"bridge.webhook.signing_key_file: webhooks are signed: name a file, or set {WEBHOOK_KEY_VARIABLE}"]
            )
        self._url = settings.webhook.url
        self._signer = Signer(key.get_secret_value(), f"bridge.webhook.signing_key_file or {WEBHOOK_KEY_VARIABLE}")

    def request(self, step: DeliveryStep, now_ms: int) -> Request:
        """Return the request that posts a step."""
        body = orjson.dumps(
            {
                "type": f"io.firewatch.incident.{step.alert.kind}",
                "timestamp": step.alert.at.isoformat(),
                "data": orjson.Fragment(step.value),
            }
        )
        return Request(self._url, body, self._signer.headers(step.alert.id, now_ms // 1000, body))
