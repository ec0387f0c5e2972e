"""Alerts in German."""

from __future__ import annotations

from typing import Final

from streams.core.wording.phrases import (
    ChangePhrases,
    ChatPhrases,
    Durations,
    MomentPhrases,
    Phrases,
    ReasonPhrases,
    SummaryPhrases,
)

GERMAN: Final = Phrases(
    language="de",
    locale="de",
    less_than="weniger als {share}",
    more_than="mehr als {share}",
    about="etwa {n}",
    multiple="{n}-mal",
    multiples={2: "doppelt", 3: "dreimal"},
    small_numbers=("einem", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"),
    mentions={"one": "{n} Beitrag", "other": "{n} Beiträge"},
    severities={"watch": "Beobachtung", "warning": "Warnung", "critical": "kritisch"},
    steps={
        "open": "eröffnet", "update": "geändert", "resolve": "abgeklungen", "escalate": "verschärft",
        "grow": "gewachsen", "correct": "berichtigt", "reopen": "wieder eröffnet",
    },
    units={
        "mentions per bucket": "Beiträge je Zeitfenster",
        "mentions per hour": "Beiträge je Stunde",
        "negative mentions per bucket": "negative Beiträge je Zeitfenster",
        "share of negative mentions": "Anteil negativer Beiträge",
        "standard deviations": "Standardabweichungen",
        "reading of the river detector": "Messwert des river-Detektors",
    },
    suppressions={
        "cold_start": "noch zu wenig über die Marke bekannt",
        "refractory": "gerade erst gemeldet",
        "spam": "Spam",
        "surge": "plattformweit erhöhtes Aufkommen",
        "outage": "Quellen ausgefallen",
        "maintenance": "Wartungsfenster",
        "expected": "erwartetes Ereignis",
    },
    not_paged="Kein Alarm: {reason}",
    occasion="{reason} ({name})",
    durations=Durations(
        seconds={"one": "{n} Sekunde", "other": "{n} Sekunden"},
        minutes={"one": "{n} Minute", "other": "{n} Minuten"},
        hours={"one": "{n} Stunde", "other": "{n} Stunden"},
        days={"other": "{n} Tage"},
        in_days={"other": "{n} Tagen"},
        short_hours="{n} Std.",
        short_minutes="{n} Min.",
    ),
    moments=MomentPhrases(
        day_pattern="d. MMMM y",
        clock="{time} {zone}",
        zones={"CET": "MEZ", "CEST": "MESZ", "EET": "OEZ", "EEST": "OESZ", "WET": "WEZ", "WEST": "WESZ"},
        at=("um {clock}", "am {day} um {clock}"),
        since=("seit {clock}", "seit dem {day}, {clock}"),
        between=("von {start} bis {end}", "vom {start_day}, {start}, bis zum {end_day}, {end}"),
    ),
    summary=SummaryPhrases(
        sentence="{head}: {facts}",
        head="{name}, {label}",
        again="{name} erneut",
        labels={
            "crisis": "Krise",
            "praise": "viel Lob",
            "spam": "Spam",
            "surge": "plattformweit erhöhtes Aufkommen",
            "outage": "Quellen ausgefallen",
        },
        labels_again={
            "crisis": "erneute Krise",
            "praise": "erneut viel Lob",
            "spam": "erneut Spam",
            "surge": "erneut plattformweit erhöhtes Aufkommen",
            "outage": "erneut Quellen ausgefallen",
        },
        in_span="{mentions} in {span} {time}",
        in_time="{mentions} {time}",
        times="{multiple} so viele wie üblich",
        usually_none="sonst fast keine",
        usually_more="sonst {n}",
        record="so viele in einer Stunde wie seit dem {day} nicht",
        negative="{share} negativ",
        usually=" (sonst {share})",
        accounts={"one": "von einem Account", "other": "von {n} Accounts"},
        unknown_accounts="von unbekannten Accounts",
        without_account={
            "one": "{n} Beitrag ohne bekannten Account",
            "other": "{n} Beiträge ohne bekannten Account",
        },
        half={
            "one": "die Hälfte der Beiträge stammt von {n} Account",
            "other": "die Hälfte der Beiträge stammt von {n} Accounts",
        },
        most="{share} der Beiträge stammen von einem Account",
        new="meist neuen Stimmen",
        reposts="größtenteils weiterverbreitet",
        about="es geht um {terms}",
    ),
    changes=ChangePhrases(
        severity="jetzt {new} (vorher {old})",
        pages="nicht mehr unterdrückt",
        label="Einstufung jetzt: {new} (vorher: {old})",
        first_label="Einstufung jetzt: {new}",
        detectors={
            "one": "nun schlägt auch der Detektor {names} an",
            "other": "nun schlagen auch die Detektoren {names} an",
        },
        times="{multiple} so viele Beiträge wie {at}",
        more={"one": "{n} Beitrag mehr als {at}", "other": "{n} Beiträge mehr als {at}"},
        reopened="wieder eröffnet",
        over_before="{at} als abgeklungen gemeldet",
        earlier="davor {mentions} {since}",
        late={
            "one": "berichtigt: {n} Beitrag kam verspätet hinzu",
            "other": "berichtigt: {n} Beiträge kamen verspätet hinzu",
        },
        over="abgeklungen nach {span}",
        peak="in der stärksten Stunde {mentions}",
    ),
    reasons=ReasonPhrases(
        sentences={
            "crisis": "Krise: etwa {mentions} in {span} (sonst {usual}), {negative} negativ (sonst "
            "{usual_negative}){some_reposts}; {rarity}",
            "praise": "Viel Lob: etwa {mentions} in {span} (sonst {usual}), {positive} positiv (sonst "
            "{usual_positive})",
            "spam": "Spam: etwa {mentions} in {span} (sonst {usual}); etwa {repeated} davon wiederholen einen Text und "
            "stammen von Accounts, die sich selbst wiederholen",
            "surge": "Plattformweit erhöhtes Aufkommen: etwa {mentions} in {span} (sonst {usual}); andere Marken haben "
            "{platform}-mal so viele wie üblich",
            "outage": "Quellen ausgefallen: Quellen, aus denen sonst {missing} der Beiträge stammen, liefern nichts",
            "rate": "Etwa {per_hour} pro Stunde über {lasting} (sonst {usual}): {rarity}",
            "tone": "Etwa {mentions} in {span}, davon {negative} negativ (sonst {usual_negative}): "
            "{standard_errors} Standardfehler über dem Üblichen",
            "rate_level": "Das Niveau hat sich geändert: seit etwa {span} {level} pro Stunde (sonst {usual}), "
            "durch Zufall {rarity}",
            "tone_level": "Der Ton hat sich geändert: seit etwa {span} {level} negativ (sonst {usual}), durch Zufall "
            "{rarity}",
            "features": "Ungewöhnliche Kombination: {features}; {rarity}",
            "model": "{model}: Messwert {reading} (sonst {usual}); {feature}: {number}; {rarity}",
        },
        features={
            "mentions": "{mentions} in {span} (sonst {usual_mentions})",
            "velocity": "in den letzten Minuten {velocity} pro Stunde",
            "negative": "{negative} negativ (sonst {usual_negative})",
            "by_one": "{by_one} von einem Account (sonst {usual_by_one})",
            "reposts": "{reposts} weiterverbreitet (sonst {usual_reposts})",
        },
        model_features={
            "count": "Beiträge",
            "authors": "Accounts",
            "negative_share": "Anteil negativer Beiträge",
            "repost_share": "Anteil weiterverbreiteter Beiträge",
            "top_author_share": "Anteil des aktivsten Accounts",
            "duplicate_share": "Anteil fast gleicher Beiträge",
        },
        some_reposts=", {reposts} weiterverbreitet",
        once_in={"one": "so selten wie einmal am Tag", "other": "so selten wie einmal in {n} Tagen"},
        rarer="seltener als einmal in zehn Jahren",
        almost_none="fast keine",
        coarse="Die meisten Beiträge geben ihre Zeit nur grob an, etwa auf die Stunde genau; wie schnell sie kamen, "
        "ist nicht bekannt, deshalb höchstens Warnung",
    ),
    chat=ChatPhrases(
        moment="{day}, {clock}",
        terms="Auffällige Begriffe: {terms}",
        quoted="„{text}“",
        copies="{n}-mal",
        open_post="Beitrag öffnen",
        posts="Beiträge: {link}",
        post="Beitrag {n}",
        incident="Vorfall {id}, seit {moment}",
        ack="Übernehmen: {ack}",
        judge="Bestätigen: {confirm} · Fehlalarm melden: {false_alarm}",
        dashboard="Dashboard",
        verdicts={
            "ack": "{by} kümmert sich darum.",
            "confirmed": "{by} bestätigt den Vorfall.",
            "false_alarm": "{by} meldet einen Fehlalarm.",
        },
        muted="Bis zum {until}, ist {name} bis zur Stufe „{severity}“ stummgeschaltet.",
        note="Anmerkung: „{note}“",
        dated="{moment}: {verdict}",
    ),
)  # fmt: skip
