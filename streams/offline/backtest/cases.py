"""Test a config by cases in YAML: recorded posts and the incidents they must raise, like ``promtool test rules``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from detectors.base import Severity
from streams.config.base import Name, Settings
from streams.config.loader import load_config
from streams.core.text.clean import printable
from streams.offline.backtest.evaluation import evaluate, pages
from streams.offline.backtest.from_posts import scored
from streams.offline.backtest.labels import Expected, read_yaml, unknown_brands
from streams.offline.backtest.playback import run_configs
from streams.offline.backtest.text import described

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.config import Config


class Case(Settings):
    """A file of posts, and the incidents that it must raise."""

    name: Name
    posts: Path = Field(description="Posts of the case: a .jsonl or .jsonl.gz file, relative to the file of the cases.")
    expect: list[Expected] = Field(default_factory=list, description="Incidents that must be raised.")
    quiet: list[Name] = Field(default_factory=list, description="Brands whose incidents must not page.")
    severity: Severity = Field(default="warning", description="Lowest severity at which an incident pages.")


class Cases(Settings):
    """A file of cases."""

    config: Path = Field(description="Relative to this file")
    cases: list[Case] = Field(min_length=1)


def run_cases(path: Path, config_path: Path | None = None) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of each case and its problems, as soon as they are known.

    Parameters
    ----------
    path
        The file of the cases.
    config_path
        The config to test; by default the one that the file names.

    Raises
    ------
    InputError
        If the cases or their posts can't be used.
    ConfigError
        If the config can't be used.
    """
    cases, document = read_yaml(path, Cases)
    config = load_config(config_path or path.parent / cases.config)
    brands = {brand.id: brand.name for brand in config.brands}
    for number, case in enumerate(cases.cases):
        unknown = unknown_brands(document, _brands_named(case, number), brands)
        yield case.name, [*unknown, *_problems(case, config, path.parent)]


def _brands_named(case: Case, number: int) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the place and the id of each brand that a case names."""
    for place, expected in enumerate(case.expect):
        yield ("cases", number, "expect", place, "brand"), expected.brand
    for place, brand in enumerate(case.quiet):
        yield ("cases", number, "quiet", place), brand


def _problems(case: Case, config: Config, folder: Path) -> Iterator[str]:
    with scored(str(folder / case.posts), config) as mentions:
        (run,) = run_configs([(case.name, config)], mentions, series=False)
    for result in evaluate(case.expect, run.raised, case.severity).results:
        if not result.found:
            yield (
                f"{result.expected.title}: expected {result.expected.severity}, "
                f"was raised as {result.outcome.raised_as}"
            )
    for incident in run.raised:
        if incident.brand in case.quiet and pages(incident, case.severity):
            yield f"should be quiet: {described(incident, case.severity)}: {printable(incident.summary)}"
