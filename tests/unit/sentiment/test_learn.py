"""Learning weights, from labelled posts to the file the model reads, and the commands that do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
from click.testing import CliRunner

from streams.errors import InputError
from streams.sentiment import LinearModel, evaluate, learn
from streams.sentiment.gold import LABELS, GoldPost, read_gold
from streams.sentiment.lexicon import CHANNELS, NEGATED_GOOD, Lexicon

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ("flimmert", "knarzt", "leuchtet")  # words no lexicon knows
POSTS = [
    {
        "text": f"{WORDS[label]} Gerät {number} {'gefiltert' if number == 0 else ''}",
        "lang": "de",
        "label": LABELS[label],
    }
    for number in range(12)
    for label in range(3)
]


def write(path: Path, posts: list[dict[str, str]]) -> Path:
    path.write_bytes(b"\n".join(map(orjson.dumps, posts)))
    return path


def test_a_model_learns_words_and_is_read_back(tmp_path: Path) -> None:
    gold, out = write(tmp_path / "gold.jsonl", POSTS), tmp_path / "weights.tsv"
    result = CliRunner().invoke(learn.main, [str(gold), "--out", str(out)])
    assert result.exit_code == 0, result.output
    model = LinearModel.load(out)
    for label, word in enumerate(WORDS):
        chances = model.predict(f"das {word}", "de")
        assert chances.index(max(chances)) == label
    assert model.predict("thanks", "en")[2] == pytest.approx(
        model.predict("x", "en")[2], abs=0.05
    )  # nothing English was seen


def test_learning_repeats_itself(tmp_path: Path) -> None:
    posts = read_gold(write(tmp_path / "gold.jsonl", POSTS))
    assert learn.learn([posts]) == learn.learn([posts])


def test_rare_words_and_words_of_one_set_are_left_out() -> None:
    one = [GoldPost(f"ueberall {'nureiner' if n < 5 else 'selten' if n < 7 else ''}", "de", n % 3) for n in range(12)]
    other = [GoldPost("ueberall", "de", n % 3) for n in range(12)]
    both = {token for _, token in learn._vocabulary([one, other])}
    alone = {token for _, token in learn._vocabulary([one])}
    assert both == {"ueberall"}
    assert alone == {"ueberall", "nureiner"}


def test_the_lexicon_weighs_words_stems_and_emoji() -> None:
    lexicon = Lexicon()

    def channels(token: str, lang: str) -> dict[str, float]:
        return {
            name: value for name, value in zip(CHANNELS, lexicon.evidence(token, lang) or (), strict=False) if value
        }

    assert channels("verspaetungen", "de") == {"strong-": 2.0}
    assert channels("great", "en").keys() == {"vader+", "strong+"}
    assert channels("not great", "en")["strong-"] == pytest.approx(-2 * NEGATED_GOOD)
    assert channels("not terrible", "en") == {}
    assert channels("😡", "*")["strong-"] == 3.0
    assert channels("warten", "de") == {"weak-": 1.0}
    assert channels("tisch", "de") == {}


def test_own_words_agree_with_themselves() -> None:
    lexicon = Lexicon()
    for lang, stems in lexicon.stems.items():
        for word, strength in lexicon.own[lang].items():
            listed = [value for stem, value in stems.items() if word.startswith(stem)]
            assert all(value * strength > 0 for value in listed), f"{lang} {word}: opposite to its stem"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "holds no labelled posts"),
        (b"{", ":1: expected a JSON object"),
        (b"[]", ":1: expected"),
        (b'{"text": "a", "lang": "de"}', ":1: expected"),
        (b'{"text": "a", "lang": "de", "label": "angry"}', "negative, neutral, positive"),
    ],
)
def test_bad_gold_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=complaint):
        read_gold(path)


def test_commands_tell_what_is_wrong(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.jsonl")
    for command in (learn.main, evaluate.main):
        options = ["--out", str(tmp_path / "x.tsv")] if command is learn.main else []
        result = CliRunner().invoke(command, [missing, *options])
        assert result.exit_code == 1
        assert "none.jsonl: No such file" in result.output


def test_evaluate_prints_what_it_measured(tmp_path: Path) -> None:
    gold = write(
        tmp_path / "gold.jsonl",
        [
            {"text": "worst service ever", "lang": "en", "label": "negative"},
            {"text": "thanks, great service", "lang": "en", "label": "positive"},
            {"text": "the flight leaves at 9 from gate 4", "lang": "en", "label": "neutral"},
        ],
    )
    result = CliRunner().invoke(evaluate.main, [str(gold)])
    assert result.exit_code == 0, result.output
    assert "1.000" in result.output.splitlines()[-1]


def test_macro_f1_counts_labels_never_answered() -> None:
    assert evaluate.macro_f1([0, 1, 2], [0, 0, 0]) == pytest.approx((2 / 4) / 3)
