"""Authors are counted exactly up to a bound and estimated beyond it, in any order and in any parts."""

from __future__ import annotations

import random
from itertools import islice
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.rollup import author_counts
from streams.core.rollup.author_counts import EXACT, AuthorCounts
from streams.core.score.authors import AuthorHash
from streams.records import Post
from tests.support.authors import hashes, heavy_tailed, once_each

AUTHORS = hashes(200)

Spans = list[dict[int, int]]

spans = st.lists(st.dictionaries(st.sampled_from(AUTHORS), st.integers(1, 9), max_size=60), max_size=8)
"""Mentions by author in some spans: of none, some or nearly all of 200 authors."""


def counted(*spans: dict[int, int], unknown: int = 0) -> AuthorCounts:
    counts = AuthorCounts()
    for span in spans:
        counts.add(span, unknown=unknown)
    return counts


def merged(*parts: AuthorCounts) -> AuthorCounts:
    whole = AuthorCounts()
    for part in parts:
        whole.merge(part)
    return whole


def facts(counts: AuthorCounts) -> tuple[Any, ...]:
    """Return all that is told of authors."""
    return (
        counts.is_estimated, counts.distinct, counts.known, counts.unknown, counts.effective, counts.largest(10),
        sorted(counts.sample),
    )  # fmt: skip


def parted(spans: Spans, seed: int) -> Spans:
    """Return the same mentions in another order, each span cut in two."""
    chance = random.Random(seed)
    halves: Spans = []
    for span in spans:
        first = {author: chance.randint(0, count) for author, count in span.items()}
        halves += [
            {author: count for author, count in first.items() if count},
            {author: count - first[author] for author, count in span.items() if count > first[author]},
        ]
    chance.shuffle(halves)
    return [dict(chance.sample(list(half.items()), len(half))) for half in halves]


@pytest.fixture(params=[20, 60], ids=lambda bound: f"exact to {bound}")
def bound(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Count so few authors exactly that drawn spans are exact, estimated, or become so while they are added."""
    monkeypatch.setattr(author_counts, "EXACT", request.param)
    return int(request.param)


@pytest.mark.usefixtures("bound")
class TestOrder:
    @settings(max_examples=50)
    @given(spans, st.integers(0, 99))
    def test_neither_order_nor_batches_matter(self, spans: Spans, seed: int) -> None:
        assert facts(counted(*parted(spans, seed))) == facts(counted(*spans))

    @settings(max_examples=50)
    @given(spans, spans)
    def test_merging_commutes(self, ours: Spans, others: Spans) -> None:
        assert facts(merged(counted(*ours), counted(*others))) == facts(merged(counted(*others), counted(*ours)))

    @settings(max_examples=50)
    @given(spans, spans, spans)
    def test_merging_is_associative(self, first: Spans, second: Spans, third: Spans) -> None:
        one, two, three = counted(*first), counted(*second), counted(*third)
        assert facts(merged(merged(one, two), three)) == facts(merged(one, merged(two, three)))

    @settings(max_examples=50)
    @given(spans, st.integers(0, 8))
    def test_merging_parts_equals_counting_the_whole(self, spans: Spans, cut: int) -> None:
        assert facts(merged(counted(*spans[:cut]), counted(*spans[cut:]))) == facts(counted(*spans))

    @settings(max_examples=50)
    @given(spans, st.integers(0, 8))
    def test_counting_goes_on_from_saved_state(self, spans: Spans, cut: int) -> None:
        restored = AuthorCounts.load(counted(*spans[:cut], unknown=2).dump())
        for span in spans[cut:]:
            restored.add(span, unknown=2)
        assert facts(restored) == facts(counted(*spans, unknown=2))

    @settings(max_examples=50)
    @given(spans)
    def test_what_is_merged_stays_as_it_was(self, spans: Spans) -> None:
        part = counted(*spans)
        before = facts(part)
        merged(part).add(dict.fromkeys(AUTHORS, 1))
        assert facts(part) == before


@given(spans)
def test_few_authors_are_counted_exactly(spans: Spans) -> None:
    counts = counted(*spans, unknown=3)
    mentions: dict[int, int] = {}
    for span in spans:
        for author, count in span.items():
            mentions[author] = mentions.get(author, 0) + count
    total = sum(mentions.values())
    assert facts(counts) == (
        False, len(mentions), total, 3 * len(spans),
        total**2 / sum(count**2 for count in mentions.values()) if mentions else None,
        sorted(mentions.values(), reverse=True)[:10], sorted(mentions),
    )  # fmt: skip


def test_as_many_authors_as_the_bound_are_exact_and_one_more_is_estimated() -> None:
    authors = hashes(EXACT + 1)
    at_the_bound = counted(dict.fromkeys(authors[:EXACT], 2))
    assert (at_the_bound.is_estimated, at_the_bound.distinct, at_the_bound.effective) == (False, EXACT, EXACT)
    beyond = merged(at_the_bound, counted({authors[-1]: 1}))
    assert beyond.is_estimated
    assert beyond.distinct == pytest.approx(EXACT + 1, rel=0.05)
    assert beyond.known == 2 * EXACT + 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("number", [5_000, 10_000, 30_000, 100_000])
def test_many_authors_are_estimated_closely(number: int, seed: int) -> None:
    """Five standard errors of the number, which is 1.6 %, and of the effective number, 2.2 %."""
    alike, uneven = once_each(number, seed), heavy_tailed(number, seed)
    counts = counted(alike)
    assert counts.distinct == pytest.approx(number, rel=0.08)
    assert counts.effective == pytest.approx(number, rel=0.11)
    assert counts.distinct <= number
    counts = counted(uneven)
    mentions = sum(uneven.values())
    assert counts.known == mentions
    assert counts.distinct == pytest.approx(number, rel=0.08)
    assert counts.effective == pytest.approx(mentions**2 / sum(count**2 for count in uneven.values()), rel=0.11)
    assert counts.largest(1)[0] == pytest.approx(max(uneven.values()), rel=0.02)
    assert sum(counts.largest(10)) == pytest.approx(sum(sorted(uneven.values())[-10:]), rel=0.02)


def test_an_author_who_writes_steadily_is_not_lost_among_many() -> None:
    """Kept by frequency alone, one who writes one mention in each of many buckets would be dropped after each."""
    *others, steady = hashes(30_001)
    counts = AuthorCounts()
    for start in range(0, 30_000, 100):
        counts.merge(counted(dict.fromkeys([*others[start : start + 100], steady], 1)))
    assert counts.largest(1)[0] == pytest.approx(300, abs=15)


def test_names_that_were_chosen_for_another_key_count_as_any_others() -> None:
    """5,000 names whose hashes under a key that everybody knows share 64 of the 4,096 groups."""
    guessed, real = AuthorHash(b"shipped", []), AuthorHash(b"of one's own", [])
    posts = (Post("1", "forum", 0, "text", author=f"name{number}") for number in range(1_000_000))
    chosen = [*islice((post for post in posts if guessed.of(post) % 4_096 < 64), 5_000)]
    counts = counted(dict.fromkeys(map(real.of, chosen), 1))
    assert counts.distinct == pytest.approx(5_000, rel=0.08)
    assert counts.largest(1)[0] < 20
    fooled = counted(dict.fromkeys(map(guessed.of, chosen), 1))
    assert fooled.distinct < 1_000


def test_mentions_without_an_author_are_never_trimmed() -> None:
    counts = merged(*(counted(once_each(100, seed), unknown=1) for seed in range(60)))
    assert (counts.unknown, counts.known, counts.is_estimated) == (60, 6_000, True)


@pytest.mark.parametrize(
    ("number", "at_most"),
    [(10, 200), (100, 1_400), (1_000, 13_000), (EXACT, 55_000), (10_000, 25_000), (100_000, 35_000)],
)
def test_the_state_is_bounded(number: int, at_most: int) -> None:
    assert max(len(orjson.dumps(counted(made(number)).dump())) for made in (once_each, heavy_tailed)) <= at_most


@settings(max_examples=20)
@given(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=50, unique=True))
def test_a_hash_that_no_scorer_wrote_breaks_nothing(authors: list[int]) -> None:
    """Any number that `social.mentions` may carry is an author."""
    counts = counted({author: 1 for author in authors if author})
    counts.sketch()
    restored = AuthorCounts.load(counts.dump())
    assert facts(restored) == facts(counts)
