"""Phrases of messages to Slack, in English and German."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from babel.dates import format_datetime
from babel.numbers import format_decimal, format_percent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from detectors.base import Label, Severity
    from streams.config import Language
    from streams.records import AlertStep
    from streams.records.labels import VerdictValue


@dataclass(frozen=True, slots=True)
class SlackPhrases:
    """The phrases of one language; placeholders in braces name the values to fill in."""

    locale: str
    time: str
    severities: Mapping[Severity, str]
    labels: Mapping[Label, str]
    steps: Mapping[AlertStep, str]
    resolved: str
    no_label: str
    pages: str
    suppressed: str
    changed: str
    mentions: str
    negative: str
    terms: str
    quoted: str
    copies: str
    open_post: str
    posts: str
    post: str
    incident: str
    ack: str
    judge: str
    dashboard: str
    verdicts: Mapping[VerdictValue, str]
    muted: str
    note: str
    verdict_at: str

    def moment(self, at: datetime, zone: tzinfo) -> str:
        """Return a moment by the clock of a time zone, with the name of the zone.

        >>> from datetime import UTC, datetime
        >>> PHRASES["de"].moment(datetime(2026, 3, 2, 0, 5, tzinfo=UTC), UTC)
        '2. März, 00:05 UTC'
        """
        local = at.astimezone(zone)
        return f"{format_datetime(local, self.time, locale=self.locale)} {local.tzname()}"

    def number(self, count: int) -> str:
        """Return a whole number with its groups of three."""
        return format_decimal(count, locale=self.locale)

    def share(self, share: float) -> str:
        """Return a share in whole per cent."""
        return format_percent(share, "#,##0\N{NO-BREAK SPACE}%" if self.locale == "de" else "#,##0%", self.locale)


PHRASES: Final[Mapping[Language, SlackPhrases]] = {
    "en": SlackPhrases(
        locale="en",
        time="d MMMM, HH:mm",
        severities={"watch": "Watch", "warning": "Warning", "critical": "Critical"},
        labels={
            "crisis": "crisis", "praise": "praise", "spam": "spam", "surge": "platform-wide surge",
            "outage": "sources silent",
        },
        steps={
            "open": "new", "update": "update", "resolve": "resolved", "escalate": "escalated", "grow": "growing",
            "correct": "corrected", "reopen": "reopened",
        },
        resolved="Resolved",
        no_label="no clear type",
        pages="pages from now on",
        suppressed="does not page any more",
        changed="Since the previous step ({}): {}",
        mentions="{} → {} mentions",
        negative="{} → {} negative",
        terms="Words that stand out: {}",
        quoted="“{}”",
        copies="{} times",
        open_post="open post",
        posts="Posts: {}",
        post="post {}",
        incident="Incident {}, since {}",
        ack="Take it: {}",
        judge="Confirm: {} · False alarm: {}",
        dashboard="Dashboard",
        verdicts={
            "ack": "{} is looking into it.",
            "confirmed": "{} confirms the incident.",
            "false_alarm": "{} reports a false alarm.",
        },
        muted="{name} is muted up to “{severity}” until {until}.",
        note="Note: “{}”",
        verdict_at="{}: {}",
    ),
    "de": SlackPhrases(
        locale="de",
        time="d. MMMM, HH:mm",
        severities={"watch": "Beobachten", "warning": "Warnung", "critical": "Kritisch"},
        labels={
            "crisis": "Krise", "praise": "Lob", "spam": "Spam", "surge": "plattformweit erhöhtes Aufkommen",
            "outage": "Quellen ausgefallen",
        },
        steps={
            "open": "neu", "update": "aktualisiert", "resolve": "abgeklungen", "escalate": "verschärft",
            "grow": "gewachsen", "correct": "berichtigt", "reopen": "erneut aufgeflammt",
        },
        resolved="Abgeklungen",
        no_label="keine klare Art",
        pages="alarmiert ab jetzt",
        suppressed="alarmiert nicht mehr",
        changed="Seit dem vorigen Stand ({}): {}",
        mentions="{} → {} Erwähnungen",
        negative="{} → {} negativ",
        terms="Auffällige Begriffe: {}",
        quoted="„{}“",
        copies="{}-mal",
        open_post="Beitrag öffnen",
        posts="Beiträge: {}",
        post="Beitrag {}",
        incident="Vorfall {}, seit {}",
        ack="Übernehmen: {}",
        judge="Bestätigen: {} · Fehlalarm: {}",
        dashboard="Dashboard",
        verdicts={
            "ack": "{} kümmert sich darum.",
            "confirmed": "{} bestätigt den Vorfall.",
            "false_alarm": "{} meldet einen Fehlalarm.",
        },
        muted="{name} ist bis {until} bis zur Stufe „{severity}“ stummgeschaltet.",
        note="Anmerkung: „{}“",
        verdict_at="{}: {}",
    ),
}  # fmt: skip
