"""The terms that a brand's mentions usually carry."""

from __future__ import annotations

import orjson

from streams.core.rollup.frequent import KEPT
from streams.core.rollup.usual_terms import UsualTerms

HOUR = 3_600_000
BUCKET = HOUR // 12


def test_an_hour_counts_once_it_is_two_hours_since_it_began() -> None:
    usual = UsualTerms()
    usual.learn(0, 5, {"netz": 4})
    usual.learn(11 * BUCKET, 3, {"Netz": 2, "vertrag": 1})
    usual.learn(HOUR, 2, {"netz": 1})
    assert (usual.mentions, usual.terms) == (0.0, {})
    usual.learn(2 * HOUR, 1, {"netz": 1})
    assert (usual.mentions, usual.terms) == (8.0, {"netz": 6.0, "vertrag": 1.0})


def test_what_was_said_shortly_before_an_incident_is_left_out() -> None:
    """The first posts of a firestorm come before it is found, and would make its words usual."""
    usual = UsualTerms()
    for hour in range(4):
        usual.learn(hour * HOUR, 10, {"netz": 5})
    usual.learn(4 * HOUR, 10, {"ausfall": 9})
    usual.forget_recent(4 * HOUR + BUCKET)
    usual.learn(20 * HOUR, 10, {"netz": 5})
    usual.learn(30 * HOUR, 10, {"netz": 5})
    assert usual.terms.keys() == {"netz"}
    assert usual.mentions < 45


def test_hours_before_a_pause_count_although_an_incident_ends_it() -> None:
    usual = UsualTerms()
    usual.learn(0, 10, {"netz": 5})
    usual.forget_recent(50 * HOUR)
    assert usual.mentions == 10.0


def test_older_mentions_fade_and_terms_are_bounded() -> None:
    usual = UsualTerms()
    for hour in range(100):
        usual.learn(hour * HOUR, 500, {f"word{hour}-{number}": number + 1 for number in range(300)})
    assert len(usual.terms) == KEPT
    assert 1_500 < usual.mentions <= 2_000
    assert usual.unlisted == min(usual.terms.values()) > 0


def test_the_state_is_restored() -> None:
    usual, restored = UsualTerms(), UsualTerms()
    for hour in range(5):
        usual.learn(hour * HOUR, 10, {"netz": 5, f"wort{hour}": 2})
    restored.load(orjson.loads(orjson.dumps(usual.dump())))
    for each in (usual, restored):
        each.learn(6 * HOUR, 10, {"netz": 5})
    assert usual.dump() == restored.dump()
    assert usual.terms == restored.terms
