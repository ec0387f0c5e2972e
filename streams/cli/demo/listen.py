"""The demo on the real world: posts of Bluesky that name the brands of the command line, live."""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

import yaml
from rich.console import Console

from streams.cli.demo.broker import broker
from streams.cli.demo.run import folder_of_a_run, metrics_addresses, write_own_config, write_results
from streams.cli.demo.show import Show
from streams.cli.demo.workers import listen_through_workers
from streams.config.loader import load_config
from streams.errors import FirewatchError, SourceError, SourceUnavailable
from streams.runtime import logs
from streams.sources.live.base import Surroundings
from streams.sources.live.registry import make_source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from streams.config import Config

REACH_SECONDS: Final = 30.0
"""Time for the first event to arrive; the network has some hundred a second."""

INSTEAD: Final = "`make demo` (firewatch demo) shows the same with simulated posts"

_NO_ID: Final = re.compile(r"[^a-z0-9]+")


def run_live(names: Sequence[str], hosts: Sequence[str], seconds: float | None, out: Path) -> None:
    """Show live what Bluesky posts about brands.

    Parameters
    ----------
    names
        Names of the brands, which are also the terms that are searched for.
    hosts
        Jetstream servers; those of Bluesky if there are none.
    seconds
        Time after which it ends by itself; None for never.
    out
        Folder in which this run gets one of its own.

    Raises
    ------
    SourceError
        If no server can be reached.
    FirewatchError
        If there is no Kafka, or a worker fails.
    """
    console = Console()
    logs.configure("live", level=logging.ERROR)
    folder = folder_of_a_run(out)
    console.print(f"results go to {folder}", soft_wrap=True)
    given = folder / "brands.yaml"
    given.write_text(yaml.safe_dump(config_tree(names, hosts), allow_unicode=True, sort_keys=False), encoding="utf-8")
    console.print("listening for the first post of Bluesky ...")
    asyncio.run(_check_reachable(load_config(given)))
    with broker(console) as bootstrap:
        if bootstrap is None:
            raise FirewatchError(f"live posts need Kafka: set KAFKA_BOOTSTRAP; {INSTEAD}")
        path = write_own_config(given, folder, bootstrap)
        config = load_config(path)
        show = Show(console, config, None, metrics=metrics_addresses(config, "sources"))
        console.print("Ctrl-C ends it")
        asyncio.run(listen_through_workers(show, path, folder / "workers.log", seconds))
        write_results(show, folder, None)


def config_tree(names: Sequence[str], hosts: Sequence[str]) -> dict[str, Any]:
    """Return a config that watches brands on Bluesky.

    >>> config_tree(["Fjell Air"], [])["brands"]
    [{'id': 'fjell-air', 'name': 'Fjell Air', 'match': {'any': ['Fjell Air', '#FjellAir']}}]
    """
    brands = []
    for number, name in enumerate(dict.fromkeys(names), 1):
        words = name.split()
        id = _NO_ID.sub("-", name.lower()).strip("-")[:60] or f"brand-{number}"
        terms = [name, "#" + "".join(words)] if "".join(words).isalnum() else [name]
        brands.append({"id": id, "name": name, "match": {"any": terms}})
    source = {"id": "bluesky", "kind": "jetstream"} | ({"hosts": list(hosts)} if hosts else {})
    return {"brands": brands, "sources": [source]}


async def _check_reachable(config: Config) -> None:
    """Wait for the first event of the source.

    Raises
    ------
    SourceUnavailable
        If none comes, with what to do instead.
    """
    source = make_source(config.sources[0], Surroundings(config))
    try:
        async with asyncio.timeout(REACH_SECONDS), aclosing(source.batches(None)) as batches:
            async for batch in batches:
                if batch.items:
                    return
    except SourceError as error:
        raise SourceUnavailable(source.id, error.reason, f"NO NETWORK: {error.detail}. {INSTEAD}") from error
    except TimeoutError as error:
        detail = f"NO NETWORK: no event came within {REACH_SECONDS:.0f} s. {INSTEAD}"
        raise SourceUnavailable(source.id, "silent", detail) from error
