"""Settings of sources of the kind `mastodon`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from streams.config.sources.base import KIND, SourceSettings


class MastodonSettings(SourceSettings):
    """Posts of Mastodon instances."""

    kind: Literal["mastodon"] = Field(description=KIND)
    instances: list[str] = Field(default_factory=list, max_length=100, description="Instances that are read.")
