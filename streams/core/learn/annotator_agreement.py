"""Accept or reject annotators by how often they agree with a model that no annotator can change.

An annotator who agrees with the weights of the config far less often than the others do does not answer the question:
the labels are random, or the wrong way round. New words and new topics lower the agreement of all annotators alike.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final

from streams.core.learn.label_filter import MAX_ANNOTATORS

WINDOW: Final = 100
"""Number of latest labels of an annotator that count."""

ENOUGH: Final = 30
"""Labels of an annotator before the annotator can be rejected, and labels of others to compare with. Where all agree in
40 % of the cases, an honest annotator's first 30 fall below half of that less than once in a hundred times; later
labels mend it."""

SHARE: Final = 0.5
"""Share of the others' agreement below which an annotator is rejected. On airline tweets honest labels agree with the
shipped weights in 0.7 of the cases, reversed labels in 0.1."""


class AnnotatorAgreement:
    """Agreement of each annotator with the reference model over the latest labels.

    Examples
    --------
    >>> agreement = AnnotatorAgreement()
    >>> for _ in range(40):
    ...     agreement.add("anna", agrees=True)
    ...     agreement.add("mallory", agrees=False)
    >>> agreement.accepts("anna"), agreement.accepts("mallory"), agreement.accepts("new")
    (True, False, True)
    """

    def __init__(self) -> None:
        self._agreed: OrderedDict[str, deque[bool]] = OrderedDict()
        self._labels = self._agreements = 0

    def add(self, annotator: str, *, agrees: bool) -> None:
        """Add one label of an annotator."""
        if annotator not in self._agreed and len(self._agreed) == MAX_ANNOTATORS:
            _, evicted = self._agreed.popitem(last=False)
            self._labels -= len(evicted)
            self._agreements -= sum(evicted)
        latest = self._agreed.setdefault(annotator, deque())
        self._agreed.move_to_end(annotator)
        if len(latest) == WINDOW:
            self._labels -= 1
            self._agreements -= latest.popleft()
        latest.append(agrees)
        self._labels += 1
        self._agreements += agrees

    def accepts(self, annotator: str) -> bool:
        """Return whether to learn from an annotator."""
        latest = self._agreed.get(annotator, ())
        others = self._labels - len(latest)
        if len(latest) < ENOUGH or others < ENOUGH:
            return True
        own = sum(latest)
        return own / len(latest) >= SHARE * (self._agreements - own) / others
