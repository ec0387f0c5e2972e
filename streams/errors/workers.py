"""Errors of processes, detectors, packages and tests of a config."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from streams.errors.base import FirewatchError


class MissingPackage(FirewatchError):
    """A setting or command needs an optional package that is not installed.

    Parameters
    ----------
    what
        The setting or command.
    package
        Name of the package on the package index.
    extra
        Extra of firewatch that installs the package.
    """

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(f"{what} needs {package}, which is not installed: pip install 'firewatch[{extra}]'")


class PortTaken(FirewatchError):
    """Another process listens on a configured port."""

    exit_code = 5

    def __init__(self, host: str, port: int, setting: str) -> None:
        super().__init__(
            f"{host}:{port} is used by another process: free it or set {setting} to another port (0 picks a free one)"
        )


class WorkerFailed(FirewatchError):
    """A supervised worker failed more often than the supervisor restarts it."""

    exit_code = 6


Doing = Literal["score_one", "learn_one", "snapshot", "restore"]
"""The methods of a detector that can fail."""


ANY_TIME: Final = -1
"""Event time of a failure in a method that is called when a batch decides, not at a moment of event time."""


class Failure(NamedTuple):
    """One failure of a detector; equal failures count as repetitions of the same one.

    Parameters
    ----------
    brand
        Brand id.
    detector
        Name of the detector.
    doing
        Method that raised.
    at_ms
        Event time of the check; `ANY_TIME` where batches decide when the method is called.
    error
        Name of the exception's type.
    """

    brand: str
    detector: str
    doing: Doing
    at_ms: int
    error: str


class DetectorFailed(FirewatchError):
    """A detector raised an error.

    The offset has not moved, so the worker that reads the same mentions next calls the detector at the same place
    again.
    """

    exit_code = 7

    def __init__(self, failure: Failure, detail: str, after: int) -> None:
        self.failure = failure
        super().__init__(
            f"detector {failure.detector!r} of brand {failure.brand!r} raised in {failure.doing}: {detail}. Restart "
            f"the worker: after {after} of these failures (detect.quarantine_after) the brand continues without this "
            "detector"
        )


class ExpectationFailed(FirewatchError):
    """A config does not raise the incidents that were expected."""

    exit_code = 9
