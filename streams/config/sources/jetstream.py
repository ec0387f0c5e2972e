"""Settings of sources of the kind `jetstream`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from streams.config.sources.base import KIND, SourceSettings


class JetstreamSettings(SourceSettings):
    """Posts of Bluesky, by a Jetstream server."""

    kind: Literal["jetstream"] = Field(description=KIND)
    hosts: list[str] = Field(
        default=["wss://jetstream.us-east.bsky.network", "wss://jetstream.us-west.bsky.network"],
        min_length=1,
        max_length=20,
        description="Servers, of which the first that answers is read.",
    )
