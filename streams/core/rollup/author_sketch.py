"""What is kept of the authors of a span once there are too many to count each: linear and idempotent sketches."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from datasketch import HyperLogLogPlusPlus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

INDEX_BITS: Final = 12

GROUPS: Final = 1 << INDEX_BITS
"""Groups of authors, by the last bits of their hashes: registers of the HyperLogLog, and sums of mentions. The standard
error is 1.04 / sqrt(4096), 1.6 %, of the number of authors, and sqrt(2 / 4096), 2.2 %, of the effective number."""

SAMPLE: Final = 256
"""Authors with the smallest hashes, who are a random sample of all authors."""

_HASH_BITS: Final = 48
_LOW_BITS: Final = 16


class AuthorSketch:
    """Numbers of authors and of their mentions in bounded space.

    It follows from how often each author wrote, whatever the order in which the mentions were added and sketches were
    merged: registers and sample are unions, sums of mentions are sums. Hashes of authors are uniform already, as they
    are keyed hashes (`streams.core.score.authors`).
    """

    def __init__(self) -> None:
        self._registers = _hyperloglog(np.zeros(GROUPS, dtype=np.int8))
        self._mentions: NDArray[np.int64] = np.zeros(GROUPS, dtype=np.int64)
        self.sample: list[int] = []

    def add(self, counts: Mapping[int, int]) -> None:
        """Add mentions by known author."""
        for author in counts:
            self._registers.update(author)
        hashes = np.fromiter(counts, dtype=np.uint64, count=len(counts))
        mentions = np.fromiter(counts.values(), dtype=np.int64, count=len(counts))
        np.add.at(self._mentions, hashes & np.uint64(GROUPS - 1), mentions)
        self.sample = sorted({*self.sample, *counts})[:SAMPLE]

    def merge(self, other: AuthorSketch) -> None:
        """Add what another sketch has counted."""
        self._registers.merge(other._registers)
        self._mentions = self._mentions + other._mentions
        self.sample = sorted({*self.sample, *other.sample})[:SAMPLE]

    @property
    def mentions(self) -> int:
        """Number of mentions, exactly."""
        return int(self._mentions.sum())

    @property
    def authors(self) -> int:
        """Estimated number of authors, by HyperLogLog with the bias correction of HyperLogLog++ (Flajolet et al. 2007,
        Heule et al. 2013); never more than mentions."""
        return min(self.mentions, round(float(self._registers.count())))

    @property
    def sum_of_squares(self) -> float:
        """Estimated sum of the squares of the mentions of each author, from the mentions of each group.

        With k groups, S mentions and s in a group it is (k * sum of s^2 - S^2) / (k - 1), which is unbiased (Thorup and
        Zhang, Tabulation-based 5-independent hashing with applications to linear probing and second moment estimation,
        SIAM Journal on Computing 41(2), 2012).
        """
        squares, mentions = int(self._mentions @ self._mentions), self.mentions
        return max(float(mentions), (GROUPS * squares - mentions * mentions) / (GROUPS - 1))

    def largest(self, number: int) -> list[int]:
        """Estimate the mentions of the most active authors, in descending order: those of the largest groups, less the
        mean of the other groups, which is what else falls into a group."""
        largest = np.sort(self._mentions)[: -number - 1 : -1]
        rest = (self.mentions - int(largest.sum())) / (GROUPS - number)
        return [max(1, round(float(mentions) - rest)) for mentions in largest]

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        return [b64encode(self._registers.reg.tobytes()).decode(), self._mentions.tolist(), self.sample]

    @classmethod
    def load(cls, values: list[Any]) -> AuthorSketch:
        """Restore a sketch that `dump` returned."""
        registers, mentions, sample = values
        sketch = cls()
        sketch._registers = _hyperloglog(np.frombuffer(b64decode(registers), dtype=np.int8).copy())
        sketch._mentions = np.array(mentions, dtype=np.int64)
        sketch.sample = sample
        return sketch


def _hyperloglog(registers: NDArray[np.int8]) -> HyperLogLogPlusPlus:
    return HyperLogLogPlusPlus(reg=registers, hashfunc=_of_64_bits)


def _of_64_bits(author: int) -> int:
    """Return the hash of an author in the form that datasketch expects: the last bits choose the register, the number
    of zeros at the beginning of 64 bits is what a register holds the most of."""
    return (author & (1 << _HASH_BITS) - 1) << _LOW_BITS | author & (1 << _LOW_BITS) - 1
