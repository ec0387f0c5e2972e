"""Settings of sources of the kind `reddit`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from streams.config.sources.base import KIND, SourceSettings


class RedditSettings(SourceSettings):
    """Posts and comments of Reddit, by its API."""

    kind: Literal["reddit"] = Field(description=KIND)
    subreddits: list[str] = Field(min_length=1, max_length=100, description="Subreddits that are read.")
