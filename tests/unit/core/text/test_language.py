"""German, English, or neither."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import orjson
import pytest

from streams.core.text.language import detect, settled_tag

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Warum ist die Hotline nicht zu erreichen?", "de"),
        ("Kein Netz", "de"),
        ("why is nobody answering the phone", "en"),
        ("no signal", "en"),
        ("che schifo questa pasta, mai più", "und"),
        ("Je ne comprends pas pourquoi le service est fermé", "und"),
        ("Привет, как дела?", "und"),
        ("ありがとうございます", "und"),
        ("😡😡 https://the.example/is/are/you @the_and_you", "und"),
        ("", "und"),
        ("\ud800", "und"),
    ],
)
def test_texts(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    ("hint", "language"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("de-AT", "de"),
        ("en_GB", "en"),
        ("fr", "und"),
        ("pt-BR", "und"),
        ("und", "de"),
        ("zxx", "de"),
        ("english", "de"),
        ("", "de"),
        ("xx", "de"),
        (None, "de"),
    ],
)
def test_a_hint_is_believed_where_it_names_a_language(hint: str | None, language: str) -> None:
    assert detect("das ist nicht mehr lustig", hint) == language


@pytest.mark.parametrize(
    ("file", "language", "least"),
    [
        ("airline-2015/airline.jsonl", "en", 0.995),
        ("potts/potts.jsonl", "de", 0.99),
        ("germeval-2017/dev.jsonl", "de", 0.99),
    ],
)
def test_gold_posts(shared_data: Path, file: str, language: str, least: float) -> None:
    texts = [orjson.loads(line)["text"] for line in (shared_data / file).read_bytes().splitlines()]
    found: Counter[str] = Counter(map(detect, texts))
    assert found[language] / len(texts) >= least


@pytest.mark.parametrize(
    ("text", "tag", "settled"),
    [
        ("Why is the hotline not answering my calls?", "tr", "en"),
        ("Warum ist die Hotline nicht zu erreichen?", "en", "de"),
        ("great game tonight", "de", "en"),
        ("Das wird teuer", "en-US", "de"),
        ("Merhaba arkadaşlar bugün hava çok güzel", "en", "tr"),
        ("Merhaba", "tr", "tr"),
        ("Nordtel lol", "de", "de"),
        ("Why is the hotline not answering my calls?", "en-GB", "en-GB"),
        ("👍👍", "de", "de"),
        ("", "de", "de"),
        ("@nordtel https://a.example/great-game-tonight", "de", "de"),
    ],
)
def test_a_claimed_tag_stands_unless_the_text_decides(text: str, tag: str, settled: str) -> None:
    assert settled_tag(text, tag) == settled
