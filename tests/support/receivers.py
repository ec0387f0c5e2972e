"""Receivers for unit tests: in place of a network, they record what they are sent."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from streams.config import Config
from streams.workers.receivers.base import Attempt
from streams.workers.receivers.steps import Request
from tests.support.alerts import START_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.config import BridgeSettings
    from streams.core.deliver.step import DeliveryStep, DeliveryVerdict
    from streams.errors import DeliveryError


def config_with(bridge: BridgeSettings, **sections: Any) -> Config:
    """Return a config of two brands with a section `bridge`, and with other sections."""
    brands = [{"id": id, "name": id.capitalize(), "match": {"any": [id]}} for id in ("nordtel", "acme")]
    return Config.model_validate({"brands": brands, **sections}).model_copy(update={"bridge": bridge})


class FakeReceiver:
    """Raises the given errors, one for each attempt (None for one that succeeds), and then accepts everything.

    It stands for a cluster of Alertmanagers, for a receiver of single steps, and for the HTTP client of the latter.
    """

    def __init__(self, *errors: DeliveryError | None) -> None:
        self._errors = deque(errors)
        self._requested: Any = None
        self.accepted: list[Any] = []

    def recover(self) -> None:
        """Accept everything from now on."""
        self._errors.clear()

    async def send(self, _http: Any, message: Any, _now_ms: int) -> None:
        error = self._errors.popleft() if self._errors else None
        if error is not None:
            raise error
        self.accepted.append(message)

    def request(self, step: DeliveryStep, _now_ms: int) -> Request:
        self._requested = step
        return Request("", step.value, {})

    async def post(self, *_request: Any) -> None:
        await self.send(None, self._requested, 0)


class FakeHttp:
    """Records posts."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, bytes, Mapping[str, str]]] = []

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        self.posts.append((url, body, headers))


class Outcomes:
    """Counts the alerts that are delivered and records those that are dropped."""

    def __init__(self) -> None:
        self.delivered = 0
        self.dropped: list[tuple[str, str]] = []
        self.dropped_verdicts: list[tuple[str, str]] = []
        self.links_refused: list[tuple[str, str]] = []
        self.warnings: list[tuple[str, str]] = []

    def attempt(self, http: Any = None) -> Attempt:
        return Attempt(http, START_MS, self._count, self._drop, self._drop_verdict, self._links_refused, self._warn)

    def _count(self, alerts: int) -> None:
        self.delivered += alerts

    def _links_refused(self, step: DeliveryStep, error: DeliveryError) -> None:
        self.links_refused.append((step.alert.id, error.reason))

    def _drop_verdict(self, verdict: DeliveryVerdict, error: DeliveryError) -> None:
        self.dropped_verdicts.append((verdict.id, error.reason))

    def _warn(self, incident: str, _sentence: str, error: DeliveryError) -> None:
        self.warnings.append((incident, error.reason))

    async def _drop(self, step: DeliveryStep, error: DeliveryError) -> None:
        self.dropped.append((step.alert.id, error.reason))
