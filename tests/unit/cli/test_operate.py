"""`firewatch acls` and `label`: what they print, and what they refuse, without Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from streams.cli import cli
from streams.errors import InputError
from tests.support.cli import BRANDS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "brands.yaml"
    path.write_text(BRANDS)
    return str(path)


def firewatch(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def test_acls_are_granted_to_the_workers_that_are_named_or_to_all(config: str) -> None:
    one = firewatch("acls", "score", "-c", config).stdout.splitlines()
    assert one
    assert all("kafka-acls" in line and "User:firewatch-score" in line for line in one)
    assert set(one) < set(firewatch("acls", "-c", config).stdout.splitlines())


def test_acls_may_be_granted_to_another_principal(config: str) -> None:
    lines = firewatch("acls", "score", "-c", config, "--user", "anna").stdout.splitlines()
    assert lines
    assert all("User:anna" in line for line in lines)


def test_acls_of_an_unknown_worker_are_refused_with_the_known_ones(config: str) -> None:
    done = firewatch("acls", "scoer", "-c", config)
    assert (done.exit_code, "'score'" in done.stderr) == (2, True)


def test_labels_to_import_that_are_missing_are_named(config: str) -> None:
    done = firewatch("label", "-c", config, "--import", "none.jsonl")
    assert (done.exit_code, "none.jsonl" in done.stderr) == (InputError.exit_code, True), done.output
