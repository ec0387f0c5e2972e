"""Key terms: those over-represented compared with the brand's past and with posts in general."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.incidents.key_terms import Key, key_terms
from streams.core.incidents.own_words import OwnWords
from streams.core.text.brand_terms import BrandTerms
from streams.core.text.frequencies import Background
from streams.core.text.terms import terms as terms_of

if TYPE_CHECKING:
    from pathlib import Path

RARE = 0.00005
"""Share of posts in general that carry a term, if a test does not say it."""


def keys_of(
    counts: dict[str, int],
    mentions: int,
    usual: dict[str, float] | None = None,
    usual_mentions: float = 0.0,
    unlisted: float = 0.0,
    **general: float,
) -> list[Key]:
    return key_terms(counts, mentions, usual or {}, usual_mentions, unlisted, lambda term: general.get(term, RARE))


def terms(keys: list[Key]) -> list[str]:
    return [key.term for key in keys]


def test_terms_are_ranked_by_how_surely_they_exceed_the_usual() -> None:
    counts = {"netz": 9, "ausfall": 8, "hallo": 1, "router": 2}
    keys = keys_of(counts, 10, {"netz": 900.0, "router": 1.0}, 1_000.0)
    assert terms(keys) == ["ausfall", "router"]
    assert keys[0].lift > 100


def test_a_term_that_may_have_been_usual_but_rare_does_not_stand_out() -> None:
    assert keys_of({"mainz": 3}, 200, {}, 2_000.0, unlisted=0.0)
    assert not keys_of({"mainz": 3}, 200, {}, 2_000.0, unlisted=24.0)


def test_nothing_stands_out_of_the_usual_mix() -> None:
    usual = {f"word{number}": 400.0 + number for number in range(50)}
    counts = {term: round(count / 20) for term, count in usual.items()}
    assert keys_of(counts, 100, usual, 2_000.0) == []


def test_without_a_past_terms_stand_out_of_posts_in_general() -> None:
    counts = {"minijobs": 6, "menschen": 6, "ausbildung": 6}
    assert terms(keys_of(counts, 60, menschen=0.05, ausbildung=0.002)) == ["minijobs", "ausbildung"]


def test_the_trade_of_a_brand_is_no_news_after_twenty_mentions() -> None:
    """A prior of one weight for all terms would either be too weak to raise any, or take ``flight`` for news."""
    flight = {"flight": 9, "refund": 9}
    assert "flight" in terms(keys_of(flight, 20))
    assert terms(keys_of(flight, 20, {"flight": 9.0}, 20.0)) == ["refund"]


@pytest.mark.parametrize("past", [0.0, 20.0, 100.0, 2_000.0])
def test_a_new_term_stands_out_however_long_the_past_is(past: float) -> None:
    assert terms(keys_of({"ausfall": 12, "netz": 20}, 40, {"netz": past / 2}, past, netz=0.3)) == ["ausfall"]


def test_the_past_of_a_brand_outweighs_posts_in_general_as_it_grows() -> None:
    """A term is common elsewhere, but this brand never had it: that is the less a matter of chance the longer the
    past is."""
    certain = [
        max((key.z for key in keys_of({"heute": 12}, 60, {}, past, heute=0.1)), default=0.0) for past in (0, 100, 2_000)
    ]
    assert certain[0] == 0.0 < certain[1] < certain[2]


def test_a_few_mentions_among_many_are_no_key_term() -> None:
    assert keys_of({"zebra": 2}, 10)
    assert not keys_of({"zebra": 2}, 60)
    assert keys_of({"zebra": 3}, 60)
    assert not keys_of({"zebra": 9}, 1_000)


def test_a_lift_over_next_to_nothing_is_bounded() -> None:
    assert keys_of({"zebra": 30}, 60)[0].lift == 500.0
    assert keys_of({"zebra": 30}, 60, {}, 2_000.0)[0].lift == pytest.approx(0.5 * 4_002)


def test_a_pair_stands_for_its_words_where_it_carries_them_and_not_otherwise() -> None:
    together = {"customer": 30, "service": 29, "customer service": 28}
    assert terms(keys_of(together, 60)) == ["customer service"]
    apart = {"customer": 30, "service": 29, "customer service": 4}
    assert terms(keys_of(apart, 60)) == ["customer", "service"]


@pytest.mark.parametrize(
    "others",
    [
        ("minijob", "minijobs", "mini-jobs"), ("distanziere", "distanzieren", "distanziert"),
        ("störung", "stoerung", "störungen"),
        ("wendler", "#wendler"), ("gute ausbildung", "guter ausbildung"), ("delay", "delayed"),
    ],
)  # fmt: skip
def test_forms_of_one_word_are_told_once(others: tuple[str, ...]) -> None:
    counts = {other: 20 - number for number, other in enumerate(others)}
    assert terms(keys_of(counts, 60)) == [others[0]]


@given(
    counts=st.dictionaries(st.sampled_from(["netz", "ausfall", "#aus", "rück ruf"]), st.integers(0, 50)),
    mentions=st.integers(50, 5_000),
    past=st.floats(0, 2_000),
    usual=st.dictionaries(st.sampled_from(["netz", "ausfall"]), st.floats(0, 2_000)),
    general=st.floats(1e-9, 0.5),
)
def test_whatever_was_counted_key_terms_are_sorted_and_finite(
    counts: dict[str, int], mentions: int, past: float, usual: dict[str, float], general: float
) -> None:
    keys = key_terms(counts, mentions, usual, past, 0.0, lambda _: general)
    assert [key.z for key in keys] == sorted((key.z for key in keys), reverse=True)
    assert all(1.96 <= key.z < 1_000 and 0 <= key.lift < 10_000 for key in keys)


@pytest.mark.parametrize(
    ("brand", "language", "since", "some_of_them"),
    [
        ("Kaufland", "de", "2020-10-09", {"wendler", "#nichtegal", "meinungsfreiheit", "maske"}),
        ("petertauber", "de", "2017-07-04", {"minijobs", "ordentliches", "berufe"}),
        ("barilla", "und", "2013-09-27", {"pasta", "gays", "guido"}),
    ],
)
def test_recorded_firestorms_have_terms_from_which_a_reader_knows_what_they_are_about(
    shared_data: Path, brand: str, language: str, since: str, some_of_them: set[str]
) -> None:
    """Nothing was recorded before them, so that every word was as surprising as every other."""
    posts = map(orjson.loads, (shared_data / "shitstorms/shitstorms.jsonl").read_bytes().splitlines())
    texts = [post["text"] for post in posts if post["brand"] == brand and post["created_at"] >= since][:100]
    counts = Counter(term for text in texts for term in map(str.lower, terms_of(text)))
    own = OwnWords(brand, BrandTerms(brand.lower(), any=("peter tauber",)))
    others = {term: count for term, count in counts.items() if not own.has(term)}
    keys = key_terms(others, len(texts), {}, 0.0, 0.0, Background({language: len(texts)}, counts).share)
    assert some_of_them <= set(terms(keys[:10])), terms(keys[:15])
