"""The contract with consumers: its documents, its fixtures, and records as they are written today."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
from click.testing import CliRunner

from streams.cli import cli
from streams.contract.asyncapi import asyncapi
from streams.core.detect.partition import PartitionMonitor
from tests.support.paths import DEPLOY
from tests.support.storm import config, feed, stream

if TYPE_CHECKING:
    from streams.records import Alert, Envelope, Progress, Window

CONTRACT = DEPLOY / "contract"
FIXTURES = CONTRACT / "fixtures"


@cache
def document() -> dict[str, Any]:
    """Return the AsyncAPI document of today."""
    return asyncapi()


@cache
def todays() -> tuple[list[Alert], list[Window], list[Envelope | Progress]]:
    """Return records of a storm with late posts, as they are written today."""
    minutes = stream()
    alerts, windows = feed(PartitionMonitor(config(), 0), minutes)
    return alerts, windows, [record for records in minutes[:20] for record in records]


def printed(what: str) -> str:
    """Return what `firewatch schema` prints."""
    return CliRunner().invoke(cli, ["schema", what], catch_exceptions=False).output


def payload(name: str) -> jsonschema.Draft7Validator:
    """Return the validator of a message of the document."""
    return jsonschema.Draft7Validator(document()["components"]["messages"][name]["payload"])
