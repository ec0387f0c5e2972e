"""What an alert says happened: the body of `social.alerts` from an incident and the brand's usual."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from detectors.units import HOUR_MS
from streams.core.incidents.incident import Change, alert_id
from streams.core.incidents.key_terms import key_terms
from streams.core.incidents.samples import representative
from streams.core.incidents.summary import summarise
from streams.core.rollup.tally import most_frequent
from streams.core.text.clean import MAX_TERM_CHARS
from streams.records import (
    SHARE,
    Alert,
    Comparison,
    Detection,
    Drivers,
    PastPeak,
    SamplePost,
    SentimentSplit,
    TopTerm,
    WindowCounts,
    utc,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.config import AlertSettings, Language
    from streams.core.incidents.incident import Incident
    from streams.core.incidents.key_terms import Key
    from streams.core.rollup.baseline import Baseline
    from streams.core.rollup.tally import Tally

MAX_SOURCES: Final = 20
"""Sources that an alert lists: those with most mentions."""

_TOP_AUTHORS: Final = 10
_HALF: Final = 0.5


class AlertBuilder:
    """Writes the alerts of one brand.

    Parameters
    ----------
    brand, name
        Its id, and what people call it.
    language
        Of the summary.
    kinds, units
        Of each detector, by name.
    """

    def __init__(
        self,
        settings: AlertSettings,
        brand: str,
        name: str,
        language: Language,
        config_version: str,
        kinds: Mapping[str, str],
        units: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._brand = brand
        self._name = name
        self._own = {brand, *re.findall(r"\w+", name.lower())}
        self._language = language
        self._config_version = config_version
        self._kinds = kinds
        self._units = units

    def alert(self, change: Change, calm: Baseline, model_version: str) -> Alert:
        """The alert for a step of an incident.

        Parameters
        ----------
        change
            The step.
        calm
            What is usual for the brand.
        model_version
            Of the newest mention.
        """
        incident, said = change.incident, change.said
        resolved = change.kind == "resolve"
        split = _split(said)
        keys = self._keys(said, calm)
        drivers, comparison = _drivers(said, calm), _comparison(change, calm)
        terms = [key.term for key in keys]
        summary = summarise(self._language, self._name, change, split, drivers, comparison, terms)
        generator_url = self._settings.generator_url and self._settings.generator_url.format(
            brand=self._brand, from_ms=incident.start_ms, to_ms=change.at_ms
        )
        return Alert(
            id=alert_id(self._brand, self._config_version, change),
            kind=change.kind,
            step=change.step,
            status="resolved" if resolved else "firing",
            severity=incident.severity,
            label=incident.label,
            suppressed=incident.suppressed,
            brand=self._brand,
            fingerprint=incident.fingerprint,
            starts_at=utc(incident.first_ms),
            reopened=incident.reopened,
            earlier_mentions=incident.earlier,
            late_mentions=change.late,
            ends_at=utc(incident.hot_ms) if resolved else None,
            at=utc(change.at_ms),
            summary=summary,
            language=self._language,
            detectors={
                name: Detection(
                    kind=self._kinds[name],
                    score=score.value,
                    observed=score.observed,
                    expected=score.expected,
                    lower=score.lower,
                    upper=score.upper,
                    unit=self._units[name],
                    reason=score.reason,
                    suppressed=score.suppressed,
                )
                for name, score in sorted(incident.peaks.items())
                if name in self._kinds
            },
            window=WindowCounts(
                start=utc(incident.start_ms),
                end=utc(change.until_ms),
                mentions=said.count,
                authors=said.distinct_authors,
                reposts=said.reposts,
                engagement=said.engagement,
            ),
            sentiment=split,
            top_terms=[
                TopTerm(term=key.term, mentions=key.mentions, lift=round(key.lift, 2), z=round(key.z, 2))
                for key in keys[: self._settings.top_terms]
            ],
            top_author_share=round(said.top_author_share, 4),
            duplicate_share=round(said.duplicate_share, 4),
            sources=dict(sorted(most_frequent(said.sources, MAX_SOURCES).items())),
            languages=dict(sorted(said.languages.items())),
            samples=_samples(said, keys, self._settings.samples),
            drivers=drivers,
            comparison=comparison,
            config_version=self._config_version,
            model_version=model_version,
            labels={
                "alertname": "SocialMediaIncident",
                "brand": self._brand,
                "severity": incident.severity,
                "fingerprint": incident.fingerprint,
            },
            annotations={
                "summary": summary,
                "description": " ".join(_reasons(incident)),
            },
            generator_url=generator_url,
        )

    def _keys(self, said: Tally, calm: Baseline) -> list[Key]:
        """Terms that stand out, other than the brand's own name."""
        counts = {
            term: count
            for term, count in said.terms.items()
            if self._own.isdisjoint(term.removeprefix("#").split(" ")) and len(term) <= 2 * MAX_TERM_CHARS + 1
        }
        return key_terms(counts, said.count, calm.terms, calm.mentions, calm.unlisted)


def _reasons(incident: Incident) -> list[str]:
    """What is going on, and the strongest answer of each detector."""
    reasons = [score.reason for _, score in sorted(incident.peaks.items())]
    return [f"{reason.removesuffix('.')}." for reason in dict.fromkeys([incident.note, *reasons]) if reason]


def _split(said: Tally) -> SentimentSplit:
    if not said.count:
        return SentimentSplit(negative=0.0, neutral=1.0, positive=0.0)
    negative, positive = said.negative / SHARE / said.count, said.positive / SHARE / said.count
    return SentimentSplit(
        negative=round(negative, 4), neutral=round(max(0.0, 1 - negative - positive), 4), positive=round(positive, 4)
    )


def _samples(said: Tally, keys: Sequence[Key], limit: int) -> list[SamplePost]:
    chosen = representative(said.samples.values(), {key.term: key.z for key in keys}, limit)
    return [
        SamplePost(
            id=sample.id,
            source=sample.source,
            url=sample.url,
            text=sample.text,
            negative=sample.negative / SHARE,
            at=None if sample.ts_ms is None else utc(sample.ts_ms),
            copies=max(1, said.signatures.get(sample.signature, (1, 0))[0]),
        )
        for sample in chosen
    ]


def _drivers(said: Tally, calm: Baseline) -> Drivers:
    known = sorted((count for author, count in said.authors.items() if author), reverse=True)
    top_ten = sum(known[:_TOP_AUTHORS]) / said.count if known else None
    spread: Literal["one", "few", "many"] | None = None
    if top_ten is not None:
        spread = "one" if said.top_author_share >= _HALF else "few" if top_ten >= _HALF else "many"
    return Drivers(
        spread=spread,
        top_ten_author_share=_rounded(top_ten),
        newcomer_share=_rounded(calm.newcomer_share(said)),
        usual_newcomer_share=_rounded(calm.usual_newcomer_share),
    )


def _comparison(change: Change, calm: Baseline) -> Comparison:
    incident, said = change.incident, change.said
    span_ms = change.until_ms - incident.start_ms
    pace, tone = calm.mentions_per_hour, calm.negative_share
    return Comparison(
        usual_mentions_per_hour=None if pace is None else round(pace, 2),
        times_usual=round(said.count * HOUR_MS / span_ms / pace, 2) if pace and span_ms > 0 else None,
        usual_negative=_rounded(tone),
        busiest_hour=said.count if span_ms <= HOUR_MS else incident.busiest,
        past_peaks=[
            PastPeak(hour=utc(hour_ms), mentions=count) for hour_ms, count in calm.peaks.before(incident.first_ms)
        ],
    )


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
