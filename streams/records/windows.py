"""Records of `social.windows`: closed buckets of brands with their scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson

from streams.errors import RecordError
from streams.records.wire import load

WINDOW_VERSION: Final = 1


class WindowScore(NamedTuple):
    """One detector's score of a closed bucket.

    Parameters
    ----------
    value
        Score; 1 and more is anomalous.
    observed, expected, lower, upper
        Observed and expected value and its bounds, in the unit of the detector.
    suppressed
        Why the score must not page, or null.
    shadow
        Whether the detector runs in shadow mode and has no part in incidents.
    """

    value: float
    observed: float
    expected: float
    lower: float
    upper: float
    suppressed: str | None
    shadow: bool = False


class WindowGap(NamedTuple):
    """A span in which posts of a source may be missing.

    Parameters
    ----------
    source
        Id of the source.
    from_ms, to_ms
        Bounds of the span in event time.
    """

    source: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class Window:
    """One brand's closed bucket.

    Parameters
    ----------
    brand
        Brand id, also the record key.
    start_ms
        Start of the bucket in event time.
    length_ms
        Length of the bucket.
    count
        Number of mentions in the bucket.
    late
        Number of mentions that arrived since the previous window but after their own bucket had closed. Over all
        windows of a brand, `count` + `late` counts every mention once.
    negative, positive
        Summed probabilities of the mentions in ten-thousandths.
    authors
        Number of distinct known authors, at most `count`.
    reposts
        Number of mentions that are reposts.
    engagement
        Likes, reposts and replies of the mentions at collection time, summed.
    coverage
        Share of the brand's usual sources that delivered in the bucket, from 0 to 1; at 0 there is no data. Gaps count
        as missing as far as they explain why the count falls short of the usual.
    scores
        Score of each detector, by its name.
    config_version
        Version of the config that produced the scores.
    authors_estimated
        Whether `authors` is an estimate, as it is above a few thousand; null before contract 1.1.
    gaps
        Gaps of sources of the brand: those that overlap the bucket, so that it is incomplete, and those that were
        reported since the previous window, too late for earlier buckets, which had been evaluated as if complete; null
        if there are none.
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
    authors_estimated: bool | None = None
    gaps: list[WindowGap] | None = None

    def to_bytes(self) -> bytes:
        """Encode all fields by name, with ``v``; without gaps if there are none; scores and gaps as lists."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        if self.gaps is None:
            del fields["gaps"]
        else:
            fields["gaps"] = [tuple(gap) for gap in self.gaps]
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
        named = {name: fields[name] for name in Window.__slots__ if name in fields}
        if named.get("gaps") is not None:
            named["gaps"] = [WindowGap(*gap) for gap in named["gaps"]]
        return Window(**named | {"scores": scores})
    except (KeyError, TypeError, AttributeError) as error:
        raise RecordError("wrong_type", f"a window's field is missing or of the wrong type ({error})") from error
