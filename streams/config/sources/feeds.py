"""Settings of sources of the kind `feeds`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from streams.config.sources.base import KIND, SourceSettings


class FeedsSettings(SourceSettings):
    """Entries of RSS, Atom and JSON feeds."""

    kind: Literal["feeds"] = Field(description=KIND)
    urls: list[str] = Field(default_factory=list, max_length=10_000, description="Addresses of the feeds.")
