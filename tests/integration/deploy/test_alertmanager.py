"""The inhibit rules in a real Alertmanager: one page for one cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from tests.support.broker import until
from tests.support.paths import DEPLOY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.alertmanager import Alertmanager

CONFIG: Final[dict[str, Any]] = yaml.safe_load((DEPLOY / "alertmanager" / "alertmanager.yml").read_text())
ALERTS: Final = {
    rule["alert"]: {"alertname": rule["alert"], "severity": rule["labels"]["severity"], "job": "firewatch"}
    for group in yaml.safe_load((DEPLOY / "prometheus" / "rules" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
}


@pytest.fixture
def alertmanager_config() -> Mapping[str, Any]:
    return {"inhibit_rules": CONFIG["inhibit_rules"]}


async def muted(server: Alertmanager, *alerts: dict[str, str]) -> set[str]:
    await server.fire(*alerts)

    async def known() -> bool:
        return len(await server.inhibited()) == len(alerts) and any((await server.inhibited()).values())

    await until(known)
    return {name for name, inhibited in (await server.inhibited()).items() if inhibited}


CONSEQUENCES_OF_AN_OUTAGE: Final = {
    "FirewatchWorkerDown score",
    "FirewatchNoIngest",
    "FirewatchSourceSilent",
    "FirewatchLagRising",
    "FirewatchWatermarkStuck",
    "FirewatchAlertsSlow",
    "FirewatchRestarts",
    "FirewatchLateShare",
    "FirewatchLiveSourceBehind",
    "FirewatchLiveSourceSilent",
    "FirewatchLiveSourceUnread",
    "FirewatchLiveSourceUnstable",
}


async def test_an_outage_of_kafka_mutes_its_consequences_and_nothing_else(alertmanager: Alertmanager) -> None:
    alerts = ALERTS | {"FirewatchWorkerDown": {**ALERTS["FirewatchWorkerDown"], "worker": "score"}}
    assert await muted(alertmanager, *alerts.values()) == CONSEQUENCES_OF_AN_OUTAGE


async def test_an_outage_of_another_installation_mutes_nothing_here(alertmanager: Alertmanager) -> None:
    here = [ALERTS["FirewatchNoIngest"], ALERTS["FirewatchLagRising"]]
    there = [{**ALERTS[name], "job": "firewatch-test"} for name in ("FirewatchBrokerUnreachable", "FirewatchRestarts")]
    assert await muted(alertmanager, *here, *there) == {"FirewatchRestarts"}


async def test_a_scorer_that_is_down_is_told_once(alertmanager: Alertmanager) -> None:
    down = {**ALERTS["FirewatchWorkerDown"], "worker": "score"}
    others = [ALERTS[name] for name in ("FirewatchNoIngest", "FirewatchRestarts", "FirewatchAlertsUndelivered")]
    assert await muted(alertmanager, down, *others) == {"FirewatchNoIngest"}


async def test_incidents_are_never_muted(alertmanager: Alertmanager) -> None:
    incident = {"alertname": "BrandCrisis", "severity": "critical", "job": "firewatch", "fingerprint": "storm"}
    outage = [ALERTS["FirewatchBrokerUnreachable"], ALERTS["FirewatchNoIngest"]]
    assert await muted(alertmanager, incident, *outage) == {"FirewatchNoIngest"}
