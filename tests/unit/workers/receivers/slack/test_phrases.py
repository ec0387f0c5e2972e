"""Phrases: every language has all of them, and numbers and times are written as people write them there."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from detectors.base import Label, Severity
from streams.config import Language
from streams.records import AlertStep
from streams.records.labels import VerdictValue
from streams.workers.receivers.slack.phrases import PHRASES

AT = datetime(2026, 3, 2, 13, 5, tzinfo=UTC)


@pytest.mark.parametrize("language", get_args(Language))
def test_every_value_of_an_alert_has_a_phrase(language: Language) -> None:
    words = PHRASES[language]
    assert set(words.severities) == set(get_args(Severity))
    assert set(words.labels) == set(get_args(Label))
    assert set(words.steps) == set(get_args(AlertStep))
    assert set(words.verdicts) == set(get_args(VerdictValue))


def test_the_phrases_of_all_languages_have_the_same_placeholders() -> None:
    for field in fields(PHRASES["en"]):
        if field.name not in {"locale", "time"}:
            counts = {str(getattr(words, field.name)).count("{") for words in PHRASES.values()}
            assert len(counts) == 1, field.name


@pytest.mark.parametrize(
    ("language", "moment", "number", "share"),
    [
        ("en", "2 March, 13:05 UTC", "1,312", "81%"),
        ("de", "2. März, 13:05 UTC", "1.312", "81\N{NO-BREAK SPACE}%"),
    ],
)
def test_numbers_and_times_are_those_of_the_language(language: Language, moment: str, number: str, share: str) -> None:
    words = PHRASES[language]
    assert (words.moment(AT, UTC), words.number(1_312), words.share(0.8149)) == (moment, number, share)


def test_a_moment_is_shown_by_the_clock_of_its_zone() -> None:
    assert PHRASES["de"].moment(AT, ZoneInfo("America/New_York")).startswith("2. März, 08:05")
