"""Prometheus Alertmanager: the alerts that are firing, sent again and again by its API v2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from detectors.units import HOUR_MS
from streams.core.deliver.alert_state import AlertState
from streams.errors import DeliveryFailed, DeliveryRefused
from streams.workers.receivers.base import rendering

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.config import BridgeSettings, Config
    from streams.core.deliver.alert_state import PostableAlert
    from streams.core.deliver.suppression import Suppression
    from streams.workers.receivers.base import Attempt
    from streams.workers.receivers.http_client import HttpClient

CHUNK: Final = 64
"""Alerts in one request; Prometheus sends as many."""


def sender(config: Config) -> AlertmanagerSender:
    """Return a sender to the Alertmanagers of `bridge.alertmanager`.

    Raises
    ------
    ConfigError
        If the file with the token can't be read.
    """
    return AlertmanagerSender(config.bridge, Cluster(config.bridge))


class Cluster:
    """The Alertmanagers of a cluster, of which at least one has to accept each alert.

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
        """Send alerts to every Alertmanager of the cluster.

        Raises
        ------
        DeliveryRefused
            If one of them can't be rendered, or if none accepts them and one says that something in them is invalid.
        DeliveryFailed
            If none can be reached or accepts alerts at the moment.
        """
        with rendering():
            body = orjson.dumps([alert.body(now_ms, self._resend_ms) for alert in alerts])
        problems: list[DeliveryRefused | DeliveryFailed] = []
        for url in self._urls:
            try:
                await http.post(url, body, self._headers)
            except (DeliveryRefused, DeliveryFailed) as problem:
                problems.append(problem)
        if len(problems) == len(self._urls):
            raise next((problem for problem in problems if isinstance(problem, DeliveryRefused)), problems[0])


class AlertmanagerSender:
    """Sends alerts in chunks; a chunk that is refused is sent one by one, so that only the invalid alerts are dropped.

    An alert that is refused is sent again without its link, because Alertmanager refuses a whole alert for a link that
    it can't parse.

    Parameters
    ----------
    settings
        The config's section `bridge`.
    cluster
        Sends a chunk.
    """

    target = "alertmanager"

    def __init__(self, settings: BridgeSettings, cluster: Cluster) -> None:
        self._cluster = cluster
        self._resend_ms = round(settings.alertmanager.resend_seconds * 1000)
        self._forget_after_ms = round(settings.forget_after_hours * HOUR_MS)

    def new_state(self, suppression: Suppression) -> AlertState:
        """Return an empty alert state."""
        return AlertState(suppression, self._resend_ms, self._forget_after_ms)

    async def deliver(self, state: AlertState, attempt: Attempt) -> None:
        """Send the alerts that are due."""
        due = state.due()
        for start in range(0, len(due), CHUNK):
            await self._send(state, due[start : start + CHUNK], attempt)
        state.settle()

    async def _send(self, state: AlertState, alerts: Sequence[PostableAlert], attempt: Attempt) -> None:
        try:
            await self._cluster.send(attempt.http, alerts, attempt.now_ms)
        except DeliveryRefused as refusal:
            if len(alerts) > 1:
                for alert in alerts:
                    await self._send(state, [alert], attempt)
                return
            (refused,) = alerts
            if refused.link is not None:
                await self._send_without_link(state, refused, refusal, attempt)
                return
            await attempt.drop(refused.step, refusal)
            state.refused(refused)
            return
        for alert in alerts:
            state.delivered(alert)
        attempt.delivered(len(alerts))

    async def _send_without_link(
        self, state: AlertState, alert: PostableAlert, refusal: DeliveryRefused, attempt: Attempt
    ) -> None:
        try:
            await self._cluster.send(attempt.http, [alert._replace(has_link=False)], attempt.now_ms)
        except DeliveryRefused:
            await attempt.drop(alert.step, refusal)
            state.refused(alert)
            return
        state.link_refused(alert)
        state.delivered(alert)
        attempt.delivered(1)
        attempt.links_refused(alert.step, refusal)
