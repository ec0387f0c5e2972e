"""The linear model, its file, and the weights that ship."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import InputError
from streams.sentiment import LinearModel
from streams.sentiment.evaluate import evaluate
from streams.sentiment.gold import read_gold
from streams.sentiment.linear import ANY_LANGUAGE, BIAS, MAX_CACHED_CHARS, SHIPPED_WEIGHTS

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = LinearModel.load()


def model(
    de: dict[str, tuple[float, float]] | None = None, en: dict[str, tuple[float, float]] | None = None
) -> LinearModel:
    return LinearModel(
        {"de": de or {}, "en": en or {}, ANY_LANGUAGE: {BIAS: (0.0, 0.0), "😡": (2.0, 0.0)}}, version="test"
    )


@given(st.text(), st.sampled_from(["de", "en", "und", "fr"]))
def test_probabilities_sum_to_one(text: str, lang: str) -> None:
    chances = SHIPPED.predict(text, lang)
    assert sum(chances) == pytest.approx(1)
    assert all(0 <= chance <= 1 for chance in chances)


@pytest.mark.parametrize(
    "text", ["schlecht " * 2000, "great " * 2000, "\ud800" * 10_000, "😡" * 10_000, "x" * 10_000, "\x00"]
)
def test_extreme_texts_get_finite_answers(text: str) -> None:
    for lang in ("de", "en", "und"):
        assert sum(SHIPPED.predict(text, lang)) == pytest.approx(1)


def test_weights_add_up_per_language() -> None:
    judge = model(de={"gift": (2.0, 0.0)}, en={"gift": (0.0, 2.0)})
    assert judge.predict("gift", "de")[0] == pytest.approx(0.787, abs=0.001)
    assert judge.predict("gift", "en")[2] == pytest.approx(0.787, abs=0.001)
    negative, neutral, positive = judge.predict("gift", "und")
    assert negative == positive > neutral
    assert judge.predict("gift 😡", "de")[0] > judge.predict("gift", "de")[0]
    assert judge.predict("unknown", "fr") == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_stems_cover_words_and_their_negation() -> None:
    judge = model(de={"verspaet*": (2.0, -1.0), "verspaeter": (0.0, 3.0), "not verspaet*": (0.0, 1.0)})
    assert judge.predict("Verspätungen", "de") == judge.predict("verspaetet", "de") == judge.predict("VERSPÄTET", "de")
    assert judge.predict("Verspätungen", "de")[0] > 0.8
    assert judge.predict("verspäter", "de")[2] > 0.8
    assert judge.predict("keine Verspätung", "de")[2] > judge.predict("keine Verspätung", "de")[0]
    assert judge.predict("verspa", "de") == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_elongated_words_are_known_by_their_plain_form() -> None:
    judge = model(en={"so": (1.0, 0.0), "cool": (0.0, 2.0)})
    assert judge.predict("soooo", "en") == judge.predict("so", "en")
    assert judge.predict("coooool", "en") == judge.predict("cool", "en")


def test_a_handle_is_no_opinion() -> None:
    assert SHIPPED.predict("@great_awesome flight at 9", "en") == SHIPPED.predict("flight at 9", "en")


def test_unknown_words_do_not_pile_up() -> None:
    judge = model(en={"late": (1.0, 0.0)})
    table = judge._tables["en"]
    table._max_size = len(table) + 10
    for number in range(1000):
        judge.predict("x" + "".join(chr(ord("a") + int(digit)) for digit in str(number)), "en")
    assert len(table) == table._max_size
    assert judge.predict("late", "en")[0] > 0.5


def test_repeated_texts_are_remembered_and_long_ones_are_not() -> None:
    judge = model()
    judge.predict("again", "en")
    judge.predict("again", "en")
    judge.predict("x" * (MAX_CACHED_CHARS + 1), "en")
    remembered = judge._remembered.cache_info()
    assert (remembered.hits, remembered.currsize) == (1, 1)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("de\tgut\t1\n", "w.tsv:1: expected language, token"),
        ("# head\n*\t<bias>\t0\t0\nde\tgut\tviel\t2\n", "w.tsv:3: expected"),
        ("de\tgut\t1\t2\n", "holds no bias"),
        ("", "holds no bias"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: str, complaint: str) -> None:
    path = tmp_path / "w.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=complaint):
        LinearModel.load(path)


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read"):
        LinearModel.load(tmp_path / "none.tsv")
    (tmp_path / "binary.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="can't be read"):
        LinearModel.load(tmp_path / "binary.tsv")


def test_the_version_names_the_content(tmp_path: Path) -> None:
    one, two = tmp_path / "one.tsv", tmp_path / "two.tsv"
    one.write_text("*\t<bias>\t0\t0\n", encoding="utf-8")
    two.write_text("*\t<bias>\t0\t1\n", encoding="utf-8")
    assert LinearModel.load(one).version == LinearModel.load(one).version != LinearModel.load(two).version
    assert SHIPPED.version == LinearModel.load().version


def test_what_ships_is_small() -> None:
    assert len(files("streams.sentiment").joinpath(SHIPPED_WEIGHTS).read_bytes()) < 1 << 20


@pytest.mark.parametrize(
    ("text", "lang", "likeliest"),
    [
        ("Seit drei Stunden kein Netz, die Hotline ist nicht erreichbar. Frechheit!", "de", 0),
        ("Danke für die schnelle Hilfe, super Service!", "de", 2),
        ("Morgen fahre ich mit der Bahn nach Hamburg", "de", 1),
        ("worst service ever, stuck on hold for two hours", "en", 0),
        ("thank you for the great service", "en", 2),
        ("the flight leaves at 9 from gate 4", "en", 1),
        ("not good", "en", 0),
    ],
)
def test_plain_cases(text: str, lang: str, likeliest: int) -> None:
    chances = SHIPPED.predict(text, lang)
    assert chances.index(max(chances)) == likeliest


@pytest.mark.parametrize(
    ("file", "macro_f1", "negative_f1"),
    [
        ("airline-2015/airline.jsonl", 0.59, 0.66),
        ("semeval-2013-2016/train.jsonl", 0.53, 0.66),
        ("germeval-2017/dev.jsonl", 0.37, 0.56),
    ],
)
def test_quality_on_posts_it_never_saw(shared_data: Path, file: str, macro_f1: float, negative_f1: float) -> None:
    posts = read_gold(shared_data / file)
    quality = evaluate(SHIPPED, posts[len(posts) // 2 :])
    assert quality.macro_f1 >= macro_f1
    assert quality.negative_f1 >= negative_f1
