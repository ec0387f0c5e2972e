"""Define every error that firewatch raises on purpose; imports nothing of firewatch.

::

    FirewatchError                 a problem that the user or operator can act on
    ├── ConfigError                the YAML file, an environment override, or a secret file
    ├── InputError                 a file of posts that can't be read
    │   ├── TruncatedInput         a compressed file whose end is missing
    │   └── RejectionRatioExceeded too many rejected records: stop before all go to the dead letter queue
    ├── OutputError                a file that can't be written, such as for a full disk
    ├── RecordError                the bytes of a record; has topic, partition and offset where known
    │   ├── OutdatedState          a state written by a version of firewatch that is too old
    │   └── UnknownVersion         a record or state written by a newer version of firewatch
    ├── KafkaError                 the broker, a topic, a permission
    │   ├── BrokerUnreachable
    │   ├── NotAllowed             permissions are missing
    │   └── TopicMismatch          an existing topic differs in a way that breaks the service
    ├── UnknownIncident            an id that no alert has
    ├── DeliveryError              a receiver of alerts outside Kafka
    │   ├── DeliveryRefused        it refuses this alert for good
    │   └── DeliveryFailed         it may accept the alert later
    │       ├── DeliveryDenied     it will, once settings or permissions there have been repaired
    │       └── MessageGone        the message that is answered or updated is not there any more
    ├── DetectorFailed             a detector raised; it is quarantined after repeated failures
    ├── ExpectationFailed          a config does not raise the incidents that were expected
    ├── MissingPackage             an optional package that a setting asks for is not installed
    ├── PortTaken                  a metrics or broker port that another process uses
    └── WorkerFailed               a supervised worker that is not restarted any more

The command line prints the message and exits with `exit_code`; a traceback means a defect of firewatch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class FirewatchError(Exception):
    """Base of all errors with a message for the person who runs firewatch."""

    exit_code = 1


class Problem(NamedTuple):
    """One problem of a config.

    Parameters
    ----------
    message, field
        What is allowed or what to do, and the path inside the file, such as ``brands[2].match.any``; empty for all.
    line, column, variable
        Place in the file, counted from 1, or the environment variable that has set the field; None if unknown.
    value
        The wrong value; None where there is none, or where it may be a secret.
    """

    message: str
    field: str = ""
    line: int | None = None
    column: int | None = None
    variable: str | None = None
    value: object = None

    def __str__(self) -> str:
        """Return the problem with its place in parentheses."""
        place = ""
        if self.variable is not None:
            place = f" (environment variable {self.variable})"
        elif self.line is not None:
            place = f" (line {self.line}{'' if self.column is None else f', column {self.column}'})"
        return f"{self._text}{place}"

    def located(self, file: Path | str) -> str:
        """Return the problem behind its place, such as ``firewatch.yaml:4: brands[0].name: must be text``."""
        if self.variable is not None or self.line is None:
            return f"{file}: {self}"
        column = "" if self.column is None else f":{self.column}"
        return f"{file}:{self.line}{column}: {self._text}"

    @property
    def _text(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class ConfigError(FirewatchError):
    """The configuration, an override by the environment, or a secret file is invalid.

    Parameters
    ----------
    problems, file
        All problems, of which those that are text have no place, and the file that holds the settings, if any.

    Attributes
    ----------
    found
        The problems in the order of their lines.
    """

    exit_code = 2

    def __init__(self, problems: Sequence[Problem | str], file: Path | None = None) -> None:
        every = [problem if isinstance(problem, Problem) else Problem(problem) for problem in problems]
        self.found = sorted(every, key=lambda problem: (problem.line or 0, problem.column or 0))
        self.file = file
        super().__init__("\n".join(str(each) if file is None else each.located(file) for each in self.found))

    @property
    def problems(self) -> list[str]:
        """Return one line for each problem, with its place in the file, which it does not name."""
        return list(map(str, self.found))


class InputError(FirewatchError):
    """A file of posts is missing, unreadable, empty, or not of the format that its name promises."""

    exit_code = 3


class TruncatedInput(InputError):
    """The end of a compressed file is missing; all before it has been read."""


class RejectionRatioExceeded(InputError):
    """The share of rejected records exceeds `ingest.max_bad_share`.

    Parameters
    ----------
    bad, seen
        Number of rejected records, and of all.
    limit
        The limit.
    reasons
        Number of rejected records by reason.
    details
        Place, reason and detail of some of them, and remarks on the source.
    source
        Name of the source.
    """

    def __init__(
        self, bad: int, seen: int, limit: float, reasons: dict[str, int], details: Sequence[str] = (), source: str = ""
    ) -> None:
        self.bad, self.seen, self.limit, self.reasons = bad, seen, limit, reasons
        listed = ", ".join(
            f"{reason} {count}" for reason, count in sorted(reasons.items(), key=lambda r: (-r[1], r[0]))
        )
        where = f"{source}: " if source else ""
        super().__init__(
            f"{where}{bad} of {seen} records are rejected ({listed}): over the limit ingest.max_bad_share={limit:g}. "
            "Stopped before the whole input goes to the dead letter queue; check the source, or raise the limit if "
            "this is expected." + "".join(f"\n  {detail}" for detail in details)
        )


class OutputError(FirewatchError):
    """An output file can't be written."""

    def __init__(self, file: Path | str, error: OSError) -> None:
        super().__init__(f"{file} can't be written: {error.strerror or error}")


class RecordError(FirewatchError):
    """The bytes of one record are invalid.

    Parameters
    ----------
    reason
        A short, stable word for metrics and DLQ headers, such as ``broken_json``.
    detail
        Description of the problem for people; never contains the text of a post.
    topic, partition, offset
        Position of the record, where known.
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
    """A record or a state has a version that this version of firewatch does not know."""

    def __init__(self, what: str, version: object, known: int, **where: object) -> None:
        super().__init__(
            "unknown_version",
            f"{what} has version {version!r}, this firewatch reads up to {known}: upgrade before you continue",
            **where,  # type: ignore[arg-type]
        )


class OutdatedState(RecordError):
    """A state was written by a version of firewatch that is too old to be read."""

    def __init__(self, what: str, version: object, oldest: int) -> None:
        super().__init__(
            "outdated_state",
            f"{what} has version {version!r}, this firewatch reads none before {oldest}: stop all detect workers, "
            "delete the topic firewatch-detect-brands-changelog (with topics.prefix before its name) and run "
            "`firewatch topics` to start without history",
        )


class KafkaError(FirewatchError):
    """Kafka refused a request, or the cluster does not meet the needs of firewatch."""

    exit_code = 4


class BrokerUnreachable(KafkaError):
    """No broker answers at the configured address."""

    exit_code = 8

    def __init__(self, bootstrap_servers: str, detail: str) -> None:
        super().__init__(
            f"no Kafka broker answers at {bootstrap_servers} ({detail}). If yours has another address, set "
            "kafka.bootstrap_servers in the config or KAFKA_BOOTSTRAP in the environment. To start one here: "
            "`make kafka-start` in a checkout of firewatch, which prints its address; elsewhere "
            "`firewatch init kafka --deploy` and `docker compose -f kafka/deploy/compose.yaml up --detach kafka`, "
            "which listens at 127.0.0.1:9092."
        )


class NotAllowed(KafkaError):
    """A worker lacks permissions in Kafka.

    Parameters
    ----------
    worker
        Name of the worker.
    user
        How Kafka identifies the worker.
    bootstrap_servers
        Addresses of the cluster.
    permissions
        Missing permissions, such as ``Write on topic social.mentions``.
    """

    def __init__(self, worker: str, user: str, bootstrap_servers: str, permissions: list[str]) -> None:
        self.permissions = permissions
        super().__init__(
            f"{user} lacks permissions on {bootstrap_servers}: {', '.join(permissions)}. "
            f"`firewatch acls {worker}` prints the ACLs that grant them"
        )


class TopicMismatch(KafkaError):
    """An existing topic differs from its definition in a way that breaks the service."""


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
