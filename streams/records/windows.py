"""A brand's closed buckets with their scores, as `social.windows` carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson

from streams.errors import RecordError
from streams.records.wire import load

WINDOW_VERSION: Final = 1


class WindowScore(NamedTuple):
    """One detector's score of a closed bucket; quantities in the detector's own unit. A detector in shadow has no part
    in incidents."""

    value: float
    observed: float
    expected: float
    lower: float
    upper: float
    suppressed: str | None
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """One brand's closed bucket.

    Parameters
    ----------
    start_ms, length_ms
        The span of event time.
    count
        Mentions in it.
    late
        Mentions that arrived since the previous window but whose own bucket had closed. Over all windows of a brand,
        `count` + `late` is every mention, each once.
    negative, positive
        Summed probabilities in ten-thousandths.
    authors, reposts, engagement, coverage
        As in `detectors.base.Bucket`.
    scores
        By detector name.
    config_version
        Of the settings that produced the scores.
    """

    brand: str
    start_ms: int
    length_ms: int
    count: int
    late: int
    negative: int
    positive: int
    authors: int
    reposts: int
    engagement: int
    coverage: float
    scores: dict[str, WindowScore]
    config_version: str

    def to_bytes(self) -> bytes:
        """Encode all fields by name, with ``v``; scores as positional lists."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["scores"] = {name: tuple(score) for name, score in self.scores.items()}
        return orjson.dumps({"v": WINDOW_VERSION, **fields})


def window_from_bytes(value: bytes | None) -> Window:
    """Decode a record of `social.windows`.

    Raises
    ------
    RecordError
        With a reason of ``empty``, ``broken_json``, ``wrong_type`` or ``unknown_version``.
    """
    fields = load(value, "window", WINDOW_VERSION)
    try:
        scores = {name: WindowScore(*score) for name, score in fields["scores"].items()}
        return Window(**{name: fields[name] for name in Window.__slots__} | {"scores": scores})
    except (KeyError, TypeError, AttributeError) as error:
        raise RecordError("wrong_type", f"a window's field is missing or of the wrong type ({error})") from error
