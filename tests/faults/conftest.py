"""Fixtures of the fault tests, and their table at the end.

``FAULTS_SEED`` seeds the faults and their load (printed; by default drawn), ``FAULTS_ROUNDS`` is the number of rounds
of each test instead of its own.
"""

from __future__ import annotations

import itertools
import os
import secrets
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.faults.load import Load
from tests.faults.source_table import SourceRow, source_markdown
from tests.faults.table import Row, markdown
from tests.faults.trial import settings, staged
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from streams.config import Config
    from tests.faults.trial import Trial

SEED = int(os.environ.get("FAULTS_SEED") or secrets.randbelow(1_000_000))
TABLE = ROOT / ".faults" / "table.md"
TIMEOUT_SECONDS = 1_800

_rows = pytest.StashKey[list[Row]]()
_source_rows = pytest.StashKey[list[SourceRow]]()


class Recorder(Protocol):
    """Puts a row into the table, and fails the test if it has problems."""

    def __call__(self, row: Row) -> None: ...


class SourceRecorder(Protocol):
    """Puts a row into the table of the sources, and fails the test if it has problems."""

    def __call__(self, row: SourceRow) -> None: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fault tests take their time."""
    for item in items:
        if Path(__file__).parent in item.path.parents and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS))


def pytest_report_header() -> str:
    """The seed, to repeat a run by."""
    return f"FAULTS_SEED={SEED}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The tables, also in a file."""
    rows, source_rows = config.stash.get(_rows, []), config.stash.get(_source_rows, [])
    if not rows and not source_rows:
        return
    tables = "\n\n".join([markdown(rows)] * bool(rows) + [source_markdown(source_rows)] * bool(source_rows))
    terminalreporter.section(f"faults, FAULTS_SEED={SEED}")
    terminalreporter.write_line(tables)
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(f"FAULTS_SEED={SEED}\n\n{tables}\n", encoding="utf-8")
    terminalreporter.write_line(f"also in {TABLE.relative_to(ROOT)}")


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Recorder:
    """Into the table with it."""

    def take(row: Row) -> None:
        request.config.stash.setdefault(_rows, []).append(row)
        assert not row.problems, "\n".join(row.problems)

    return take


@pytest.fixture
def record_source(request: pytest.FixtureRequest) -> SourceRecorder:
    """Into the table of the sources with it."""

    def take(row: SourceRow) -> None:
        request.config.stash.setdefault(_source_rows, []).append(row)
        assert not row.problems, "\n".join(row.problems)

    return take


@pytest.fixture
def rounds() -> Callable[[int], int]:
    """How many rounds: those asked for, else the test's own number."""
    return lambda usual: int(os.environ.get("FAULTS_ROUNDS") or usual)


@pytest.fixture(scope="session")
def seed() -> int:
    """Of everything that is drawn."""
    return SEED


@pytest.fixture(scope="session")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    """A day with everything in it."""
    return Load.simulated(tmp_path_factory.mktemp("load"), SEED)


@pytest.fixture
def trial(
    kafka_config: Callable[..., Config], load: Load, tmp_path: Path
) -> Callable[..., AbstractAsyncContextManager[Trial]]:
    """Stage a trial, with topics and a folder of its own: options as of `staged`, further sections of the config as
    `config`, another load as `load`."""
    numbers = itertools.count(1)

    def make(
        *, config: dict[str, Any] | None = None, load: Load = load, **options: Any
    ) -> AbstractAsyncContextManager[Trial]:
        folder = tmp_path / f"stage-{next(numbers)}"
        folder.mkdir()
        topics = {"prefix": f"{folder.name}.{uuid.uuid4().hex[:8]}."}
        made = kafka_config(**settings(load) | {"topics": topics} | (config or {}))
        return staged(made, load, folder, SEED, **options)

    return make
