"""The detection of one partition of `social.mentions`: pure, without a clock or any I/O, the same for Kafka and for
replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

import orjson

from streams.core.detect import state_versions
from streams.core.detect.brand import BrandMonitor
from streams.core.detect.outcome import Outcome
from streams.core.detect.pending import PendingAuthorDeletions, PendingEnvelopes
from streams.core.detect.quarantine import Quarantine
from streams.core.detect.scoring import BrandScoring
from streams.core.detect.state_keys import CHUNK_KEY, ENVELOPE_KEY, PROGRESS_KEY, parsed
from streams.core.rollup.pending_mentions import CHUNK_VERSION
from streams.core.rollup.watermark import StreamProgress
from streams.records import AuthorDeletions, Deletions, Gaps, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable
    from datetime import datetime

    from streams.config import BrandSettings, Config
    from streams.core.incidents.incident import Incident
    from streams.records import Alert, Envelope, MentionsContent

PROGRESS_STATE_VERSION: Final = 4
ENVELOPES_STATE_VERSION: Final = 1
"""Of all pending envelopes in one entry, as earlier versions saved them."""

Brand = TypeVar("Brand", bound=BrandScoring)


class PartitionScoring(Generic[Brand]):
    """The watermark and the brands of one partition.

    Parameters
    ----------
    config
        Mentions of brands that it does not name stay pending for some time (`PendingEnvelopes`).
    make_brand
        Makes the scoring of a brand when its first mention or its state arrives.
    """

    def __init__(self, config: Config, make_brand: Callable[[BrandSettings], Brand]) -> None:
        self._make_brand = make_brand
        self._settings = {brand.id: brand for brand in config.brands}
        self._brands: dict[str, Brand] = {}
        self._progress = StreamProgress(config.topics.partitions, config.windows)
        self._remembered_ms = 2 * (config.windows.lateness_seconds + config.windows.bucket_seconds) * 1000
        self._pending = PendingEnvelopes()
        self._deleted_authors = PendingAuthorDeletions()
        self._may_release = False
        self._outcome = Outcome()
        self._changed_brands: set[str] = set()
        self._progress_changed = False

    def absorb(self, record: MentionsContent) -> None:
        """Consume one valid record of `social.mentions` (`streams.core.detect.validation`); repeats change nothing."""
        if isinstance(record, Progress):
            self._progress.update(record)
            self._progress_changed = True
            return
        if isinstance(record, Gaps):
            self._progress.gaps.add(record, self._progress.visible_at)
            self._progress_changed = True
            return
        self._release_pending()
        if isinstance(record, AuthorDeletions):
            if self._deleted_authors.add(record, self._progress.visible_at):
                self._pending.forget_authors(record)
                self._progress_changed = True
            return
        if isinstance(record, Deletions):
            self._changed_brands.update(id for id, brand in self._brands.items() if brand.forget(record))
            self._pending.forget({(source, id) for _, source, id in record.posts})
            return
        brand = self._brand(record.brand)
        if brand is None:
            self._count_dropped(self._pending.add(record))
            return
        self._count(brand, record)

    def advance(self) -> Outcome:
        """Do everything that the watermark allows now, and return everything that has happened since the last call.

        Raises
        ------
        DetectorFailed
            If a detector raises.
        """
        watermark_ms = self._progress.watermark()
        if watermark_ms >= 0:
            self._advance(watermark_ms)
        return self.outcome()

    def finish(self) -> Outcome:
        """Advance to the newest post: the input is finite, and nothing will follow."""
        self._progress.finish(max((brand.newest_ms() for brand in self._brands.values()), default=-1))
        return self.advance()

    def outcome(self) -> Outcome:
        """Return everything that has happened since the last call."""
        outcome, self._outcome = self._outcome, Outcome()
        return outcome

    @property
    def watermark_ms(self) -> int:
        """Event time up to which everything has arrived, -1 if unknown."""
        return self._progress.watermark()

    def source_up(self) -> dict[str, bool]:
        """Return by source whether it delivers as it usually does."""
        return self._progress.source_up()

    def _advance(self, watermark_ms: int) -> None:
        self._release_pending()
        self._progress.evaluate(watermark_ms)
        for at_ms, authors in self._deleted_authors.take(watermark_ms):
            self._forget_authors(at_ms, authors)
        for id, brand in self._brands.items():
            if brand.due(watermark_ms, self._progress):
                self._outcome.add(brand.advance(watermark_ms, self._progress))
                self._changed_brands.add(id)
        self._outcome.alerts.sort(key=_order)
        past_ms = watermark_ms - self._remembered_ms
        self._progress.forget(past_ms)
        self._count_dropped(self._pending.expire(past_ms))

    def _forget_authors(self, at_ms: int, authors: set[int]) -> None:
        for id, brand in self._brands.items():
            outcome = brand.forget_authors(at_ms, authors, self._progress)
            if outcome is not None:
                self._outcome.add(outcome)
                self._changed_brands.add(id)
        self._progress_changed = True

    def _release_pending(self) -> None:
        """Count the pending envelopes of brands that this config names, before anything newer of them."""
        if not self._may_release:
            return
        self._may_release = False
        for envelope in self._pending.release(self._settings):
            brand = self._brand(envelope.brand)
            if brand is not None:
                self._count(brand, envelope)

    def _count(self, brand: Brand, record: Envelope) -> None:
        fresh = brand.absorb(record)
        self._outcome.count(record.brand, fresh, len(record.mentions) - len(fresh))
        if fresh:
            self._changed_brands.add(record.brand)

    def _count_dropped(self, envelopes: Iterable[Envelope]) -> None:
        self._outcome.unwatched += sum(len(envelope.mentions) for envelope in envelopes)

    def _brand(self, id: str) -> Brand | None:
        brand = self._brands.get(id)
        if brand is None and id in self._settings:
            brand = self._brands[id] = self._make_brand(self._settings[id])
        return brand


class PartitionMonitor(PartitionScoring[BrandMonitor]):
    """All brands of one partition with their incidents, and their state.

    Parameters
    ----------
    config
        As for `PartitionScoring`.
    partition
        Number of the partition; part of the keys of its state.
    quarantine
        Decides what becomes of a detector that raises; by default it is put out of use at once.
    """

    def __init__(self, config: Config, partition: int, quarantine: Quarantine | None = None) -> None:
        self._quarantine = quarantine or Quarantine(config, after=0)
        version = config.version
        super().__init__(config, lambda brand: BrandMonitor(config, version, brand, self._quarantine))
        self._partition = partition
        self._outdated: list[bytes] = []

    def restore(self, key: bytes, value: bytes) -> None:
        """Restore one entry of the state that `dirty` returned; call it in the order of the keys.

        Entries of brands no longer watched are skipped.

        Raises
        ------
        OutdatedState, UnknownVersion
            If a firewatch too old or too new wrote it.
        DetectorFailed
            If a detector raises what it should not.
        RecordError
            If it is damaged.
        """
        entry = parsed(key)
        if entry is None:
            return
        brand = entry.owner.decode(errors="replace")
        match entry.kind:
            case "note":
                self._quarantine.restore(brand, value)
            case "progress":
                self._restore_progress(value)
            case "envelopes":
                self._restore_envelopes(key, value)
            case "envelope":
                self._pending.load(entry.number, value)
                self._may_release = True
            case "chunk":
                self._restore_chunk(brand, entry.number, value)
            case "brand":
                self._restore_brand(brand, value)

    def _restore_progress(self, value: bytes) -> None:
        what = "the progress of a partition"
        with state_versions.readable(what):
            state = state_versions.upgraded(orjson.loads(value), what, PROGRESS_STATE_VERSION, state_versions.PROGRESS)
            self._progress.load(state)
            self._deleted_authors.load(state["deleted_authors"])

    def _restore_envelopes(self, key: bytes, value: bytes) -> None:
        what = "the state of pending envelopes"
        with state_versions.readable(what):
            state = state_versions.upgraded(
                orjson.loads(value), what, ENVELOPES_STATE_VERSION, state_versions.ENVELOPES
            )
            self._pending.load_all(state["envelopes"])
        self._outdated.append(key)
        self._may_release = True

    def _restore_brand(self, id: str, value: bytes) -> None:
        brand = self._brand(id)
        if brand is None:
            return
        dropped = brand.load(value)
        if dropped:
            self._outcome.dropped += dropped
            self._changed_brands.add(id)  # so that the next state no longer has it, and it is dropped only once

    def _restore_chunk(self, id: str, number: int, value: bytes) -> None:
        brand = self._brand(id)
        if brand is None:
            return
        what = f"chunk {number} of the pending mentions of brand {id!r}"
        with state_versions.readable(what):
            state = state_versions.upgraded(orjson.loads(value), what, CHUNK_VERSION, state_versions.CHUNK)
            brand.load_chunk(number, state)

    def dirty(self) -> list[tuple[bytes, bytes | None]]:
        """Return key and bytes of each entry of the state that has changed since the last call, None for each that is
        no longer part of it. They must be saved together."""
        entries: list[tuple[bytes, bytes | None]] = []
        for id in sorted(self._changed_brands):
            brand, key = self._brands[id], id.encode()
            chunks = brand.changed_chunks()
            entries.append((key, brand.to_bytes()))
            entries += [(CHUNK_KEY % (key, number), value) for number, value in chunks.items()]
        self._changed_brands.clear()
        if self._progress_changed:
            authors = self._deleted_authors.dump()
            progress = {"v": PROGRESS_STATE_VERSION, **self._progress.dump(), "deleted_authors": authors}
            entries.append((PROGRESS_KEY % self._partition, orjson.dumps(progress)))
            self._progress_changed = False
        envelopes = self._pending.changed()
        entries += [(ENVELOPE_KEY % (self._partition, number), value) for number, value in envelopes.items()]
        entries += [(key, None) for key in self._outdated]
        self._outdated.clear()
        return entries

    def dismiss(self, brands: Container[str]) -> list[Alert]:
        """Resolve the open incidents of all brands but these, since the others are no longer watched."""
        alerts: list[Alert] = []
        for id, brand in self._brands.items():
            if id not in brands and brand.incident is not None:
                alerts += brand.dismiss()
                self._changed_brands.add(id)
        return alerts

    def incidents(self) -> dict[str, Incident]:
        """Return the open incidents by brand."""
        return {id: brand.incident for id, brand in self._brands.items() if brand.incident is not None}


def _order(alert: Alert) -> tuple[datetime, str]:
    """Return the sort key of alerts. All later ones are later in event time, as the watermark was behind them; those of
    one brand are in order of time already, and steps of one moment keep theirs."""
    return alert.at, alert.brand
