"""What the fault tests of live sources found, a row each."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from streams.config import Config
    from streams.records import Gap
    from tests.support.live_sources import Ingested


@dataclass(slots=True)
class SourceRow:
    """One fault of a source.

    Parameters
    ----------
    fault
        What was done.
    rounds
        How often.
    posts
        Posts that the other side delivered, or kept for those who ask again.
    lost
        Posts of these that are not counted and lie in no reported gap.
    doubled
        Posts that are counted more than once.
    reported, true
        Gaps that were reported, and those that there were.
    problems
        Everything that breaks the promise, in words; empty if it holds.
    """

    fault: str
    rounds: int
    posts: int
    lost: int
    doubled: int
    reported: int = 0
    true: int = 0
    problems: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        fault: str,
        rounds: int,
        config: Config,
        ingested: Ingested,
        *,
        source: str,
        ids: Iterable[str],
        gaps: Sequence[tuple[int, int]] = (),
    ) -> SourceRow:
        """Compare what arrived with what there was.

        Parameters
        ----------
        ids
            Ids of all posts that the other side delivered, or kept, outside the gaps.
        gaps
            Bounds of the gaps that there were.
        """
        expected, counted = set(ids), ingested.counted(config)
        lost = [id for id in expected if not counted[source, id]]
        doubled = [id for (name, id), times in counted.items() if name == source and times > 1]
        reported = [(gap.from_ms, gap.to_ms) for gap in ingested.gaps if gap.source == source]
        row = cls(fault, rounds, len(expected), len(lost), len(doubled), len(set(reported)), len(set(gaps)))
        if lost:
            row.problems.append(f"lost: {sorted(lost)[:5]}")
        if doubled:
            row.problems.append(f"counted twice: {sorted(doubled)[:5]}")
        if set(reported) != set(gaps):
            row.problems.append(f"gaps reported: {sorted(set(reported))}, there were {sorted(set(gaps))}")
        return row

    @classmethod
    def beside_losses(
        cls,
        fault: str,
        rounds: int,
        config: Config,
        ingested: Ingested,
        *,
        source: str,
        posts: Mapping[str, int],
        lost: Container[str],
        slack_ms: int = 0,
    ) -> SourceRow:
        """Compare what arrived with what there was, of which some could not arrive.

        Parameters
        ----------
        posts, lost, slack_ms
            As in `true_gaps`.
        """
        gaps = true_gaps(ingested.gaps, posts, lost, slack_ms)
        ids = [id for id in posts if id not in lost]
        return cls.of(fault, rounds, config, ingested, source=source, ids=ids, gaps=gaps)


def true_gaps(
    reported: Iterable[Gap], posts: Mapping[str, int], lost: Container[str], slack_ms: int = 0
) -> list[tuple[int, int]]:
    """Return the gaps that there were: of each span of lost posts the bounds that were reported, if they lie between it
    and the posts beside it, and else the times of these posts.

    Parameters
    ----------
    reported
        Gaps of the source.
    posts
        Time of each post, milliseconds since the epoch, by id.
    lost
        Ids of those that the other side neither delivered nor gave when it was asked.
    slack_ms
        By how much a gap may reach beyond the first post after the span.
    """
    bounds = [(gap.from_ms, gap.to_ms) for gap in reported]
    there = []
    before_ms = 0
    for is_lost, span in groupby(sorted(posts.items(), key=lambda post: post[1]), key=lambda post: post[0] in lost):
        times = [at_ms for _, at_ms in span]
        if is_lost:
            there.append((before_ms, times[0], times[-1]))
        before_ms = times[-1]
    gaps = []
    for before_ms, first_ms, last_ms in there:
        after_ms = min((at_ms for id, at_ms in posts.items() if id not in lost and at_ms > last_ms), default=2**63)
        found = [
            (from_ms, to_ms)
            for from_ms, to_ms in bounds
            if before_ms <= from_ms <= first_ms and last_ms <= to_ms <= after_ms + slack_ms
        ]
        gaps.append(found[0] if found else (before_ms, after_ms))
    return gaps


def source_markdown(rows: Sequence[SourceRow]) -> str:
    """All rows as one table."""
    lines = ["| fault | rounds | posts | lost | doubled | gaps reported/true |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row.fault}{' **FAILED**' if row.problems else ''} | {row.rounds} | {row.posts:,} | {row.lost} "
        f"| {row.doubled} | {row.reported}/{row.true} |"
        for row in rows
    ]
    return "\n".join(lines)
