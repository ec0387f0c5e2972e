"""The tail of social.alerts: each step once, filtered, as JSON lines or as blocks."""

from __future__ import annotations

from io import StringIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import orjson
from rich.console import Console

from streams.config import Config
from streams.operate.tail import Tail
from streams.records import Alert, Verdict
from tests.support.alerts import START_MS, alert

if TYPE_CHECKING:
    from collections.abc import Collection

    import pytest

    from detectors.base import Severity

CONFIG = Config.model_validate({"brands": [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]})


def record(value: bytes) -> Any:
    return SimpleNamespace(value=value, topic="social.alerts", partition=0, offset=3)


def shown_ids(
    capsys: pytest.CaptureFixture[str],
    *alerts: Alert,
    brands: Collection[str] = (),
    severity: Severity | None = None,
) -> list[str]:
    tail = Tail(CONFIG, brands, severity, None)
    for each in alerts:
        tail.show_alert(record(each.to_bytes()))
    ids = [orjson.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    assert tail.shown == len(ids)
    return ids


def test_each_step_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    opened, updated = alert("i1", "a1"), alert("i1", "a2", "update")
    assert shown_ids(capsys, opened, updated, opened) == ["a1", "a2"]


def test_only_the_brands_and_severities_that_are_asked_for_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    alerts = [alert("i1", "a1", severity="watch"), alert("i2", "b1"), alert("i3", "c1", brand="fjell-air")]
    assert shown_ids(capsys, *alerts, brands=["nordtel"]) == ["a1", "b1"]
    assert shown_ids(capsys, *alerts, severity="warning") == ["b1", "c1"]


def test_a_record_that_cannot_be_decoded_is_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    tail = Tail(CONFIG, (), None, None)
    tail.show_alert(record(b"{"))
    assert tail.shown == 0
    tail.show_alert(record(alert().to_bytes()))
    assert tail.shown == 1


def test_verdicts_are_shown_on_incidents_that_are_shown() -> None:
    file = StringIO()
    tail = Tail(CONFIG, ["nordtel"], None, Console(file=file, width=100))
    tail.show_alert(record(alert("i1", "a1").to_bytes()))
    tail.show_alert(record(alert("i2", "b1", brand="fjell-air").to_bytes()))
    for incident in ("i1", "i2", "i3"):
        verdict = Verdict(
            incident=incident, brand="nordtel", verdict="ack", severity="warning", detectors=[], by="anna",
            at_ms=START_MS,
        )  # fmt: skip
        tail.show_verdict(record(verdict.to_bytes()))
    tail.show_verdict(record(b"{"))
    assert file.getvalue().count("anna acknowledged") == 1
    assert "anna acknowledged Nordtel i1" in file.getvalue()


def test_the_command_that_records_a_verdict_is_shown_once_for_an_incident() -> None:
    file = StringIO()
    tail = Tail(CONFIG, (), None, Console(file=file, width=100))
    for each in (alert("i1", "a1"), alert("i1", "a2", "update")):
        tail.show_alert(record(each.to_bytes()))
    assert file.getvalue().count("firewatch alerts ack|confirm|false-alarm i1") == 1
