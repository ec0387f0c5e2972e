"""The description of an alert: the reasons of its label and of its detectors, as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.incidents.summary import not_paged
from streams.core.wording.reasons import reason_sentence
from streams.core.wording.sentences import joined, sentence

if TYPE_CHECKING:
    from detectors.base import Score
    from streams.core.incidents.incident import Incident
    from streams.core.wording.formats import Formats


def description(formats: Formats, incident: Incident, *, is_coarse: bool) -> str:
    """Return the reason of the label, the reason of each detector's highest score, and what limits the severity.

    Parameters
    ----------
    formats
        Language and time zone.
    incident
        The incident. The reason of its label is left out where that of a score says the same of the highest moment.
    is_coarse
        Whether most mentions state their time no finer than a bucket.
    """
    reasons = [score.reason for _, score in sorted(incident.peaks.items()) if score.reason]
    if incident.note is not None and incident.note.code not in {reason.code for reason in reasons}:
        reasons.insert(0, incident.note)
    sentences = dict.fromkeys(reason_sentence(formats, reason) for reason in reasons)
    return joined(*sentences, sentence(formats.phrases.reasons.coarse) if is_coarse else "", by=" ")


def score_reason(formats: Formats, score: Score) -> str:
    """Return the reason of a score, with the maintenance or event in the config that suppresses it."""
    reason = reason_sentence(formats, score.reason) if score.reason else ""
    announced = not_paged(formats, score.suppressed, score.occasion) if score.occasion else ""
    return joined(reason, announced, by=" ")
