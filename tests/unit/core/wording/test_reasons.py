"""The reasons of detectors as sentences."""

from __future__ import annotations

import pytest

from detectors.reasons import Reason
from streams.core.wording.english import ENGLISH
from streams.core.wording.formats import Formats
from streams.core.wording.german import GERMAN
from streams.core.wording.reasons import reason_sentence


@pytest.mark.parametrize(
    ("pace", "english", "german"),
    [(1.0, "1 mention", "1 Beitrag"), (0.0, "0 mentions", "0 Beiträge"), (1.25, "1.25 mentions", "1,25 Beiträge")],
)  # fmt: skip
def test_one_mention_an_hour_is_singular(pace: float, english: str, german: str) -> None:
    in_english, in_german = Formats(ENGLISH, "UTC"), Formats(GERMAN, "UTC")
    rate = Reason("rate", {"per_hour": pace, "usual": 20.0, "hours": 3.0, "once_in_days": 8.0})
    level = Reason("rate_level", {"level": pace, "usual": 20.0, "hours": 200.0, "once_in_days": 30.0})
    assert reason_sentence(in_english, rate).startswith(f"About {english} an hour over 3 hours ")
    assert reason_sentence(in_english, level).startswith(f"The level has changed: {english} an hour for about 8 days ")
    assert reason_sentence(in_german, rate).startswith(f"Etwa {german} pro Stunde über 3 Stunden ")
    assert reason_sentence(in_german, level).startswith(
        f"Das Niveau hat sich geändert: seit etwa 8 Tagen {german} pro Stunde "
    )
