"""Key terms: those over-represented compared with the baseline."""

from __future__ import annotations

from streams.core.incidents.key_terms import key_terms


def test_terms_are_ranked_by_how_surely_they_exceed_the_usual() -> None:
    counts = {"netz": 9, "ausfall": 8, "hallo": 1, "router": 2}
    keys = key_terms(counts, 10, {"netz": 900.0, "router": 1.0}, 1_000.0)
    assert [key.term for key in keys] == ["ausfall", "router"]
    assert keys[0].lift > 100


def test_a_term_that_may_have_been_usual_but_rare_does_not_stand_out() -> None:
    assert key_terms({"mainz": 2}, 200, {}, 2_000.0, unlisted=0.0)
    assert not key_terms({"mainz": 2}, 200, {}, 2_000.0, unlisted=12.0)


def test_nothing_stands_out_of_the_usual_mix() -> None:
    usual = {f"word{number}": 400.0 + number for number in range(50)}
    counts = {term: round(count / 20) for term, count in usual.items()}
    assert key_terms(counts, 100, usual, 2_000.0) == []


def test_a_pair_stands_for_its_words_where_it_carries_them_and_not_otherwise() -> None:
    together = {"customer": 30, "service": 29, "customer service": 28}
    assert [key.term for key in key_terms(together, 60, {}, 2_000.0)] == ["customer service"]
    apart = {"customer": 30, "service": 29, "customer service": 4}
    assert [key.term for key in key_terms(apart, 60, {}, 2_000.0)] == ["customer", "service"]
