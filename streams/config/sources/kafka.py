"""Settings of sources of the kind `kafka`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from streams.config.sources.base import KIND, SourceSettings


class KafkaSourceSettings(SourceSettings):
    """Posts of a topic, of this Kafka or of another."""

    kind: Literal["kafka"] = Field(description=KIND)
    topic: str = Field(min_length=1, max_length=249, description="Topic that is read.")
