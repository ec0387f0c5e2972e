"""Choose the detectors whose expected bands a chart shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from detectors.registry import KINDS
from detectors.units import MENTIONS_PER_BUCKET, NEGATIVE_SHARE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.config import DetectorSettings


class Bands(NamedTuple):
    """Names of the detectors whose expected bands are drawn behind the volume and behind the negative share."""

    volume: str | None = None
    negative_share: str | None = None


def bands_of(detectors: Sequence[DetectorSettings]) -> Bands:
    """Return the detectors whose expected values have the units of the charts.

    Of several with the same unit the first one is chosen, except that a detector which compares each bucket with its
    expected value comes before one that tests for a change of level.

    Examples
    --------
    >>> from streams.config import Config
    >>> brand = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}
    >>> detectors = [{"name": name, "kind": name} for name in ("tone_drift", "sentiment_shift", "composite")]
    >>> tree = {"brands": [brand], "detectors": detectors, "default_detectors": False}
    >>> bands_of(Config.model_validate(tree).detectors_of())
    Bands(volume=None, negative_share='sentiment_shift')
    """
    ordered = sorted(detectors, key=lambda each: not KINDS[each.kind].score_is_rarity)
    first = {KINDS[each.kind].unit: each.name for each in reversed(ordered)}
    return Bands(first.get(MENTIONS_PER_BUCKET), first.get(NEGATIVE_SHARE))
