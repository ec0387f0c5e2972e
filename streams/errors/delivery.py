"""Errors of the delivery of alerts."""

from __future__ import annotations

from streams.errors.base import FirewatchError


class UnknownIncident(FirewatchError):
    """An id matches no incident, or more than one."""

    exit_code = 3


class DeliveryError(FirewatchError):
    """A receiver has not accepted an alert.

    Parameters
    ----------
    reason
        A short, stable word for metrics and DLQ headers, such as ``http_503``.
    detail
        Description of the problem for people; holds no secret of the receiver's address.
    """

    def __init__(self, reason: str, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}")


class DeliveryRefused(DeliveryError):
    """The receiver refuses the alert itself, so trying again is of no use."""


class DeliveryFailed(DeliveryError):
    """The receiver can't be reached, fails, or denies access; it may accept the same alert later.

    Parameters
    ----------
    retry_after_seconds
        Seconds after which the receiver asks for another attempt, if it does.
    """

    def __init__(self, reason: str, detail: str, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(reason, detail)


class DeliveryDenied(DeliveryFailed):
    """The receiver denies access for as long as a setting, a permission or a channel is wrong; the alert waits."""


class MessageGone(DeliveryFailed):
    """The message that is to be answered or updated has been deleted or closed at the receiver."""
