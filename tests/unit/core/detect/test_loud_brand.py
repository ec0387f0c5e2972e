"""However loud a brand is, no record of its state exceeds the bound, and nothing it counts or raises changes.

The reference is a monitor that is never saved, and so has no bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.config import Config
from streams.core.detect.partition import PartitionMonitor
from streams.core.score.scorer import EXCERPT_CHARS, MAX_LINK_CHARS
from streams.core.text.terms import MAX_TERM_CHARS
from streams.kafka.clients import MAX_RECORD_BYTES
from streams.kafka.fragments import Fragments
from streams.records import MAX_ID_CHARS, Deletions, Envelope, Mention, Progress
from tests.support.saved_state import restored, save

if TYPE_CHECKING:
    from streams.core.detect.outcome import Outcome
    from streams.records import Alert, MentionsContent, Window

START: Final = 1_760_000_400_000 - 1_760_000_400_000 % 86_400_000
BATCH_MS: Final = 500
MOST: Final = 30_000
"""Mentions of one example: the louder the brand, the shorter the time."""

PER_ENVELOPE: Final = 250
LARGEST: Final = MAX_RECORD_BYTES - 1_000


def config(**windows: Any) -> Config:
    return Config.model_validate(
        {
            "brands": [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}],
            "topics": {"partitions": 2},
            "windows": {"bucket_seconds": 60, "check_seconds": 10, "lateness_seconds": 20} | windows,
            "alerts": {"include_texts": True},
        }
    )


def mention(offset: int, ts_ms: int, *, wide: bool) -> Mention:
    """A post of a storm; a wide one has everything as long as a scorer lets it be, and different from all others."""
    if not wide:
        return Mention(
            offset, ts_ms, 0, 9_000, 500, 1 + offset % 977, offset % 4_001, 0, 1, "de", "forum", f"p{offset}",
            ["netz", "ausfall", f"ort{offset % 300}"], f"https://forum.example/{offset}",
        )  # fmt: skip
    id, source, url, text = (
        f"{offset}".rjust(chars, character)
        for chars, character in (
            (MAX_ID_CHARS, "\u0001"), (MAX_ID_CHARS, "ü"), (MAX_LINK_CHARS, "\u0001"), (EXCERPT_CHARS, "\u0001"),
        )
    )  # fmt: skip
    terms = [f"{offset}-{number}".rjust(MAX_TERM_CHARS, "\U0001f525") for number in range(12)]
    return Mention(
        offset, ts_ms, 0, 9_000, 500, 1 + offset, (1 << 47) + offset, 0, 1, "de", source, id, terms, url, text
    )


def batches(rate: int, lag: int, *, wide: bool) -> list[list[MentionsContent]]:
    """Half seconds of a storm in partition 0; partition 1 reports its progress so many half seconds later."""
    made: list[list[MentionsContent]] = []
    most = MOST // 100 if wide else MOST
    count = min(120, max(1, most * 1_000 // (rate * BATCH_MS)))
    offset = 0
    for number in range(count):
        now = START + (number + 1) * BATCH_MS
        size = max(1, min(most, rate * BATCH_MS // 1_000))
        mentions = [mention(offset + each, now - BATCH_MS + each * BATCH_MS // size, wide=wide) for each in range(size)]
        envelopes: list[MentionsContent] = [
            Envelope("nordtel", 0, "t", "m", now, mentions[first : first + PER_ENVELOPE])
            for first in range(0, size, PER_ENVELOPE)
        ]
        gone = [(now, each.source, each.id) for each in mentions[:: max(1, size // 100)]]
        offset += size
        made.append(
            [*envelopes, Deletions(0, gone[:250]), progress(0, offset - 1, now), progress(1, number, now - lag)]
        )
    made += [
        [progress(partition, offset + minute, START + 90_000 + minute * 60_000) for partition in (0, 1)]
        for minute in range(4)
    ]
    return made


def progress(partition: int, offset: int, watermark_ms: int) -> Progress:
    active = [("forum", [watermark_ms - watermark_ms % 60_000])]
    return Progress(partition, "t", offset, watermark_ms, watermark_ms, -1, live=False, active=active, pulse=[])


def advanced(monitor: PartitionMonitor, records: list[MentionsContent]) -> Outcome:
    for record in records:
        monitor.absorb(record)
    return monitor.advance()


class Worker:
    """A monitor whose state goes through records, and which dies now and then."""

    def __init__(self, settings: Config) -> None:
        self._config = settings
        self.records: dict[bytes, bytes] = {}
        self.largest = 0
        self.written = 0
        self.restart()

    def restart(self) -> None:
        self._fragments = Fragments()
        self.monitor = restored(self._config, self._fragments.joined(self.records))

    def save(self) -> None:
        for key, value in self.monitor.dirty():
            for record in self._fragments.split(key, value):
                save(self.records, [record])
                size = len(record[0]) + len(record[1] or b"")
                self.largest = max(self.largest, size)
                self.written += size


def run(stream: list[list[MentionsContent]], settings: Config, deaths: set[int]) -> Worker:
    """Assert that a worker that dies before or after it saves these batches gives what the reference gives."""
    reference = PartitionMonitor(settings, 0)
    expected: list[Alert | Window] = []
    for records in stream:
        outcome = advanced(reference, records)
        expected += [*outcome.alerts, *outcome.windows]
    worker = Worker(settings)
    found: list[Alert | Window] = []
    for number, records in enumerate(stream):
        outcome = advanced(worker.monitor, records)
        if 2 * number in deaths:  # the batch is repeated
            worker.restart()
            again = advanced(worker.monitor, records)
            assert (again.alerts, again.windows) == (outcome.alerts, outcome.windows)
        found += [*outcome.alerts, *outcome.windows]
        worker.save()
        if 2 * number + 1 in deaths:
            worker.restart()
    assert [each.to_bytes() for each in found] == [each.to_bytes() for each in expected]
    assert any(type(each).__name__ == "Window" for each in expected)
    return worker


@given(
    rate=st.one_of(st.integers(1, 500), st.integers(500, 50_000)),
    lag=st.sampled_from([0, 5_000, 3_600_000]),
    deaths=st.sets(st.integers(0, 60), max_size=4),
    wide=st.booleans(),
)
@example(rate=50_000, lag=0, deaths={0, 1}, wide=False)
@example(rate=5_000, lag=5_000, deaths={3, 8}, wide=False)
@example(rate=1_000, lag=3_600_000, deaths={2, 121}, wide=True)
@settings(max_examples=15, deadline=None)
def test_no_rate_and_no_backlog_makes_a_record_too_large(rate: int, lag: int, deaths: set[int], *, wide: bool) -> None:
    worker = run(batches(rate, lag, wide=wide), config(), deaths)
    assert worker.largest <= LARGEST
    assert not [key for key in worker.records if key.startswith(b"nordtel\x00")], "no chunk outlives its slots"


def test_a_brand_with_many_open_buckets_is_saved_in_fragments() -> None:
    """Each open bucket has samples of its own; with an hour of lateness there are sixty."""
    settings = config(lateness_seconds=3_600)
    stream: list[list[MentionsContent]] = []
    for minute in range(70):
        now = START + minute * 60_000
        mentions = [mention(100 * minute + number, now + number, wide=True) for number in range(60)]
        stream.append(
            [
                Envelope("nordtel", 0, "t", "m", now, mentions[:30]),
                Envelope("nordtel", 0, "t", "m", now, mentions[30:]),
                progress(0, 100 * minute + 59, now + 60_000),
                progress(1, minute, now + 60_000),
            ]
        )
    worker = run(stream, settings, {19, 90, 133})
    assert any(key.startswith(b"\x01") for key in worker.records)
    assert worker.largest <= LARGEST


def test_what_is_written_grows_with_the_mentions_not_with_their_square() -> None:
    """Every batch used to write all pending mentions again."""
    worker = Worker(config())
    stream = batches(5_000, 3_600_000, wide=False)
    count = sum(len(record.mentions) for records in stream for record in records if isinstance(record, Envelope))
    for records in stream:
        advanced(worker.monitor, records)
        worker.save()
    assert worker.written / count < 600
