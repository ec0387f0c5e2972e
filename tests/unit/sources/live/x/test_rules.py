"""Rules of the filtered stream: every spelling that is looked for, within X's limits, and nobody else's are touched."""

from __future__ import annotations

from typing import Any

from streams.config import BrandSettings
from streams.config.sources.x import XSettings
from streams.sources.live.x.rules import (
    Rule,
    changes,
    clauses,
    lacks,
    marks,
    sample_query,
    tag_prefix,
    unreachable_brands,
    wanted_rules,
)


def brand(id: str = "nordtel", **match: Any) -> BrandSettings:
    return BrandSettings.model_validate({"id": id, "name": id, "match": match})


def settings(**options: Any) -> XSettings:
    return XSettings.model_validate({"id": "x", "kind": "x", "spend_limit_usd_per_day": 5} | options)


def test_words_are_quoted_and_handles_and_hashtags_are_operators() -> None:
    assert clauses(brand(any=["nordtel", "Nordtel Mobil", "@nordtel_hilft", "#nordtel"])) == [
        '"nordtel"', '"Nordtel Mobil"', "@nordtel_hilft", "#nordtel",
    ]  # fmt: skip


def test_accents_are_written_in_each_usual_way_since_x_compares_them_exactly() -> None:
    assert clauses(brand(any=["Müller"])) == ['"Müller"', '"Muller"', '"Mueller"']


def test_terms_that_belong_together_are_joined_in_all_combinations() -> None:
    assert clauses(brand(all=[{"terms": ["gap", ["jeans", "store"]]}])) == ['("gap" "jeans")', '("gap" "store")']


def test_a_quotation_mark_in_a_term_does_not_end_the_operator() -> None:
    assert clauses(brand(any=['the "gap"'])) == ['"the gap"']


def test_exclusions_are_left_to_the_matcher_since_a_post_may_name_the_brand_beside_them() -> None:
    [rule] = wanted_rules([brand(any=["nordtel"], none=["nordtel arena"])], settings())
    assert rule.value == '("nordtel") -is:retweet'


def test_languages_reposts_and_samples_are_operators_of_each_rule() -> None:
    [rule] = wanted_rules([brand(any=["nordtel"])], settings(languages=["de", "en"]), sample_percent=10)
    assert rule.value == '("nordtel") (lang:de OR lang:en) -is:retweet sample:10'
    [rule] = wanted_rules([brand(any=["nordtel"])], settings(languages=["de"], include_reposts=True))
    assert rule.value == '("nordtel") lang:de'


def test_many_terms_become_as_many_rules_as_x_has_room_for() -> None:
    terms = [f"term number {number}" for number in range(200)]
    rules = wanted_rules([brand(any=terms)], settings(max_rule_chars=512))
    assert max(len(rule.value) for rule in rules) <= 512
    assert len(rules) < 12
    assert all(any(f'"{term}"' in rule.value for rule in rules) for term in terms)
    assert {rule.tag for rule in rules} == {"firewatch/x/nordtel"}


def test_a_brand_of_tags_alone_has_no_rule_and_is_named() -> None:
    brands = [brand(any=["nordtel"]), brand("tagged", tagged=["Nordtel"])]
    assert [rule.tag for rule in wanted_rules(brands, settings())] == ["firewatch/x/nordtel"]
    assert unreachable_brands(brands) == ["tagged"]


def test_only_rules_with_the_tag_of_the_source_are_changed() -> None:
    wanted = [Rule("a", "firewatch/x/a"), Rule("b", "firewatch/x/b"), Rule("c", "firewatch/x/c")]
    existing = [
        {"id": "1", "value": "a", "tag": "firewatch/x/a"},
        {"id": "2", "value": "gone", "tag": "firewatch/x/gone"},
        {"id": "3", "value": "theirs", "tag": "firewatch/other/b"},
        {"id": "4", "value": "c"},
        "garbage",
    ]
    assert changes(existing, wanted, "x") == ([Rule("b", "firewatch/x/b")], ["2"], 3)
    assert tag_prefix("x") == "firewatch/x/"


def test_a_rule_that_x_keeps_once_is_wanted_once_and_not_missing_where_somebody_else_has_made_it() -> None:
    wanted = [Rule("same", "firewatch/x/a"), Rule("same", "firewatch/x/b")]
    assert changes([], wanted, "x").add == [Rule("same", "firewatch/x/a")]
    assert changes([{"id": "1", "value": "same", "tag": "firewatch/x/b"}], wanted, "x") == ([], [], 0)
    assert changes([{"id": "1", "value": "same", "tag": "theirs"}], wanted, "x") == ([], [], 1)


def test_a_rule_of_a_brand_that_is_gone_is_made_again_for_the_brand_that_has_its_terms_now() -> None:
    existing = [{"id": "1", "value": "same", "tag": "firewatch/x/gone"}]
    assert changes(existing, [Rule("same", "firewatch/x/a")], "x") == ([Rule("same", "firewatch/x/a")], ["1"], 0)


def test_what_somebody_deletes_is_noticed_and_what_the_config_changes_is_not() -> None:
    wanted = [Rule("a", "firewatch/x/a"), Rule("refused", "firewatch/x/a")]
    marked = marks([{"value": "a"}, {"value": "theirs"}], wanted)
    assert not lacks([{"value": "a"}, {"value": "new"}], marked)
    assert lacks([{"value": "refused"}, "garbage"], marked)
    assert not lacks([], frozenset())


def test_a_sample_asks_for_a_term_of_each_brand_in_turn_as_far_as_one_query_has_room() -> None:
    brands = [brand("a", any=["a1", "a2"]), brand("tagged", tagged=["xx"]), brand("b", any=["b1"])]
    assert sample_query(brands, settings(languages=["de"])) == '("a1" OR "b1" OR "a2") lang:de -is:retweet'
    assert sample_query([brand(any=["a" * 60]), brand(any=["b" * 60])], settings(max_rule_chars=100)).count("OR") == 0
    assert sample_query(brands[1:2], settings()) == ""
