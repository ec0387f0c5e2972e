"""The interface between the bridge worker and the senders to its receivers."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, Protocol

from streams.core.deliver.state import StateT
from streams.core.text.clean import printable
from streams.errors import DeliveryRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from streams.core.deliver.step import DeliveryStep, DeliveryVerdict
    from streams.core.deliver.suppression import Suppression
    from streams.errors import DeliveryError
    from streams.workers.receivers.http_client import HttpClient

SHOWN_CHARS: Final = 300
"""Part of an exception's message that is shown in logs and dead letters."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver everything that is due in a partition.

    Parameters
    ----------
    http
        Client for the requests.
    now_ms
        Current time, in milliseconds since the epoch.
    delivered
        To be called with the number of alerts that the receiver has just accepted.
    drop
        To be called with a step that can't be delivered, and the reason; it sends the step to the dead letter queue.
    drop_verdict
        To be called with a verdict that can't be delivered, and the reason.
    links_refused
        To be called with a step that the receiver has refused with its links and accepted without, and the refusal.
    warn
        To be called with the fingerprint of an incident, a sentence about a part of its delivery that has failed, and
        the error, where the delivery goes on without that part.
    """

    http: HttpClient
    now_ms: int
    delivered: Callable[[int], None]
    drop: Callable[[DeliveryStep, DeliveryError], Awaitable[None]]
    drop_verdict: Callable[[DeliveryVerdict, DeliveryError], None]
    links_refused: Callable[[DeliveryStep, DeliveryError], None]
    warn: Callable[[str, str, DeliveryError], None]


class Sender(Protocol, Generic[StateT]):
    """Sends what is due in a delivery state to a receiver.

    Attributes
    ----------
    target
        Name of the receiver, as in the registry.
    """

    target: str

    def new_state(self, suppression: Suppression) -> StateT:
        """Return an empty delivery state of the kind that this sender works on."""

    async def deliver(self, state: StateT, attempt: Attempt) -> None:
        """Send everything that is due, and record in `state` what has been accepted.

        Raises
        ------
        DeliveryFailed
            If the receiver does not accept alerts at the moment.
        """


@contextmanager
def rendering() -> Iterator[None]:
    """Refuse what is rendered in the body if that raises, whatever it is: texts and links of alerts come from outside.

    Raises
    ------
    DeliveryRefused
        If the body raises.
    """
    try:
        yield
    except Exception as error:
        detail = f"{type(error).__name__}: {printable(str(error))[:SHOWN_CHARS]}"
        raise DeliveryRefused("not_rendered", detail) from error
