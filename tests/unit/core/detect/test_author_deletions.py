"""A deleted author's posts stay counted and are shown no more, in every run alike; what the author writes later is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from streams.core.detect.partition import PartitionMonitor
from streams.core.detect.pending import PendingAuthorDeletions
from streams.core.score.clock import NEEDED
from streams.core.score.position import Position
from streams.core.score.scorer import Scorer
from streams.records import AuthorDeletion, AuthorDeletions, Post, post_from_bytes
from tests.support.drawn_run import Lines, Run, through_the_wire
from tests.support.saved_state import save
from tests.support.two_brands import HOUR, PARTITIONS, START, WordModel, config, partitioned, story

if TYPE_CHECKING:
    from streams.records import Alert

DELETED_AT = {f"a{number}": START + (410 + number // 2) * 60_000 for number in range(60)}
"""Sixty of the ninety authors, all within the storm; each goes on to write."""

SETTINGS = config(alerts={"samples": 20, "include_texts": True})


def with_author_deletions(records: Lines) -> tuple[Lines, dict[str, int]]:
    """The same with the deletions of authors in every partition; and by author, when the last copy arrived."""
    lines: Lines = {}
    arrived: dict[str, int] = {}
    for partition, mine in records.items():
        values: list[bytes] = []
        clock_ms, waiting = 0, dict(DELETED_AT)
        for _, _, value in mine:
            post = post_from_bytes(value)
            clock_ms = max(clock_ms, post.ts_ms)
            for author in [author for author, at_ms in waiting.items() if at_ms <= clock_ms]:
                del waiting[author]
                values += [AuthorDeletion(author, source).to_bytes() for source in ("forum", "news")]
                arrived[author] = max(arrived.get(author, 0), clock_ms)
            values.append(value)
        lines[partition] = [(offset, START + 100 * HOUR, value) for offset, value in enumerate(values)]
    return lines, arrived


@pytest.fixture(scope="module")
def records() -> Lines:
    return partitioned(story(1))


@pytest.fixture(scope="module")
def deleted(records: Lines) -> tuple[Run, dict[str, int]]:
    lines, arrived = with_author_deletions(records)
    return Run(SETTINGS, None).feed(lines), arrived


def test_posts_of_deleted_authors_stay_counted_and_are_shown_no_more(
    records: Lines, deleted: tuple[Run, dict[str, int]]
) -> None:
    known, (run, arrived) = Run(SETTINGS, None).feed(records), deleted
    assert run.result()[0] == known.result()[0], "the windows are the same to the byte"
    assert [alert.id for alert in run.alerts] == [alert.id for alert in known.alerts]
    posts = {post.id: post for post in story(1)}
    slot_ms = SETTINGS.windows.check_seconds * 1000

    def gone(alerts: list[Alert]) -> list[str]:
        """Return the samples of posts that were written before their author was deleted, which the alert is after."""
        return [
            sample.id
            for alert in alerts
            for sample in alert.samples
            if posts[sample.id].author in DELETED_AT
            and posts[sample.id].ts_ms < DELETED_AT[posts[sample.id].author or ""] - slot_ms
            and alert.at.timestamp() * 1000 >= arrived[posts[sample.id].author or ""] + slot_ms
        ]

    assert len(gone(known.alerts)) > 10
    assert gone(run.alerts) == []
    assert run.whole.samples_deleted["nordtel"] > 10
    later = [sample.id for alert in run.alerts for sample in alert.samples if posts[sample.id].author in DELETED_AT]
    assert later, "what they write afterwards is shown"


@pytest.mark.parametrize("seed", range(6))
def test_interleaving_batches_repeats_and_restarts_change_nothing(
    records: Lines, deleted: tuple[Run, dict[str, int]], seed: int
) -> None:
    lines, _ = with_author_deletions(records)
    assert Run(SETTINGS, random.Random(seed)).feed(lines).result() == deleted[0].result()


@pytest.mark.parametrize("texts", [False, True])
def test_nothing_of_a_deleted_authors_posts_stays_in_the_state(texts: bool) -> None:
    settings = config(alerts={"include_texts": texts}, topics={"partitions": 1})
    scorer, monitor = Scorer(settings, WordModel()), PartitionMonitor(settings, 0)
    scorer.assign(0, Position("topic-1"))
    secret = Post("zitronenfalter", "forum", START, "nordtel schlecht mondlandung", "karla", url="https://x.example/k")
    values = [secret.to_bytes(), AuthorDeletion("karla", "forum").to_bytes()]
    values += [Post(f"n{number}", "forum", START + number, "so so").to_bytes() for number in range(NEEDED)]
    values += [Post("2", "forum", START + 60_000, "nordtel so so", "karla").to_bytes()]
    values += [Post(f"m{number}", "forum", START + 120_000, "so so").to_bytes() for number in range(NEEDED)]
    state: dict[bytes, bytes] = {}
    held = []
    for offset, value in enumerate(values):
        for record in through_the_wire(scorer.score(0, [(offset, START + 2 * HOUR, value)])):
            monitor.absorb(record)
        monitor.advance()
        save(state, monitor.dirty())
        held.append(b"zitronenfalter" in state[b"nordtel"])
    assert held[0]
    assert not held[-1]
    assert b"https://x.example/k" not in state[b"nordtel"]
    assert b"nordtel schlecht mondlandung" not in state[b"nordtel"]
    assert b'"2"' in state[b"nordtel"], "what the author wrote afterwards is held"


def test_a_deletion_that_arrives_again_deletes_nothing_that_came_after_it() -> None:
    pending = PendingAuthorDeletions()
    record = AuthorDeletions(0, "topic-1", [(7, 50, 1), (9, 60, 2)])
    assert pending.add(record, lambda arrival_ms: arrival_ms + 10)
    assert pending.take(59) == []
    assert pending.take(70) == [(60, {1}), (70, {2})]
    assert not pending.add(record, lambda arrival_ms: arrival_ms + 900)
    assert pending.add(AuthorDeletions(0, "topic-1", [(9, 60, 2), (11, 80, 3)]), lambda arrival_ms: arrival_ms)
    copy = PendingAuthorDeletions()
    copy.load(pending.dump())
    assert copy.dump() == pending.dump()
    assert copy.take(100) == [(80, {3})]
    assert copy.add(AuthorDeletions(0, "topic-2", [(3, 5, 4)]), lambda arrival_ms: arrival_ms), "of a new topic"
    assert not copy.add(AuthorDeletions(0, "topic-1", [(99, 5, 4)]), lambda arrival_ms: arrival_ms), "of the old one"


def test_every_partition_of_the_posts_has_a_mark_of_its_own() -> None:
    pending = PendingAuthorDeletions()
    for partition in range(PARTITIONS):
        assert pending.add(AuthorDeletions(partition, "topic-1", [(5, 10, partition)]), lambda arrival_ms: arrival_ms)
    assert pending.take(10) == [(10, {0, 1, 2})]
