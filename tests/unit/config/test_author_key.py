"""The key that hashes authors: a warning without one of one's own, and an error where others can read the hashes."""

from __future__ import annotations

from typing import Any

import pytest

from streams.config import AUTHOR_KEY_VARIABLE, Config
from streams.config.author_key import check_author_key
from streams.errors import ConfigError


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(AUTHOR_KEY_VARIABLE, raising=False)


def config(**sections: Any) -> Config:
    return Config.model_validate({"brands": [{"id": "a", "name": "A", "match": {"any": ["acme"]}}]} | sections)


EXPOSED = [
    ({"kafka": {"bootstrap_servers": "kafka:9092"}}, r"kafka\.bootstrap_servers \(kafka\)"),
    ({"kafka": {"bootstrap_servers": "127.0.0.1:9092,10.0.0.7:9092"}}, r"kafka\.bootstrap_servers \(10\.0\.0\.7\)"),
    ({"kafka": {"bootstrap_servers": "[2001:db8::1]:9092"}}, r"kafka\.bootstrap_servers \(2001:db8::1\)"),
    ({"metrics": {"host": "0.0.0.0"}}, r"metrics\.host \(0\.0\.0\.0\)"),  # noqa: S104
    ({"metrics": {"host": "::"}}, r"metrics\.host \(::\)"),
]


@pytest.mark.parametrize("servers", ["127.0.0.1:9092", "localhost:9092,127.0.0.2:9092", "[::1]:9092"])
def test_on_this_machine_alone_a_missing_key_is_a_warning(servers: str) -> None:
    warning = check_author_key(config(kafka={"bootstrap_servers": servers}))
    assert warning is not None
    assert "head -c 32 /dev/urandom" in warning
    assert AUTHOR_KEY_VARIABLE in warning


@pytest.mark.parametrize(("sections", "exposed"), EXPOSED)
def test_beyond_this_machine_a_missing_key_is_an_error(sections: dict[str, Any], exposed: str) -> None:
    with pytest.raises(ConfigError, match=rf"^author_key_file: .* {exposed} is not on this machine alone: make a key"):
        check_author_key(config(**sections))


@pytest.mark.parametrize(("sections", "exposed"), EXPOSED)
def test_with_a_key_there_is_nothing_to_say(
    sections: dict[str, Any], exposed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check_author_key(config(author_key_file="/run/secrets/author.key", **sections)) is None
    monkeypatch.setenv(AUTHOR_KEY_VARIABLE, " \n")
    with pytest.raises(ConfigError, match=exposed):
        check_author_key(config(**sections))
    monkeypatch.setenv(AUTHOR_KEY_VARIABLE, "a key of one's own")
    assert check_author_key(config(**sections)) is None
