"""Which brands a text names: the rules of `streams.core.text.matching`, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config import Config
from streams.core.text.brand_terms import BrandTerms, CaseSensitive, TermsNearby
from streams.core.text.matching import Matcher
from streams.errors import ConfigError
from tests.support.processor_time import thread_seconds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def names(term: str, text: str) -> bool:
    return Matcher([BrandTerms("brand", any=(term,))]).match(text) == ("brand",)


@pytest.mark.parametrize(
    "text",
    [
        "Nestlé",
        "NESTLE",
        "nestle\u0301",
        "#nestle",
        "@Nestle",
        "Nestlés Kaffee",
        "Nestle's",
        "NESTLÉ’S",
        "(nestle)",
        "nestle.",
        "Nestlé-Chef",
        "Anti-Nestlé",
        "😡nestle😡",
        "*nestle*",
        "nestle/maggi",
        "#BoykottNestle",
        "#nestle_boykott",
        "@nestle@social.example",
        "ネスレnestle不買",
        "\U0001d5e1\U0001d5f2\U0001d600\U0001d601\U0001d5f9\U0001d5f2",
    ],
)
def test_a_plain_term_matches_as_word_hashtag_handle(text: str) -> None:
    assert names("nestle", text)
    assert names("Nestlé", text)


@pytest.mark.parametrize(
    "text",
    [
        "nestlekunde",
        "nestled",
        "macnestle",
        "#xnestle",
        "#nestled",
        "@nestle_de",
        "nestle1",
        "nestless",
        "https://nestle.example/nestle",
        "nest le",
        "",
    ],
)
def test_a_plain_term_respects_word_edges(text: str) -> None:
    assert not names("nestle", text)


def test_acme_is_not_in_macmeow() -> None:
    assert not names("acme", "macmeow")


def test_german_compounds() -> None:
    assert names("nordtel", "Die Nordtel-Hotline")
    assert not names("nordtel", "Als Nordtelkunde")


@pytest.mark.parametrize("term", ["müller", "Müller", "MU\u0308LLER"])
def test_umlauts_match_with_and_without_e(term: str) -> None:
    assert all(names(term, text) for text in ("Müller", "MÜLLER", "MULLER", "Mueller", "mu\u0308llers", "#Mueller"))


def test_a_handle_matches_only_itself() -> None:
    assert all(
        names("@united", text)
        for text in ("@united", "hey @United!", ".@UNITED's", "@united-rebooked", "@united.Thanks")
    )
    assert not any(
        names("@united", text)
        for text in ("@unitedfans", "@united_fans", "@uniteds", "united", "#united", "me@united.example")
    )
    assert names("@nordtel_hilft", "danke @Nordtel_Hilft")


@pytest.mark.parametrize(
    "text",
    [
        "write to anna@nordtel.example",
        "mailto:anna@nordtel.example?subject=hi",
        "anna@mail.nordtel.example",
        "Anna.B+news@Nordtel.Example",
        "@anna@nordtel.example",
        "@anna@social.nordtel.example",
        "@anna.nordtel.example",
        "@lisa.nordtel",
        "https://anna:nordtel@nordtel.example/nordtel",
        "www.nordtel.example",
    ],
)
def test_links_and_servers_name_no_brand(text: str) -> None:
    assert not names("nordtel", text)


@pytest.mark.parametrize(
    "text",
    [
        "@nordtel",
        "@nordtel@social.example",
        "@nordtel.social.example",
        "nordtel@mail.example",
        "nordtel-help@mail.example",
        "danke@nordtel!",
        "danke@nordtel. Jetzt",
        "@anna: nordtel.example is down",
        "@united.Nordtel ist besser",
        "anna@mail.example/nordtel",
        "nordtel.example/help is down",
        "mail@anna.example nordtel",
    ],
)
def test_a_name_before_or_beside_a_server_counts(text: str) -> None:
    assert names("nordtel", text)


def test_hyphens_divide_no_server() -> None:
    assert not names("tel", "anna@nord-tel.example")
    assert not names("tel", "@anna.nord-tel.example")
    assert names("tel", "@united-tel")


def test_an_address_that_is_a_term_matches() -> None:
    assert names("help@nordtel.example", "an help@nordtel.example geschrieben")
    assert names("help@nord-tel.example", "an Help@Nord-Tel.example geschrieben")
    assert not names("help@nordtel.example", "an help@nordtel.test geschrieben")


def test_nothing_is_looked_for_inside_a_handle() -> None:
    assert not any(names("nordtel", text) for text in ("@NordtelHilft", "@Nordtel_Hilft", "@nordtel24", "@MyNordtel"))
    assert names("@nordtelhilft", "danke @NordtelHilft")


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("nordtel", "#NordtelDown"),
        ("dhl", "Paket weg #DHLfail"),
        ("dhl", "Paket weg #dhlfail"),
        ("łódź", "#ŁódźStrajk"),
        ("deutsche bahn", "#DeutscheBahnChaos"),
        ("deutsche bahn", "#deutschebahnchaos"),
        ("deutsche bahn", "#Boykott_Deutsche_Bahn"),
        ("deutsche bahn", "#deutsche_bahn2026"),
        ("mcdonald's", "#BoykottMcDonalds"),
        ("mcdonald's", "@mcdonalds"),
        ("coca-cola", "#CocaColaFail"),
        ("at&t", "#ATTfail"),
        ("käserei müller", "#KaesereiMuellerSkandal"),
        ("käserei müller", "#käsereimüller"),
        ("nordtel", "#nordtel-fail"),
        ("nordtel", "\uff03NordtelDown"),
    ],
)
def test_a_term_is_found_inside_a_hashtag(term: str, text: str) -> None:
    assert names(term, text)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("acme", "#macmeow"),
        ("bahn", "#Bahnhof"),
        ("app", "#overapped"),
        ("1&1", "#11"),
        (".net", "#net"),
        ("deutsche bahn", "#bahndeutsche"),
        ("mcdonald's", "mcdonalds in the text has its apostrophe"),
    ],
)
def test_a_term_is_not_found_inside_another_word_of_a_hashtag(term: str, text: str) -> None:
    assert not names(term, text)


AROUND = st.lists(
    st.sampled_from(("Boycott", "Stop", "Down", "Never", "The", "My", "Is", "Ärger", "Łatwo", "Стоп")), max_size=3
)


@given(AROUND, st.sampled_from(["PayDay", "NKB", "eDrive", "Łosoś"]), AROUND)
def test_a_composition_of_words_in_a_hashtag_names_its_brand_and_no_other(
    before: list[str], brand: str, behind: list[str]
) -> None:
    brands = ["payday", "nkb", "edrive", "łosoś"]
    matcher = Matcher([BrandTerms(each, any=(each,)) for each in brands])
    written = brand[0].upper() + brand[1:]
    for hashtag in ("".join([*before, written, *behind]), "_".join([*before, brand, *behind]).lower()):
        assert matcher.match(f"schon wieder #{hashtag} :(") == (brand.lower(),)


def test_exclusions_hold_inside_hashtags() -> None:
    matcher = Matcher(
        [
            BrandTerms("nordtel", any=("nordtel",), none=("nordtel arena",)),
            BrandTerms("apple", any=("apple",), none=("pie",)),
        ]
    )
    for text in ("#NordtelArenaParty", "#nordtelarenaparty", "#Nordtel_Arena_2026", "#ApplePie", "apple #PieDay"):
        assert matcher.match(text) == ()
    assert matcher.match("#NordtelArena #NordtelFail") == ("nordtel",)
    assert matcher.match("#AppleFail") == ("apple",)


def test_a_hashtag_matches_only_itself() -> None:
    assert names("#nordtel", "So ein #NordTel!")
    assert not any(
        names("#nordtel", text)
        for text in ("nordtel", "@nordtel", "#nordtelfail", "#NordtelFail", "#nordtels", "a#nordtel")
    )


@pytest.mark.parametrize(
    "text",
    [
        "Deutsche Bahn",
        "die Deutsche  \n Bahn",
        "DEUTSCHE-BAHN",
        "Deutsche – Bahn",
        "#DeutscheBahn",
        "#deutschebahn",
        "#deutsche_bahn",
        "@DeutscheBahn",
        "@deutsche_bahn",
        "Deutsche Bahns",
        "#DeutscheBahnFail",
    ],
)
def test_a_phrase_tolerates_blanks_hyphens_and_writing_together(text: str) -> None:
    assert names("Deutsche Bahn", text)


@pytest.mark.parametrize("text", ["deutschebahn", "Deutsche, Bahn", "Deutsche Bahnhöfe", "Bahn Deutsche", "#deutsche"])
def test_a_phrase_is_more_than_its_words(text: str) -> None:
    assert not names("Deutsche Bahn", text)


def test_a_phrase_does_not_reach_from_the_text_into_a_hashtag() -> None:
    assert not names("acme arena", "#ArenaParty with acme")


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("h&m", "bei H&M!"),
        ("yahoo!", "Yahoo!x"),
        ("1&1", "1&1-Router"),
        (".net", "asp.net"),
        ("🍏", "x🍏y"),
        ("任天堂", "新しい任天堂です"),
        ("McDonald's", "mcdonald’s"),
    ],
)
def test_terms_with_symbols_and_other_scripts(term: str, text: str) -> None:
    assert names(term, text)


def test_an_exclusion_takes_away_the_mentions_it_covers() -> None:
    matcher = Matcher([BrandTerms("nordtel", any=("nordtel", "@nordtel_hilft"), none=("nordtel arena",))])
    assert matcher.match("nordtel") == ("nordtel",)
    for text in (
        "Konzert in der Nordtel Arena",
        "Nordtel-Arena",
        "#NordtelArena",
        "#nordtelarena",
        "nordtel arenas nordtel arena",
    ):
        assert matcher.match(text) == ()
    for text in (
        "Nordtel Arena: nordtel ohne Netz",
        "nordtel, Arena",
        "@nordtel_hilft in der Nordtel Arena",
        "#nordtelarena nordtel",
    ):
        assert matcher.match(text) == ("nordtel",)


def test_an_exclusion_without_the_brand_vetoes_the_post() -> None:
    matcher = Matcher(
        [BrandTerms("apple", any=("apple",), none=("pie", "#recipe")), BrandTerms("other", any=("apple",))]
    )
    assert matcher.match("apple pie") == ("other",)
    assert matcher.match("my apple is broken, no pies") == ("other",)
    assert matcher.match("apple #Recipe") == ("other",)
    assert matcher.match("apple recipe") == ("apple", "other")


def test_exclusions_are_the_brands_own() -> None:
    matcher = Matcher([BrandTerms("a", any=("acme",), none=("beta",)), BrandTerms("b", any=("beta",))])
    assert matcher.match("acme and beta") == ("b",)


def test_brands_come_in_the_order_of_the_config_and_once() -> None:
    matcher = Matcher(
        [
            BrandTerms("z", any=("zeta", "#zeta", "zett")),
            BrandTerms("a", any=("alpha",)),
            BrandTerms("z2", any=("zeta",)),
        ]
    )
    assert matcher.match("alpha #zeta zeta zett") == ("z", "a", "z2")


def test_a_case_sensitive_term_names_its_brand_as_it_is_written() -> None:
    matcher = Matcher(
        [BrandTerms("gap", any=(CaseSensitive("Gap"),), none=("gap year",)), BrandTerms("x", any=("gap",))]
    )
    for text in ("at Gap", "#Gap", "#GapFail", "@gap", "Gap year at Gap"):
        assert matcher.match(text) == ("gap", "x")
    for text in ("mind the gap", "GAP", "#gapfail", "Gap year", "#GapYear"):
        assert matcher.match(text) == ("x",)


def nearby(*terms: tuple[str, ...] | str, within: int | None = 4) -> TermsNearby:
    return TermsNearby(tuple((term,) if isinstance(term, str) else term for term in terms), within)


def test_terms_nearby_name_their_brand_only_together() -> None:
    matcher = Matcher([BrandTerms("bahn", all=(nearby("bahn", ("zug", "verspätung")), nearby("ice", "gleis")))])
    for text in (
        "Bahn hat Verspätung",
        "Verspaetung bei der Bahn",
        "Zug-Ausfall der Bahn",
        "#BahnVerspätung",
        "die #bahn und ihr Zug",
        "ICE, Gleis 4",
    ):
        assert matcher.match(text) == ("bahn",), text
    for text in (
        "die Bahn",
        "Verspätung im Zug",
        "Bahn frei für alle, die den Zug nehmen",
        "Bahn am Gleis",
        "Bahnhof mit Zug",
        "",
    ):
        assert matcher.match(text) == (), text


def test_terms_nearby_can_be_anywhere_in_a_post() -> None:
    matcher = Matcher([BrandTerms("bahn", all=(nearby("bahn", "zug", within=None),))])
    assert matcher.match("Bahn " + "x " * 500 + "Zug") == ("bahn",)
    assert matcher.match("Bahn " + "x " * 500) == ()


def test_exclusions_cover_terms_nearby() -> None:
    matcher = Matcher([BrandTerms("gap", any=("gap inc",), all=(nearby("gap", "jeans"),), none=("gap year", "recipe"))])
    assert matcher.match("jeans from gap") == ("gap",)
    assert matcher.match("jeans for my gap year") == ()
    assert matcher.match("jeans for my gap year from gap, jeans") == ("gap",)
    assert matcher.match("gap jeans recipe") == ()
    assert matcher.match("gap inc") == ("gap",)


def test_terms_nearby_that_name_nothing_are_refused_with_their_place() -> None:
    with pytest.raises(ConfigError, match=r"brands\[0\]\.match\.all\[0\]\.terms\[1\]\[1\]: '@' names nothing"):
        Matcher([BrandTerms("a", all=(nearby("fine", ("good", "@")),))])


def test_tags_claim_posts() -> None:
    matcher = Matcher(
        [BrandTerms("nordtel", any=("nordtel",), none=("nordtel arena", "tennis"), tagged=("Nordtel", "nord-tel"))]
    )
    assert matcher.match("seit Stunden nichts", tag="NORDTEL") == ("nordtel",)
    assert matcher.match("seit Stunden nichts", tag="Nord Tel") == ("nordtel",)
    assert matcher.match("seit Stunden nichts", tag="nordtel2") == ()
    assert matcher.match("tennis", tag="nordtel") == ()
    assert matcher.match("Nordtel Arena", tag="nordtel") == ()
    assert matcher.match("Nordtel Arena, nordtel", tag="nordtel") == ("nordtel",)


def test_brands_known_by_tag_alone() -> None:
    matcher = Matcher([BrandTerms("a", tagged=("a",))])
    assert matcher.match("a", tag="A") == ("a",)
    assert matcher.match("a") == ()
    assert Matcher([]).match("a", tag="a") == ()


def test_terms_that_name_nothing_are_refused() -> None:
    brands = [BrandTerms("ok", any=("ok",)), BrandTerms("bad", any=("fine", "@", " - "), none=("\u0301", "#"))]
    with pytest.raises(ConfigError) as refused:
        Matcher(brands)
    paths = [problem.split(":")[0] for problem in refused.value.problems]
    assert paths == [
        "brands[1].match.any[1]",
        "brands[1].match.any[2]",
        "brands[1].match.none[0]",
        "brands[1].match.none[1]",
    ]


def test_a_config_names_its_brands_terms() -> None:
    brands = [
        {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"], "none": ["nordtel arena"]}},
        {"id": "suedbank", "name": "Südbank", "match": {"any": ["südbank"], "tagged": ["Bank"]}},
        {"id": "gap", "name": "Gap", "match": {"case": "sensitive", "all": [{"terms": ["Gap", ["Jeans"]]}]}},
    ]
    matcher = Matcher.of(Config.model_validate({"brands": brands}))
    assert matcher.match("Jeans von Gap") == ("gap",)
    assert matcher.match("jeans gap") == ()
    assert matcher.match("Suedbank und Nordtel") == ("nordtel", "suedbank")
    assert matcher.match("Nordtel Arena") == ()
    assert matcher.match("nichts", tag="bank") == ("suedbank",)


def test_a_term_of_a_config_that_names_nothing_is_refused_with_its_place() -> None:
    brands = [{"id": name, "name": name, "match": {"any": [name, "@#"]}} for name in ("aa", "bb")]
    config = Config.model_validate({"brands": brands})
    with pytest.raises(ConfigError, match=r"brands\[1\]\.match\.any\[1\]: '@#' names nothing"):
        Matcher.of(config)


@pytest.mark.parametrize(
    ("term", "texts"),
    [
        ("x2", "X2 X₂ X² X② #X2 @x2 x₂-Kunde"),
        ("X₂", "X2 X₂ X²"),
        ("nordtel", "Nordtel¹ Nordtel₂ Nordtel⑩ Nordtel™ Nordtelⓡ Nordtel🅿️ Nordtel½"),
        ("nordtel", "_Nordtel_ __Nordtel__ ***_Nordtel_*** ~~Nordtel~~ `Nordtel` (_Nordtel_)"),
        ("@nordtel_hilft", "@nordtel_hilft @nordtel\\_hilft _@nordtel_hilft_"),
        ("k&z", "K&Z K＆Z K﹠Z k&z-Filiale #KZ"),
        ("größer müller", "Größer-Müller GRÖẞER-MÜLLER Groesser-Müller Größer-Mueller grosser-muller groesser-mueller"),
        ("ørbæk", "Ørbæk Oerbaek Orbæk ØRBÆK"),
        ("mcfrey's", "McFrey's McFrey’s McFrey´s McFrey`s McFrey＇s"),
    ],
)
def test_every_spelling_of_a_name_is_found(term: str, texts: str) -> None:
    assert [text for text in texts.split() if not names(term, text)] == []


@pytest.mark.parametrize("text", ["K & Z", "bei K &Z", "K& Z!"])
def test_blanks_around_an_ampersand_make_no_difference(text: str) -> None:
    assert names("k&z", text)
    assert names("k & z", text)
    assert not names("k&z", "K Z")


@pytest.mark.parametrize(("term", "text"), [("x2", "CX₂"), ("x2", "X₂b X23"), ("3", "m³"), ("nordtel", "nordtel_s")])
def test_a_digit_or_an_underscore_is_not_always_an_edge(term: str, text: str) -> None:
    assert not names(term, text)


@pytest.mark.parametrize("text", ["\u0410\u0421\u041c\u0415 is down", "is down: \u0410\u0421\u041c\u0415", "A\u0441me"])
def test_a_name_in_letters_of_another_alphabet_is_found(text: str) -> None:
    assert names("acme", text) or "down" in text
    assert names("acme", f"Today {text} again")


def test_a_term_of_another_alphabet_is_found_in_a_latin_text() -> None:
    assert names("\u043e\u0442\u0442\u043e", "I read \u041e\u0422\u0422\u041e every day")
    assert not names("otto", "\u041e\u0422\u0422\u041e \u0447\u0438\u0442\u0430\u044e")


DISGUISES: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "full width": lambda c: chr(ord(c) + 0xFEE0),
    "circled": lambda c: chr(ord(c) - ord("a") + 0x24D0),
    "squared": lambda c: chr(ord(c) - ord("a") + 0x1F130),
    "negative squared": lambda c: chr(ord(c) - ord("a") + 0x1F170),
    "bold": lambda c: chr(ord(c) - ord("a") + 0x1D41A),
    "accent": lambda c: c + "\u0301",
    "struck out": lambda c: c + "\u0336",
    "enclosed": lambda c: c + "\u20dd",
    "invisible": lambda c: c + "\u200b",
    "filler": lambda c: c + "\u3164",
    "tag": lambda c: c + "\U000e0061",
    "variation": lambda c: c + "\ufe0e",
    "plain": lambda c: c,
}
LOOK_ALIKES = dict(zip("aceiopsxyj", "\u0430\u0441\u0435\u0456\u043e\u0440\u0455\u0445\u0443\u0458", strict=True))
WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=12)


@given(WORDS, st.data())
def test_a_term_is_found_in_any_mixture_of_disguises(term: str, data: st.DataObject) -> None:
    disguises = data.draw(st.lists(st.sampled_from(sorted(DISGUISES)), min_size=len(term) - 1, max_size=len(term) - 1))
    disguises.append("bold")  # a circle around the last one may be a sign, such as that of a trademark
    name = "".join(DISGUISES[disguise](char) for disguise, char in zip(disguises, term, strict=True))
    around = data.draw(
        st.sampled_from(["{}", "Seit heute: {}!", "_{}_", "**{}**", "#{}", "{}https://a.example", "“{}”"])
    )
    assert names(term, around.format(f"{name}\u200b")), ascii(name)


@given(WORDS, st.data())
def test_a_term_is_found_with_look_alikes(term: str, data: st.DataObject) -> None:
    replaced = data.draw(st.sets(st.sampled_from(range(1, len(term)))))
    name = "".join(LOOK_ALIKES.get(char, char) if place in replaced else char for place, char in enumerate(term))
    assert names(term, f"it is {name} again")


def test_config_terms_are_no_patterns() -> None:
    assert not names("a.*b", "axxb")
    assert names("a.*b", "A.*B")


@pytest.mark.parametrize("unit", ["acme arena ", "acme ", "#AcmeArena", "@acme", "acmeacme", "é", "#"])
def test_long_texts_take_linear_time(unit: str) -> None:
    matcher = Matcher([BrandTerms("acme", any=("acme",), none=("acme arena",))])
    text = unit * (1_000_000 // len(unit))
    assert thread_seconds(lambda: matcher.match(text)) < 60  # quadratic time would be hours


def test_every_airline_post_finds_its_airline(shared_data: Path) -> None:
    handles = {
        "Delta": "@jetblue", "United": "@united", "US Airways": "@usairways", "American": "@americanair",
        "Southwest": "@southwestair", "Virgin America": "@virginamerica",
    }  # fmt: skip
    matcher = Matcher([BrandTerms(brand, any=(handle,)) for brand, handle in handles.items()])
    posts = [orjson.loads(line) for line in (shared_data / "airline-2015/airline.jsonl").read_bytes().splitlines()]
    missed = [post["text"] for post in posts if post["brand"] not in matcher.match(post["text"])]
    assert len(posts) == 14_485
    assert len(missed) == 4, "posts whose handle the data set has replaced, or that name another account"
