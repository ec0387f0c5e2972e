"""Memory of the latest labels, from which one is learned again together with each new one.

A single step does not use all the information in a label; learning it again later uses more. Replaying single examples
from a memory is Lin's experience replay (*Self-Improving Reactive Agents Based On Reinforcement Learning, Planning and
Teaching*, Machine Learning 1992).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from streams.core.sentiment.vectors import Vector

SIZE: Final = 5_000
"""Number of latest labels that are kept. An error, or a word whose meaning changes, is forgotten after as many."""

MAX_FEATURES: Final = 1_500
"""Features of a text that is kept, in 12 kB; a tweet has about 190. Longer texts are learned once, which bounds the
memory to 60 MB."""


class Example(NamedTuple):
    """A labelled text that has been learned.

    Parameters
    ----------
    vector
        Features of the text; read-only.
    label
        Index of the label in `streams.core.sentiment.model.LABELS`.
    """

    vector: Vector
    label: int


class ExperienceReplay:
    """The latest examples, sampled at random; the same examples in the same order give the same samples.

    Parameters
    ----------
    seed
        Seed of the random numbers.
    """

    def __init__(self, seed: int) -> None:
        self._kept: list[Example] = []
        self._added = 0
        self._random = random.Random(seed)

    def sample(self) -> Example | None:
        """Return one of the examples, each with the same probability; None while there are none."""
        return self._kept[int(self._random.random() * len(self._kept))] if self._kept else None

    def add(self, example: Example) -> None:
        """Add an example; it replaces the oldest one if there are `SIZE`."""
        if len(example.vector[0]) > MAX_FEATURES:
            return
        if len(self._kept) < SIZE:
            self._kept.append(example)
        else:
            self._kept[self._added % SIZE] = example
        self._added += 1

    def __deepcopy__(self, _memo: dict[int, object]) -> ExperienceReplay:
        twin = ExperienceReplay(0)
        twin._kept = self._kept.copy()
        twin._added = self._added
        twin._random.setstate(self._random.getstate())
        return twin
