"""Write the three files of a simulation: posts, truth, config."""

from __future__ import annotations

import gzip
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final

import orjson
import yaml

from streams.errors import OutputError
from streams.offline.simulate.simulation import Simulation
from streams.offline.simulate.world import world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from streams.offline.simulate.settings import SimulationSettings

_POSTS_PER_REPORT: Final = 5_000


def write(
    settings: SimulationSettings,
    posts_path: Path,
    truth_path: Path,
    config_path: Path,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Simulate posts, and write them with their truth and a config.

    Parameters
    ----------
    settings
        Settings of the simulation.
    posts_path
        File for the posts, one JSON object a line, in order of arrival; gzipped if the name ends in ``.gz``.
    truth_path
        File for the truth, which is written last.
    config_path
        File for a config that watches the simulated brands.
    on_progress
        Function that is called now and then with the number of lines written and the simulated milliseconds so far.

    Returns
    -------
    dict
        The truth.

    Raises
    ------
    ConfigError
        If the scenario does not fit the brands or the days.
    FirewatchError
        If a file can't be written.
    """
    run = Simulation(settings)
    with _open(config_path) as file:
        file.write(config_yaml(settings).encode())
    with _open(posts_path) as file:
        for lines, (post, draft, _) in enumerate(run.arrivals(), start=1):
            file.write(orjson.dumps(post, option=orjson.OPT_APPEND_NEWLINE))
            if on_progress is not None and lines % _POSTS_PER_REPORT == 0:
                on_progress(lines, draft.created_ms - settings.start_ms)
    truth = run.truth()
    with _open(truth_path) as file:
        file.write(orjson.dumps(truth, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return truth


def config_yaml(settings: SimulationSettings) -> str:
    """Return a config that watches the simulated brands, with defaults for all else.

    >>> from streams.offline.simulate.settings import SimulationSettings
    >>> print(config_yaml(SimulationSettings(brands=1)), end="")
    brands:
    - id: nordtel
      name: Nordtel
      match:
        any:
        - nordtel
        - '@nordtel_hilft'
        - '#nordtel'
        none:
        - nordtel arena
      usual_posts_per_day: 2800
    """
    tree = {"brands": [brand.to_config() for brand in world(settings.brands)]}
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("wb") as raw:
            if path.suffix != ".gz":
                yield raw
                return
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed:
                yield packed  # type: ignore[misc]
    except OSError as error:
        raise OutputError(path, error) from error
