"""What is published and what is checked in say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams import commands

CONTRACT = Path(__file__).parents[2] / "deploy" / "contract"


@pytest.mark.parametrize("what", ["alert", "label", "config"])
def test_the_checked_in_schema_is_what_the_code_publishes(what: str) -> None:
    assert (CONTRACT / f"{what}.schema.json").read_text() == commands.schema(what)
