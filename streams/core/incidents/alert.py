"""The alert builder: a record of `social.alerts` from a step of an incident and the brand's baseline."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final, Literal

from detectors.units import HOUR_MS
from streams.config.link_template import LinkTemplate
from streams.core.incidents.copies import without_copies
from streams.core.incidents.description import description, score_reason
from streams.core.incidents.incident import Change, alert_id
from streams.core.incidents.key_terms import key_terms
from streams.core.incidents.samples import representative
from streams.core.incidents.spellings import Spellings
from streams.core.incidents.summary import Facts, summarise
from streams.core.rollup.frequent import most_frequent
from streams.core.rollup.tally import is_coarse
from streams.core.text.frequencies import Background
from streams.core.text.terms import MAX_TERM_CHARS
from streams.records import (
    SHARE,
    Alert,
    Comparison,
    Detection,
    Drivers,
    PastPeak,
    PreviousStep,
    SamplePost,
    SentimentSplit,
    TopTerm,
    WindowCounts,
    utc,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.config import AlertSettings
    from streams.core.incidents.incident import ReportedStep
    from streams.core.incidents.key_terms import Key
    from streams.core.incidents.own_words import OwnWords
    from streams.core.rollup.baseline import Baseline
    from streams.core.rollup.tally import Tally
    from streams.core.wording.formats import Formats

MAX_SOURCES: Final = 20
"""Sources that an alert lists, those with most mentions."""

_TOP_AUTHORS: Final = 10
_HALF: Final = 0.5

_FEW: Final = 2
_MANY: Final = 10
"""Effective numbers of authors from which few, and from which many drive an incident."""

_FEW_AMONG: Final = 4
_MANY_AMONG: Final = 40
"""Multiple of the effective number up to which it counts as few among the authors, and largest such number: that of ten
authors with half of the mentions among very many."""


class AlertBuilder:
    """Builds the alerts of one brand.

    Parameters
    ----------
    brand, name, own
        Id and name of the brand, and its words.
    formats
        Language and time zone of everything that people read.
    kinds, units
        Kind and unit of each detector, by name.
    """

    def __init__(
        self,
        settings: AlertSettings,
        brand: str,
        name: str,
        own: OwnWords,
        formats: Formats,
        config_version: str,
        kinds: Mapping[str, str],
        units: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._link = LinkTemplate(settings.generator_url) if settings.generator_url else None
        self._brand = brand
        self._name = name
        self._own = own
        self._formats = formats
        self._config_version = config_version
        self._kinds = kinds
        self._units = units

    def alert(self, change: Change, baseline: Baseline, model_version: str) -> Alert:
        """Build the alert of a step of an incident.

        Parameters
        ----------
        change
            The step.
        baseline
            What is usual for the brand.
        model_version
            Sentiment model of the newest mention.
        """
        incident, mentions = change.incident, change.mentions
        resolved = change.kind == "resolve"
        split = _split(mentions)
        written = self._written(mentions)
        keys = self._keys(written.counts, mentions, baseline)
        drivers, comparison = _drivers(mentions, baseline), _comparison(change, baseline)
        terms = [written.of(key.term) for key in keys]
        window = _window(change)
        facts = Facts(self._name, change, window, split, drivers, comparison, mentions.top_author_share, terms)
        summary = summarise(self._formats, facts)
        link = self._link and self._link.filled(brand=self._brand, from_ms=incident.start_ms, to_ms=change.at_ms)
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
            language=self._formats.phrases.language,
            detectors={
                name: Detection(
                    kind=self._kinds[name],
                    score=score.value,
                    observed=score.observed,
                    expected=score.expected,
                    lower=score.lower,
                    upper=score.upper,
                    unit=self._formats.phrases.units[self._units[name]],
                    reason=score_reason(self._formats, score),
                    suppressed=score.suppressed,
                )
                for name, score in sorted(incident.peaks.items())
                if name in self._kinds
            },
            window=window,
            sentiment=split,
            top_terms=[
                TopTerm(
                    term=key.term, mentions=key.mentions, lift=round(key.lift, 2), z=round(key.z, 2), spelling=spelling
                )
                for key, spelling in zip(keys[: self._settings.top_terms], terms, strict=False)
            ],
            top_author_share=round(mentions.top_author_share, 4),
            duplicate_share=round(mentions.duplicate_share, 4),
            sources=dict(sorted(most_frequent(mentions.sources, MAX_SOURCES).items())),
            languages=dict(sorted(mentions.languages.items())),
            samples=_samples(mentions, keys, split.negative, self._settings.samples),
            drivers=drivers,
            comparison=comparison,
            previous=change.previous and _previous(change.previous),
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
                "description": description(self._formats, incident, is_coarse=is_coarse(mentions)),
            },
            generator_url=link,
            brand_name=self._name,
        )

    def _written(self, mentions: Tally) -> Spellings:
        """Return the terms in the language of most mentions, or of the alert if neither has more."""
        german, english = (mentions.languages.get(language, 0) for language in ("de", "en"))
        own = self._formats.phrases.language
        return Spellings(mentions.terms, own if german == english else "de" if german > english else "en")

    def _keys(self, terms: Mapping[str, int], mentions: Tally, baseline: Baseline) -> list[Key]:
        """Return the terms that stand out, other than the brand's own words."""
        counts = {term: count for term, count in terms.items() if len(term) <= 2 * MAX_TERM_CHARS + 1}
        general = Background(mentions.languages, counts)
        others = {term: count for term, count in counts.items() if not self._own.has(term)}
        distinct = without_copies(mentions, others)
        usual = baseline.usual_terms
        keys = key_terms(distinct.terms, distinct.mentions, usual.terms, usual.mentions, usual.unlisted, general.share)
        return [key._replace(mentions=counts[key.term]) for key in keys]


def _window(change: Change) -> WindowCounts:
    mentions = change.mentions
    return WindowCounts(
        start=utc(change.incident.start_ms),
        end=utc(change.until_ms),
        mentions=mentions.count,
        authors=mentions.authors.distinct,
        reposts=mentions.reposts,
        engagement=mentions.engagement,
        authors_estimated=mentions.authors.is_estimated,
    )


def _split(mentions: Tally) -> SentimentSplit:
    if not mentions.count:
        return SentimentSplit(negative=0.0, neutral=1.0, positive=0.0)
    count = mentions.count
    negative, positive = mentions.negative / SHARE / count, mentions.positive / SHARE / count
    return SentimentSplit(
        negative=round(negative, 4), neutral=round(max(0.0, 1 - negative - positive), 4), positive=round(positive, 4)
    )


def _samples(mentions: Tally, keys: Sequence[Key], negative: float, limit: int) -> list[SamplePost]:
    chosen = representative(mentions.samples.values(), _weights(keys), limit, tone=negative)
    return [
        SamplePost(
            id=sample.id,
            source=sample.source,
            url=sample.url,
            text=sample.text,
            negative=sample.negative / SHARE,
            at=None if sample.ts_ms is None else utc(sample.ts_ms),
            copies=max(1, mentions.signatures.get(sample.signature, (1, 0))[0]),
        )
        for sample in chosen
    ]


def _weights(keys: Sequence[Key]) -> dict[str, float]:
    """Return how much terms stand out; the words of a pair, which it replaced, have half of its weight each."""
    weights: dict[str, float] = {}
    for key in keys:
        words = key.term.split(" ")
        for word in words:
            weights[word] = max(weights.get(word, 0.0), key.z / len(words))
    return weights


def _drivers(mentions: Tally, baseline: Baseline) -> Drivers:
    authors = mentions.authors
    effective = authors.effective if authors.unknown < _HALF * mentions.count else None
    sums = list(accumulate(authors.largest(_TOP_AUTHORS)))
    return Drivers(
        spread=_spread(effective, authors.distinct),
        top_ten_author_share=round(sums[-1] / mentions.count, 4) if sums else None,
        newcomer_share=_rounded(baseline.newcomer_share(mentions)),
        usual_newcomer_share=_rounded(baseline.usual_newcomer_share),
        mentions_without_author=authors.unknown or None,
        effective_authors=None if effective is None else round(effective, 2),
        authors_of_half=next((number for number, total in enumerate(sums, 1) if total >= _HALF * mentions.count), None),
    )


def _spread(effective: float | None, authors: int) -> Literal["one", "few", "many"] | None:
    if effective is None:
        return None
    few = effective < _MANY or (effective < _MANY_AMONG and _FEW_AMONG * effective < authors)
    return "one" if effective < _FEW else "few" if few else "many"


def _comparison(change: Change, baseline: Baseline) -> Comparison:
    incident, count = change.incident, change.mentions.count
    span_ms = change.until_ms - incident.start_ms
    pace, tone = baseline.mentions_per_hour, baseline.negative_share
    return Comparison(
        usual_mentions_per_hour=None if pace is None else round(pace, 2),
        times_usual=round(count * HOUR_MS / span_ms / pace, 2) if pace and span_ms > 0 else None,
        usual_negative=_rounded(tone),
        busiest_hour=count if span_ms <= HOUR_MS else min(count, incident.busiest),
        past_peaks=[
            PastPeak(hour=utc(hour_ms), mentions=peak) for hour_ms, peak in baseline.peaks.before(incident.first_ms)
        ],
    )


def _previous(reported: ReportedStep) -> PreviousStep | None:
    if reported.step is None:
        return None
    return PreviousStep(
        step=reported.step,
        at=utc(reported.at_ms),
        severity=reported.state.severity,
        label=reported.state.label,
        suppressed=reported.state.suppressed,
        detectors=sorted(reported.state.fired),
        mentions=reported.mentions,
        negative=round(reported.negative / SHARE / reported.mentions, 4) if reported.mentions else 0.0,
    )


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
