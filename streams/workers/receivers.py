"""Those who are told: how each is addressed, and in which form it takes what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import orjson

from streams.config import SLACK_URL_VARIABLE, WEBHOOK_KEY_VARIABLE
from streams.core.deliver.signature import Signer
from streams.core.deliver.slack_message import message
from streams.errors import ConfigError, DeliveryFailed, DeliveryRefused
from streams.workers.http import check_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.config import BridgeSettings
    from streams.core.deliver.alert_state import PostableAlert
    from streams.core.deliver.step import DeliveryStep
    from streams.workers.http import HttpClient


class Alertmanager:
    """Prometheus Alertmanager, API v2; several addresses are a cluster, of which one must take each alert.

    Raises
    ------
    ConfigError
        If the file with the token can't be read.
    """

    def __init__(self, settings: BridgeSettings) -> None:
        token = settings.alertmanager.token()
        self._urls = [f"{url.rstrip('/')}/api/v2/alerts" for url in settings.alertmanager.urls]
        self._headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        self._resend_ms = round(settings.alertmanager.resend_seconds * 1000)

    async def send(self, http: HttpClient, alerts: Sequence[PostableAlert], now_ms: int) -> None:
        """Tell all of the cluster.

        Raises
        ------
        DeliveryRefused
            If one says that something in it can't be taken, and none has taken it.
        DeliveryFailed
            If none can be reached or takes it now.
        """
        body = orjson.dumps([notice.body(now_ms, self._resend_ms) for notice in alerts])
        problems: list[DeliveryRefused | DeliveryFailed] = []
        for url in self._urls:
            try:
                await http.post(url, body, self._headers)
            except (DeliveryRefused, DeliveryFailed) as problem:
                problems.append(problem)
        if len(problems) == len(self._urls):
            raise next((problem for problem in problems if isinstance(problem, DeliveryRefused)), problems[0])


class StepReceiver(Protocol):
    """Takes steps one by one."""

    async def send(self, http: HttpClient, step: DeliveryStep, now_ms: int) -> None:
        """Tell it.

        Raises
        ------
        DeliveryRefused
            If the step can't be taken.
        DeliveryFailed
            If it may be taken later.
        """


class Webhook:
    """Anybody's endpoint: the alert as social.alerts carries it in the envelope of Standard Webhooks, signed.

    Raises
    ------
    ConfigError
        If the address or the key is missing, or the key is not as it must be.
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

    async def send(self, http: HttpClient, step: DeliveryStep, now_ms: int) -> None:
        """As in `StepReceiver`."""
        body = orjson.dumps(
            {
                "type": f"io.firewatch.incident.{step.alert.kind}",
                "timestamp": step.alert.at.isoformat(),
                "data": orjson.Fragment(step.value),
            }
        )
        await http.post(self._url, body, self._signer.headers(step.alert.id, now_ms // 1000, body))


class Slack:
    """An incoming webhook of Slack, or of what takes the same (Mattermost, Discord's ``/slack``).

    Raises
    ------
    ConfigError
        If the address is missing or is none.
    """

    def __init__(self, settings: BridgeSettings) -> None:
        url = settings.slack.url()
        if url is None:
            raise ConfigError(
                [f"bridge.slack.url_file: name the file with the webhook's address, or set {SLACK_URL_VARIABLE}"]
            )
        self._url = check_url(url.get_secret_value(), f"bridge.slack.url_file or {SLACK_URL_VARIABLE}")

    async def send(self, http: HttpClient, step: DeliveryStep, now_ms: int) -> None:  # noqa: ARG002  as in the protocol
        """As in `StepReceiver`."""
        await http.post(self._url, orjson.dumps(message(step.alert)), {})
