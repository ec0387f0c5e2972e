"""The reference pages: current, and complete by other means than the generator's own."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
import yaml

from docs.build import FOLDER, PAGES, contexts
from streams import errors
from streams.runtime.metrics import PROCESS, catalogue
from tests.support.paths import DEPLOY


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_as_the_code_gives_it(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "stale: run `make docs`"


def test_there_is_no_reference_page_that_nothing_writes() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


EXAMPLE: Final[dict[str, Any]] = yaml.safe_load((DEPLOY / "config.example.yaml").read_text(encoding="utf-8"))


def paths(value: Any, path: str = "") -> set[str]:
    """Paths of all leaves of a config file."""
    if isinstance(value, dict) and value:
        return set().union(*(paths(each, f"{path}.{name}" if path else name) for name, each in value.items()))
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return set().union(*(paths(each, f"{path}[]") for each in value))
    return {path}


def test_every_key_of_the_example_config_has_a_row() -> None:
    page = (FOLDER / "configuration.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([^`]+)`", page, flags=re.MULTILINE))
    assert {re.sub(r"^detectors\[\]\.(?!name|kind|mode)", "", path) for path in paths(EXAMPLE)} <= rows


def test_every_exit_code_of_an_error_has_a_row() -> None:
    page = (FOLDER / "exit-codes.md").read_text(encoding="utf-8")
    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
    own = [each for each in found if each.__module__.startswith(errors.__name__)]
    assert own
    assert all(f"| {each.exit_code} | `{each.__name__}` |" in page for each in own)  # type: ignore[attr-defined]


def test_every_metric_has_a_row_under_the_name_that_a_scrape_returns() -> None:
    page = (FOLDER / "metrics.md").read_text(encoding="utf-8")
    families = [family for metric in catalogue() for family in metric.describe()] + list(PROCESS.collect())
    endings = {"counter": "_total", "info": "_info"}
    assert all(f"| `{family.name}{endings.get(family.type, '')}` |" in page for family in families)


def test_every_command_and_option_has_its_help() -> None:
    page = (FOLDER / "commands.md").read_text(encoding="utf-8")
    for ctx in contexts():
        assert f"\n## {ctx.command_path}\n" in page
        assert all(option in page for param in ctx.command.params for option in param.opts if option.startswith("-"))
