"""Errors of live sources."""

from __future__ import annotations

from streams.errors.base import FirewatchError


class SourceError(FirewatchError):
    """A live source can't be read at present.

    Parameters
    ----------
    source
        Id of the source.
    reason
        A short, stable word for metrics, such as ``http_503`` or ``stalled``.
    detail
        Description of the problem for people, with the way out; holds no secret.
    """

    exit_code = 10

    def __init__(self, source: str, reason: str, detail: str) -> None:
        self.source, self.reason, self.detail = source, reason, detail
        super().__init__(f"source {source}: {detail}")

    @property
    def in_one_line(self) -> str:
        """Return the problem without the name of the source."""
        return self.detail


class SourceRefused(SourceError):
    """The other side denies access, or does not offer what is asked for, until somebody changes something."""


class SourceUnavailable(SourceError):
    """The other side can't be reached, failed, or asks for patience.

    Parameters
    ----------
    retry_after_seconds
        Seconds after which it asks to be tried again, if it does.
    """

    def __init__(self, source: str, reason: str, detail: str, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(source, reason, detail)
