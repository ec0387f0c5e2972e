"""The kinds of live sources that can be made."""

from __future__ import annotations

import importlib

import pytest

from streams.config.sources import KINDS as CONFIGURABLE
from streams.sources.live.base import LiveSource
from streams.sources.live.registry import KINDS


def test_only_kinds_that_can_be_configured_are_registered() -> None:
    assert set(KINDS) <= set(CONFIGURABLE)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_is_a_live_source_that_says_whether_its_languages_are_claims(kind: str) -> None:
    module, _, name = KINDS[kind].rpartition(".")
    source = getattr(importlib.import_module(module), name)
    assert issubclass(source, LiveSource)
    assert isinstance(source.claims_language, bool)
