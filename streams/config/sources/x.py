"""Settings of sources of the kind `x`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from streams.config.sources.base import KIND, SourceSettings


class XSettings(SourceSettings):
    """Posts of X, by the filtered stream of its API."""

    kind: Literal["x"] = Field(description=KIND)
    bearer_file: Path | None = Field(default=None, description="File with the bearer token of the app.")
