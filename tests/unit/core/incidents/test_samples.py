"""The choice of sample posts."""

from __future__ import annotations

from streams.core.incidents.samples import representative
from streams.core.rollup.tally import Sample


def sample(number: int, *terms: str, negative: int) -> Sample:
    return Sample(negative, 0, f"p{number}", "forum", None, None, number, None, list(terms))


def test_representative_posts_are_chosen_and_no_copies_of_one() -> None:
    samples = [sample(number, "netz", "ausfall", "seit", "stunden", negative=9_000 - number) for number in range(5)]
    samples.append(sample(10, "hotline", "ausfall", "niemand", "antwortet", negative=5_000))
    samples.append(sample(11, "schönes", "wetter", "heute", "mainz", negative=9_500))
    chosen = representative(samples, {"ausfall": 9.0, "netz": 5.0, "hotline": 4.0}, 3)
    assert [sample.id for sample in chosen] == ["p0", "p10", "p11"]


def test_posts_with_few_terms_are_never_taken_for_copies() -> None:
    chosen = representative([sample(1, "netz", negative=2), sample(2, "netz", negative=1)], {"netz": 1.0}, 5)
    assert [sample.id for sample in chosen] == ["p1", "p2"]


def test_in_a_crisis_a_negative_post_comes_before_one_that_has_the_terms_and_praises() -> None:
    praise = sample(1, "pasta", "familie", "immer", "gern", negative=200)
    anger = sample(2, "pasta", "boykott", "entschuldigung", "wertlos", negative=9_800)
    weights = {"pasta": 6.0, "familie": 1.0}
    assert representative([praise, anger], weights, 1) == [praise]
    assert representative([praise, anger], weights, 1, tone=0.3) == [anger]
