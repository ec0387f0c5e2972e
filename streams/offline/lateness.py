"""Warn of mentions that came too late to be counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.sources.ordered import LOUD_SHARE

if TYPE_CHECKING:
    from collections.abc import Iterator


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
