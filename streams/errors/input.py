"""Errors of files that are read or written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.errors.base import FirewatchError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


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
