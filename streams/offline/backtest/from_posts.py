"""Posts scored once for all configs that score alike, on all cores."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.config import Config
from streams.core.sentiment import LinearModel
from streams.offline.backtest.partition_files import PartitionFileWriter, partition_files
from streams.offline.partitioner import PartitionedRecords, Partitioner
from streams.offline.replay import scorer_of_all
from streams.render.progress_bar import progress_bar
from streams.runtime.processes import process_pool
from streams.sources.registry import open_posts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import ProcessPoolExecutor

    from streams.offline.backtest.partition_files import Mentions
    from streams.sources.base import Source

LANES_PER_PROCESS: Final = 2
"""So that one lane with a busy brand does not keep all others waiting, without following the platform too often."""

SMALL_BYTES: Final = 4_000_000
"""Of a file of posts that is scored faster than other processes start."""

_AHEAD: Final = 4
"""Chunks that are read before the first of them must be scored."""


NamedConfig = tuple[str, Config]
"""A config with its name for people."""


class _Encoded(NamedTuple):
    """What posts of one partition came to, as records of `social.mentions`; envelopes with brand and mentions."""

    posts: int
    over_quota: int
    envelopes: list[tuple[str, int, bytes]]
    to_all: list[bytes]


_Batches = dict[int, _Encoded]
"""By partition of the posts."""

_Score = Callable[[PartitionedRecords], Callable[[], _Batches]]
"""Begins to score and gives what waits for the end of it."""


def scoring(config: Config) -> dict[str, Any]:
    """All that decides what `scored` makes of posts: where it is equal, one config can score for the other."""
    qualities = config.qualities()
    return config.model_dump(mode="json", include={"topics", "ingest", "score", "sentiment", "author_key_file"}) | {
        "brands": [(brand.id, brand.match.model_dump(), qualities[brand.id]) for brand in config.brands],
        "bucket_seconds": config.windows.bucket_seconds,
        "include_texts": config.alerts.include_texts,
    }


def scored_alike(configs: Iterable[NamedConfig]) -> list[list[NamedConfig]]:
    """Configs in groups of the same `scoring`, in the order in which each first stands."""
    groups: list[tuple[dict[str, Any], list[NamedConfig]]] = []
    for named in configs:
        wanted = scoring(named[1])
        known = next((group for key, group in groups if key == wanted), None)
        if known is None:
            groups.append((wanted, [named]))
        else:
            known.append(named)
    return [group for _, group in groups]


@contextmanager
def scored(posts: str, config: Config, processes: int | None = None) -> Iterator[Mentions]:
    """Match and score a file of posts (``-``: standard input) as a scorer does; the mentions are gone afterwards.

    Parameters
    ----------
    posts
        Name of the file.
    config
        By which they are scored; serves all of the same `scoring`.
    processes
        How many score at the same time; by default as many as there are cores, or one for a small file.

    Raises
    ------
    InputError
        If the posts or the weights can't be used.
    OutputError
        If the disk is full.
    """
    with open_posts(posts, config.ingest.max_record_bytes) as source:
        small = source.total_bytes is not None and source.total_bytes <= SMALL_BYTES
        side_by_side = processes or (1 if small else os.cpu_count() or 1)
        lanes = 1 if side_by_side == 1 else side_by_side * LANES_PER_PROCESS
        with partition_files(source.name, lanes) as mentions:
            with progress_bar(source) as show:
                _score_all(source, config, mentions, side_by_side, show)
            yield mentions


def _score_all(source: Source, config: Config, mentions: Mentions, processes: int, show: Callable[[], None]) -> None:
    started = time.monotonic()
    posts = over_quota = 0
    partitioner = Partitioner(config, source)
    with PartitionFileWriter(mentions) as lanes, _scorers(config, processes) as scorers:
        for encoded in _scored_chunks(partitioner, scorers):
            for batch in encoded:
                posts += batch.posts
                over_quota += batch.over_quota
                for envelope in batch.envelopes:
                    lanes.write_envelope(*envelope)
                for record in batch.to_all:
                    lanes.write_to_all(record)
            lanes.end_batch()
            show()
    mentions.posts = posts
    mentions.rejected = partitioner.rejected | ({"quota": over_quota} if over_quota else {})
    mentions.seconds = time.monotonic() - started


def _scored_chunks(partitioner: Partitioner, scorers: list[_Score]) -> Iterator[list[_Encoded]]:
    """The batches of each chunk in the order in which they were dealt, while chunks ahead are being scored."""
    ahead: deque[tuple[list[int], list[Callable[[], _Batches]]]] = deque()

    def first() -> list[_Encoded]:
        order, promised = ahead.popleft()
        found = {partition: batch for batches in promised for partition, batch in batches().items()}
        return [found[partition] for partition in order]

    for partitioned in partitioner.chunks():
        shares: list[PartitionedRecords] = [{} for _ in scorers]
        for partition, records in partitioned.items():
            shares[partition % len(scorers)][partition] = records
        ahead.append((list(partitioned), [score(share) for score, share in zip(scorers, shares, strict=True) if share]))
        if len(ahead) > _AHEAD:
            yield first()
    while ahead:
        yield first()


@contextmanager
def _scorers(config: Config, processes: int) -> Iterator[list[_Score]]:
    """Each scores some of the partitions, in a process of its own if there are several."""
    if processes == 1:
        scoring = _Scoring(config)

        def here(partitioned: PartitionedRecords) -> Callable[[], _Batches]:
            batches = scoring.score(partitioned)
            return lambda: batches

        yield [here]
        return
    with ExitStack() as opened:
        pools = [
            opened.enter_context(process_pool(1, _begin, config))
            for _ in range(min(processes, config.topics.partitions))
        ]
        yield [_there(other) for other in pools]


def _there(other: ProcessPoolExecutor) -> _Score:
    return lambda partitioned: other.submit(_score, partitioned).result


class _Scoring:
    """A scorer of all partitions, of which it may get some."""

    def __init__(self, config: Config) -> None:
        self._scorer = scorer_of_all(config, LinearModel.load(config.sentiment.weights))

    def score(self, partitioned: PartitionedRecords) -> _Batches:
        return {partition: self._encoded(partition, records) for partition, records in partitioned.items()}

    def _encoded(self, partition: int, records: list[tuple[int, int, bytes]]) -> _Encoded:
        batch = self._scorer.score(partition, records)
        return _Encoded(
            batch.posts,
            len(batch.over_quota),
            [(envelope.brand, len(envelope.mentions), envelope.to_bytes()) for envelope in batch.envelopes],
            [*(deletions.to_bytes() for deletions in batch.deletions), batch.progress.to_bytes()],
        )


_of_this_process: list[_Scoring] = []


def _begin(config: Config) -> None:
    _of_this_process.append(_Scoring(config))


def _score(partitioned: PartitionedRecords) -> _Batches:
    return _of_this_process[0].score(partitioned)
