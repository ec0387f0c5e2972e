"""Posts through scoring and detection with everything that may happen on the way drawn at random: the interleaving of
the partitions, the batches, repeats and restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.detect.outcome import Outcome
from streams.core.detect.partition import PartitionMonitor
from streams.core.score.position import Position
from streams.core.score.scorer import ScoredBatch, Scorer
from streams.records import Alert, Envelope, Window, mentions_record_from_bytes
from tests.support.saved_state import restored, save
from tests.support.two_brands import PARTITIONS, WordModel

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from streams.config import Config
    from streams.records import MentionsContent

Lines = dict[int, list[tuple[int, int, bytes]]]
"""By partition of the posts, offset, broker time and value of each record."""


def through_the_wire(scored: ScoredBatch) -> list[MentionsContent]:
    values = [
        *(envelope.to_bytes() for envelope in scored.envelopes),
        *(notice.to_bytes() for notice in scored.notices),
        scored.progress.to_bytes(),
    ]
    return [mentions_record_from_bytes(value) for value in values]


class Run:
    """Posts through scoring and detection, with everything that may happen on the way drawn from `chance`."""

    def __init__(self, settings: Config, chance: random.Random | None, batch: int = 40) -> None:
        self._batch = batch
        self._settings = settings
        self._chance = chance
        self._scorer = Scorer(settings, WordModel())
        self._monitor = PartitionMonitor(settings, 0)
        self._state: dict[bytes, bytes] = {}
        self._sent: list[MentionsContent] = []
        self.whole = Outcome()
        for partition in range(PARTITIONS):
            self._scorer.assign(partition, Position("topic-1"))

    def feed(
        self, records: dict[int, list[tuple[int, int, bytes]]], on_batch: Callable[[Run, int], None] | None = None
    ) -> Run:
        left = {partition: list(mine) for partition, mine in records.items()}
        while any(left.values()):
            if on_batch:
                on_batch(self, sum(map(len, left.values())))
            partition = self._next(left)
            size = self._chance.randint(1, 60) if self._chance else self._batch
            batch, left[partition] = left[partition][:size], left[partition][size:]
            scored = self._scorer.score(partition, batch)
            assert not scored.rejects
            sent = through_the_wire(scored)
            self._absorb(sent)
            self._sent += sent
            if self._chance and self._chance.random() < 0.1:
                self._absorb(self._sent[-self._chance.randint(1, 30) :])
            if self._chance and self._chance.random() < 0.1:
                self._restart()
        self.whole.add(self._monitor.finish())
        save(self._state, self._monitor.dirty())
        return self

    @property
    def windows(self) -> list[Window]:
        return self.whole.windows

    @property
    def alerts(self) -> list[Alert]:
        return self.whole.alerts

    @property
    def envelopes(self) -> list[Envelope]:
        return [record for record in self._sent if isinstance(record, Envelope)]

    def _next(self, left: dict[int, list[tuple[int, int, bytes]]]) -> int:
        waiting = [partition for partition in left if left[partition]]
        return (
            self._chance.choice(waiting) if self._chance else max(waiting, key=lambda partition: len(left[partition]))
        )

    def _absorb(self, records: list[MentionsContent]) -> None:
        for record in records:
            self._monitor.absorb(record)
        self.whole.add(self._monitor.advance())
        save(self._state, self._monitor.dirty())

    def change_over(self, settings: Config) -> None:
        """As the workers do it, both at once."""
        self._settings = settings
        self._scorer.reload(settings)
        self.whole.alerts += self._monitor.dismiss({brand.id for brand in settings.brands})
        save(self._state, self._monitor.dirty())
        self._restart()

    def use_in_detection(self, settings: Config) -> None:
        """The detectors alone change over."""
        if settings is not self._settings:
            self._settings = settings
            self._restart()

    @property
    def state(self) -> dict[bytes, bytes]:
        """What a restart would go on from."""
        return self._state

    def _restart(self) -> None:
        self._monitor = restored(self._settings, self._state)

    def result(self) -> tuple[list[bytes], list[bytes]]:
        windows = sorted(self.windows, key=lambda window: (window.brand, window.start_ms))
        alerts = sorted(self.alerts, key=lambda alert: (alert.brand, alert.at, alert.id))
        return [window.to_bytes() for window in windows], [alert.to_bytes() for alert in alerts]
