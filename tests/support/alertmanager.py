"""A real Alertmanager that a test starts and stops, and a receiver that records its requests."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import pytest
import yaml
from aiohttp import web

from deploy.local.prerequisites import LocalKafkaError, require
from tests.support.broker import until
from tests.support.ports import reserved_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROGRAM: Final = "prometheus-alertmanager"
"""As Debian names it."""


class Alertmanager:
    """An Alertmanager that notifies `pager` at once and keeps its port and its data through a restart.

    `more` are further sections of its config.
    """

    def __init__(self, folder: Path, pager: str, more: Mapping[str, Any]) -> None:
        self._folder = folder
        self._port = reserved_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: asyncio.subprocess.Process | None = None
        webhook = {"url": pager, "send_resolved": True}
        route = {"receiver": "pager", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s"}
        config = {"route": route, "receivers": [{"name": "pager", "webhook_configs": [webhook]}], **more}
        (folder / "alertmanager.yml").write_text(yaml.safe_dump(config))

    async def start(self) -> None:
        log = (self._folder / "log").open("ab")
        self._process = await asyncio.create_subprocess_exec(
            shutil.which(PROGRAM) or PROGRAM,
            f"--config.file={self._folder / 'alertmanager.yml'}",
            f"--storage.path={self._folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--cluster.listen-address=",
            stdout=log,
            stderr=log,
        )
        log.close()
        await until(self._is_ready)

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def _is_ready(self) -> bool:
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{self.url}/-/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def fire(self, *alerts: Mapping[str, str]) -> None:
        """Tell it of alerts by their labels, as Prometheus does."""
        body = [{"labels": labels} for labels in alerts]
        async with aiohttp.ClientSession() as session, session.post(f"{self.url}/api/v2/alerts", json=body) as answer:
            assert answer.status == 200, await answer.text()

    async def inhibited(self) -> dict[str, bool]:
        """Return whether each alert is inhibited, by its name, with its worker if it has one."""
        alerts = await self._alerts()
        names = [" ".join(filter(None, (each["labels"]["alertname"], each["labels"].get("worker")))) for each in alerts]
        return {name: bool(each["status"]["inhibitedBy"]) for name, each in zip(names, alerts, strict=True)}

    async def active(self) -> dict[str, dict[str, Any]]:
        """Return the alerts that are firing, by incident and severity."""
        return {f"{each['labels']['fingerprint']} {each['labels']['severity']}": each for each in await self._alerts()}

    async def _alerts(self) -> list[dict[str, Any]]:
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/api/v2/alerts") as answer:
            alerts: list[dict[str, Any]] = await answer.json()
        return alerts


def require_alertmanager() -> None:
    """Skip the test if there is no Alertmanager and none can be installed."""
    try:
        require(PROGRAM, "prometheus-alertmanager")
    except LocalKafkaError:
        pytest.skip("no Alertmanager on this machine (Debian: apt-get install prometheus-alertmanager)")


class Receiver:
    """An endpoint that records its requests, and answers with `statuses` by message id or with `status`."""

    def __init__(self) -> None:
        self.statuses: dict[str, int] = {}
        self.status = 204
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.refused: list[tuple[dict[str, str], bytes]] = []
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/hook", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        status = self.statuses.get(headers.get("webhook-id", ""), self.status)
        (self.requests if status < 300 else self.refused).append((headers, body))
        return web.Response(status=status, text="as configured")
