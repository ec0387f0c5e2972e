"""The alert builder: drivers, comparison, summary and bounded size."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from detectors.base import Score
from detectors.reasons import Reason
from streams.config import AlertSettings, Language
from streams.core.incidents.alert import MAX_SOURCES, AlertBuilder
from streams.core.incidents.incident import Change, Incident, IncidentState, ReportedStep
from streams.core.incidents.own_words import OwnWords
from streams.core.rollup.baseline import Baseline
from streams.core.rollup.tally import Tally
from streams.core.score.scorer import EXCERPT_CHARS, MAX_LINK_CHARS
from streams.core.text.brand_terms import BrandTerms
from streams.core.text.terms import MAX_TERM_CHARS
from streams.core.wording.formats import Formats
from streams.core.wording.languages import PHRASES
from streams.records import COARSE, MAX_ALERT_BYTES, MAX_ID_CHARS, Alert, Mention, PreviousStep, alert_from_bytes, utc

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR = 3_600_000
MUCH = Reason("rate", {"per_hour": 600.0, "usual": 5.0, "hours": 0.5, "once_in_days": 14.0})
MUCH_SAID = "About 600 mentions an hour over 30 minutes (usually 5): as rare as once in 14 days."
BUCKET = HOUR // 12
START = 1_760_000_400_000 - 1_760_000_400_000 % (24 * HOUR)


def mention(number: int, *terms: str, **fields: Any) -> Mention:
    plain = Mention(number, START, 0, 2_000, 1_000, number + 1, number, 0, 0, "de", "forum", f"p{number}", list(terms))
    return plain._replace(**fields)


def tally_of(mentions: list[Mention]) -> Tally:
    tally = Tally()
    tally.add(mentions)
    return tally


def calm_of(days: float = 2, authors: int = 200, **fields: Any) -> Baseline:
    """Ten mentions a bucket by regulars, then what an incident is compared with."""
    calm, chance = Baseline(), random.Random(1)
    for number in range(round(days * 288)):
        words = ["netz", chance.choice(["kunde", "vertrag", "router"])]
        mentions = [
            mention(10 * number + index, *words, author=chance.randrange(1, authors), **fields) for index in range(10)
        ]
        calm.learn(START + number * BUCKET, BUCKET, tally_of(mentions), calm=True, whole=True)
    return calm


def alert_of(said: Tally, calm: Baseline | None = None, minutes: int = 30, **about: Any) -> Alert:
    settings = AlertSettings(**about.pop("settings", {}))
    language: Language = about.pop("language", "en")
    formats = Formats(PHRASES[language], settings.timezone)
    evidence = AlertBuilder(
        settings, "nordtel", "Nordtel", OwnWords("Nordtel", BrandTerms("nordtel")), formats, "c0ffee",
        {"volume": "volume"}, {"volume": "mentions per bucket"},
    )  # fmt: skip
    start_ms = START + 30 * 24 * HOUR
    incident = Incident("f1", start_ms, start_ms, "critical", None, "crisis")
    incident.peaks["volume"] = Score(2.0, 50, 5, 0, 20, "up", MUCH)
    for name, value in about.pop("incident", {}).items():
        setattr(incident, name, value)
    at_ms = start_ms + minutes * 60_000
    change = Change(
        about.get("kind", "open"), about.get("step", "open"), incident, said, at_ms, at_ms, start_ms,
        previous=about.get("previous"),
    )  # fmt: skip
    return evidence.alert(change, calm or Baseline(), "m1")


def storm(count: int = 60, **fields: Any) -> Tally:
    return tally_of(
        [
            mention(number, "netz", "ausfall", "kein signal" if number % 2 else "#nordtelausfall", **fields)._replace(
                author=10_000 + number, negative=7_000
            )
            for number in range(count)
        ]
    )


def test_an_alert_tells_what_happened() -> None:
    settings = {"samples": 2, "generator_url": "http://g/{brand}?from={from_ms}&to={to_ms}"}
    said = tally_of([mention(number, "netz", "nordtel", negative=8_000) for number in range(50)])
    alert = alert_of(said, minutes=5, settings=settings)
    assert (alert.kind, alert.status, alert.severity) == ("open", "firing", "critical")
    assert alert.summary == (
        "Nordtel, crisis: 50 mentions in 5 minutes since 00:00 UTC, 80% negative, from 50 accounts; about Netz."
    )
    assert alert.window.mentions == 50
    assert alert.sentiment.negative == pytest.approx(0.8)
    assert len(alert.samples) == 2
    assert (alert.samples[0].text, alert.samples[0].copies) == (None, 1)
    start_ms = START + 30 * 24 * HOUR
    assert alert.generator_url == f"http://g/nordtel?from={start_ms}&to={start_ms + 300_000}"
    assert alert.labels["severity"] == "critical"
    assert alert.annotations["description"] == MUCH_SAID


def test_an_alert_of_posts_in_whole_hours_says_so() -> None:
    alert = alert_of(storm(flags=COARSE), minutes=5)
    assert alert.annotations["description"].startswith(
        f"{MUCH_SAID} Most posts state their time no finer than a bucket"
    )


def test_an_alert_has_the_incident_as_of_its_step_before() -> None:
    first = alert_of(storm())
    assert first.previous is None
    state = IncidentState("watch", None, None, frozenset({"volume", "composite"}))
    second = alert_of(
        storm(), kind="update", step="escalate", previous=ReportedStep("open", state, 12, 30_000, START + HOUR)
    )
    assert second.previous == PreviousStep(
        step="open", at=utc(START + HOUR), severity="watch", label=None, suppressed=None,
        detectors=["composite", "volume"], mentions=12, negative=0.25,
    )  # fmt: skip
    assert alert_from_bytes(second.to_bytes()) == second


def test_it_is_compared_with_what_is_usual() -> None:
    alert = alert_of(storm(), calm_of())
    assert alert.comparison is not None
    assert alert.comparison.usual_mentions_per_hour == pytest.approx(120, rel=0.01)
    assert alert.comparison.times_usual == pytest.approx(1.0, rel=0.01)
    assert alert.comparison.usual_negative == pytest.approx(0.2)
    assert [peak.mentions for peak in alert.comparison.past_peaks] == [120] * len(alert.comparison.past_peaks)
    assert alert.comparison.busiest_hour == 60
    fresh = alert_of(storm(), calm_of(days=0.1)).comparison
    assert fresh is not None
    assert (fresh.usual_mentions_per_hour, fresh.times_usual, fresh.usual_negative) == (None, None, None)


@pytest.mark.parametrize(
    ("authors", "spread", "effective", "of_half", "said"),
    [
        (
            [7] * 45 + list(range(101, 116)),
            "one",
            1.76,
            1,
            "from 16 accounts; 75% of the mentions come from one account; about",
        ),
        (
            [7] * 31 + list(range(101, 130)),
            "few",
            3.64,
            1,
            "from 30 accounts; half of the mentions come from one account; about",
        ),
        ([1, 2, 3, 4, 5, 6] * 10, "few", 6.0, 3, "from 6 accounts; about"),
        ([*range(1, 7)] * 40 + list(range(101, 201)), "few", 11.92, 5, "half of the mentions come from five accounts"),
        (range(1, 16), "many", 15.0, 8, "from 15 accounts; about"),
        (range(1, 61), "many", 60.0, None, "from 60 accounts; about"),
        (
            [*range(1, 6)] * 20 + list(range(101, 141)),
            "few",
            9.61,
            4,
            "from 45 accounts; half of the mentions come from four accounts; about",
        ),
        (
            [*range(1, 11)] * 10 + list(range(101, 181)),
            "many",
            30.0,
            9,
            "from 90 accounts; half of the mentions come from nine accounts; about",
        ),
        ([7], "one", 1.0, 1, "from one account."),
        ([7, 8], "few", 2.0, 1, "from 2 accounts; about"),
        ([0] * 60, None, None, None, "from unknown accounts"),
        ([0] * 40 + list(range(1, 21)), None, None, None, "from 20 accounts, 40 mentions without a known account"),
        ([0] * 20 + list(range(1, 41)), "many", 40.0, None, "from 40 accounts, 20 mentions without a known account"),
        ([0] * 20 + [7] * 40, "one", 1.0, 1, "from one account, 20 mentions without a known account"),
    ],
)
def test_it_says_whether_few_or_many_drive_it(
    authors: Sequence[int], spread: str | None, effective: float | None, of_half: int | None, said: str
) -> None:
    """Half of 15 mentions by 15 authors are by eight of them, which says nothing of who drives it; half of 140 mentions
    by four of 45 authors does."""
    alert = alert_of(tally_of([mention(number, "netz", author=author) for number, author in enumerate(authors)]))
    assert alert.drivers is not None
    assert alert.drivers.spread == spread
    assert alert.drivers.effective_authors == effective
    assert alert.drivers.authors_of_half == of_half
    assert said in alert.summary


@pytest.mark.parametrize(
    ("unknown", "by"),
    [
        (0, ", from 60 accounts"),
        (3, ", from 57 accounts"),
        (30, ", from 30 accounts, 30 mentions without a known account"),
        (60, ", from unknown accounts"),
    ],
)
def test_it_says_how_many_mentions_have_no_known_author(unknown: int, by: str) -> None:
    authors = [0] * unknown + list(range(1, 61 - unknown))
    alert = alert_of(tally_of([mention(number, "netz", author=author) for number, author in enumerate(authors)]))
    assert alert.drivers is not None
    assert alert.drivers.mentions_without_author == (unknown or None)
    assert f"{by}; about Netz" in alert.summary
    assert (b"mentions_without_author" in alert.to_bytes()) == bool(unknown)


def test_it_says_whether_newcomers_or_regulars_drive_it() -> None:
    calm = calm_of()
    strangers = alert_of(storm(), calm)
    assert strangers.drivers is not None
    assert strangers.drivers.newcomer_share == pytest.approx(1, abs=0.15)
    assert strangers.drivers.usual_newcomer_share == pytest.approx(0, abs=0.15)
    assert "60 accounts, most of them new voices" in strangers.summary
    regulars = alert_of(tally_of([mention(number, "netz", author=1 + number) for number in range(60)]), calm)
    assert regulars.drivers is not None
    assert regulars.drivers.newcomer_share == pytest.approx(0, abs=0.1)
    assert "new" not in regulars.summary


def test_a_german_alert_is_german_in_all_that_people_read() -> None:
    calm = calm_of(days=8)
    settings = {"timezone": "Europe/Berlin"}
    incident = {"busiest": 700, "note": Reason("outage", {"missing": 0.6})}
    alert = alert_of(storm(1_000, flags=1), calm, minutes=90, language="de", settings=settings, incident=incident)
    assert alert.comparison is not None
    known_since = Formats(PHRASES["de"], "Europe/Berlin").day(
        round(min(peak.hour for peak in alert.comparison.past_peaks).timestamp() * 1000)
    )
    accounts = "etwa 1.000" if alert.window.authors_estimated else "1.000"
    assert alert.language == "de"
    assert alert.summary == alert.annotations["summary"]
    assert alert.summary.replace(accounts, "1.000") == (
        "Nordtel, Krise: 1.000 Beiträge in 1 Std. 30 Min. seit 01:00 MEZ, 5,6-mal so viele wie üblich, so viele in "
        f"einer Stunde wie seit dem {known_since} nicht, 70 % negativ (sonst 20 %), größtenteils weiterverbreitet, "
        "von 1.000 Accounts, meist neuen Stimmen; es geht um Ausfall, #nordtelausfall, kein Signal."
    )
    said = "Etwa 600 Beiträge pro Stunde über 30 Minuten (sonst 5): so selten wie einmal in 14 Tagen."
    assert alert.detectors["volume"].reason == said
    assert alert.detectors["volume"].unit == "Beiträge je Zeitfenster"
    assert alert.annotations["description"] == (
        f"Quellen ausgefallen: Quellen, aus denen sonst 60 % der Beiträge stammen, liefern nichts. {said}"
    )


def test_what_began_yesterday_is_told_with_its_date() -> None:
    assert "in 24 hours since 8 Nov 2025, 00:00 UTC" in alert_of(storm(), minutes=24 * 60).summary


def test_no_alert_is_larger_than_it_may_be_whatever_is_posted() -> None:
    """Control characters take six bytes each in JSON; ids, sources, links, texts and terms are as long as can be."""

    def nasty(number: int, length: int) -> str:
        return f"{number:06}" + "\x01" * (length - 6)

    def pair(number: int) -> str:
        word = chr(0x20000 + number) + "\U00020000" * (MAX_TERM_CHARS - 1)
        return f"{word} {word}"

    mentions = [
        mention(
            number, pair(number % 51), "x" * 5_000, source=nasty(number, MAX_ID_CHARS), id=nasty(number, MAX_ID_CHARS),
            url=nasty(number, MAX_LINK_CHARS), text=nasty(number, EXCERPT_CHARS),
        )
        for number in range(3_000)
    ]  # fmt: skip
    settings = {"include_texts": True, "samples": 20, "top_terms": 50}
    alert = alert_of(tally_of(mentions), calm_of(), settings=settings)
    size = len(alert.to_bytes())
    assert (len(alert.samples), len(alert.top_terms), len(alert.sources)) == (20, 50, MAX_SOURCES)
    assert MAX_ALERT_BYTES / 2 < size < MAX_ALERT_BYTES


def test_calm_round_trips() -> None:
    calm, other = calm_of(days=0.5), Baseline()
    other.load(calm.dump())
    assert other.dump() == calm.dump()
    assert alert_of(storm(), other).to_bytes() == alert_of(storm(), calm).to_bytes()


def test_terms_are_shown_as_they_are_mostly_written_and_compared_in_small_letters() -> None:
    """The past has ``netz`` in small letters, so ``Netz`` is no news; state and mentions of earlier versions have
    small letters only."""
    words = ("Netz", "Netzausfall", "#NordtelDown", "Hotline")
    lower = tuple(word.lower() for word in words)
    said = [mention(number, *(lower if number % 3 == 0 else words), author=number + 1) for number in range(30)]
    alert = alert_of(tally_of(said), calm_of())
    shown = {term.term: term.spelling for term in alert.top_terms}
    assert shown == {"netzausfall": "Netzausfall", "#nordteldown": "#NordtelDown", "hotline": "Hotline"}
    assert {term.mentions for term in alert.top_terms} == {30}
    assert "about #NordtelDown, Netzausfall, Hotline" in alert.summary
