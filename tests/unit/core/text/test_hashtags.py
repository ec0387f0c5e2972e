"""Where terms are found inside hashtags."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from streams.core.text.clean import fold, fold_accents
from streams.core.text.dictionary import fewest_words
from streams.core.text.hashtags import MAX_CHARS, MAX_HASHTAGS, Hashtags, has_word, is_distinctive
from tests.support.processor_time import thread_seconds
from tests.support.words import words_with


def names(term: str, hashtag: str) -> bool:
    """Return whether a hashtag, written without its sign, names a term."""
    written, folded, key = fold_accents(hashtag), fold(hashtag), fold(term)
    starts = [at for at in range(len(folded)) if folded.startswith(key, at)]
    return any(has_word(written, at, at + len(key), may_take_s=True) for at in starts)


@pytest.mark.parametrize(
    ("term", "hashtags"),
    [
        ("cleverpay", "CleverPayDown BoykottCleverPay CleverPAYDOWN cleverPayFail CleverpayFail CLEVERPAYFAIL"),
        ("idrive", "iDriveFail IdriveFail MeiniDrive StopiDrive iDRIVEdown"),
        ("mcberger", "BoykottMcBerger McBergerSkandal NieWiederMcBerger"),
        ("nkb", "NKBfail NKBskandal StopNKB StopNKBnow NKBStreik MyNKBchaos NKBistDown DieNKBlügt NKB24 2026NKB NKBs"),
        ("nx", "NXgate StopNX stopnx nxgate NXSkandal"),
        ("nordtel", "nordtel2026 Nordtel5G 2026nordtel nordtel_fail Nordtel_Fail _nordtel_ NordtelsEnde NordTelFail"),
        ("łosoś", "ŁosośStrajk StrajkŁosoś ŁOSOŚ2026 Łosoś_strajk"),
        ("šumava", "ŠumavaStop StopŠumava stopŠUMAVA"),
        ("нордтел", "НордтелЗабастовка СтопНордтел НОРДТЕЛ нордтел5 Нордтелfail failНордтел"),
        ("νορδία", "ΝορδίαΤώρα ΌχιΝορδία ΝΟΡΔΊΑ ΝΟΡΔΙΑ2026"),
        ("ışık", "IşıkKapalı KapalıIşık"),
        ("izmirtel", "İzmirTelKapalı DurİzmirTel İZMİRTEL2026"),
        ("نوردتل", "مقاطعة_نوردتل نوردتل_2026 Nordtelنوردتل"),
    ],
)
def test_terms_are_found_between_words(term: str, hashtags: str) -> None:
    assert [tag for tag in hashtags.split() if not names(term, tag)] == []


@pytest.mark.parametrize(
    ("term", "hashtags"),
    [
        (
            "nkb",
            "nkbfail NKBFAIL nkbistdown boykottnkb BOYKOTTNKB nkbs stopnkb Nkbskandal nkbfail2026 niewieder_nkbfail",
        ),
        ("nordtel", "nordtelfail Nordtelfail NORDTELFAIL nordtelkunde nordtelsende nordtelstörung nordtelstoerung"),
        ("nordtel", "ichhassenordtel boykottnordtel nordtelistscheiße NORDTELISTSCHEIẞE bahnundnordtelfail"),
        ("bahn", "bahnchaos Bahnchaos BAHNCHAOS bahnstreik diebahn"),
        ("apple", "applefail applesucks boycottapple"),
        ("acme", "acmefail macacme"),
    ],
)
def test_undivided_letters_are_read_as_words(term: str, hashtags: str) -> None:
    assert [tag for tag in hashtags.split() if not names(term, tag)] == []


@pytest.mark.parametrize(
    ("term", "hashtags"),
    [
        ("acme", "macmeow MacMeow MACMEOW bigmacmeow macmeowfail acmex xacme AcMeow"),
        ("app", "overapped Overapped happy Disappointed unhappycustomer apptastisch"),
        ("bahn", "Bahnhof bahnhof BAHNHOF Autobahn autobahnchaos BahnhofChaos bahnhofschaos Reeperbahn bahnnnn"),
        ("apple", "pineapple Pineapple snapple appleton"),
        ("gap", "singapore singaporegrandprix"),
        ("nestle", "nestled Nestled"),
        ("eonly", "comeonly"),
        ("uber", "bratuberger überall"),
        ("nordtel", "nordtelecom nordtelx xnordtel"),
        ("dgb", "DGBoykott DGBundesland"),
        ("o2", "CO2 co2steuer CO2Steuer NO2 no2fail"),
        ("telekom", "Telekommunikation TELEKOMMUNIKATION"),
        ("nkb", "ANKB NKBX XNKBfail nkbz"),
    ],
)
def test_terms_are_not_found_inside_words(term: str, hashtags: str) -> None:
    assert [tag for tag in hashtags.split() if names(term, tag)] == []


@pytest.mark.parametrize("term", ["app", "bahn", "gap", "boss", "apple", "uber", "sky", "meta", "db", "hm"])
def test_no_listed_word_names_a_term_inside_it(term: str) -> None:
    inside = [word for word in words_with(term) if word not in {term, f"{term}s"}]
    assert inside
    assert [word for word in inside if names(term, word) or names(term, word.capitalize())] == []


def test_distinctive_terms_count_anywhere() -> None:
    assert is_distinctive("mcberger")
    assert names("mcberger", "xyzmcbergerxyz")
    assert not is_distinctive("standard"), "standards, standardabweichung"
    assert not is_distinctive("nordtel"), "too short"
    assert not is_distinctive("nordtel24"), "digits end words anyhow"
    assert names("нордтел", "стопнордтел")


LATIN = st.text("abdefghilmnorstuäöüßéłśž", min_size=2, max_size=8)
WORD = LATIN | st.text("абвгдежзиклмнопрстуя", min_size=2, max_size=8) | st.text("αβγδεζηθικλμνορστω", min_size=2)
BRAND = st.sampled_from(
    ["Nordtel", "NordTel", "CleverPay", "McBerger", "NKB", "VW", "IDrive", "Łosoś", "Нордтел", "Ab"]
)
DIGITS = st.from_regex(r"[0-9]{1,4}", fullmatch=True)


@given(st.lists(WORD, max_size=3), BRAND, st.lists(WORD, max_size=3), DIGITS | st.just(""))
def test_any_composition_with_capitals_names_the_brand(
    before: list[str], brand: str, behind: list[str], year: str
) -> None:
    hashtag = "".join(word[0].upper() + word[1:] for word in before) + brand
    hashtag += "".join(word[0].upper() + word[1:] for word in behind) + year
    assume(len(hashtag) <= MAX_CHARS // 2)
    assert names(brand, hashtag)
    assert names(brand, year + hashtag)


@given(
    st.lists(WORD | DIGITS, max_size=3),
    BRAND,
    st.lists(WORD | DIGITS, max_size=3),
    st.sampled_from([str, str.lower, str.upper]),
)
def test_any_composition_with_underscores_names_the_brand(
    before: list[str], brand: str, behind: list[str], case: type[str]
) -> None:
    assert names(brand, case("_".join([*before, brand, *behind])))


SOUP = st.text("abcdefghijklmnopqrstuvwxyz", max_size=12)


@given(SOUP, st.sampled_from(["acme", "nordtel", "nkb", "bahn"]), SOUP)
def test_a_term_in_a_soup_of_letters_is_not_found(before: str, term: str, behind: str) -> None:
    assume(
        fewest_words(before) is None
        or (fewest_words(behind) is None and fewest_words(behind.removeprefix("s")) is None)
    )
    hashtag = before + term + behind
    assume(hashtag.count(term) == 1)
    for written in (hashtag, hashtag.upper(), hashtag.capitalize()):
        assert not names(term, written)


@given(st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_äłяΣİ", max_size=40), SOUP)
def test_any_letters_can_be_asked_about(hashtag: str, term: str) -> None:
    names(term or "x", hashtag)


def test_a_text_has_a_bounded_number_of_hashtags_that_are_looked_into() -> None:
    text = " ".join(["#StopAcme"] * (MAX_HASHTAGS + 1))
    hashtags = Hashtags(text)
    at = [5 + 10 * number for number in range(MAX_HASHTAGS + 1)]
    assert [hashtags.have_word(start, start + 4, may_take_s=True) for start in at] == [True] * MAX_HASHTAGS + [False]
    too_long = "#" + "x" * (MAX_CHARS - 4) + "Acme_"
    assert not Hashtags(too_long).have_word(len(too_long) - 5, len(too_long) - 1, may_take_s=True)
    assert not Hashtags("no hashtag: acme").have_word(12, 16, may_take_s=True)
    assert not Hashtags("#none acme").have_word(6, 10, may_take_s=True)


def test_hostile_hashtags_take_bounded_time() -> None:
    text = " ".join(f"#{'isdown' * 3}acme{'isdown' * 2}{chr(97 + number)}x" for number in range(MAX_HASHTAGS))
    hashtags = Hashtags(text)
    places = [found.span() for found in re.finditer("acme", text)]
    assert thread_seconds(lambda: [hashtags.have_word(*place, may_take_s=True) for place in places]) < 2
