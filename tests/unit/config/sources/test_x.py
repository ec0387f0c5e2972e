"""How a source of X may be configured."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from streams.config.sources.x import XSettings

PLAIN = "http://proxy.internal:8080"


def settings(**keys: Any) -> XSettings:
    return XSettings.model_validate({"id": "x", "kind": "x", "spend_limit_usd_per_day": 20} | keys)


def test_a_token_is_not_sent_without_tls_unless_the_network_is_private() -> None:
    with pytest.raises(ValidationError, match="must not begin with http://"):
        settings(api_url=PLAIN)
    assert settings(api_url=PLAIN, allow_private=True).api_url == PLAIN
