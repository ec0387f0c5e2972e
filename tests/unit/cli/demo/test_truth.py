"""Events of a simulation against the alerts that were raised for them."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from detectors.units import MINUTE_MS
from streams.cli.demo.truth import ALL_BRANDS, event_rows, event_table
from streams.records import utc
from tests.support.alerts import START_MS, alert

if TYPE_CHECKING:
    from streams.records import Alert

NAMES = {"nordtel": "Nordtel", "suedmilch": "Südmilch"}


def event(kind: str, brand: str | None, hour: int) -> dict[str, Any]:
    onset = utc(START_MS) + timedelta(hours=hour)
    moments = {"onset": onset, "peak": onset + timedelta(minutes=20), "end": onset + timedelta(hours=1)}
    return {"kind": kind, "brand": brand} | {name: moment.isoformat() for name, moment in moments.items()}


def truth(*events: dict[str, Any]) -> dict[str, Any]:
    return {"brands": [{"id": id} for id in NAMES], "events": list(events)}


def raised_at(hour: int, **changed: Any) -> Alert:
    at = utc(START_MS) + timedelta(hours=hour, minutes=7)
    return alert(f"i{hour}{changed.get('brand', '')}", starts_at=at, at=at, **changed)


@pytest.mark.parametrize(
    ("kind", "severity", "label", "is_right"),
    [
        ("firestorm", "critical", "crisis", True),
        ("slow_burn", "warning", None, True),
        ("firestorm", "watch", None, False),
        ("launch", "watch", "praise", True),
        ("launch", "warning", None, False),
    ],
)
def test_a_crisis_should_be_raised_and_something_harmless_should_not(
    kind: str, severity: str, label: str | None, is_right: bool
) -> None:
    rows, false = event_rows(truth(event(kind, "nordtel", 3)), [raised_at(3, severity=severity, label=label)], NAMES)
    assert [(row.brand, row.raised_as, row.after_ms, row.is_right) for row in rows] == [
        ("Nordtel", severity, 7 * MINUTE_MS, is_right)
    ]
    assert false == []


def test_an_event_of_the_whole_platform_is_one_row_with_the_worst_that_was_raised() -> None:
    alerts = [raised_at(3, brand="nordtel", severity="watch"), raised_at(3, brand="suedmilch", severity="warning")]
    rows, _ = event_rows(truth(event("surge", None, 3)), alerts, NAMES)
    assert [(row.brand, row.raised_as, row.is_right) for row in rows] == [(ALL_BRANDS, "warning", False)]


def test_events_are_in_order_of_time_and_those_that_nothing_was_raised_for_are_there() -> None:
    rows, _ = event_rows(truth(event("spam", "nordtel", 9), event("firestorm", "suedmilch", 3)), [], NAMES)
    assert [(row.kind, row.raised_as, row.after_ms, row.is_right) for row in rows] == [
        ("firestorm", "nothing", None, False),
        ("spam", "nothing", None, True),
    ]


def test_an_incident_of_no_event_is_false_if_it_pages() -> None:
    alerts = [raised_at(3, severity="warning"), raised_at(20, severity="watch")]
    _, false = event_rows(truth(event("firestorm", "suedmilch", 3)), alerts, NAMES)
    assert [each.fingerprint for each in false] == ["i3"]


def test_the_table_says_how_soon_an_event_was_raised_and_whether_that_is_right() -> None:
    rows, _ = event_rows(
        truth(event("firestorm", "nordtel", 3), event("launch", "suedmilch", 5)),
        [raised_at(3, severity="critical"), raised_at(5, brand="suedmilch", severity="watch", label="praise")],
        NAMES,
    )
    console = Console(file=io.StringIO(), width=120)
    console.print(event_table(rows))
    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue()
    for words in ("firestorm", "Mon 03:00 to 04:00", "critical", "7 min", "right", "watch, praise"):
        assert words in printed


def test_nothing_of_the_table_is_cut_at_80_columns() -> None:
    """A pipe is 80 columns wide: rows ended in "suppressed, sur...", "51.8 m..." and "rig..."."""
    rows, _ = event_rows(
        truth(event("slow_burn", "nordtel", 3), event("spam", "suedmilch", 5)),
        [raised_at(3, severity="warning"), raised_at(5, brand="suedmilch", suppressed="spam", label="spam")],
        {"nordtel": "Krankenhaus-Zweckverband", "suedmilch": "Brümmerling"},
    )
    console = Console(file=io.StringIO(), width=80)
    console.print(event_table(rows))
    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue()
    assert "…" not in printed
    assert printed.count("7 min") == 2
    assert "right" in printed
