"""Tallies commute and stay bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.rollup.frequent import KEPT
from streams.core.rollup.tally import COPIED, DRAWN, SAMPLES, Repeated, Tally
from streams.records import Mention
from tests.support.authors import hashes

if TYPE_CHECKING:
    import random


def mention(
    offset: int, *, author: int = 1, signature: int = 1, negative: int = 5_000, terms: tuple[str, ...] = ("netz",)
) -> Mention:
    return Mention(
        offset, 0, 0, negative, 1_000, author, signature, offset % 2, 3, "de", "forum", f"p{offset}", list(terms)
    )


mentions = st.lists(
    st.builds(
        mention,
        st.integers(0, 10_000),
        author=st.integers(0, 2**48 - 1),
        signature=st.integers(0, 40),
        negative=st.integers(0, 9_000),
        terms=st.lists(st.sampled_from("abcdef"), max_size=3).map(tuple),
    ),
    max_size=60,
    unique_by=lambda m: m.offset,
)


def tally_of(items: list[Mention]) -> Tally:
    tally = Tally()
    tally.add(items)
    return tally


def facts(tally: Tally) -> object:
    return (
        tally.bucket(0, 1, 1, 1.0, Repeated(0, 0, 0), 1.0),
        sorted(tally.samples.values(), key=lambda sample: sample[6]),
        sorted(tally.terms.items()),
        sorted(tally.authors.by_author.items()),
        tally.authors.unknown,
    )


@given(mentions, st.randoms(use_true_random=False))
def test_order_does_not_matter(items: list[Mention], chance: random.Random) -> None:
    shuffled = items.copy()
    chance.shuffle(shuffled)
    assert facts(tally_of(items)) == facts(tally_of(shuffled))


@given(mentions, st.integers(0, 60))
def test_merging_parts_equals_counting_the_whole(items: list[Mention], cut: int) -> None:
    parts = Tally.joined(tally_of(items[:cut]), tally_of(items[cut:]))
    assert facts(parts) == facts(tally_of(items))


@given(mentions)
def test_dump_and_load_round_trip(items: list[Mention]) -> None:
    tally = tally_of(items)
    assert facts(Tally.load(tally.dump())) == facts(tally)


def test_bounded_and_close_to_the_truth_for_many_authors() -> None:
    authors = hashes(20_000)
    tally = tally_of([mention(index, author=author, signature=author) for index, author in enumerate(authors)])
    assert len(tally.authors.by_author) == len(tally.signatures) == KEPT
    assert SAMPLES <= len(tally.samples) <= SAMPLES + DRAWN + COPIED
    assert {sample.id for sample in tally.samples.values()} >= set(
        sorted((f"p{index}" for index in range(20_000)), reverse=True)[:SAMPLES]
    )
    assert set(sorted(authors)[:DRAWN]) <= tally.samples.keys()
    assert tally.authors.is_estimated
    assert tally.authors.distinct == pytest.approx(20_000, rel=0.05)


def test_the_most_active_author_is_a_known_one() -> None:
    tally = tally_of([mention(index, author=max(0, index % 5 - 1)) for index in range(50)])
    assert (tally.authors.distinct, tally.authors.unknown) == (3, 20)
    assert tally.top_author_share == 10 / 50


def test_reposts_are_no_duplicates() -> None:
    """Every other mention is a repost."""
    tally = tally_of([mention(index) for index in range(50)])
    assert tally.reposts == 25
    assert tally.duplicate_share == 24 / 50
