"""Phrases of a chat: every language has all of them, with the same names to fill in."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import get_args

import pytest

from streams.config import Language
from streams.records.labels import VerdictValue
from streams.workers.receivers.slack.phrases import CHAT_PHRASES


def test_every_language_of_alerts_has_its_phrases() -> None:
    assert set(CHAT_PHRASES) == set(get_args(Language))
    for words in CHAT_PHRASES.values():
        assert set(words.verdicts) == set(get_args(VerdictValue))


@pytest.mark.parametrize("name", [field.name for field in fields(CHAT_PHRASES["en"])])
def test_a_phrase_has_the_same_names_to_fill_in_in_all_languages(name: str) -> None:
    filled = {
        frozenset(re.findall(r"{\w+}", phrase))
        for words in CHAT_PHRASES.values()
        for value in [getattr(words, name)]
        for phrase in (value.values() if isinstance(value, dict) else [value])
    }
    assert len(filled) == 1
