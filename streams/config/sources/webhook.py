"""Settings of sources of the kind `webhook`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from streams.config.sources.base import KIND, SourceSettings


class WebhookSourceSettings(SourceSettings):
    """Posts that other programs push over HTTP."""

    kind: Literal["webhook"] = Field(description=KIND)
    listen: str = Field(default="127.0.0.1:8480", description="Address to listen on, as host:port.")
