"""Configs with one live source, for unit tests of what stands between a source and Kafka."""

from __future__ import annotations

from typing import Any

from streams.config import Config


def source_config(ingest: dict[str, Any] | None = None, **settings: Any) -> Config:
    """Return a config with two brands and a source `wire`, with further settings of the source."""
    return Config.model_validate(
        {
            "brands": [
                {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}},
                {"id": "acme", "name": "Acme", "match": {"any": ["acme"]}},
            ],
            "sources": [{"id": "wire", "kind": "jetstream"} | settings],
            "ingest": ingest or {},
        }
    )
