"""Invented alerts for the tests of what people read: every step and label, and the rare cases, in each language.

``python -m tests.support.wording`` writes the sentences to `testdata/wording`; read the difference aloud.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, get_args

from detectors.base import Label, Score, Suppression
from detectors.reasons import Reason
from streams.core.incidents.description import description, score_reason
from streams.core.incidents.incident import Change, Incident, IncidentState, ReportedStep
from streams.core.incidents.summary import Facts, summarise
from streams.core.rollup.tally import Tally
from streams.core.wording.formats import Formats
from streams.core.wording.languages import PHRASES
from streams.records import AlertStep, Comparison, Drivers, PastPeak, SentimentSplit, WindowCounts, utc
from tests.support.paths import TESTDATA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from streams.config import Language

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
START_MS: Final = round(datetime(2026, 11, 30, 14, 35, tzinfo=UTC).timestamp() * 1000)
ZONES: Final[dict[Language, str]] = {"en": "Europe/Berlin", "de": "Europe/Berlin"}

BEFORE: Final = ReportedStep("open", IncidentState("warning", None, None, frozenset({"d1"})), 106, 0, START_MS)
OVER: Final = BEFORE._replace(step="resolve", at_ms=START_MS - 3 * HOUR)


def facts(
    *,
    count: int = 212,
    authors: int = 187,
    estimated: bool = False,
    reposts: int = 0,
    minutes: float = 107,
    start_ms: int = START_MS,
    step: AlertStep = "open",
    over: bool = False,
    previous: ReportedStep | None = None,
    late: int = 0,
    incident: dict[str, Any] | None = None,
    negative: float = 0.8,
    drivers: dict[str, Any] | None = None,
    usual: float | None = 3.0,
    usual_negative: float | None = 0.22,
    busiest: int = 132,
    peaks: dict[int, int] | None = None,
    top: float = 0.04,
    terms: tuple[str, ...] = ("Palmöl", "Orang-Utan"),
    name: str = "Nordtel",
) -> Facts:
    """Return the facts of an invented alert; the incident has gone on for some `minutes`."""
    span_ms = round(minutes * MINUTE)
    until_ms = start_ms + span_ms
    told = Incident("f1", start_ms, until_ms, "critical", None, busiest=busiest)
    for field, value in (incident or {}).items():
        setattr(told, field, value)
    tally = Tally()
    tally.count = count
    resolved = over or step == "resolve"
    kind = "resolve" if resolved else "open" if step == "open" else "update"
    change = Change(kind, step, told, tally, until_ms, until_ms, start_ms, late, previous)  # type: ignore[arg-type]
    driven = {
        "spread": "many", "top_ten_author_share": None, "newcomer_share": None, "usual_newcomer_share": None,
    } | (drivers or {})  # fmt: skip
    return Facts(
        name=name,
        change=change,
        window=WindowCounts(
            start=utc(start_ms), end=utc(until_ms), mentions=count, authors=authors, reposts=reposts, engagement=0,
            authors_estimated=estimated,
        ),
        split=SentimentSplit(negative=negative, neutral=1 - negative, positive=0),
        drivers=Drivers(**driven),
        comparison=Comparison(
            usual_mentions_per_hour=usual,
            times_usual=count * HOUR / span_ms / usual if usual and span_ms else None,
            usual_negative=usual_negative,
            busiest_hour=busiest,
            past_peaks=[PastPeak(hour=utc(at), mentions=most) for at, most in (peaks or {}).items()],
        ),
        top_author_share=top,
        terms=terms,
    )  # fmt: skip


def every_step() -> Iterator[tuple[str, Facts]]:
    """Yield each step with each label, by its name."""
    for label in (None, *get_args(Label)):
        for step in get_args(AlertStep):
            reopened = step == "reopen"
            yield (
                f"{step} {label}",
                facts(
                    step=step,
                    late=31 if step == "correct" else 0,
                    previous=None if step == "open" else OVER if reopened else BEFORE,
                    incident={
                        "label": label,
                        "reopened": int(reopened),
                        "first_ms": START_MS - 5 * HOUR,
                        "earlier": 1_234,
                    }
                    | {"label_before": label if reopened else None}
                    | ({"suppressed": label} if label in {"spam", "surge", "outage"} else {})
                    | ({"fired": {"d1", "d2", "d3"}} if step == "update" else {}),
                ),
            )


def rare_cases() -> Iterator[tuple[str, Facts]]:  # noqa: PLR0915  a list of cases
    """Yield what is seldom told, by its name."""
    unlike = BEFORE._replace(state=IncidentState("watch", "cold_start", "praise", frozenset()))
    yield "one mention", facts(count=1, authors=1, minutes=1, terms=())
    yield "no mention", facts(count=0, authors=0, minutes=600, usual=40.0, terms=())
    yield "one bucket", facts(count=30, authors=27, minutes=5)
    yield "just begun", facts(count=12, authors=12, minutes=0)
    yield "a second", facts(count=12, authors=12, minutes=1 / 60)
    yield "seconds", facts(count=30, authors=27, minutes=0.5)
    yield "one hour", facts(minutes=60)
    yield "hours", facts(minutes=600)
    yield "a day", facts(minutes=24 * 60)
    yield "a day and a half", facts(minutes=36 * 60)
    yield "two days over", facts(count=12_345, authors=9_876, minutes=48 * 60, step="resolve")
    yield "five days over", facts(count=12_345, authors=9_876, minutes=121 * 60, step="resolve")
    yield "over night", facts(minutes=300, start_ms=START_MS + 8 * HOUR, step="resolve")
    yield "clocks go back", facts(minutes=50, start_ms=_ms(2026, 10, 25, 0, 30), step="resolve")
    yield "clocks go forward", facts(minutes=50, start_ms=_ms(2026, 3, 29, 0, 30), step="resolve")
    yield "one late mention after the end", facts(step="correct", over=True, late=1, previous=OVER)
    yield "short and over", facts(minutes=25, step="resolve")
    yield "less than ten mentions", facts(count=9, authors=9, usual=0.7)
    yield "usually none", facts(count=9, authors=9, usual=0.00001)
    yield "hundreds of times", facts(count=4_000, authors=2_500, usual=3.0)
    yield "two and a half times", facts(count=212, usual=47.0)
    yield "as usual", facts(count=212, usual=130.0)
    yield "fewer than usual", facts(count=100, authors=80, usual=300.0)
    yield "record", facts(peaks={START_MS - 30 * DAY: 90, START_MS - 3 * DAY: 70})
    yield "estimated authors", facts(count=61_234, authors=23_456, estimated=True)
    yield "more authors than mentions", facts(count=87, authors=174)
    yield "ten authors", facts(count=300, authors=140, drivers={"authors_of_half": 10})
    for few in range(2, 10):
        yield f"{few} authors", facts(count=300, authors=140, drivers={"authors_of_half": few})
    yield "half by one author", facts(count=300, authors=140, top=0.52, drivers={"authors_of_half": 1})
    yield "most by one author", facts(count=300, authors=40, top=0.87, drivers={"authors_of_half": 1})
    yield "one author", facts(count=60, authors=1, top=1.0, drivers={"authors_of_half": 1})
    yield "new voices", facts(drivers={"newcomer_share": 0.9, "usual_newcomer_share": 0.3})
    yield (
        "new voices, few of them",
        facts(
            count=300, authors=140, drivers={"newcomer_share": 0.9, "usual_newcomer_share": 0.3, "authors_of_half": 10}
        ),
    )
    yield "some unknown authors", facts(count=300, authors=140, drivers={"mentions_without_author": 90})
    yield "an unknown author", facts(count=9, authors=8, drivers={"mentions_without_author": 1})
    yield "unknown authors", facts(count=300, authors=0, drivers={"mentions_without_author": 300})
    yield "no authors at all", facts(authors=0)
    yield "reposts", facts(reposts=180)
    yield "hardly negative", facts(negative=0.004)
    yield "not negative", facts(negative=0.0, usual_negative=0.0)
    yield "all but negative", facts(negative=0.999, usual_negative=1.0)
    yield "no usual tone", facts(usual=None, usual_negative=None)
    changed = facts(step="reopen", previous=OVER, incident={"label": "crisis", "label_before": "surge", "reopened": 1})
    yield "reopened with another label", changed
    yield "no terms", facts(terms=())
    yield "name with a full stop", facts(name="Acme Corp.", terms=("U.S.",))
    yield "name with odd characters", facts(name="{n} %s <Müller & Söhne>!", terms=("{terms}", "100 %"))
    yield "small letter", facts(name="dm")
    for suppressed in get_args(Suppression):
        yield f"suppressed {suppressed}", facts(incident={"suppressed": suppressed})
    yield "maintenance of a name", facts(incident={"suppressed": "maintenance", "occasion": "Umzug der Server"})
    yield "event of a name", facts(incident={"suppressed": "expected", "occasion": "Konzert Nr. 7 {x}."})
    yield (
        "all at once",
        facts(step="escalate", previous=unlike, incident={"label": "crisis", "fired": {"d1", "d2"}}),
    )
    yield (
        "one detector more",
        facts(step="update", previous=BEFORE, count=120, incident={"severity": "warning", "fired": {"d1", "d2"}}),
    )
    yield (
        "suppressed from now on",
        facts(step="update", previous=BEFORE, incident={"severity": "warning", "label": "spam", "suppressed": "spam"}),
    )
    for times in (1.5, 2.06, 2.5, 3.0, 3.1, 14.0, 120.0):
        yield (
            f"{times:g} times as many",
            facts(step="grow", count=round(106 * times), previous=BEFORE, incident={"severity": "warning"}),
        )
    yield "grown from few", facts(step="grow", previous=BEFORE._replace(mentions=7), incident={"severity": "warning"})
    yield "one more", facts(step="grow", count=8, previous=BEFORE._replace(mentions=7))
    yield "grown for days", facts(step="grow", minutes=4_000, previous=BEFORE, incident={"severity": "warning"})
    yield "nothing is known of before", facts(step="escalate")
    yield (
        "reopened, nothing is known of before",
        facts(step="reopen", incident={"reopened": 2, "earlier": 1, "first_ms": START_MS - 9 * DAY}),
    )


REASONS: Final = (
    Reason(
        "crisis",
        {
            "mentions": 212.4, "usual": 5.32, "hours": 0.601, "negative": 0.8, "usual_negative": 0.22, "reposts": 0.1,
            "once_in_days": 1_234.5,
        },
    ),
    Reason(
        "crisis",
        {
            "mentions": 17, "usual": 0.68, "hours": 2.885, "negative": 0.5, "usual_negative": 0.32, "reposts": 0.0,
            "once_in_days": 3650.0,
        },
    ),
    Reason(
        "praise", {"mentions": 89, "usual": 12, "hours": 0.601, "positive": 0.7, "usual_positive": 0.2}
    ),
    Reason("spam", {"mentions": 89, "usual": 0.001, "hours": 0.601, "repeated": 60.2}),
    Reason("surge", {"mentions": 89, "usual": 12, "hours": 0.601, "platform": 4.0}),
    Reason("outage", {"missing": 0.6}),
    Reason("rate", {"per_hour": 1_627.4, "usual": 0.34, "hours": 2.885, "once_in_days": 3650.0}),
    Reason("rate", {"per_hour": 81.2, "usual": 9.96, "hours": 53.0, "once_in_days": 30.4}),
    Reason("rate", {"per_hour": 0.7, "usual": 0.00001, "hours": 0.12, "once_in_days": 7.2}),
    Reason(
        "tone", {"negative": 0.8, "usual_negative": 0.001, "mentions": 89, "hours": 1.44, "standard_errors": 4.23}
    ),
    Reason("rate_level", {"level": 120.0, "usual": 40.0, "hours": 53.0, "once_in_days": 30.0}),
    Reason("tone_level", {"level": 0.42, "usual": 0.2, "hours": 25.0, "once_in_days": 1.2}),
    Reason(
        "features",
        {
            "once_in_days": 14.0, "velocity": 300.0, "mentions": 120, "usual_mentions": 30.0, "hours": 1.44,
            "negative": 0.7, "usual_negative": 0.3, "by_one": 0.4, "usual_by_one": 0.05, "reposts": 0.9,
            "usual_reposts": 0.2,
        },
    ),
    *(
        Reason(
            "model",
            {
                "model": "HalfSpaceTrees", "feature": feature, "number": 2_000.0, "reading": 0.987, "usual": 0.12,
                "once_in_days": 14.0,
            },
        )
        for feature in ("count", "authors", "negative_share", "repost_share", "top_author_share", "duplicate_share")
    ),
)  # fmt: skip


def formats(language: Language) -> Formats:
    """Return the formats of a language."""
    return Formats(PHRASES[language], ZONES[language])


def told(known: Formats) -> dict[str, str]:
    """Return everything that people read in an alert, by the name of the case."""
    texts = {name: summarise(known, each) for name, each in (*every_step(), *rare_cases())}
    texts |= {f"reason {number} {each.code}": _reason(known, each) for number, each in enumerate(REASONS, 1)}
    event = Score(2, 1, 1, 0, 1, reason=REASONS[5], suppressed="maintenance", occasion="Umzug")
    texts["reason within maintenance"] = score_reason(known, event)
    texts["description"] = description(
        known,
        Incident(
            "f1", 0, 0, note=REASONS[0], peaks={"crisis": Score(2, 1, 1, 0, 1, reason=REASONS[0]),
            "volume": Score(2, 1, 1, 0, 1, reason=REASONS[6])},
        ),
        is_coarse=True,
    )  # fmt: skip
    for table in ("severities", "steps", "units"):
        texts |= {f"{table} {code}": word for code, word in getattr(known.phrases, table).items()}
    return texts


def golden(language: Language) -> Path:
    """Return the file with the sentences of a language."""
    return TESTDATA / "wording" / f"{language}.txt"


def as_lines(texts: dict[str, str]) -> str:
    """Return texts as the lines of a file."""
    return "".join(f"{name}: {text}\n" for name, text in texts.items())


def _reason(known: Formats, reason: Reason) -> str:
    return score_reason(known, Score(2, 1, 1, 0, 1, reason=reason))


def _ms(*moment: int) -> int:
    return round(datetime(*moment, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc,arg-type]


def main() -> None:
    """Write the sentences of every language."""
    for language in PHRASES:
        golden(language).write_text(as_lines(told(formats(language))))


if __name__ == "__main__":
    main()
