"""Labels that are learned once more beside new ones: what one step leaves of a label's information, another takes up.

Learning single labels again from a memory is Lin's experience replay (*Self-Improving Reactive Agents Based On
Reinforcement Learning, Planning and Teaching*, Machine Learning 1992).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from streams.core.sentiment.vectors import Vector

SIZE: Final = 5_000
"""Latest labels that are kept. An error, or a word whose meaning changes, is forgotten after so many."""

MAX_FEATURES: Final = 1_500
"""Of a text that is kept, in 12 kB; a tweet has about 190. Longer ones are learned once: this bounds the memory to
60 MB."""


class Labelled(NamedTuple):
    """What was learned.

    Parameters
    ----------
    vector
        Not to be written to.
    label
        Its place in `streams.core.sentiment.model.LABELS`.
    """

    vector: Vector
    label: int


class Rehearsal:
    """The latest labels, drawn from at random; the same labels in the same order give the same draws."""

    def __init__(self) -> None:
        self._kept: list[Labelled] = []
        self._added = 0
        self._random = random.Random(0)

    def draw(self) -> Labelled | None:
        """One of those kept, each with the same chance; None as long as there are none."""
        return self._kept[int(self._random.random() * len(self._kept))] if self._kept else None

    def add(self, labelled: Labelled) -> None:
        """Keep one; the oldest goes, if there are `SIZE`."""
        if len(labelled.vector[0]) > MAX_FEATURES:
            return
        if len(self._kept) < SIZE:
            self._kept.append(labelled)
        else:
            self._kept[self._added % SIZE] = labelled
        self._added += 1

    def __deepcopy__(self, _memo: dict[int, object]) -> Rehearsal:
        twin = Rehearsal()
        twin._kept = self._kept.copy()
        twin._added = self._added
        twin._random.setstate(self._random.getstate())
        return twin
