"""The demo from simulated posts to charts: through Kafka and the workers, or in one process where there is no Kafka."""

from __future__ import annotations

import asyncio
import logging
import socket
import uuid
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Literal

import yaml
from rich.console import Console
from rich.text import Text

from detectors.units import DAY_MS, MINUTE_MS
from streams.cli.demo.broker import broker
from streams.cli.demo.show import Show, replay_in_process
from streams.cli.demo.truth import event_rows, event_table
from streams.cli.demo.wire import Wire, sources_of
from streams.cli.demo.workers import replay_through_workers
from streams.cli.extras import can_draw
from streams.config.loader import config_document, load_config
from streams.config.text_files import read_file
from streams.core.text.clean import printable
from streams.errors import ConfigError, FirewatchError, OutputError
from streams.offline.backtest.text import described, incident_lines
from streams.offline.incident_matching import raised
from streams.offline.simulate import SimulationSettings, write
from streams.render.progress_bar import bar
from streams.runtime import logs
from streams.runtime.files import open_output
from streams.sources.reader import Reading
from streams.sources.registry import open_posts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from streams.config import Config
    from streams.records import Alert

LATEST: Final = "latest"
"""Link to the folder of the latest run."""

END_OF_STREAM_SECONDS: Final = 10
"""Shorter than the default, since no one wants to wait at the end of a demo."""


def run(posts: Path | None, config_path: Path | None, seconds: float, out: Path, *, wire: bool = False) -> None:
    """Run the demo.

    Parameters
    ----------
    posts, config_path
        Posts to replay and the config that goes with them; a simulated day if None.
    seconds
        Duration of the replay.
    out
        Folder in which this run gets one of its own for posts, config, logs of the workers, alerts and charts.
    wire
        Whether the posts come from local Jetstream servers, as those of a social network do, rather than from the file.

    Raises
    ------
    FirewatchError
        If the posts or the config can't be used, or a worker fails.
    """
    if (posts is None) != (config_path is None):
        raise ConfigError(["posts and config go together: name both (POSTS= and CONFIG= of make demo) or neither"])
    console = Console()
    logs.configure("demo", level=logging.ERROR)
    if not can_draw():
        console.print("no charts: they need matplotlib, pip install 'firewatch\\[plot]'")
    if config_path is not None:
        load_config(config_path)
    out = folder_of_a_run(out)
    console.print(f"results go to {out}", soft_wrap=True)
    truth: dict[str, Any] | None = None
    if posts is None or config_path is None:
        posts, config_path = out / "posts.jsonl", out / "brands.yaml"
        truth = _simulate(posts, out / "truth.json", config_path)
    with broker(console) as bootstrap:
        if bootstrap and wire:
            show = asyncio.run(_replay_by_wire(console, config_path, posts, seconds, out, bootstrap))
        else:
            if wire:
                console.print("without Kafka, the posts come from their file and not over a wire")
            config_path = write_own_config(config_path, out, bootstrap)
            config = load_config(config_path)
            show = Show(console, config, posts, seconds, metrics=metrics_addresses(config) if bootstrap else "")
            if bootstrap:
                asyncio.run(replay_through_workers(show, config_path, log_path=out / "workers.log"))
            else:
                replay_in_process(show)
        write_results(show, out, truth)


async def _replay_by_wire(
    console: Console, config_path: Path, posts: Path, seconds: float, out: Path, bootstrap: str
) -> Show:
    """Replay the posts from local Jetstream servers, and return what was shown."""
    ingest = load_config(config_path).ingest
    with open_posts(str(posts), ingest.max_record_bytes, Reading.of(ingest)) as source:
        names = sources_of(source)
    async with Wire(names) as wire:
        own = write_own_config(config_path, out, bootstrap, sources=wire.settings)
        console.print(f"posts come from {len(names)} local Jetstream servers, by websocket")
        config = load_config(own)
        show = Show(console, config, posts, seconds, metrics=metrics_addresses(config, "sources"))
        await replay_through_workers(show, own, log_path=out / "workers.log", wire=wire)
    return show


def folder_of_a_run(out: Path) -> Path:
    """Create a folder that is named after the time, so that earlier results stay, and point ``latest`` at it."""
    started = f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        names = (started if number == 1 else f"{started}-{number}" for number in count(1))
        folder = next(out / name for name in names if not (out / name).exists())
        folder.mkdir()
        latest = out / LATEST
        if latest.is_symlink():
            latest.unlink()
        if not latest.exists():
            latest.symlink_to(folder.name)
    except OSError as error:
        raise OutputError(out, error) from error
    return folder


def _simulate(posts: Path, truth: Path, config: Path) -> dict[str, Any]:
    settings = SimulationSettings()
    total_ms = round(settings.days * DAY_MS)
    with bar("simulating a day of posts", "minutes") as show:
        return write(settings, posts, truth, config, lambda _lines, ms: show(ms // MINUTE_MS, total_ms // MINUTE_MS))


def write_own_config(
    config_path: Path, out: Path, bootstrap: str | None, sources: Sequence[Mapping[str, Any]] = ()
) -> Path:
    """Write the config of a run, and return its path.

    It is the given config with the broker's address, topics of its own, ports that are free, and the given sources.
    """
    tree = config_document(read_file(config_path), config_path).tree
    settings = load_config(config_path).metrics
    own: dict[str, dict[str, Any]] = {
        "topics": {"prefix": f"demo-{uuid.uuid4().hex[:8]}."},
        "windows": {"end_of_stream_seconds": END_OF_STREAM_SECONDS},
        "metrics": {
            f"{worker}_port": _free_port(getattr(settings, f"{worker}_port"))
            for worker in ("ingest", "sources", "score", "detect")
        },
    }
    if sources:
        tree["sources"] = list(sources)
    if bootstrap:
        own["kafka"] = {"bootstrap_servers": bootstrap}
    for section, values in own.items():
        tree[section] = (tree.get(section) or {}) | values
    path = out / "config.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def metrics_addresses(config: Config, entry: Literal["ingest", "sources"] = "ingest") -> str:
    """Return the addresses of the workers' metrics; `entry` is the worker by which posts enter Kafka."""
    settings = config.metrics
    ports = {worker: getattr(settings, f"{worker}_port") for worker in (entry, "score", "detect")}
    return "  ".join(f"{worker} http://{settings.host}:{port}/metrics" for worker, port in ports.items())


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise FirewatchError("no free port on 127.0.0.1")


def write_results(show: Show, out: Path, truth: Mapping[str, Any] | None) -> None:
    """Write the alerts and, where matplotlib is installed, the charts; print the totals."""
    alerts = sorted(show.alerts.values(), key=lambda alert: (alert.at, alert.brand))
    with open_output(out / "alerts.jsonl") as file:
        file.write(b"".join(alert.to_bytes() + b"\n" for alert in alerts))
    pictures: list[Path] = []
    if can_draw():
        from streams.config.moments import zone_of
        from streams.render.bands import bands_of
        from streams.render.charts import draw

        names = {brand.id: brand.name for brand in show.config.brands}
        bands = bands_of(show.config.detectors_of())
        zone = zone_of(show.config.alerts.timezone)
        pictures = draw(show.windows.values(), alerts, out / "pictures", truth, names=names, bands=bands, zone=zone)
    show.console.print(
        f"posts {show.ingested:,}  mentions matched {show.matched:,}  counted {show.counted:,}  alerts {len(alerts)}"
    )
    _print_incidents(show, alerts, truth)
    show.console.print(
        f"alerts   {out / 'alerts.jsonl'}\npictures {pictures[-1] if pictures else 'none'}", soft_wrap=True
    )


def _print_incidents(show: Show, alerts: Sequence[Alert], truth: Mapping[str, Any] | None) -> None:
    """Print the events of the truth against the alerts, or the incidents where the truth is not known."""
    if truth is None:
        show.console.print(Text("\n".join(incident_lines(raised(alerts), "warning")) or "no incident"), soft_wrap=True)
        return
    rows, false = event_rows(truth, alerts, {brand.id: brand.name for brand in show.config.brands})
    show.console.print(event_table(rows))
    for each in false:
        show.console.print(Text(f"false: {described(each, 'warning')}: {printable(each.summary)}"), soft_wrap=True)
    if not false:
        show.console.print("no incident at warning or above that belongs to no event")
