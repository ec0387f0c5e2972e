"""Warn of posts and mentions that come too late to be counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.sources.ordered import described

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.core.ingest.time_order import TimeOrder
    from streams.sources.base import Line

LOUD_SHARE: Final = 0.01
"""Share of late mentions above which a result is not to be trusted without a look at the order of the posts."""


def late_mentions(counted: int, late: int) -> Iterator[str]:
    """Yield a warning if many mentions were late.

    >>> list(late_mentions(counted=99, late=1))
    []
    >>> list(late_mentions(counted=9, late=4_512))
    ['WARNING: 4,512 of 4,521 mentions (99.8 %) came after their bucket had closed: no detector counted them, so \
incidents may be missing. The posts are not in order of time, or some are dated ahead of all others']
    """
    if late > LOUD_SHARE * (counted + late):
        share = f"{100 * late / (counted + late):.1f} %"
        yield (
            f"WARNING: {late:,} of {counted + late:,} mentions ({share}) came after their bucket had closed: no "
            "detector counted them, so incidents may be missing. The posts are not in order of time, or some are dated "
            "ahead of all others"
        )


def late_posts(order: TimeOrder[Line], lateness_seconds: float) -> Iterator[str]:
    """Yield a remark if many posts come so long after a later one that they may be late.

    Parameters
    ----------
    order
        How the posts followed one another.
    lateness_seconds
        ``windows.lateness_seconds``.
    """
    if order.first_beyond and order.beyond > LOUD_SHARE * order.posts:
        yield (
            f"{order.beyond:,} of {order.posts:,} posts come after one that is later by more than "
            f"windows.lateness_seconds={lateness_seconds:g}, the first {described(order.first_beyond)}. A file is "
            "sorted unless --keep-order is given, standard input if it has at most 1 GB"
        )
