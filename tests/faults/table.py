"""What the fault tests found, a row each, as the README shows it."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(slots=True)
class Row:
    """One fault.

    Parameters
    ----------
    fault
        What was done.
    rounds
        How often.
    posts
        Good posts sent, each once.
    lost, doubled
        Mentions, over all brands.
    windows
        Windows whose counts or sums differ from the oracle's.
    alerts
        Alert ids that only one side has.
    recovery_seconds
        From each fault until the work that waited at that moment was done.
    problems
        Everything that breaks the promise, in words; empty if it holds.
    """

    fault: str
    rounds: int
    posts: int
    lost: int = 0
    doubled: int = 0
    windows: int = 0
    alerts: int = 0
    recovery_seconds: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def recovery(self) -> str:
        """Median and longest."""
        if not self.recovery_seconds:
            return ""
        return f"{statistics.median(self.recovery_seconds):.1f} (max {max(self.recovery_seconds):.1f})"


def markdown(rows: Sequence[Row]) -> str:
    """All rows as one table."""
    lines = [
        "| fault | rounds | posts | lost | doubled | alert difference | recovery, s |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.fault}{' **FAILED**' if row.problems else ''} | {row.rounds} | {row.posts:,} | {row.lost} "
        f"| {row.doubled} | {row.alerts} | {row.recovery} |"
        for row in rows
    ]
    return "\n".join(lines)
