"""What an operator starts: files that agree with each other and with the code. No Docker engine is needed or tried."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from click import Context
from pydantic import BaseModel

from deploy.local.kafka import kafka_version
from detectors import registry
from streams.cli import cli
from streams.config import Config, MetricsSettings
from streams.config.loader import load_config
from tests.support.paths import ROOT

DEPLOY: Final = ROOT / "deploy"
EXAMPLE: Final = DEPLOY / "config.example.yaml"
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS: Final = {name: service for name, service in COMPOSE["services"].items() if "build" in service}


def targets(file: str) -> dict[str, list[str]]:
    """Addresses of each worker."""
    groups = yaml.safe_load((DEPLOY / "prometheus" / file).read_text())
    return {group["labels"]["worker"]: group["targets"] for group in groups}


def receiver_of(labels: dict[str, str]) -> str:
    """Where the Alertmanager of compose sends an alert; its own program decides, if it is here."""
    amtool = shutil.which("amtool")
    if amtool is None:
        pytest.skip("no amtool on this machine (Debian: apt-get install prometheus-alertmanager)")
    config = f"--config.file={DEPLOY / 'alertmanager' / 'alertmanager.yml'}"
    pairs = [f"{name}={value}" for name, value in labels.items()]
    told = subprocess.run([amtool, "config", "routes", "test", config, *pairs], check=True, capture_output=True)
    return told.stdout.decode().strip()


PORTS: Final = {
    "ingest": MetricsSettings().ingest_port,
    "score": MetricsSettings().score_port,
    "detect": MetricsSettings().detect_port,
    "train": MetricsSettings().train_port,
    "sources": MetricsSettings().sources_port,
    "bridge": MetricsSettings().bridge_port,
}


def test_prometheus_scrapes_the_default_ports() -> None:
    host = MetricsSettings().host
    assert targets("targets.yml") == {worker: [f"{host}:{port}"] for worker, port in PORTS.items()}


def test_prometheus_in_compose_scrapes_the_services() -> None:
    ports = PORTS
    assert targets("targets.compose.yml") == {worker: [f"{worker}:{port}"] for worker, port in ports.items()}
    assert set(ports) <= set(OURS)


def test_incidents_and_the_service_s_own_alerts_reach_the_alertmanager_of_compose() -> None:
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "alertmanagers.compose.yml").read_text())
    (address,) = group["targets"]
    assert address.split(":")[0] in COMPOSE["services"]
    assert load_config(EXAMPLE, OURS["bridge"]["environment"]).bridge.alertmanager.urls == [f"http://{address}"]


def test_alertmanager_s_config_sends_each_alert_where_it_belongs() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "rules" / "alerts.yml").read_text())
    own = [rule["alert"] for group in rules["groups"] for rule in group["rules"]]
    assert {receiver_of({"alertname": name, "severity": "critical"}) for name in own} == {"operators"}
    assert receiver_of({"alertname": "SocialMediaIncident", "severity": "critical"}) == "pager"
    assert receiver_of({"alertname": "SocialMediaIncident", "severity": "warning"}) == "watchers"


def test_compose_mounts_all_that_prometheus_reads() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    (alerting,) = config["alerting"]["alertmanagers"]
    (scraping,) = config["scrape_configs"]
    files = [*alerting["file_sd_configs"][0]["files"], *scraping["file_sd_configs"][0]["files"], "prometheus.yml"]
    folders = [pattern.removesuffix("/*.yml") for pattern in config["rule_files"]]
    mounted = {mount.split(":")[1] for mount in COMPOSE["services"]["prometheus"]["volumes"]}
    assert {f"/etc/prometheus/{name}" for name in (*files, *folders)} <= mounted


def test_compose_runs_the_kafka_of_the_local_installation() -> None:
    assert COMPOSE["services"]["kafka"]["image"] == f"apache/kafka:{kafka_version()}"


def test_compose_pins_images_and_publishes_on_loopback_only() -> None:
    for name, service in COMPOSE["services"].items():
        assert name in OURS or re.search(r":v?\d+\.\d+\.\d+$", service["image"]), name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name


def test_compose_mounts_what_exists_and_depends_on_what_is_there() -> None:
    for name, service in COMPOSE["services"].items():
        for mount in service.get("volumes", ()):
            source = re.sub(r"\$\{CONFIG:-(.+?)\}", r"\1", mount).split(":")[0]
            assert source in COMPOSE["volumes"] or (DEPLOY / source).exists(), (name, mount)
        assert set(service.get("depends_on", ())) <= set(COMPOSE["services"]), name


def test_compose_runs_commands_that_exist_on_a_config_that_loads() -> None:
    for service in OURS.values():
        assert service["command"][0] in cli.list_commands(Context(cli, **cli.context_settings))
        config = load_config(EXAMPLE, service["environment"])
        assert config.metrics.host == "0.0.0.0"  # noqa: S104  inside the network of compose
        assert config.kafka.bootstrap_servers == "kafka:19092"
        assert f":{service['environment']['FIREWATCH_CONFIG']}:ro" in service["volumes"][0]


def test_compose_lets_workers_do_no_more_than_they_must() -> None:
    for service in OURS.values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]


def test_the_image_holds_the_pinned_versions_and_has_no_root() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    *_, user = (line.split()[1] for line in lines if line.startswith("USER"))
    assert int(user) >= 1000
    assert any("pip install" in line and "--constraint constraints.txt" in line for line in lines)
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    for line in lines:
        if line.startswith("COPY") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source}" in allowed, source


def leaves(model: BaseModel, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], object]:
    """Every setting below the brands and detectors, and its value."""
    found: dict[tuple[str, ...], object] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            found |= leaves(value, (*path, name))
        elif not isinstance(value, list):
            found[*path, name] = value
    return found


def test_the_example_config_shows_every_setting_at_its_default() -> None:
    tree = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    example = load_config(EXAMPLE, {})
    defaults = Config(brands=example.brands)
    assert leaves(example) == leaves(defaults)
    for path in leaves(defaults):
        section = tree
        for step in path:
            assert step in section, f"{'.'.join(path)} is missing in {EXAMPLE.name}"
            section = section[step]


def test_the_example_config_shows_every_setting_of_a_brand() -> None:
    for brand in yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["brands"]:
        model = load_config(EXAMPLE, {}).brands[0]
        assert brand.keys() == type(model).model_fields.keys()
        assert brand["match"].keys() == type(model.match).model_fields.keys()


def test_the_example_config_explains_every_setting() -> None:
    for number, line in enumerate(EXAMPLE.read_text(encoding="utf-8").splitlines(), 1):
        if re.match(r"  [a-z_]+: ", line) and "_retention_hours" not in line:
            assert re.search(r"  # \S", line), f"{EXAMPLE.name}:{number} explains nothing"


def test_the_example_config_shows_every_parameter_of_the_default_detectors() -> None:
    example = load_config(EXAMPLE, {})
    names_and_kinds = [(detector.name, detector.kind) for detector in Config(brands=example.brands).detectors]
    assert [(detector.name, detector.kind) for detector in example.detectors] == names_and_kinds
    for detector in example.detectors:
        parameters = inspect.signature(registry.KINDS[detector.kind]).parameters.values()
        defaults = {each.name: each.default for each in parameters if each.name != "usual_posts_per_day"}
        assert detector.params == defaults, detector.name


def test_the_image_is_built_from_all_that_the_wheel_includes() -> None:
    """A wheel that lacks one of them is not built at all."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    needed = {Path(source).parts[0] for source in included}
    copied = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").split("\nFROM")[1]
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert needed <= {word for line in copied.splitlines() if line.startswith("COPY") for word in line.split()}
    assert {f"!{source}" for source in needed} <= set(allowed)
