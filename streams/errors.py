"""Every error firewatch raises on purpose.

::

    FirewatchError                 something the user or operator can act on
    ├── ConfigError                the YAML file, an environment override, or a secret file
    ├── InputError                 a file of posts that can't be read
    │   └── BadShareExceeded       too many bad records: stop rather than divert everything
    ├── OutputError                a file that can't be written, such as for a full disk
    ├── RecordError                the bytes of a record; carries topic, partition, offset where known
    │   ├── OutdatedState          a state written by a firewatch too old
    │   └── UnknownVersion         a record or state written by a newer firewatch
    ├── KafkaError                 the broker, a topic, a permission
    │   ├── BrokerUnreachable
    │   ├── NotAllowed             permissions are missing
    │   └── TopicMismatch          an existing topic differs in a way that breaks the service
    ├── UnknownIncident            an id that no alert carries
    ├── DeliveryError              a receiver of alerts outside Kafka
    │   ├── DeliveryRefused        it will not have this alert, however often it is asked
    │   └── DeliveryFailed         it does not answer, or not now
    ├── DetectorFailed             a detector raised; noted, so that it is put out of use if it goes on
    ├── ExpectationFailed          a config does not raise what it was expected to raise
    ├── MissingPackage             an optional package that a setting asks for is not installed
    ├── PortTaken                  a metrics or broker port that another process holds
    └── WorkerFailed               a worker under supervision that gave up

The command line prints the message and exits with `exit_code`; a traceback means a defect of firewatch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class FirewatchError(Exception):
    """Base of all errors with a message meant for the person who runs firewatch."""

    exit_code = 1


class ConfigError(FirewatchError):
    """The configuration can't be used.

    Parameters
    ----------
    problems
        One line for each problem, each naming the path inside the file (``brands[2].match.any``) and what is allowed
        there.
    file
        The file the settings came from, if any.
    """

    exit_code = 2

    def __init__(self, problems: list[str], file: Path | None = None) -> None:
        self.problems = problems
        self.file = file
        where = f"{file}: " if file else ""
        super().__init__("\n".join(f"{where}{problem}" for problem in problems))


class InputError(FirewatchError):
    """A file of posts is missing, unreadable, empty, or not what its name says."""

    exit_code = 3


class BadShareExceeded(InputError):
    """More of the input is bad than `ingest.max_bad_share` allows."""

    def __init__(self, bad: int, seen: int, limit: float, reasons: dict[str, int]) -> None:
        self.bad, self.seen, self.limit, self.reasons = bad, seen, limit, reasons
        listed = ", ".join(
            f"{reason} {count}" for reason, count in sorted(reasons.items(), key=lambda r: (-r[1], r[0]))
        )
        super().__init__(
            f"{bad} of {seen} records are bad ({listed}): over the limit ingest.max_bad_share={limit:g}. "
            "Stopped so as not to divert the whole input; check the source, or raise the limit if this is expected."
        )


class OutputError(FirewatchError):
    """A file that was asked for can't be written."""

    def __init__(self, file: Path | str, error: OSError) -> None:
        super().__init__(f"{file} can't be written: {error.strerror or error}")


class RecordError(FirewatchError):
    """The bytes of one record can't be used.

    Parameters
    ----------
    reason
        A short, stable word for metrics and DLQ headers, such as ``broken_json``.
    detail
        What was wrong, for a person; never contains the text of a post.
    topic, partition, offset
        Where the record stands, where known.
    """

    def __init__(
        self,
        reason: str,
        detail: str,
        *,
        topic: str | None = None,
        partition: int | None = None,
        offset: int | None = None,
    ) -> None:
        self.reason, self.detail = reason, detail
        self.topic, self.partition, self.offset = topic, partition, offset
        where = f"{topic}[{partition}]@{offset}: " if topic is not None else ""
        super().__init__(f"{where}{reason}: {detail}")


class UnknownVersion(RecordError):
    """A record or a state carries a version that this firewatch does not know."""

    def __init__(self, what: str, version: object, known: int, **where: object) -> None:
        super().__init__(
            "unknown_version",
            f"{what} has version {version!r}, this firewatch reads up to {known}: upgrade before you go on",
            **where,  # type: ignore[arg-type]
        )


class OutdatedState(RecordError):
    """A state was written by a firewatch so old that nothing tells what it means today."""

    def __init__(self, what: str, version: object, oldest: int) -> None:
        super().__init__(
            "outdated_state",
            f"{what} has version {version!r}, this firewatch reads none before {oldest}: stop all detect workers, "
            "delete the topic firewatch-detect-brands-changelog (behind topics.prefix) and run `firewatch topics` to "
            "learn anew",
        )


class KafkaError(FirewatchError):
    """Kafka refused, or something on it is not as the service needs it."""

    exit_code = 4


class BrokerUnreachable(KafkaError):
    """No broker answers at the configured address."""

    exit_code = 8

    def __init__(self, bootstrap_servers: str, detail: str) -> None:
        super().__init__(
            f"no Kafka broker answers at {bootstrap_servers} ({detail}). Is it running? "
            "Set kafka.bootstrap_servers in the config or KAFKA_BOOTSTRAP in the environment; "
            "`make kafka-start` starts a local one."
        )


class NotAllowed(KafkaError):
    """A worker lacks permissions in Kafka.

    Parameters
    ----------
    worker
        Which one.
    user
        Who it is to Kafka.
    bootstrap_servers
        Which Kafka.
    permissions
        What is missing, such as ``Write on topic social.mentions``.
    """

    def __init__(self, worker: str, user: str, bootstrap_servers: str, permissions: list[str]) -> None:
        self.permissions = permissions
        super().__init__(
            f"{user} lacks permissions on {bootstrap_servers}: {', '.join(permissions)}. "
            f"`firewatch acls {worker}` prints the ACLs that grant what it needs"
        )


class TopicMismatch(KafkaError):
    """An existing topic differs from its definition in a way that breaks the service."""


class MissingPackage(FirewatchError):
    """What was asked for needs an optional package that is not installed.

    Parameters
    ----------
    what
        Was asked for.
    package
        Its name on the package index.
    extra
        Of firewatch, that brings it.
    """

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(f"{what} needs {package}, which is not installed: pip install 'firewatch[{extra}]'")


class UnknownIncident(FirewatchError):
    """An id names no incident, or more than one."""

    exit_code = 3


class DeliveryError(FirewatchError):
    """A receiver has not taken an alert.

    Parameters
    ----------
    reason
        A short, stable word for metrics and DLQ headers, such as ``http_503``.
    detail
        What was wrong, for a person; holds no secret of the receiver's address.
    """

    def __init__(self, reason: str, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}")


class DeliveryRefused(DeliveryError):
    """The receiver says that the alert itself can't be taken."""


class DeliveryFailed(DeliveryError):
    """The receiver can't be reached, fails, or does not let us in: the same alert may be taken later.

    Parameters
    ----------
    retry_after_seconds
        When the receiver asks to be tried again, if it does.
    """

    def __init__(self, reason: str, detail: str, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(reason, detail)


class PortTaken(FirewatchError):
    """Another process listens on a port that was asked for."""

    exit_code = 5

    def __init__(self, host: str, port: int, setting: str) -> None:
        super().__init__(
            f"{host}:{port} is taken by another process: free it or set {setting} to another port (0 picks a free one)"
        )


class WorkerFailed(FirewatchError):
    """A supervised worker died more often than the supervisor restarts it."""

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
    """A detector raised. The offset has not moved; the worker that reads the same mentions next comes here again."""

    exit_code = 7

    def __init__(self, failure: Failure, detail: str, after: int) -> None:
        self.failure = failure
        super().__init__(
            f"detector {failure.detector!r} of brand {failure.brand!r} raised in {failure.doing}: {detail}. Restart "
            f"the worker: after {after} of the same (detect.quarantine_after) the brand goes on without this detector"
        )


class ExpectationFailed(FirewatchError):
    """A config does not raise what it was expected to raise."""

    exit_code = 9
