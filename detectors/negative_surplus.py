"""Negative mentions beyond those that a brand's usual mix of mentions explains, and their noise."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

_WANDER: Final = 0.05
"""Standard deviation of the negative share from hour to hour as topics change, as in `sentiment_shift`."""

_MORE: Final = 1.25
"""Multiple of the usual mentions from which further ones count as attention: without more mentions, the tone must be
that much worse, which is the subject of `sentiment_shift`."""

DILUTED: Final = 0.5
"""Part of the usual negative share that is expected of mentions beyond that. Attention for other reasons (a launch, a
joke, a sponsored match) dilutes the negative share of a brand; much attention that does not dilute it is upset people,
too: the storm against Kaufland had eight times the mentions and hardly more than the usual share."""

_TOPIC: Final = 0.15
"""Standard deviation of the negative share of mentions beyond the expected, as a part of the usual share: a thousand
reposts of one text are one topic.

Only ``(1 - DILUTED) / _TOPIC`` matters, the limit of ``surplus / noise`` for the usual mix alone: at 3.3
recorded firestorms are critical within four hours, at 2.7 Kaufland's takes sixteen, and at 4 recorded bursts of
mentions with about the usual tone fire nearly twice as often. With the same ratio 0.4 and 0.6 do as 0.5 does."""

_VARIANCE: Final = 0.1
"""Variance of the probability of being negative between mentions: 0.06 to 0.1 as measured, at most 0.25."""

_LEAST: Final = 1.0
"""Variance if almost nothing is expected: about three negative mentions are then needed to fire."""


class Horizon(NamedTuple):
    """Fading sums over organic mentions; `squares` sums squared weights times expected mentions."""

    expected: float = 0.0
    squares: float = 0.0
    mentions: float = 0.0
    negative: float = 0.0
    positive: float = 0.0


def noise(horizon: Horizon, share: float) -> float:
    """Return the noise of the surplus, given the usual share of negative mentions."""
    expected, squares, mentions, _, _ = horizon
    topic = _TOPIC * share * (mentions - expected) if mentions > expected else 0.0
    return _WANDER * expected + topic + math.sqrt(_VARIANCE * squares + _LEAST)


def explained_by_usual(horizon: Horizon, share: float, usual_positive: float, further: float) -> float:
    """Return the negative mentions without a crisis: ``s * U + max(0, P - p * M)`` of `Composite`."""
    expected, _, mentions, _, positive = horizon
    enough = _MORE * expected
    usual = enough + further * (mentions - enough) if mentions > enough else enough
    return share * usual + max(0.0, positive - usual_positive * mentions)
