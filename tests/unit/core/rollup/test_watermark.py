"""The watermark over all partitions, and which sources deliver."""

from __future__ import annotations

import orjson

from streams.config import WindowSettings
from streams.core.rollup.watermark import IDLE_MARGIN_MS, StreamProgress
from streams.records import Progress

MINUTE = 60_000
SETTINGS = WindowSettings(
    bucket_seconds=60, check_seconds=10, lateness_seconds=20, end_of_stream_seconds=30, max_gap_hours=2
)


def told(
    partition: int,
    watermark_ms: int,
    *,
    offset: int = 0,
    ingested_ms: int = 0,
    idle_as_of_ms: int = -1,
    live: bool = False,
    incarnation: str = "a",
    active: dict[str, list[int]] | None = None,
    pulse: list[tuple[int, list[int]]] | None = None,
    newest_ms: int = -1,
    delay_ms: int = 0,
) -> Progress:
    delivered = list((active or {}).items())
    return Progress(
        partition,
        incarnation,
        offset,
        watermark_ms,
        ingested_ms,
        idle_as_of_ms,
        live,
        delivered,
        pulse or [],
        newest_ms,
        delay_ms,
    )


def stream(*records: Progress, partitions: int = 2) -> StreamProgress:
    progress = StreamProgress(partitions, SETTINGS)
    for record in records:
        progress.update(record)
    return progress


def test_nothing_is_known_until_every_partition_has_told() -> None:
    assert stream(told(0, 5_000)).watermark() == -1
    assert stream(told(0, 5_000), told(1, -1, offset=-1)).watermark() == -1


def test_the_slowest_partition_holds_the_watermark_and_it_never_goes_back() -> None:
    progress = stream(told(0, 5_000, offset=1), told(1, 9_000, offset=1))
    assert progress.watermark() == 5_000
    progress.update(told(0, 3_000, offset=0))
    progress.update(told(0, 4_000, offset=2))
    assert progress.watermark() == 5_000


def test_an_idle_partition_waits_until_posts_that_were_sent_before_its_claim_must_have_come() -> None:
    progress = stream(told(0, 50_000, ingested_ms=100_000), told(1, 9_000, ingested_ms=90_000, idle_as_of_ms=100_000))
    assert progress.watermark() == 9_000
    progress.update(told(1, 9_000, ingested_ms=90_000, idle_as_of_ms=100_000 + IDLE_MARGIN_MS))
    assert progress.watermark() == 50_000


def test_an_idle_live_partition_moves_with_the_clock() -> None:
    now = 1_000_000_000
    progress = stream(
        told(0, now, ingested_ms=now, idle_as_of_ms=now + 20_000, live=True),
        told(1, now, ingested_ms=now, idle_as_of_ms=now + 21_000, live=True),
    )
    assert progress.watermark() == now + 20_000 - IDLE_MARGIN_MS


def test_the_last_bucket_of_an_archive_closes_once_the_whole_stream_has_been_idle_for_long() -> None:
    ends = [told(partition, 50_000, ingested_ms=100_000, idle_as_of_ms=129_000) for partition in (0, 1)]
    assert stream(*ends).watermark() == 50_000
    ends = [told(partition, 50_000, ingested_ms=100_000, idle_as_of_ms=130_000) for partition in (0, 1)]
    last_bucket_closes = MINUTE + 20_000
    assert stream(*ends).watermark() >= last_bucket_closes


def test_a_live_partition_whose_collector_lags_moves_with_the_clock_less_the_delay() -> None:
    """Otherwise the posts that come ten minutes late were late for their buckets whenever a second passed without."""
    now, delay = 1_000_000_000, 10 * MINUTE
    progress = stream(
        told(0, now - delay, ingested_ms=now, idle_as_of_ms=now + 20_000, live=True, delay_ms=delay), partitions=1
    )
    assert progress.watermark() == now + 20_000 - delay


def test_a_quiet_live_stream_is_not_over() -> None:
    """It was: after half a minute without posts its bucket closed ahead of the clock, and the next posts were late."""
    now = 1_000_000_000
    for idle_ms in (30_000, MINUTE, 5 * MINUTE):
        progress = stream(
            told(0, now, ingested_ms=now, idle_as_of_ms=now + idle_ms, live=True),
            told(1, -1, ingested_ms=-1, offset=-1, idle_as_of_ms=now + idle_ms),
        )
        assert progress.watermark() == now + idle_ms - IDLE_MARGIN_MS


def test_the_end_of_an_archive_is_its_newest_post_supported_or_not() -> None:
    quiet = stream(told(0, 50_000, newest_ms=90_000, ingested_ms=1_000_000, idle_as_of_ms=1_030_000), partitions=1)
    assert quiet.watermark() == 90_000 + 60_000 + 20_000 + 10_000
    over = stream(told(0, -1, newest_ms=90_000), partitions=1)
    assert over.watermark() == -1
    over.finish()
    assert over.watermark() == quiet.watermark()


def test_what_is_known_of_the_newest_post_survives_a_restart() -> None:
    before = stream(told(0, 50_000, newest_ms=90_000, ingested_ms=1_000_000), partitions=1)
    after = stream(partitions=1)
    after.load(orjson.loads(orjson.dumps(before.dump())))
    after.finish()
    assert after.watermark() == 90_000 + 60_000 + 20_000 + 10_000


def test_finish_closes_everything_at_once() -> None:
    progress = stream(told(0, 50_000))
    assert progress.watermark() == -1
    progress.finish()
    assert progress.watermark() >= MINUTE + 20_000
    nothing = stream()
    nothing.finish()
    assert nothing.watermark() == -1


def test_a_topic_made_anew_counts_from_its_beginning_and_its_past_is_over() -> None:
    progress = stream(told(0, 5_000, offset=900), told(1, 9_000, offset=900))
    progress.update(told(0, 8_000, offset=3, incarnation="b"))
    assert progress.watermark() == 8_000
    progress.update(told(0, 8_900, offset=901, incarnation="a"))
    assert progress.watermark() == 8_000


def deliver(progress: StreamProgress, source: str, minutes: range) -> None:
    for minute in minutes:
        start = minute * MINUTE
        progress.update(told(0, start + MINUTE, offset=minute, active={source: [start]}))
        progress.evaluate(progress.watermark())


def test_a_source_that_falls_silent_is_out_and_back_when_it_delivers() -> None:
    progress = StreamProgress(1, SETTINGS)
    for minute in range(300):
        start = minute * MINUTE
        both = {"forum": [start], "news": [start]}
        progress.update(told(0, start + MINUTE, offset=minute, active=both))
        progress.evaluate(progress.watermark())
    assert progress.source_up() == {"forum": True, "news": True}
    deliver(progress, "forum", range(300, 320))
    assert progress.source_up() == {"forum": True, "news": False}
    assert progress.out[310 * MINUTE] == {"news"}
    assert progress.out[300 * MINUTE] == frozenset()
    deliver(progress, "news", range(320, 321))
    assert progress.source_up()["news"]


def test_buckets_in_which_every_source_is_out_are_left_out_and_a_short_silence_is_not() -> None:
    progress = StreamProgress(1, SETTINGS)
    deliver(progress, "forum", range(300))
    deliver(progress, "forum", range(302, 303))
    assert progress.buckets[-3:] == [300 * MINUTE, 301 * MINUTE, 302 * MINUTE]
    deliver(progress, "forum", range(900, 901))
    missing = set(range(303, 900)) - {start // MINUTE for start in progress.buckets}
    assert len(missing) > 580
    assert progress.buckets[-1] == 900 * MINUTE


def test_a_rare_source_is_silent_for_long_before_that_means_anything_but_not_for_ever() -> None:
    progress = StreamProgress(1, SETTINGS)
    deliver(progress, "forum", range(1))
    deliver(progress, "forum", range(100, 101))
    assert len(progress.buckets) == 101
    deliver(progress, "forum", range(100_000, 100_001))
    assert len(progress.buckets) < 101 + 2 * 60 + 2


def test_dump_and_load_keep_everything_but_claims_of_idleness() -> None:
    progress = stream(
        told(0, 5_000, offset=4, ingested_ms=7, active={"forum": [0]}),
        told(1, 9_000, offset=4, ingested_ms=9, active={"news": [0]}),
    )
    progress.evaluate(0)
    restored = StreamProgress(2, SETTINGS)
    restored.load(orjson.loads(orjson.dumps(progress.dump())))
    assert restored.dump() == progress.dump()
    assert restored.watermark() == progress.watermark() == 5_000


def test_what_has_been_forgotten_is_gone() -> None:
    progress = StreamProgress(1, SETTINGS)
    deliver(progress, "forum", range(10))
    progress.forget(5 * MINUTE)
    assert progress.buckets == [minute * MINUTE for minute in range(5, 10)]
    assert set(progress.out) == set(progress.buckets)
