"""Errors of records and states."""

from __future__ import annotations

from streams.errors.base import FirewatchError


class RecordError(FirewatchError):
    """The bytes of one record are invalid.

    Parameters
    ----------
    reason
        A short, stable word for metrics and DLQ headers, such as ``broken_json``.
    detail
        Description of the problem for people; never contains the text of a post.
    field
        Field of the post that the problem is about; empty for the record as a whole.
    topic, partition, offset
        Position of the record, where known.
    """

    def __init__(
        self,
        reason: str,
        detail: str,
        *,
        field: str = "",
        topic: str | None = None,
        partition: int | None = None,
        offset: int | None = None,
    ) -> None:
        self.reason, self.detail, self.field = reason, detail, field
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
