"""Quarantine of detectors that raise at the same place again and again.

A detector that raises ends the worker before anything of the batch was sent, saved or acknowledged. The failure is
noted in the changelog, so that the next owner of the partition, which gets to the same moment, knows how often it has
occurred. After `detect.quarantine_after` equal failures the brand continues without the detector: its mentions are
counted, its other detectors score, and the metric `firewatch_brand_quarantined` is 1.

The moment is one of event time, so it does not depend on batches, restarts or rebalances: a replay, which quarantines
the detector the first time it raises, gives the same windows and alerts.

A detector stays quarantined until the version of the config or of firewatch changes; then it starts from nothing, since
its state can't be trusted.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from streams import __version__
from streams.core.detect.state_keys import NOTE_KEY
from streams.errors import DetectorFailed, Failure, RecordError
from streams.records.wire import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.config import Config

_NOTE_VERSION: Final = 1
_DETAIL_CHARS: Final = 200


class Quarantined(NamedTuple):
    """A detector that is quarantined for a brand.

    Parameters
    ----------
    failure
        The reason.
    detail
        The exception as text, with file and line; None if it was quarantined before the state was read.
    """

    failure: Failure
    detail: str | None


class Quarantine:
    """Counts failures and decides which detectors are quarantined for them.

    Parameters
    ----------
    config
        The config; failures under another version of it are ignored.
    after
        How often a failure must have ended a process; 0 for a process that is not restarted, such as a replay.
    """

    def __init__(self, config: Config, after: int) -> None:
        self._under = [config.version, __version__]
        self._after = after
        self._noted: dict[str, dict[Failure, int]] = {}
        self._defects: set[tuple[str, str]] = set()
        self._news: list[Quarantined] = []

    def handle(self, failure: Failure, error: Exception) -> None:
        """Quarantine the detector, or end the worker.

        A detector that is quarantined for one brand does not end further workers by raising the same for other brands.

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
        """Return the detectors that have become known to be quarantined since the last call."""
        news, self._news = self._news, []
        return news

    def note(self, failure: Failure) -> tuple[bytes, bytes]:
        """Count a failure that ends this process; return key and value of the note for the next owner."""
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
        return NOTE_KEY % failure.brand.encode(), orjson.dumps(note)

    def restore(self, brand: str, value: bytes) -> None:
        """Restore the note of a brand.

        Raises
        ------
        RecordError
            If it is damaged, or was written by a newer firewatch.
        """
        note = load(value, f"note of failures for brand {brand!r}", _NOTE_VERSION)
        try:
            if note["under"] == self._under:
                self._noted[brand] = {Failure(*failure): int(count) for failure, count in note["failures"]}
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(
                "damaged_state", f"the note of failures for brand {brand!r} can't be read ({error})"
            ) from error
        for failure, count in self._noted.get(brand, {}).items():
            if count >= self._after:
                self._defects.add((failure.detector, failure.error))

    def dump(self, out: Mapping[str, Failure]) -> list[Any]:
        """Return the quarantined detectors of a brand as plain values for its state."""
        return [self._under, [tuple(failure) for failure in out.values()]] if out else []

    def load(self, values: list[Any]) -> dict[str, Failure]:
        """Restore the quarantined detectors that `dump` returned; those of another version are no longer
        quarantined."""
        if not values or values[0] != self._under:
            return {}
        failures = [Failure(*each) for each in values[1]]
        for failure in failures:
            self._quarantine(Quarantined(failure, None))
        return {failure.detector: failure for failure in failures}


def _detail(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{error!r}"[:_DETAIL_CHARS] + f" at {Path(frame.filename).name}:{frame.lineno}"
