"""Reasons of scores: a code with its facts, from which a program writes a sentence in whatever language.

Detectors know no language. `streams.core.wording` has the sentence of each code in each language of alerts.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

ReasonCode = Literal[
    "crisis", "praise", "spam", "surge", "outage", "rate", "tone", "rate_level", "tone_level", "features", "model"
]
"""Finding that a sentence is about, with its facts:

- of `composite`: ``crisis`` (`mentions`, `usual`, `hours`, `negative`, `usual_negative`, `reposts`, `once_in_days`),
  ``praise`` (`mentions`, `usual`, `hours`, `positive`, `usual_positive`), ``spam`` (`mentions`, `usual`, `hours`,
  `repeated`), ``surge`` (`mentions`, `usual`, `hours`, `platform`) and ``outage`` (`missing`);
- of `volume`: ``rate`` (`per_hour`, `usual`, `hours`, `once_in_days`);
- of `sentiment_shift`: ``tone`` (`negative`, `usual_negative`, `mentions`, `hours`, `standard_errors`);
- of `drift` and `tone_drift`: ``rate_level`` and ``tone_level`` (`level`, `usual`, `hours`, `once_in_days`);
- of `multivariate`: ``features`` (`once_in_days`, and of each feature that stands out, the foremost first: `mentions`,
  `velocity`, `negative`, `by_one` or `reposts`, with `usual_mentions` and so on, and `hours`);
- of `river`: ``model`` (`model`, `feature`, `number`, `reading`, `usual`, `once_in_days`).
"""

RAREST_DAYS: Final = 3650.0
"""Largest `once_in_days`: ten years, above which the return period is more than any number worth printing."""


class Reason(NamedTuple):
    """The reason of a score.

    Parameters
    ----------
    code
        The finding.
    facts
        Finite numbers and names by their names, as listed at `ReasonCode`. Shares are 0..1. `hours` is the time that
        the mentions are counted over; where they fade, the length of the window with the same sum at a constant rate
        (`window_hours`).
    """

    code: ReasonCode
    facts: Mapping[str, float | str]

    def dump(self) -> list[Any]:
        """Return plain values for JSON."""
        return [self.code, dict(self.facts)]

    @classmethod
    def load(cls, values: list[Any]) -> Self:
        """Restore what `dump` returned."""
        code, facts = values
        return cls(code, facts)


def window_hours(half_life_hours: float) -> float:
    """Return the length of the window that counts as many mentions as a fading sum, at a constant rate.

    It is the integral of the weights ``2 ** (-t / half_life)``.

    >>> round(60 * window_hours(25 / 60))
    36
    """
    return half_life_hours / math.log(2)
