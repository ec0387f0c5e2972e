"""Everything one partition of `social.mentions` leads to: pure, without a clock or any I/O, the same for Kafka and for
replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from streams.core.detect import state_versions
from streams.core.detect.brand import BrandMonitor
from streams.core.detect.outcome import Outcome
from streams.core.detect.pending import PendingEnvelopes
from streams.core.detect.quarantine import NOTE_KEY, Quarantine
from streams.core.incidents.lifecycle import Incidents
from streams.core.rollup.watermark import StreamProgress
from streams.errors import RecordError
from streams.records import Deletions, Envelope, Progress

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from streams.config import Config
    from streams.core.incidents.incident import Incident
    from streams.core.incidents.lifecycle import MakeIncidents
    from streams.records import Alert

PROGRESS_STATE_VERSION: Final = 2
PROGRESS_KEY: Final = b"\x00partition:%d"
"""Key of a partition's own progress in the table of brands; no brand id begins with a null byte."""

WAITING_STATE_VERSION: Final = 1
WAITING_KEY: Final = b"\x00waiting:%d"
"""Key of what waits for its brand in a partition."""


def partition_keys(count: int) -> dict[bytes, int]:
    """By key, the partition of each entry of the state that belongs to a partition and to no brand."""
    return {pattern % partition: partition for partition in range(count) for pattern in (PROGRESS_KEY, WAITING_KEY)}


class PartitionMonitor:
    """All brands of one partition of `social.mentions`.

    Parameters
    ----------
    config
        Mentions of brands that it does not name stay pending for some time (`PendingEnvelopes`).
    partition
        Number of the partition; names the key of its progress.
    quarantine
        Decides what becomes of a detector that raises; by default it is out of use at once.
    incidents
        Makes what judges the scores of a brand.
    """

    def __init__(
        self,
        config: Config,
        partition: int,
        quarantine: Quarantine | None = None,
        incidents: MakeIncidents = Incidents,
    ) -> None:
        self._config = config
        self._incidents_of = incidents
        self._quarantine = quarantine or Quarantine(config, after=0)
        self._config_version = config.version
        self._key = PROGRESS_KEY % partition
        self._waiting_key = WAITING_KEY % partition
        self._settings = {brand.id: brand for brand in config.brands}
        self._brands: dict[str, BrandMonitor] = {}
        self._progress = StreamProgress(config.topics.partitions, config.windows)
        self._lateness_ms = config.windows.lateness_seconds * 1000
        self._pending = PendingEnvelopes()
        self._recalled = False
        self._pending_changed = False
        self._dirty: set[str] = set()
        self._progressed = False
        self._outcome = Outcome()

    def restore(self, key: bytes, value: bytes) -> None:
        """Take over one entry of the state, as `dirty` gave it; entries of brands no longer watched are passed over.

        Raises
        ------
        OutdatedState, UnknownVersion
            If a firewatch too old or too new wrote it.
        DetectorFailed
            If a detector raises what it should not.
        RecordError
            If it is damaged.
        """
        if key.startswith(NOTE_KEY):
            self._quarantine.restore(key, value)
            return
        if key == self._key:
            try:
                what = "the progress of a partition"
                state = state_versions.upgraded(
                    orjson.loads(value), what, PROGRESS_STATE_VERSION, state_versions.PROGRESS
                )
                self._progress.load(state)
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
                raise RecordError("damaged_state", f"the progress under {key!r} can't be read ({error})") from error
            return
        if key == self._waiting_key:
            try:
                what = "what waits in a partition"
                state = state_versions.upgraded(
                    orjson.loads(value), what, WAITING_STATE_VERSION, state_versions.WAITING
                )
                self._pending.load(state["envelopes"])
                self._recalled = True
            except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
                raise RecordError("damaged_state", f"what waits under {key!r} can't be read ({error})") from error
            return
        brand = self._brand(key.decode(errors="replace"))
        if brand is not None:
            brand.load(value)

    def absorb(self, record: Envelope | Progress | Deletions) -> None:
        """Take one valid record of `social.mentions` (`streams.core.detect.validation`); repeats change nothing."""
        if isinstance(record, Progress):
            self._progress.update(record)
            self._progressed = True
            return
        self._let_in()
        if isinstance(record, Deletions):
            self._dirty.update(id for id, brand in self._brands.items() if brand.forget(record))
            self._pending_changed |= self._pending.forget({(source, id) for _, source, id in record.posts})
            return
        brand = self._brand(record.brand)
        if brand is None:
            self._count_dropped(self._pending.add(record))
            self._pending_changed = True
            return
        self._count(brand, record)

    def _let_in(self) -> None:
        """Count what has waited for brands that this config knows, before anything newer of them."""
        if not self._recalled:
            return
        self._recalled = False
        for envelope in self._pending.release(self._settings):
            brand = self._brand(envelope.brand)
            if brand is not None:
                self._count(brand, envelope)
                self._pending_changed = True

    def _count(self, brand: BrandMonitor, record: Envelope) -> None:
        fresh = brand.absorb(record)
        self._outcome.count(record.brand, fresh, len(record.mentions) - len(fresh))
        if fresh:
            self._dirty.add(record.brand)

    def _count_dropped(self, envelopes: Iterable[Envelope]) -> None:
        self._outcome.unwatched += sum(len(envelope.mentions) for envelope in envelopes)

    def advance(self) -> Outcome:
        """Do everything the watermark now allows, and return it with all that was counted since the last call.

        Raises
        ------
        DetectorFailed
            If a detector raises.
        """
        watermark_ms = self._progress.watermark()
        if watermark_ms >= 0:
            self._advance(watermark_ms)
        outcome, self._outcome = self._outcome, Outcome()
        return outcome

    def _advance(self, watermark_ms: int) -> None:
        self._let_in()
        self._progress.evaluate(watermark_ms)
        for id, brand in self._brands.items():
            if brand.due(watermark_ms, self._progress):
                self._outcome.add(brand.advance(watermark_ms, self._progress))
                self._dirty.add(id)
        past_ms = watermark_ms - 2 * self._lateness_ms - 2 * self._config.windows.bucket_seconds * 1000
        self._progress.forget(past_ms)
        expired = self._pending.expire(past_ms)
        self._count_dropped(expired)
        self._pending_changed |= bool(expired)

    def dismiss(self, brands: Container[str]) -> list[Alert]:
        """Resolve the open incidents of all brands but these: nobody will watch the others any more."""
        alerts: list[Alert] = []
        for id, brand in self._brands.items():
            if id not in brands and brand.incident is not None:
                alerts += brand.dismiss()
                self._dirty.add(id)
        return alerts

    def finish(self) -> Outcome:
        """The end of a finite input: nothing will follow, so everything up to the newest post may be judged."""
        self._progress.finish()
        return self.advance()

    def dirty(self) -> list[tuple[bytes, bytes]]:
        """Key and bytes of all that changed since the last call."""
        entries = [(id.encode(), self._brands[id].to_bytes()) for id in sorted(self._dirty)]
        self._dirty.clear()
        if self._progressed:
            entries.append((self._key, orjson.dumps({"v": PROGRESS_STATE_VERSION, **self._progress.dump()})))
            self._progressed = False
        if self._pending_changed:
            waiting = {"v": WAITING_STATE_VERSION, "envelopes": self._pending.dump()}
            entries.append((self._waiting_key, orjson.dumps(waiting)))
            self._pending_changed = False
        return entries

    @property
    def watermark_ms(self) -> int:
        """Event time up to which everything has arrived, -1 if unknown."""
        return self._progress.watermark()

    def incidents(self) -> dict[str, Incident]:
        """Open incidents by brand."""
        return {id: brand.incident for id, brand in self._brands.items() if brand.incident is not None}

    def source_up(self) -> dict[str, bool]:
        """Whether each source delivers as it usually does."""
        return self._progress.source_up()

    def _brand(self, id: str) -> BrandMonitor | None:
        brand = self._brands.get(id)
        if brand is None and id in self._settings:
            brand = self._brands[id] = BrandMonitor(
                self._config, self._config_version, self._settings[id], self._quarantine, self._incidents_of
            )
        return brand
