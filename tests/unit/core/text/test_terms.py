"""The terms of a post."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.core.text.clean import MAX_DESCRIBED_CHARS, normalise
from streams.core.text.terms import MAX_TERM_CHARS, terms


def test_terms_are_what_a_post_is_about() -> None:
    text = "@acme Why is the Störung's cause unknown? #Netzausfall #netzausfall #1 RT störung Müller-Milch http://a.example"
    words = ["Störung", "cause", "unknown", "#Netzausfall", "Müller-Milch"]
    assert terms(text) == [*words, "störung cause", "cause unknown", "störung müller-milch"]
    assert terms("eins zwei1 alpha beta gamma delta", limit=2, pairs=0) == ["eins", "zwei1"]
    assert terms("und oder nicht the with 12345 !!!") == []


def test_pairs_of_terms_stand_beside_each_other_with_nothing_between() -> None:
    assert terms("Server. Kaputt; Server! server #kaputt kaputt") == ["Server", "Kaputt", "#kaputt"]
    assert terms("Server ist kaputt") == ["Server", "kaputt"]
    assert terms("alpha beta gamma delta", pairs=2)[4:] == ["alpha beta", "beta gamma"]
    assert terms("voll voll") == []
    assert terms("fail fail fail") == ["fail"]


@given(st.text("ab²³⁰①'’-#_@& \u0301\u093e.x"))
def test_the_terms_of_any_text_are_hashtags_and_words(text: str) -> None:
    assert all(term[0] == "#" or term[0].isalpha() for term in terms(text))


def test_a_term_is_written_as_it_is_first_and_without_its_possessive() -> None:
    assert terms("NORDTEL'S Netzausfall: netzausfall, #NordTelDown #nordteldown Nordtel’s") == [
        "NORDTEL", "Netzausfall", "#NordTelDown", "nordtel netzausfall",
    ]  # fmt: skip


def test_capitals_that_begin_a_sentence_can_be_left_out() -> None:
    text = "@acme Worst service. Terrible: Dallas! NATO iPhone? #Fail WhatsApp is Down… Lost"
    assert terms(text, pairs=0, keep_initials=False) == [
        "worst", "service", "terrible", "dallas", "NATO", "iPhone", "#Fail", "WhatsApp",
    ]  # fmt: skip
    assert terms("A Dallas story", pairs=0, keep_initials=False) == ["Dallas", "story"]
    assert terms(text, limit=1, pairs=0) == ["Worst"]


def test_a_footnote_alone_is_no_term() -> None:
    assert terms("² Quelle, ¹²³, ³quelle #²³") == ["Quelle"]


def test_markup_is_no_part_of_a_term() -> None:
    assert terms("_Netzausfall_ bei __Nordtel__ Störung²") == ["Netzausfall", "Nordtel", "Störung", "nordtel störung"]
    assert terms(normalise("kein&amp;nbsp;Netz &amp;quot;heute&amp;quot; Ausfall", 100)) == ["Netz", "Ausfall"]


def test_a_term_has_a_bounded_length() -> None:
    longest = "x" * MAX_TERM_CHARS
    assert terms(f"{longest} {longest}x #{longest} #{longest[1:]}") == [longest, f"#{longest[1:]}"]


def test_the_terms_of_a_long_text_are_those_of_its_head() -> None:
    head = "wort und " * (MAX_DESCRIBED_CHARS // 4)
    assert terms(head + "netzausfall") == terms(head)
