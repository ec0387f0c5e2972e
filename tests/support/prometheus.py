"""A real Prometheus, with the project's own config, and questions to it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from deploy.grafana.build import boards
from tests.support.paths import DEPLOY
from tests.support.patience import PATIENCE_SECONDS, wait_for
from tests.support.ports import reserved_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONFIG: Final = DEPLOY / "prometheus" / "prometheus.yml"


def installed(name: str) -> str:
    """Path of a program of Prometheus: the machine's own, or the one that `make setup` has fetched."""
    program = shutil.which(name) or shutil.which(name, path=Path(sys.executable).parent)
    if program is None:
        pytest.skip(f"no {name} on this machine (Debian: apt-get install prometheus)")
    return program


@contextmanager
def prometheus(folder: Path, workers: Mapping[str, int]) -> Iterator[str]:
    """Run one that scrapes the workers twice a second; gives its address.

    Parameters
    ----------
    folder
        Takes config, data and log.
    workers
        Port by name of the worker.
    """
    program = installed("prometheus")
    config = yaml.safe_load(CONFIG.read_text())
    shutil.copytree(CONFIG.parent / "rules", folder / "rules")
    shutil.copy(CONFIG.parent / "alertmanagers.yml", folder)
    config["global"] |= {"scrape_interval": "500ms", "evaluation_interval": "1s"}
    (folder / CONFIG.name).write_text(yaml.safe_dump(config))
    targets = [{"targets": [f"127.0.0.1:{port}"], "labels": {"worker": name}} for name, port in workers.items()]
    (folder / "targets.yml").write_text(yaml.safe_dump(targets))
    address = f"127.0.0.1:{reserved_port()}"
    command = [
        program,
        f"--config.file={folder / CONFIG.name}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        f"--web.user-assets={CONFIG.parent / 'assets'}",
    ]
    log = folder / "log"
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as server:
        try:
            wait_for(lambda: server.poll() is not None or bool(answer(address, "up")))
            assert server.poll() is None, log.read_text()[-2000:]
            yield address
        finally:
            server.terminate()


def answer(address: str, expr: str) -> list[Any]:
    """Result of an instant query."""
    parameters = urllib.parse.urlencode({"query": expr})
    with urllib.request.urlopen(f"http://{address}/api/v1/query?{parameters}", timeout=PATIENCE_SECONDS) as response:
        body = json.load(response)
    assert body["status"] == "success"
    return list(body["data"]["result"])


def rule_health(address: str) -> dict[str, str]:
    """``ok``, or what is wrong, by name of each rule."""
    with urllib.request.urlopen(f"http://{address}/api/v1/rules", timeout=PATIENCE_SECONDS) as response:
        groups = json.load(response)["data"]["groups"]
    return {rule["name"]: rule.get("lastError") or rule["health"] for group in groups for rule in group["rules"]}


def board_queries(rate_interval: str, brand: str = ".+", shown_seconds: int = 600) -> list[tuple[str, str]]:
    """Every expression of every board after the name of its panel: of the brand's board for that brand, of the others
    for everything that can be chosen."""
    chosen = {
        "$__rate_interval": rate_interval,
        "$__range_s": str(shown_seconds),
        "$__range": f"{shown_seconds}s",
        "$volume_detector": "volume",
        "$tone_detector": "tone",
    }
    found = []
    for uid, board in boards().items():
        for panel in board["panels"]:
            for query in panel.get("targets", ()):
                expr = query["expr"]
                for variable, value in chosen.items():
                    expr = expr.replace(variable, value)
                for name in ("job", "instance", "detector", "brand"):
                    value = brand if name == "brand" and uid == "firewatch-brand" else ".+"
                    expr = expr.replace(f'"${name}"', f'"{value}"')
                assert "$" not in expr
                found.append((f"{uid}: {panel['title']} {query['refId']}", expr))
    return found
