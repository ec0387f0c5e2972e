"""Whether an annotator is believed, told by how often they agree with a model that nobody can teach.

Whoever agrees with the weights of the config far less often than the others do, answers something else than the
question: at random, or the wrong way round. New words and new talk make all of them agree less.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final

from streams.core.learn.label_filter import MAX_ANNOTATORS

WINDOW: Final = 100
"""Latest answers of an annotator that are looked at."""

ENOUGH: Final = 30
"""Answers before anyone is judged, and answers of others to compare with. Where all agree in 40 % of the cases, an
honest annotator's first 30 fall below half of that less than once in a hundred times; later answers mend it."""

SHARE: Final = 0.5
"""Part of the others' agreement below which nothing is believed. On airline tweets honest answers agree with the
shipped weights in 0.7 of the cases, answers turned round in 0.1."""


class Trust:
    """Agreement of each annotator.

    Examples
    --------
    >>> trust = Trust()
    >>> for _ in range(40):
    ...     trust.add("anna", agrees=True)
    ...     trust.add("mallory", agrees=False)
    >>> trust.believes("anna"), trust.believes("mallory"), trust.believes("new")
    (True, False, True)
    """

    def __init__(self) -> None:
        self._agreed: OrderedDict[str, deque[bool]] = OrderedDict()
        self._answers = self._agreements = 0

    def add(self, annotator: str, *, agrees: bool) -> None:
        """Take in one answer."""
        if annotator not in self._agreed and len(self._agreed) == MAX_ANNOTATORS:
            _, forgotten = self._agreed.popitem(last=False)
            self._answers -= len(forgotten)
            self._agreements -= sum(forgotten)
        latest = self._agreed.setdefault(annotator, deque())
        self._agreed.move_to_end(annotator)
        if len(latest) == WINDOW:
            self._answers -= 1
            self._agreements -= latest.popleft()
        latest.append(agrees)
        self._answers += 1
        self._agreements += agrees

    def believes(self, annotator: str) -> bool:
        """Whether to learn from the annotator."""
        latest = self._agreed.get(annotator, ())
        others = self._answers - len(latest)
        if len(latest) < ENOUGH or others < ENOUGH:
            return True
        own = sum(latest)
        return own / len(latest) >= SHARE * (self._agreements - own) / others
