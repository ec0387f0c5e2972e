"""Match and score posts once for all configs that score alike, on all cores."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.config import Config
from streams.offline.backtest.partition_files import PartitionFileWriter, partition_files
from streams.offline.partitioner import PartitionedRecords, Partitioner
from streams.offline.replay import scorer_of_all
from streams.render.progress_bar import progress_bar
from streams.runtime import clock
from streams.runtime.processes import ProcessPool
from streams.sources.ordered import in_order_of_time
from streams.sources.reader import Reading
from streams.sources.registry import open_posts
from streams.sources.weights import load_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.offline.backtest.partition_files import Mentions
    from streams.sources.base import Source

FILES_PER_PROCESS: Final = 2
"""Partition files for each process: enough that a file with a busy brand does not keep all processes waiting, and few,
since the platform load is computed for every file."""

SMALL_BYTES: Final = 4_000_000
"""Size of a file of posts up to which scoring takes less time than starting other processes."""

_AHEAD: Final = 4
"""Number of chunks that are read ahead of the one whose scores are awaited."""

NamedConfig = tuple[str, Config]
"""The name of a config for messages, and the config."""


class _Encoded(NamedTuple):
    """Records of `social.mentions` from posts of one partition; envelopes come with brand and number of mentions."""

    posts: int
    over_quota: int
    envelopes: list[tuple[str, int, bytes]]
    to_all: list[bytes]


_Batches = dict[int, _Encoded]
"""Encoded records by partition of the posts."""

_Score = Callable[[PartitionedRecords], Callable[[], _Batches]]
"""A function that starts to score, and returns a function that waits for the result."""


def scoring(config: Config) -> dict[str, Any]:
    """Return all settings that affect how posts are scored: configs with equal ones can share the scored mentions."""
    qualities = config.qualities()
    return config.model_dump(mode="json", include={"topics", "ingest", "score", "sentiment", "author_key_file"}) | {
        "brands": [(brand.id, brand.match.model_dump(), qualities[brand.id]) for brand in config.brands],
        "bucket_seconds": config.windows.bucket_seconds,
        "include_texts": config.alerts.include_texts,
    }


def scored_alike(configs: Iterable[NamedConfig]) -> list[list[NamedConfig]]:
    """Group configs with the same `scoring`; groups are in the order of their first members."""
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
def scored(posts: str, config: Config, processes: int | None = None, *, keep_order: bool = False) -> Iterator[Mentions]:
    """Match and score a file of posts (``-``: standard input) as a scorer does; the mentions are deleted afterwards.

    Parameters
    ----------
    posts
        Name of the file.
    config
        Config that scores; the result holds for all configs with the same `scoring`.
    processes
        Number of processes; by default the number of cores, or one for a small file.
    keep_order
        Whether the posts are scored as they stand, not sorted by time.

    Raises
    ------
    InputError
        If the posts or the weights can't be used.
    OutputError
        If the disk is full.
    """
    opened = open_posts(posts, config.ingest.max_record_bytes, Reading.of(config.ingest))
    with in_order_of_time(opened, config.ingest, clock.now_ms(), keep_order=keep_order) as source:
        small = source.total_bytes is not None and source.total_bytes <= SMALL_BYTES
        workers = processes or (1 if small else os.cpu_count() or 1)
        files = 1 if workers == 1 else workers * FILES_PER_PROCESS
        with partition_files(source.name, files) as mentions:
            with progress_bar(source) as show:
                _score_all(source, config, mentions, workers, show)
            yield mentions


def _score_all(source: Source, config: Config, mentions: Mentions, processes: int, show: Callable[[], None]) -> None:
    started = time.monotonic()
    posts = over_quota = 0
    partitioner = Partitioner(config, source)
    with PartitionFileWriter(mentions) as files, _scorers(config, processes) as scorers:
        for encoded in _scored_chunks(partitioner, scorers):
            for batch in encoded:
                posts += batch.posts
                over_quota += batch.over_quota
                for envelope in batch.envelopes:
                    files.write_envelope(*envelope)
                for record in batch.to_all:
                    files.write_to_all(record)
            files.end_batch()
            show()
    mentions.posts = posts
    mentions.rejected = partitioner.rejected | ({"quota": over_quota} if over_quota else {})
    mentions.examples = partitioner.examples
    mentions.skipped = partitioner.skipped
    mentions.altered = dict(partitioner.altered)
    mentions.remarks = partitioner.remarks
    mentions.truncated = partitioner.truncated
    mentions.seconds = time.monotonic() - started


def _scored_chunks(partitioner: Partitioner, scorers: list[_Score]) -> Iterator[list[_Encoded]]:
    """Yield the batches of each chunk in the order of its partitions, while chunks ahead are being scored."""
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
    """Yield scorers of some of the partitions each, in a process of its own if there are several."""
    if processes == 1:
        scoring = _Scoring(config)

        def in_this_process(partitioned: PartitionedRecords) -> Callable[[], _Batches]:
            batches = scoring.score(partitioned)
            return lambda: batches

        yield [in_this_process]
        return
    with ExitStack() as opened:
        pools = [
            opened.enter_context(ProcessPool(1, _Scoring, config))
            for _ in range(min(processes, config.topics.partitions))
        ]
        yield [_in_pool(pool) for pool in pools]


def _in_pool(pool: ProcessPool[_Scoring]) -> _Score:
    return lambda partitioned: pool.submit(_Scoring.score, partitioned).result


class _Scoring:
    """A scorer of all partitions, which may be given records of some of them only."""

    def __init__(self, config: Config) -> None:
        self._scorer = scorer_of_all(config, load_model(config.sentiment.weights))

    def score(self, partitioned: PartitionedRecords) -> _Batches:
        return {partition: self._encoded(partition, records) for partition, records in partitioned.items()}

    def _encoded(self, partition: int, records: list[tuple[int, int, bytes]]) -> _Encoded:
        batch = self._scorer.score(partition, records)
        return _Encoded(
            batch.posts,
            len(batch.over_quota),
            [(envelope.brand, len(envelope.mentions), envelope.to_bytes()) for envelope in batch.envelopes],
            [*(notice.to_bytes() for notice in batch.notices), batch.progress.to_bytes()],
        )
