"""What an alert says happened: the body of `social.alerts` from an incident and the brand's usual."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from streams.incident import Change, alert_id
from streams.records import (
    SHARE,
    Alert,
    Detection,
    SamplePost,
    SentimentSplit,
    TopTerm,
    WindowCounts,
    utc,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.config import AlertSettings
    from streams.incident import Incident
    from streams.tallies import Tally

MIN_TERM_MENTIONS: Final = 2
MIN_LIFT: Final = 1.5
"""A term less over-represented than this is among what is always said."""


class Evidence:
    """Writes the alerts of one brand.

    Parameters
    ----------
    kinds, units
        Of each detector, by name.
    """

    def __init__(
        self,
        settings: AlertSettings,
        brand: str,
        name: str,
        config_version: str,
        kinds: Mapping[str, str],
        units: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._brand = brand
        self._name = name
        self._config_version = config_version
        self._kinds = kinds
        self._units = units

    def alert(
        self, change: Change, usual_terms: Mapping[str, float], usual_mentions: float, model_version: str
    ) -> Alert:
        """The alert for a step of an incident.

        Parameters
        ----------
        change
            The step.
        usual_terms
            Mentions of each term in the brand's calm past.
        usual_mentions
            Mentions in that past.
        model_version
            Of the newest mention.
        """
        incident, said = change.incident, change.said
        resolved = change.kind == "resolve"
        split = _split(said)
        terms = top_terms(said, usual_terms, usual_mentions, self._settings.top_terms)
        summary = self._sentence(change, split, terms)
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
            top_terms=terms,
            top_author_share=round(said.top_author_share, 4),
            duplicate_share=round(said.duplicate_share, 4),
            sources=dict(sorted(said.sources.items())),
            languages=dict(sorted(said.languages.items())),
            samples=_samples(said, self._settings.samples),
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

    def _sentence(self, change: Change, split: SentimentSplit, terms: list[TopTerm]) -> str:
        said, incident = change.said, change.incident
        span = timedelta(milliseconds=change.at_ms - incident.start_ms)
        about = f", about {', '.join(term.term for term in terms[:3])}" if terms else ""
        over = {"open": "", "update": "", "resolve": " It is over."}[change.kind]
        note = f" Suppressed: {incident.suppressed}." if incident.suppressed else ""
        by = (
            f", by {said.distinct_authors} author{'s' if said.distinct_authors > 1 else ''}"
            if said.distinct_authors
            else ""
        )
        mentions = f"{said.count} mention{'s' if said.count != 1 else ''} in {_spoken(span)}"
        what = f", {incident.label}" if incident.label else ""
        return f"{self._name}{what}: {mentions}, {split.negative:.0%} negative{by}{about}.{over}{note}"


def top_terms(said: Tally, usual_terms: Mapping[str, float], usual_mentions: float, limit: int) -> list[TopTerm]:
    """Terms over-represented against the brand's usual, by how many mentions more than usual carry them.

    The lift compares shares with half a mention added to each side, so that a word never seen before has a finite one.
    """
    found = []
    for term, count in said.terms.items():
        usual_share = (usual_terms.get(term, 0.0) + 0.5) / (usual_mentions + 1)
        lift = (count / said.count) / usual_share
        if count >= MIN_TERM_MENTIONS and lift >= MIN_LIFT:
            found.append((count - said.count * usual_share, term, count, lift))
    found.sort(key=lambda entry: (-entry[0], entry[1]))
    return [
        TopTerm(term=term, mentions=count, lift=round(lift, 2))
        for excess, term, count, lift in found[:limit]
        if excess > 0
    ]


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


def _samples(said: Tally, limit: int) -> list[SamplePost]:
    chosen = sorted(said.samples.values(), key=lambda sample: sample[:4], reverse=True)[:limit]
    return [
        SamplePost(id=id, source=source, url=url, text=text, negative=negative / SHARE)
        for negative, _, id, source, url, text, _ in chosen
    ]


def _spoken(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    if minutes < 1:
        return f"{round(span.total_seconds())} seconds"
    if minutes < 120:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    return f"{minutes / 60:.1f} hours"
