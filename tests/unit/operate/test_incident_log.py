"""Incidents as the topics have them: steps once, verdicts in order, and ids by their beginnings."""

from __future__ import annotations

import pytest

from streams.errors import UnknownIncident
from streams.operate.incident_log import IncidentLog, raised_by
from streams.records import Detection, Verdict
from tests.support.alerts import START_MS, alert


def log_of(*steps: tuple[str, str]) -> IncidentLog:
    log = IncidentLog()
    for incident, id in steps:
        log.add_alert(alert(incident, id))
    return log


def verdict(incident: str, value: str) -> Verdict:
    return Verdict.model_validate(
        {"incident": incident, "brand": "nordtel", "verdict": value, "severity": "watch", "detectors": []}
        | {"by": "anna", "at_ms": START_MS}
    )


def test_a_step_counts_once_and_the_newest_one_is_kept() -> None:
    log = IncidentLog()
    opened, worse = alert("i1", "a1"), alert("i1", "a2", "update", severity="critical")
    assert [log.add_alert(each) for each in (opened, worse, opened)] == [True, True, False]
    assert log.incidents["i1"].newest == worse


def test_verdicts_are_kept_in_order_and_those_on_unknown_incidents_are_ignored() -> None:
    log = log_of(("i1", "a1"))
    for each in (verdict("i1", "ack"), verdict("i2", "ack"), verdict("i1", "confirmed")):
        log.add_verdict(each)
    assert [each.verdict for each in log.incidents["i1"].verdicts] == ["ack", "confirmed"]
    assert set(log.incidents) == {"i1"}


@pytest.mark.parametrize("id", ["5f0c1111", "5f0c1", "aa01", "aa02beef", "aa02b"])
def test_an_incident_is_found_by_its_fingerprint_by_a_step_and_by_a_beginning_of_either(id: str) -> None:
    log = log_of(("5f0c1111", "aa01"), ("5f0c1111", "aa02beef"), ("5f0c2222", "bb01"))
    assert log.find(id).newest.fingerprint == "5f0c1111"


@pytest.mark.parametrize(("id", "says"), [("5f0c", "more than one"), ("5f0", "no incident"), ("cc01", "no incident")])
def test_an_ambiguous_a_short_and_an_unknown_id_are_errors(id: str, says: str) -> None:
    with pytest.raises(UnknownIncident, match=says):
        log_of(("5f0c1111", "aa01"), ("5f0c2222", "bb01")).find(id)


def detection(suppressed: str | None) -> Detection:
    return Detection(
        kind="rate",
        score=2,
        observed=9,
        expected=1,
        lower=0,
        upper=3,
        unit="mentions",
        reason="",
        suppressed=suppressed,
    )


def test_an_incident_is_raised_by_the_detectors_that_are_not_suppressed() -> None:
    some = {"volume": detection("spam"), "tone": detection(None), "drift": detection(None)}
    assert raised_by(alert(detectors=some)) == ["drift", "tone"]
    assert raised_by(alert(detectors={"volume": detection("spam")})) == ["volume"]
