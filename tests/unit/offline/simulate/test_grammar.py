from __future__ import annotations

import re
from itertools import product
from random import Random
from typing import TYPE_CHECKING

import pytest

from streams.offline.simulate.grammar import LANGUAGES, Grammar, brand_grammar, brand_rules, chatter_grammar, phrases
from streams.offline.simulate.world import world

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.offline.simulate.world import SimulatedBrand

SLOT = re.compile(r"\{(\w+)\}")
NAMING = {"brand", "name", "handle", "tag"}
FORMS = ("microblog", "forum", "video", "reviews", "news", "reply", "compare")
WRITTEN_DIRECTLY = [f"{form}_{tone}" for form in FORMS for tone in ("negative", "neutral", "positive")]
EVENT_RULES = ["event_negative", "event_neutral", "event_positive", "event_news"]
BANKS = [(language, sector) for language in LANGUAGES for sector in phrases(language)["sector"]]


def rules_that_always_name_the_brand(rules: Mapping[str, Sequence[str]]) -> set[str]:
    """Least fixed point: a rule names the brand if every phrase of it does, directly or by a rule that does."""
    naming = set(NAMING)
    while True:
        more = {
            name for name, texts in rules.items() if all(naming & set(SLOT.findall(text)) for text in texts)
        } - naming
        if not more:
            return naming
        naming |= more


def without_brand_rules(language: str, sector: str, topic: str | None) -> dict[str, Sequence[str]]:
    bank = phrases(language)
    tables = [bank["words"], bank["clauses"], bank["posts"], bank["spam"], bank["sector"][sector]]
    if topic:
        tables += [bank["events"], bank["topic"][topic]]
    return {name: texts for table in tables for name, texts in table.items()}


@pytest.mark.parametrize(("language", "sector"), BANKS)
def test_every_kind_of_post_names_its_brand_whatever_is_drawn(language: str, sector: str) -> None:
    naming = rules_that_always_name_the_brand(without_brand_rules(language, sector, None))
    assert not {*WRITTEN_DIRECTLY, "promo", "scare"} - naming


@pytest.mark.parametrize(
    ("language", "topic"), [(lang, topic) for lang in LANGUAGES for topic in phrases(lang)["topic"]]
)
def test_every_post_of_an_event_names_its_brand_whatever_is_drawn(language: str, topic: str) -> None:
    naming = rules_that_always_name_the_brand(without_brand_rules(language, "telecom", topic))
    assert not set(EVENT_RULES) - naming


@pytest.mark.parametrize(("language", "brand"), [*product(LANGUAGES, world(14))], ids=str)
def test_all_slots_are_filled(language: str, brand: SimulatedBrand) -> None:
    uniform = Random(1).random
    for topic in (None, *phrases(language)["topic"]):
        grammar = brand_grammar(brand, language, topic)
        for rule in WRITTEN_DIRECTLY if topic is None else EVENT_RULES:
            for _ in range(30):
                text = grammar.text(rule, uniform)
                assert set(SLOT.findall(text)) <= (
                    {"user"} if rule.startswith("reply") else {"rival"} if rule.startswith("compare") else set()
                )
                assert text == text.strip()
                assert 3 <= len(text) < 500


@pytest.mark.parametrize("language", LANGUAGES)
def test_chatter_names_no_brand(language: str) -> None:
    bank = phrases(language)
    for table in ("words", "chatter"):
        for texts in bank[table].values():
            assert not any(NAMING & set(SLOT.findall(text)) for text in texts)
    grammar = chatter_grammar(world(6), language)
    seen = {grammar.text("lookalike", Random(seed).random) for seed in range(300)}
    assert any("Nordtel Arena" in text for text in seen)
    assert any("Nordteller" in text for text in seen)
    assert min(len(text.split()) for text in seen) > 3  # a sentence around the word
    assert len(seen) > 250


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_stands_twice_in_a_rule(language: str) -> None:
    def repeated(table: object, path: str) -> list[str]:
        if isinstance(table, dict):
            return [problem for name, inner in table.items() for problem in repeated(inner, f"{path}.{name}")]
        assert isinstance(table, list)
        # weights are written by repetition in rules that only join others
        texts = [text for text in table if not re.fullmatch(r"(\s*\{\w+\})*\s*", text)]
        return [f"{path}: {text}" for text in set(texts) if texts.count(text) > 1]

    assert repeated(phrases(language), language) == []


def test_languages_have_the_same_rules() -> None:
    def shape(table: object) -> object:
        return {name: shape(inner) for name, inner in table.items()} if isinstance(table, dict) else None

    german, english = phrases("de"), phrases("en")
    assert set(german["words"]) - set(english["words"]) == {"person_dat", "person_acc"}  # English needs no cases
    without_words = [{name: table for name, table in bank.items() if name != "words"} for bank in (german, english)]
    assert shape(without_words[0]) == shape(without_words[1])


def test_spellings_of_a_brand_are_all_possible() -> None:
    brand = world(3)[2]
    grammar = Grammar(brand_rules(brand))
    uniform = Random(2).random
    seen = {grammar.text("brand", uniform) for _ in range(2_000)}
    assert seen == {"Brümmerling", "Bruemmerling", "brümmerling", "BRÜMMERLING", "@bruemmerling_markt", "#Brümmerling"}


@pytest.mark.parametrize(
    ("rules", "message"),
    [({"a": ["x {b}"]}, "rule 'a' names 'b', which does not exist: 'x {b}'"), ({"a": []}, "rule 'a' has no phrase")],
)
def test_broken_rules_are_refused(rules: dict[str, list[str]], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Grammar(rules)
