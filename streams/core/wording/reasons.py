"""The reasons of detectors as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from detectors.reasons import RAREST_DAYS
from detectors.units import HOUR_MS
from streams.core.wording.sentences import joined, sentence

if TYPE_CHECKING:
    from detectors.reasons import Reason, ReasonCode
    from streams.core.wording.formats import Formats

_SHARES: Final = frozenset(
    {
        "negative", "usual_negative", "positive", "usual_positive", "missing", "reposts", "usual_reposts", "by_one",
        "usual_by_one",
    }
)  # fmt: skip
_LEVELS: Final = frozenset({"level", "usual"})
"""Facts that are shares where the level is one of tone."""

_SOME: Final = 0.005
"""Share of reposts from which they are mentioned: what is rounded to nothing is not."""

_PACES: Final = frozenset({"per_hour", "level"})
"""Facts that are mentions an hour."""

_ROUGH: Final = frozenset({"standard_errors", "platform"})
_USUAL: Final = frozenset({"usual", "usual_mentions"})


def reason_sentence(formats: Formats, reason: Reason) -> str:
    """Return the reason of a score as a sentence."""
    phrases, facts = formats.phrases.reasons, reason.facts
    values = {name: _shown(formats, reason.code, name, value) for name, value in facts.items()}
    hours = float(facts.get("hours", 0.0))
    values["span"] = formats.span(hours * HOUR_MS, rough=True)
    values["lasting"] = formats.span(hours * HOUR_MS, rough=True, lasting=True)
    values["rarity"] = _rarity(formats, float(facts.get("once_in_days", RAREST_DAYS)))
    if reason.code == "features":
        named = (phrases.features[name] for name in facts if name in phrases.features)
        values["features"] = joined(*(each.format_map(values) for each in named))
    if reason.code == "crisis":
        values["some_reposts"] = phrases.some_reposts.format_map(values) if float(facts["reposts"]) >= _SOME else ""
    if reason.code == "model":
        values["feature"] = phrases.model_features[str(facts["feature"])]
    return sentence(phrases.sentences[reason.code].format_map(values))


def _shown(formats: Formats, code: ReasonCode, name: str, value: float | str) -> str:
    if isinstance(value, str):
        return value
    if name in _SHARES or (code == "tone_level" and name in _LEVELS):
        return formats.share(value)
    if name in _USUAL:
        return formats.usual(value)
    if name == "mentions":
        return formats.mentions(round(value))
    if name in _PACES:
        pace = formats.number(value)
        return formats.counted(formats.phrases.mentions, 1 if pace == "1" else 0, pace)
    return formats.number(round(value) if name == "repeated" else round(value, 1) if name in _ROUGH else value)


def _rarity(formats: Formats, days: float) -> str:
    if days >= RAREST_DAYS:
        return formats.phrases.reasons.rarer
    return formats.counted(formats.phrases.reasons.once_in, round(days))
