"""Detectors that are out of use for a brand, because they raise at the same place again and again.

A detector that raises ends the worker before anything of the batch was sent, saved or acknowledged. What raised is
noted beside the brand's state in the changelog, so whoever gets the partition next, comes to the same moment and sees
it raise again, knows how often it has. After `detect.quarantine_after` of the same the brand goes on without the
detector: its mentions are counted, its other detectors score, and the metric `firewatch_brand_quarantined` stands at 1.

The moment is one of event time, so it does not depend on batches, restarts or rebalances: a replay, which puts the
detector out the first time it raises, gives the same windows and alerts.

A detector is out until the config's version or firewatch's changes; then it learns anew, since what it had learned
can't be trusted.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from streams import __version__
from streams.errors import DetectorFailed, Failure, RecordError
from streams.records.wire import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.config import Config

NOTE_KEY: Final = b"\x00failures:"
"""Followed by the brand id: key of a brand's note in the table of brands."""

_NOTE_VERSION: Final = 1
_DETAIL_CHARS: Final = 200


class Quarantined(NamedTuple):
    """A detector that is out of use for a brand.

    Parameters
    ----------
    failure
        The reason.
    detail
        The exception as text, with file and line; None if the detector was out of use before the state was read.
    """

    failure: Failure
    detail: str | None


class Quarantine:
    """What raised how often, and what is out of use for that.

    Parameters
    ----------
    config
        Its version: what was noted under another one says nothing.
    after
        How often the same must have raised in a life before; 0 for a process that has only one life, such as a replay.
    """

    def __init__(self, config: Config, after: int) -> None:
        self._under = [config.version, __version__]
        self._after = after
        self._noted: dict[str, dict[Failure, int]] = {}
        self._defects: set[tuple[str, str]] = set()
        self._news: list[Quarantined] = []

    def handle(self, failure: Failure, error: Exception) -> None:
        """Put the detector out, or end the worker. A detector that is out for one brand is not given further lives by
        raising the same for others.

        Raises
        ------
        DetectorFailed
            If it has not raised often enough yet.
        """
        detail = _detail(error)
        known = self._noted.get(failure.brand, {}).get(failure, 0) >= self._after
        if not known and (failure.detector, failure.error) not in self._defects:
            raise DetectorFailed(failure, detail, self._after) from error
        self._quarantine(Quarantined(failure, detail))

    def _quarantine(self, quarantined: Quarantined) -> None:
        failure = quarantined.failure
        self._defects.add((failure.detector, failure.error))
        self._news.append(quarantined)

    def news(self) -> list[Quarantined]:
        """Return the detectors that have become known to be out of use since the last call."""
        news, self._news = self._news, []
        return news

    def note(self, failure: Failure) -> tuple[bytes, bytes]:
        """Count a failure that ends this life; key and value of what the next one must know."""
        noted = self._noted.setdefault(failure.brand, {})
        count = noted.get(failure, 0) + 1
        for other in [each for each in noted if (each.detector, each.doing) == (failure.detector, failure.doing)]:
            del noted[other]
        noted[failure] = count
        note = {
            "v": _NOTE_VERSION,
            "under": self._under,
            "failures": [[tuple(each), count] for each, count in noted.items()],
        }
        return NOTE_KEY + failure.brand.encode(), orjson.dumps(note)

    def restore(self, key: bytes, value: bytes) -> None:
        """Take over a note.

        Raises
        ------
        RecordError
            If it is damaged, or was written by a newer firewatch.
        """
        brand = key.removeprefix(NOTE_KEY).decode(errors="replace")
        note = load(value, f"note of what failed for brand {brand!r}", _NOTE_VERSION)
        try:
            if note["under"] == self._under:
                self._noted[brand] = {Failure(*failure): int(count) for failure, count in note["failures"]}
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError("damaged_state", f"the note under {key!r} can't be read ({error})") from error
        for failure, count in self._noted.get(brand, {}).items():
            if count >= self._after:
                self._defects.add((failure.detector, failure.error))

    def dump(self, out: Mapping[str, Failure]) -> list[Any]:
        """What a brand's state keeps of its detectors that are out."""
        return [self._under, [tuple(failure) for failure in out.values()]] if out else []

    def load(self, values: list[Any]) -> dict[str, Failure]:
        """Inverse of `dump`; nothing is out that was put out under another version."""
        if not values or values[0] != self._under:
            return {}
        failures = [Failure(*each) for each in values[1]]
        for failure in failures:
            self._quarantine(Quarantined(failure, None))
        return {failure.detector: failure for failure in failures}


def _detail(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{error!r}"[:_DETAIL_CHARS] + f" at {Path(frame.filename).name}:{frame.lineno}"
