"""Fixtures of the field cases, and their table at the end.

A field case is an input of a real user with the value that is right. The inputs are not part of the project: without
their folder every case is skipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.support.paths import SHARED_CASES

if TYPE_CHECKING:
    from pathlib import Path

_rows = pytest.StashKey[list["Row"]]()


@dataclass(frozen=True, slots=True)
class Row:
    """The outcome of one case.

    Parameters
    ----------
    case
        Name of the input.
    right, now
        The right value, and the value that came out.
    verdict
        ``right``, ``WRONG`` or the reason for which it is not right yet.
    """

    case: str
    right: str
    now: str
    verdict: str


class Recorder(Protocol):
    """Adds a case to the table; fails the test if the outcome is wrong, marks it as expected to fail with `later`."""

    def __call__(self, case: str, right: str, now: object, *, ok: bool, later: str | None = None) -> None: ...


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table."""
    rows = config.stash.get(_rows, [])
    if not rows:
        return
    terminalreporter.section("field cases")
    terminalreporter.write_line("| case | right | now | verdict |\n|---|---|---|---|")
    for row in sorted(rows, key=lambda row: row.case):
        terminalreporter.write_line(f"| {row.case} | {row.right} | {row.now} | {row.verdict} |")


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Recorder:
    """Return the function that adds a case to the table."""

    def add(case: str, right: str, now: object, *, ok: bool, later: str | None = None) -> None:
        verdict = "right" if ok else (f"not yet: {later}" if later else "WRONG")
        request.config.stash.setdefault(_rows, []).append(Row(case, right, str(now), verdict))
        if later and not ok:
            pytest.xfail(later)
        assert ok, f"{case}: {now}; right: {right}"
        assert not later, f"{case} is right now: remove what is said of later"

    return add


def _folder(name: str) -> Path:
    folder = SHARED_CASES / name
    if not folder.is_dir():
        pytest.skip(f"no field cases at {folder}")
    return folder


@pytest.fixture(scope="session")
def incoming() -> Path:
    """Return the folder of posts as they came in."""
    return _folder("incoming")


@pytest.fixture(scope="session")
def operating() -> Path:
    """Return the folder of what operators did."""
    return _folder("operating")


@pytest.fixture(scope="session")
def abuse() -> Path:
    """Return the folder of attacks."""
    return _folder("abuse")
