"""Where words end in texts of many scripts."""

from __future__ import annotations

import pytest

from streams.core.text.brand_terms import BrandTerms
from streams.core.text.matching import Matcher
from streams.core.text.scripts import goes_on, in_word, is_unspaced


def names(term: str, text: str) -> bool:
    return Matcher([BrandTerms("brand", any=(term,))]).match(text) == ("brand",)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("한텔", "한텔이 또 고장"),
        ("한텔", "새한텔전자 고객센터"),
        ("한텔", "\u1112\u1161\u11ab\u1110\u1166\u11af\u1100\u1161"),  # decomposed, with a particle
        ("nt", "NT가 안돼요"),
        ("nt", "속보NT는"),
        ("นอร์ด", "แอปนอร์ดล่ม"),
        ("nordtel", "แอปnordtelล่มอีกแล้ว"),
        ("ນອດ", "ແອັບນອດລົ້ມ"),
        ("នរ", "កម្មវិធីនរដាច់"),
        ("နော", "မနောဒ်"),
        ("nordtel", "ကိုnordtelက"),
        ("ノルド", "ｱﾌﾟﾘﾉﾙﾄﾞ落ちた"),
        ("北电", "今天北电又断网"),
        ("नॉर्डटेल", "आज नॉर्डटेल, बंद"),
        ("نوردتل", "شبكة نوردتل معطلة"),
    ],
)
def test_names_are_found_between_characters_of_scripts_without_blanks(term: str, text: str) -> None:
    assert names(term, text)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("카", "칵테일"),
        ("가", "\u1100\u1161\u11a8"),
        ("ハス", "バスが来ない"),
        ("ネスカ", "ネスガ"),
        ("ネスカ", "ﾈｽｶﾞ"),
        ("ไลน", "ไลน์ล่ม"),
        ("ກາ", "ກາ່"),
        ("ក", "ក្រ"),
        ("က", "ကို"),
        ("कमल", "कमली"),
        ("कमल", "#कमली"),
        ("कमल", "अकमल"),
        ("nordtel", "nordtelова"),
        ("nt", "ntα"),
    ],
)
def test_names_are_not_found_in_a_longer_syllable_or_word(term: str, text: str) -> None:
    assert not names(term, text)


def test_edges_by_character() -> None:
    assert [is_unspaced(char) for char in "ไກខမ가カ北"] == [True] * 7
    assert not any(map(is_unspaced, "aжαश中"[:4]))
    assert not any(map(in_word, "¹²½™ -&|가ไ"))
    assert all(map(goes_on, "aश1_\u0e4c\u093e\u3099"))
    assert not any(map(goes_on, " -가ไ北"))
