"""The whole way from a file of posts to alerts in one process, without Kafka: the code that the workers run, under
another shell.

Posts are dealt to partitions by the hash Kafka's clients use, so that offsets, lateness and recent ids come out as they
do live.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from streams import clock
from streams.bad_share import BadShare
from streams.errors import InputError, RecordError
from streams.monitor import Outcome, PartitionMonitor
from streams.normalise import Normaliser
from streams.scoring import Scorer, best_model
from streams.topics import partition_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from streams.config import Config
    from streams.records import Alert, Window
    from streams.sentiment import SentimentModel
    from streams.sources.base import Source

INCARNATION: Final = "replay"


@dataclass(slots=True)
class ReplaySummary:
    """What a replay came to.

    `posts` were read, usable and within the quota of their source, `repeated` of them dropped as repeats, `matched`
    mentions found, `counted` of those put into windows and `late` beside them; `counted` + `late` = `matched`.
    """

    posts: int = 0
    repeated: int = 0
    matched: int = 0
    counted: int = 0
    late: int = 0
    alerts: int = 0
    seconds: float = 0.0
    rejected: dict[str, int] = field(default_factory=dict)


class Replay:
    """Feeds posts through scoring and detection and hands out what results.

    Parameters
    ----------
    config
        As for the workers; its brands of quality ``best`` are judged by `best_model`.
    model
        Of quality ``fast``.
    on_alert, on_window
        Called with each result, in order for each brand.
    """

    def __init__(
        self,
        config: Config,
        model: SentimentModel,
        on_alert: Callable[[Alert], None],
        on_window: Callable[[Window], None] = lambda _: None,
    ) -> None:
        self._config = config
        self._on_alert = on_alert
        self._on_window = on_window
        self._scorer = Scorer(config, model, best_model(config))
        self._monitor = PartitionMonitor(config, 0)
        self._offsets = [0] * config.topics.partitions
        for partition in range(config.topics.partitions):
            self._scorer.assign(partition, INCARNATION)
        self._over_quota = 0
        self.summary = ReplaySummary()

    def run(self, source: Source, on_chunk: Callable[[], None] = lambda: None) -> ReplaySummary:
        """Replay a source to its end.

        Raises
        ------
        InputError
            If the source can't be read, or too much of it is bad (`BadShareExceeded`).
        """
        started = time.monotonic()
        normaliser = Normaliser(self._config.ingest, "file")
        share = BadShare(self._config.ingest)
        for chunk in source.chunks():
            now_ms = clock.now_ms()
            self._feed(self._posts(normaliser, share, (line.data for line in chunk), now_ms), now_ms)
            on_chunk()
        if not share.seen:
            raise InputError(f"{source.name}: holds no posts")
        share.check_end()
        self._take(self._monitor.finish())
        self.summary.rejected = share.reasons | ({"quota": self._over_quota} if self._over_quota else {})
        self.summary.seconds = time.monotonic() - started
        return self.summary

    def _posts(
        self, normaliser: Normaliser, share: BadShare, lines: Iterable[bytes], now_ms: int
    ) -> dict[int, list[bytes]]:
        dealt: dict[int, list[bytes]] = {}
        for line in lines:
            try:
                post = normaliser.record(line, now_ms)
            except RecordError as error:
                share.bad(error.reason)
                continue
            share.good()
            partition = partition_of(post.key, len(self._offsets))
            dealt.setdefault(partition, []).append(post.to_bytes())
        return dealt

    def _feed(self, dealt: dict[int, list[bytes]], now_ms: int) -> None:
        for partition, values in dealt.items():
            first = self._offsets[partition]
            self._offsets[partition] += len(values)
            batch = self._scorer.score(
                partition, [(first + index, now_ms, value) for index, value in enumerate(values)]
            )
            self.summary.posts += batch.posts
            self.summary.repeated += batch.repeated
            for envelope in batch.envelopes:
                self.summary.matched += len(envelope.mentions)
                self._monitor.absorb(envelope)
            for deletions in batch.deletions:
                self._monitor.absorb(deletions)
            self._monitor.absorb(batch.progress)
            self._over_quota += len(batch.over_quota)
        self._take(self._monitor.advance())

    def _take(self, outcome: Outcome) -> None:
        for window in outcome.windows:
            self.summary.counted += window.count
            self.summary.late += window.late
            self._on_window(window)
        for alert in outcome.alerts:
            self.summary.alerts += 1
            self._on_alert(alert)
