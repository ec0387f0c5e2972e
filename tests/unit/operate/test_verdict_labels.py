"""Verdicts become labels: what was confirmed, what was a false alarm, and what nobody has decided."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from streams.cli import cli
from streams.offline.backtest import read_labels
from streams.operate.incident_log import IncidentLog
from streams.operate.verdict_labels import labels_of
from streams.records import Alert, Verdict, utc
from tests.support.alerts import START_MS, alert
from tests.support.cli import BRANDS

if TYPE_CHECKING:
    from pathlib import Path

    from streams.operate.verdict_labels import VerdictLabels

NAMES = {"nordtel": "Nordtel", "suedmilch": "Südmilch"}
BEGIN = utc(START_MS)


def verdict(incident: str, value: str, note: str | None = None) -> Verdict:
    return Verdict.model_validate(
        {"incident": incident, "brand": "nordtel", "verdict": value, "severity": "watch", "detectors": []}
        | {"by": "anna", "at_ms": START_MS, "note": note}
    )


def log_of(steps: list[Alert], *verdicts: Verdict) -> IncidentLog:
    log = IncidentLog()
    for each in steps:
        log.add_alert(each)
    for said in verdicts:
        log.add_verdict(said)
    return log


def labels(log: IncidentLog, *brands: str, from_ms: int | None = None, to_ms: int | None = None) -> VerdictLabels:
    return labels_of(log, NAMES, brands or NAMES, from_ms, to_ms)


@pytest.mark.parametrize(
    ("verdicts", "section"),
    [
        (["confirmed"], "incidents"),
        (["ack", "confirmed"], "incidents"),
        (["false_alarm", "confirmed"], "incidents"),
        (["confirmed", "ack"], "incidents"),
        (["false_alarm"], "false_alarms"),
        (["confirmed", "false_alarm"], "false_alarms"),
        (["ack"], "undecided"),
        ([], "undecided"),
    ],
)
@pytest.mark.parametrize("suppressed", [None, "cold_start"])
def test_the_latest_decision_counts(verdicts: list[str], section: str, suppressed: str | None) -> None:
    """An acknowledgement says only that someone looks into it; what never paged and has no verdict is no label."""
    log = log_of([alert("i1", "a1", suppressed=suppressed)], *(verdict("i1", value) for value in verdicts))
    left_out = section == "undecided" and suppressed
    assert [label.section for label in labels(log).labels] == ([] if left_out else [section])


def test_each_time_that_an_incident_was_open_is_a_label() -> None:
    again = BEGIN + timedelta(hours=3)
    span = alert("i1", "a3").window.model_copy(update={"start": again})
    log = log_of(
        [
            alert("i1", "a1", severity="warning"),
            alert("i1", "a2", "resolve", severity="critical"),
            alert("i1", "a3", "update", severity="watch", reopened=1, window=span, at=again + timedelta(minutes=9)),
        ],
        verdict("i1", "confirmed", "the outage"),
    )
    text = labels(log).to_yaml()
    assert (
        "  - {brand: nordtel, from: '2026-03-02T00:00:00Z', to: '2026-03-02T00:10:00Z', severity: critical, "
        "name: 'i1: the outage'}\n"
    ) in text
    assert (
        "  # watch; confirmed by anna; still open when exported: Nordtel: 412 mentions in 25 minutes, 81% negative\n"
        "  - {brand: nordtel, from: '2026-03-02T03:00:00Z', to: '2026-03-02T03:09:00Z', severity: watch, "
        "name: 'i1 (2): the outage'}\n"
    ) in text


def test_the_file_is_read_as_it_was_meant_whatever_operators_and_posts_say(tmp_path: Path) -> None:
    nasty = "x\n- {brand: acme}\r\x85\u2028: 'é' \"“\U0001f525\" # [{}] \x1b[31m" + 200 * "ü"
    steps = [
        alert("12345678", "a1", summary=nasty),
        alert("i2", "b1", "resolve", brand="suedmilch", starts_at=BEGIN + timedelta(hours=1)),
        alert("i3", "c1", starts_at=BEGIN + timedelta(hours=2)),
    ]
    log = log_of(steps, verdict("12345678", "confirmed", nasty), verdict("i2", "false_alarm", "null"))
    path = tmp_path / "labels.yaml"
    path.write_text(labels(log).to_yaml(), encoding="utf-8")
    read = read_labels(path, NAMES)
    (incident,), (false_alarm,), (undecided,) = read.incidents, read.false_alarms, read.undecided
    assert (incident.brand, incident.from_, incident.severity) == ("nordtel", BEGIN, "warning")
    assert incident.title.startswith("12345678: x - {brand: acme}")
    assert (false_alarm.brand, false_alarm.title) == ("suedmilch", "i2: null")
    assert false_alarm.to - false_alarm.from_ == timedelta(minutes=10)
    assert (undecided.from_, undecided.title) == (BEGIN + timedelta(hours=2), "i3")


def test_without_incidents_the_file_is_still_one_of_labels(tmp_path: Path) -> None:
    path = tmp_path / "labels.yaml"
    path.write_text(labels(IncidentLog()).to_yaml())
    assert read_labels(path, NAMES).incidents == []


def test_brands_and_times_choose_the_labels() -> None:
    hours = [
        alert(f"i{hour}", f"a{hour}", starts_at=BEGIN + timedelta(hours=hour), brand=["nordtel", "suedmilch"][hour % 2])
        for hour in range(4)
    ]
    log = log_of(hours)
    hour_ms = 3_600_000

    def named(made: VerdictLabels) -> list[str]:
        return [label.name for label in made.labels]

    assert named(labels(log)) == ["i0", "i1", "i2", "i3"]
    assert named(labels(log, "suedmilch")) == ["i1", "i3"]
    assert named(labels(log, from_ms=START_MS + hour_ms, to_ms=START_MS + 3 * hour_ms)) == ["i1", "i2"]


def test_what_is_left_out_is_named() -> None:
    """A label of a brand that the config no longer has would be refused by the commands that read it."""
    log = log_of(
        [alert("i1", "a1"), alert("i2", "b1", brand="acme")],
        verdict("i1", "confirmed"), verdict("i2", "confirmed"), verdict("gone", "confirmed"),
    )  # fmt: skip
    assert list(labels(log).remarks()) == [
        "1 incident, 0 false alarms, 0 undecided",
        "left out: incidents of brands that the config does not have: acme",
        "left out: 1 verdict is on incidents whose alerts are no longer in Kafka, or older than --since",
    ]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "name what to export: --labels, or --labels FILE"),
        (["--labels", "--brand", "nordtell"], "has no brand 'nordtell'; did you mean nordtel?"),
        (["--labels", "--from", "2026-03-02", "--to", "2026-03-01"], "--to must be after --from"),
        (["--labels", "--since", "soon"], "is not a duration"),
    ],
)
def test_a_mistake_is_refused_before_kafka_is_asked(tmp_path: Path, arguments: list[str], problem: str) -> None:
    path = tmp_path / "brands.yaml"
    path.write_text(BRANDS)
    done: Result = CliRunner().invoke(cli, ["alerts", "export", *arguments, "-c", str(path)])
    assert (done.exit_code, problem in done.stderr) == (2, True), done.output
    assert path.read_text() == BRANDS


def test_labels_do_not_replace_the_config(tmp_path: Path) -> None:
    path = tmp_path / "brands.yaml"
    path.write_text(BRANDS)
    done = CliRunner().invoke(cli, ["alerts", "export", "--labels", str(path), "-c", str(path)])
    assert done.exit_code != 0
    assert path.read_text() == BRANDS
